"""The quick way to a decision comes to the same one as the plain way, whatever has happened before."""

from __future__ import annotations

import copy
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.kube.labels import Requirement
from k8snet.kube.scheduler import ranking
from k8snet.kube.scheduler.facts import (
    Demand,
    HostPort,
    Kind,
    NodeFacts,
    NodeTerm,
    Placement,
    PodRequest,
    Profile,
    Selector,
    Taint,
    Toleration,
)
from k8snet.kube.scheduler.ledger import HOSTNAME, ZONE, Ledger
from k8snet.kube.scheduler.ranking import Rankings, can_choose
from k8snet.kube.scheduler.scan import decide

OWNERS = ("web", "db")
PREFERRED = ((5, NodeTerm((Requirement("disk", "Exists"),))),)
PLACEMENTS = (
    Placement(),
    Placement(tolerations=(Toleration("gpu", "Exists"),)),
    Placement(selector=(Requirement("disk", "In", ("ssd",)),)),
    Placement(preferred=PREFERRED),
)


def owned_by(owner: str | None) -> Selector:
    return (Requirement("app", "In", (owner,)),) if owner else ()


@st.composite
def nodes(draw: st.DrawFn, name: str) -> NodeFacts:
    labels = {}
    if draw(st.integers(0, 5)):
        labels[HOSTNAME] = name
    zone, disk = draw(st.sampled_from(["", "a", "b", "c"])), draw(st.sampled_from(["", "ssd", "hdd"]))
    labels |= ({ZONE: zone} if zone else {}) | ({"disk": disk} if disk else {})
    taints = draw(st.lists(st.sampled_from([Taint("gpu", "", "NoSchedule"), Taint("old", "", "PreferNoSchedule")]), max_size=1))
    cpu, memory = draw(st.sampled_from([1000, 2000, 4000])), draw(st.sampled_from([0, 1000, 3000]))
    return NodeFacts(name, labels, tuple(taints), draw(st.integers(0, 9)) == 0, cpu, memory, draw(st.integers(2, 9)))


@st.composite
def requests(draw: st.DrawFn) -> tuple[PodRequest, Selector]:
    owner = draw(st.sampled_from([*OWNERS, None]))
    cpu = draw(st.sampled_from([0, 100, 500]))
    memory = draw(st.sampled_from([0, 200]))
    demand = Demand(cpu, memory, cpu or 100, memory or 200)
    ports = draw(st.sampled_from([(), (), (HostPort("0.0.0.0", "TCP", 80),)]))
    profile = Profile(demand, ports, draw(st.sampled_from(PLACEMENTS)))
    kind = Kind("default", frozenset({("app", owner or "bare")}), leaving=draw(st.integers(0, 9)) == 0)
    return PodRequest(kind, profile), owned_by(owner)


NAMES = [f"node{number}" for number in range(6)]


Deed = tuple[str, object]


@st.composite
def deeds(draw: st.DrawFn) -> Deed:
    """Something that happens: mostly that a pod comes."""
    what = draw(st.sampled_from(["pod"] * 8 + ["gone"] * 3 + ["node", "no node", "copy"]))
    if what == "pod":
        return what, draw(requests())
    if what == "gone":
        return what, draw(st.integers(0, 30))
    name = draw(st.sampled_from(NAMES))
    return what, draw(nodes(name)) if what == "node" else name


@settings(max_examples=400, deadline=None)
@given(first=st.tuples(*(nodes(name) for name in NAMES[:4])), story=st.lists(deeds(), max_size=60),
       few=st.sampled_from([0, 1, 2, 64]), kept=st.sampled_from([1, 2, 64]))
def test_both_ways_lead_to_the_same_node(first: tuple[NodeFacts, ...], story: list[Deed], few: int, kept: int) -> None:
    ledger, rankings = Ledger(), Rankings()
    for node in first:
        ledger.put_node(node)
    with patch.object(ranking, "FEW", few), patch.object(ranking, "MOST_ORDERS", kept):
        for number, (what, detail) in enumerate(story):
            match what, detail:
                case "pod", (PodRequest() as request, tuple() as selector):
                    assert can_choose(request, ledger)
                    chosen = rankings.choose(request, ledger, selector)
                    assert chosen == decide(request, ledger, selector).node
                    if chosen is not None:
                        ledger.put_pod(("default", str(number)), chosen, request)
                case "gone", int() as place if place < len(ledger.pods):
                    ledger.remove_pod(list(ledger.pods)[place])
                case "node", NodeFacts() as node:
                    ledger.put_node(node)
                case "no node", str() as name:
                    ledger.remove_node(name)
                case "copy", _:
                    ledger, rankings = copy.deepcopy((ledger, rankings))
    _is_consistent(ledger)


def _is_consistent(ledger: Ledger) -> None:
    """The books say what they would say if they were begun anew."""
    fresh = Ledger()
    for _, node in ledger.known():
        fresh.put_node(node)
    for key, (name, request) in ledger.pods.items():
        fresh.put_pod(key, name, request)
    assert ledger.size == fresh.size == len(list(ledger.known()))
    assert ledger.zones == fresh.zones
    for name, tally in ledger.nodes.items():
        other = fresh.nodes[name]
        for slot in ("facts", "count", "cpu", "memory", "assumed_cpu", "assumed_memory", "ports"):
            assert getattr(tally, slot) == getattr(other, slot)
    found = {kind: (census.nodes, census.zones) for kinds in ledger.kinds.values() for kind, census in kinds.items()}
    assert found == {kind: (census.nodes, census.zones) for kinds in fresh.kinds.values() for kind, census in kinds.items()}
    for owner in OWNERS:
        wanted = [census.nodes for kinds in ledger.kinds.values() for kind, census in kinds.items()
                  if ("app", owner) in kind.labels and not kind.leaving]
        assert [census.nodes for census in ledger.censuses("default", owned_by(owner))] == wanted


def test_many_pods_of_one_owner_are_spread_evenly() -> None:
    ledger, rankings = Ledger(), Rankings()
    for number in range(100):
        ledger.put_node(NodeFacts(f"node{number}", {HOSTNAME: f"node{number}"}, cpu=8000, memory=8000, pods=110))
    request = PodRequest(Kind("default", frozenset({("app", "web")})), Profile(Demand(100, 0, 100, 200)))
    for number in range(1000):
        node = rankings.choose(request, ledger, owned_by("web"))
        assert node is not None
        ledger.put_pod(("default", str(number)), node, request)
    assert {tally.count for tally in ledger.nodes.values()} == {10}
