"""What follows from the type of a Service: whether it has an address, node ports, a port for health checks.

The types build on one another: a NodePort has a ClusterIP too, and a LoadBalancer has both. Sources: pkg/api/service/util.go;
pkg/registry/core/service/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.objects import ServiceSpec

NONE = "None"
"""The ClusterIP of a headless Service: it has no address, and its name leads to its pods."""


def needs_address(spec: ServiceSpec) -> bool:
    """Whether there is a ClusterIP, be it ``None``: an ExternalName is only a name for another name."""
    return spec.type != "ExternalName"


def needs_node_ports(spec: ServiceSpec) -> bool:
    """Whether its ports may have ports on every node."""
    return spec.type in ("NodePort", "LoadBalancer")


def needs_health_check(spec: ServiceSpec) -> bool:
    """Whether a load balancer must be able to ask a node if it has endpoints of its own."""
    return spec.type == "LoadBalancer" and spec.externalTrafficPolicy == "Local"


def is_external(spec: ServiceSpec) -> bool:
    """Whether it takes packets from outside, so that there is a policy for them (ExternallyAccessible)."""
    return needs_node_ports(spec) or (spec.type == "ClusterIP" and bool(spec.externalIPs))


def is_headless(spec: ServiceSpec) -> bool:
    """Whether it has no address on purpose."""
    return spec.clusterIPs == [NONE]


def claims(spec: ServiceSpec) -> Iterator[str | int]:
    """What a Service has for itself alone: ClusterIPs, as text, and node ports, as numbers.

    >>> from k8snet.kube.objects import ServicePort
    >>> list(claims(ServiceSpec(type="NodePort", clusterIPs=["10.96.0.20"], ports=[ServicePort(port=80, nodePort=30080)])))
    ['10.96.0.20', 30080]
    """
    if needs_address(spec) and not is_headless(spec):
        yield from spec.clusterIPs or ()
    if needs_node_ports(spec):
        yield from (port.nodePort for port in spec.ports or () if port.nodePort)
    if needs_health_check(spec) and spec.healthCheckNodePort:
        yield spec.healthCheckNodePort
