"""When the EndpointSlice controller writes, and the time that it notes. Source: k8s.io/endpointslice, util."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8snet.kube.api import EPOCH
from k8snet.kube.objects import changed, meta
from tests.kube.controllers.endpoints.pods import cluster_of, now, only, pod, service, stands, told
from tests.kube.controllers.toys import Cluster


@pytest.fixture
def cluster() -> Cluster:
    return cluster_of("a", "b", "")


TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


def noted(cluster: Cluster) -> str | None:
    return (meta(only(cluster)).annotations or {}).get(TRIGGER)


def at(seconds: int) -> str:
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_it_notes_what_time_set_it_off(cluster: Cluster) -> None:
    """A new Service's own; then the earliest change of a pod that is news; none, where no time is (a pod that has gone)."""
    cluster.plane.sleep(5)
    service(cluster)
    assert noted(cluster) == at(5)
    cluster.plane.sleep(5)
    one = pod(cluster, "web-1", "10.244.1.2")
    assert noted(cluster) == at(10)
    cluster.component("endpointslice-controller").stop()
    cluster.plane.sleep(5)
    stands(cluster, one, ready=False)
    cluster.plane.sleep(5)
    pod(cluster, "web-2", "10.244.1.3")
    cluster.plane.start(cluster.component("endpointslice-controller"))
    cluster.settle()
    assert noted(cluster) == at(5), "it has begun anew, and takes the Service for a new one"
    cluster.plane.sleep(5)
    stands(cluster, one, ready=True)
    cluster.settle()
    assert noted(cluster) == at(25)
    cluster.user.delete(now(cluster, one), grace=0)
    cluster.settle()
    assert noted(cluster) is None


def test_what_changes_no_endpoint_is_not_written(cluster: Cluster) -> None:
    service(cluster)
    one = pod(cluster, "web-1", "10.244.1.2")
    written = len(cluster.plane.api.history.of("EndpointSlice"))
    cluster.user.update(changed(one, metadata=changed(meta(one), annotations={"a": "b"})))
    stands(cluster, one)
    cluster.settle()
    pod(cluster, "other", "10.244.1.9", app="other")
    cluster.plane.start(cluster.component("endpointslice-controller"))
    cluster.settle()
    assert len(cluster.plane.api.history.of("EndpointSlice")) == written


def test_a_pod_looks_at_its_services_alone(cluster: Cluster) -> None:
    """However many Services there are, a pod's write is a matter of those that select it."""
    for number in range(50):
        service(cluster, f"s{number}")
    one = pod(cluster, "s7-1", "10.244.1.2", app="s7")
    controller = cluster.component("endpointslice-controller").agent
    stands(cluster, one, ready=False)
    [write] = cluster.plane.api.history[-1:]
    assert list(controller.concerns(write)) == [("default", "s7")]


def test_it_starts_anew_and_finds_the_same(cluster: Cluster) -> None:
    service(cluster)
    controller = cluster.component("endpointslice-controller")
    controller.stop()
    one = pod(cluster, "web-1", "10.244.1.2")
    pod(cluster, "web-2", "10.244.1.3")
    cluster.user.delete(one, grace=0)
    cluster.settle()
    assert told(cluster) == []
    cluster.plane.start(controller)
    cluster.settle()
    assert told(cluster) == [("10.244.1.3", "ready serving")]
