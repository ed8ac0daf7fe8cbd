"""Services as they are now, and who is behind each: read from Services and EndpointSlices into the facts of present.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from k8snet.show.present import EndpointNow, PortNow, ServiceNow

if TYPE_CHECKING:
    from k8snet.kube.client import Client

OWN = ("default", "kubernetes")
"""The Service of the API server itself, which each cluster has."""
HEADLESS = "None"
SERVICE_NAME = "kubernetes.io/service-name"


def services(api: Client) -> tuple[ServiceNow, ...]:
    """All Services but the API server's own, the oldest first."""
    found = [each for each in api.list("Service") if (each.metadata.namespace, each.metadata.name) != OWN]
    slices: dict[tuple[str, str], list[Any]] = {}
    for each in api.list("EndpointSlice") if found else ():
        about: Any = each.metadata
        slices.setdefault((about.namespace, (about.labels or {}).get(SERVICE_NAME, "")), []).append(each)
    return tuple(_service(each, slices) for each in sorted(found, key=_age))


def _service(service: Any, slices: dict[tuple[str, str], list[Any]]) -> ServiceNow:
    about, spec = service.metadata, service.spec
    own = slices.get((about.namespace, about.name), [])
    return ServiceNow(
        about.namespace, about.name, "headless" if spec.clusterIP == HEADLESS else spec.type,
        "" if spec.clusterIP in (None, HEADLESS) else spec.clusterIP, tuple(map(_port, spec.ports or ())),
        ",".join(f"{key}={value}" for key, value in sorted((spec.selector or {}).items())), spec.externalName or "",
        tuple(dict.fromkeys(end for each in own for end in _endpoints(each))),
    )  # fmt: skip


def _port(port: Any) -> PortNow:
    return PortNow(port.port, str(port.targetPort or port.port), port.nodePort or 0, (port.protocol or "TCP").lower())


def _endpoints(endpoint_slice: Any) -> Iterator[EndpointNow]:
    """The endpoints of a slice: its addresses, each with its pod."""
    for each in endpoint_slice.endpoints or ():
        target = each.targetRef
        is_pod = target is not None and target.kind == "Pod"
        name = (target.name if target.namespace == "default" else f"{target.namespace}/{target.name}") if is_pod else ""
        yield EndpointNow(each.addresses[0], name, _word(each.conditions))


def _word(conditions: Any) -> str:
    """What an endpoint is, if it is not ready; a condition that nobody has set counts as ready."""
    if conditions is None or conditions.ready in (None, True):
        return ""
    return "terminating" if conditions.terminating else "not ready"


def _age(service: Any) -> tuple[Any, ...]:
    return (service.metadata.creationTimestamp, service.metadata.namespace, service.metadata.name)
