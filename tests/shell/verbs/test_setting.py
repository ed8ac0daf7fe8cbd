"""kubectl set image."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.errors import NotModelled
from tests.shell.verbs.beside import check, workloads

STORY = """
    set foo
    set image
    set image a=b
    set image deploy/web
    set image deploy/web nginx=nginx:1.29
    set image deploy/web nginx=nginx:1.29
    get deploy web -o jsonpath={.spec.template.spec.containers[0].image}
    set image deploy/web x=nginx:1
    set image deploy/web x=nginx:1 y=z
    set image deploy/web nginx=nginx:1.27 x=y
    set image deploy/web *=nginx:1.28
    set image deploy/web *=nginx:1.28 a=b
    set image deploy web nginx=nginx:1.27 --dry-run=client
    set image deploy web nginx=nginx:1.27 --dry-run=server
    set image deploy/web nginx=nginx:1.27 --dry-run=client -o name
    set image deploy/web nginx=nginx:1.27 --dry-run=client -o yaml
    set image deploy/web nginx=nginx:1.27 -o yaml
    set image pod/two a=nginx:1.27
    set image pod/two *=nginx:1.28
    get pod two -o jsonpath={.spec.containers[*].image}
    set image cm/cm a=b
    set image deploy/nope a=b
    set image deploy/web deploy/nope nginx=b
    set image deploy,pod web nginx=b
    set image deploy,ds --all nginx=nginx:1.20
    set image deploy --all -l a=b nginx=nginx:2
    set image deploy -l a=b nginx=nginx:2
    set image deploy nginx=nginx:2
    set image deploy/web nginx-
    set image deploy/web =a
    set image a=b deploy/web
    set image deploy/web nginx=
    set image ds/ds sleep=busybox:1.36
"""


def test_the_real_one_prints_the_same() -> None:
    check(workloads(), STORY)


@pytest.mark.parametrize("what", ["env", "resources", "serviceaccount", "subject"])
def test_the_others_of_the_family_are_not_modelled(what: str) -> None:
    with pytest.raises(NotModelled, match=f"kubectl set {what}"):
        Cluster(nodes=1).kubectl(f"set {what} deploy/web A=b")


def test_the_order_of_containers_stays() -> None:
    cluster = workloads()
    cluster.kubectl("set image pod/two b=nginx")
    assert [each.name for each in cluster.pod("two").object.spec.containers] == ["a", "b"]
