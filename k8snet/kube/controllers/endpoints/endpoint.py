"""One pod as an endpoint of a Service: its address, what it is fit for, where it is, and by which ports it is reached.

Source: k8s.io/endpointslice, utils.go (podToEndpoint, getEndpointPorts, FindPort).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from k8snet.kube.controllers.endpoints.porthash import in_slices
from k8snet.kube.controllers.pods import is_ready, is_terminating
from k8snet.kube.objects import (
    Container,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    Node,
    ObjectReference,
    Pod,
    Service,
    ServicePort,
    ServiceSpec,
    known,
    meta,
)  # fmt: skip

ZONE = "topology.kubernetes.io/zone"
HEADLESS = "None"


def endpoint(pod: Pod, node: Node | None, service: Service, family: str) -> Endpoint:
    """A pod as an endpoint of a Service, with its addresses of a family (``IPv4``); it may have none."""
    serving, terminating = is_ready(pod), is_terminating(pod)
    ready = bool(known(service.spec).publishNotReadyAddresses) or (serving and not terminating)
    zone = (meta(node).labels or {}).get(ZONE) if node is not None else None
    return Endpoint(
        addresses=addresses(pod, family), conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        hostname=hostname(pod, service), nodeName=known(pod.spec).nodeName or None, targetRef=reference(pod), zone=zone or None,
    )  # fmt: skip


def addresses(pod: Pod, family: str) -> list[str]:
    """A pod's addresses of a family."""
    found = (each.ip or "" for each in (pod.status.podIPs if pod.status else None) or ())
    return [ip for ip in found if ip and (":" in ip) == (family == "IPv6")]


def reference(pod: Pod) -> ObjectReference:
    """The pod, as an endpoint names it."""
    about = meta(pod)
    return ObjectReference(kind="Pod", namespace=about.namespace, name=about.name, uid=about.uid)


def hostname(pod: Pod, service: Service) -> str | None:
    """The pod's own name in DNS: where it has one, and its subdomain is the Service."""
    spec = known(pod.spec)
    return spec.hostname if spec.hostname and spec.subdomain == meta(service).name else None


# --- ports --------------------------------------------------------------------------------------------------------


def reached(service: Service, pod: Pod) -> Iterator[tuple[ServicePort, int]]:
    """A Service's ports that a pod has, each with its number there; a name that no container of the pod has is left out."""
    for port in known(service.spec).ports or ():
        number = find_port(pod, port)
        if number is not None:
            yield port, number


def ports(service: Service, pod: Pod) -> list[EndpointPort]:
    """The ports of a pod's endpoint, in the order of an EndpointSlice. A headless Service may have none."""
    return _in_order(tuple((port.name or "", number, port.protocol, port.appProtocol) for port, number in reached(service, pod)))


@lru_cache(maxsize=4096)
def _in_order(ports: tuple[tuple[str, int, str | None, str | None], ...]) -> list[EndpointPort]:
    """The pods of one template have the same ports, so the order is asked for once."""
    return in_slices(EndpointPort(name=name, port=number, protocol=word, appProtocol=app) for name, number, word, app in ports)


def find_port(pod: Pod, port: ServicePort) -> int | None:
    """The number of a Service's port in a pod: a number is itself, a name is looked for in the containers (and sidecars)."""
    target = port.targetPort
    if not isinstance(target, str):
        return target
    found = (each.containerPort for container in _containers(pod) for each in container.ports or ()
             if each.name == target and (each.protocol or "TCP") == port.protocol)  # fmt: skip
    return next(found, None)


def _containers(pod: Pod) -> Iterator[Container]:
    spec = known(pod.spec)
    yield from spec.containers
    yield from (each for each in spec.initContainers or () if each.restartPolicy == "Always")


def families(spec: ServiceSpec) -> list[str]:
    """The families of a Service's endpoints."""
    return spec.ipFamilies or ["IPv6" if ":" in (spec.clusterIP or "") else "IPv4"]


def is_headless(service: Service) -> bool:
    """Whether a Service has no address of its own."""
    return known(service.spec).clusterIP in (HEADLESS, "", None)
