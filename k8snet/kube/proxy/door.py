"""kube-proxy's door: Services and EndpointSlices, as official objects or as plain dicts, become facts.

Each kube-proxy reads them for one IP family. What it does not serve gives nothing: headless Services and ExternalName,
and whatever is labelled for another proxy. Sources: pkg/proxy/serviceport.go, servicechangetracker.go,
endpointslicecache.go; the labels: cmd/kube-proxy/app/server.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from k8snet.kube.objects import EndpointSlice, ObjectMeta, Service, ServiceSpec
from k8snet.kube.proxy.addresses import is_of, of_family, plain, plain_range
from k8snet.kube.proxy.facts import Endpoint, Endpoints, ServicePort, in_order
from k8snet.kube.proxy.names import service_port_name
from k8snet.linux.fact import Fact

Key = tuple[str, str]
"""A namespace and a name."""
PortKey = tuple[str, str]
"""A port's name and its protocol: by both, endpoints find the port that they are behind."""
Given = Mapping[str, Any]

SERVICE_NAME = "kubernetes.io/service-name"
NOT_OURS = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")
"""Who has one of these labels is not kube-proxy's business."""
AFFINITY_SECONDS = 10800
NOBODY: frozenset[str] = frozenset()


class Slice(Fact, frozen=True):
    """What one EndpointSlice says: endpoints for each of its ports, sorted. ``is_distinct``: none stands in it twice."""

    service: Key
    endpoints: dict[PortKey, Endpoints]
    is_distinct: bool


def key_of(thing: Service | EndpointSlice | Given) -> Key:
    """Namespace and name of an object."""
    if isinstance(thing, Mapping):
        about = thing.get("metadata") or {}
        return about.get("namespace") or "", about.get("name") or ""
    meta = thing.metadata or ObjectMeta()
    return meta.namespace or "", meta.name or ""


# --- Services ----------------------------------------------------------------------------------------------------


def service_ports(given: Service | Given, family: str) -> tuple[ServicePort, ...]:
    """The ports that a Service opens in an IP family, in its own order."""
    service = msgspec.convert(given, Service) if isinstance(given, Mapping) else given
    spec, meta = service.spec, service.metadata or ObjectMeta()
    if spec is None or spec.type == "ExternalName" or not _is_ours(meta):
        return ()
    cluster_ip = _cluster_ip(spec, family)
    if cluster_ip is None:
        return ()
    namespace, name = meta.namespace or "", meta.name or ""
    external_ips, ingress_ips = of_family(family, spec.externalIPs), of_family(family, _ingress_ips(service))
    ranges = tuple([plain_range(text) for text in spec.loadBalancerSourceRanges or () if is_of(family, text)])
    seconds, health_check = _affinity_seconds(spec), _health_check_node_port(spec)
    external_local, internal_local = _is_external_local(spec), spec.internalTrafficPolicy == "Local"
    return tuple([
        ServicePort(
            namespace, name, service_port_name(namespace, name, port.name or ""), port.name or "", port.protocol or "TCP",
            cluster_ip, port.port, port.nodePort or 0, external_ips, ingress_ips, ranges, seconds, external_local,
            internal_local, health_check)
        for port in spec.ports or ()
    ])  # fmt: skip


def _is_ours(meta: ObjectMeta) -> bool:
    return not meta.labels or not any(label in meta.labels for label in NOT_OURS)


def _cluster_ip(spec: ServiceSpec, family: str) -> str | None:
    """The Service's own address of a family. A headless Service has none, whatever its family."""
    if not spec.clusterIP or spec.clusterIP == "None":
        return None
    return next((plain(ip) for ip in spec.clusterIPs or (spec.clusterIP,) if is_of(family, ip)), None)


def _is_external_local(spec: ServiceSpec) -> bool:
    """Whether its policy for external traffic holds; the field means nothing on a Service that nobody outside can reach."""
    is_open = spec.type in ("NodePort", "LoadBalancer") or bool(spec.externalIPs)
    return is_open and spec.externalTrafficPolicy == "Local"


def _ingress_ips(service: Service) -> list[str]:
    """Addresses of its load balancer that packets arrive with; one that is a proxy sends from its own (ipMode: Proxy)."""
    balancer = service.status.loadBalancer if service.status else None
    ingresses = balancer.ingress if balancer else None
    return [each.ip for each in ingresses or () if each.ip and each.ipMode in (None, "VIP")]


def _affinity_seconds(spec: ServiceSpec) -> int:
    if spec.sessionAffinity != "ClientIP":
        return 0
    config = spec.sessionAffinityConfig.clientIP if spec.sessionAffinityConfig else None
    return (config.timeoutSeconds if config else None) or AFFINITY_SECONDS


def _health_check_node_port(spec: ServiceSpec) -> int:
    is_checked = spec.type == "LoadBalancer" and spec.externalTrafficPolicy == "Local"
    return (spec.healthCheckNodePort or 0) if is_checked else 0


# --- EndpointSlices ----------------------------------------------------------------------------------------------


def slice_facts(given: EndpointSlice | Given, family: str) -> Slice | None:
    """What an EndpointSlice says in an IP family; None if it is of another, or nobody's."""
    one = _slice(given) if isinstance(given, Mapping) else given
    meta = one.metadata or ObjectMeta()
    service = (meta.labels or {}).get(SERVICE_NAME)
    if one.addressType != family or not service or not _is_ours(meta):
        return None
    mine = [(plain(each.addresses[0]), each) for each in one.endpoints or ()
            if each.addresses and is_of(family, each.addresses[0])]  # fmt: skip
    found = {
        (port.name or "", port.protocol or "TCP"): in_order([_endpoint(ip, port.port, each) for ip, each in mine])
        for port in one.ports or () if port.port and mine
    }  # fmt: skip
    return Slice((meta.namespace or "", service), found, len({ip for ip, _ in mine}) == len(mine))


def _slice(given: Given) -> EndpointSlice:
    """A plain dict as an object. One that was never at an API server may lack what that insists on."""
    whole = {"addressType": "", **given, "endpoints": given.get("endpoints") or []}
    return msgspec.convert(whole, EndpointSlice)


def _endpoint(ip: str, port: int, given: Any) -> Endpoint:
    """An endpoint; only its first address counts. Nothing said means ready and serving, and not about to go."""
    text = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    says, hints = given.conditions, given.hints
    if says is None and hints is None:
        return Endpoint(text, ip, port, given.nodeName or "")
    return Endpoint(
        text, ip, port, given.nodeName or "",
        ready=says is None or says.ready is not False, serving=says is None or says.serving is not False,
        terminating=says is not None and bool(says.terminating),
        zone_hints=_hinted(hints.forZones) if hints else NOBODY, node_hints=_hinted(hints.forNodes) if hints else NOBODY,
    )  # fmt: skip


def _hinted(hints: Any) -> frozenset[str]:
    return frozenset(hint.name for hint in hints) if hints else NOBODY
