"""Services in the API server: what a manifest becomes, what a change means, and what goes with a type."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.decoding import decode
from k8snet.kube.objects import Object, changed, to_dict
from tests.kube.plain import Server

Document = dict[str, Any]
PORTS: list[Document] = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]


@pytest.fixture
def client() -> Client:
    return Server().client()


def service(name: str = "web", **spec: Any) -> Object:
    spec = {"ports": [{"port": 80}], "clusterIP": "10.96.0.20"} | spec
    return decode({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


def spec_of(obj: Object) -> Document:
    spec: Document = to_dict(obj)["spec"]
    return spec


def change(client: Client, wishes: Document) -> Document:
    return spec_of(client.merge_patch("Service", "web", {"spec": wishes}))


def replace(client: Client, obj: Object) -> Document:
    return spec_of(client.update(obj))


INSIDE: Document = {"internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                    "sessionAffinity": "None", "clusterIP": "10.96.0.20", "clusterIPs": ["10.96.0.20"]}  # fmt: skip
PORT: Document = {"port": 80, "protocol": "TCP", "targetPort": 80}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, {"type": "ClusterIP", "ports": [PORT], **INSIDE}, id="ClusterIP"),
        pytest.param(
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]},
            {"type": "NodePort", "externalTrafficPolicy": "Cluster", "ports": [PORT | {"nodePort": 30080}], **INSIDE},
            id="NodePort",
        ),
        pytest.param(
            {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
            {"type": "LoadBalancer", "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True,
             "ports": [PORT | {"nodePort": 30080}], **INSIDE},
            id="LoadBalancer",
        ),
        pytest.param(
            {"type": "ExternalName", "externalName": "example.com", "clusterIP": "", "ports": []},
            {"type": "ExternalName", "externalName": "example.com", "sessionAffinity": "None", "clusterIP": "", "ports": []},
            id="ExternalName",
        ),
        pytest.param(
            {"clusterIP": "None", "selector": {"app": "web"}},
            {"type": "ClusterIP", "ports": [PORT], **INSIDE, "clusterIP": "None", "clusterIPs": ["None"],
             "selector": {"app": "web"}},
            id="headless",
        ),
        pytest.param(
            {"externalIPs": ["198.51.100.7"]},
            {"type": "ClusterIP", "ports": [PORT], **INSIDE, "externalIPs": ["198.51.100.7"],
             "externalTrafficPolicy": "Cluster"},
            id="external addresses",
        ),
        pytest.param(
            {"sessionAffinity": "ClientIP"},
            {"type": "ClusterIP", "ports": [PORT], **INSIDE, "sessionAffinity": "ClientIP",
             "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}},
            id="clients stay",
        ),
        pytest.param(
            {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}, {"type": "ClusterIP", "ports": [PORT], **INSIDE},
            id="nobody stays",
        ),
        pytest.param(
            {"ports": [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
                       {"name": "sig", "port": 3868, "protocol": "SCTP"}]},
            {"type": "ClusterIP", **INSIDE, "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
                {"name": "sig", "port": 3868, "protocol": "SCTP", "targetPort": 3868}]},
            id="ports of all kinds",
        ),
    ],
)  # fmt: skip
def test_what_a_manifest_becomes(client: Client, spec: Document, expected: Document) -> None:
    made = client.create(service(**spec))
    assert spec_of(made) == expected
    assert made.metadata.generation is None
    assert replace(client, made) == expected
    client.delete(made)
    assert client.find("Service", "web") is None


def test_a_status_is_not_wished_for(client: Client) -> None:
    wish = changed(service(), status=decode({"apiVersion": "v1", "kind": "Service", "status": BALANCED}).status)
    assert client.create(wish).status is None


# --- who sends the same again -------------------------------------------------------------------------------------


def test_an_address_and_ports_stay_when_nobody_speaks_of_them(client: Client) -> None:
    bare = service(type="LoadBalancer", clusterIP="", ports=PORTS, externalTrafficPolicy="Local")
    made = spec_of(client.create(bare))
    assert replace(client, bare) == made


def test_ports_are_known_by_their_names(client: Client) -> None:
    made = spec_of(client.create(service(type="NodePort", ports=PORTS)))
    http, https = (port["nodePort"] for port in made["ports"])
    turned = replace(client, service(type="NodePort", ports=[PORTS[1], {"name": "http", "port": 8080}]))
    assert [(port["port"], port["nodePort"]) for port in turned["ports"]] == [(443, https), (8080, http)]


def test_a_port_that_is_passed_on_is_not_given_back(client: Client) -> None:
    """One port takes the other's number by name; the other one gets a new one."""
    made = spec_of(client.create(service(type="NodePort", ports=PORTS)))
    http, https = (port["nodePort"] for port in made["ports"])
    turned = replace(client, service(type="NodePort", ports=[PORTS[0] | {"nodePort": https}, PORTS[1]]))
    given = [port["nodePort"] for port in turned["ports"]]
    assert given[0] == https
    assert given[1] not in (http, https)


# --- other types --------------------------------------------------------------------------------------------------


def test_through_all_types_and_back(client: Client) -> None:
    """Each type builds on the one before, so the address stays, and the ports until they are not needed."""
    client.create(service())
    ports = change(client, {"type": "NodePort"})["ports"]
    balanced = change(client, {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerClass": "mine"})
    assert balanced["ports"] == ports
    assert {"healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"} <= balanced.keys()
    again = change(client, {"type": "NodePort"})
    assert again["ports"] == ports
    assert not {"healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"} & again.keys()
    assert change(client, {"type": "ClusterIP"}) == {"type": "ClusterIP", "ports": [PORT], **INSIDE}


def test_a_name_and_back(client: Client) -> None:
    client.create(service())
    named = change(client, {"type": "ExternalName", "externalName": "example.com"})
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & {key for key, value in named.items() if value}
    back = change(client, {"type": "ClusterIP", "externalName": None})
    assert back["clusterIPs"] == [back["clusterIP"]] != ["10.96.0.20"]
    assert back["ipFamilies"] == ["IPv4"]


def test_what_is_changed_with_the_type_is_not_dropped(client: Client) -> None:
    client.create(service(type="NodePort"))
    words = r"spec.ports\[0\].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    with pytest.raises(ApiError, match=words):
        change(client, {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": 30001}]})


def test_external_addresses_and_their_policy_go_together(client: Client) -> None:
    client.create(service(externalIPs=["198.51.100.7"]))
    assert "externalTrafficPolicy" not in change(client, {"externalIPs": None})


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        pytest.param(
            {"clusterIP": "10.96.0.21"}, r'spec.clusterIPs\[0\]: Invalid value: \["10.96.0.21"\]: may not change once set',
            id="another address",
        ),
        pytest.param(
            {"clusterIP": "None"}, r'spec.clusterIPs\[0\]: Invalid value: \["None"\]: may not change once set', id="headless",
        ),
        pytest.param(
            {"ipFamilies": ["IPv6"]}, r'spec.clusterIPs\[0\]: Invalid value: "10.96.0.20": expected an IPv6 value as indicated',
            id="the other family",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_changed(client: Client, wishes: Document, words: str) -> None:
    client.create(service())
    with pytest.raises(ApiError, match=words):
        change(client, wishes)


# --- a load balancer's addresses ----------------------------------------------------------------------------------

BALANCED: Document = {"loadBalancer": {"ingress": [{"ip": "198.51.100.80"}]}}


def balanced(obj: Object, status: Document = BALANCED) -> Object:
    return changed(obj, status=decode({"apiVersion": "v1", "kind": "Service", "status": status}).status)


def test_a_balancer_tells_its_address(client: Client) -> None:
    """It goes into the status, and says how packets come: with that address as their destination."""
    after = client.update_status(balanced(client.create(service(type="LoadBalancer"))))
    assert to_dict(after)["status"] == {"loadBalancer": {"ingress": [{"ip": "198.51.100.80", "ipMode": "VIP"}]}}
    assert change(client, {"sessionAffinity": "ClientIP"})["type"] == "LoadBalancer"
    assert client.get("Service", "web").status == after.status


def test_an_address_that_is_none(client: Client) -> None:
    made = client.create(service(type="LoadBalancer"))
    words = r'Service "web" is invalid: status.loadBalancer.ingress\[0\].ip: Invalid value: "web": must be a valid IP address'
    with pytest.raises(ApiError, match=words):
        client.update_status(balanced(made, {"loadBalancer": {"ingress": [{"ip": "web"}]}}))


def test_the_balancers_address_goes_with_the_type(client: Client) -> None:
    client.update_status(balanced(client.create(service(type="LoadBalancer"))))
    change(client, {"type": "ClusterIP"})
    assert client.get("Service", "web").status.loadBalancer is None
    with pytest.raises(ApiError, match=r"may only be used when `spec.type` is 'LoadBalancer'"):
        client.update_status(balanced(client.get("Service", "web")))


def test_a_conflict_is_told_before_anything_is_allocated(client: Client) -> None:
    made = client.create(service(type="NodePort"))
    change(client, {"sessionAffinity": "ClientIP"})
    made.spec.ports[0].nodePort = 1
    with pytest.raises(ApiError, match="the object has been modified"):
        client.update(made)
