"""The tables of Services, and of the addresses behind them. Source: pkg/printers/internalversion, printers.go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k8snet.kube.objects import Endpoints, EndpointSlice, Service, ServicePort, ServiceSpec, ServiceStatus, meta
from k8snet.kube.rest.durations import UNKNOWN
from k8snet.kube.rest.tables.columns import AGE, NAME, NONE, Cell, Column, age_of, at_most, pairs, wide

UNSET = "<unset>"
"""What a list of an EndpointSlice shows when it is empty."""

SERVICE = (
    NAME,
    Column("Type", (ServiceSpec, "type")),
    Column("Cluster-IP", (ServiceSpec, "clusterIP")),
    Column("External-IP", (ServiceSpec, "externalIPs")),
    Column("Port(s)", (ServiceSpec, "ports")),
    AGE,
    wide("Selector", (ServiceSpec, "selector")),
)
ENDPOINTS = (NAME, Column("Endpoints", (Endpoints, "subsets")), AGE)
SLICE = (
    NAME,
    Column("AddressType", (EndpointSlice, "addressType")),
    Column("Ports", (EndpointSlice, "ports")),
    Column("Endpoints", (EndpointSlice, "endpoints")),
    AGE,
)


def service(obj: Service, now: datetime) -> tuple[Cell, ...]:
    """A Service's cells."""
    spec = obj.spec or ServiceSpec()
    inside = spec.clusterIPs[0] if spec.clusterIPs else NONE
    return (meta(obj).name or "", spec.type or "", inside, _outside(spec, obj.status or ServiceStatus()),
            ",".join(map(_port, spec.ports or [])) or NONE, age_of(obj, now), pairs(spec.selector))  # fmt: skip


def _port(port: ServicePort) -> str:
    node_port = f":{port.nodePort}" if port.nodePort else ""
    return f"{port.port}{node_port}/{port.protocol or ''}"


def _outside(spec: ServiceSpec, status: ServiceStatus) -> str:
    """By which addresses or name a Service is known outside; a load balancer that has none yet is pending."""
    given = spec.externalIPs or []
    match spec.type:
        case "ClusterIP" | "NodePort":
            return ",".join(given) or NONE
        case "LoadBalancer":
            return ",".join([*_balancers(status), *given]) or "<pending>"
        case "ExternalName":
            return spec.externalName or ""
    return UNKNOWN


def _balancers(status: ServiceStatus) -> list[str]:
    ingress = (status.loadBalancer.ingress if status.loadBalancer else None) or []
    return sorted({each.ip or each.hostname or "" for each in ingress} - {""})


def endpoints(obj: Endpoints, now: datetime) -> tuple[Cell, ...]:
    """The cells of Endpoints: the ready addresses, each with each port of its subset."""
    found = []
    for subset in obj.subsets or []:
        addresses = [each.ip for each in subset.addresses or []]
        ports = [port.port for port in subset.ports or []]
        found += [_joined(ip, port) for port in ports for ip in addresses] if ports else addresses
    return meta(obj).name or "", at_most(found, without="" if obj.subsets else NONE), age_of(obj, now)


def _joined(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def endpoint_slice(obj: EndpointSlice, now: datetime) -> tuple[Cell, ...]:
    """An EndpointSlice's cells: its ports by number, and all its addresses, ready or not."""
    ports = [_port_word(port.port, port.name) for port in obj.ports or []]
    addresses: Sequence[str] = [address for each in obj.endpoints or [] for address in each.addresses]
    return (meta(obj).name or "", obj.addressType, at_most(ports, without=UNSET), at_most(addresses, without=UNSET),
            age_of(obj, now))  # fmt: skip


def _port_word(number: int | None, name: str | None) -> str:
    """A port by its number, else by its name; a slice that says neither means all ports."""
    if number is not None:
        return str(number)
    return "*" if name is None else name


TABLES = {"Service": (SERVICE, service), "Endpoints": (ENDPOINTS, endpoints), "EndpointSlice": (SLICE, endpoint_slice)}
