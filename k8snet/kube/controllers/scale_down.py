"""Which pods a ReplicaSet gives up first. Source: ActivePodsWithRanks in pkg/controller/controller_utils.go.

In order: those on no node, those that do not run, that are not ready, of low deletion cost, that share their node with many
of their like, that became ready late, that have restarted often, that are young. Kubernetes takes the last two times by
their order of magnitude, and lets the uid decide among equals; here they are compared to the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

from k8snet.kube.controllers.pods import available_from
from k8snet.kube.objects import Pod, known, meta
from k8snet.kube.store import Key

PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
COST = "controller.kubernetes.io/pod-deletion-cost"

Worth = tuple[bool, int, bool, int]
"""What counts before the crowd on a pod's node: the least first."""
Detail = tuple[float, int, float, str]
"""What counts after it."""


class Ranking:
    """The active pods of one ReplicaSet, so kept that the next to go is found without looking at each.

    ``crowd`` says how many there are on each node.
    """

    def __init__(self) -> None:
        self.crowd: Counter[str] = Counter()
        self._places: dict[Key, tuple[Worth, str, Detail]] = {}
        self._heaps: dict[Worth, dict[str, list[tuple[Detail, Key]]]] = {}
        """By worth and node; what is not in `_places` any more is passed over when it comes up."""

    def put(self, key: Key, pod: Pod) -> None:
        """A pod is like this now."""
        place = _place(pod)
        if self._places.get(key) == place:
            return
        self.drop(key)
        worth, node, detail = self._places[key] = place
        self.crowd[node] += 1
        heappush(self._heaps.setdefault(worth, {}).setdefault(node, []), (detail, key))

    def drop(self, key: Key) -> None:
        """A pod is no more, or is to be deleted."""
        place = self._places.pop(key, None)
        if place is not None:
            self.crowd[place[1]] -= 1

    def first(self, count: int, crowd: Counter[str]) -> list[Key]:
        """The ``count`` pods that are missed least; ``crowd`` says how many of their like are on each node."""
        if count * 8 > len(self._places):
            order = sorted((worth, -crowd[node], detail, key) for key, (worth, node, detail) in self._places.items())
            return [key for *_, key in order[:count]]
        found: list[Key] = []
        for worth in sorted(self._heaps):
            found += self._first_of(worth, count - len(found), crowd)
            if len(found) == count:
                break
        return found

    def _first_of(self, worth: Worth, count: int, crowd: Counter[str]) -> list[Key]:
        """Take one after the other from the node where the next one is, and put them back."""
        heaps = self._heaps[worth]
        tops = [(-crowd[node], *top, node) for node in list(heaps) if (top := self._top(worth, node)) is not None]
        heapify(tops)
        taken: list[tuple[str, tuple[Detail, Key]]] = []
        while tops and len(taken) < count:
            _, detail, key, node = heappop(tops)
            taken.append((node, (detail, key)))
            self._pass(heaps[node], (detail, key))
            top = self._top(worth, node)
            if top is not None:
                heappush(tops, (-crowd[node], *top, node))
        for node, entry in taken:
            heappush(heaps.setdefault(node, []), entry)
        return [key for _, (_, key) in taken]

    def _top(self, worth: Worth, node: str) -> tuple[Detail, Key] | None:
        """The next one on a node; entries that hold no more go on the way, and with the last one the heap."""
        heap = self._heaps[worth].get(node, [])
        while heap and self._places.get(heap[0][1]) != (worth, node, heap[0][0]):
            heappop(heap)
        if not heap:
            self._heaps[worth].pop(node, None)
        return heap[0] if heap else None

    def _pass(self, heap: list[tuple[Detail, Key]], entry: tuple[Detail, Key]) -> None:
        """Take an entry away, and its like: a pod that was otherwise for a while is there twice."""
        while heap and heap[0] == entry:
            heappop(heap)

    def __deepcopy__(self, memo: dict[int, Any]) -> Ranking:
        other = Ranking()
        other.crowd, other._places = self.crowd.copy(), dict(self._places)
        other._heaps = {worth: {node: list(heap) for node, heap in heaps.items()} for worth, heaps in self._heaps.items()}
        return other


def ranked(pods: Iterable[Pod]) -> Ranking:
    """A ranking of pods."""
    ranking = Ranking()
    for pod in pods:
        ranking.put((meta(pod).namespace or "", known(meta(pod).name)), pod)
    return ranking


def _place(pod: Pod) -> tuple[Worth, str, Detail]:
    status, node = known(pod.status), known(pod.spec).nodeName or ""
    ready = available_from(pod, 0)
    restarts = max((each.restartCount for each in status.containerStatuses or ()), default=0)
    worth = (bool(node), PHASES.get(status.phase or "", 0), ready is not None, _cost(pod))
    return worth, node, (-_seconds(ready), -restarts, -_seconds(meta(pod).creationTimestamp), meta(pod).uid or "")


def _cost(pod: Pod) -> int:
    """What a pod's annotation says of the cost of its deletion; 0 if it says nothing that is a number."""
    try:
        return int((meta(pod).annotations or {}).get(COST, "0"))
    except ValueError:
        return 0


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0
