"""A cluster that is served to real kubectl: the model describes all that is in it as kubectl 1.37 does, byte for byte.

No age is left out: the model is given the machine's clock for ``now``, from which kubectl reads ages too. For kubectl, and so for
the model, what happens in the cluster is as far from the machine's date as November 2026 is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from k8snet import Cluster
from k8snet.kube.objects import KINDS, Object, Taint, changed, meta
from k8snet.serve import Served, serve
from k8snet.shell.kubectl.describing import describe
from tests.shell import real
from tests.shell.describing import judging
from tests.shell.describing.old import NOT_KNOWN, difference

RICH = Path(__file__).with_name("rich.yaml")
ALIKE = {"Service": "default", "Lease": "kube-node-lease"}
"""Kinds of which there is nothing in the namespace shop, and where there is."""
MOST_EVENTS = 3


class AsAt:
    """A cluster's objects (a `Source`), as seen at the time ``now``."""

    def __init__(self, cluster: Cluster, now: datetime) -> None:
        self.api, self.now = cluster.api, now

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """As `Source`."""
        return self.api.get(kind, name, namespace)

    def list(self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Object]:
        """As `Source`."""
        return self.api.list(kind, namespace, labels=labels, fields=fields)


def rich() -> Cluster:
    """Pods well, failing, waiting and leaving; a rollout in between; a node that is tainted, and one that is cordoned."""
    cluster = Cluster(nodes=3)
    cluster.apply(RICH)
    cluster.sleep(45)
    node = cluster.api.get("Node", "node2")
    cluster.api.update(changed(node, spec=changed(node.spec, unschedulable=True)))
    node = cluster.api.get("Node", "node3")
    taints = [Taint(key="dedicated", value="db", effect="NoSchedule"), Taint(key="old", effect="PreferNoSchedule")]
    cluster.api.update(changed(node, spec=changed(node.spec, taints=taints)))
    template = {"spec": {"containers": [{"name": "web", "image": "nginx:oh-no"}]}}
    cluster.api.merge_patch("Deployment", "web", {"spec": {"template": template}}, "shop")
    cluster.sleep(400)
    with cluster.paused():
        cluster.api.delete(cluster.api.get("Pod", "leaving", "shop"), grace=25)
    return cluster


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The cluster, over HTTP."""
    with serve(rich()) as served:
        yield served


def objects(cluster: Cluster, kind: str) -> list[tuple[str, str]]:
    """Namespace and name of the objects of a kind, but for those that are like others."""
    space = ALIKE.get(kind, "shop") if KINDS[kind].namespaced else None
    found = [(meta(obj).namespace or "", meta(obj).name or "") for obj in cluster.api.list(kind, space)]
    return found[:MOST_EVENTS] if kind == "Event" else found


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_described_as_by_kubectl(kind: str, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object, and its events."""
    monkeypatch.setenv("TZ", "UTC")
    for name, expected, actual in described("1.37", served, kind):
        assert actual == expected, name


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NOT_KNOWN])
def test_the_old_version_differs_as_listed(kind: str, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl 1.20 prints the same but for the lines that old.py lists."""
    monkeypatch.setenv("TZ", "UTC")
    for name, expected, actual in described("1.20", served, kind):
        assert [each for each in difference(kind, actual, expected) if isinstance(each, str)] == [], name


def test_several_are_described_without_events(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl describes all of a kind: two empty lines between two."""
    binary = real.kubectl("1.37")
    monkeypatch.setenv("TZ", "UTC")

    def pods() -> str:
        source = AsAt(served.cluster, datetime.now(UTC))
        each = (describe(source, KINDS["Pod"], space, name, show_events=False) for space, name in objects(served.cluster, "Pod"))
        return "\n\n".join(each)

    expected, actual = judging.both(partial(printed, binary, served, ["describe", "pods", "--namespace=shop"]), pods)
    assert actual == expected


def described(which: str, served: Served, kind: str) -> Iterator[tuple[str, str, str]]:
    """Each object of a kind by its name: how a version of kubectl describes it, and how the model does."""
    binary = real.kubectl(which)
    for namespace, name in objects(served.cluster, kind):
        line = ["describe", kind, name, f"--namespace={namespace}"]
        yield name, *judging.both(partial(printed, binary, served, line), ours(served, kind, namespace, name))


def printed(binary: Path, served: Served, line: list[str]) -> str:
    """What kubectl prints."""
    ran = real.run(binary, served, line)
    assert ran.code == 0, ran.stderr
    return ran.stdout


def ours(served: Served, kind: str, namespace: str, name: str) -> Callable[[], str]:
    """What the model prints of the same."""
    return judging.ours(lambda now: AsAt(served.cluster, now), kind, namespace, name)
