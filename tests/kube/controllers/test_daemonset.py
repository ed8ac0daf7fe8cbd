"""A pod on each node where there should be one, and how they are replaced."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.eligible import verdict
from k8snet.kube.decoding import decode
from k8snet.kube.objects import DaemonSet, Pod, Taint, changed, known, meta
from tests.kube.controllers.toys import Cluster, fail, set_ready

ON_DELETE = {"type": "OnDelete"}


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.settle()
    return made


def document(image: str = "agent:1", pod: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    labels = {"app": "agent"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "agent", "image": image}]} | (pod or {})}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
            "spec": {"selector": {"matchLabels": labels}, "template": template} | spec}


def agent(cluster: Cluster, image: str = "agent:1", pod: dict[str, Any] | None = None, **spec: Any) -> DaemonSet:
    cluster.create(document(image, pod, **spec))
    cluster.settle()
    return now(cluster)


def now(cluster: Cluster) -> DaemonSet:
    found: DaemonSet = cluster.user.get("DaemonSet", "agent")
    return found


def update(cluster: Cluster, image: str) -> None:
    ds = now(cluster)
    spec = known(ds.spec)
    template = spec.template
    container = changed(known(template.spec).containers[0], image=image)
    template = changed(template, spec=changed(known(template.spec), containers=[container]))
    cluster.user.update(changed(ds, spec=changed(spec, template=template)))


def places(cluster: Cluster) -> dict[str, list[str]]:
    """The images by node."""
    found: dict[str, list[str]] = {}
    for each in cluster.pods():
        spec = known(each.spec)
        found.setdefault(spec.nodeName or "", []).append(spec.containers[0].image or "")
    return dict(sorted(found.items()))


def images(cluster: Cluster) -> list[str]:
    return sorted(image for there in places(cluster).values() for image in there)


def counted(cluster: Cluster) -> dict[str, int]:
    status = now(cluster).status
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady", "numberAvailable",
             "numberUnavailable", "updatedNumberScheduled")
    return {name: value for name in names if (value := getattr(status, name))}


def all_well(nodes: int) -> dict[str, int]:
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable", "updatedNumberScheduled")
    return dict.fromkeys(names, nodes)


def change_node(cluster: Cluster, name: str, *, taints: list[Taint] | None = None, labels: dict[str, str] | None = None) -> None:
    node = cluster.user.get("Node", name, "")
    cluster.user.update(changed(node, metadata=changed(meta(node), labels=labels), spec=changed(known(node.spec), taints=taints)))
    cluster.settle()


def test_a_pod_on_each_node(cluster: Cluster) -> None:
    ds = agent(cluster)
    assert places(cluster) == {name: ["agent:1"] for name in ("node1", "node2", "node3")}
    assert counted(cluster) == all_well(3)
    assert known(ds.status).observedGeneration == 1
    first = cluster.pods()[0]
    assert "controller-revision-hash" in (meta(first).labels or {})
    assert len(cluster.events("SuccessfulCreate")) == 3
    cluster.add_node("node4")
    cluster.settle()
    assert counted(cluster) == all_well(4)


def test_what_its_pods_ask_for(cluster: Cluster) -> None:
    agent(cluster, pod={"hostNetwork": True})
    (one, other, _) = cluster.plane.api.store.all("Pod")
    required = one.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    (term,) = required.nodeSelectorTerms
    assert [(each.key, each.operator, each.values) for each in term.matchFields] == [("metadata.name", "In", [one.spec.nodeName])]
    tolerated = [each for each in one.spec.tolerations if not each.tolerationSeconds]
    found = {(each.key.rpartition("/")[2], each.operator, each.effect) for each in tolerated}
    assert found == {
        ("not-ready", "Exists", "NoExecute"), ("unreachable", "Exists", "NoExecute"), ("disk-pressure", "Exists", "NoSchedule"),
        ("memory-pressure", "Exists", "NoSchedule"), ("pid-pressure", "Exists", "NoSchedule"),
        ("unschedulable", "Exists", "NoSchedule"), ("network-unavailable", "Exists", "NoSchedule"),
    }  # fmt: skip
    assert one.spec.containers is other.spec.containers, "they share what they can"


def test_a_taint_keeps_new_pods_away_and_drives_out_old_ones(cluster: Cluster) -> None:
    agent(cluster)
    change_node(cluster, "node1", taints=[Taint(key="a", effect="NoSchedule")])
    assert list(places(cluster)) == ["node1", "node2", "node3"], "who is there may stay"
    assert counted(cluster)["numberMisscheduled"] == 1
    change_node(cluster, "node2", taints=[Taint(key="a", effect="NoExecute")])
    assert list(places(cluster)) == ["node1", "node3"]
    change_node(cluster, "node2")
    assert list(places(cluster)) == ["node1", "node2", "node3"]


def test_a_cordoned_node_keeps_its_pod(cluster: Cluster) -> None:
    agent(cluster)
    node = cluster.user.get("Node", "node1", "")
    cluster.user.update(changed(node, spec=changed(node.spec, unschedulable=True)))
    cluster.settle()
    assert counted(cluster) == all_well(3)


def test_by_node_selector(cluster: Cluster) -> None:
    agent(cluster, pod={"nodeSelector": {"disk": "ssd"}})
    assert places(cluster) == {}
    change_node(cluster, "node2", labels={"disk": "ssd"})
    assert list(places(cluster)) == ["node2"]
    change_node(cluster, "node2", labels={"disk": "hdd"})
    assert places(cluster) == {}


def test_a_lost_pod_is_replaced(cluster: Cluster) -> None:
    agent(cluster)
    cluster.user.delete(cluster.pods()[0])
    cluster.settle()
    assert counted(cluster) == all_well(3)


def test_a_node_that_is_gone(cluster: Cluster) -> None:
    agent(cluster)
    cluster.user.delete(cluster.user.get("Node", "node3", ""))
    cluster.plane.sleep(40)
    assert counted(cluster) == all_well(2)
    assert list(places(cluster)) == ["node1", "node2"]


def test_a_node_that_is_gone_before_its_pod_came(cluster: Cluster) -> None:
    cluster.create(document())
    cluster.plane.step()
    assert len(cluster.pods()) == 3
    cluster.user.delete(cluster.user.get("Node", "node3", ""))
    cluster.settle()
    assert (len(cluster.pods()), counted(cluster)) == (2, all_well(2))


def test_a_failed_pod_is_replaced_and_then_later_each_time(cluster: Cluster) -> None:
    agent(cluster)
    kubelet = cluster.plane.client("kubelet")
    fail(kubelet, on(cluster, "node1"))
    cluster.settle()
    name = meta(on(cluster, "node1")).name
    assert [each.partition(" on ")[2] for each in cluster.events("FailedDaemonPod")] == ["node node1, will try to kill it"]
    fail(kubelet, on(cluster, "node1"))
    cluster.settle()
    assert meta(on(cluster, "node1")).name == name, "not at once again"
    cluster.plane.sleep(2)
    assert meta(on(cluster, "node1")).name != name
    assert counted(cluster) == all_well(3)


def on(cluster: Cluster, node: str) -> Pod:
    (found,) = [each for each in cluster.pods() if known(each.spec).nodeName == node]
    return found


# --- updates --------------------------------------------------------------------------------------------------------


def test_on_delete_waits_for_you(cluster: Cluster) -> None:
    agent(cluster, updateStrategy=ON_DELETE)
    update(cluster, "agent:2")
    cluster.settle()
    assert images(cluster) == ["agent:1"] * 3
    assert "updatedNumberScheduled" not in counted(cluster)
    cluster.user.delete(on(cluster, "node2"))
    cluster.settle()
    assert places(cluster) == {"node1": ["agent:1"], "node2": ["agent:2"], "node3": ["agent:1"]}


@pytest.mark.parametrize(("most", "missing"), [(None, 1), (1, 1), (2, 2), ("50%", 2), ("100%", 3)])
def test_a_rolling_update_takes_so_many_at_a_time(cluster: Cluster, most: Any, missing: int) -> None:
    strategy = {"type": "RollingUpdate"} | ({"rollingUpdate": {"maxUnavailable": most}} if most is not None else {})
    agent(cluster, updateStrategy=strategy)
    update(cluster, "agent:2")
    fewest = 3
    while cluster.plane.step():
        fewest = min(fewest, len([each for each in cluster.pods() if about_pods.is_active(each) and about_pods.is_ready(each)]))
    assert fewest == 3 - missing
    assert places(cluster) == {name: ["agent:2"] for name in ("node1", "node2", "node3")}
    assert counted(cluster) == all_well(3)


def test_a_bad_update_stops_at_the_first(cluster: Cluster) -> None:
    agent(cluster)
    update(cluster, "bad")
    cluster.settle()
    assert images(cluster) == ["agent:1", "agent:1", "bad"]
    update(cluster, "agent:3")
    cluster.settle()
    assert counted(cluster) == all_well(3)


def test_min_ready_seconds_make_it_slow(cluster: Cluster) -> None:
    agent(cluster, minReadySeconds=5)
    assert cluster.plane.world.now == 5
    update(cluster, "agent:2")
    cluster.settle()
    assert (cluster.plane.world.now, counted(cluster)) == (20, all_well(3))


def test_a_surge_is_not_modelled(cluster: Cluster) -> None:
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    with pytest.raises(NotModelled, match="maxSurge"):
        agent(cluster, updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})


# --- owners, storms -------------------------------------------------------------------------------------------------


def test_orphans_are_adopted_again(cluster: Cluster) -> None:
    cluster.user.delete(agent(cluster), propagation="Orphan")
    cluster.settle()
    names = cluster.names("Pod")
    assert all(meta(each).ownerReferences is None for each in cluster.pods())
    agent(cluster, updateStrategy=ON_DELETE)
    assert cluster.names("Pod") == names
    assert counted(cluster) == all_well(3)


DEEDS = ("kill", "fail", "ready", "image", "node", "no node", "taint", "untaint", "step", "stop", "start", "lag")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5)), max_size=20))
def test_everything_settles(deeds: list[tuple[str, int]]) -> None:
    cluster = Cluster()
    cluster.create(document())
    component = cluster.component("daemonset-controller")
    for deed, number in deeds:
        disturb(cluster, deed, number)
    cluster.plane.start(component)
    cluster.settle()
    cluster.plane.sleep(2000)
    nodes = [name for name in cluster.names("Node") if not known(cluster.user.get("Node", name, "").spec).taints]
    live = [each for each in cluster.pods() if about_pods.is_active(each)]
    assert sorted(known(known(each.spec).nodeName) for each in live) == sorted(nodes)
    image = known(known(now(cluster).spec).template.spec).containers[0].image
    assert {known(each.spec).containers[0].image for each in live} <= {image}
    assert counted(cluster) == {name: value for name, value in all_well(len(nodes)).items() if value}
    assert [each for each in cluster.pods() if not about_pods.is_active(each)] == []


def disturb(cluster: Cluster, deed: str, number: int) -> None:
    if deed in ("kill", "fail", "ready"):
        disturb_pod(cluster, deed, number)
    elif deed in ("node", "no node", "taint", "untaint"):
        disturb_node(cluster, deed, number)
    else:
        disturb_controller(cluster, deed, number)


def disturb_pod(cluster: Cluster, deed: str, number: int) -> None:
    pods, kubelet = cluster.pods(), cluster.plane.client("kubelet")
    one = pods[number % len(pods)] if pods else None
    if one is not None and deed == "kill":
        cluster.user.delete(one)
    elif one is not None and known(one.status).phase == "Running":
        if deed == "fail":
            fail(kubelet, one)
        else:
            set_ready(kubelet, one, ready=number < 3)
            set_ready(kubelet, cluster.user.get("Pod", known(meta(one).name)), ready=True)


def disturb_node(cluster: Cluster, deed: str, number: int) -> None:
    nodes, extra = cluster.names("Node"), f"extra{number}"
    if deed == "node" and extra not in nodes:
        cluster.add_node(extra)
    elif deed == "no node" and extra in nodes:
        cluster.user.delete(cluster.user.get("Node", extra, ""))
        cluster.user.delete(cluster.user.get("Lease", extra, "kube-node-lease"))
    elif deed in ("taint", "untaint"):
        node = cluster.user.get("Node", nodes[number % len(nodes)], "")
        taints = [Taint(key="a", effect="NoExecute")] if deed == "taint" else None
        cluster.user.update(changed(node, spec=changed(known(node.spec), taints=taints)))


def disturb_controller(cluster: Cluster, deed: str, number: int) -> None:
    component = cluster.component("daemonset-controller")
    if deed == "image":
        update(cluster, f"agent:{number}")
    elif deed == "step":
        for _ in range(number):
            cluster.plane.step()
    elif deed == "stop":
        component.stop()
    elif deed == "start":
        cluster.plane.start(component)
    else:
        component.lag = float(number)


# --- where they belong ----------------------------------------------------------------------------------------------


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator} | ({"values": list(values)} if values else {})]}


@pytest.mark.parametrize(
    ("terms", "runs"),
    [
        ([expression("zone", "In", "a", "b")], True),
        ([expression("zone", "In", "b")], False),
        ([expression("zone", "NotIn", "b")], True),
        ([expression("nothing", "NotIn", "b")], True),
        ([expression("zone", "Exists")], True),
        ([expression("zone", "DoesNotExist")], False),
        ([expression("cores", "Gt", "4")], True),
        ([expression("cores", "Lt", "4")], False),
        ([expression("zone", "Gt", "4")], False),
        ([expression("zone", "In", "b"), expression("cores", "In", "8")], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n"]}]}], False),
        ([{}], False),
    ],
)
def test_by_affinity(terms: list[dict[str, Any]], runs: bool) -> None:
    node = decode({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"zone": "a", "cores": "8"}}})
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    pod = decode({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                  "spec": {"containers": [{"name": "c", "image": "i"}], "affinity": affinity}})
    assert verdict(pod.spec, node) == (runs, runs)
