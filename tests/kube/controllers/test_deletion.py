"""What goes with what: owners and dependents, namespaces and their content, pods that nobody cleans up."""

from __future__ import annotations

import pytest

from k8snet.errors import ApiError
from k8snet.kube.controllers.garbage_collector import NAME
from k8snet.kube.controllers.pod_gc import PodGc
from k8snet.kube.history import Write
from k8snet.kube.objects import ConfigMap, Namespace, Object, ObjectMeta, OwnerReference, changed, kind_of, known, meta
from tests.kube.controllers.toys import Cluster, fail
from tests.kube.plain import deployment_document, pod


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.settle()
    return made


def reference(owner: Object, *, block: bool = False) -> OwnerReference:
    kind = kind_of(owner)
    about = meta(owner)
    return OwnerReference(
        apiVersion=kind.api_version, kind=kind.kind, name=known(about.name), uid=known(about.uid), blockOwnerDeletion=block
    )


def config(
    cluster: Cluster, name: str, *owners: OwnerReference, namespace: str = "default", finalizers: list[str] | None = None
) -> Object:
    about = ObjectMeta(name=name, namespace=namespace, ownerReferences=list(owners) or None, finalizers=finalizers)
    return cluster.user.create(ConfigMap(metadata=about))


def configs(cluster: Cluster) -> list[str]:
    return cluster.names("ConfigMap")


def deletions(cluster: Cluster) -> list[str]:
    """What is gone, in order."""
    return [f"{write.kind} {write.name}" for write in cluster.plane.api.history if write.after is None]


# --- dependents -----------------------------------------------------------------------------------------------------


def test_in_the_background_the_owner_goes_first(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 2))
    cluster.settle()
    cluster.user.delete(cluster.deployment())
    cluster.settle()
    kinds = [each.partition(" ")[0] for each in deletions(cluster)]
    assert kinds == ["Deployment", "ReplicaSet", "Pod", "Pod"]


def test_in_the_foreground_the_owner_goes_last(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 2))
    cluster.settle()
    cluster.user.delete(cluster.deployment(), propagation="Foreground")
    assert meta(cluster.deployment()).finalizers == ["foregroundDeletion"]
    cluster.settle()
    kinds = [each.partition(" ")[0] for each in deletions(cluster)]
    assert kinds == ["Pod", "Pod", "ReplicaSet", "Deployment"]


def test_orphans_stay(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 2))
    cluster.settle()
    pods = cluster.names("Pod")
    cluster.user.delete(cluster.deployment(), propagation="Orphan")
    cluster.settle()
    (rs,) = cluster.user.list("ReplicaSet")
    assert (meta(rs).ownerReferences, cluster.names("Pod"), cluster.names("Deployment")) == (None, pods, [])


def test_one_of_two_owners_goes(cluster: Cluster) -> None:
    one, other = config(cluster, "one"), config(cluster, "other")
    config(cluster, "child", reference(one), reference(other))
    cluster.user.delete(one)
    cluster.settle()
    (left,) = known(meta(cluster.user.get("ConfigMap", "child")).ownerReferences)
    assert left.name == "other"
    cluster.user.delete(other)
    cluster.settle()
    assert configs(cluster) == []


def test_an_owner_that_is_never_there(cluster: Cluster) -> None:
    gone = config(cluster, "gone")
    cluster.user.delete(gone)
    config(cluster, "child", reference(gone))
    cluster.settle()
    assert configs(cluster) == []


def test_another_object_of_the_same_name_is_not_the_owner(cluster: Cluster) -> None:
    config(cluster, "owner")
    config(cluster, "child", OwnerReference(apiVersion="v1", kind="ConfigMap", name="owner", uid="another"))
    cluster.settle()
    assert configs(cluster) == ["owner"]
    assert cluster.events("OwnerRefInvalidNamespace") == []


def test_an_owner_of_a_kind_that_we_do_not_have(cluster: Cluster) -> None:
    config(cluster, "child", OwnerReference(apiVersion="batch/v1", kind="Job", name="job", uid="1"))
    cluster.settle()
    assert configs(cluster) == ["child"]


def test_an_owner_in_another_namespace_is_none(cluster: Cluster) -> None:
    owner = config(cluster, "owner", namespace="other")
    config(cluster, "child", reference(owner))
    cluster.settle()
    place = f"[v1/ConfigMap, namespace: default, name: owner, uid: {meta(owner).uid}]"
    assert cluster.events("OwnerRefInvalidNamespace") == [f'ownerRef {place} does not exist in namespace "default"']
    assert configs(cluster) == ["owner"]


def test_a_node_may_own_what_has_a_namespace(cluster: Cluster) -> None:
    node = cluster.user.get("Node", "node1", "")
    config(cluster, "child", reference(node))
    cluster.settle()
    assert configs(cluster) == ["child"]
    cluster.user.delete(node)
    cluster.settle()
    assert configs(cluster) == []


@pytest.mark.parametrize(("block", "gone"), [(True, ["held", "owner"]), (False, ["owner", "held"])])
def test_only_who_blocks_is_waited_for(cluster: Cluster, block: bool, gone: list[str]) -> None:
    owner = config(cluster, "owner")
    config(cluster, "held", reference(owner, block=block), finalizers=["example.com/hold"])
    cluster.user.delete(owner, propagation="Foreground")
    cluster.settle()
    assert ("owner" in configs(cluster)) == block
    held = cluster.user.get("ConfigMap", "held")
    cluster.user.update(changed(held, metadata=changed(meta(held), finalizers=None)))
    cluster.settle()
    assert [name for write in deletions(cluster) if (name := write.partition(" ")[2])] == gone


def test_a_chain_in_the_foreground_goes_from_its_end(cluster: Cluster) -> None:
    first = config(cluster, "first")
    second = config(cluster, "second", reference(first, block=True))
    config(cluster, "third", reference(second, block=True))
    cluster.user.delete(first, propagation="Foreground")
    cluster.settle()
    assert deletions(cluster) == ["ConfigMap third", "ConfigMap second", "ConfigMap first"]


def test_a_dependent_with_another_owner_is_only_let_go(cluster: Cluster) -> None:
    one, other = config(cluster, "one"), config(cluster, "other")
    config(cluster, "child", reference(one, block=True), reference(other))
    cluster.user.delete(one, propagation="Foreground")
    cluster.settle()
    assert configs(cluster) == ["child", "other"]


@pytest.mark.parametrize("propagation", ["Background", "Foreground", "Orphan"])
def test_a_collector_that_was_stopped_catches_up(cluster: Cluster, propagation: str) -> None:
    owner = config(cluster, "owner")
    config(cluster, "child", reference(owner, block=True))
    cluster.component(NAME).stop()
    cluster.user.delete(owner, propagation=propagation)
    cluster.settle()
    assert "child" in configs(cluster)
    cluster.plane.start(cluster.component(NAME))
    cluster.settle()
    assert configs(cluster) == (["child"] if propagation == "Orphan" else [])


# --- namespaces -----------------------------------------------------------------------------------------------------


def test_a_namespace_is_emptied_pods_first(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 2) | {"metadata": {"name": "web", "namespace": "other"}})
    config(cluster, "settings", namespace="other")
    cluster.settle()
    cluster.user.delete(cluster.user.get("Namespace", "other", ""))
    assert cluster.user.get("Namespace", "other", "").status.phase == "Terminating"
    cluster.settle()
    kinds = [each.partition(" ")[0] for each in deletions(cluster)]
    assert kinds[:2] == ["Pod", "Pod"]
    assert kinds[-1] == "Namespace"
    assert sorted(kinds[2:-1]) == ["ConfigMap", "Deployment", "ReplicaSet", "ServiceAccount"]
    made = [write for write in cluster.plane.api.history.of("Pod") if write.before is None]
    assert len(made) == 2, "none is replaced"
    assert cluster.events("FailedCreate") == [], "what the namespace refuses is no failure"
    assert cluster.names("Namespace") == ["default", "kube-node-lease"]


def test_a_namespace_waits_for_what_holds_out(cluster: Cluster) -> None:
    config(cluster, "held", namespace="other", finalizers=["example.com/hold"])
    cluster.user.delete(cluster.user.get("Namespace", "other", ""))
    cluster.settle()
    assert "other" in cluster.names("Namespace")
    with pytest.raises(ApiError, match="being terminated"):
        config(cluster, "late", namespace="other")
    held = cluster.user.get("ConfigMap", "held", "other")
    cluster.user.update(changed(held, metadata=changed(meta(held), finalizers=None)))
    cluster.settle()
    assert "other" not in cluster.names("Namespace")


def test_each_namespace_has_a_service_account(cluster: Cluster) -> None:
    cluster.user.create(Namespace(metadata=ObjectMeta(name="new")))
    cluster.settle()
    assert cluster.names("ServiceAccount", "new") == ["default"]
    cluster.user.delete(cluster.user.get("ServiceAccount", "default", "new"))
    cluster.settle()
    assert cluster.names("ServiceAccount", "new") == ["default"]


# --- pods that nobody cleans up -------------------------------------------------------------------------------------


def test_pods_of_a_node_that_is_gone(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 3))
    cluster.settle()
    cluster.user.delete(cluster.user.get("Node", "node1", ""))
    cluster.toy.bound = 1
    cluster.plane.sleep(39)
    assert cluster.plane.api.history.by("pod-garbage-collector") == []
    cluster.plane.sleep(1)
    assert {known(each.spec).nodeName for each in cluster.pods()} <= {None, "node2", "node3"}
    (last,) = [write for write in cluster.plane.api.history.by("pod-garbage-collector") if write.subresource]
    condition = known(last.after.status.conditions)[-1]
    assert (condition.type, condition.reason, condition.message) == (
        "DisruptionTarget", "DeletionByPodGC", "PodGC: node no longer exists",
    )  # fmt: skip
    assert last.after.status.phase == "Failed"


def test_a_node_that_comes_back_in_time_keeps_its_pods(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 3))
    cluster.settle()
    pods = cluster.names("Pod")
    cluster.user.delete(cluster.user.get("Node", "node1", ""))
    cluster.plane.sleep(20)
    cluster.add_node("node1", kubelet=False)
    cluster.plane.sleep(30)
    assert cluster.names("Pod") == pods


def test_a_node_that_is_gone_twice_is_waited_for_twice(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 3))
    cluster.settle()
    pods = cluster.names("Pod")
    for _ in range(2):
        cluster.user.delete(cluster.user.get("Node", "node1", ""))
        cluster.plane.sleep(30)
        cluster.add_node("node1", kubelet=False)
        cluster.plane.sleep(1)
    assert cluster.names("Pod") == pods


def test_only_so_many_pods_that_have_ended_are_kept(cluster: Cluster) -> None:
    (component,) = cluster.plane.find("pod-garbage-collector")
    collector = component.agent
    assert isinstance(collector, PodGc)
    collector.threshold = 2
    for name in "abcd":
        cluster.user.create(pod(name))
        cluster.plane.sleep(1)
        fail(cluster.plane.client("kubelet"), cluster.user.get("Pod", name))
    cluster.settle()
    assert cluster.names("Pod") == ["c", "d"]


def test_the_history_says_who_deleted_what(cluster: Cluster) -> None:
    cluster.create(deployment_document("web", 1))
    cluster.settle()
    cluster.user.delete(cluster.deployment())
    cluster.settle()
    gone: list[Write] = [write for write in cluster.plane.api.history if write.after is None]
    assert [write.who for write in gone] == ["kubectl", NAME, "toy"]


def test_a_template_that_names_a_node_which_is_not_there_lets_the_cluster_rest(cluster: Cluster) -> None:
    """Each 40 seconds its pod goes and another comes, as on a real cluster; whoever settles does not wait for that."""
    document = deployment_document("web", 1)
    document["spec"]["template"]["spec"]["nodeName"] = "ghost"
    cluster.create(document)
    cluster.settle()
    [before] = cluster.pods()
    cluster.plane.sleep(40)
    [after] = cluster.pods()
    assert meta(before).name != meta(after).name
