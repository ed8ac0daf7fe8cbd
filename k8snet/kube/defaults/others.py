"""What Namespaces, Nodes, Services and Secrets say nothing about.

Of a Service the addresses are given by the API server's allocation, not here. Sources: pkg/apis/core/v1/defaults.go and
conversion.go; pkg/registry/core/service/storage for the IP families of a cluster with IPv4 alone.
"""

from __future__ import annotations

import base64

from k8snet.kube.defaults.filling import amounts, fill, fill_counts, within, within_each
from k8snet.kube.objects import (
    Namespace,
    Node,
    NodeSpec,
    NodeStatus,
    Secret,
    Service,
    ServicePort,
    ServiceSpec,
    changed,
    meta,
)  # fmt: skip

NAME_LABEL = "kubernetes.io/metadata.name"
_INSIDE = ("ClusterIP", "NodePort", "LoadBalancer")
"""The types of Service that have an address of their own."""


def namespace(obj: Namespace) -> Namespace:
    """A namespace with a label that is its name."""
    obj = within(obj, "status", lambda status: fill(status, phase="Active"))
    about = obj.metadata
    labels = (about.labels if about else None) or {}
    if about is None or not about.name or labels.get(NAME_LABEL) == about.name:
        return obj
    return changed(obj, metadata=changed(meta(obj), labels=labels | {NAME_LABEL: about.name}))


def node(obj: Node) -> Node:
    """A node: what may be used of it is all that it has, and its one pod range is its list of pod ranges."""
    return within(within(obj, "spec", _node_spec), "status", _node_status)


def _node_spec(spec: NodeSpec) -> NodeSpec:
    first = spec.podCIDRs[0] if spec.podCIDRs else None
    if spec.podCIDR and spec.podCIDR != first:
        return changed(spec, podCIDRs=[spec.podCIDR])
    return fill(spec, podCIDR=first) if first else spec


def _node_status(status: NodeStatus) -> NodeStatus:
    status = within(within(status, "capacity", amounts), "allocatable", amounts)
    return fill(status, allocatable=status.capacity) if status.capacity is not None else status


def service(obj: Service) -> Service:
    """A Service with its defaults."""
    return within(obj, "spec", _service_spec)


def _service_spec(spec: ServiceSpec) -> ServiceSpec:
    spec = fill(spec, type="ClusterIP", sessionAffinity="None")
    spec = within_each(spec, "ports", _service_port)
    if spec.type in _INSIDE:
        spec = fill(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack", internalTrafficPolicy="Cluster")
    if spec.type in ("NodePort", "LoadBalancer") or spec.externalIPs:
        spec = fill(spec, externalTrafficPolicy="Cluster")
    return fill(spec, allocateLoadBalancerNodePorts=True) if spec.type == "LoadBalancer" else spec


def _service_port(port: ServicePort) -> ServicePort:
    port = fill(port, protocol="TCP")
    return fill(port, targetPort=port.port) if port.targetPort != 0 else fill_counts(port, targetPort=port.port)


def secret(obj: Secret) -> Secret:
    """A Secret: what is written as text is kept as base64."""
    obj = fill(obj, type="Opaque")
    if not obj.stringData:
        return obj
    encoded = {key: base64.b64encode(text.encode(errors="replace")).decode() for key, text in obj.stringData.items()}
    return changed(obj, data=(obj.data or {}) | encoded, stringData=None)
