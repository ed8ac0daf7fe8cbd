"""kubectl cordon, uncordon, drain."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from tests.shell.verbs.beside import check, in_any_order, printed, workloads

STORIES = {
    "cordon": """
        cordon
        cordon nope
        cordon node1
        cordon node1
        cordon node1 node9
        cordon node/node2
        uncordon node1 node2
        cordon pod/two
        cordon -l a=b
        cordon node1 -l a=b
        cordon node1 --dry-run=client
        cordon node1 --dry-run=server
        uncordon node1 --dry-run=server
        uncordon node1
        uncordon
        cordon -l kubernetes.io/hostname=node1
        get nodes -o jsonpath={.items[*].spec.unschedulable}
    """,
    "drain": """
        drain
        drain nope
        drain node1 -l a=b
        drain node1 --pod-selector=a=,=b
        drain node1 --dry-run=client
        drain node1 --dry-run=server
        drain node1
        drain node1 node2
        drain node1 --ignore-daemonsets
        drain node1 --ignore-daemonsets --force
        drain node2 --ignore-daemonsets --force
        drain node1 --ignore-daemonsets --force --delete-emptydir-data --dry-run=client
        drain node2 --ignore-daemonsets --force --delete-emptydir-data --dry-run=server
        drain node2 --ignore-daemonsets --force --delete-emptydir-data --pod-selector app=web --grace-period=1
        drain node1 --ignore-daemonsets --force --delete-emptydir-data --disable-eviction --grace-period=1
        drain control-plane
        drain control-plane --ignore-daemonsets
        uncordon node1 node2 control-plane
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(workloads(), STORIES[story], in_any_order)


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.kubectl("create deployment web --image=nginx --replicas=2")
    return cluster


def _on(cluster: Cluster, node: str) -> list[str]:
    return [pod.name for pod in cluster.pods if pod.node.name == node]


def test_pods_go_to_the_other_node(cluster: Cluster) -> None:
    [pod] = _on(cluster, "node1")
    assert printed(cluster, "drain node1") == (
        f"node/node1 cordoned\nevicting pod default/{pod}\npod/{pod} evicted\nnode/node1 drained\n")  # fmt: skip
    assert not _on(cluster, "node1")
    assert len(_on(cluster, "node2")) == 2


def test_the_evictions_are_in_the_history(cluster: Cluster) -> None:
    before = len(cluster.history)
    cluster.kubectl("drain node1")
    assert [write.verb for write in cluster.history[before:].by("kubectl")] == ["PATCH", "DELETE"]


def test_all_pods_are_asked_to_go_before_the_first_has_gone(cluster: Cluster) -> None:
    """Their grace periods run side by side."""
    for name in ("a", "b"):
        cluster.kubectl(f"run {name} --image=busybox --command -- sleep infinity")
    begun = cluster.now
    cluster.kubectl("drain node1 node2 --force")
    assert 30 <= cluster.now - begun < 62


def test_where_nobody_acts_the_node_is_not_called_drained(cluster: Cluster) -> None:
    [pod] = _on(cluster, "node1")
    with cluster.paused():
        assert printed(cluster, "drain node1") == f"node/node1 cordoned\nevicting pod default/{pod}\n"


def test_a_pod_that_does_not_end_is_waited_for(cluster: Cluster) -> None:
    [pod] = _on(cluster, "node1")
    cluster.stop("kubelet", node="node1")
    stuck = f'error when waiting for pod "{pod}" in namespace "default" to terminate: context deadline exceeded'
    assert printed(cluster, "drain node1 --timeout=3s") == (
        f"node/node1 cordoned\nevicting pod default/{pod}\n"
        f'There are pending pods in node "node1" when an error occurred: {stuck}\n'
        f'pod/{pod}\nerror: unable to drain node "node1" due to error: {stuck}, continuing command...\n'
        f"There are pending nodes to be drained:\n node1\n{stuck}\n[1]\n"
    )
    assert cluster.now == 3
    assert printed(cluster, "drain node1").splitlines()[-2:] == ["^C", "[130]"]
