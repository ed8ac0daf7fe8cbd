"""The EndpointSlice mirroring controller: slices of Endpoints that somebody has written by hand.

What must hold is upstream's: pkg/controller/endpointslicemirroring.
"""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import Endpoints, EndpointSlice, Service, changed, known, meta
from tests.kube.controllers.endpoints.pods import cluster_of, pod, service, slices
from tests.kube.controllers.toys import Cluster

SUBSET = {"addresses": [{"ip": "192.0.2.7"}], "notReadyAddresses": [{"ip": "192.0.2.8", "hostname": "spare"}],
          "ports": [{"name": "http", "port": 8080}]}  # fmt: skip


@pytest.fixture
def cluster() -> Cluster:
    return cluster_of()


def written(cluster: Cluster, *subsets: dict[str, Any], **about: Any) -> Endpoints:
    """Write Endpoints by hand for the Service web."""
    made: Endpoints = cluster.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web", **about},
                                      "subsets": list(subsets or [SUBSET])})  # fmt: skip
    cluster.settle()
    return made


def shown(one: EndpointSlice) -> tuple[list[tuple[str, bool | None]], list[int | None]]:
    """The endpoints, each with whether it is ready, and the ports."""
    return ([(known(each.addresses)[0], each.conditions.ready if each.conditions else None) for each in one.endpoints or ()],
            [port.port for port in one.ports or ()])


def test_what_is_written_by_hand_is_mirrored(cluster: Cluster) -> None:
    service(cluster, selector=None)
    made = written(cluster, labels={"mine": "yes"}, annotations={"note": "a"})
    [found] = slices(cluster)
    about = meta(found)
    assert about.labels == {"mine": "yes", "kubernetes.io/service-name": "web",
                            "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io"}
    assert about.annotations == {"note": "a"}
    [owner] = about.ownerReferences or []
    assert (owner.kind, owner.uid, owner.controller) == ("Endpoints", meta(made).uid, True)
    assert shown(found) == ([("192.0.2.7", True), ("192.0.2.8", False)], [8080])
    assert [each.hostname for each in found.endpoints or ()] == [None, "spare"]


def test_each_subset_has_a_slice(cluster: Cluster) -> None:
    service(cluster, selector=None)
    written(cluster, SUBSET, {"addresses": [{"ip": "192.0.2.9"}], "ports": [{"port": 9000}]})
    assert sorted(map(shown, slices(cluster))) == [
        ([("192.0.2.7", True), ("192.0.2.8", False)], [8080]), ([("192.0.2.9", True)], [9000])]


def test_families_are_apart(cluster: Cluster) -> None:
    service(cluster, selector=None)
    written(cluster, {"addresses": [{"ip": "192.0.2.9"}, {"ip": "2001:db8::9"}], "ports": [{"port": 9000}]})
    assert [(each.addressType, shown(each)[0]) for each in slices(cluster)] == [
        ("IPv4", [("192.0.2.9", True)]), ("IPv6", [("2001:db8::9", True)])]


def test_changes_are_followed_in_the_same_slice(cluster: Cluster) -> None:
    service(cluster, selector=None)
    made = written(cluster)
    [before] = slices(cluster)
    subset = (made.subsets or [])[0]
    cluster.user.update(changed(made, subsets=[changed(subset, notReadyAddresses=None)]))
    cluster.settle()
    [after] = slices(cluster)
    assert (meta(after).uid, shown(after)) == (meta(before).uid, ([("192.0.2.7", True)], [8080]))
    fresh: Endpoints = cluster.user.get("Endpoints", "web")
    cluster.user.update(changed(fresh, subsets=[changed(subset, ports=[changed((subset.ports or [])[0], port=9090)])]))
    cluster.settle()
    [after] = slices(cluster)
    assert (meta(after).uid, shown(after)[1]) == (meta(before).uid, [9090])


NOT_MIRRORED: list[Any] = [
    pytest.param({"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}, id="which say so"),
    pytest.param({"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}, id="by which a leader is chosen"),
]


@pytest.mark.parametrize("about", NOT_MIRRORED)
def test_some_are_not_mirrored(cluster: Cluster, about: dict[str, Any]) -> None:
    service(cluster, selector=None)
    written(cluster, **about)
    assert slices(cluster) == []


def test_those_without_a_service_wait_for_it(cluster: Cluster) -> None:
    written(cluster)
    assert slices(cluster) == []
    service(cluster, selector=None)
    assert len(slices(cluster)) == 1


def test_those_of_a_service_with_a_selector_are_the_other_controllers(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    managers = {(meta(each).labels or {})["endpointslice.kubernetes.io/managed-by"] for each in slices(cluster)}
    assert managers == {"endpointslice-controller.k8s.io"}


def test_they_go_when_the_service_gets_a_selector_or_goes(cluster: Cluster) -> None:
    made: Service = service(cluster, selector=None)
    written(cluster)
    cluster.user.update(changed(made, spec=changed(known(made.spec), selector={"app": "web"})))
    cluster.settle()
    [one] = slices(cluster)
    assert (meta(one).labels or {})["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io"


@pytest.mark.parametrize("kind", ["Endpoints", "Service"])
def test_they_go_with_the_endpoints_and_with_the_service(cluster: Cluster, kind: str) -> None:
    service(cluster, selector=None)
    written(cluster)
    cluster.user.delete(cluster.user.get(kind, "web"))
    cluster.settle()
    assert slices(cluster) == []


def test_what_others_do_to_a_mirror_is_undone(cluster: Cluster) -> None:
    service(cluster, selector=None)
    written(cluster)
    [found] = slices(cluster)
    cluster.user.update(changed(found, endpoints=[]))
    cluster.settle()
    assert shown(slices(cluster)[0])[0] == [("192.0.2.7", True), ("192.0.2.8", False)]
    cluster.user.delete(slices(cluster)[0])
    cluster.settle()
    assert len(slices(cluster)) == 1


def test_a_slice_by_hand_is_nobodys_business(cluster: Cluster) -> None:
    """A learner's own slice for a Service without a selector stays as it is."""
    service(cluster, selector=None)
    cluster.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                    "metadata": {"name": "mine", "labels": {"kubernetes.io/service-name": "web"}},
                    "endpoints": [{"addresses": ["192.0.2.7"]}], "ports": [{"port": 8080}]})  # fmt: skip
    cluster.settle()
    [found] = slices(cluster)
    assert (meta(found).name, [(port.name, port.protocol) for port in found.ports or ()]) == ("mine", [("", "TCP")])


def test_too_many_are_told_of(cluster: Cluster) -> None:
    service(cluster, selector=None)
    written(cluster, {"addresses": [{"ip": f"10.1.{at // 250}.{at % 250 + 1}"} for at in range(1003)], "ports": [{"port": 80}]})
    [found] = slices(cluster)
    assert len(found.endpoints or ()) == 1000
    assert cluster.events("TooManyAddressesToMirror") == [
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped"]
