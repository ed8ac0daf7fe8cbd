"""Pods that want to be near to others, or far from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.scheduler.test_reasons import NO_HELP, NO_VICTIMS, said
from tests.kube.scheduler.toys import HOSTNAME, ZONE, Toy

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
DB = {"app": "db"}
WEB = {"app": "web"}


def term(labels: dict[str, str] | None, key: str = HOSTNAME, **more: Any) -> dict[str, Any]:
    return {"topologyKey": key, **({"labelSelector": {"matchLabels": labels}} if labels is not None else {})} | more


def near(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"podAffinity": {REQUIRED: list(terms)}}


def far(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"podAntiAffinity": {REQUIRED: list(terms)}}


def rather(which: str, weight: int, wish: dict[str, Any]) -> dict[str, Any]:
    return {which: {PREFERRED: [{"weight": weight, "podAffinityTerm": wish}]}}


@pytest.fixture
def toy() -> Toy:
    """Zone a with a1 and a2, where db runs on a2; zone b with b1."""
    made = Toy()
    for name in ("a1", "a2", "b1"):
        made.node(name, zone=name[0])
    made.pod("db", labels=DB, nodeSelector={HOSTNAME: "a2"})
    return made.settle()


@pytest.mark.parametrize(("affinity", "nodes"), [
    pytest.param(near(term(DB)), {"a2"}, id="on-its-node"),
    pytest.param(near(term(DB, ZONE)), {"a1", "a2"}, id="in-its-zone"),
    pytest.param(near(term(DB, ZONE), term(DB)), {"a2"}, id="both"),
    pytest.param(far(term(DB)), {"a1", "b1"}, id="not-on-its-node"),
    pytest.param(far(term(DB, ZONE)), {"b1"}, id="not-in-its-zone"),
    pytest.param(far(term(DB, "rack")), {"a1", "a2", "b1"}, id="a-label-that-no-node-has"),
    pytest.param(near(term(DB, ZONE)) | far(term(DB)), {"a1"}, id="near-and-far"),
    pytest.param(near(term({})), {"a2"}, id="any-pod"),
    pytest.param(rather("podAffinity", 1, term(DB)), {"a2"}, id="rather-near"),
    pytest.param(rather("podAntiAffinity", 1, term(DB, ZONE)), {"b1"}, id="rather-far"),
])  # fmt: skip
def test_where_it_goes(toy: Toy, affinity: dict[str, Any], nodes: set[str]) -> None:
    toy.pod("web", labels=WEB, affinity=affinity)
    assert toy.placed("web")[0] in nodes


@pytest.mark.parametrize(("affinity", "reasons", "preemption"), [
    pytest.param(near(term(WEB)), "3 node(s) didn't match pod affinity rules", f"3 {NO_HELP}", id="nobody-to-be-near-to"),
    pytest.param(near(term(DB, "rack")), "3 node(s) didn't match pod affinity rules", f"3 {NO_HELP}", id="no-such-label"),
    pytest.param(near(term(None)), "3 node(s) didn't match pod affinity rules", f"3 {NO_HELP}", id="no-selector-selects-nobody"),
    pytest.param(near(term(DB)) | far(term(DB, ZONE)),
                 "1 node(s) didn't match pod anti-affinity rules, 2 node(s) didn't match pod affinity rules",
                 f"1 {NO_VICTIMS}, 2 {NO_HELP}", id="impossible"),
])  # fmt: skip
def test_why_it_goes_nowhere(toy: Toy, affinity: dict[str, Any], reasons: str, preemption: str) -> None:
    toy.pod("lonely", labels={"app": "lonely"}, affinity=affinity)
    assert toy.message("lonely") == said(reasons, preemption, 3)


def test_the_first_of_its_kind_is_let_in(toy: Toy) -> None:
    for number in range(3):
        toy.pod(f"web{number}", labels=WEB, affinity=near(term(WEB)))
    assert len(set(toy.placed("web0", "web1", "web2"))) == 1


def test_one_on_each_node_and_no_more(toy: Toy) -> None:
    for number in range(4):
        toy.pod(f"web{number}", labels=WEB, affinity=far(term(WEB)))
    assert set(toy.placed("web0", "web1", "web2")) == {"a1", "a2", "b1"}
    assert toy.message("web3") == said("3 node(s) didn't match pod anti-affinity rules", f"3 {NO_VICTIMS}", 3)


def test_who_must_be_far_keeps_others_away(toy: Toy) -> None:
    """The rule is that of the pod that was there first."""
    toy.pod("hermit", affinity=far(term(WEB, ZONE)), nodeSelector={ZONE: "a"})
    toy.settle()
    toy.pod("web", labels=WEB)
    toy.pod("other", labels=WEB, nodeSelector={ZONE: "a"})
    assert toy.placed("web") == ["b1"]
    reasons = "1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't satisfy existing pods anti-affinity rules"
    assert toy.message("other") == said(reasons, f"1 {NO_HELP}, 2 {NO_VICTIMS}", 3)


def test_who_wants_to_be_near_draws_others(toy: Toy) -> None:
    toy.pod("friend", affinity=rather("podAffinity", 100, term(WEB)), nodeSelector={HOSTNAME: "b1"})
    toy.settle()
    toy.pod("web", labels=WEB)
    assert toy.placed("web") == ["b1"]


@pytest.mark.parametrize(("more", "node"), [
    pytest.param({}, None, id="its-own-namespace"),
    pytest.param({"namespaces": ["store"]}, "a1", id="another-by-name"),
    pytest.param({"namespaceSelector": {"matchLabels": {"team": "data"}}}, "a1", id="by-labels"),
    pytest.param({"namespaceSelector": {"matchLabels": {"team": "none"}}}, None, id="by-other-labels"),
    pytest.param({"namespaceSelector": {}}, "a1", id="all"),
])  # fmt: skip
def test_namespaces(toy: Toy, more: dict[str, Any], node: str | None) -> None:
    toy.namespace("store", team="data")
    toy.pod("cache", namespace="store", labels={"app": "cache"}, nodeSelector={HOSTNAME: "a1"})
    toy.settle()
    toy.pod("web", labels=WEB, affinity=near(term({"app": "cache"}, **more)))
    assert toy.placed("web") == [node]


def test_own_labels_in_a_term(toy: Toy) -> None:
    wish = far(term(WEB, matchLabelKeys=["version"]))
    for name, version in (("old1", "1"), ("old2", "1"), ("old3", "1"), ("old4", "1"), ("new1", "2")):
        toy.pod(name, labels=WEB | {"version": version}, affinity=wish)
    assert toy.placed("old4") == [None]
    assert toy.where("new1") is not None
    toy.pod("only", labels={"app": "probe", "version": "1"}, affinity=near(term(WEB, mismatchLabelKeys=["version"])))
    assert toy.placed("only") == [toy.where("new1")]
