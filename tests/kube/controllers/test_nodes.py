"""Nodes: their pod ranges, the silence of a kubelet, taints, and who has to go because of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from k8snet.kube.api import EPOCH
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.conditions import condition
from k8snet.kube.controllers.node_ipam import NodeIpam
from k8snet.kube.controllers.taint_eviction import FOREVER, tolerated_for
from k8snet.kube.decoding import decode
from k8snet.kube.objects import (
    Lease,
    LeaseSpec,
    Node,
    NodeCondition,
    NodeSpec,
    NodeStatus,
    ObjectMeta,
    Taint,
    Toleration,
    changed,
    known,
    meta,
)  # fmt: skip
from tests.kube.controllers.toys import Cluster
from tests.kube.plain import deployment_document, pod, pod_document

LEASES = "kube-node-lease"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.settle()
    return made


def node(cluster: Cluster, name: str = "node1") -> Node:
    found: Node = cluster.user.get("Node", name, "")
    return found


# --- pod ranges -----------------------------------------------------------------------------------------------------


def ranges(cluster: Cluster) -> dict[str, str | None]:
    return {known(meta(each).name): known(each.spec).podCIDR for each in cluster.plane.api.store.all("Node")}


def test_each_node_gets_a_range_in_the_order_of_their_coming() -> None:
    cluster = Cluster(("b", "node10", "node2"))
    cluster.settle()
    assert ranges(cluster) == {"b": "10.244.0.0/24", "node10": "10.244.1.0/24", "node2": "10.244.2.0/24"}
    assert known(node(cluster, "b").spec).podCIDRs == ["10.244.0.0/24"]


def test_a_range_that_is_free_again_is_used_last(cluster: Cluster) -> None:
    cluster.user.delete(node(cluster, "node1"))
    cluster.settle()
    cluster.add_node("new")
    cluster.settle()
    assert ranges(cluster)["new"] == "10.244.3.0/24"


def test_no_range_is_left() -> None:
    cluster = Cluster(("a", "b", "c", "d"), cluster_cidr="10.244.0.0/23")
    cluster.settle()
    assert [ranges(cluster)[name] for name in "abcd"] == ["10.244.0.0/24", "10.244.1.0/24", None, None]
    assert cluster.events("CIDRNotAvailable") == [f"Node {name} status is now: CIDRNotAvailable" for name in "cd"]
    cluster.user.delete(node(cluster, "a"))
    cluster.settle()
    assert [ranges(cluster)[name] for name in "bcd"] == ["10.244.1.0/24", "10.244.0.0/24", None]
    assert max(each.count for each in cluster.plane.api.happenings.values() if each.reason == "CIDRNotAvailable") == 1


def test_what_somebody_has_given_out_by_hand_is_not_given_out_again() -> None:
    cluster = Cluster(())
    cluster.user.create(decode({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"},
                                "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]}}))
    cluster.settle()
    cluster.add_node("b")
    cluster.settle()
    assert ranges(cluster) == {"a": "10.244.0.0/24", "b": "10.244.1.0/24"}


DEEDS = ("add", "delete", "again", "stop", "start", "settle")


def test_a_node_made_again_with_another_range_gives_the_old_one_back(cluster: Cluster) -> None:
    cluster.user.delete(node(cluster, "node1"))
    cluster.user.create(decode({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"},
                                "spec": {"podCIDR": "10.244.9.0/24", "podCIDRs": ["10.244.9.0/24"]}}))
    cluster.settle()
    agent = cluster.component("node-ipam-controller").agent
    assert isinstance(agent, NodeIpam)
    assert sorted(agent.ranges.used) == [1, 2, 9]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from("abcdef")), max_size=25))
@example([("add", "a"), ("add", "c"), ("add", "d"), ("add", "e"), ("settle", ""), ("add", "b"), ("delete", "a")])
def test_no_two_nodes_share_a_range(deeds: list[tuple[str, str]]) -> None:
    """Four ranges and up to six nodes, and a controller that is not always there."""
    cluster = Cluster((), cluster_cidr="10.244.0.0/22")
    ipam = cluster.component("node-ipam-controller")
    for deed, name in deeds:
        there = cluster.user.find("Node", name, "")
        if deed in ("delete", "again") and there is not None:
            cluster.user.delete(there)
        if (deed == "add" and there is None) or (deed == "again" and there is not None):
            cluster.add_node(name, kubelet=False)
        if deed == "stop":
            ipam.stop()
        if deed == "start":
            cluster.plane.start(ipam)
        if deed == "settle":
            cluster.settle()
    cluster.plane.start(ipam)
    cluster.settle()
    given_out = [cidr for cidr in ranges(cluster).values() if cidr]
    assert len(given_out) == len(set(given_out)) == min(4, len(ranges(cluster)))
    agent = ipam.agent
    assert isinstance(agent, NodeIpam)
    assert len(agent.ranges.used) == len(given_out)


def test_many_nodes_are_no_more_work_each() -> None:
    names = [f"n{number}" for number in range(2000)]
    cluster = Cluster((), cluster_cidr="10.128.0.0/9")
    agent = cluster.component("node-ipam-controller").agent
    assert isinstance(agent, NodeIpam)
    for name in names:
        cluster.user.create(Node(metadata=ObjectMeta(name=name), spec=NodeSpec()))
        agent.reconcile(("", name))
    assert ranges(cluster)["n1999"] == "10.135.207.0/24"


# --- silence --------------------------------------------------------------------------------------------------------


def test_a_kubelet_that_falls_silent(cluster: Cluster) -> None:
    renew(cluster, "node1")
    ready = [(known(each.status).conditions or [])[0] for each in (node(cluster),)]
    assert ready[0].status == "True"
    cluster.plane.sleep(49)
    assert taints(cluster) == []
    cluster.plane.sleep(2)
    found = known(condition(node(cluster), "Ready"))
    assert (found.status, found.reason) == ("Unknown", "NodeStatusUnknown")
    assert found.message == "Kubelet stopped posting node status."
    assert found.lastTransitionTime == EPOCH + timedelta(seconds=50)
    assert taints(cluster) == [("node.kubernetes.io/unreachable", "NoSchedule"), ("node.kubernetes.io/unreachable", "NoExecute")]
    assert cluster.events("NodeNotReady") == ["Node node1 status is now: NodeNotReady"]
    other = known(condition(node(cluster), "MemoryPressure"))
    assert (other.status, other.reason) == ("Unknown", "NodeStatusNeverUpdated")
    assert other.message == "Kubelet never posted node status."


def renew(cluster: Cluster, name: str) -> None:
    """The node's kubelet gives a sign now, and none after it."""
    client = cluster.plane.client("kubelet")
    about = client.get("Lease", name, LEASES)
    client.update(changed(about, spec=LeaseSpec(renewTime=client.time)))
    report(cluster, name, heartbeat=True)


def report(cluster: Cluster, name: str, status: str = "True", *, heartbeat: bool = False, type_: str = "Ready") -> None:
    client = cluster.plane.client("kubelet")
    found: Node = client.get("Node", name, "")
    others = [each for each in known(found.status).conditions or () if each.type != type_]
    new = NodeCondition(type=type_, status=status, lastHeartbeatTime=client.time if heartbeat else None)
    client.update_status(changed(found, status=changed(known(found.status), conditions=[*others, new])))
    cluster.settle()


def taints(cluster: Cluster, name: str = "node1") -> list[tuple[str | None, str | None]]:
    return [(each.key, each.effect) for each in known(node(cluster, name).spec).taints or ()]


def test_it_comes_back(cluster: Cluster) -> None:
    renew(cluster, "node1")
    cluster.plane.sleep(100)
    assert taints(cluster)
    renew(cluster, "node1")
    assert taints(cluster) == []
    cluster.plane.sleep(49)
    assert taints(cluster) == []
    cluster.plane.sleep(2)
    assert taints(cluster) != []


def test_who_renews_its_lease_is_not_looked_at(cluster: Cluster) -> None:
    component = cluster.component("node-lifecycle-controller")
    looks: list[Any] = []
    reconcile = component.agent.reconcile
    component.agent.reconcile = lambda key: (looks.append(key), reconcile(key))[1]  # type: ignore[func-returns-value, method-assign]
    client = cluster.plane.client("kubelet")
    for _ in range(20):
        cluster.plane.sleep(1)
        renew(cluster, "node1")
    del looks[:]
    for _ in range(30):
        lease: Lease = client.get("Lease", "node1", LEASES)
        client.update(changed(lease, spec=LeaseSpec(renewTime=client.time)))
        cluster.plane.sleep(10)
    assert taints(cluster) == []
    assert len(looks) <= 7, "each 50 s"


def test_a_node_that_was_never_heard_of(cluster: Cluster) -> None:
    cluster.user.create(Node(metadata=ObjectMeta(name="new"), spec=NodeSpec(), status=NodeStatus()))
    cluster.plane.sleep(59)
    assert condition(node(cluster, "new"), "Ready") is None
    cluster.plane.sleep(2)
    found = known(condition(node(cluster, "new"), "Ready"))
    assert (found.status, found.reason) == ("Unknown", "NodeStatusNeverUpdated")
    assert ("node.kubernetes.io/unreachable", "NoExecute") in taints(cluster, "new")


def test_pods_on_a_silent_node_are_not_ready(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 3))
    cluster.settle()
    renew(cluster, "node1")
    cluster.plane.sleep(60)
    ready = {known(each.spec).nodeName: about_pods.is_ready(each) for each in cluster.pods()}
    assert ready == {"node1": False, "node2": True, "node3": True}
    told = [each for each in cluster.plane.api.happenings.values() if each.kind == "Pod" and each.reason == "NodeNotReady"]
    assert [each.message for each in told] == ["Node is not ready"]


@pytest.mark.parametrize(
    ("type_", "status", "wanted"),
    [
        ("Ready", "False", [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")]),
        ("MemoryPressure", "True", [("memory-pressure", "NoSchedule")]),
        ("DiskPressure", "True", [("disk-pressure", "NoSchedule")]),
        ("PIDPressure", "True", [("pid-pressure", "NoSchedule")]),
        ("NetworkUnavailable", "True", [("network-unavailable", "NoSchedule")]),
        ("NetworkUnavailable", "False", []),
    ],
)
def test_taints_by_condition(cluster: Cluster, type_: str, status: str, wanted: list[tuple[str, str]]) -> None:
    mine = Taint(key="mine", effect="NoSchedule")
    found = node(cluster)
    cluster.user.update(changed(found, spec=changed(known(found.spec), taints=[mine])))
    report(cluster, "node1", status, type_=type_)
    assert taints(cluster) == [("mine", "NoSchedule"), *((f"node.kubernetes.io/{key}", effect) for key, effect in wanted)]
    report(cluster, "node1", "False" if type_ != "Ready" else "True", type_=type_)
    assert taints(cluster) == [("mine", "NoSchedule")]


def test_a_cordoned_node(cluster: Cluster) -> None:
    found = node(cluster)
    cluster.user.update(changed(found, spec=changed(known(found.spec), unschedulable=True)))
    cluster.settle()
    assert taints(cluster) == [("node.kubernetes.io/unschedulable", "NoSchedule")]
    found = node(cluster)
    cluster.user.update(changed(found, spec=changed(known(found.spec), unschedulable=None)))
    cluster.settle()
    assert taints(cluster) == []


# --- evictions ------------------------------------------------------------------------------------------------------

OUT = Taint(key="out", value="now", effect="NoExecute")


def taint(cluster: Cluster, name: str, *new: Taint) -> None:
    found = node(cluster, name)
    cluster.user.update(changed(found, spec=changed(known(found.spec), taints=list(new) or None)))
    cluster.settle()


def place(cluster: Cluster, name: str, *tolerations: dict[str, Any]) -> None:
    cluster.user.create(pod(name, nodeName="node1", tolerations=list(tolerations)))
    cluster.settle()


def test_who_does_not_tolerate_a_taint_goes_at_once(cluster: Cluster) -> None:
    place(cluster, "fragile")
    place(cluster, "tough", {"operator": "Exists"})
    taint(cluster, "node1", OUT)
    assert cluster.names("Pod") == ["tough"]
    assert cluster.events("TaintManagerEviction") == ["Marking for deletion Pod default/fragile"]
    (write,) = [each for each in cluster.plane.api.history if each.who == "taint-eviction-controller" and each.subresource]
    last = known(write.after.status.conditions)[-1]
    assert (last.type, last.reason, last.message) == (
        "DisruptionTarget", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
    )  # fmt: skip


def test_who_tolerates_it_for_a_while_goes_then(cluster: Cluster) -> None:
    place(cluster, "patient", {"key": "out", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    taint(cluster, "node1", OUT)
    cluster.plane.sleep(299)
    assert cluster.names("Pod") == ["patient"]
    cluster.plane.sleep(2)
    assert cluster.names("Pod") == []


def test_a_taint_that_goes_calls_it_off(cluster: Cluster) -> None:
    place(cluster, "patient", {"key": "out", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    taint(cluster, "node1", OUT)
    cluster.plane.sleep(200)
    taint(cluster, "node1")
    assert cluster.events("TaintManagerEviction") == ["Cancelling deletion of Pod default/patient"]
    cluster.plane.sleep(200)
    taint(cluster, "node1", OUT)
    cluster.plane.sleep(299)
    assert cluster.names("Pod") == ["patient"], "it is counted from the beginning"
    cluster.plane.sleep(2)
    assert cluster.names("Pod") == []


def test_who_comes_to_a_tainted_node(cluster: Cluster) -> None:
    taint(cluster, "node1", OUT)
    place(cluster, "late", {"key": "out", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 10})
    cluster.plane.sleep(9)
    assert cluster.names("Pod") == ["late"]
    cluster.plane.sleep(2)
    assert cluster.names("Pod") == []


def test_a_dead_nodes_pods_are_replaced_in_the_end(cluster: Cluster) -> None:
    """After 50 s of silence the taint, after 300 s more the eviction: as everybody waits for it once in their life."""
    tolerations = [{"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                   for key in ("not-ready", "unreachable")]
    spec = pod_document("web")["spec"] | {"tolerations": tolerations}
    cluster.create(deployment_document("web", 3, template={"metadata": {"labels": {"app": "web"}}, "spec": spec}))
    cluster.settle()
    renew(cluster, "node1")
    began = cluster.plane.world.now
    names = [meta(each).name for each in cluster.pods() if known(each.spec).nodeName == "node1"]
    cluster.plane.sleep(349)
    assert [meta(each).name for each in cluster.pods() if known(each.spec).nodeName == "node1"] == names
    cluster.toy.bound = 0
    cluster.plane.sleep(3)
    gone = [write for write in cluster.plane.api.history if write.kind == "Pod" and write.who == "taint-eviction-controller"]
    assert {write.now - began for write in gone} == {350.0}
    assert len(cluster.pods()) == 3


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        pytest.param([], 0.0, id="none"),
        pytest.param([Toleration(operator="Exists")], FOREVER, id="all"),
        pytest.param([Toleration(key="out", operator="Exists")], FOREVER, id="the key"),
        pytest.param([Toleration(key="out", value="now")], FOREVER, id="the value"),
        pytest.param([Toleration(key="out", value="later")], 0.0, id="another value"),
        pytest.param([Toleration(key="out", operator="Exists", effect="NoSchedule")], 0.0, id="another effect"),
        pytest.param([Toleration(key="other", operator="Exists")], 0.0, id="another key"),
        pytest.param([Toleration(operator="Exists", tolerationSeconds=-1)], 0.0, id="less than no time"),
        pytest.param(
            [Toleration(operator="Exists", tolerationSeconds=30), Toleration(key="out", operator="Exists", tolerationSeconds=20)],
            20.0, id="the shortest",
        ),
        pytest.param(
            [Toleration(operator="Exists"), Toleration(key="out", operator="Exists", tolerationSeconds=20)], 20.0, id="any"
        ),
    ],
)
def test_how_long_a_pod_is_tolerated(tolerations: list[Toleration], seconds: float) -> None:
    one = pod("p")
    one = changed(one, spec=changed(known(one.spec), tolerations=tolerations))
    assert tolerated_for(one, [OUT]) == seconds
