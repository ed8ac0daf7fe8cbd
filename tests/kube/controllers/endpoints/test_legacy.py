"""The endpoint controller: the Endpoints of each Service. What must hold is upstream's: pkg/controller/endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.controllers.endpoints.subsets import MOST, count, repacked, truncated
from k8snet.kube.objects import EndpointAddress, Endpoints, EndpointSubset, SubsetPort, changed, known, meta
from tests.kube.controllers.endpoints.pods import cluster_of, endpoints, now, pod, service, stands
from tests.kube.controllers.toys import Cluster

OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
LABEL = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}


@pytest.fixture
def cluster() -> Cluster:
    return cluster_of()


def shown(found: Endpoints | None) -> list[tuple[list[str], list[str], list[tuple[str | None, int]]]]:
    """Of each subset the ready addresses, the others, and the ports."""
    return [([each.ip for each in one.addresses or ()], [each.ip for each in one.notReadyAddresses or ()],
             [(port.name, port.port) for port in one.ports or ()]) for one in known(found).subsets or ()]  # fmt: skip


def test_it_says_all_of_an_address(cluster: Cluster) -> None:
    service(cluster, labels={"tier": "front"})
    one = pod(cluster, "web-1", "10.244.1.2")
    found = known(endpoints(cluster))
    assert (meta(found).labels, meta(found).ownerReferences) == ({"tier": "front"} | LABEL, None)
    [subset] = found.subsets or []
    [address] = subset.addresses or []
    assert (address.ip, address.nodeName, known(address.targetRef).uid) == ("10.244.1.2", "n1", meta(one).uid)
    assert [(port.port, port.protocol) for port in subset.ports or ()] == [(8080, "TCP")]


def test_who_is_ready_and_who_is_not(cluster: Cluster) -> None:
    service(cluster)
    one = pod(cluster, "web-1", "10.244.1.2")
    pod(cluster, "web-2", "10.244.1.3", ready=False)
    assert shown(endpoints(cluster)) == [(["10.244.1.2"], ["10.244.1.3"], [(None, 8080)])]
    stands(cluster, one, ready=False)
    cluster.settle()
    assert shown(endpoints(cluster)) == [([], ["10.244.1.2", "10.244.1.3"], [(None, 8080)])]


def test_a_pod_that_is_to_go_is_out_at_once(cluster: Cluster) -> None:
    service(cluster)
    cluster.user.delete(pod(cluster, "web-1", "10.244.1.2"))
    cluster.settle()
    assert shown(endpoints(cluster)) == []


def test_but_not_where_all_are_published(cluster: Cluster) -> None:
    service(cluster, publishNotReadyAddresses=True)
    one = pod(cluster, "web-1", "10.244.1.2", ready=False)
    assert shown(endpoints(cluster)) == [(["10.244.1.2"], [], [(None, 8080)])]
    cluster.user.delete(now(cluster, one))
    cluster.settle()
    assert shown(endpoints(cluster)) == [(["10.244.1.2"], [], [(None, 8080)])]


def test_without_pods_there_are_no_subsets(cluster: Cluster) -> None:
    service(cluster)
    assert known(endpoints(cluster)).subsets is None


def test_named_ports_that_differ_make_more_subsets(cluster: Cluster) -> None:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 81, "targetPort": 9000}]
    service(cluster, ports=ports)
    pod(cluster, "a", "10.244.1.2", ports=[{"name": "http", "containerPort": 8080}])
    pod(cluster, "b", "10.244.1.3", ports=[{"name": "http", "containerPort": 8081}])
    assert shown(endpoints(cluster)) == [
        (["10.244.1.2"], [], [("http", 8080)]),
        (["10.244.1.3"], [], [("http", 8081)]),
        (["10.244.1.2", "10.244.1.3"], [], [("admin", 9000)]),
    ]


def test_a_headless_service_is_marked_and_needs_no_ports(cluster: Cluster) -> None:
    service(cluster, clusterIP="None", ports=[])
    pod(cluster, "web-1", "10.244.1.2")
    found = endpoints(cluster)
    assert shown(found) == [(["10.244.1.2"], [], [])]
    assert meta(found).labels == {"service.kubernetes.io/headless": ""} | LABEL


@pytest.mark.parametrize("spec", [
    pytest.param({"selector": {}}, id="without a selector"),
    pytest.param({"type": "ExternalName", "externalName": "example.com"}, id="another name"),
])
def test_others_have_none(cluster: Cluster, spec: dict[str, Any]) -> None:
    service(cluster, **spec)
    assert endpoints(cluster) is None


def test_they_go_with_their_service(cluster: Cluster) -> None:
    made = service(cluster)
    cluster.user.delete(made)
    cluster.settle()
    assert endpoints(cluster) is None
    assert cluster.plane.api.history.of("Endpoints")[-1].who == "endpoint-controller"


def test_those_whose_service_went_while_nobody_looked_go_too(cluster: Cluster) -> None:
    """Those that somebody else has made stay."""
    made = service(cluster)
    controller = cluster.component("endpoint-controller")
    controller.stop()
    cluster.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "mine"}})
    cluster.user.delete(made)
    cluster.settle()
    assert endpoints(cluster) is not None
    cluster.plane.start(controller)
    cluster.settle()
    assert cluster.names("Endpoints") == ["mine"]


def test_they_are_made_again_when_somebody_deletes_them(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    cluster.user.delete(endpoints(cluster))
    cluster.settle()
    assert shown(endpoints(cluster)) == [(["10.244.1.2"], [], [(None, 8080)])]


def test_what_changes_nothing_is_not_written(cluster: Cluster) -> None:
    service(cluster)
    one = pod(cluster, "web-1", "10.244.1.2")
    written = len(cluster.plane.api.history.of("Endpoints"))
    cluster.user.update(changed(one, metadata=changed(meta(one), annotations={"a": "b"})))
    cluster.plane.start(cluster.component("endpoint-controller"))
    cluster.settle()
    assert len(cluster.plane.api.history.of("Endpoints")) == written


def test_more_than_a_thousand_are_cut(cluster: Cluster) -> None:
    service(cluster)
    for number in range(MOST + 5):
        pod(cluster, f"web-{number}", f"10.{244 + number // 250}.1.{number % 250 + 1}", settle=False)
    cluster.settle()
    found = known(endpoints(cluster))
    assert count(found.subsets or ()) == MOST
    assert (meta(found).annotations or {})[OVER_CAPACITY] == "truncated"
    for number in range(10):
        cluster.user.delete(cluster.user.get("Pod", f"web-{number}"), grace=0)
    cluster.settle()
    found = known(endpoints(cluster))
    assert (count(found.subsets or ()), OVER_CAPACITY in (meta(found).annotations or {})) == (995, False)


# --- subsets ----------------------------------------------------------------------------------------------------------


def subset(ready: str, others: str, *ports: int) -> EndpointSubset:
    """A subset: the last octets of its addresses, and its ports."""
    lists = [[EndpointAddress(ip=f"10.1.1.{number}") for number in text.split()] or None for text in (ready, others)]
    return EndpointSubset(addresses=lists[0], notReadyAddresses=lists[1],
                          ports=[SubsetPort(port=port, protocol="TCP") for port in ports] or None)  # fmt: skip


REPACKED: list[Any] = [
    pytest.param([subset("1", "", 80), subset("2", "", 80)], [subset("1 2", "", 80)], id="the same ports"),
    pytest.param([subset("1", "", 80), subset("1", "", 81)], [subset("1", "", 80, 81)], id="the same address"),
    pytest.param([subset("1", "", 80), subset("2", "", 81)], [subset("1", "", 80), subset("2", "", 81)], id="neither"),
    pytest.param([subset("1", "", 80), subset("", "1", 80)], [subset("", "1", 80)], id="ready and not: not"),
    pytest.param([subset("1", "", 80), subset("", "1", 81)], [subset("1", "", 80), subset("", "1", 81)], id="ready by one port"),
    pytest.param([subset("1", ""), subset("2", "")], [subset("1 2", "")], id="no ports"),
    pytest.param([subset("2 1", "", 80)], [subset("1 2", "", 80)], id="sorted"),
    pytest.param([], [], id="none"),
]


@pytest.mark.parametrize(("subsets", "found"), REPACKED)
def test_the_canonical_form(subsets: list[EndpointSubset], found: list[EndpointSubset]) -> None:
    assert sorted(map(repr, map(_in_order, repacked(subsets)))) == sorted(map(repr, map(_in_order, found)))


def _in_order(one: EndpointSubset) -> EndpointSubset:
    return changed(one, ports=sorted(one.ports or (), key=lambda port: port.port))


@given(st.lists(st.tuples(st.sets(st.integers(1, 5)), st.sets(st.integers(1, 5)), st.sets(st.integers(80, 83))), max_size=5))
def test_packing_twice_is_packing_once(drawn: list[tuple[set[int], set[int], set[int]]]) -> None:
    subsets = [subset(" ".join(map(str, ready)), " ".join(map(str, others)), *ports) for ready, others, ports in drawn]
    once = repacked(subsets)
    assert repacked(once) == once


@pytest.mark.parametrize(("sizes", "found"), [
    pytest.param([(600, 0), (600, 0)], [(500, 0), (500, 0)], id="half of each"),
    pytest.param([(900, 0), (300, 0)], [(750, 0), (250, 0)], id="by their shares"),
    pytest.param([(1200, 300)], [(1000, 0)], id="those that are not ready go first"),
    pytest.param([(800, 300), (100, 100)], [(800, 75), (100, 25)], id="of these, by their shares"),
    pytest.param([(800, 200)], [(800, 200)], id="just enough"),
])
def test_what_is_cut(sizes: list[tuple[int, int]], found: list[tuple[int, int]]) -> None:
    def many(number: int) -> list[EndpointAddress]:
        return [EndpointAddress(ip=f"10.1.{at // 250}.{at % 250}") for at in range(number)]

    cut = truncated([EndpointSubset(addresses=many(ready), notReadyAddresses=many(others)) for ready, others in sizes])
    assert [(len(each.addresses or ()), len(each.notReadyAddresses or ())) for each in cut] == found
