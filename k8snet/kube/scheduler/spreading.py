"""Pods of one kind are spread over nodes and zones: as their own constraints say, or by default those of one owner.

A domain is all nodes with the same value of a label. Hard constraints reject nodes, soft ones are points. Sources:
pkg/scheduler/framework/plugins/podtopologyspread (common.go, filtering.go, scoring.go) and helper/spread.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from k8snet.kube.labels import Requirement
from k8snet.kube.scheduler.facts import Constraint, NodeFacts, PodRequest, Rejection, Selector
from k8snet.kube.scheduler.ledger import HOSTNAME, ZONE, Ledger, merged
from k8snet.kube.scheduler.selecting import admits, keeps_off, selects

DEFAULT_SKEWS = ((HOSTNAME, 3), (ZONE, 5))
"""The soft constraints of pods that have none of their own (systemDefaultConstraints)."""

TOO_MANY = Rejection("PodTopologySpread", ("node(s) didn't match pod topology spread constraints",), final=False)
NO_LABEL = Rejection("PodTopologySpread", ("node(s) didn't match pod topology spread constraints (missing required label)",))


def default_selector(labels: dict[str, str], services: Iterable[dict[str, str]], owner: Selector) -> Selector:
    """Whom a pod is spread with, if it has no constraints: the pods that its Services and its ReplicaSet select too.

    >>> default_selector({"app": "web"}, [{"app": "web"}, {"app": "db"}], ())
    (Requirement(key='app', operator='In', values=('web',)),)
    """
    chosen: dict[str, str] = {}
    for selector in services:
        if selector and selector.items() <= labels.items():
            chosen |= selector
    return (*(Requirement(key, "In", (value,)) for key, value in chosen.items()), *owner)


def defaults(selector: Selector) -> tuple[Constraint, ...]:
    """The constraints of a pod that has none of its own."""
    return tuple(Constraint(key, skew, selector) for key, skew in DEFAULT_SKEWS) if selector else ()


def numbers(request: PodRequest, constraint: Constraint, ledger: Ledger) -> dict[str, int]:
    """How many pods of a constraint are on which node."""
    if not constraint.selector:
        return {}
    return merged([census.nodes for census in ledger.censuses(request.kind.namespace, constraint.selector)])


def counts_in(request: PodRequest, constraint: Constraint, node: NodeFacts) -> bool:
    """Whether pods on this node count: not where the new pod could not go anyway."""
    placement = request.profile.placement
    if constraint.honor_affinity and not admits(placement, node):
        return False
    return not (constraint.honor_taints and keeps_off(placement, node))


class Hard:
    """The constraints that a pod must keep, and how its like are spread now."""

    def __init__(self, request: PodRequest, ledger: Ledger) -> None:
        self.constraints = [each for each in request.constraints if each.hard]
        self.domains: list[dict[str, int]] = [{} for _ in self.constraints]
        """For each constraint the pods in each domain."""
        own = dict(request.kind.labels)
        self.own = [int(selects(each.selector, own)) for each in self.constraints]
        if self.constraints:
            self._count(request, ledger)

    def _count(self, request: PodRequest, ledger: Ledger) -> None:
        everywhere = [numbers(request, each, ledger) for each in self.constraints]
        for _, node in ledger.known():
            if not all(each.topology_key in node.labels for each in self.constraints):
                continue
            for each, there, domains in zip(self.constraints, everywhere, self.domains, strict=True):
                if counts_in(request, each, node):
                    value = node.labels[each.topology_key]
                    domains[value] = domains.get(value, 0) + there.get(node.name, 0)

    def objection(self, node: NodeFacts) -> Rejection | None:
        """Why a node will not do; None: it will."""
        for each, domains, own in zip(self.constraints, self.domains, self.own, strict=True):
            value = node.labels.get(each.topology_key)
            if value is None:
                return NO_LABEL
            fewest = min(domains.values(), default=math.inf) if len(domains) >= each.min_domains else 0
            if domains.get(value, 0) + own - fewest > each.max_skew:
                return TOO_MANY
        return None


class Soft:
    """The constraints that a pod would like to keep, over the nodes that will do.

    ``required``: nodes without the labels count for nothing.
    """

    def __init__(self, request: PodRequest, constraints: Sequence[Constraint], ledger: Ledger, nodes: Sequence[NodeFacts],
                 *, required: bool) -> None:
        self.constraints = constraints
        self.required = required
        self.counts: list[dict[str, int]] = []
        """For each constraint the pods in each domain; by name of node where each node is a domain of its own."""
        self.weights: list[float] = []
        scored = [node for node in nodes if not self._ignores(node)]
        for each in constraints:
            there = numbers(request, each, ledger)
            if each.topology_key == HOSTNAME:
                self.counts.append(there)
                self.weights.append(weight(len(scored)))
            else:
                domains = dict.fromkeys((node.labels.get(each.topology_key, "") for node in scored), 0)
                self.weights.append(weight(len(domains)))
                self.counts.append(self._totals(request, each, ledger, there, domains))

    def _ignores(self, node: NodeFacts) -> bool:
        return self.required and any(each.topology_key not in node.labels for each in self.constraints)

    def _totals(self, request: PodRequest, constraint: Constraint, ledger: Ledger, there: dict[str, int],
                domains: dict[str, int]) -> dict[str, int]:
        for name, number in there.items():
            node = ledger.nodes[name].facts
            if node is None or self._ignores(node) or not counts_in(request, constraint, node):
                continue
            value = node.labels.get(constraint.topology_key, "")
            if value in domains:
                domains[value] += number
        return domains

    def count(self, node: NodeFacts) -> int | None:
        """How crowded it would be there; None: the node counts for nothing."""
        if not self.constraints or self._ignores(node):
            return None
        crowd = 0.0
        for each, counts, factor in zip(self.constraints, self.counts, self.weights, strict=True):
            value = node.labels.get(each.topology_key)
            if value is not None:
                crowd += crowded(counts.get(node.name if each.topology_key == HOSTNAME else value, 0), each.max_skew, factor)
        return rounded(crowd)


def weight(size: int) -> float:
    """What one pod more counts for: more in a topology of many domains, where each has few."""
    return math.log(size + 2)


def crowded(number: int, max_skew: int, factor: float) -> float:
    """How crowded a domain with so many pods is."""
    return number * factor + (max_skew - 1)


def rounded(crowd: float) -> int:
    """The nearest whole number; halves go up (Go's math.Round; there are no negative ones)."""
    return math.floor(crowd + 0.5)
