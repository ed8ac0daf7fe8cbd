"""What is said of a pod that fits nowhere, word for word as kube-scheduler says it.

Sources: pkg/scheduler/framework/types.go (FitError), plugins/defaultpreemption and framework/preemption for the second half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from k8snet.kube.scheduler.facts import Rejection
from k8snet.kube.scheduler.scan import CONFLICT

NO_NODES = "no nodes available to schedule pods"
NO_VICTIMS = "No preemption victims found for incoming pod"
NO_HELP = "Preemption is not helpful for scheduling"
NOT_ELIGIBLE = "not eligible due to preemptionPolicy=Never."


def unschedulable(rejections: Iterable[tuple[Rejection, int]], *, preempts: bool = True) -> str:
    """Why a pod fits nowhere, from the numbers of nodes that were rejected for each reason.

    >>> print(unschedulable([(Rejection("NodeResourcesFit", ("Too many pods",), final=False), 2)]))
    0/2 nodes are available: 2 Too many pods. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.
    """
    reasons: Counter[str] = Counter()
    preemption: Counter[str] = Counter()
    for rejection, nodes in rejections:
        for reason in rejection.reasons:
            reasons[reason] += nodes
        preemption[NO_HELP if rejection.final else NO_VICTIMS] += nodes
    total = preemption.total()
    if not total:
        return NO_NODES
    filtered = CONFLICT.reasons[0] if CONFLICT.reasons[0] in reasons else _listed(reasons)
    second = f"0/{total} nodes are available: {_listed(preemption)}." if preempts else NOT_ELIGIBLE
    return f"0/{total} nodes are available: {filtered}. preemption: {second}"


def _listed(reasons: Mapping[str, int]) -> str:
    """Reasons with their numbers, sorted as text: 10 comes before 2."""
    return ", ".join(sorted(f"{number} {reason}" for reason, number in reasons.items()))
