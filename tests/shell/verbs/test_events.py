"""kubectl events."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from tests.shell.verbs.beside import check, printed, without_ages, workloads

STORIES = {
    "refusals": """
        events --types=Foo
        events --for=pod
        events --for=a/b/c
        events --for=pod/x
        events --for foo/x
        events -o foo
        events -n kube-public
        events -n kube-public -o json
        events -n nope
        events --for pod/two --types=Warning
    """,
    "tables": """
        events
        events --for pod/two
        events --for deploy/web
        events -A
        events --types=warning,Normal
        events --for pod/done --no-headers
        events something
    """,
    "objects": """
        events -o name --for pod/two
        events -o jsonpath={.items[*].reason} --for pod/two
        events --for pod/two -o yaml
        events --for pod/two -o json
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(workloads(), STORIES[story], without_ages if story == "tables" else str)


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.kubectl("run web --image=nginx:none-such")
    cluster.sleep(45)
    return cluster


def test_what_came_again_tells_how_often(cluster: Cluster) -> None:
    table = printed(cluster, "events --for pod/web --types=Warning").splitlines()
    assert table[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert all(row.startswith("15s (x3 over 45s)   Warning   Failed") for row in table[1:])


def test_a_watch_ends_with_what_there_is(cluster: Cluster) -> None:
    """Its rows are printed as they come: a column is as wide as its widest cell so far."""
    rows = printed(cluster, "events --for pod/web -w").splitlines()
    assert rows[0].startswith("LAST SEEN   TYPE ")
    assert len(rows) == len(printed(cluster, "events --for pod/web").splitlines())
    assert printed(cluster, "events -n kube-public -w") == ""
