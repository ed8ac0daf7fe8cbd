"""Whatever is handed in, and however the learner has left the cluster: a checker says what is wrong, and raises nothing."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet import Cluster
from k8snet.course import check, exercise
from k8snet.course.data import keys, task

ANSWERS = ["", "x", None, 0, -1, 1.5, [], {}, object(), "10.0.0.1", "é", "99999999999999999999", True, b"x", "web", "pod/"]
NAMES = ("web", "green", "bare", "private", "duo")
BUILT = ("web", "api", "db", "fr", "bk", "site", "microservice1")


def empty(cluster: Cluster) -> None:
    cluster.kubectl("delete all --all", check=False)


def without_nodes(cluster: Cluster) -> None:
    """No pod finds a node."""
    for node in cluster.nodes:
        cluster.kubectl(f"cordon {node.name}")
    anew(cluster, "nginx")


def dark(cluster: Cluster) -> None:
    """The nodes are off, long enough for that to be noticed."""
    for node in cluster.nodes[1:]:
        node.stop()
    cluster.sleep(400)


def asleep(cluster: Cluster) -> None:
    """No kubelet does anything."""
    for node in cluster.nodes:
        cluster.stop("kubelet", node.name)
    anew(cluster, "nginx")


def missing(cluster: Cluster) -> None:
    """No image is found."""
    anew(cluster, "nope/nope")


def anew(cluster: Cluster, image: str) -> None:
    empty(cluster)
    for name in NAMES:
        cluster.kubectl(f"run {name} --image={image}", check=False)
    for name in BUILT:
        cluster.kubectl(f"create deployment {name} --image={image}", check=False)


@pytest.mark.parametrize("mess", [empty, without_nodes, dark, asleep, missing])
@pytest.mark.parametrize("key", keys("exercise"))
def test_a_checker_raises_nothing(key: str, mess: Any) -> None:
    given = exercise(key)
    if isinstance(given, Cluster):
        mess(given)
    for answer in [given] if task(key).changes_cluster or task(key).goals else ANSWERS:
        assert check(key, answer, given).lines
