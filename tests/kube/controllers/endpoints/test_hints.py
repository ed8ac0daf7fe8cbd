"""Hints: for whom an endpoint is, where a Service asks for what is near. Source: k8s.io/endpointslice, trafficdist."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.errors import NotModelled
from k8snet.kube.objects import ForNode, ForZone
from tests.kube.controllers.endpoints.pods import HTTP, change, cluster_of, pod, service, slices, stands
from tests.kube.controllers.toys import Cluster


@pytest.fixture
def cluster() -> Cluster:
    return cluster_of("a", "b", "")


DISTRIBUTIONS: list[Any] = [
    pytest.param(None, (None, None), (None, None), id="not said"),
    pytest.param("PreferClose", (["a"], None), (None, None), id="PreferClose"),
    pytest.param("PreferSameZone", (["a"], None), (None, None), id="PreferSameZone"),
    pytest.param("PreferSameNode", (["a"], ["n1"]), (None, ["n3"]), id="PreferSameNode"),
]


def hints(cluster: Cluster) -> list[tuple[list[str] | None, list[str] | None]]:
    """Of each endpoint, for which zones and nodes it is."""

    def names(each: list[ForZone] | list[ForNode] | None) -> list[str] | None:
        return [one.name for one in each] if each else None

    return [(names(each.hints.forZones), names(each.hints.forNodes)) if each.hints else (None, None)
            for one in slices(cluster) for each in one.endpoints or ()]  # fmt: skip


@pytest.mark.parametrize(("distribution", "in_zone", "without"), DISTRIBUTIONS)
def test_for_whom_an_endpoint_is(cluster: Cluster, distribution: str | None, in_zone: object, without: object) -> None:
    service(cluster, trafficDistribution=distribution)
    pod(cluster, "web-1", "10.244.1.2")
    pod(cluster, "web-3", "10.244.3.2", node="n3")
    assert hints(cluster) == [in_zone, without]


def test_hints_come_and_go_with_the_services_wish(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    for wish, found in (("PreferSameZone", (["a"], None)), ("PreferSameNode", (["a"], ["n1"])), (None, (None, None))):
        change(cluster, trafficDistribution=wish)
        assert hints(cluster) == [found]


def test_an_endpoint_that_is_not_ready_has_no_hints(cluster: Cluster) -> None:
    service(cluster, trafficDistribution="PreferSameZone")
    one = pod(cluster, "web-1", "10.244.1.2", ready=False)
    assert hints(cluster) == [(None, None)]
    stands(cluster, one, ready=True)
    cluster.settle()
    assert hints(cluster) == [(["a"], None)]


def test_hints_by_the_zones_share_are_not_modelled(cluster: Cluster) -> None:
    annotations = {"service.kubernetes.io/topology-mode": "Auto"}
    with pytest.raises(NotModelled, match="topology-mode: Auto"):
        cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "annotations": annotations},
                        "spec": {"selector": {"app": "web"}, "ports": [HTTP]}})
