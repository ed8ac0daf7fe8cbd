"""What Namespaces, Nodes and Secrets say nothing about. Sources: pkg/apis/core/v1/defaults.go and conversion.go."""

from __future__ import annotations

import base64

from k8snet.kube.defaults.filling import amounts, fill, within
from k8snet.kube.objects import Namespace, Node, NodeSpec, NodeStatus, Secret, changed, meta

NAME_LABEL = "kubernetes.io/metadata.name"


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


def secret(obj: Secret) -> Secret:
    """A Secret: what is written as text is kept as base64."""
    obj = fill(obj, type="Opaque")
    if not obj.stringData:
        return obj
    encoded = {key: base64.b64encode(text.encode(errors="replace")).decode() for key, text in obj.stringData.items()}
    return changed(obj, data=(obj.data or {}) | encoded, stringData=None)
