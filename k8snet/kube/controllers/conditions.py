"""A node's conditions and the taints that follow from them. Source: pkg/controller/nodelifecycle, pkg/util/taints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from k8snet.kube.objects import Node, NodeCondition, Taint, known

READY = "Ready"
OF_KUBELET = ("MemoryPressure", "DiskPressure", "PIDPressure", READY)
"""The conditions that a kubelet reports."""
PREFIX = "node.kubernetes.io/"
NOT_READY, UNREACHABLE, UNSCHEDULABLE = f"{PREFIX}not-ready", f"{PREFIX}unreachable", f"{PREFIX}unschedulable"
TAINTS = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): f"{PREFIX}memory-pressure",
    ("DiskPressure", "True"): f"{PREFIX}disk-pressure",
    ("NetworkUnavailable", "True"): f"{PREFIX}network-unavailable",
    ("PIDPressure", "True"): f"{PREFIX}pid-pressure",
}
"""Which taint a condition brings."""
OURS = {*TAINTS.values(), UNSCHEDULABLE}

Kind = tuple[str, str]
"""A taint's key and effect."""


def condition(node: Node, type_: str) -> NodeCondition | None:
    """One of a node's conditions."""
    return next((each for each in (node.status.conditions if node.status else None) or () if each.type == type_), None)


def deserved(node: Node) -> Iterator[Kind]:
    """The taints that a node should have by its conditions, and for being cordoned."""
    for each in (node.status.conditions if node.status else None) or ():
        key = TAINTS.get((each.type, each.status))
        if key is not None:
            yield key, "NoSchedule"
            if each.type == READY:
                yield key, "NoExecute"
    if node.spec is not None and node.spec.unschedulable:
        yield UNSCHEDULABLE, "NoSchedule"


def tainted(taints: Iterable[Taint], wanted: Iterable[Kind], time: datetime) -> list[Taint]:
    """The taints, with those that a node deserves and without those of ours that it does not."""
    wanted = list(wanted)
    kept = [each for each in taints if each.key not in OURS or (known(each.key), known(each.effect)) in wanted]
    there = {(each.key, each.effect) for each in kept}
    new = [Taint(key=key, effect=effect, timeAdded=time) for key, effect in wanted if (key, effect) not in there]
    return [*kept, *new]
