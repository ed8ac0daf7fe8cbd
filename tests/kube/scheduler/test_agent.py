"""Whose turn it is: who waits, who is looked at again and when, and what a restart or a late scheduler makes of it."""

from __future__ import annotations

import copy

import pytest

from k8snet.kube.objects import PodStatus, Taint, changed, meta
from tests.kube.scheduler.test_company import far, term
from tests.kube.scheduler.toys import Toy


def writes(toy: Toy) -> int:
    return len(toy.plane.api.history.by("kube-scheduler"))


def delete(toy: Toy, name: str) -> None:
    toy.client.delete(toy.client.get("Pod", name), grace=0)


def test_it_waits_until_there_is_room() -> None:
    toy = Toy("node1")
    toy.pod("first", cpu="3")
    toy.pod("second", cpu="3")
    assert toy.placed("first", "second") == ["node1", None]
    delete(toy, "first")
    assert toy.placed("second") == ["node1"]


@pytest.mark.parametrize("status", ["Succeeded", "Failed"])
def test_who_has_ended_takes_nothing(status: str) -> None:
    toy = Toy("node1")
    toy.pod("first", cpu="3")
    toy.pod("second", cpu="3")
    toy.settle()
    pod = toy.client.get("Pod", "first")
    toy.client.update_status(changed(pod, status=changed(pod.status, phase=status)))
    assert toy.placed("second") == ["node1"]


def test_who_is_to_be_deleted_takes_its_place_until_it_is_gone() -> None:
    toy = Toy("node1")
    toy.pod("first", cpu="3")
    toy.settle()
    toy.client.delete(toy.client.get("Pod", "first"))
    toy.pod("second", cpu="3")
    assert toy.placed("second") == [None]
    delete(toy, "first")
    assert toy.placed("second") == ["node1"]


def test_a_new_node_helps() -> None:
    toy = Toy()
    toy.pod("web")
    assert toy.message("web") == "no nodes available to schedule pods"
    toy.node("node1", taints=["gpu:NoSchedule"])
    assert toy.placed("web") == [None]
    toy.node("node2")
    assert toy.placed("web") == ["node2"]


def test_a_node_that_is_uncordoned_helps() -> None:
    toy = Toy("node1")
    toy.change_node("node1", unschedulable=True)
    toy.pod("web")
    assert toy.placed("web") == [None]
    toy.change_node("node1", unschedulable=None)
    assert toy.placed("web") == ["node1"]


def test_a_node_that_is_gone_takes_nobody() -> None:
    toy = Toy("node1", "node2")
    toy.client.delete(toy.client.get("Node", "node1"))
    toy.pod("web")
    assert toy.placed("web") == ["node2"]


def test_a_pod_that_comes_may_help_too() -> None:
    toy = Toy("node1")
    near = {"podAffinity": far(term({"app": "db"}))["podAntiAffinity"]}
    toy.pod("web", affinity=near)
    assert toy.placed("web") == [None]
    toy.pod("db", labels={"app": "db"})
    assert toy.placed("db", "web") == ["node1", "node1"]


def test_what_has_been_said_is_not_said_again() -> None:
    toy = Toy("node1")
    toy.pod("other")
    toy.pod("web", cpu="9")
    toy.settle()
    before = writes(toy)
    delete(toy, "other")
    toy.settle()
    assert writes(toy) == before
    assert [count for *_, count in toy.events("web")] == [1]
    toy.node("node2", taints=["gpu:NoSchedule"])
    assert "0/2 nodes are available" in str(toy.message("web"))
    assert [count for *_, count in toy.events("web")] == [1, 1]


def test_what_cannot_help_wakes_nobody() -> None:
    """A pod that no node's labels suit is not looked at when another pod goes."""
    toy = Toy("node1")
    toy.pod("other")
    toy.pod("web", nodeSelector={"disk": "ssd"})
    toy.settle()
    delete(toy, "other")
    assert [write.name for write in toy.plane.api.history if write.after is None] == ["other"]
    assert list(toy.scheduler.concerns(toy.plane.api.history[-1])) == []


def test_the_condition_keeps_its_time_while_it_is_false() -> None:
    toy = Toy("node1")
    toy.pod("web", cpu="9")
    toy.settle()
    toy.plane.sleep(60)
    toy.node("node2")
    toy.settle()
    (condition,) = toy.client.get("Pod", "web").status.conditions
    assert condition.message.startswith("0/2")
    assert condition.lastTransitionTime == meta(toy.client.get("Pod", "web")).creationTimestamp


def test_others_pods_are_left_alone() -> None:
    toy = Toy("node1")
    toy.pod("web", schedulerName="my-own")
    toy.pod("there", nodeName="node1", cpu="3")
    toy.pod("late", cpu="2")
    assert toy.placed("web", "there", "late") == [None, "node1", None]
    assert toy.message("web") is None
    assert not [write for write in toy.plane.api.history.by("kube-scheduler") if write.name != "late"]


def test_after_a_restart_it_knows_all() -> None:
    toy = Toy("node1", "node2")
    toy.pod("first", cpu="3")
    toy.settle()
    toy.component.stop()
    toy.pod("second", cpu="3")
    toy.pod("third", cpu="3")
    delete(toy, "first")
    toy.settle()
    assert toy.where("second") is None
    toy.plane.start(toy.component)
    assert toy.placed("second", "third") == ["node1", "node2"]


def test_a_late_one_does_not_give_a_place_away_twice() -> None:
    toy = Toy("node1")
    toy.settle()
    toy.component.lag = 5.0
    for number in range(3):
        toy.pod(f"web{number}", cpu="3")
    assert toy.placed("web0", "web1", "web2") == ["node1", None, None]


def test_a_copy_goes_its_own_way() -> None:
    toy = Toy("node1", "node2")
    toy.pod("web")
    toy.pod("large", cpu="9")
    toy.settle()
    other = copy.deepcopy(toy)
    other.client = other.plane.client("kubectl", apart=True)
    for each in (other, toy):
        each.pod("db")
    assert toy.placed("db") == other.placed("db") == ["node2"]
    delete(other, "web")
    other.pod("new")
    assert (other.placed("new"), other.message("large")) == (["node1"], toy.message("large"))
    assert toy.where("web") == "node1"


def test_a_node_without_status_takes_no_pods() -> None:
    toy = Toy("node1")
    node = toy.client.get("Node", "node1")
    toy.client.update_status(changed(node, status=type(node.status)()))
    toy.pod("web")
    assert "1 Too many pods" in str(toy.message("web"))


def test_facts_that_do_not_matter_are_no_news() -> None:
    toy = Toy("node1")
    toy.pod("web")
    toy.pod("large", cpu="9")
    toy.settle()
    pod = toy.client.get("Pod", "web")
    toy.client.update_status(changed(pod, status=PodStatus(phase="Running")))
    write = toy.plane.api.history[-1]
    assert list(toy.scheduler.concerns(write)) == []
    toy.change_node("node1", taints=[Taint(key="a", effect="PreferNoSchedule")])
    assert list(toy.scheduler.concerns(toy.plane.api.history[-1])) == [("default", "large")]
    assert list(toy.scheduler.concerns(toy.plane.api.history[-1])) == []
