"""Whatever is done to workloads, in whatever order: it settles, and then everything is as it should be.

The toy in toys.py stands in for the scheduler and the kubelets.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import ApiError
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.controllers.revision import is_same, template_of_revision
from k8snet.kube.controllers.rollout import limits, size
from k8snet.kube.objects import Deployment, ReplicaSet, known, meta
from tests.kube.controllers.toys import Cluster, fail
from tests.kube.plain import deployment_document

NAMES = ("web", "db")
COMPONENTS = ("deployment-controller", "replicaset-controller", "generic-garbage-collector", "toy")
IMAGES = ("nginx:1", "nginx:2", "nginx:3")

names, numbers = st.sampled_from(NAMES), st.integers(0, 6)
bounds = st.one_of(st.integers(0, 3), st.sampled_from(("0%", "25%", "50%", "100%")))
rolling = st.builds(lambda surge, gone: {"maxSurge": surge, "maxUnavailable": gone}, bounds, bounds).filter(
    lambda each: each["maxSurge"] not in (0, "0%") or each["maxUnavailable"] not in (0, "0%")
)
strategies = st.one_of(
    st.just({"type": "Recreate"}), rolling.map(lambda each: {"type": "RollingUpdate", "rollingUpdate": each})
)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("create"), names, numbers, strategies),
        st.tuples(st.just("scale"), names, numbers),
        st.tuples(st.just("image"), names, st.sampled_from(IMAGES)),
        st.tuples(st.just("pause"), names, st.booleans()),
        st.tuples(st.just("undo"), names),
        st.tuples(st.just("delete"), names, st.sampled_from(("Background", "Foreground", "Orphan"))),
        st.tuples(st.just("delete set"), numbers),
        st.tuples(st.just("kill"), numbers),
        st.tuples(st.just("fail"), numbers),
        st.tuples(st.just("stop"), st.sampled_from(COMPONENTS)),
        st.tuples(st.just("start"), st.sampled_from(COMPONENTS)),
        st.tuples(st.just("lag"), st.sampled_from(COMPONENTS), st.sampled_from((0.0, 0.5, 3.0))),
        st.tuples(st.just("step"), st.integers(1, 12)),
        st.tuples(st.just("settle")),
    ),
    min_size=3, max_size=25,
)


class Storm:
    """A cluster, and what can be done to it. What is refused is refused."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cluster.settle()

    def do(self, deed: str, *how: Any) -> None:
        """Do one thing; what the user asks for may be refused, what the components do may not."""
        act = getattr(self, deed.replace(" ", "_"))
        if deed in ("step", "settle", "start"):
            act(*how)
            return
        try:
            act(*how)
        except ApiError as error:
            if error.reason not in ("NotFound", "AlreadyExists", "Conflict"):
                raise

    def create(self, name: str, replicas: int, strategy: dict[str, Any]) -> None:
        self.cluster.create(deployment_document(name, replicas, IMAGES[0], strategy=strategy))

    def scale(self, name: str, replicas: int) -> None:
        self.cluster.change(name, replicas=replicas)

    def image(self, name: str, image: str) -> None:
        self.cluster.change(name, image=image)

    def pause(self, name: str, paused: bool) -> None:
        self.cluster.change(name, paused=paused)

    def undo(self, name: str) -> None:
        deployment = self.cluster.deployment(name)
        template = template_of_revision(self.cluster.user, deployment)
        if template is not None:
            self.cluster.change(name, template=template)

    def delete(self, name: str, propagation: str) -> None:
        self.cluster.user.delete(self.cluster.deployment(name), propagation=propagation)

    def delete_set(self, which: int) -> None:
        sets = self.cluster.user.list("ReplicaSet", "default")
        if sets:
            self.cluster.user.delete(sets[which % len(sets)])

    def kill(self, which: int) -> None:
        pods = self.cluster.pods()
        if pods:
            self.cluster.user.delete(pods[which % len(pods)])

    def fail(self, which: int) -> None:
        pods = [pod for pod in self.cluster.pods() if known(pod.status).phase == "Running"]
        if pods:
            fail(self.cluster.plane.client("kubelet"), pods[which % len(pods)])

    def stop(self, name: str) -> None:
        self.cluster.component(name).stop()

    def start(self, name: str) -> None:
        self.cluster.plane.start(self.cluster.component(name))

    def lag(self, name: str, seconds: float) -> None:
        self.cluster.component(name).lag = seconds

    def step(self, times: int) -> None:
        for _ in range(times):
            self.cluster.plane.step()

    def settle(self) -> None:
        self.cluster.settle()

    def calm(self) -> None:
        """All run again, and all come to rest."""
        for name in COMPONENTS:
            self.start(name)
        for deployment in self.cluster.user.list("Deployment"):
            self.cluster.change(known(meta(deployment).name), paused=None)
        self.cluster.settle()


@settings(max_examples=150, deadline=None)
@given(deeds)
def test_everything_settles(done: list[Any]) -> None:
    storm = Storm()
    storm.create("web", 3, {"type": "Recreate"})
    for deed, *how in done:
        storm.do(deed, *how)
    storm.calm()
    check_sets(storm.cluster)
    check_deployments(storm.cluster)
    check_owners(storm.cluster)
    writes = len(storm.cluster.plane.api.history)
    storm.cluster.plane.sleep(3000)
    assert len(storm.cluster.plane.api.history) == writes, "at rest, nobody writes"
    for name in storm.cluster.names("Deployment"):
        storm.delete(name, "Foreground")
    storm.cluster.settle()
    assert storm.cluster.names("Deployment") == []
    left = [*storm.cluster.user.list("ReplicaSet", "default"), *storm.cluster.pods()]
    assert all(not rooted(storm.cluster, obj) for obj in left), "only what was orphaned is left"


def check_sets(cluster: Cluster) -> None:
    for rs in cluster.user.list("ReplicaSet", "default"):
        pods = [pod for pod in cluster.user.owned(meta(rs).uid or "", "Pod") if not about_pods.is_finished(pod)]
        assert len(pods) == known(rs.spec).replicas
        status = known(rs.status)
        assert (status.replicas, status.readyReplicas or 0, status.availableReplicas or 0) == (len(pods),) * 3
        assert (status.fullyLabeledReplicas or 0, status.terminatingReplicas) == (len(pods), 0)
        assert status.observedGeneration == meta(rs).generation


def check_deployments(cluster: Cluster) -> None:
    for deployment in cluster.user.list("Deployment"):
        spec, status = known(deployment.spec), known(deployment.status)
        newest, older = sets_of(cluster, deployment)
        assert newest is not None
        assert [known(newest.spec).replicas, *(known(rs.spec).replicas for rs in older)] == [spec.replicas, *(0 for _ in older)]
        assert (status.updatedReplicas or 0, status.availableReplicas or 0) == (spec.replicas, spec.replicas)
        assert (status.unavailableReplicas, status.terminatingReplicas) == (None, 0)
        assert status.observedGeneration == meta(deployment).generation
        said = {each.type: (each.status, each.reason) for each in status.conditions or ()}
        assert said == {"Available": ("True", "MinimumReplicasAvailable"), "Progressing": ("True", "NewReplicaSetAvailable")}


def sets_of(cluster: Cluster, deployment: Deployment) -> tuple[ReplicaSet | None, list[ReplicaSet]]:
    """The ReplicaSet of a Deployment's present template, and the others."""
    sets: list[ReplicaSet] = list(cluster.user.owned(meta(deployment).uid or "", "ReplicaSet"))
    template = known(deployment.spec).template
    newest = next((rs for rs in sets if is_same(template, known(known(rs.spec).template))), None)
    return newest, [rs for rs in sets if rs is not newest]


def check_owners(cluster: Cluster) -> None:
    """Who names an owner has one; and no two ReplicaSets would take the same pod."""
    for kind in ("ReplicaSet", "Pod"):
        for obj in cluster.user.list(kind):
            for reference in meta(obj).ownerReferences or ():
                owner = cluster.user.find(reference.kind, reference.name, meta(obj).namespace or "")
                assert owner is not None
                assert meta(owner).uid == reference.uid
            assert meta(obj).deletionTimestamp is None


def rooted(cluster: Cluster, obj: Any) -> bool:
    """Whether something is, in the end, a Deployment's."""
    reference = controller_of(obj)
    if reference is None:
        return False
    if reference.kind == "Deployment":
        return True
    return rooted(cluster, cluster.user.get(reference.kind, reference.name))


# --- rollouts -------------------------------------------------------------------------------------------------------


changes = st.lists(st.tuples(st.sampled_from(IMAGES), st.integers(0, 40)), max_size=4)
slow = st.dictionaries(st.sampled_from(COMPONENTS), st.sampled_from((0.5, 3.0)))


@settings(max_examples=100, deadline=None)
@given(replicas=st.integers(1, 9), rolling=rolling, images=changes, lags=slow)
def test_a_rollout_keeps_within_its_bounds(
    replicas: int, rolling: dict[str, Any], images: list[Any], lags: dict[str, float]
) -> None:
    storm = Storm()
    storm.create("web", replicas, {"type": "RollingUpdate", "rollingUpdate": rolling})
    storm.settle()
    for name, lag in lags.items():
        storm.lag(name, lag)
    surge, unavailable = limits(storm.cluster.deployment(), replicas)
    for image, steps in [*images, (IMAGES[0], 10_000)]:
        storm.image("web", image)
        for _ in range(steps):
            moved = storm.cluster.plane.step()
            sizes = [known(known(rs.spec).replicas) for rs in storm.cluster.user.list("ReplicaSet", "default")]
            assert sum(sizes) <= replicas + surge
            ready = [pod for pod in storm.cluster.pods() if about_pods.is_active(pod) and about_pods.is_ready(pod)]
            assert len(ready) >= replicas - unavailable
            if not moved:
                break
    storm.calm()
    check_deployments(storm.cluster)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_who_is_stopped_and_started_changes_nothing_in_the_end(data: st.DataObject) -> None:
    """A controller that stops at any moment and starts anew, against one that never does."""
    done = data.draw(st.lists(st.tuples(st.sampled_from(("scale", "image")), numbers), min_size=1, max_size=4))
    sizes = []
    for disturbed in (False, True):
        storm = Storm()
        storm.create("web", 3, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}})
        for deed, number in done:
            storm.do(deed, "web", number if deed == "scale" else IMAGES[number % 3])
            if disturbed:
                storm.step(data.draw(st.integers(0, 30)))
                name = data.draw(st.sampled_from(COMPONENTS))
                storm.stop(name)
                storm.step(data.draw(st.integers(0, 10)))
                storm.start(name)
            else:
                storm.settle()
        storm.calm()
        check_sets(storm.cluster)
        sizes.append({meta(rs).name: size(rs) for rs in storm.cluster.user.list("ReplicaSet", "default") if size(rs)})
        check_deployments(storm.cluster)
    assert sizes[0] == sizes[1]


def test_a_copy_of_the_plane_goes_its_own_way() -> None:
    storm = Storm()
    storm.create("web", 5, {"type": "Recreate"})
    storm.step(9)
    other = copy.deepcopy(storm)
    other.settle()
    assert storm.cluster.deployment().status != other.cluster.deployment().status
    other.scale("web", 1)
    other.settle()
    storm.settle()
    assert (len(storm.cluster.pods()), len(other.cluster.pods())) == (5, 1)
    check_sets(storm.cluster)
    check_sets(other.cluster)
