"""The tables of nodes and of namespaces. Source: pkg/printers/internalversion, printers.go (printNode, printNamespace)."""

from __future__ import annotations

from datetime import datetime

from k8snet.kube.objects import Namespace, Node, NodeStatus, NodeSystemInfo, meta
from k8snet.kube.rest.durations import UNKNOWN
from k8snet.kube.rest.tables.columns import AGE, NAME, NONE, Cell, Column, age_of, wide

_ROLE = "node-role.kubernetes.io/"
_OLD_ROLE = "kubernetes.io/role"

NODE = (
    NAME,
    Column("Status", "The status of the node"),
    Column("Roles", "The roles of the node"),
    AGE,
    Column("Version", (NodeSystemInfo, "kubeletVersion")),
    wide("Internal-IP", (NodeStatus, "addresses")),
    wide("External-IP", (NodeStatus, "addresses")),
    wide("OS-Image", (NodeSystemInfo, "osImage")),
    wide("Kernel-Version", (NodeSystemInfo, "kernelVersion")),
    wide("Container-Runtime", (NodeSystemInfo, "containerRuntimeVersion")),
)
NAMESPACE = (NAME, Column("Status", "The status of the namespace"), AGE)


def node(obj: Node, now: datetime) -> tuple[Cell, ...]:
    """A node's cells."""
    status = obj.status or NodeStatus()
    info = status.nodeInfo
    system = (info.osImage, info.kernelVersion, info.containerRuntimeVersion) if info else ("", "", "")
    return (meta(obj).name or "", _state(obj, status), ",".join(roles(obj)) or NONE, age_of(obj, now),
            info.kubeletVersion if info else "", _address(status, "InternalIP"), _address(status, "ExternalIP"),
            *(text or UNKNOWN for text in system))  # fmt: skip


def namespace(obj: Namespace, now: datetime) -> tuple[Cell, ...]:
    """A namespace's cells."""
    return meta(obj).name or "", (obj.status.phase if obj.status else None) or "", age_of(obj, now)


TABLES = {"Node": (NODE, node), "Namespace": (NAMESPACE, namespace)}


def roles(obj: Node) -> list[str]:
    """A node's roles, in order: from labels whose key ends in the role, and from one whose value it is.

    >>> from k8snet.kube.objects import ObjectMeta
    >>> roles(Node(metadata=ObjectMeta(labels={"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge"})))
    ['edge', 'worker']
    """
    labels = meta(obj).labels or {}
    named = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)} | {labels.get(_OLD_ROLE, "")}
    return sorted(named - {""})


def _state(obj: Node, status: NodeStatus) -> str:
    ready = [each.status == "True" for each in status.conditions or [] if each.type == "Ready"]
    words = ["Unknown" if not ready else "Ready" if ready[-1] else "NotReady"]
    if obj.spec and obj.spec.unschedulable:
        words.append("SchedulingDisabled")
    return ",".join(words)


def _address(status: NodeStatus, type_: str) -> str:
    return next((each.address for each in status.addresses or [] if each.type == type_), NONE)
