"""kubectl logs."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from tests.shell.verbs.beside import check, printed, workloads

STORIES = {
    "refusals": """
        logs
        logs a b c
        logs two -l app=x
        logs two a -c b
        logs two --tail=-5
        logs two --tail=x
        logs two --since=-5s
        logs two --since-time=foo
        logs two --since-time=2026-11-01T00:00:00Z --since=5s
        logs nope
        logs deploy/nope
        logs cm/cm
        logs node/node1
        logs two -c x
        logs two,done
        logs two --all-containers -c a
        logs two --limit-bytes=-1
        logs foo/x
        logs two -p
        logs deploy/web -p
        logs -l a=b
    """,
    "logs": """
        logs two
        logs two a
        logs two b
        logs two -c b
        logs two --all-containers
        logs two --all-containers --prefix
        logs two -c a --limit-bytes=5
        logs two --tail=0
        logs two --tail=1
        logs two a --timestamps --since=1h
        logs -l app=web
        logs -l app=web --prefix --tail=1
        logs deploy/web
        logs deploy/web --all-pods
        logs deploy/web -c nginx
        logs ds/ds
        logs done
        logs pod/done --ignore-errors
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(workloads(), STORIES[story], lambda text: "\n".join(sorted(text.splitlines())))


LINE = "/docker-entrypoint.sh: Configuration complete; ready for start up\n"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.kubectl("create deployment web --image=nginx --replicas=3")
    return cluster


def test_following_ends_with_what_there_is(cluster: Cluster) -> None:
    name = cluster.pods[0].name
    assert printed(cluster, f"logs {name} -f") == LINE


def test_one_of_several_pods_is_picked(cluster: Cluster) -> None:
    name = cluster.pods[0].name
    assert printed(cluster, "logs deploy/web") == f"Found 3 pods, using pod/{name}\n{LINE}"


def test_only_so_many_logs_are_followed(cluster: Cluster) -> None:
    cluster.kubectl("scale deploy/web --replicas=6")
    assert printed(cluster, "logs -l app=web -f") == (
        "error: you are attempting to follow 6 log streams, but maximum allowed concurrency is 5, use --max-log-requests to "
        "increase the limit\n[1]\n")  # fmt: skip
    assert printed(cluster, "logs -l app=web -f --max-log-requests=6") == 6 * LINE


def test_following_what_has_no_log_asks_again(cluster: Cluster) -> None:
    cluster.kubectl("run web --image=nginx:none-such")
    begun = cluster.now
    told = printed(cluster, "logs web -f --pod-running-timeout=3s")
    assert told.splitlines() == [
        *3 * ['container "web" in pod "web" is waiting to start: trying and failing to pull image'],
        "error: context deadline exceeded", "[1]",
    ]  # fmt: skip
    assert cluster.now == begun + 3


def test_the_annotation_names_the_container(cluster: Cluster) -> None:
    notes = {"kubectl.kubernetes.io/default-container": "b"}
    containers = [{"name": "a", "image": "busybox", "command": ["sleep", "9"]}, {"name": "b", "image": "nginx"}]
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": notes},
                   "spec": {"containers": containers}})  # fmt: skip
    assert printed(cluster, "logs p") == LINE
