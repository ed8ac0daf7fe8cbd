"""What the ReplicaSet controller does: makes, gives up, adopts, releases and counts pods."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import ApiError
from k8snet.kube.controllers import replicaset
from k8snet.kube.controllers.scale_down import Ranking, ranked
from k8snet.kube.decoding import decode
from k8snet.kube.objects import Pod, ReplicaSet, changed, known, meta
from tests.kube.controllers.toys import Cluster, fail, image, set_ready
from tests.kube.plain import deployment_document, pod


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.settle()
    return made


def document(name: str = "web", replicas: int = 3, image: str = "nginx", **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template} | spec
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name}, "spec": spec}


def web(cluster: Cluster, replicas: int = 3, **spec: Any) -> ReplicaSet:
    cluster.create(document(replicas=replicas, **spec))
    cluster.settle()
    return now(cluster)


def now(cluster: Cluster, name: str = "web") -> ReplicaSet:
    found: ReplicaSet = cluster.user.get("ReplicaSet", name)
    return found


def scale(cluster: Cluster, replicas: int) -> ReplicaSet:
    rs = now(cluster)
    after: ReplicaSet = cluster.user.update(changed(rs, spec=changed(known(rs.spec), replicas=replicas)))
    return after


def counted(cluster: Cluster) -> tuple[int | None, ...]:
    status = known(now(cluster).status)
    return (status.replicas, status.fullyLabeledReplicas, status.readyReplicas, status.availableReplicas,
            status.terminatingReplicas)


def labelled(cluster: Cluster, one: Pod, labels: dict[str, str]) -> None:
    cluster.user.update(changed(one, metadata=changed(meta(one), labels=labels)))
    cluster.settle()


def test_it_makes_pods(cluster: Cluster) -> None:
    web(cluster, 3)
    pods = cluster.pods(app="web")
    assert all((meta(each).name or "").startswith("web-") for each in pods)
    assert cluster.events("SuccessfulCreate") == [f"Created pod: {name}" for name in by_event(cluster)]
    assert counted(cluster) == (3, 3, 3, 3, 0)


def by_event(cluster: Cluster) -> list[str]:
    """The pods' names in the order in which they were made."""
    return [write.name for write in cluster.plane.api.history.of("Pod") if write.before is None]


def test_it_gives_pods_up(cluster: Cluster) -> None:
    web(cluster, 3)
    scale(cluster, 1)
    cluster.plane.step()
    assert counted(cluster) == (1, 1, 1, 1, 2), "they are terminating"
    cluster.settle()
    assert counted(cluster) == (1, 1, 1, 1, 0)
    assert len(cluster.events("SuccessfulDelete")) == 2


def test_a_lost_pod_is_replaced(cluster: Cluster) -> None:
    web(cluster, 2)
    first, second = cluster.pods()
    cluster.user.delete(first)
    cluster.settle()
    assert len(cluster.pods()) == 2
    assert meta(second).name in cluster.names("Pod")


def test_a_failed_pod_is_replaced_and_stays(cluster: Cluster) -> None:
    web(cluster, 2)
    fail(cluster.plane.client("kubelet"), cluster.pods()[0])
    cluster.settle()
    assert len(cluster.pods()) == 3
    assert counted(cluster) == (2, 2, 2, 2, 0)


@pytest.mark.parametrize("lag", [0.0, 5.0])
def test_nothing_is_made_twice(cluster: Cluster, lag: float) -> None:
    """Before it has heard of the pods that it has made, somebody makes it look again."""
    cluster.component("replicaset-controller").lag = lag
    web(cluster, 3)
    rs = scale(cluster, 5)
    cluster.plane.sleep(lag)
    cluster.user.update(changed(rs, metadata=changed(meta(now(cluster)), annotations={"a": "b"})))
    cluster.settle()
    scale(cluster, 2)
    cluster.plane.sleep(lag)
    rs = now(cluster)
    cluster.user.update(changed(rs, metadata=changed(meta(rs), annotations={"a": "c"})))
    cluster.settle()
    assert (len(by_event(cluster)), len(cluster.pods())) == (5, 2)
    assert counted(cluster) == (2, 2, 2, 2, 0)


def test_two_looks_at_once_with_a_slow_watch(cluster: Cluster) -> None:
    rs = web(cluster, 3)
    component = cluster.component("replicaset-controller")
    component.lag = 60.0
    scale(cluster, 6)
    component.look_at(("default", "web"))
    component.act(0)
    component.look_at(("default", "web"))
    component.act(0)
    assert len(cluster.user.owned(meta(rs).uid or "", "Pod")) == 6
    scale(cluster, 4)
    for _ in range(2):
        component.look_at(("default", "web"))
        component.act(0)
    cluster.settle()
    assert counted(cluster) == (4, 4, 4, 4, 0)


# --- adopting and releasing -----------------------------------------------------------------------------------------


def test_a_matching_orphan_is_adopted(cluster: Cluster) -> None:
    cluster.user.create(pod("lonely", labels={"app": "web"}))
    cluster.settle()
    rs = web(cluster, 2)
    assert known(meta(cluster.user.get("Pod", "lonely")).ownerReferences)[0].uid == meta(rs).uid
    assert len(cluster.pods()) == 2
    cluster.user.create(pod("more", labels={"app": "web"}))
    cluster.settle()
    assert len(cluster.pods()) == 2, "one too many: one goes"
    writes = cluster.plane.api.history.of("Pod", "lonely").by(replicaset.NAME)
    assert [write.verb for write in writes] == ["PATCH"]


def test_a_pod_that_matches_no_more_is_released(cluster: Cluster) -> None:
    web(cluster, 2)
    first, _ = cluster.pods()
    labelled(cluster, first, {"app": "debug"})
    released = cluster.user.get("Pod", known(meta(first).name))
    assert meta(released).ownerReferences is None
    assert len(cluster.pods(app="web")) == 2
    labelled(cluster, released, {"app": "web"})
    assert len(cluster.pods(app="web")) == 2
    assert cluster.pods(app="debug") == []


def test_what_has_ended_is_neither_adopted_nor_released(cluster: Cluster) -> None:
    cluster.user.create(pod("done", labels={"app": "web"}))
    cluster.settle()
    fail(cluster.plane.client("kubelet"), cluster.user.get("Pod", "done"))
    web(cluster, 1)
    assert meta(cluster.user.get("Pod", "done")).ownerReferences is None
    (running,) = [each for each in cluster.pods() if known(each.status).phase == "Running"]
    fail(cluster.plane.client("kubelet"), running)
    cluster.settle()
    labelled(cluster, cluster.user.get("Pod", known(meta(running).name)), {"app": "debug"})
    assert meta(cluster.user.get("Pod", known(meta(running).name))).ownerReferences is not None


def test_labels_that_only_the_template_has(cluster: Cluster) -> None:
    web(cluster, 2)
    rs = now(cluster)
    template = known(known(rs.spec).template)
    labels = {"app": "web", "tier": "front"}
    template = changed(template, metadata=changed(known(template.metadata), labels=labels))
    cluster.user.update(changed(rs, spec=changed(known(rs.spec), template=template)))
    cluster.settle()
    assert counted(cluster) == (2, None, 2, 2, 0), "the pods are of an older template"


def test_a_pod_of_somebody_else_is_left_alone(cluster: Cluster) -> None:
    web(cluster, 1)
    cluster.create(document("other", 1) | {"spec": document("web", 1)["spec"]})
    cluster.settle()
    owners = {each.name for one in cluster.pods() for each in known(meta(one).ownerReferences)}
    assert len(cluster.pods()) == 2
    assert owners == {"web", "other"}


# --- counting -------------------------------------------------------------------------------------------------------


def test_what_is_not_ready_does_not_count(cluster: Cluster) -> None:
    web(cluster, 2)
    set_ready(cluster.plane.client("kubelet"), cluster.pods()[0], ready=False)
    cluster.settle()
    assert counted(cluster) == (2, 2, 1, 1, 0)


def test_available_is_ready_for_long_enough(cluster: Cluster) -> None:
    cluster.create(document(replicas=2, minReadySeconds=30))
    before = None
    while cluster.plane.world.now == 0:
        before = counted(cluster) if now(cluster).status else None
        cluster.plane.step()
    assert before == (2, 2, 2, None, 0)
    cluster.settle()
    assert (counted(cluster), cluster.plane.world.now) == ((2, 2, 2, 2, 0), 30)


def test_what_is_refused_is_said(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    client = cluster.component(replicaset.NAME).agent.client  # type: ignore[attr-defined]
    monkeypatch.setattr(client, "create", refuse(ApiError('pods "web" is forbidden: exceeded quota', reason="Forbidden")))
    rs = web(cluster, 2)
    (condition,) = known(known(rs.status).conditions)
    assert (condition.type, condition.status, condition.reason) == ("ReplicaFailure", "True", "FailedCreate")
    assert condition.message == 'pods "web" is forbidden: exceeded quota'
    assert cluster.events("FailedCreate") == ['Error creating: pods "web" is forbidden: exceeded quota']
    monkeypatch.undo()
    cluster.plane.sleep(1)
    assert (counted(cluster), known(now(cluster).status).conditions) == ((2, 2, 2, 2, 0), None)


def refuse(error: Exception) -> Any:
    def refused(obj: Any) -> Any:
        raise error

    return refused


def test_it_does_not_count_all_pods_for_each(cluster: Cluster) -> None:
    """The work for one pod among five hundred is that for one pod."""
    web(cluster, 500)
    client = cluster.component(replicaset.NAME).agent.client  # type: ignore[attr-defined]
    looks: list[str] = []
    find = client.find

    def noted(kind: str, *key: str) -> Any:
        looks.append(kind)
        return find(kind, *key)

    client.find = noted
    set_ready(cluster.plane.client("kubelet"), cluster.pods()[0], ready=False)
    cluster.settle()
    assert looks == ["ReplicaSet", "Pod"]


# --- which pods go first --------------------------------------------------------------------------------------------


EARLY, LATE = "2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z"


def some_pod(name: str, node: str | None = "a", phase: str = "Running", ready: str | None = EARLY, made: str = EARLY,
             restarts: int = 0, cost: str | None = None) -> Pod:
    annotations = {"controller.kubernetes.io/pod-deletion-cost": cost} if cost is not None else {}
    status: dict[str, Any] = {"phase": phase}
    if ready:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": ready}]
    if restarts:
        about = {"image": "i", "imageID": "", "name": "c", "ready": True}
        status["containerStatuses"] = [about | {"restartCount": restarts}]
    containers = [{"name": "c", "image": "i"}]
    metadata = {"name": name, "namespace": "default", "uid": name, "creationTimestamp": made, "annotations": annotations}
    made_pod: Pod = decode({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status,
                            "spec": {"containers": containers} | ({"nodeName": node} if node else {})})
    return made_pod


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param({"node": None}, {}, id="on no node"),
        pytest.param({"phase": "Pending"}, {}, id="pending"),
        pytest.param({"phase": "Unknown"}, {}, id="unknown"),
        pytest.param({"phase": "Pending"}, {"phase": "Unknown"}, id="pending before unknown"),
        pytest.param({"ready": None}, {}, id="not ready"),
        pytest.param({"cost": "-5"}, {}, id="of low cost"),
        pytest.param({"cost": "3"}, {"cost": "10"}, id="costs are numbers"),
        pytest.param({"ready": LATE}, {}, id="ready for a shorter time"),
        pytest.param({"restarts": 3}, {}, id="restarted more often"),
        pytest.param({"made": LATE}, {}, id="younger"),
        pytest.param({"node": None, "cost": "9"}, {"phase": "Pending"}, id="the node matters most"),
    ],
)
def test_which_pod_goes_first(first: dict[str, Any], then: dict[str, Any]) -> None:
    one, other = some_pod("z", **first), some_pod("a", **then)
    ranking = ranked([one, other])
    assert ranking.first(1, ranking.crowd) == [("default", "z")]


def test_doubled_up_pods_go_first() -> None:
    ranking = ranked([some_pod("a", "node1"), some_pod("b", "node2"), some_pod("c", "node2"), some_pod("d", "node3")])
    assert ranking.first(2, ranking.crowd) == [("default", "b"), ("default", "c")]
    assert ranking.first(1, ranking.crowd + Counter({"node3": 2})) == [("default", "d")]


some_pods = st.builds(
    lambda node, phase, ready, made, cost: {"node": node, "phase": phase, "ready": ready, "made": made, "cost": cost},
    st.sampled_from((None, "a", "b", "c")), st.sampled_from(("Running", "Pending")), st.sampled_from((EARLY, LATE, None)),
    st.sampled_from((EARLY, LATE)), st.sampled_from((None, "1")),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    puts=st.lists(st.tuples(st.integers(0, 9), st.none() | some_pods), min_size=5, max_size=40),
    others=st.dictionaries(st.sampled_from("abc"), st.integers(1, 5)), count=st.integers(1, 3),
)
def test_the_quick_way_finds_what_sorting_finds(puts: list[Any], others: dict[str, int], count: int) -> None:
    """Of forty pods some change, go and come back; then a few are asked for, and all."""
    ranking = Ranking()
    there: dict[tuple[str, str], dict[str, Any]] = {}
    usual = {"node": "c", "phase": "Running", "ready": EARLY, "made": EARLY, "cost": "2"}
    for number, how in [*((number, usual) for number in range(40)), *puts]:
        key = ("default", f"p{number:02}")
        if how is None:
            ranking.drop(key)
            there.pop(key, None)
        else:
            ranking.put(key, some_pod(key[1], **how))
            there[key] = how
    crowd = ranking.crowd + Counter(others)
    assert ranking.crowd + Counter() == Counter(how["node"] or "" for how in there.values())
    in_order = ranking.first(len(there), crowd)
    assert sorted(in_order) == sorted(there)
    for _ in range(2):
        assert ranking.first(count, crowd) == in_order[:count]


@pytest.mark.parametrize("start", [0, 1, 2])
def test_a_node_with_pods_of_another_revision_gives_one_up_first(cluster: Cluster, start: int) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    cluster.create(deployment_document("web", 3, "nginx:1", strategy=rolling))
    cluster.settle()
    cluster.toy.bound = start
    cluster.change(image="nginx:2")
    cluster.settle()
    gone = next(write.before for write in cluster.plane.api.history.of("Pod") if write.verb == "DELETE" and write.after)
    first = next(write.after for write in cluster.plane.api.history.of("Pod")
                 if write.subresource == "binding" and image(write.after) == "nginx:2")
    assert known(gone.spec).nodeName == known(first.spec).nodeName
