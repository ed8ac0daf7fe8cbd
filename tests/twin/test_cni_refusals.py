"""What the real CNI plugins refuse, ours refuse in the same words and with the same code; and packets go the same ways.

Each row is one call of one plugin, by hand: environment variables and a JSON text in, a JSON text out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import require
from tests.kube.cni.plugins_twin import Twin, missing

LOCAL = {"type": "host-local", "subnet": "10.1.1.0/24"}


@pytest.fixture(scope="module")
def shared(kernel: None) -> Iterator[Twin]:
    require("kernel", missing())
    with Twin("node") as made:
        made.both("ip netns add pod-a", "ip netns add pod-b")
        yield made


@pytest.fixture
def twin(shared: Twin) -> Twin:
    shared.begin_anew("pod-a", "pod-b")
    return shared


def bridge(**more: Any) -> dict[str, Any]:
    return {"cniVersion": "1.0.0", "name": "net", "type": "bridge", "ipam": LOCAL} | more


def local(**more: Any) -> dict[str, Any]:
    return bridge(ipam={"type": "host-local"} | more)


def environment(command: str = "ADD", **more: str) -> dict[str, str]:
    own = {"CNI_CONTAINERID": "c1", "CNI_NETNS": "/var/run/netns/pod-a", "CNI_IFNAME": "eth0", "CNI_PATH": "/opt/cni/bin"}
    return {"CNI_COMMAND": command} | own | more


NET = {"subnet": "10.1.1.0/24"}
CONFIGS = [
    bridge(mtu="x"), bridge(mtu=1.5), bridge(isGateway="yes"), bridge(isGateway=None, mtu=None), bridge(name=""),
    bridge(name="a b"), bridge(name=5), bridge(ipam="x"), bridge(ipam={"type": 5}), bridge(ipam={"type": "foo"}),
    bridge(cniVersion="9"), bridge(cniVersion=5), bridge(bridge=3), bridge(dns="x"), bridge(promiscMode=True, hairpinMode=True),
    bridge(bridge="lo"), bridge(vlan=5000), bridge(bridge="averyveryverylongname"), bridge(mtu=10), bridge(mtu=70000),
    bridge(mtu=-5), bridge(bridge="a b"), bridge(bridge="a/b"), bridge(bridge="a;b"), bridge(bridge=""), bridge(bridge=".."),
    bridge(ISGATEWAY=True, Bridge="cni0"), local(), local(subnet=5), local(subnet="10.1.1.0"), local(subnet="10.1.1.1/24"),
    local(subnet="10.1.1.0/31"), local(subnet="10.1.1.0/30"), local(subnet="10.1.1.0/33"), local(ranges="x"), local(ranges=[]),
    local(ranges=[[]]), local(ranges=[[{}]]), local(ranges=["x"]), local(ranges=[["x"]]), local(**NET, rangeStart="10.2.0.1"),
    local(**NET, rangeStart="x"), local(**NET, rangeStart=3), local(**NET, rangeEnd="10.2.0.1"), local(**NET, gateway="x"),
    local(**NET, rangeStart="10.1.1.9", rangeEnd="10.1.1.5"), local(**NET, rangeStart="10.1.1.0", rangeEnd="10.1.1.255"),
    local(**NET, gateway="10.9.9.9"), local(**NET, rangeStart="10.1.1.1", rangeEnd="10.1.1.1"), local(**NET, routes="x"),
    local(**NET, routes=[1]), local(**NET, routes=[{}]), local(**NET, routes=[{"dst": "x"}]), local(**NET, routes=None),
    local(**NET, routes=[{"dst": "10.9.0.0/16", "gw": "10.77.0.1"}]), local(**NET, routes=[{"dst": "10.9.0.0/16", "gw": "x"}]),
    local(**NET, routes=[{"dst": "10.9.0.7/16"}]), local(**NET, dataDir=5), local(**NET, ranges=[[{"subnet": "10.1.0.0/16"}]]),
    local(ranges=[[NET, {"subnet": "10.1.0.0/16"}]]), local(ranges=[[NET], [{"subnet": "10.2.0.0/16"}]]),
    local(**NET, routes=[{"dst": "0.0.0.0/0"}]) | {"isDefaultGateway": True},
    local(**NET, routes=[{"dst": "10.9.0.0/16"}, {"dst": "10.9.0.0/16"}]),
    '{"a":1,}', '{"a" 1}', "[1,]", '{"a":1 "b":2}', "", '{"a":[1 2]}', "{a:1}", '{"name":"n"} x', '"x"', "[1]",
    "{'a':1}", '{"a":1',
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_configurations(twin: Twin, config: dict[str, Any] | str) -> None:
    stdin = config if isinstance(config, str) else json.dumps(config)
    model, real = twin.by_hand("bridge", environment(), stdin)
    assert model == real


NO_DESTINATION = local(**NET, routes=[{}])
"""This one host-local takes, and bridge refuses what host-local made of it; ours refuses it at once."""


@pytest.mark.parametrize("config", [each for each in CONFIGS if each != NO_DESTINATION], ids=str)
def test_configurations_of_host_local(twin: Twin, config: dict[str, Any] | str) -> None:
    stdin = config if isinstance(config, str) else json.dumps(config)
    for container in ("c1", "c2", "c1"):
        model, real = twin.by_hand("host-local", environment(CNI_CONTAINERID=container), stdin)
        assert model == real


CALLS = [
    ("bridge", environment(CNI_NETNS="/var/run/netns/nope")), ("loopback", environment(CNI_NETNS="/var/run/netns/nope")),
    ("bridge", environment("DEL", CNI_NETNS="/var/run/netns/nope")), ("bridge", environment("DEL", CNI_NETNS="")),
    ("loopback", environment("DEL", CNI_NETNS="/var/run/netns/nope")), ("bridge", environment("DEL")),
    ("bridge", environment("CHECK", CNI_NETNS="/var/run/netns/nope")), ("bridge", environment("CHECK")),
    ("loopback", environment("CHECK")), ("host-local", environment("CHECK")), ("portmap", environment("CHECK")),
    ("bridge", environment(CNI_CONTAINERID="a b")), ("bridge", environment(CNI_CONTAINERID="")),
    ("bridge", environment(CNI_IFNAME="a/b")), ("bridge", environment(CNI_IFNAME="a" * 16)),
    ("bridge", environment(CNI_IFNAME="..")), ("bridge", environment(CNI_IFNAME="a;b")),
    ("bridge", environment(CNI_ARGS="FOO=1")), ("bridge", environment(CNI_ARGS="FOO=1;IgnoreUnknown=1")),
    ("bridge", environment(CNI_ARGS="FOO")), ("portmap", environment(CNI_ARGS="FOO")), ("bridge", environment("FOO")),
    ("bridge", environment("VERSION")), ("host-local", environment("VERSION")), ("portmap", environment()),
]  # fmt: skip


@pytest.mark.parametrize(("plugin", "variables"), CALLS)
def test_calls(twin: Twin, plugin: str, variables: dict[str, str]) -> None:
    model, real = twin.by_hand(plugin, variables, json.dumps(bridge()))
    assert model == real


def test_no_check_in_old_versions(twin: Twin) -> None:
    for version in ("0.3.1", "0.4.0", "1.0.0"):
        model, real = twin.by_hand("loopback", environment("CHECK"), json.dumps(bridge(cniVersion=version)))
        assert model == real


def test_another_gateway_needs_force(twin: Twin) -> None:
    other = LOCAL | {"gateway": "10.1.1.254"}
    for number, config in enumerate((bridge(isGateway=True), bridge(isGateway=True, ipam=other),
                                     bridge(isGateway=True, ipam=other, forceAddress=True))):
        variables = environment(CNI_CONTAINERID=f"c{number}", CNI_IFNAME=f"eth{number}")
        model, real = twin.by_hand("bridge", variables, json.dumps(config))
        assert model == real
    model_picture, real_picture = twin.pictures("node")
    for what in ("node: addresses", "files"):
        assert model_picture[what] == real_picture[what]


PORT = {"hostPort": 80, "containerPort": 8080, "protocol": "tcp"}
PORTMAPS = [
    {}, {"ports": [PORT | {"hostPort": 0}]}, {"ports": [PORT | {"containerPort": -1}]}, {"ports": [PORT | {"protocol": "foo"}]},
    {"ports": [PORT | {"hostIP": "x"}]}, {"ports": [PORT | {"hostPort": 70000}]}, {"markMasqBit": 40}, {"markMasqBit": 0},
    {"markMasqBit": 4, "externalSetMarkChain": "X"}, {"externalSetMarkChain": "X"}, {"snat": "x"},
    {"conditionsV4": ["--foo"]}, {"conditionsV4": [True]}, {"conditionsV4": [0, "-s"]},
    {"prevResult": None}, {"ports": "x"}, {"ports": [PORT | {"hostPort": "80"}]}, {"ports": ["x"]},
    {"ports": [PORT | {"protocol": "TCP"}]}, {"ports": []},
]  # fmt: skip


@pytest.mark.parametrize("more", PORTMAPS, ids=str)
def test_port_mappings(twin: Twin, more: dict[str, Any]) -> None:
    address = {"interface": 0, "address": "10.1.1.2/24"}
    before = {"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": "/var/run/netns/pod-a"}], "ips": [address],
              "dns": {}}  # fmt: skip
    ports = {"runtimeConfig": {"portMappings": more.get("ports", [PORT])}}
    own = {key: value for key, value in more.items() if key != "ports"}
    config = {"cniVersion": "1.0.0", "name": "net", "type": "portmap", "prevResult": before} | ports | own
    for command in ("ADD", "CHECK", "DEL", "DEL", "CHECK"):
        model, real = twin.by_hand("portmap", environment(command), json.dumps(config))
        assert model == real
        rules = [picture["node: rules"] for picture in twin.pictures("node")]
        assert rules[0] == rules[1]
