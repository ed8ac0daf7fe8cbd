"""Which of several nodes is the best, with the points worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.scheduler.facts import Demand, NodeFacts
from k8snet.kube.scheduler.ledger import Tally
from k8snet.kube.scheduler.scores import BITS, Candidate, balanced, best, least_allocated
from tests.kube.scheduler.toys import Toy

GIB = 1024**3


def tally(cpu: int = 0, memory: int = 0) -> Tally:
    made = Tally()
    made.cpu = made.assumed_cpu = cpu
    made.memory = made.assumed_memory = memory
    return made


@pytest.mark.parametrize(("used", "wanted", "points"), [
    pytest.param((0, 0), (0, 0), 100, id="empty"),
    pytest.param((0, 0), (1000, GIB), (75 + 87) // 2, id="a-quarter-and-an-eighth"),
    pytest.param((2000, 4 * GIB), (2000, 4 * GIB), 0, id="full"),
    pytest.param((4000, 0), (100, GIB), (0 + 87) // 2, id="more-than-full"),
])  # fmt: skip
def test_least_allocated(used: tuple[int, int], wanted: tuple[int, int], points: int) -> None:
    node = NodeFacts("node", {}, cpu=4000, memory=8 * GIB)
    assert least_allocated(Demand(*wanted, *wanted), tally(*used), node) == points


@pytest.mark.parametrize(("used", "wanted", "points"), [
    pytest.param((0, 0), (1000, 2 * GIB), 50 + (50 + 100 - 100) // 2, id="even-before-and-after"),
    pytest.param((0, 0), (2000, 0), 50 + (50 + 75 - 100) // 2, id="uneven-after"),
    pytest.param((2000, 0), (0, 4 * GIB), 50 + (50 + 100 - 75) // 2, id="evens-out"),
])  # fmt: skip
def test_balanced(used: tuple[int, int], wanted: tuple[int, int], points: int) -> None:
    node = NodeFacts("node", {}, cpu=4000, memory=8 * GIB)
    assert balanced(Demand(*wanted, *wanted), tally(*used), node) == points


def test_a_node_that_offers_nothing_gets_no_points() -> None:
    assert least_allocated(Demand(), tally(), NodeFacts("node", {})) == 0
    assert balanced(Demand(), tally(), NodeFacts("node", {}, cpu=1000)) == 75


def candidate(number: int, points: int = 100, **counts: int) -> Candidate:
    return Candidate((200 - points) << BITS | number, **counts)


@pytest.mark.parametrize(("candidates", "number"), [
    pytest.param([candidate(0), candidate(1)], 0, id="the-first-of-equals"),
    pytest.param([candidate(1), candidate(0)], 0, id="in-the-nodes-order"),
    pytest.param([candidate(0, 99), candidate(1, 100)], 1, id="more-points"),
    pytest.param([candidate(0, 200, taints=1), candidate(1, 0)], 1, id="one-taint-weighs-300"),
    pytest.param([candidate(0, 200, taints=1), candidate(1, 49), candidate(2, 0, taints=2)], 0, id="half-as-many-taints-150"),
    pytest.param([candidate(0, 200), candidate(1, 1, preference=7)], 1, id="all-preference-200"),
    pytest.param([candidate(0, 101, preference=5), candidate(1, 0, preference=10)], 0, id="half-the-preference-100"),
    pytest.param([candidate(0, 100, spread=4), candidate(1, 1, spread=2)], 1, id="half-as-crowded-100"),
    pytest.param([candidate(0, 0, spread=0), candidate(1, 1, spread=0)], 1, id="no-crowd"),
    pytest.param([candidate(0, 0, company=-3), candidate(1, 199, company=-4)], 0, id="the-least-bad-company-200"),
    pytest.param([candidate(0, 0, company=3), candidate(1, 1, company=3)], 1, id="same-company"),
])  # fmt: skip
def test_what_counts_are_worth(candidates: list[Candidate], number: int) -> None:
    assert best(candidates).number == number


def preferred(key: str, weight: int) -> dict[str, Any]:
    return {"weight": weight, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}


def test_preferred_nodes() -> None:
    toy = Toy("node1", "node2")
    toy.node("ssd", labels={"ssd": ""})
    toy.node("fast", labels={"fast": "", "ssd": ""})
    terms = [preferred("ssd", 50), preferred("fast", 1)]
    toy.pod("web", affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}})
    assert toy.placed("web") == ["fast"]


def test_a_node_that_asks_to_stay_away_is_the_last() -> None:
    toy = Toy()
    toy.node("node1", taints=["old=yes:PreferNoSchedule"])
    toy.node("node2", cpu="1", memory="1Gi")
    toy.pod("web")
    toy.pod("at-ease", tolerations=[{"key": "old", "operator": "Exists"}])
    assert toy.placed("web", "at-ease") == ["node2", "node1"]


def test_what_was_given_out_counts() -> None:
    """Pods that request nothing are taken to need something, so they do not all go to one node."""
    toy = Toy("node1", "node2")
    for number in range(4):
        toy.pod(f"web{number}")
    assert toy.placed("web0", "web1", "web2", "web3") == ["node1", "node2", "node1", "node2"]
