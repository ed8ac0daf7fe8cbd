"""How pods are spread over nodes and zones: by their own constraints, or by default."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from k8snet.kube.history import Write
from k8snet.kube.objects import ObjectMeta, Service, ServiceSpec
from tests.kube.scheduler.test_reasons import NO_HELP, NO_VICTIMS, said
from tests.kube.scheduler.toys import HOSTNAME, ZONE, Toy

LABELS = {"app": "web"}


def constraint(key: str = ZONE, skew: int = 1, *, hard: bool = True, **more: Any) -> dict[str, Any]:
    return {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
            "labelSelector": {"matchLabels": LABELS}} | more


def spread(toy: Toy, number: int, *constraints: dict[str, Any], **pod: Any) -> list[str | None]:
    names = [f"web{index}" for index in range(number)]
    for name in names:
        toy.pod(name, labels=LABELS, topologySpreadConstraints=list(constraints), **pod)
    return toy.placed(*names)


def zones() -> Toy:
    """Two nodes in zone a, one in zone b."""
    toy = Toy()
    for name, zone in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        toy.node(name, zone=zone)
    return toy


def test_hard_over_zones() -> None:
    assert Counter(str(name)[0] for name in spread(zones(), 8, constraint())) == {"a": 4, "b": 4}


def test_a_full_zone_holds_up_the_others() -> None:
    toy = Toy()
    toy.node("a1", zone="a", pods=1)
    toy.node("b1", zone="b")
    toy.node("c1")
    assert spread(toy, 4, constraint()) == ["a1", "b1", "b1", None]
    skewed, unlabelled = "node(s) didn't match pod topology spread constraints", "(missing required label)"
    reasons = f"1 Too many pods, 1 {skewed}, 1 {skewed} {unlabelled}"
    assert toy.message("web3") == said(reasons, f"1 {NO_HELP}, 2 {NO_VICTIMS}", 3)


@pytest.mark.parametrize(("more", "placed"), [
    pytest.param({}, 2, id="two-domains"),
    pytest.param({"minDomains": 3}, 2, id="one-domain-is-missing"),
    pytest.param({"maxSkew": 2}, 4, id="more-skew"),
    pytest.param({"maxSkew": 1, "labelSelector": {"matchLabels": {"app": "other"}}}, 5, id="others-are-counted"),
    pytest.param({"nodeTaintsPolicy": "Honor"}, 5, id="tainted-nodes-do-not-count"),
])  # fmt: skip
def test_how_many_find_a_place(more: dict[str, Any], placed: int) -> None:
    """Zone c has nodes that nobody may go to: by default they count as a domain without pods."""
    toy = Toy("ignored")
    for zone in "ab":
        toy.node(zone, zone=zone)
    toy.node("c", zone="c", taints=["gpu:NoSchedule"])
    assert sum(name is not None for name in spread(toy, 5, constraint(**more))) == placed


def test_nodes_that_are_not_selected_do_not_count() -> None:
    toy = Toy()
    for zone in "abc":
        toy.node(zone, zone=zone, labels={"pool": "main" if zone != "c" else "other"})
    placed = spread(toy, 4, constraint(), nodeSelector={"pool": "main"})
    assert Counter(placed) == {"a": 2, "b": 2}
    strict = constraint(nodeAffinityPolicy="Ignore")
    toy.pod("strict", labels=LABELS, nodeSelector={"pool": "main"}, topologySpreadConstraints=[strict])
    assert toy.where("strict") is None


def test_soft_is_a_wish() -> None:
    toy = Toy()
    toy.node("a1", zone="a", pods=2)
    toy.node("b1", zone="b")
    assert spread(toy, 5, constraint(hard=False)) == ["a1", "b1", "a1", "b1", "b1"]


def test_pods_on_their_way_out_do_not_count() -> None:
    toy = Toy("node1", "node2")
    assert spread(toy, 2, constraint(HOSTNAME)) == ["node1", "node2"]
    toy.client.delete(toy.client.get("Pod", "web0"))
    toy.pod("web2", labels=LABELS, topologySpreadConstraints=[constraint(HOSTNAME)])
    assert toy.placed("web2") == ["node1"]


def test_each_revision_by_itself() -> None:
    toy = Toy("node1", "node2")
    wish = constraint(HOSTNAME, matchLabelKeys=["version"])
    for name, version in (("old1", "1"), ("new1", "2"), ("old2", "1"), ("new2", "2")):
        toy.pod(name, labels=LABELS | {"version": version}, topologySpreadConstraints=[wish])
    placed = toy.placed("old1", "new1", "old2", "new2")
    assert set(placed[::2]) == set(placed[1::2]) == {"node1", "node2"}


# --- by default ---------------------------------------------------------------------------------------------------


def test_the_pods_of_a_replica_set_keep_apart() -> None:
    """One node is much larger; four pods of one owner still go to four nodes."""
    toy = Toy("node1", "node2", "node3", cpu="2", memory="4Gi")
    toy.node("large", cpu="64", memory="256Gi")
    toy.replicas("web", 4)
    assert sorted(map(str, toy.placed(*(f"web-{index}" for index in range(4))))) == ["large", "node1", "node2", "node3"]
    for index in range(4):
        toy.pod(f"bare{index}")
    assert toy.placed(*(f"bare{index}" for index in range(4))) == ["large"] * 4


def test_zones_weigh_more_than_nodes() -> None:
    toy = zones()
    toy.replicas("web", 2)
    assert toy.placed("web-0", "web-1") == ["a1", "b1"]


def test_the_pods_of_a_service_keep_apart() -> None:
    toy = Toy("node1", "node2", cpu="2", memory="4Gi")
    toy.node("large", cpu="64", memory="256Gi")
    service = Service(metadata=ObjectMeta(name="web", namespace="default"), spec=ServiceSpec(selector=LABELS))
    toy.settle()
    toy.scheduler.concerns(Write(0.0, "kubectl", "POST", "Service", "default", "web", None, service))
    for index in range(3):
        toy.pod(f"web{index}", labels=LABELS)
    assert set(toy.placed("web0", "web1", "web2")) == {"node1", "node2", "large"}
