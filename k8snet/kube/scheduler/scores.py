"""How good a node is: points of 0 to 100 from each plugin, weighted and added; and which node is the best.

Sources: pkg/scheduler/framework/plugins: noderesources (least_allocated.go, balanced_allocation.go), tainttoleration,
nodeaffinity, podtopologyspread and interpodaffinity (scoring.go); apis/config/v1/default_plugins.go for the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from k8snet.kube.scheduler.facts import Demand, NodeFacts
from k8snet.kube.scheduler.ledger import Tally

FULL = 100
TAINT_WEIGHT, AFFINITY_WEIGHT, SPREAD_WEIGHT, COMPANY_WEIGHT = 3, 2, 2, 2
"""The plugins that look at one node alone weigh 1 each."""
BITS = 32
"""A rank has a node's number in its low bits: of equally good nodes, the first in their own order comes first."""


class Candidate(NamedTuple):
    """A node that will do. ``rank`` tells its own points and its number; the others are what each plugin counted.

    Counts are compared between candidates and only then become points. ``spread`` and ``company`` are None where the
    plugin has nothing to say about the node.
    """

    rank: int
    taints: int = 0
    preference: int = 0
    spread: int | None = None
    company: int | None = None

    @property
    def number(self) -> int:
        """The node's place in the nodes' own order."""
        return self.rank & ((1 << BITS) - 1)


def rank(demand: Demand, tally: Tally, node: NodeFacts) -> int:
    """A node's own points as a number that sorts: the more points the lower, and the nodes' own order among equals."""
    points = least_allocated(demand, tally, node)
    if demand.cpu or demand.memory:  # a pod that requests nothing would make a full node look balanced
        points += balanced(demand, tally, node)
    return (2 * FULL - points) << BITS | tally.number


def least_allocated(demand: Demand, tally: Tally, node: NodeFacts) -> int:
    """NodeResourcesFit: the share of cpu and memory that would be left, on average."""
    points = resources = 0
    cpu, memory = tally.assumed_cpu + demand.assumed_cpu, tally.assumed_memory + demand.assumed_memory
    for there, used in ((node.cpu, cpu), (node.memory, memory)):
        if there:
            points += (there - used) * FULL // there if used <= there else 0
            resources += 1
    return points // resources if resources else 0


def balanced(demand: Demand, tally: Tally, node: NodeFacts) -> int:
    """NodeResourcesBalancedAllocation: by how much the pod brings the used shares of cpu and memory closer together."""
    after = _evenness(tally.cpu + demand.cpu, tally.memory + demand.memory, node)
    before = _evenness(tally.cpu, tally.memory, node)
    return FULL // 2 + (FULL // 2 + after - before) // 2


def _evenness(cpu: int, memory: int, node: NodeFacts) -> int:
    if not (node.cpu and node.memory):
        return FULL
    deviation = abs((min(cpu / node.cpu, 1.0) - min(memory / node.memory, 1.0)) / 2)
    return int((1 - deviation) * FULL)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate with the most points; of several, the first in the nodes' own order."""
    if len(candidates) == 1:
        return candidates[0]
    points = _Points(candidates)
    return min(candidates, key=points.order)


class _Points:
    """What the counts of these candidates are worth."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.taints = max(each.taints for each in candidates)
        self.preference = max(each.preference for each in candidates)
        spreads = [each.spread for each in candidates if each.spread is not None]
        self.most, self.least = (max(spreads), min(spreads)) if spreads else (0, 0)
        companies = [each.company for each in candidates if each.company is not None]
        self.company, self.span = (min(companies), max(companies) - min(companies)) if companies else (0, 0)

    def order(self, each: Candidate) -> tuple[int, int]:
        """Sorts the best candidate first."""
        points = 2 * FULL - (each.rank >> BITS)
        if self.taints:
            points += TAINT_WEIGHT * (FULL - FULL * each.taints // self.taints)
        if self.preference:
            points += AFFINITY_WEIGHT * (FULL * each.preference // self.preference)
        if each.spread is not None:
            even = FULL * (self.most + self.least - each.spread) // self.most if self.most else FULL
            points += SPREAD_WEIGHT * even
        if self.span and each.company is not None:
            points += COMPANY_WEIGHT * int(FULL * ((each.company - self.company) / self.span))
        return -points, each.number
