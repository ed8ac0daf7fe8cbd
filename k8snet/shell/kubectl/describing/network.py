"""Services, Endpoints and EndpointSlices. Source: k8s.io/kubectl, pkg/describe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.objects import Endpoints, EndpointSlice, Service, ServicePort, ServiceSpec, meta
from k8snet.kube.rest.tables.columns import pairs
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import NONE, UNSET, Page
from k8snet.shell.kubectl.describing.settings import write_head
from k8snet.shell.kubectl.describing.source import Source

OF_SERVICE = "kubernetes.io/service-name"
"""The label that says whose EndpointSlice it is."""
MOST = 3
"""So many endpoints are named."""


def describe_service(page: Page, service: Service, source: Source, told: Told) -> None:
    """A Service, and its endpoints."""
    spec, slices = service.spec or ServiceSpec(), _slices(service, source)
    write_head(page, service)
    page.field("Selector", pairs(spec.selector))
    page.field("Type", spec.type or "")
    _write_addresses(page, spec)
    page.optional("LoadBalancer Ingress", ", ".join(map(_balancer, _balancers(service))))
    for port in spec.ports or []:
        _write_port(page, port, slices)
    page.field("Session Affinity", spec.sessionAffinity or "")
    page.optional("External Traffic Policy", spec.externalTrafficPolicy)
    page.optional("Internal Traffic Policy", spec.internalTrafficPolicy)
    page.optional("HealthCheck NodePort", spec.healthCheckNodePort)
    page.optional("LoadBalancer Source Ranges", ",".join(spec.loadBalancerSourceRanges or []))
    page.optional("Traffic Distribution", spec.trafficDistribution)


def _slices(service: Service, source: Source) -> list[EndpointSlice]:
    """A Service's EndpointSlices; none if the server refuses to say."""
    try:
        return source.list("EndpointSlice", meta(service).namespace, labels=f"{OF_SERVICE}={meta(service).name}")
    except ApiError:
        return []


def _write_addresses(page: Page, spec: ServiceSpec) -> None:
    page.optional("IP Family Policy", spec.ipFamilyPolicy)
    page.field("IP Families", ",".join(spec.ipFamilies or []) or NONE)
    page.field("IP", spec.clusterIP or "")
    page.field("IPs", ",".join(spec.clusterIPs or []) or NONE)
    page.optional("External IPs", ",".join(spec.externalIPs or []))
    page.optional("Desired LoadBalancer IP", spec.loadBalancerIP)
    page.optional("External Name", spec.externalName)


def _balancers(service: Service) -> Sequence[Any]:
    balancer = service.status.loadBalancer if service.status else None
    return (balancer.ingress if balancer else None) or []


def _balancer(each: Any) -> str:
    return f"{each.ip} ({each.ipMode})" if each.ip and each.ipMode else each.ip or each.hostname or ""


def _write_port(page: Page, port: ServicePort, slices: Sequence[EndpointSlice]) -> None:
    name = port.name or UNSET
    page.row("Port:", name, f"{port.port}/{port.protocol}", level=0)
    page.field("TargetPort", f"{port.targetPort or 0}/{port.protocol}")
    page.optional("AppProtocol", port.appProtocol)
    if port.nodePort:
        page.row("NodePort:", name, f"{port.nodePort}/{port.protocol}", level=0)
    page.field("Endpoints", _endpoints(slices, port.name or ""))


def _endpoints(slices: Sequence[EndpointSlice], port: str) -> str:
    """The endpoints that are ready, the first ones by address.

    kubectl begins to count the others as soon as it looks at one more, be that ready or not; hence ``+ 0 more...``.
    """
    if not slices:
        return NONE
    shown: list[str] = []
    count, more = 0, False
    for number, endpoint in ((number, each) for one in slices for number in _numbers(one, port) for each in one.endpoints or []):
        more = more or len(shown) == MOST
        if endpoint.conditions is not None and endpoint.conditions.ready is False:
            continue
        if not more:
            address = endpoint.addresses[0]
            shown.append(address if number is None else f"[{address}]:{number}" if ":" in address else f"{address}:{number}")
        count += 1
    return ",".join(shown) + (f" + {count - MOST} more..." if more else "")


def _numbers(one: EndpointSlice, name: str) -> list[int | None]:
    """The numbers of the ports of a name; a slice without ports has addresses alone."""
    return [each.port or 0 for each in one.ports if (each.name or "") == name] if one.ports else [None]


# --- lists of endpoints -------------------------------------------------------------------------------------------


def describe_endpoints(page: Page, endpoints: Endpoints, source: Source, told: Told) -> None:
    """An Endpoints object."""
    write_head(page, endpoints)
    page.line("Subsets:")
    for subset in endpoints.subsets or []:
        page.field("Addresses", ",".join(each.ip for each in subset.addresses or []) or NONE, 1)
        page.field("NotReadyAddresses", ",".join(each.ip for each in subset.notReadyAddresses or []) or NONE, 1)
        if subset.ports:
            page.line("Ports:", 1)
            _write_ports(page, subset.ports, 2)
        page.line()


def describe_endpointslice(page: Page, one: EndpointSlice, source: Source, told: Told) -> None:
    """An EndpointSlice."""
    write_head(page, one)
    page.field("AddressType", one.addressType)
    if one.ports:
        page.line("Ports:")
        _write_ports(page, one.ports, 1)
    else:
        page.line(f"Ports: {UNSET}")
    page.line("Endpoints:" if one.endpoints else f"Endpoints: {NONE}")
    for endpoint in one.endpoints or []:
        _write_endpoint(page, endpoint)


def _write_ports(page: Page, ports: Sequence[Any], level: int) -> None:
    page.row("Name", "Port", "Protocol", level=level)
    page.row("----", "----", "--------", level=level)
    for port in ports:
        page.row(port.name or UNSET, UNSET if port.port is None else port.port, port.protocol or "", level=level)


def _write_endpoint(page: Page, endpoint: Any) -> None:
    ready = endpoint.conditions.ready if endpoint.conditions else None
    page.field("- Addresses", ", ".join(endpoint.addresses or []) or NONE, 1)
    page.line("Conditions:", 2)
    page.field("Ready", UNSET if ready is None else str(ready).lower(), 3)
    page.field("Hostname", UNSET if endpoint.hostname is None else endpoint.hostname, 2)
    if endpoint.targetRef is not None:
        page.field("TargetRef", f"{endpoint.targetRef.kind or ''}/{endpoint.targetRef.name or ''}", 2)
    page.field("NodeName", UNSET if endpoint.nodeName is None else endpoint.nodeName, 2)
    page.field("Zone", UNSET if endpoint.zone is None else endpoint.zone, 2)
