"""Lesson 08: what its judges say to answers that are wrong, and to right ones that are not the shown solution."""

from __future__ import annotations

import pytest

from k8snet.course import check, cost, exercise
from k8snet.course.data import task
from k8snet.errors import K8snetError
from tests.course.answers import after, told

[FIND] = task("08-1").solution
ON_NODE_A = "ip netns exec node-a iptables -t nat"
DNAT = "-d 10.96.0.50 -p tcp --dport 80 -j DNAT --to-destination 10.1.2.1:4000"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("client", "client is neither the name nor the address", id="who asked"),
        pytest.param("10.96.0.20", "10.96.0.20 is neither", id="the Service"),
        pytest.param("web-f9bb58596-d6rsk", "connections from port 40001, 40002, 40003, and not", id="who took the others"),
        pytest.param("10.244.1.2", "web-f9bb58596-fjhl6 has answered none", id="who took none"),
    ],
)
def test_the_pod_that_a_connection_went_to(answer: str, says: str) -> None:
    assert says in told("08-1", answer, exercise("08-1"))


@pytest.mark.parametrize("answer", [FIND, f"pod/{FIND}", " 10.244.1.3 "])
def test_a_pod_may_be_named_by_its_address(answer: str) -> None:
    assert check("08-1", answer, exercise("08-1")).passed


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("08-2", ["kubectl scale deployment web --replicas=1"], "on both nodes everybody", id="nobody stopped"),
        pytest.param("08-2", ["stop kube-proxy", "kubectl scale deployment web --replicas=1"],
                     "on node2, too, 2", id="all stopped"),
        pytest.param("08-2", ["node2: stop kube-proxy", "kubectl scale deployment web --replicas=1"],
                     "node2 has 2 pods in its rules that do not answer, and node1 has none", id="the wrong node"),
        pytest.param("08-2", ["kubectl delete deployment web"], "0 pods of web are ready", id="nobody left"),
        pytest.param("08-2", ["node1: iptables -t nat -I OUTPUT -d 10.96.0.20 -j DNAT --to-destination 10.244.1.99"],
                     "was not written by kube-proxy", id="a rule by hand"),
        pytest.param("08-3", ["node1: iptables -t nat -F PREROUTING"],
                     "near asks 10.96.0.20 and gets no answer", id="all emptied"),
        pytest.param("08-3", ["node1: iptables -t nat -I PREROUTING -d 10.96.0.20 -p tcp -j DNAT --to-destination 10.244.1.2:80"],
                     "do not answer near with equal shares", id="one pod by hand"),
        pytest.param("08-3", ["kubectl delete pod near"], "there is no pod near", id="gone"),
        pytest.param("08-3", ["node2: iptables -t nat -F OUTPUT", *task("08-3").solution],
                     "node2 asks 10.96.0.20", id="broken more"),
        pytest.param("08-4", [f"{ON_NODE_A} -A PREROUTING {DNAT}"], "node-a does not reach 10.96.0.50", id="pods only"),
        pytest.param("08-4", [f"{ON_NODE_A} -A OUTPUT {DNAT}"], "pod-a does not reach 10.96.0.50", id="the node only"),
        pytest.param("08-4", [f"{ON_NODE_A} -A {hook} {DNAT}".replace(":4000", "") for hook in ("PREROUTING", "OUTPUT")],
                     "is refused", id="the port left as it was"),
        pytest.param("08-4", [f"{ON_NODE_A} -A POSTROUTING -d 10.96.0.50 -j MASQUERADE"],
                     "no route to 10.96.0.50", id="masquerade"),
    ],
)  # fmt: skip
def test_what_is_still_wrong(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines))


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        pytest.param("08-2", ["node1: stop kube-proxy", "kubectl delete pods -l app=web"], id="pods replaced"),
        pytest.param("08-3", ["node1: iptables -t nat -D PREROUTING -d 10.96.0.0/16 -j ACCEPT"], id="by its words"),
        pytest.param("08-4", [f"{ON_NODE_A} -N MINE", f"{ON_NODE_A} -A MINE {DNAT}", f"{ON_NODE_A} -A PREROUTING -j MINE",
                              f"{ON_NODE_A} -A OUTPUT -j MINE"], id="a chain for both"),
    ],
)  # fmt: skip
def test_other_ways_that_lead_there(key: str, lines: list[str]) -> None:
    assert check(key, after(key, lines)).passed


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("10.244.2.8:8443", "stands in the rules, but not on the way", id="a pod of another node"),
        pytest.param("10.99.14.7:80", "is in no DNAT rule", id="the ClusterIP"),
        pytest.param("192.168.56.10:6443", "stands in the rules, but not", id="the API server"),
    ],
)
def test_where_another_node_sends_its_packets(answer: str, says: str) -> None:
    assert says in told("08-5", answer)


def test_what_services_cost_was_measured_with_as_many_everywhere() -> None:
    assert [[count for count, _ in points] for points in cost.RECORD.values()] == [list(cost.COUNTS)] * len(cost.BACKENDS)


def test_what_services_cost_can_be_measured_here(kernel: None) -> None:
    found = cost.here((1, 100))
    assert found
    assert all(count in (1, 100) and time > 0 for points in found.values() for count, time in points)


def test_where_nothing_can_be_measured_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "available", lambda: "this is a container")
    with pytest.raises(K8snetError, match="this is a container"):
        cost.here()
