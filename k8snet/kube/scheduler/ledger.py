"""The scheduler's books: what is taken on each node, and how many pods of which kind are where.

They are kept as pods come and go, so that no decision has to look at all pods. `Ledger.touched` says which nodes have
changed, in order: whoever keeps something derived from the books reads on from where it last was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from k8snet.kube.scheduler.facts import ALONE, HostPort, Kind, NodeFacts, PodRequest, Selector
from k8snet.kube.scheduler.selecting import selects
from k8snet.kube.store import Key

ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"


class Tally:
    """One node and what is taken of it. ``facts`` is None as long as pods are bound to a node that nobody has told of."""

    __slots__ = ("assumed_cpu", "assumed_memory", "count", "cpu", "facts", "memory", "number", "others", "ports")

    def __init__(self, number: int = 0) -> None:
        self.number = number
        """Its place in the nodes' own order: that in which they were made."""
        self.facts: NodeFacts | None = None
        self.count = self.cpu = self.memory = self.assumed_cpu = self.assumed_memory = 0
        self.others: dict[str, int] = {}
        self.ports: dict[HostPort, int] = {}

    def add(self, request: PodRequest, sign: int) -> None:
        """Take what a pod requests (``sign`` 1), or give it back (-1)."""
        demand = request.profile.demand
        self.count += sign
        self.cpu += sign * demand.cpu
        self.memory += sign * demand.memory
        self.assumed_cpu += sign * demand.assumed_cpu
        self.assumed_memory += sign * demand.assumed_memory
        for name, amount in demand.others:
            self.others[name] = self.others.get(name, 0) + sign * amount
        for port in request.profile.ports:
            self.ports[port] = self.ports.get(port, 0) + sign
            if not self.ports[port]:
                del self.ports[port]

    def copy(self) -> Tally:
        """Another one that can be changed on its own."""
        other = Tally(self.number)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.others, other.ports = dict(self.others), dict(self.ports)
        return other


class Census:
    """How many pods of one kind are on which node, and in which zone."""

    __slots__ = ("nodes", "zones")

    def __init__(self, nodes: dict[str, int] | None = None, zones: dict[str, int] | None = None) -> None:
        self.nodes = nodes or {}
        self.zones = zones or {}

    def copy(self) -> Census:
        """Another one that can be changed on its own."""
        return Census(dict(self.nodes), dict(self.zones))


class Ledger:
    """All nodes and all pods that are bound to one."""

    def __init__(self) -> None:
        self.nodes: dict[str, Tally] = {}
        self.by_number: list[str] = []
        self.pods: dict[Key, tuple[str, PodRequest]] = {}
        self.kinds: dict[str, dict[Kind, Census]] = defaultdict(dict)
        """By namespace."""
        self.bearers: dict[Kind, None] = {}
        """The kinds that have wishes for company."""
        self.meant: dict[Kind, bool] = {}
        """Whether wishes of pods that are there concern a kind, as far as somebody has asked (company.py)."""
        self.namespaces: dict[str, Mapping[str, str]] = {}
        """Their labels."""
        self.size = 0
        """How many nodes there are."""
        self.touched: list[str] = []
        self.zones: dict[str, int] = {}
        """How many nodes each zone has."""
        self._alike: dict[tuple[str, tuple[str, str]], dict[Kind, None]] = defaultdict(dict)
        """The kinds of a namespace that have a label."""
        self._matches: dict[tuple[str, Selector], list[Census]] = {}

    def put_namespace(self, name: str, labels: Mapping[str, str] | None) -> bool:
        """Take note of a namespace's labels; None: it is gone. False if that is no news."""
        if self.namespaces.get(name) == labels:
            return False
        self.meant.clear()
        if labels is None:
            del self.namespaces[name]
        else:
            self.namespaces[name] = labels
        return True

    # --- nodes ----------------------------------------------------------------------------------------------------

    def put_node(self, facts: NodeFacts) -> bool:
        """Take note of a node; False if that is no news."""
        tally = self.nodes.get(facts.name)
        if tally is not None and tally.facts == facts:
            return False
        if tally is None or tally.facts is None:
            tally = self._open(facts.name, self.nodes.pop(facts.name, None))
            self.size += 1
        before, tally.facts = tally.facts, facts
        self._move(facts.name, before.labels.get(ZONE) if before else None, facts.labels.get(ZONE))
        self.touched.append(facts.name)
        return True

    def remove_node(self, name: str) -> bool:
        """A node is gone; pods may still be bound to it. False if it was not there."""
        tally = self.nodes.get(name)
        if tally is None or tally.facts is None:
            return False
        self._move(name, tally.facts.labels.get(ZONE), None)
        tally.facts = None
        self.size -= 1
        self.touched.append(name)
        if not tally.count:
            del self.nodes[name]
        return True

    def known(self) -> Iterator[tuple[Tally, NodeFacts]]:
        """The nodes that there are, in their own order."""
        for tally in self.nodes.values():
            if tally.facts is not None:
                yield tally, tally.facts

    def _open(self, name: str, tally: Tally | None = None) -> Tally:
        """Give a node the last place in the order."""
        tally = tally or Tally()
        tally.number = len(self.by_number)
        self.nodes[name] = tally
        self.by_number.append(name)
        return tally

    def _move(self, node: str, old: str | None, new: str | None) -> None:
        """A node is in another zone now, and its pods with it."""
        if old == new:
            return
        for zone, sign in ((old, -1), (new, 1)):
            if zone is not None:
                _count(self.zones, zone, sign)
        for kinds in self.kinds.values():
            for census in kinds.values():
                if node in census.nodes:
                    for zone, sign in ((old, -1), (new, 1)):
                        if zone is not None:
                            _count(census.zones, zone, sign * census.nodes[node])

    # --- pods -----------------------------------------------------------------------------------------------------

    def put_pod(self, key: Key, node: str, request: PodRequest) -> bool:
        """A pod is bound to a node; False if that is no news."""
        before = self.pods.get(key)
        if before is not None:
            if before[0] == node and (before[1] is request or before[1] == request):
                return False
            self.remove_pod(key)
        self.pods[key] = (node, request)
        self._book(node, request, 1)
        return True

    def remove_pod(self, key: Key) -> PodRequest | None:
        """A pod is gone, or has ended for good; returns what it had requested."""
        found = self.pods.pop(key, None)
        if found is None:
            return None
        node, request = found
        self._book(node, request, -1)
        tally = self.nodes[node]
        if not tally.count and tally.facts is None:
            del self.nodes[node]
        return request

    def _book(self, node: str, request: PodRequest, sign: int) -> None:
        tally = self.nodes.get(node) or self._open(node)
        tally.add(request, sign)
        census = self._census(request.kind)
        _count(census.nodes, node, sign)
        zone = tally.facts.labels.get(ZONE) if self.zones and tally.facts is not None else None
        if zone is not None:
            _count(census.zones, zone, sign)
        if not census.nodes:
            self._forget(request.kind)
        self.touched.append(node)

    def _census(self, kind: Kind) -> Census:
        census = self.kinds[kind.namespace].get(kind)
        if census is None:
            census = self.kinds[kind.namespace][kind] = Census()
            self._matches.clear()
            for label in kind.labels:
                self._alike[kind.namespace, label][kind] = None
            if kind.company != ALONE:
                self.bearers[kind] = None
                self.meant.clear()
        return census

    def _forget(self, kind: Kind) -> None:
        del self.kinds[kind.namespace][kind]
        self._matches.clear()
        if kind in self.bearers:
            del self.bearers[kind]
            self.meant.clear()
        for label in kind.labels:
            alike = self._alike[kind.namespace, label]
            del alike[kind]
            if not alike:
                del self._alike[kind.namespace, label]

    def censuses(self, namespace: str, selector: Selector) -> list[Census]:
        """Where the pods are that a selector selects in a namespace, but for those that are to be deleted."""
        found = self._matches.get((namespace, selector))
        if found is None:
            kinds = self.kinds[namespace]
            found = self._matches[namespace, selector] = [
                kinds[kind] for kind in self._candidates(namespace, selector)
                if not kind.leaving and selects(selector, dict(kind.labels))
            ]  # fmt: skip
        return found

    def _candidates(self, namespace: str, selector: Selector) -> Iterable[Kind]:
        """The kinds that a selector may select: where it asks for values of labels, the fewest that have one of them."""
        pairs = [(each.key, each.values[0]) for each in selector if each.operator == "In" and len(each.values) == 1]
        fewest: dict[Kind, None] | None = min((self._alike.get((namespace, pair), {}) for pair in pairs), key=len, default=None)
        return self.kinds[namespace] if fewest is None else fewest

    def __deepcopy__(self, memo: dict[int, Any]) -> Ledger:
        other = Ledger()
        other.nodes = {name: tally.copy() for name, tally in self.nodes.items()}
        other.by_number, other.touched, other.pods = list(self.by_number), list(self.touched), dict(self.pods)
        for namespace, kinds in self.kinds.items():
            other.kinds[namespace] = {kind: census.copy() for kind, census in kinds.items()}
        for place, alike in self._alike.items():
            other._alike[place] = dict(alike)
        other.size = self.size
        other.bearers, other.namespaces, other.zones = dict(self.bearers), dict(self.namespaces), dict(self.zones)
        return other


def _count(numbers: dict[str, int], name: str, change: int) -> None:
    number = numbers.get(name, 0) + change
    if number:
        numbers[name] = number
    else:
        numbers.pop(name, None)


def merged(numbers: list[dict[str, int]]) -> dict[str, int]:
    """Several counts as one; a single one as it is."""
    if len(numbers) == 1:
        return numbers[0]
    total: dict[str, int] = {}
    for each in numbers:
        for name, number in each.items():
            total[name] = total.get(name, 0) + number
    return total
