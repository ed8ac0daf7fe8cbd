"""Where pods may go, and what is said of those that fit nowhere: in kube-scheduler's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.scheduler.toys import Toy

NO_HELP = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


def said(reasons: str, preemption: str, nodes: int = 1) -> str:
    start = f"0/{nodes} nodes are available:"
    return f"{start} {reasons}. preemption: {start} {preemption}."


def node_affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


def wants(*each: tuple[Any, ...]) -> dict[str, Any]:
    """Required node affinity with one term."""
    return {"affinity": node_affinity(expressions(*each))}


def lacking(what: str) -> str:
    return said(f"1 Insufficient {what}", f"1 {NO_HELP}")


def expressions(*each: tuple[Any, ...]) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}
                                 for key, operator, *values in each]}


def named(*names: str) -> dict[str, Any]:
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(names)}]}


TAINTED = said("1 node(s) had untolerated taint(s)", f"1 {NO_HELP}")
UNSUITED = said("1 node(s) didn't match Pod's node affinity/selector", f"1 {NO_HELP}")
GPU = {"key": "gpu", "operator": "Exists"}


@pytest.mark.parametrize(("node", "pod", "message"), [
    pytest.param({}, {}, None, id="nothing-asked"),
    pytest.param({}, {"cpu": "4", "memory": "8Gi"}, None, id="all-of-a-node"),
    pytest.param({}, {"cpu": "4001m"}, lacking("cpu"), id="more-than-a-node"),
    pytest.param({}, {"cpu": "5", "memory": "9Gi"}, said("1 Insufficient cpu, 1 Insufficient memory", f"1 {NO_HELP}"),
                 id="two-lacking"),
    pytest.param({"pods": 0}, {}, said("1 Too many pods", f"1 {NO_VICTIMS}"), id="no-room-for-pods"),
    pytest.param({}, {"requests": {"nvidia.com/gpu": "1"}}, lacking("nvidia.com/gpu"), id="no-such-thing"),
    pytest.param({"nvidia.com__gpu": "2"}, {"requests": {"nvidia.com/gpu": "1"}}, None, id="extended-resource"),
    pytest.param({}, {"requests": {"ephemeral-storage": "1Gi"}}, lacking("ephemeral-storage"), id="storage"),
    pytest.param({"unschedulable": True}, {}, said("1 node(s) were unschedulable", f"1 {NO_HELP}"), id="cordoned"),
    pytest.param({"unschedulable": True}, {"tolerations": [{"operator": "Exists"}]}, None, id="cordoned-and-tolerated"),
    pytest.param({"taints": ["gpu=yes:NoSchedule"]}, {}, TAINTED, id="tainted"),
    pytest.param({"taints": ["gpu=yes:NoExecute"]}, {}, TAINTED, id="no-execute"),
    pytest.param({"taints": ["gpu=yes:PreferNoSchedule"]}, {}, None, id="only-asked-to-stay-away"),
    pytest.param({"taints": ["gpu=yes:NoSchedule"]}, {"tolerations": [GPU]}, None, id="tolerated"),
    pytest.param({"taints": ["gpu=yes:NoSchedule"]}, {"tolerations": [{"key": "gpu", "value": "yes"}]}, None,
                 id="tolerated-by-value"),
    pytest.param({"taints": ["gpu=yes:NoSchedule"]}, {"tolerations": [{"key": "gpu", "value": "no"}]},
                 TAINTED, id="another-value"),
    pytest.param({"taints": ["gpu:NoSchedule"]}, {"tolerations": [GPU | {"effect": "NoExecute"}]},
                 TAINTED, id="another-effect"),
    pytest.param({"labels": {"disk": "ssd"}}, {"nodeSelector": {"disk": "ssd"}}, None, id="selected"),
    pytest.param({"labels": {"disk": "hdd"}}, {"nodeSelector": {"disk": "ssd"}}, UNSUITED, id="not-selected"),
    pytest.param({"labels": {"disk": "ssd"}}, wants(("disk", "In", "ssd", "nvme")), None, id="In"),
    pytest.param({}, wants(("disk", "In", "ssd")), UNSUITED, id="In-without-label"),
    pytest.param({}, wants(("disk", "NotIn", "hdd")), None, id="NotIn-without-label"),
    pytest.param({"labels": {"disk": "hdd"}}, wants(("disk", "NotIn", "hdd")), UNSUITED, id="NotIn"),
    pytest.param({"labels": {"gpu": ""}}, wants(("gpu", "Exists")), None, id="Exists"),
    pytest.param({"labels": {"gpu": ""}}, wants(("gpu", "DoesNotExist")), UNSUITED, id="DoesNotExist"),
    pytest.param({"labels": {"cores": "8"}}, wants(("cores", "Gt", "7")), None, id="Gt"),
    pytest.param({"labels": {"cores": "8"}}, wants(("cores", "Lt", "8")), UNSUITED, id="Lt"),
    pytest.param({"labels": {"cores": "many"}}, wants(("cores", "Gt", "7")), UNSUITED, id="Gt-of-a-word"),
    pytest.param({"labels": {"a": "1"}}, {"affinity": node_affinity(expressions(("b", "Exists")), expressions(("a",
                 "Exists")))}, None,
                 id="one-term-is-enough"),
    pytest.param({"labels": {"a": "1"}}, {"affinity": node_affinity(expressions(("b", "Exists"), ("a", "Exists")))}, UNSUITED,
                 id="all-of-a-term"),
    pytest.param({}, {"affinity": node_affinity(named("node"))}, None, id="by-name"),
    pytest.param({}, {"affinity": node_affinity(named("other"))},
                 said("1 node(s) didn't satisfy plugin(s) [NodeAffinity]", f"1 {NO_HELP}"), id="another-name"),
    pytest.param({}, {"affinity": node_affinity(named("a") | {"matchFields": [*named("a")["matchFields"],
                 *named("b")["matchFields"]]})},
                 said("pod affinity terms conflict", f"1 {NO_HELP}"), id="two-names-at-once"),
    pytest.param({}, {"cpu": "5", "preemptionPolicy": "Never"},
                 "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
                 id="never-preempts"),
])  # fmt: skip
def test_one_node(node: dict[str, Any], pod: dict[str, Any], message: str | None) -> None:
    toy = Toy()
    toy.node("node", **node)
    toy.pod("web", **pod)
    assert toy.message("web") == message
    assert toy.where("web") == (None if message else "node")


def test_each_node_has_its_reason() -> None:
    """A node is counted under what objects first; numbers are sorted as text."""
    toy = Toy()
    toy.node("control-plane", taints=["node-role.kubernetes.io/control-plane:NoSchedule"])
    toy.node("node1", cpu="1")
    toy.node("node2")
    toy.pod("first", cpu="3")
    toy.settle()
    toy.pod("web", cpu="2")
    reasons = "1 node(s) had untolerated taint(s), 2 Insufficient cpu"
    assert toy.message("web") == said(reasons, f"1 {NO_VICTIMS}, 2 {NO_HELP}", 3)
    assert toy.events("web") == [("Warning", "FailedScheduling", toy.message("web"), 1)]


def test_ten_comes_before_two() -> None:
    toy = Toy(*(f"small{number}" for number in range(10)), cpu="1")
    for name in ("big1", "big2"):
        toy.node(name, taints=["gpu:NoSchedule"])
    toy.pod("web", cpu="2")
    assert toy.message("web") == said("10 Insufficient cpu, 2 node(s) had untolerated taint(s)", f"12 {NO_HELP}", 12)


def test_no_nodes() -> None:
    toy = Toy()
    toy.pod("web")
    assert toy.message("web") == "no nodes available to schedule pods"


def test_it_is_said_who_goes_where() -> None:
    toy = Toy("node1")
    toy.pod("web")
    toy.settle()
    assert toy.events("web") == [("Normal", "Scheduled", "Successfully assigned default/web to node1", 1)]
    write = toy.plane.api.history.of("Pod", "web")[-1]
    assert (write.who, write.verb, write.path) == ("kube-scheduler", "POST", "/api/v1/namespaces/default/pods/web/binding")


PORT = {"containerPort": 80}


@pytest.mark.parametrize(("first", "second", "both"), [
    pytest.param({"hostPort": 8080}, {"hostPort": 8080}, False, id="same"),
    pytest.param({"hostPort": 8080}, {"hostPort": 8081}, True, id="another-port"),
    pytest.param({"hostPort": 8080}, {"hostPort": 8080, "protocol": "UDP"}, True, id="another-protocol"),
    pytest.param({"hostPort": 8080, "hostIP": "127.0.0.1"}, {"hostPort": 8080}, False, id="one-address-and-all"),
    pytest.param({"hostPort": 8080}, {"hostPort": 8080, "hostIP": "127.0.0.1"}, False, id="all-and-one-address"),
    pytest.param({"hostPort": 8080, "hostIP": "127.0.0.1"}, {"hostPort": 8080, "hostIP": "172.18.0.11"}, True,
                 id="two-addresses"),
    pytest.param({}, {}, True, id="a-containers-own-port"),
])  # fmt: skip
def test_host_ports(first: dict[str, Any], second: dict[str, Any], both: bool) -> None:
    toy = Toy("node1")
    toy.pod("first", ports=[PORT | first])
    toy.settle()
    toy.pod("second", ports=[PORT | second])
    no_port = said("1 node(s) didn't have free ports for the requested pod ports", f"1 {NO_VICTIMS}")
    assert toy.message("second") == (None if both else no_port)


def test_a_daemon_sets_pod_has_its_own_node() -> None:
    """Its affinity names the node; the others are not even asked."""
    toy = Toy("node1", "node2", "node3")
    toy.node("node4", cpu="1")
    toy.pod("agent", affinity=node_affinity(named("node4")))
    toy.pod("greedy", cpu="2", affinity=node_affinity(named("node4")))
    toy.settle()
    assert toy.where("agent") == "node4"
    reasons = "1 Insufficient cpu, 3 node(s) didn't satisfy plugin(s) [NodeAffinity]"
    assert toy.message("greedy") == said(reasons, f"4 {NO_HELP}", 4)
