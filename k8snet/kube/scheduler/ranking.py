"""The quick way to a decision, for pods that are many and alike: nodes are kept in order, and only what has changed is looked at.

Pods of one profile share an order of the nodes that will do for them, by the points that depend on the node alone. The
nodes are in groups that get the same points from the other plugins, so the best of each group is enough. Pods of an
owner that are many have an order of their own, with groups by how many of them a node has already. kube-scheduler does
something like it for pods of one signature (KEP-5598, opportunistic batching). It decides as scan.py does; a test holds that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from k8snet.kube.objects import known
from k8snet.kube.scheduler import company, spreading
from k8snet.kube.scheduler.facts import NodeFacts, PodRequest, Profile, Selector
from k8snet.kube.scheduler.filters import has_room, unsuited
from k8snet.kube.scheduler.ledger import HOSTNAME, ZONE, Ledger, merged
from k8snet.kube.scheduler.scores import BITS, Candidate, best, rank
from k8snet.kube.scheduler.selecting import admits, names_admitted, preference, unwelcome

FEW = 64
"""Up to so many nodes with pods of one owner are looked at one by one, which is cheaper than an order of all nodes."""
MOST_ORDERS = 64
"""So many orders are kept of each sort; one that is needed again later is made again."""

Sort = tuple[int, int, str | None, bool]
"""What is alike on nodes: taints that ask to stay away, preference, zone, whether there is a hostname label."""
Group = tuple[Sort, int]
"""Nodes of a sort with so many pods of one owner (0 where these are not counted)."""


class Order:
    """Nodes in groups, each best first. Entries are ranks; one that no longer holds is skipped when it comes up."""

    def __init__(self) -> None:
        self.place: dict[str, tuple[Group, int]] = {}
        """Each node's group and rank."""
        self.sizes: dict[Group, int] = {}
        self.seen = 0
        """How much of the ledger's list of changes this order has taken in."""
        self._heaps: dict[Group, list[int]] = {}

    def put(self, name: str, group: Group, rank_: int) -> None:
        """A node has this group and rank now."""
        before = self.place.get(name)
        if before is not None:
            if before[1] == rank_ and before[0] == group:
                return
            self._shrink(before[0])
        self.place[name] = (group, rank_)
        self.sizes[group] = self.sizes.get(group, 0) + 1
        heap = self._heaps.setdefault(group, [])
        heappush(heap, rank_)
        if len(heap) > 4 * self.sizes[group] + FEW:
            heap[:] = [own for at, own in self.place.values() if at == group]
            heapify(heap)

    def drop(self, name: str) -> None:
        """A node will not do any more."""
        before = self.place.pop(name, None)
        if before is not None:
            self._shrink(before[0])

    def _shrink(self, group: Group) -> None:
        self.sizes[group] -= 1
        if not self.sizes[group]:
            del self.sizes[group], self._heaps[group]

    def first(self, group: Group, by_number: list[str], besides: Mapping[str, int] | None = None) -> int | None:
        """The best rank of a group, of the nodes that are not in ``besides``; None if there is none."""
        heap, place = self._heaps[group], self.place
        aside: list[int] = []
        found = None
        while heap:
            rank_ = heap[0]
            name = by_number[rank_ & _NUMBER]
            at = place.get(name)
            if at is None or at[1] != rank_ or at[0] != group:
                heappop(heap)
            elif besides and name in besides:
                aside.append(heappop(heap))
            else:
                found = rank_
                break
        for rank_ in aside:
            heappush(heap, rank_)
        return found


_NUMBER = (1 << BITS) - 1


class Rankings:
    """The orders that are kept. A copy begins without any, as they can be made again."""

    def __init__(self) -> None:
        self._by_profile: dict[Profile, _ProfileOrder] = {}
        self._by_owner: dict[tuple[Profile, str, Selector], Order] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Rankings:
        return Rankings()

    def choose(self, request: PodRequest, ledger: Ledger, selector: Selector) -> str | None:
        """The node that `scan.decide` chooses; None if there is none. Only for what `can_choose` is true of."""
        nodes = self._nodes(request.profile, ledger)
        if len(nodes.place) <= 1:
            return next(iter(nodes.place), None)
        if selector:
            candidates = self._spread(request, ledger, selector, nodes)
        else:
            candidates = [_candidate(group, known(nodes.first(group, ledger.by_number)), None) for group in nodes.sizes]
        return ledger.by_number[best(candidates).number]

    def _spread(self, request: PodRequest, ledger: Ledger, selector: Selector, nodes: Order) -> list[Candidate]:
        """The best node of each group, where it matters how many pods of the owner are where."""
        censuses = ledger.censuses(request.kind.namespace, selector)
        there = merged([census.nodes for census in censuses])
        if len(there) > FEW:
            order = self._owners(request, ledger, selector, nodes, there)
            found = {group: known(order.first(group, ledger.by_number)) for group in order.sizes}
        else:
            found = _few(nodes, ledger, there)
        if ledger.zones and not request.profile.placement.is_open:
            zones = [_zones(request, ledger, there)]
        else:
            zones = [census.zones for census in censuses]
        crowd = _crowd(nodes, merged(zones))
        return [_candidate(group, rank_, crowd(group)) for group, rank_ in found.items()]

    def _nodes(self, profile: Profile, ledger: Ledger) -> Order:
        order = self._by_profile.get(profile)
        if order is None:
            _make_room(self._by_profile)
            order = self._by_profile[profile] = _ProfileOrder(profile)
        order.catch_up(ledger)
        return order

    def _owners(self, request: PodRequest, ledger: Ledger, selector: Selector, nodes: Order, there: dict[str, int]) -> Order:
        """The order of the nodes for pods of one owner, up to date."""
        key = (request.profile, request.kind.namespace, selector)
        order = self._by_owner.get(key)
        names: Iterable[str] = nodes.place
        if order is None:
            _make_room(self._by_owner)
            order = self._by_owner[key] = Order()
        else:
            names = dict.fromkeys(ledger.touched[order.seen :])
        order.seen = len(ledger.touched)
        for name in names:
            place = nodes.place.get(name)
            if place is None:
                order.drop(name)
            else:
                order.put(name, (place[0][0], there.get(name, 0)), place[1])
        return order


class _ProfileOrder(Order):
    """The nodes that will do for one profile; nobody's pods are counted."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self.profile = profile
        self._groups: dict[str, tuple[NodeFacts, Group | None]] = {}
        """What was found about a node itself, as long as its facts are these; None: it will not do."""

    def catch_up(self, ledger: Ledger) -> None:
        """Look at the nodes that have changed."""
        if self.seen == len(ledger.touched):
            return
        names = dict.fromkeys(ledger.touched[self.seen :]) if self.seen else ledger.nodes
        self.seen = len(ledger.touched)
        for name in names:
            self._look_at(name, ledger)

    def _look_at(self, name: str, ledger: Ledger) -> None:
        tally = ledger.nodes.get(name)
        if tally is None or tally.facts is None:
            self._groups.pop(name, None)
            self.drop(name)
            return
        node = tally.facts
        found = self._groups.get(name)
        if found is None or found[0] is not node:
            found = self._groups[name] = (node, _group(self.profile, node))
        group = found[1]
        if group is None or not has_room(self.profile, tally, node):
            self.drop(name)
        else:
            self.put(name, group, rank(self.profile.demand, tally, node))


def can_choose(request: PodRequest, ledger: Ledger) -> bool:
    """Whether a pod's node depends on nothing but nodes, and where its owner's pods are."""
    placement = request.profile.placement
    return not request.constraints and names_admitted(placement) is None and not company.matters(request, ledger)


def _group(profile: Profile, node: NodeFacts) -> Group | None:
    if unsuited(profile.placement, node) is not None:
        return None
    placement, labels = profile.placement, node.labels
    return (unwelcome(placement, node), preference(placement, node), labels.get(ZONE), HOSTNAME in labels), 0


def _few(nodes: Order, ledger: Ledger, there: dict[str, int]) -> dict[Group, int]:
    """The best node of each group, where few nodes have pods of the owner: these are looked at one by one."""
    found: dict[Group, int] = {}
    for name, number in there.items():
        place = nodes.place.get(name)
        if place is not None:
            group = (place[0][0], number)
            if found.get(group, place[1]) >= place[1]:
                found[group] = place[1]
    for group in nodes.sizes:
        rank_ = nodes.first(group, ledger.by_number, there)
        if rank_ is not None:
            found[group] = rank_
    return found


def _zones(request: PodRequest, ledger: Ledger, there: dict[str, int]) -> dict[str, int]:
    """How many pods are in each zone, on nodes that the pod itself could go to."""
    zones: dict[str, int] = {}
    for name, number in there.items():
        node = ledger.nodes[name].facts
        if node is not None and ZONE in node.labels and admits(request.profile.placement, node):
            zones[node.labels[ZONE]] = zones.get(node.labels[ZONE], 0) + number
    return zones


def _crowd(nodes: Order, zones: Mapping[str, int]) -> Callable[[Group], int]:
    """How crowded a group's nodes are: what `spreading.Soft` finds for the default constraints, from numbers that are at hand."""
    (_, node_skew), (_, zone_skew) = spreading.DEFAULT_SKEWS
    node_weight = spreading.weight(len(nodes.place))
    zone_weight = spreading.weight(len({sort[2] or "" for sort, _ in nodes.sizes}))

    def crowd(group: Group) -> int:
        (_, _, zone, has_name), number = group
        crowded = spreading.crowded(number, node_skew, node_weight) if has_name else 0.0
        if zone is not None:
            crowded += spreading.crowded(zones.get(zone, 0), zone_skew, zone_weight)
        return spreading.rounded(crowded)

    return crowd


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST_ORDERS:
        del kept[next(iter(kept))]


def _candidate(group: Group, rank_: int, spread: int | None) -> Candidate:
    return Candidate(rank_, group[0][0], group[0][1], spread)
