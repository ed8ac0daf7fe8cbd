"""Which pods a ReplicaSet gives up first. Source: ActivePodsWithRanks in pkg/controller/controller_utils.go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import nsmallest

from k8snet.kube.controllers.pods import available_from
from k8snet.kube.objects import Pod, known, meta

PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
COST = "controller.kubernetes.io/pod-deletion-cost"

Dispensable = tuple[bool, int, bool, int, int, float, int, float, str]


def to_give_up(pods: Sequence[Pod], count: int, related: Iterable[Pod]) -> list[Pod]:
    """The ``count`` pods that are missed least. ``related`` are all pods of the owner's owner, on all nodes.

    In order: those on no node, those that do not run, that are not ready, of low deletion cost, that share their node
    with many of their like, that became ready late, that have restarted often, that are young.
    """
    if count >= len(pods):
        return list(pods)
    crowd = Counter(known(pod.spec).nodeName for pod in related)
    return nsmallest(count, pods, key=lambda pod: _dispensable(pod, crowd))


def _dispensable(pod: Pod, crowd: Counter[str | None]) -> Dispensable:
    status, node = known(pod.status), known(pod.spec).nodeName
    ready = available_from(pod, 0)
    restarts = max((each.restartCount for each in status.containerStatuses or ()), default=0)
    return (
        bool(node), PHASES.get(status.phase or "", 0), ready is not None, _cost(pod), -crowd[node], -_seconds(ready),
        -restarts, -_seconds(meta(pod).creationTimestamp), meta(pod).uid or "",
    )  # fmt: skip


def _cost(pod: Pod) -> int:
    """What a pod's annotation says of the cost of its deletion; 0 if it says nothing that is a number."""
    try:
        return int((meta(pod).annotations or {}).get(COST, "0"))
    except ValueError:
        return 0


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0
