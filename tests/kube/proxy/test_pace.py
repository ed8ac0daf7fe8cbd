"""How often kube-proxy syncs."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.kube.proxy.pace import Pace
from k8snet.launch import shipped


def test_a_timer_that_rings_a_rounding_error_too_early_is_in_time() -> None:
    pace = Pace()
    assert pace.may_sync(5.0)
    assert not pace.may_sync(5.5)
    assert pace.delay(5.5)
    assert pace.may_sync(6.0 - 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_waits_for_ever(seed: int) -> None:
    cluster = Cluster(nodes=2, seed=seed)
    cluster.apply(shipped() / "manifests" / "web.yaml")
    for count in (6, 3, 2, 5, 1):
        cluster.pod("client").curl("http://10.96.0.20")  # the clock moves on by odd parts of a second
        cluster.kubectl(f"scale deployment web --replicas={count}")
        assert [len(node.outcomes("http://10.96.0.20")) for node in cluster.nodes] == [count] * 3
