"""kubectl taint."""

from __future__ import annotations

import pytest

from k8snet.shell.kubectl.taint import Taint, reorganized
from tests.shell.verbs.beside import check, workloads

STORY = """
    taint
    taint nodes
    taint nodes node1
    taint nodes node1 a
    taint nodes node1 a=b
    taint nodes node1 a=b:Foo
    taint nodes node1 a=b:NoSchedule c
    taint nodes node1 a=b:NoSchedule a=c:NoSchedule
    taint nodes node1 a=b=c:NoSchedule
    taint nodes node1 a:b:NoSchedule
    taint nodes node1 'a b=c:NoSchedule'
    taint nodes node1 'a=b c:NoSchedule'
    taint nodes a=b:NoSchedule
    taint nodes node1 old=1:NoSchedule
    taint nodes node1 old=2:NoSchedule
    taint nodes node1 old=2:NoSchedule --overwrite
    taint nodes node1 x-
    taint nodes node1 x:NoSchedule- y-
    taint nodes node1 old:NoSchedule- new=1:PreferNoSchedule
    taint nodes node1 new-
    taint nodes node1 node2 new:PreferNoSchedule
    taint nodes node1 node2 new-
    taint pods web a=b:NoSchedule
    taint nodes node9 a=b:NoSchedule
    taint nodes node9 node1 a=b:PreferNoSchedule
    taint nodes node1 a=b:NoSchedule a-
    taint foo web a=b:NoSchedule
    taint nodes --all a=b:NoSchedule
    taint nodes --all a-
    taint nodes -l x=y --all a=b:NoSchedule
    taint nodes -l x=y a=b:NoSchedule
    taint nodes node1 a=b:NoSchedule --dry-run=client
    taint nodes node1 a=b:NoSchedule --dry-run=server
    taint nodes node1 a=b:NoSchedule --dry-run=foo
    taint nodes node1 a=b:NoSchedule -o name
    taint nodes node1 a:NoSchedule- -o jsonpath={.spec.taints}
    taint node/node1 a=b:NoSchedule
    get nodes -o jsonpath={.items[*].spec.taints}
"""


def test_the_real_one_prints_the_same() -> None:
    check(workloads(), STORY)


OLD = [Taint("a", "1", "NoSchedule"), Taint("a", "2", "NoExecute"), Taint("b", "", "NoSchedule")]


@pytest.mark.parametrize(("wanted", "unwanted", "left", "word"), [
    ([], ["a"], ["b:NoSchedule"], "untainted"),
    ([], ["a:NoExecute"], ["a=1:NoSchedule", "b:NoSchedule"], "untainted"),
    (["c=3:NoSchedule"], [], ["c=3:NoSchedule", "a=1:NoSchedule", "a=2:NoExecute", "b:NoSchedule"], "tainted"),
    (["a=9:NoSchedule"], [], ["a=9:NoSchedule", "a=2:NoExecute", "b:NoSchedule"], "untainted"),
    (["c=3:NoSchedule"], ["b"], ["c=3:NoSchedule", "a=1:NoSchedule", "a=2:NoExecute"], "modified"),
])  # fmt: skip
def test_which_taints_are_left(wanted: list[str], unwanted: list[str], left: list[str], word: str) -> None:
    def read(text: str) -> Taint:
        pair, _, effect = text.partition(":")
        key, _, value = pair.partition("=")
        return Taint(key, value, effect)

    taints, said = reorganized(OLD, [read(each) for each in wanted], [read(each) for each in unwanted])
    assert ([str(each) for each in taints], said) == (left, word)


def test_no_execute_drives_pods_away() -> None:
    cluster = workloads()
    cluster.kubectl("taint nodes node1 out:NoExecute")
    assert {pod.node.name for pod in cluster.pods if pod.name.startswith("web-")} == {"node2"}
