"""kubectl rollout: how rollouts go, what is remembered of them, and how they are undone."""

from __future__ import annotations

import re

import pytest

from k8snet import Cluster
from k8snet.errors import NotModelled
from tests.shell.verbs.beside import check, printed, workloads

STORIES = {
    "status": """
        rollout status
        rollout status deploy/web
        rollout status deploy
        rollout status ds/ds
        rollout status deploy web nope
        rollout status deploy/nope
        rollout status pod/two
        rollout status rs
        rollout status cm/cm
        rollout status foo/x
        rollout status deploy/web --revision=3
        rollout status deploy/web --revision=1
        rollout status deploy/web --revision=-1
        rollout status deploy/web --watch=false
        rollout status deploy -l a=b
        rollout foo
    """,
    "history": """
        rollout history
        rollout history deploy/web
        rollout history deploy
        rollout history deploy/web --revision=1
        rollout history deploy/web --revision=9
        rollout history deploy/web --revision=-1
        rollout history deploy/web -o yaml
        rollout history deploy/web -o name
        rollout history deploy/web -o jsonpath={.metadata.labels.app}
        rollout history deploy/web --revision=1 -o name
        rollout history pod/two
        rollout history cm/cm
        rollout history rs
        rollout history deploy/nope deploy/web
        set image deploy/web nginx=nginx:1.29
        rollout history deploy/web
        rollout history deploy/web --revision=2
        rollout history deploy/web -o name
    """,
    "undo": """
        rollout undo
        rollout undo deploy/web
        rollout undo deploy/web --to-revision=7
        rollout undo deploy/web --to-revision=-1
        rollout undo deploy/web --to-revision=1
        rollout undo pod/two
        rollout undo cm/cm
        rollout undo deploy/web deploy/nope
        set image deploy/web nginx=nginx:1.29
        rollout undo deploy/web --dry-run=client
        rollout undo deploy/web --dry-run=server
        rollout undo deploy/web
        rollout history deploy/web
        rollout undo deploy/web -o name
        rollout history deploy/web
        rollout undo deploy/web --to-revision=3
        get deploy web -o jsonpath={.spec.template.spec.containers[0].image}
        rollout pause deploy/web
        rollout undo deploy/web
    """,
    "pause, restart, resume": """
        rollout pause
        rollout pause deploy/web
        rollout pause deploy/web
        rollout restart deploy/web
        rollout resume deploy/web
        rollout resume deploy/web deploy/nope cm/cm
        rollout restart pod/two
        rollout restart deploy/web ds/ds
        rollout pause ds/ds
        rollout pause deploy web cm/cm
        rollout restart deploy -l a=b
        rollout restart deploy/nope
        rollout pause deploy/web -o name
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(workloads(), STORIES[story])


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.kubectl("create deployment web --image=nginx --replicas=3")
    return cluster


WAITING = 'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...\n'


def test_a_rollout_that_hangs_fails_at_its_deadline(cluster: Cluster) -> None:
    cluster.kubectl("set image deploy/web nginx=nginx:there-is-none")
    assert printed(cluster, "rollout status deploy/web --timeout=5s") == (
        f"{WAITING}error: timed out waiting for the condition\n[1]\n")  # fmt: skip
    assert cluster.now == 5
    assert printed(cluster, "rollout status deploy/web") == (
        f'{WAITING}error: deployment "web" exceeded its progress deadline\n[1]\n')  # fmt: skip
    assert 600 <= cluster.now < 620


def test_where_nobody_acts_it_ends_with_what_there_is_to_tell(cluster: Cluster) -> None:
    with cluster.paused():
        cluster.kubectl("set image deploy/web nginx=nginx:1.29")
        assert printed(cluster, "rollout status deploy/web") == "Waiting for deployment spec update to be observed...\n"
        assert cluster.now == 0
    told = printed(cluster, "rollout status deploy/web").splitlines()
    assert told[0] == "Waiting for deployment spec update to be observed..."
    assert told[-1] == 'deployment "web" successfully rolled out'
    assert WAITING.strip() in told


def test_a_rollout_that_is_stopped_is_waited_for_until_one_gives_up(cluster: Cluster) -> None:
    cluster.kubectl("rollout pause deploy/web")
    cluster.kubectl("set image deploy/web nginx=nginx:1.29")
    told = printed(cluster, "rollout status deploy/web").splitlines()
    assert told[-2:] == ["^C", "[130]"]


def test_a_restart_writes_the_time_into_the_template(cluster: Cluster) -> None:
    cluster.sleep(61)
    cluster.kubectl("rollout restart deploy/web")
    notes = cluster.api.get("Deployment", "web").spec.template.metadata.annotations
    assert notes == {"kubectl.kubernetes.io/restartedAt": "2026-11-01T00:01:01Z"}
    again = cluster.kubectl("rollout restart deploy/web", check=False)
    assert again == ("error: failed to create patch for web: if restart has already been triggered within the past second, "
                     "please wait before attempting to trigger another\n")


def test_a_daemon_set_keeps_no_revisions(cluster: Cluster) -> None:
    ds = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "ds"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}  # fmt: skip
    cluster.apply(ds)
    for verb in ("history", "undo"):
        with pytest.raises(NotModelled, match="the revisions of a DaemonSet"):
            cluster.kubectl(f"rollout {verb} ds/ds")


@pytest.mark.parametrize("revision", ["x", "9223372036854775808", "-3", "0x2", "9" * 5000])
def test_revisions_that_are_no_numbers(revision: str) -> None:
    cluster = workloads()
    cluster.stop("deployment-controller")
    for name in ("deploy web", "rs -l app=web"):
        cluster.kubectl(f"annotate {name} --overwrite deployment.kubernetes.io/revision={revision}")
    check(cluster, """
        rollout history deploy web
        rollout history deploy web --revision=1
        rollout status deploy web --revision=1
        rollout status deploy web
        rollout undo deploy web --to-revision=1
        rollout undo deploy web
    """, seen=lambda text: re.sub(r"(?m)^W\d{4} \S+ +\d+ ", "W ", text))
    cluster.start("deployment-controller")
    cluster.kubectl("set image deploy web nginx=nginx:1.29")
    assert [line.split()[0] for line in cluster.kubectl("rollout history deploy web").splitlines()[2:] if line] == ["1", "2"]
