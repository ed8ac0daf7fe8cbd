"""What the API server remarks on an object that it takes: fields that have no effect, or that are on their way out.

Clients print it as ``Warning: …``. Sources: pkg/api/service/warnings.go; pkg/registry/discovery.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.objects import EndpointSlice, Object, Service, ServiceSpec, meta
from k8snet.kube.servicetypes import is_headless

MODE = "service.kubernetes.io/topology-mode"
HINTS = "service.kubernetes.io/topology-aware-hints"


def remarks(obj: Object) -> tuple[str, ...]:
    """The warnings for an object that was created or replaced.

    >>> remarks(Service(spec=ServiceSpec(trafficDistribution="PreferClose")))
    ('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',)
    """
    if isinstance(obj, EndpointSlice):
        return ("spec.addressType: FQDN endpoints are deprecated",) if obj.addressType == "FQDN" else ()
    return tuple(_of_service(obj)) if isinstance(obj, Service) else ()


def _of_service(obj: Service) -> Iterator[str]:
    spec, is_name = obj.spec or ServiceSpec(), obj.spec is not None and obj.spec.type == "ExternalName"
    if obj.metadata and HINTS in (meta(obj).annotations or {}):
        yield f"annotation {HINTS} is deprecated, please use {MODE} instead"
    if is_headless(spec):
        yield from _of_headless(spec)
    elif spec.externalIPs and not is_name:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.externalIPs and is_name:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if spec.externalName and not is_name:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.trafficDistribution == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _of_headless(spec: ServiceSpec) -> Iterator[str]:
    for name, is_there in (("loadBalancerIP", spec.loadBalancerIP), ("externalIPs", spec.externalIPs),
                           ("SessionAffinity", spec.sessionAffinity != "None")):  # fmt: skip
        if is_there:
            yield f"spec.{name} is ignored for headless services"
