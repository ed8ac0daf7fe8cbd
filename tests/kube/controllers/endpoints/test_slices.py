"""The EndpointSlice controller: which pods are behind a Service, and how they stand.

What must hold is upstream's: pkg/controller/endpointslice, k8s.io/endpointslice (reconciler_test.go, utils_test.go).
"""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import Namespace, ObjectMeta, changed, known, meta
from tests.kube.controllers.endpoints.pods import HTTP, change, cluster_of, now, only, pod, service, slices, stands, told
from tests.kube.controllers.toys import Cluster


@pytest.fixture
def cluster() -> Cluster:
    return cluster_of("a", "b", "")


# --- one pod ----------------------------------------------------------------------------------------------------------


def test_a_slice_says_all_of_an_endpoint(cluster: Cluster) -> None:
    made = service(cluster, labels={"tier": "front"})
    one = pod(cluster, "web-1", "10.244.1.2")
    found = only(cluster)
    about = meta(found)
    assert about.labels == {"tier": "front", "kubernetes.io/service-name": "web",
                            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
    assert (about.name or "").startswith("web-")
    assert (len(about.name or ""), about.generateName) == (9, "web-")
    [owner] = about.ownerReferences or []
    assert (owner.kind, owner.name, owner.uid, owner.controller, owner.blockOwnerDeletion) == (
        "Service", "web", meta(made).uid, True, True)
    assert [(port.name, port.port, port.protocol) for port in found.ports or ()] == [("", 8080, "TCP")]
    [endpoint] = found.endpoints or []
    assert (endpoint.addresses, endpoint.nodeName, endpoint.zone, endpoint.hostname) == (["10.244.1.2"], "n1", "a", None)
    target = known(endpoint.targetRef)
    assert (target.kind, target.namespace, target.name, target.uid) == ("Pod", "default", "web-1", meta(one).uid)
    assert found.addressType == "IPv4"


STANDINGS: list[Any] = [
    pytest.param({}, {}, "ready serving", id="ready"),
    pytest.param({"ready": False}, {}, "", id="not ready"),
    pytest.param({"ready": False}, {"publishNotReadyAddresses": True}, "ready", id="not ready, published all the same"),
]


@pytest.mark.parametrize(("state", "spec", "conditions"), STANDINGS)
def test_how_a_pod_stands(cluster: Cluster, state: dict[str, Any], spec: dict[str, Any], conditions: str) -> None:
    service(cluster, **spec)
    pod(cluster, "web-1", "10.244.1.2", **state)
    assert told(cluster) == [("10.244.1.2", conditions)]


@pytest.mark.parametrize(("published", "conditions"), [
    pytest.param(False, ["serving terminating", "terminating"], id="as it is"),
    pytest.param(True, ["ready serving terminating", "ready terminating"], id="published"),
])
def test_a_pod_that_is_to_go_serves_as_long_as_it_is_ready(cluster: Cluster, published: bool, conditions: list[str]) -> None:
    service(cluster, publishNotReadyAddresses=published)
    one = pod(cluster, "web-1", "10.244.1.2")
    cluster.user.delete(one)
    cluster.settle()
    assert told(cluster) == [("10.244.1.2", conditions[0])]
    stands(cluster, one, ready=False)
    cluster.settle()
    assert told(cluster) == [("10.244.1.2", conditions[1])]
    cluster.user.delete(now(cluster, one), grace=0)
    cluster.settle()
    assert told(cluster) == []


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_no_endpoint(cluster: Cluster, phase: str) -> None:
    service(cluster)
    one = pod(cluster, "web-1", "10.244.1.2")
    stands(cluster, one, ready=False, phase=phase)
    cluster.settle()
    assert told(cluster) == []


def test_a_pod_without_an_address_is_no_endpoint(cluster: Cluster) -> None:
    service(cluster)
    one = pod(cluster, "web-1")
    assert told(cluster) == []
    stands(cluster, one, ip="10.244.1.2", ready=False)
    cluster.settle()
    assert told(cluster) == [("10.244.1.2", "")]


def test_it_becomes_ready_and_not_ready(cluster: Cluster) -> None:
    service(cluster)
    one = pod(cluster, "web-1", "10.244.1.2", ready=False)
    for ready, conditions in ((True, "ready serving"), (False, ""), (True, "ready serving")):
        stands(cluster, one, ready=ready)
        cluster.settle()
        assert told(cluster) == [("10.244.1.2", conditions)]


def test_labels_that_change_bring_a_pod_to_another_service(cluster: Cluster) -> None:
    service(cluster)
    service(cluster, "other")
    one = pod(cluster, "web-1", "10.244.1.2")
    cluster.user.update(changed(one, metadata=changed(meta(one), labels={"app": "other"})))
    cluster.settle()
    assert (told(cluster), told(cluster, "other")) == ([], [("10.244.1.2", "ready serving")])


def test_pods_of_another_namespace_are_not_meant(cluster: Cluster) -> None:
    service(cluster)
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "other"},
                    "spec": {"selector": {"app": "web"}, "ports": [HTTP]}})
    pod(cluster, "web-1", "10.244.1.2")
    [theirs] = cluster.user.list("EndpointSlice", "other")
    assert theirs.endpoints is None
    assert told(cluster) == [("10.244.1.2", "ready serving")]


HOSTNAMES: list[Any] = [
    pytest.param({"hostname": "web-0", "subdomain": "web"}, "web-0", id="both"),
    pytest.param({"hostname": "web-0", "subdomain": "other"}, None, id="another subdomain"),
    pytest.param({"hostname": "web-0"}, None, id="no subdomain"),
    pytest.param({"subdomain": "web"}, None, id="no hostname"),
]


@pytest.mark.parametrize(("spec", "hostname"), HOSTNAMES)
def test_a_pod_whose_subdomain_is_the_service_has_a_name(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any], hostname: str | None,
) -> None:  # fmt: skip
    monkeypatch.setattr("k8snet.kube.effect.POD", {})  # the model takes no pod with a name of its own as yet
    service(cluster)
    pod(cluster, "web-0", "10.244.1.2", **spec)
    [endpoint] = only(cluster).endpoints or []
    assert endpoint.hostname == hostname


def test_a_pod_whose_node_is_gone_is_left_out_until_it_is_back(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    cluster.component("pod-garbage-collector").stop()
    cluster.user.delete(cluster.user.get("Node", "n1", ""))
    pod(cluster, "web-2", "10.244.2.2", node="n2")
    assert told(cluster) == [("10.244.2.2", "ready serving")]
    assert cluster.events("FailedToUpdateEndpointSlices") == [
        "Error updating Endpoint Slices for Service default/web: "
        "skipping Pod web-1 for Service default/web: Node n1 Not Found"]
    cluster.add_node("n1")
    cluster.plane.sleep(4)
    assert told(cluster) == [("10.244.2.2", "ready serving"), ("10.244.1.2", "ready serving")]


# --- ports ------------------------------------------------------------------------------------------------------------

NAMED = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 81, "targetPort": "admin"}]


def by_ports(cluster: Cluster) -> list[tuple[list[tuple[str | None, int | None]], list[str]]]:
    return [([(port.name, port.port) for port in one.ports or ()],
             [known(each.addresses)[0] for each in one.endpoints or ()]) for one in slices(cluster)]


def test_named_ports_are_those_of_each_pod(cluster: Cluster) -> None:
    """Pods that differ in their ports are in different slices; a port that a pod lacks is left out."""
    service(cluster, ports=NAMED)
    pod(cluster, "a", "10.244.1.2", ports=[{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9000}])
    pod(cluster, "b", "10.244.1.3", ports=[{"name": "http", "containerPort": 8081}])
    pod(cluster, "c", "10.244.1.4", ports=[{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9000}])
    assert sorted(by_ports(cluster)) == [
        ([("http", 8080), ("admin", 9000)], ["10.244.1.2", "10.244.1.4"]),
        ([("http", 8081)], ["10.244.1.3"]),
    ]  # fmt: skip


TARGETS: list[Any] = [
    pytest.param("http", [{"name": "http", "containerPort": 8080}], [8080], id="a name"),
    pytest.param("http", [{"name": "http", "containerPort": 8080, "protocol": "UDP"}], [], id="of another protocol"),
    pytest.param("web", [{"name": "http", "containerPort": 8080}], [], id="no such name"),
    pytest.param(9090, [{"name": "http", "containerPort": 8080}], [9090], id="a number that no container tells"),
]


@pytest.mark.parametrize(("target", "ports", "found"), TARGETS)
def test_where_a_port_leads(cluster: Cluster, target: str | int, ports: list[dict[str, Any]], found: list[int]) -> None:
    service(cluster, ports=[{"port": 80, "targetPort": target}])
    pod(cluster, "web-1", "10.244.1.2", ports=ports)
    assert [port.port for port in only(cluster).ports or ()] == found
    assert told(cluster) == [("10.244.1.2", "ready serving")]


def test_a_sidecar_has_ports_too(cluster: Cluster) -> None:
    service(cluster, ports=[{"port": 80, "targetPort": "proxy"}])
    sidecar = {"name": "proxy", "image": "nginx", "restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 15001}]}
    pod(cluster, "web-1", "10.244.1.2", initContainers=[sidecar])
    assert [port.port for port in only(cluster).ports or ()] == [15001]


def test_ports_stand_in_the_order_of_their_hashes(cluster: Cluster) -> None:
    """As ``kubectl get endpointslices`` has them in any newer cluster: 53,53,9153 for kube-dns."""
    service(cluster, ports=[{"name": "metrics", "port": 9153}, {"name": "dns-tcp", "port": 53},
                            {"name": "dns", "port": 53, "protocol": "UDP"}])
    pod(cluster, "dns-1", "10.244.1.2")
    assert [port.name for port in only(cluster).ports or ()] == ["dns", "dns-tcp", "metrics"]


def test_a_changed_port_changes_the_slice_in_its_place(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    before = only(cluster)
    spec = known(cluster.user.get("Service", "web").spec)
    change(cluster, ports=[changed(spec.ports[0], targetPort=9090)])
    after = only(cluster)
    assert (meta(after).name, meta(after).uid) == (meta(before).name, meta(before).uid)
    assert [port.port for port in after.ports or ()] == [9090]
    assert meta(after).generation == (meta(before).generation or 0) + 1


# --- kinds of Services ------------------------------------------------------------------------------------------------


def test_a_service_without_endpoints_has_one_empty_slice(cluster: Cluster) -> None:
    service(cluster)
    place = only(cluster)
    assert (place.endpoints, place.ports) == (None, None)
    one = pod(cluster, "web-1", "10.244.1.2")
    assert meta(only(cluster)).name == meta(place).name
    cluster.user.delete(one, grace=0)
    cluster.settle()
    assert meta(only(cluster)).name == meta(place).name
    assert (only(cluster).endpoints or None, only(cluster).ports) == (None, None)


def test_a_headless_service_is_marked(cluster: Cluster) -> None:
    service(cluster, clusterIP="None")
    pod(cluster, "web-1", "10.244.1.2")
    assert (meta(only(cluster)).labels or {})["service.kubernetes.io/headless"] == ""


def test_a_headless_service_needs_no_ports(cluster: Cluster) -> None:
    service(cluster, clusterIP="None", ports=[])
    place = only(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    assert (only(cluster).ports, told(cluster)) == (None, [("10.244.1.2", "ready serving")])
    assert meta(only(cluster)).name == meta(place).name


@pytest.mark.parametrize("spec", [
    pytest.param({"selector": {}}, id="without a selector"),
    pytest.param({"type": "ExternalName", "externalName": "example.com"}, id="another name"),
])
def test_others_have_no_slices(cluster: Cluster, spec: dict[str, Any]) -> None:
    pod(cluster, "web-1", "10.244.1.2")
    service(cluster, **spec)
    assert slices(cluster) == []


def test_a_selector_that_changes_brings_other_pods(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    pod(cluster, "other-1", "10.244.1.3", app="other")
    change(cluster, selector={"app": "other"})
    assert told(cluster) == [("10.244.1.3", "ready serving")]


def test_the_slices_go_with_their_service(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    cluster.user.delete(cluster.user.get("Service", "web"))
    cluster.settle()
    assert slices(cluster) == []
    assert cluster.plane.api.history.of("EndpointSlice")[-1].who == "generic-garbage-collector"


def test_the_services_labels_are_copied(cluster: Cluster) -> None:
    made = service(cluster, labels={"tier": "front", "kubernetes.io/service-name": "mine"})
    pod(cluster, "web-1", "10.244.1.2")
    cluster.user.update(changed(made, metadata=changed(meta(made), labels={"tier": "back"})))
    cluster.settle()
    assert meta(only(cluster)).labels == {"tier": "back", "kubernetes.io/service-name": "web",
                                          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}


def test_what_others_do_to_its_slices_is_undone(cluster: Cluster) -> None:
    service(cluster)
    pod(cluster, "web-1", "10.244.1.2")
    cluster.user.update(changed(only(cluster), endpoints=[]))
    cluster.settle()
    assert told(cluster) == [("10.244.1.2", "ready serving")]
    cluster.user.delete(only(cluster))
    cluster.settle()
    assert told(cluster) == [("10.244.1.2", "ready serving")]


def test_a_namespace_that_goes_takes_all_with_it(cluster: Cluster) -> None:
    cluster.user.create(Namespace(metadata=ObjectMeta(name="shop")))
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
                    "spec": {"selector": {"app": "web"}, "ports": [HTTP]}})
    cluster.settle()
    assert len(cluster.names("EndpointSlice", "shop")) == 1
    cluster.user.delete(cluster.user.get("Namespace", "shop", ""))
    cluster.settle()
    assert cluster.user.find("Namespace", "shop", "") is None
