"""The plain way to a decision: look at every node. It can do all that the scheduler can, in a time that grows with the nodes.

ranking.py comes to the same decision for pods that are many and alike, without looking at every node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.kube.scheduler import company, spreading
from k8snet.kube.scheduler.facts import Constraint, NodeFacts, PodRequest, Rejection, Selector
from k8snet.kube.scheduler.filters import unfit
from k8snet.kube.scheduler.ledger import Ledger, Tally
from k8snet.kube.scheduler.scores import Candidate, best, rank
from k8snet.kube.scheduler.selecting import names_admitted, preference, unwelcome
from k8snet.linux.fact import Fact

ELSEWHERE = Rejection("NodeAffinity", ("node(s) didn't satisfy plugin(s) [NodeAffinity]",))
"""Node affinity that goes by name leaves these nodes out before any plugin is asked about them."""
CONFLICT = Rejection("NodeAffinity", ("pod affinity terms conflict",))


class Decision(Fact, frozen=True):
    """The node that was chosen, or (with ``node`` None) how many nodes were rejected for which reasons."""

    node: str | None
    rejections: tuple[tuple[Rejection, int], ...] = ()


Suited = tuple[Tally, NodeFacts]
"""A node that will do."""


def decide(request: PodRequest, ledger: Ledger, selector: Selector = ()) -> Decision:
    """Choose a node for a pod. ``selector``: whom it is spread with, if it has no constraints of its own."""
    rejected: dict[Rejection, int] = {}
    around = company.Neighbourhood(request, ledger) if company.matters(request, ledger) else None
    suited = list(_will_do(request, ledger, around, rejected))
    if not suited:
        return Decision(None, tuple(rejected.items()))
    if len(suited) == 1:
        return Decision(suited[0][1].name)
    return Decision(_best(request, ledger, suited, around, _soft(request, ledger, suited, selector)))


def _will_do(request: PodRequest, ledger: Ledger, around: company.Neighbourhood | None,
             rejected: dict[Rejection, int]) -> Iterator[Suited]:
    """The nodes that will do, in their own order; the others are counted in ``rejected``."""
    spread = spreading.Hard(request, ledger) if any(each.hard for each in request.constraints) else None
    for tally, node in _among(ledger, names_admitted(request.profile.placement), rejected):
        objection = unfit(request.profile, tally, node)
        if objection is None and spread is not None:
            objection = spread.objection(node)
        if objection is None and around is not None:
            objection = around.objection(node)
        if objection is None:
            yield tally, node
        else:
            rejected[objection] = rejected.get(objection, 0) + 1


def _among(ledger: Ledger, names: frozenset[str] | None, rejected: dict[Rejection, int]) -> Iterator[Suited]:
    """All nodes, or those of the names that are left, if names were asked for."""
    if names is None:
        yield from ledger.known()
        return
    found = [(tally, tally.facts) for tally in map(ledger.nodes.get, names) if tally is not None and tally.facts is not None]
    others = ledger.size - len(found)
    if others:
        rejected[ELSEWHERE if names else CONFLICT] = others
    yield from sorted(found, key=lambda pair: pair[0].number)


def _best(request: PodRequest, ledger: Ledger, suited: Sequence[Suited], around: company.Neighbourhood | None,
          soft: spreading.Soft) -> str:
    placement = request.profile.placement
    candidates = [
        Candidate(
            rank(request.profile.demand, tally, node), unwelcome(placement, node), preference(placement, node), soft.count(node),
            around.worth(node) if around is not None else None,
        )
        for tally, node in suited
    ]  # fmt: skip
    return ledger.by_number[best(candidates).number]


def _soft(request: PodRequest, ledger: Ledger, suited: Sequence[Suited], selector: Selector) -> spreading.Soft:
    constraints: Sequence[Constraint] = [each for each in request.constraints if not each.hard]
    if not request.constraints:
        constraints = spreading.defaults(selector)
    return spreading.Soft(request, constraints, ledger, [node for _, node in suited], required=bool(request.constraints))
