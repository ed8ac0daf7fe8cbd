"""ClusterIPs and node ports: what is given, what is refused, and that all of it follows from the Services that there are."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from k8snet.errors import ApiError
from k8snet.kube import site
from k8snet.kube.allocation import Ranges
from k8snet.kube.api import Api
from k8snet.kube.assembly import Assembly
from k8snet.kube.client import Client
from k8snet.kube.decoding import decode
from k8snet.kube.objects import Namespace, Object, ObjectMeta, changed
from k8snet.linux.address import Ip, Network

Document = dict[str, Any]
NETWORK = Network.parse("10.96.0.0/16")
IP_TAKEN, PORT_TAKEN = "provided IP is already allocated", "provided port is already allocated"
OTHER_NETWORK = "the provided network does not match the current range"
OUT_OF_RANGE = "provided port is not in the valid range. The range of valid ports is 30000-32767"


def server(seed: int = 0, **ranges: Any) -> Client:
    """A server in somebody's name, with the namespace default."""
    client = Client(Api(lambda: 0.0, lambda write: None, seed, Ranges(**ranges)), "kubectl", apart=True)
    client.create(Namespace(metadata=ObjectMeta(name="default")))
    return client


def service(name: str = "web", **spec: Any) -> Object:
    spec = {"ports": [{"port": 80}]} | spec
    return decode({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


def node_ports(obj: Object) -> list[int]:
    return [port.nodePort for port in obj.spec.ports]


def change(client: Client, wishes: Document, name: str = "web") -> Object:
    return client.merge_patch("Service", name, {"spec": wishes})


@contextmanager
def refused(client: Client, words: str, name: str = "web") -> Iterator[None]:
    """The server says no in these words, and nothing has changed."""
    before = client.api.store.version
    with pytest.raises(ApiError) as error:
        yield
    assert str(error.value) == (words if words.startswith("Internal") else f'Service "{name}" is invalid: {words}')
    assert client.api.store.version == before


# --- addresses ----------------------------------------------------------------------------------------------------


def test_an_address_is_given() -> None:
    spec = server().create(service()).spec
    assert Ip(spec.clusterIP) in NETWORK
    assert (spec.clusterIPs, spec.ipFamilies, spec.ipFamilyPolicy) == ([spec.clusterIP], ["IPv4"], "SingleStack")


def test_addresses_differ_and_are_the_same_in_each_run() -> None:
    runs = [[client.create(service(f"web-{number}")).spec.clusterIP for number in range(500)] for client in (server(), server())]
    assert len(set(runs[0])) == 500
    assert runs[0] == runs[1]
    assert server(seed=1).create(service("web-0")).spec.clusterIP != runs[0][0]


def test_the_lower_end_is_for_those_who_choose() -> None:
    """KEP-3070: of a /16 the first 256 addresses are given out last."""
    client = server()
    given = [Ip(client.create(service(f"web-{number}")).spec.clusterIP) for number in range(500)]
    assert min(given) > Ip("10.96.1.0")
    assert client.create(service("mine", clusterIP="10.96.0.20")).spec.clusterIPs == ["10.96.0.20"]


def test_the_whole_range_is_used_and_then_none_is_left() -> None:
    client = server(addresses="10.96.0.0/27")
    given = [client.create(service(f"web-{number}")).spec.clusterIP for number in range(30)]
    assert {Ip(ip) for ip in given[:14]} == {Ip(Ip("10.96.0.17") + number) for number in range(14)}
    assert {Ip(ip) for ip in given} == {Ip(Ip("10.96.0.1") + number) for number in range(30)}
    with refused(client, "Internal error occurred: failed to allocate a serviceIP: range is full"):
        client.create(service())


@pytest.mark.parametrize(
    ("ip", "why"),
    [
        pytest.param("10.96.0.20", IP_TAKEN, id="somebody's"),
        pytest.param("10.97.0.1", OTHER_NETWORK, id="outside"),
        pytest.param("10.96.0.0", OTHER_NETWORK, id="the network's own"),
        pytest.param("10.96.255.255", OTHER_NETWORK, id="the last one"),
    ],
)
def test_addresses_that_cannot_be_had(ip: str, why: str) -> None:
    client = server()
    client.create(service(clusterIP="10.96.0.20"))
    with refused(client, f'spec.clusterIPs: Invalid value: ["{ip}"]: failed to allocate IP {ip}: {why}', "other"):
        client.create(service("other", clusterIP=ip))


def test_the_first_address_is_the_api_servers_own() -> None:
    assembly = Assembly(site.standard(1))
    client = assembly.plane.client("kubectl")
    assert client.get("Service", "kubernetes").spec.clusterIP == "10.96.0.1"
    with refused(client, f'spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: {IP_TAKEN}'):
        client.create(service(clusterIP="10.96.0.1"))


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"clusterIP": "None"}, id="headless"),
        pytest.param({"type": "ExternalName", "externalName": "example.com"}, id="a name"),
    ],
)
def test_who_gets_no_address(spec: Document) -> None:
    made = server().create(service(**spec)).spec
    assert made.clusterIP == spec.get("clusterIP")


# --- families -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "policy", "families"),
    [
        pytest.param({}, "SingleStack", ["IPv4"], id="nothing said"),
        pytest.param({"ipFamilyPolicy": "PreferDualStack"}, "PreferDualStack", ["IPv4"], id="two if there are two"),
        pytest.param({"clusterIP": "None", "selector": {"a": "b"}}, "SingleStack", ["IPv4"], id="headless"),
        pytest.param({"clusterIP": "None"}, "RequireDualStack", ["IPv4", "IPv6"], id="headless without a selector"),
        pytest.param({"clusterIP": "None", "ipFamilies": ["IPv6"]}, "RequireDualStack", ["IPv6", "IPv4"], id="the other first"),
        pytest.param({"type": "ExternalName", "externalName": "a"}, None, None, id="a name"),
    ],
)
def test_families(spec: Document, policy: str | None, families: list[str] | None) -> None:
    made = server().create(service(**spec)).spec
    assert (made.ipFamilyPolicy, made.ipFamilies) == (policy, families)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
            id="two",
        ),
        pytest.param(
            {"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster', id="the other",
        ),
        pytest.param(
            {"clusterIP": "fd00::1"}, 'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
            id="its address",
        ),
        pytest.param(
            {"ipFamilies": ["IPv4", "IPv6"]},
            """spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when """
            "multiple IP families are specified",
            id="both, and not said so",
        ),
    ],
)  # fmt: skip
def test_families_that_the_cluster_does_not_have(spec: Document, words: str) -> None:
    client = server()
    with refused(client, words):
        client.create(service(**spec))


def test_both_families_become_one_again() -> None:
    client = server()
    client.create(service(clusterIP="None"))
    assert change(client, {"ipFamilyPolicy": "SingleStack"}).spec.ipFamilies == ["IPv4"]


def test_a_family_is_not_dropped_in_silence() -> None:
    client = server()
    client.create(service(clusterIP="None"))
    words = """spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be 'SingleStack' to release the secondary IP family"""
    with refused(client, words):
        change(client, {"ipFamilies": ["IPv4"]})


# --- node ports ---------------------------------------------------------------------------------------------------


def test_a_node_port_is_given() -> None:
    """Of 2768 ports the first 86 are given out last (KEP-3668)."""
    client, other = server(), server()
    given = [node_ports(client.create(service(f"web-{number}", type="NodePort")))[0] for number in range(300)]
    assert len(set(given)) == 300
    assert all(30086 <= port <= 32767 for port in given)
    assert given[:5] == [node_ports(other.create(service(f"web-{number}", type="NodePort")))[0] for number in range(5)]


@pytest.mark.parametrize(
    ("port", "why"),
    [
        pytest.param(30080, PORT_TAKEN, id="somebody's"),
        pytest.param(36075, OUT_OF_RANGE, id="the course's own"),
        pytest.param(29999, OUT_OF_RANGE, id="below"),
        pytest.param(8080, OUT_OF_RANGE, id="a usual one"),
    ],
)
def test_node_ports_that_cannot_be_had(port: int, why: str) -> None:
    client = server()
    client.create(service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    with refused(client, f"spec.ports[0].nodePort: Invalid value: {port}: {why}", "other"):
        client.create(service("other", type="NodePort", ports=[{"port": 80, "nodePort": port}]))


def test_the_range_is_a_flag() -> None:
    assembly = Assembly(changed(site.standard(1), node_port_range=(30000, 40000), service_cidr="10.97.0.0/24"))
    made = assembly.plane.client("kubectl").create(service(type="NodePort", ports=[{"port": 80, "nodePort": 36075}]))
    assert made.spec.clusterIP.startswith("10.97.0.")
    assert node_ports(made) == [36075]


def test_a_full_range() -> None:
    client = server(node_ports=(30000, 30001))
    client.create(service(type="NodePort", ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]))
    with refused(client, "Internal error occurred: failed to allocate a nodePort: range is full"):
        client.create(service("other", type="NodePort"))


DNS = [{"port": 53, "name": "tcp"}, {"port": 53, "name": "udp", "protocol": "UDP"}]


@pytest.mark.parametrize(
    ("wishes", "same"),
    [
        pytest.param((0, 0), True, id="none"),
        pytest.param((30053, 0), True, id="the first"),
        pytest.param((0, 30053), True, id="the second"),
        pytest.param((30053, 30053), True, id="both"),
        pytest.param((30053, 30054), False, id="two"),
    ],
)
def test_one_number_serves_two_protocols(wishes: tuple[int, int], same: bool) -> None:
    ports = [port | ({"nodePort": wish} if wish else {}) for port, wish in zip(DNS, wishes, strict=True)]
    given = node_ports(server().create(service(type="NodePort", ports=ports)))
    assert (given[0] == given[1]) is same
    assert all(not wish or wish == port for wish, port in zip(wishes, given, strict=True))


def test_one_number_does_not_serve_two_ports() -> None:
    client = server()
    ports = [{"port": 80, "name": "a", "nodePort": 30080}, {"port": 81, "name": "b", "nodePort": 30080, "protocol": "UDP"}]
    with refused(client, f"spec.ports[1].nodePort: Invalid value: 30080: {PORT_TAKEN}"):
        client.create(service(type="NodePort", ports=ports))


def test_a_load_balancer_may_do_without() -> None:
    ports = [{"port": 80, "name": "a"}, {"port": 81, "name": "b", "nodePort": 30081}]
    made = server().create(service(type="LoadBalancer", allocateLoadBalancerNodePorts=False, ports=ports))
    assert node_ports(made) == [None, 30081]


# --- health checks ------------------------------------------------------------------------------------------------

LOCAL: Document = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}


def test_a_port_for_health_checks() -> None:
    made = server().create(service(**LOCAL)).spec
    assert 30086 <= made.healthCheckNodePort <= 32767
    assert made.healthCheckNodePort != made.ports[0].nodePort


@pytest.mark.parametrize(
    ("port", "why"), [pytest.param(30080, PORT_TAKEN, id="somebody's"), pytest.param(36075, OUT_OF_RANGE, id="outside")],
)
def test_ports_for_health_checks_that_cannot_be_had(port: int, why: str) -> None:
    client = server()
    client.create(service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]))
    words = f"Internal error occurred: failed to allocate requested HealthCheck NodePort {port}: {why}"
    with refused(client, words):
        client.create(service("other", **LOCAL, healthCheckNodePort=port))


def test_health_checks_begin_and_end() -> None:
    client = server()
    client.create(service(type="LoadBalancer"))
    port = change(client, {"externalTrafficPolicy": "Local"}).spec.healthCheckNodePort
    assert change(client, {"sessionAffinity": "ClientIP"}).spec.healthCheckNodePort == port
    assert change(client, {"externalTrafficPolicy": "Cluster"}).spec.healthCheckNodePort is None
    assert client.api.store.holder(port) is None


# --- what is taken follows from the Services ----------------------------------------------------------------------


def taken(client: Client) -> dict[str | int, tuple[str, str]]:
    """What the Services have, counted anew."""
    found: dict[str | int, tuple[str, str]] = {}
    for obj in client.list("Service"):
        key = (obj.metadata.namespace, obj.metadata.name)
        numbers = [*(obj.spec.clusterIPs or []), *(port.nodePort for port in obj.spec.ports or []), obj.spec.healthCheckNodePort]
        found |= {number: key for number in numbers if number and number != "None"}
    return found


def test_what_is_deleted_is_free() -> None:
    client = server()
    first = service(type="NodePort", clusterIP="10.96.0.20", ports=[{"port": 80, "nodePort": 30080}])
    client.create(first)
    client.delete(first)
    assert taken(client) == {}
    client.create(first)
    assert taken(client) == {"10.96.0.20": ("default", "web"), 30080: ("default", "web")}


@pytest.mark.parametrize(
    ("wishes", "left"),
    [
        pytest.param({"type": "ClusterIP"}, {"10.96.0.20"}, id="no node ports"),
        pytest.param({"type": "LoadBalancer"}, {"10.96.0.20", 30080}, id="a load balancer"),
        pytest.param({"type": "ExternalName", "externalName": "a"}, set(), id="a name"),
        pytest.param({"ports": [{"port": 80, "nodePort": 30081}]}, {"10.96.0.20", 30081}, id="another port"),
    ],
)
def test_what_is_changed_is_free(wishes: Document, left: set[str | int]) -> None:
    client = server()
    client.create(service(type="NodePort", clusterIP="10.96.0.20", ports=[{"port": 80, "nodePort": 30080}]))
    change(client, wishes)
    held = {claim for claim in ("10.96.0.20", 30080, 30081) if client.api.store.holder(claim)}
    assert held == left == set(taken(client))


def test_a_transaction_that_fails_takes_nothing() -> None:
    client = server()
    client.create(service(type="NodePort"))
    before = taken(client)

    def in_vain() -> None:
        with client.api.transaction():
            client.delete(client.get("Service", "web"))
            client.create(service("other", type="NodePort", clusterIP="10.96.0.21"))
            client.create(service("other"))

    with pytest.raises(ApiError, match="already exists"):
        in_vain()
    assert taken(client) == before
    assert {claim: client.api.store.holder(claim) for claim in before} == before
    assert client.api.store.holder("10.96.0.21") is None


def test_a_fork_goes_its_own_way() -> None:
    client = server()
    other = copy.deepcopy(client)
    client.create(service(clusterIP="10.96.0.20"))
    other.create(service(clusterIP="10.96.0.20"))
    assert client.create(service("more")).spec.clusterIP == other.create(service("more")).spec.clusterIP
    other.delete(other.get("Service", "web"))
    assert client.api.store.holder("10.96.0.20") == ("default", "web")
    assert other.api.store.holder("10.96.0.20") is None


def test_a_refused_service_takes_nothing() -> None:
    client = server()
    with pytest.raises(ApiError, match=r"ports\[0\].protocol"):
        client.create(service(type="NodePort", clusterIP="10.96.0.20", ports=[{"port": 80, "protocol": "X", "nodePort": 30080}]))
    assert client.api.store.holder("10.96.0.20") is client.api.store.holder(30080) is None


def test_the_same_manifest_twice() -> None:
    """The node port is asked for before the name: whoever creates a Service again is told that its port is taken."""
    client = server()
    first = service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    client.create(first)
    with refused(client, f"spec.ports[0].nodePort: Invalid value: 30080: {PORT_TAKEN}"):
        client.create(first)


def test_a_thousand_services_are_all_found_again() -> None:
    client = server()
    for number in range(1000):
        client.create(service(f"web-{number}", type="NodePort" if number % 2 else "ClusterIP"))
    held = taken(client)
    assert len(held) == 1500
    assert {claim: client.api.store.holder(claim) for claim in held} == held
