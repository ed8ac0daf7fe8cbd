"""Which labels a selector selects, which nodes a term fits, which taints are tolerated: pure questions to facts.

Sources: k8s.io/apimachinery, labels/selector.go; k8s.io/component-helpers, scheduling/corev1/nodeaffinity and helpers.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from k8snet.kube.labels import Requirement
from k8snet.kube.scheduler.facts import NodeFacts, NodeTerm, Placement, Selector, Taint, Toleration

KEEPS_OFF = ("NoSchedule", "NoExecute")
"""The effects of taints that a new pod must tolerate."""


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether labels meet one condition. Conditions on nodes may compare numbers: Gt, Lt.

    >>> holds(Requirement("zone", "NotIn", ("a", "b")), {"disk": "ssd"})
    True
    >>> holds(Requirement("cores", "Gt", ("4",)), {"cores": "16"})
    True
    """
    if requirement.operator not in ("Gt", "Lt"):
        return requirement.holds(labels)
    try:
        have, bound = int(labels.get(requirement.key, "")), int(requirement.values[0])
    except (ValueError, IndexError):
        return False
    return have > bound if requirement.operator == "Gt" else have < bound


def selects(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    """Whether labels meet all conditions; no selector at all selects nothing."""
    return selector is not None and all(holds(each, labels) for each in selector)


# --- nodes --------------------------------------------------------------------------------------------------------


def fits_term(term: NodeTerm, node: NodeFacts) -> bool:
    """Whether a node meets all conditions of a term; a term without conditions fits no node."""
    if not (term.labels or term.fields):
        return False
    return selects(term.labels, node.labels) and selects(term.fields, {"metadata.name": node.name})


def admits(placement: Placement, node: NodeFacts) -> bool:
    """Whether nodeSelector and required node affinity let a pod go to a node."""
    if not selects(placement.selector, node.labels):
        return False
    return placement.terms is None or any(fits_term(term, node) for term in placement.terms)


def preference(placement: Placement, node: NodeFacts) -> int:
    """The sum of the weights of the preferred terms that a node fits."""
    return sum(weight for weight, term in placement.preferred if fits_term(term, node))


def names_admitted(placement: Placement) -> frozenset[str] | None:
    """The names of nodes that required node affinity leaves, where it goes by name (as DaemonSets' pods have it); else None."""
    if not placement.terms:
        return None
    found: set[str] = set()
    for term in placement.terms:
        named = [frozenset(each.values) for each in term.fields if (each.key, each.operator) == ("metadata.name", "In")]
        if not named:
            return None
        found |= frozenset.intersection(*named)
    return frozenset(found)


# --- taints -------------------------------------------------------------------------------------------------------


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Whether one of the tolerations is for this taint.

    >>> tolerates([Toleration("gpu", "Exists")], Taint("gpu", "yes", "NoSchedule"))
    True
    """
    return any(_is_for(each, taint) for each in tolerations)


def _is_for(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    return toleration.operator == "Exists" or toleration.value == taint.value


def keeps_off(placement: Placement, node: NodeFacts) -> bool:
    """Whether a node has a taint that keeps a pod off and that it does not tolerate."""
    return any(taint.effect in KEEPS_OFF and not tolerates(placement.tolerations, taint) for taint in node.taints)


def unwelcome(placement: Placement, node: NodeFacts) -> int:
    """How many taints ask a pod to go elsewhere if it can, and are not tolerated."""
    return sum(taint.effect == "PreferNoSchedule" and not tolerates(placement.tolerations, taint) for taint in node.taints)
