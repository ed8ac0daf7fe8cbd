"""Lesson 02: what the judges say of wrong answers, and that the right choice is what the model finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet import Cluster
from k8snet.course import check, exercise
from k8snet.course.data import question, task
from tests.course.answers import after, told

MANIFEST = Path(__file__).parents[2] / "notebooks" / "manifests" / "two-containers.yaml"
PRIVATE = task("02-5").solution[0]
SHARED = task("02-4").solution[1]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(1002, "1002 is a pause, that of the pod red", id="the first pause"),
        pytest.param("1008", "1008 is a pause, that of the pod blue", id="the last pause"),
        pytest.param(1006, "1006 is the container app of the pod green", id="the app"),
        pytest.param(1004, "1004 is containerd-shim, which is on the network of node1 itself", id="the shim"),
        pytest.param(701, "701 is kubelet", id="the kubelet"),
        pytest.param(77, "no process on node1 has the number 77", id="nobody"),
        pytest.param("green", "no process on node1 has the number green", id="no number"),
        pytest.param("cbca2294ccf39", "has the number cbca2294ccf39", id="the id of the sandbox"),
    ],
)
def test_a_wrong_number_is_told_whose_it_is(answer: object, says: str) -> None:
    assert says in told("02-1", answer)


def test_the_number_is_that_of_the_cluster_that_was_searched() -> None:
    cluster = exercise("02-1")
    cluster.pod("green").kill("pause")
    pause = cluster.pod("green").containers[0].pid
    assert pause != 1005
    assert check("02-1", pause, cluster).passed
    assert "no process on node1" in told("02-1", 1005, cluster)


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("02-2", ["node1: kill -9 1003 1004"], "a container of web runs: server, helper", id="the kubelet repairs"),
        pytest.param("02-2", ["node1: systemctl stop kubelet", "node1: kill -9 1003"], "runs: helper", id="one killed"),
        pytest.param("02-2", ["node1: systemctl stop kubelet", "node1: kill 1003 1004"], "runs: helper", id="sleep ignores TERM"),
        pytest.param("02-2", ["kubectl delete pod web"], "there is no pod web", id="deleted"),
        pytest.param(
            "02-2",
            ["node1: systemctl stop kubelet", "node1: nsenter -t 1003 -n ip addr flush dev eth0", "node1: kill -9 1003 1004"],
            "nobody answers for 10.244.1.2 either", id="the address taken away",
        ),
        pytest.param("02-3", ["node1: kill -9 1002"], "bare has the address 10.244.1.3 now", id="a new sandbox"),
        pytest.param("02-3", ["kubectl delete pod bare"], "there is no pod bare", id="deleted"),
        pytest.param(
            "02-3", ["node1: nsenter -t 1002 -n ip route add 172.18.0.0/16 via 10.244.1.1"],
            "does not reach 192.0.2.100 outside", id="the nodes only",
        ),
        pytest.param(
            "02-3", ["node1: nsenter -t 1002 -n ip route add default via 10.244.1.9"], "the answer ends within the pod",
            id="another gateway",
        ),
        pytest.param(
            "02-3", ["node1: nsenter -t 1002 -n ip link set eth0 down"], "node1 does not reach bare", id="made worse"
        ),
        pytest.param(
            "02-4", ["kubectl delete pod web", SHARED.replace("  shareProcessNamespace: true\n", "")],
            "the helper's ps shows sleep infinity, ps", id="the same once more",
        ),
        pytest.param("02-4", ["kubectl delete pod web"], "there is no pod web", id="deleted"),
        pytest.param(
            "02-4", ["kubectl delete pod web", SHARED.partition("    - name: helper")[0]], "no container helper", id="no helper"
        ),
        pytest.param("02-5", [PRIVATE.replace("127.0.0.1", "")], "node2 reaches private on port 8080", id="for everybody"),
        pytest.param("02-5", [PRIVATE.replace("8080", "8081")], "nobody answers on localhost:8080 (refused)", id="another port"),
        pytest.param("02-5", [PRIVATE.partition("    - name: user")[0]], "private has one container", id="a server alone"),
        pytest.param("02-5", [PRIVATE.replace("-text=hello, ", "")], "last: Missing -text option!", id="a server that fails"),
        pytest.param("02-5", [PRIVATE.replace("name: private", "name: secret")], "there is no pod private", id="another name"),
        pytest.param("02-5", [PRIVATE.replace("[sleep, infinity]", '["true"]')], "its container user said last", id="no user"),
    ],
)
def test_a_wrong_change_is_told_what_is_wrong(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines))


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        pytest.param("02-2", ["kubectl delete pod web", """kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: server, image: busybox, command: ["false"]}]}
"""], id="no container that lasts"),
        pytest.param("02-2", ["node1: systemctl stop kubelet", "node1: kill -9 1002 1003 1004"], id="pause as well"),
        pytest.param("02-3", ["node1: nsenter -t 1003 -n ip route add default dev eth0 via 10.244.1.1"], id="by way of the app"),
        pytest.param("02-5", [PRIVATE.replace("127.0.0.1", "localhost")], id="localhost by its name"),
    ],
)  # fmt: skip
def test_another_way_is_right_as_well(key: str, lines: list[str]) -> None:
    verdict = check(key, after(key, lines))
    assert verdict.passed, repr(verdict)


@pytest.mark.parametrize(("key", "hands_over"), [("02-2", "done"), ("02-4", 1)])
def test_what_is_no_cluster_is_not_judged(key: str, hands_over: object) -> None:
    assert "hand over the cluster" in told(key, hands_over)


def test_the_right_choices_are_what_the_model_finds() -> None:
    cluster = Cluster()
    found: dict[str, object] = {}
    cluster.apply(MANIFEST)
    node, client = cluster.node("node1"), cluster.pod("client")
    found["02-netns"] = len(set(node.sh("ps -o netns= -p 1002,1003,1004").split()))
    found["02-gateway"] = cluster.pod("web").ping(str(client.ip)).hops[1].netns
    node.sh("kill -9 1003")
    found["02-app"] = cluster.pod("web").ip
    node.sh("systemctl stop kubelet")
    node.sh("kill -9 1002")
    found["02-pause"] = client.curl("http://10.244.1.2").fate
    node.sh("nsenter -t 1004 -n ip addr del 10.244.1.2/24 dev eth0")
    found["02-address"] = client.curl("http://10.244.1.2").fate
    for key, truth in found.items():
        [right] = [choice.value for choice in question(key).choices if not choice.why]
        assert str(truth) == right, key
