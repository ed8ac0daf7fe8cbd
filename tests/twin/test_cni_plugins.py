"""The real CNI plugins (Debian's containernetworking-plugins 1.1.1) on the real kernel: ours do the same to the model.

Compared are devices, ports of bridges, addresses, routes, switches, rules, host-local's files, results and errors; names of
veths and MAC addresses put aside, as the real plugins draw them at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import pytest

from k8snet.kube.cni.spec import PortMapping, Sandbox
from tests.conftest import require
from tests.kube.cni.plugins_twin import Twin, missing

pytestmark = pytest.mark.usefixtures("plugins")

PORTMAP = {"type": "portmap", "capabilities": {"portMappings": True}}
PORTS = (PortMapping(8080, 80), PortMapping(8443, 443), PortMapping(5353, 53, "udp"))


@pytest.fixture(scope="module")
def plugins(kernel: None) -> None:
    """The real plugins' binaries."""
    require("kernel", missing())


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin("node") as made:
        made.both("ip netns add pod-a", "ip netns add pod-b")
        yield made


def bridge(ipam: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The bridge plugin with addresses of 10.244.1.0/24."""
    return {"type": "bridge", "ipam": {"type": "host-local", **(ipam or {"subnet": "10.244.1.0/24"})}, **more}


def listed(*plugins: dict[str, Any], version: str = "1.0.0") -> dict[str, Any]:
    """A network configuration list."""
    return {"cniVersion": version, "name": "k8snet", "plugins": list(plugins)}


FIGURE = {"subnet": "10.1.1.0/24", "rangeStart": "10.1.1.1", "gateway": "10.1.1.254"}
SETS = {"ranges": [[{"subnet": "10.1.1.0/24", "rangeEnd": "10.1.1.2"}, {"subnet": "10.1.2.0/24"}]]}
ROWS = [
    pytest.param(listed(bridge()), (), id="a bridge without a gateway"),
    pytest.param(listed(bridge(isGateway=True)), (), id="gateway"),
    pytest.param(listed(bridge(isDefaultGateway=True)), (), id="default gateway"),
    pytest.param(listed(bridge(isGateway=True, ipam={"subnet": "10.1.1.0/24", "routes": [
        {"dst": "0.0.0.0/0"}, {"dst": "10.0.0.0/8", "gw": "10.1.1.77"}]})), (), id="routes"),
    pytest.param(listed(bridge(isDefaultGateway=True, ipam={"subnet": "10.1.1.0/24", "routes": [
        {"dst": "0.0.0.0/0", "gw": "10.1.1.9"}]})), (), id="a default route of one's own"),
    pytest.param(listed(bridge(isDefaultGateway=True, ipMasq=True)), (), id="ipMasq"),
    pytest.param(listed(bridge(isGateway=True, hairpinMode=True, mtu=1400)), (), id="hairpin and mtu"),
    pytest.param(listed(bridge(isGateway=True, promiscMode=True, bridge="br0")), (), id="promiscuous"),
    pytest.param(listed(bridge(FIGURE, isDefaultGateway=True)), (), id="the course's figure"),
    pytest.param(listed(bridge(SETS)), (), id="a set of two ranges"),
    pytest.param(listed({"type": "bridge"}), (), id="without addresses"),
    pytest.param(listed(bridge(isGateway=True, dns={"nameservers": ["10.96.0.10"], "domain": "cluster.local"})), (), id="dns"),
    pytest.param(listed({"type": "loopback"}), (), id="loopback"),
    pytest.param(listed({"type": "loopback"}, version="0.3.1"), (), id="loopback 0.3.1"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP), PORTS, id="host ports"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP), (), id="portmap without ports"),
    pytest.param(listed(bridge(isDefaultGateway=True), {"type": "portmap"}), PORTS, id="portmap without the capability"),
    pytest.param(listed(bridge(isDefaultGateway=True, ipMasq=True, hairpinMode=True), PORTMAP), (
        PortMapping(8080, 80, host_ip="172.18.0.11"), PortMapping(53, 53, "udp", "0.0.0.0"), PortMapping(81, 81, host_ip="::1"),
    ), id="host ports with hostIP, ipMasq"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP | {"snat": False}), PORTS, id="host ports without snat"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP | {"markMasqBit": 5, "conditionsV4": ["-s", "10.0.0.0/8"]}),
                 PORTS, id="host ports, another mark, conditions"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP), tuple(PortMapping(n, n) for n in range(8000, 8017)),
                 id="seventeen host ports"),
    pytest.param(listed(bridge(isDefaultGateway=True), PORTMAP, version="0.4.0"), PORTS, id="version 0.4.0"),
]  # fmt: skip


def assert_same(twin: Twin, *netns: str) -> None:
    """Both kernels hold the same in these namespaces, and the disks too."""
    model, real = twin.pictures(*netns)
    unlike = [(what, *pair) for what in model for pair in zip_longest(model[what], real[what]) if pair[0] != pair[1]]
    assert unlike == []


@pytest.mark.parametrize(("conflist", "ports"), ROWS)
def test_kernels_and_disks_are_the_same(twin: Twin, conflist: dict[str, Any], ports: tuple[PortMapping, ...]) -> None:
    sandboxes = [Sandbox("c1", "pod-a", port_mappings=ports), Sandbox("c2", "pod-b")]
    everywhere = ("node", "pod-a", "pod-b")
    for sandbox in sandboxes:
        model, real = twin.add(conflist, sandbox)
        assert model == real
        assert "code" not in model
        if sandbox is sandboxes[0] and conflist["cniVersion"] != "0.3.1":
            model, real = twin.check(conflist, sandbox, twin.result)
            assert model == real
            assert model is None or "ipam" not in conflist["plugins"][0]
    assert_same(twin, *everywhere)
    for sandbox in (sandboxes[0], sandboxes[0], sandboxes[1]):
        assert twin.delete(conflist, sandbox) == (None, None)
        assert_same(twin, *everywhere)


POOL = {"subnet": "10.244.1.0/24", "rangeStart": "10.244.1.2", "rangeEnd": "10.244.1.3"}


def test_addresses_go_round(twin: Twin) -> None:
    conflist = listed(bridge(POOL, isGateway=True))
    twin.both("ip netns add pod-c")
    told = [twin.add(conflist, Sandbox(f"c{number}", f"pod-{letter}")) for number, letter in enumerate("abc")]
    assert [model == real for model, real in told] == [True] * 3
    assert told[2][0]["msg"] == (
        "failed to allocate for range 0: no IP addresses available in range set: 10.244.1.2-10.244.1.3"
    )
    for container in ("c1", "c0"):
        assert twin.delete(conflist, Sandbox(container, f"pod-{'ab'[int(container[1])]}")) == (None, None)
        model, real = twin.add(conflist, Sandbox(f"{container}x", "pod-c", f"eth{container[1]}"))
        assert model == real
        assert model["ips"][0]["address"] == f"10.244.1.{2 + int(container[1])}/24"
    assert_same(twin, "node", "pod-a", "pod-b", "pod-c")


def test_a_second_add_is_refused_and_its_cleaning_up_takes_the_first_away(twin: Twin) -> None:
    conflist = listed(bridge(isDefaultGateway=True, ipMasq=True))
    twin.add(conflist, Sandbox("c1", "pod-a"))
    model, real = twin.add(conflist, Sandbox("c1", "pod-a"))
    assert model == real == {"code": 999, "msg": "container veth name provided (eth0) already exists"}
    assert_same(twin, "node", "pod-a")


def test_rules_stay_when_the_namespace_went_before(twin: Twin) -> None:
    conflist = listed(bridge(isDefaultGateway=True, ipMasq=True), PORTMAP)
    twin.add(conflist, Sandbox("c1", "pod-a", port_mappings=PORTS))
    twin.both("ip netns del pod-a")
    assert twin.delete(conflist, Sandbox("c1", "pod-a", port_mappings=PORTS)) == (None, None)
    assert_same(twin, "node")
    assert any("MASQUERADE" in line for line in twin.pictures("node")[0]["node: rules"])


BREAK = [
    pytest.param("ip -n pod-a link set eth0 down", id="down: nothing is missed but the routes"),
    pytest.param("ip -n pod-a route del default", id="no default route"),
    pytest.param("ip -n pod-a addr flush dev eth0", id="no address"),
    pytest.param("ip -n pod-a link del eth0", id="no device"),
    pytest.param("ip -n node link del cni0", id="no bridge"),
    pytest.param("ip -n node link set cni0 promisc on", id="another mode"),
    pytest.param("ip -n node link set cni0 address 02:aa:aa:aa:aa:aa", id="another MAC"),
    pytest.param("ip netns exec node iptables -t nat -F CNI-HOSTPORT-DNAT", id="no entry"),
]


@pytest.mark.parametrize("line", BREAK)
def test_check_misses_the_same(twin: Twin, line: str) -> None:
    conflist, sandbox = listed(bridge(isDefaultGateway=True), PORTMAP), Sandbox("c1", "pod-a", port_mappings=PORTS)
    twin.add(conflist, sandbox)
    results = twin.result
    twin.both(line)
    model, real = twin.check(conflist, sandbox, results)
    assert model == real
