"""What a Deployment's controller does and says, in Kubernetes' own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k8snet.kube.api import EPOCH
from k8snet.kube.controllers import template_of_revision
from k8snet.kube.controllers.deployment_status import said, status_of
from k8snet.kube.controllers.revision import HASH, REVISION, REVISIONS, fnv32a, number_of, safe_encode, template_hash
from k8snet.kube.controllers.rollout import Rollout
from k8snet.kube.objects import Deployment, DeploymentStatus, PodTemplateSpec, ReplicaSet, ReplicaSetStatus, changed, known, meta
from tests.kube.controllers.toys import Cluster, set_ready
from tests.kube.plain import deployment_document


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.settle()
    return made


def web(cluster: Cluster, replicas: int = 3, **spec: Any) -> Deployment:
    cluster.create(deployment_document("web", replicas, "nginx:1", **spec))
    cluster.settle()
    return cluster.deployment()


def sets(cluster: Cluster) -> dict[int, ReplicaSet]:
    """The ReplicaSets by revision."""
    return {number_of(rs): rs for rs in cluster.user.list("ReplicaSet", "default")}


def sizes(cluster: Cluster) -> dict[int, int | None]:
    return {number: known(rs.spec).replicas for number, rs in sets(cluster).items()}


def condition(cluster: Cluster, type_: str) -> tuple[str | None, str | None, str | None]:
    (found,) = [each for each in known(cluster.deployment().status).conditions or () if each.type == type_]
    return found.status, found.reason, found.message


def test_a_new_deployment(cluster: Cluster) -> None:
    deployment = web(cluster)
    (rs,) = sets(cluster).values()
    letters = template_hash(known(deployment.spec).template)
    assert meta(rs).name == f"web-{letters}"
    assert meta(rs).labels == {"app": "web", HASH: letters} == known(rs.spec).selector.matchLabels
    assert meta(rs).annotations == {
        "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4",
        "deployment.kubernetes.io/revision": "1",
    }  # fmt: skip
    (owner,) = known(meta(rs).ownerReferences)
    assert (owner.kind, owner.name, owner.controller, owner.blockOwnerDeletion) == ("Deployment", "web", True, True)
    assert meta(deployment).annotations == {REVISION: "1"}
    assert cluster.events("ScalingReplicaSet") == [f"Scaled up replica set web-{letters} from 0 to 3"]
    assert condition(cluster, "Available") == ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    text = f'ReplicaSet "web-{letters}" has successfully progressed.'
    assert condition(cluster, "Progressing") == ("True", "NewReplicaSetAvailable", text)
    status = known(deployment.status)
    assert (status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas) == (3, 3, 3, 3)
    assert (status.unavailableReplicas, status.terminatingReplicas, status.observedGeneration) == (None, 0, 1)


def test_its_pods_share_what_the_template_says(cluster: Cluster) -> None:
    web(cluster, 2)
    one, other = cluster.plane.api.store.all("Pod")
    (rs,) = cluster.plane.api.store.all("ReplicaSet")
    assert one.spec.containers is other.spec.containers is rs.spec.template.spec.containers
    assert one.metadata.labels is other.metadata.labels is rs.spec.template.metadata.labels


def test_the_first_steps(cluster: Cluster) -> None:
    """What `step` shows: one act of one component after the other."""
    cluster.create(deployment_document("web", 1))
    steps = [[(write.who, write.verb, write.kind, write.subresource) for write in cluster.plane.step()] for _ in range(3)]
    assert steps[0] == [
        ("deployment-controller", "POST", "ReplicaSet", ""), ("deployment-controller", "PUT", "Deployment", ""),
        ("deployment-controller", "PUT", "Deployment", "status"), ("deployment-controller", "PUT", "Deployment", "status"),
    ]  # fmt: skip
    assert steps[1] == [("replicaset-controller", "POST", "Pod", ""), ("replicaset-controller", "PUT", "ReplicaSet", "status")]
    assert steps[2] == [("toy", "POST", "Pod", "binding")]


def test_a_rolling_update(cluster: Cluster) -> None:
    web(cluster, 3)
    cluster.change(image="nginx:2")
    cluster.settle()
    assert sizes(cluster) == {1: 0, 2: 3}
    old, new = (meta(sets(cluster)[number]).name for number in (1, 2))
    assert cluster.events("ScalingReplicaSet")[1:] == [
        f"Scaled up replica set {new} from 0 to 1", f"Scaled down replica set {old} from 3 to 2",
        f"Scaled up replica set {new} from 1 to 2", f"Scaled down replica set {old} from 2 to 1",
        f"Scaled up replica set {new} from 2 to 3", f"Scaled down replica set {old} from 1 to 0",
    ]  # fmt: skip
    assert meta(cluster.deployment()).annotations == {REVISION: "2"}


def test_a_label_only_makes_no_new_revision(cluster: Cluster) -> None:
    deployment = web(cluster)
    cluster.user.update(changed(deployment, metadata=changed(meta(deployment), labels={"team": "a"}, annotations={"note": "x"})))
    cluster.settle()
    assert sizes(cluster) == {1: 3}
    assert (meta(sets(cluster)[1]).annotations or {})["note"] == "x", "annotations go along"


def test_recreate_waits_until_all_old_pods_are_gone(cluster: Cluster) -> None:
    web(cluster, 3, strategy={"type": "Recreate"})
    cluster.change(image="nginx:2")
    together = []
    while cluster.plane.step():
        images = {known(pod.spec).containers[0].image for pod in cluster.pods()}
        together.append(len(images))
    assert max(together) == 1
    assert sizes(cluster) == {1: 0, 2: 3}


def test_scaling_is_no_rollout(cluster: Cluster) -> None:
    web(cluster, 3)
    cluster.change(replicas=5)
    cluster.settle()
    name = meta(sets(cluster)[1]).name
    assert sizes(cluster) == {1: 5}
    assert cluster.events("ScalingReplicaSet")[1:] == [f"Scaled up replica set {name} from 3 to 5"]
    assert (meta(sets(cluster)[1]).annotations or {})["deployment.kubernetes.io/max-replicas"] == "7"
    cluster.change(replicas=0)
    cluster.settle()
    assert (sizes(cluster), cluster.pods()) == ({1: 0}, [])


def test_who_scales_the_replica_set_is_corrected(cluster: Cluster) -> None:
    web(cluster, 3)
    rs = sets(cluster)[1]
    cluster.user.update(changed(rs, spec=changed(known(rs.spec), replicas=7)))
    cluster.settle()
    assert sizes(cluster) == {1: 3}


def test_scaling_in_the_midst_of_a_rollout_keeps_the_proportion(cluster: Cluster) -> None:
    web(cluster, 10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    cluster.change(image="bad")
    cluster.settle()
    assert sizes(cluster) == {1: 8, 2: 5}
    cluster.change(replicas=20)
    cluster.settle()
    assert sizes(cluster) == {1: 14, 2: 9}, "13 pods become 23, in the proportion of 8 to 5"


# --- pausing and undoing --------------------------------------------------------------------------------------------


def test_while_paused_nothing_rolls_but_it_can_be_scaled(cluster: Cluster) -> None:
    web(cluster, 3)
    cluster.change(paused=True)
    cluster.settle()
    assert condition(cluster, "Progressing") == ("Unknown", "DeploymentPaused", "Deployment is paused")
    cluster.change(image="nginx:2", replicas=4)
    cluster.settle()
    assert sizes(cluster) == {1: 4}
    cluster.change(paused=None)
    cluster.plane.step()
    assert condition(cluster, "Progressing")[1] in ("DeploymentResumed", "NewReplicaSetCreated")
    cluster.settle()
    assert sizes(cluster) == {1: 0, 2: 4}


def test_undo_takes_the_old_set_up_again(cluster: Cluster) -> None:
    web(cluster, 2)
    for image in ("nginx:2", "nginx:3"):
        cluster.change(image=image)
        cluster.settle()
    deployment = cluster.deployment()
    assert images(template_of_revision(cluster.user, deployment)) == ["nginx:2"]
    assert images(template_of_revision(cluster.user, deployment, 1)) == ["nginx:1"]
    assert template_of_revision(cluster.user, deployment, 7) is None
    cluster.change(template=template_of_revision(cluster.user, deployment, 1))
    cluster.settle()
    assert sizes(cluster) == {2: 0, 3: 0, 4: 2}
    assert (meta(sets(cluster)[4]).annotations or {})[REVISIONS] == "1"
    assert meta(cluster.deployment()).annotations == {REVISION: "4"}
    assert images(template_of_revision(cluster.user, cluster.deployment())) == ["nginx:3"]


def images(template: Any) -> list[str]:
    return [container.image for container in template.spec.containers]


def test_a_first_revision_cannot_be_undone(cluster: Cluster) -> None:
    assert template_of_revision(cluster.user, web(cluster)) is None


@pytest.mark.parametrize(("limit", "kept"), [(0, [4]), (1, [3, 4]), (10, [1, 2, 3, 4])])
def test_the_history_is_as_long_as_asked_for(cluster: Cluster, limit: int, kept: list[int]) -> None:
    web(cluster, 1, revisionHistoryLimit=limit)
    for image in ("nginx:2", "nginx:3", "nginx:4"):
        cluster.change(image=image)
        cluster.settle()
    assert sorted(sets(cluster)) == kept


# --- progress -------------------------------------------------------------------------------------------------------


def test_a_rollout_that_does_not_get_on_is_late_in_the_end(cluster: Cluster) -> None:
    web(cluster, 2, progressDeadlineSeconds=60)
    cluster.change(image="bad")
    cluster.settle()
    new = meta(sets(cluster)[2]).name
    assert cluster.plane.world.now == 0, "nobody waits for a deadline"
    assert condition(cluster, "Progressing") == ("True", "ReplicaSetUpdated", f'ReplicaSet "{new}" is progressing.')
    assert condition(cluster, "Available")[:2] == ("True", "MinimumReplicasAvailable")
    cluster.plane.sleep(70)
    text = f'ReplicaSet "{new}" has timed out progressing.'
    assert condition(cluster, "Progressing") == ("False", "ProgressDeadlineExceeded", text)
    cluster.change(image="nginx:1")
    cluster.settle()
    assert condition(cluster, "Progressing")[1] == "NewReplicaSetAvailable"


@pytest.mark.parametrize(
    ("numbers", "progress"),
    [
        pytest.param({}, False, id="nothing new"),
        pytest.param({"replicas": 4}, True, id="fewer old pods"),
        pytest.param({"updatedReplicas": 2}, True, id="more new pods"),
        pytest.param({"readyReplicas": 4}, True, id="more are ready"),
        pytest.param({"availableReplicas": 4}, True, id="more are available"),
        pytest.param({"replicas": 6}, False, id="more old pods"),
    ],
)
def test_what_counts_as_progress(cluster: Cluster, numbers: dict[str, int], progress: bool) -> None:
    """One new and four old pods, of which three are available; then some of these numbers change."""
    before = {"replicas": 5, "updatedReplicas": 1, "readyReplicas": 3, "availableReplicas": 3}
    now = before | numbers
    deployment = web(cluster, 5)
    moving = said("Progressing", "True", "ReplicaSetUpdated", "", EPOCH)
    deployment = changed(deployment, status=DeploymentStatus(**before, conditions=[moving]))
    (rs,) = sets(cluster).values()
    newest = changed(rs, status=ReplicaSetStatus(replicas=now["updatedReplicas"]))
    ready, available = now["readyReplicas"], now["availableReplicas"]
    left = now["replicas"] - now["updatedReplicas"]
    old = changed(rs, status=ReplicaSetStatus(replicas=left, readyReplicas=ready, availableReplicas=available))
    later = EPOCH + timedelta(seconds=5)
    status = status_of(Rollout(deployment, newest, [old], 5, 1, 1), later, progress=True)
    (condition,) = [each for each in status.conditions or () if each.type == "Progressing"]
    assert (condition.lastUpdateTime == later) == progress
    assert condition.lastTransitionTime == EPOCH


def reasons(cluster: Cluster, since: float = 0) -> list[str | None]:
    """What was said of the progress, in order."""
    said: list[str | None] = []
    for write in cluster.plane.api.history.of("Deployment", "web"):
        if write.now >= since and write.after is not None and write.after.status is not None:
            said += [each.reason for each in write.after.status.conditions or () if each.type == "Progressing"]
    return [reason for reason, before in zip(said, [None, *said], strict=False) if reason != before]


def test_too_few_pods_are_said(cluster: Cluster) -> None:
    web(cluster, 2)
    set_ready(cluster.plane.client("kubelet"), cluster.pods()[0], ready=False)
    cluster.settle()
    assert condition(cluster, "Available") == (
        "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.",
    )  # fmt: skip
    assert (known(cluster.deployment().status).unavailableReplicas, cluster.plane.world.now) == (1, 0)


def test_a_pod_is_available_when_it_has_been_ready_for_long_enough(cluster: Cluster) -> None:
    web(cluster, 2, minReadySeconds=10)
    assert cluster.plane.world.now == 10
    assert condition(cluster, "Available")[0] == "True"
    cluster.change(image="nginx:2")
    cluster.settle()
    assert (sizes(cluster), cluster.plane.world.now) == ({1: 0, 2: 2}, 30)


# --- owners ---------------------------------------------------------------------------------------------------------


def test_an_orphaned_set_is_adopted_again(cluster: Cluster) -> None:
    deployment = web(cluster, 2)
    pods = cluster.names("Pod")
    cluster.user.delete(deployment, propagation="Orphan")
    cluster.settle()
    assert (cluster.names("Deployment"), cluster.names("Pod")) == ([], pods)
    assert meta(sets(cluster)[1]).ownerReferences is None
    web(cluster, 2)
    assert cluster.names("Pod") == pods
    assert meta(sets(cluster)[1]).ownerReferences is not None
    assert "FoundNewReplicaSet" in reasons(cluster)


def test_two_templates_of_one_hash(cluster: Cluster) -> None:
    """A set of that name is somebody else's: the next hash is taken."""
    web(cluster, 1)
    (rs,) = sets(cluster).values()
    cluster.user.delete(cluster.deployment(), propagation="Orphan")
    cluster.settle()
    found = cluster.user.get("ReplicaSet", known(meta(rs).name))
    cluster.user.update(changed(found, metadata=changed(meta(found), labels={"app": "other"})))
    deployment = web(cluster, 1)
    assert known(deployment.status).collisionCount == 1
    assert cluster.names("ReplicaSet") == sorted([known(meta(rs).name), f"web-{template_hash(template_of(deployment), 1)}"])
    assert condition(cluster, "Available")[0] == "True"


def template_of(deployment: Deployment) -> PodTemplateSpec:
    return known(deployment.spec).template


# --- the hash -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "number"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)])
def test_fnv(text: bytes, number: int) -> None:
    """The vectors of the hash's authors (draft-eastlake-fnv, appendix)."""
    assert fnv32a(text) == number


def test_the_letters_of_a_hash_are_those_that_kubernetes_uses() -> None:
    assert safe_encode("0123456789") == "456789bcdf"
