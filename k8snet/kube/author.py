"""Who has sent a write: the program, and on which node it runs where there is one on each.

A write names its program alone (``kubelet``). Which kubelet it was follows from the object: a kubelet writes its own node,
its own lease, and the pods that are bound to its node, and the API server lets it write nothing else (NodeRestriction).
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.kube.history import Write

ON_EACH_NODE = frozenset({"kubelet"})
"""The programs of which each node has one, and which write objects."""


class Author(NamedTuple):
    """A program; ``node`` is where it runs, empty for the control plane's and for people."""

    program: str
    node: str = ""

    def __str__(self) -> str:
        return f"{self.program} on {self.node}" if self.node else self.program


def author(write: Write) -> Author:
    """Who has sent a write."""
    return Author(write.who, node_of(write) if write.who in ON_EACH_NODE else "")


def node_of(write: Write) -> str:
    """The node that the written object belongs to: the one that a pod is bound to, a node itself, its lease's; else empty."""
    if write.kind == "Pod":
        spec = write.object.spec
        return (spec.nodeName if spec else None) or ""
    return write.name if write.kind in ("Node", "Lease") else ""
