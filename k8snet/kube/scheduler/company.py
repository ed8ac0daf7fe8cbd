"""Pods that want to be near to other pods, or far from them: affinity and anti-affinity between pods.

"Near" is on nodes with the same value of a label (a topology key). What one pod requires holds against later pods too:
who must be far from it may not come. Sources: pkg/scheduler/framework/plugins/interpodaffinity, filtering.go, scoring.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.scheduler.facts import ALONE, Kind, NodeFacts, PodRequest, Rejection, Term
from k8snet.kube.scheduler.ledger import Ledger
from k8snet.kube.scheduler.selecting import selects

HARD_AFFINITY_WEIGHT = 1
"""What an existing pod's required affinity to the new pod counts for (hardPodAffinityWeight)."""

NOT_NEAR = Rejection("InterPodAffinity", ("node(s) didn't match pod affinity rules",))
NOT_FAR = Rejection("InterPodAffinity", ("node(s) didn't match pod anti-affinity rules",), final=False)
UNWANTED = Rejection("InterPodAffinity", ("node(s) didn't satisfy existing pods anti-affinity rules",), final=False)

Place = tuple[str, str]
"""A topology key and its value: all nodes with that label."""


def is_meant(term: Term, kind: Kind, ledger: Ledger) -> bool:
    """Whether a term speaks of pods of this kind."""
    if kind.namespace not in term.namespaces and not selects(term.namespace_selector, ledger.namespaces.get(kind.namespace, {})):
        return False
    return selects(term.selector, dict(kind.labels))


def matters(request: PodRequest, ledger: Ledger) -> bool:
    """Whether the pod, or one that is there, has wishes that concern both."""
    if request.kind.company != ALONE:
        return True
    if not ledger.bearers:
        return False
    meant = ledger.meant.get(request.kind)
    if meant is None:
        meant = any(is_meant(term, request.kind, ledger) for kind in ledger.bearers for term in _terms(kind))
        ledger.meant[request.kind] = meant
    return meant


def _terms(kind: Kind) -> Iterable[Term]:
    """What a kind of pods wishes of others that come later: all but its required affinity, which still counts as a wish."""
    company = kind.company
    weighted = (*company.rather_near, *company.rather_far)
    return (*company.near, *company.far, *(term for _, term in weighted))


class Neighbourhood:
    """Where the pods are that matter to one pod, as places."""

    def __init__(self, request: PodRequest, ledger: Ledger) -> None:
        self.kind = request.kind
        self.near: dict[Place, int] = {}
        """Pods that all required terms mean."""
        self.far: dict[Place, int] = {}
        self.unwanted: dict[Place, int] = {}
        """Pods that must be far from this one."""
        self.points: dict[Place, int] = {}
        self._ledger = ledger
        for kinds in ledger.kinds.values() if request.kind.company != ALONE else ():
            for kind in kinds:
                self._look_for(kind)
        for kind in ledger.bearers:
            self._hear(kind)
        own = request.kind.company.near
        self._first = bool(own) and not self.near and all(is_meant(term, request.kind, ledger) for term in own)
        """The first of pods that want to be near to one another is let in anywhere."""

    def objection(self, node: NodeFacts) -> Rejection | None:
        """Why a node will not do; None: it will."""
        company, labels = self.kind.company, node.labels
        if any(term.topology_key not in labels for term in company.near):
            return NOT_NEAR
        if not self._first and not all(_at(term, labels) in self.near for term in company.near):
            return NOT_NEAR
        if any(_at(term, labels) in self.far for term in company.far):
            return NOT_FAR
        return UNWANTED if any(place in self.unwanted for place in labels.items()) else None

    def worth(self, node: NodeFacts) -> int | None:
        """What the wishes of both sides give a node; None: there are none."""
        if not self.points:
            return None
        return sum(points for (key, value), points in self.points.items() if node.labels.get(key) == value)

    # --- who is where ---------------------------------------------------------------------------------------------

    def _look_for(self, kind: Kind) -> None:
        """Take in the pods of a kind, as far as the new pod cares."""
        company = self.kind.company
        if company.near and all(is_meant(term, kind, self._ledger) for term in company.near):
            for term in company.near:
                self._add(self.near, kind, term)
        for term in company.far:
            if is_meant(term, kind, self._ledger):
                self._add(self.far, kind, term)
        for sign, terms in ((1, company.rather_near), (-1, company.rather_far)):
            for weight, term in terms:
                if is_meant(term, kind, self._ledger):
                    self._add(self.points, kind, term, sign * weight)

    def _hear(self, kind: Kind) -> None:
        """Take in what pods that are there wish of the new pod."""
        company = kind.company
        wishes = [(self.unwanted, 1, term) for term in company.far]
        wishes += [(self.points, HARD_AFFINITY_WEIGHT, term) for term in company.near]
        wishes += [(self.points, weight, term) for weight, term in company.rather_near]
        wishes += [(self.points, -weight, term) for weight, term in company.rather_far]
        for places, weight, term in wishes:
            if is_meant(term, self.kind, self._ledger):
                self._add(places, kind, term, weight)

    def _add(self, places: dict[Place, int], kind: Kind, term: Term, weight: int = 1) -> None:
        """Count the pods of a kind at the places where they are."""
        ledger = self._ledger
        for name, number in ledger.kinds[kind.namespace][kind].nodes.items():
            node = ledger.nodes[name].facts
            if node is not None and term.topology_key in node.labels:
                place = _at(term, node.labels)
                places[place] = places.get(place, 0) + weight * number


def _at(term: Term, labels: dict[str, str]) -> Place:
    return term.topology_key, labels.get(term.topology_key, "")
