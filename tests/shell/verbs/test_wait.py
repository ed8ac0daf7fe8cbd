"""kubectl wait."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from tests.shell.verbs.beside import check, printed, workloads

STORIES = {
    "refusals": """
        wait
        wait pod/two
        wait pod/two --for=foo
        wait pod/two --for=
        wait --for=condition=Ready
        wait pod/two --for=jsonpath=
        wait pod/two --for=jsonpath={.a}=
        wait pod/two --for=jsonpath={.a}=1=2
        wait pod/two --for=jsonpath={.a
        wait pod/nope --for=condition=Ready
        wait pod/nope pod/two --for=condition=Ready
        wait pod --for=condition=Ready
        wait pod -l a=b --for=condition=Ready
        wait pod/two --for=condition=Ready --timeout=5
        wait foo/x --for=delete
        wait pod/two --for=jsonpath={.spec.containers[*].name}=a
        wait pod/two --for=jsonpath={.spec.containers}=a
    """,
    "what holds": """
        wait pod/two --for=jsonpath={.status.phase}=Running
        wait pod/two --for=jsonpath=.status.phase=Running
        wait pod/two --for=jsonpath={.status.phase}
        wait pod/two --for=jsonpath={.status.phase}=Running -o name
        wait pod/two deploy/web --for=jsonpath={.metadata.namespace}=default
        wait deploy/web --for=jsonpath={.spec.replicas}=3
        wait deploy/web --for=condition=Available
        wait node/node1 --for=jsonpath={.spec.podCIDR}=10.244.1.0/24
        wait nodes --all --for=condition=Ready
        wait pod/done --for=condition=ready=FALSE
        wait pod/two --for=create
        wait pod/two --for=create --for=condition=Ready
        wait pod/nope --for=delete
        wait pod -l a=b --for=delete
    """,
    "what does not": """
        wait pod/done --for=condition=Ready --timeout=0
        wait pod/done --for=condition=Ready --timeout=1s
        wait pod/two --for=delete --timeout=0
        wait pod/two --for=delete --timeout=1s
        wait pod/nope --for=create --timeout=1s
        wait pod/two --for=jsonpath={.status.nope} --timeout=1s
        wait pod two --for=jsonpath={.status.phase}=running --timeout=1s
        wait pod/two pod/done pod/nope --for=jsonpath={.status.phase}=Running --timeout=4s
        wait pod --all --for=jsonpath={.status.phase}=Running --timeout=1s
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(workloads(), STORIES[story])


@pytest.fixture
def cluster() -> Cluster:
    """A cluster with a pod that becomes ready after a quarter of a minute, and one that never does."""
    cluster = Cluster(nodes=1)
    probe = {"tcpSocket": {"port": 80}, "initialDelaySeconds": 15}
    for name, image in (("slow", "nginx"), ("never", "nginx:none-such")):
        cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                       "spec": {"containers": [{"name": "c", "image": image, "readinessProbe": probe}]}})  # fmt: skip
    return cluster


def test_the_clock_moves_on_until_it_holds() -> None:
    cluster = Cluster(nodes=1)
    with cluster.paused():
        cluster.kubectl("run web --image=nginx")
    assert printed(cluster, "wait pod/web --for=condition=Ready") == "pod/web condition met\n"
    assert cluster.now <= 1


def test_or_until_time_is_up(cluster: Cluster) -> None:
    begun = cluster.now
    assert printed(cluster, "wait pod/never --for=condition=Ready") == (
        "error: timed out waiting for the condition on pods/never\n[1]\n")  # fmt: skip
    assert cluster.now == begun + 30
    cluster.kubectl("wait pod/never --for=condition=Ready --timeout=2m", check=False)
    assert cluster.now == begun + 150


def test_what_was_so_only_for_a_moment_is_seen() -> None:
    """A pod that runs for no time at all: it is ready, and then no more, within the same second."""
    cluster = Cluster(nodes=1)
    with cluster.paused():
        cluster.kubectl("create deployment web --image=nginx")
        cluster.kubectl("set image deploy/web nginx=nginx:1.29")
    assert printed(cluster, "wait deploy/web --for=jsonpath={.status.replicas}=1") == "deployment.apps/web condition met\n"


def test_where_nobody_acts_nothing_is_waited_for() -> None:
    cluster = Cluster(nodes=1)
    with cluster.paused():
        cluster.kubectl("run web --image=nginx")
        assert printed(cluster, "wait pod/web --for=condition=Ready") == (
            "error: timed out waiting for the condition on pods/web\n[1]\n")  # fmt: skip
        assert cluster.now == 0


def test_a_pod_that_is_going_is_waited_for() -> None:
    cluster = Cluster(nodes=1)
    cluster.kubectl("run box --image=busybox --command -- sleep infinity")
    with cluster.paused():
        cluster.kubectl("delete pod box")
    assert printed(cluster, "wait pod/box --for=delete --timeout=60s") == "pod/box condition met\n"
    assert 30 <= cluster.now <= 32
