"""The runtime's side: reading a list, the chain of plugins, what is known before the kernel is asked, and cleaning up."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.kube import cni
from k8snet.kube.cni import executable
from k8snet.kube.cni.spec import CniError, PortMapping, Sandbox
from k8snet.kube.machine import Machine
from k8snet.linux import World

BRIDGE = {"type": "bridge", "isDefaultGateway": True, "ipMasq": True, "ipam": {"type": "host-local", "subnet": "10.244.1.0/24"}}
PORTMAP = {"type": "portmap", "capabilities": {"portMappings": True}}
A = Sandbox("c1", "pod-a", port_mappings=(PortMapping(8080, 80),))


def listed(*plugins: dict[str, Any], **more: Any) -> str:
    return json.dumps({"cniVersion": "1.0.0", "name": "k8snet", "plugins": list(plugins)} | more)


CHAIN = listed(BRIDGE, PORTMAP)


@pytest.fixture
def node() -> Machine:
    world = World(seed=1)
    for line in ("ip netns add node", "ip -n node link set lo up", "ip netns add pod-a", "ip netns add pod-b"):
        world.sh(line)
    return Machine(world, "node")


def held(node: Machine) -> list[str]:
    """All that ADD leaves anywhere: addresses on the disk, devices, rules with a name of their own."""
    saved = node.sh("iptables-save").splitlines()
    addresses = [path for path, text in node.files.items() if "\r\n" in text]
    devices = [name for netns in ("node", "pod-a", "pod-b") for name in node.world.netns[netns].devices]
    rules = [line for line in saved if "id:" in line or re.match(":CNI-(DN-)?[0-9a-f]", line)]
    return addresses + [name for name in devices if name not in ("lo", "cni0")] + rules


# --- ADD and DEL -------------------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_but_the_disk(node: Machine) -> None:
    commands = len(node.world.log)
    result, wiring = cni.plan_add(node, CHAIN, A)
    assert len(node.world.log) == commands
    assert result["ips"] == [{"interface": 2, "address": "10.244.1.2/24", "gateway": "10.244.1.1"}]
    assert result["interfaces"][0] == {"name": "cni0"}
    cni.do(node, copy.deepcopy(wiring))
    cni.check(node, CHAIN, A, result)
    assert node.world.ping("pod-a", "10.244.1.1").fate == "delivered"


def test_planned_and_done_at_once_are_the_same(node: Machine) -> None:
    other = node.world.fork()
    planned = Machine(other, "node")
    result, wiring = cni.plan_add(planned, CHAIN, A)
    cni.do(planned, wiring)
    assert cni.add(node, CHAIN, A)["interfaces"][1:] == result["interfaces"][1:]
    lines = ("ip addr", "ip route", "iptables-save", "bridge -d link", "sysctl -a")
    assert [node.sh(line) for line in lines] == [planned.sh(line) for line in lines]
    assert node.files == planned.files


def test_del_takes_all_away_and_may_come_twice(node: Machine) -> None:
    before = held(node)
    cni.add(node, CHAIN, A)
    assert len(held(node)) > len(before)
    cni.delete(node, CHAIN, A)
    assert held(node) == before
    cni.delete(node, CHAIN, A)
    cni.delete(node, CHAIN, Sandbox("never", "nowhere"))
    assert held(node) == before


def test_the_address_is_free_before_the_veth_is_gone(node: Machine) -> None:
    cni.add(node, CHAIN, A)
    wiring = cni.plan_delete(node, CHAIN, A)
    assert not [text for text in node.files.values() if text.startswith("c1")]
    assert "eth0" in node.world.netns["pod-a"].devices
    cni.do(node, wiring)
    assert held(node) == []


@pytest.mark.parametrize(("conflist", "sandbox", "said"), [
    pytest.param(CHAIN, Sandbox("c1", "nowhere"), 'plugin type="bridge" failed (add): failed to open netns '
                 '"/var/run/netns/nowhere": failed to Statfs "/var/run/netns/nowhere": no such file or directory', id="no netns"),
    pytest.param(CHAIN, Sandbox("c1", "pod-a", port_mappings=(PortMapping(80, 80, "foo"),)),
                 'plugin type="portmap" failed (add): unable to setup DNAT: running [/usr/sbin/iptables', id="no such protocol"),
    pytest.param(listed(BRIDGE, {"type": "nonsense"}), A, 'plugin type="nonsense" failed (add): '
                 'failed to find plugin "nonsense" in path [/opt/cni/bin]', id="no such plugin: DEL fails too"),
    pytest.param(listed(BRIDGE, version=""), Sandbox("c 1", "pod-a"), "invalid characters in containerID; c 1", id="bad id"),
    pytest.param(listed(PORTMAP), A, 'plugin type="portmap" failed (add): must be called as chained plugin', id="portmap alone"),
])  # fmt: skip
def test_who_is_refused_leaves_nothing(node: Machine, conflist: str, sandbox: Sandbox, said: str) -> None:
    with pytest.raises(CniError) as refusal:
        cni.add(node, conflist, sandbox)
    assert refusal.value.by_runtime.startswith(said)
    left = [each for each in held(node) if not each.startswith("/")]
    assert left == []
    reserved = [text for text in node.files.values() if text.startswith("c1")]
    assert reserved == (["c1\r\neth0"] if "nonsense" in conflist else [])


def test_an_empty_pool_says_so_and_a_deletion_helps(node: Machine) -> None:
    ipam = {"type": "host-local", "subnet": "10.244.1.0/24", "rangeStart": "10.244.1.2", "rangeEnd": "10.244.1.2"}
    conflist = listed(BRIDGE | {"ipam": ipam})
    cni.add(node, conflist, A)
    with pytest.raises(CniError) as refusal:
        cni.add(node, conflist, Sandbox("c2", "pod-b"))
    told = "no IP addresses available in range set: 10.244.1.2-10.244.1.2"
    assert (refusal.value.code, refusal.value.msg) == (999, f"failed to allocate for range 0: {told}")
    cni.delete(node, conflist, A)
    assert cni.add(node, conflist, Sandbox("c2", "pod-b"))["ips"][0]["address"] == "10.244.1.2/24"


@pytest.mark.parametrize(("plugin", "what"), [
    pytest.param(BRIDGE | {"vlan": 5}, "vlan", id="vlan"),
    pytest.param(BRIDGE | {"macspoofchk": True}, "macspoofchk", id="spoof"),
    pytest.param(BRIDGE | {"ipam": {"type": "dhcp"}}, "dhcp", id="dhcp"), pytest.param({"type": "ptp"}, "ptp", id="ptp"),
    pytest.param(BRIDGE | {"args": {"cni": {"mac": "02:00:00:00:00:01"}}}, "mac", id="mac"),
    pytest.param(BRIDGE | {"portIsolation": True}, "portIsolation", id="a newer key"),
    pytest.param({"type": "portmap", "backend": "nftables"}, "backend", id="nftables"),
])  # fmt: skip
def test_what_is_not_modelled_says_so(node: Machine, plugin: dict[str, Any], what: str) -> None:
    with pytest.raises(NotModelled, match=what):
        cni.add(node, listed(plugin), A)


# --- CHECK -------------------------------------------------------------------------------------------------------


def test_check_may_be_switched_off(node: Machine) -> None:
    result = cni.add(node, CHAIN, A)
    node.sh("ip link del cni0")
    with pytest.raises(CniError) as refusal:
        cni.check(node, CHAIN, A, result)
    assert refusal.value.by_runtime == 'plugin type="bridge" failed (check): Interface name cni0 not found'
    cni.check(node, listed(BRIDGE, PORTMAP, disableCheck=True), A, result)
    with pytest.raises(CniError, match=r'configuration version "0\.3\.1" does not support the CHECK command'):
        cni.check(node, listed(BRIDGE, cniVersion="0.3.1"), A, result)


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("conflist", "said"), [
    ('{"name": "net"', "error parsing configuration list: unexpected end of JSON input"),
    ("[]", "error parsing configuration list: json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("{}", "error parsing configuration list: no name"),
    ('{"name": 5}', "error parsing configuration list: invalid name type float64"),
    ('{"name": "net", "cniVersion": true}', "error parsing configuration list: invalid cniVersion type bool"),
    ('{"name": "net"}', "error parsing configuration list: no 'plugins' key"),
    ('{"name": "net", "plugins": {}}', "error parsing configuration list: invalid 'plugins' type map[string]interface {}"),
    ('{"name": "net", "plugins": []}', "error parsing configuration list: no plugins in list"),
    ('{"name": "net", "plugins": [], "disableCheck": "no"}', "error parsing configuration list: no plugins in list"),
    (listed(BRIDGE, disableCheck="no"), 'error parsing configuration list: invalid disableCheck value "no"'),
    (listed({}), "failed to parse plugin config 0: error parsing configuration: missing 'type'"),
    (listed(BRIDGE, {"type": 5}), "failed to parse plugin config 1: error parsing configuration: "
     "json: cannot unmarshal number into Go struct field NetConf.type of type string"),
    (listed(BRIDGE, name="a b"), "invalid characters found in network name; a b"),
    (listed(BRIDGE, cniVersion="7"), 'incompatible CNI versions; config is "7", plugin supports '
     '["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0"]'),
])  # fmt: skip
def test_lists_that_are_none(node: Machine, conflist: str, said: str) -> None:
    with pytest.raises(CniError) as refusal:
        cni.add(node, conflist, A)
    assert str(refusal.value) == said


KEYS = st.sampled_from((
    "type", "isGateway", "isDefaultGateway", "ipMasq", "mtu", "bridge", "ipam", "subnet", "ranges", "routes", "dst", "gw", "dns",
    "rangeStart", "rangeEnd", "gateway", "capabilities", "portMappings", "snat", "markMasqBit", "conditionsV4", "args", "cni",
))  # fmt: skip
TEXTS = st.sampled_from((
    "bridge", "portmap", "loopback", "host-local", "10.1.1.0/24", "10.1.1.7", "0.0.0.0/0", "x", "", "cni0", "10.1.1.0/33", "a;b",
    "a b", "-x", "$(x)", "'", "a/b", ".", "eth0@if3", "dev", "up", "type",
))  # fmt: skip
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 99), FLOATS, TEXTS)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=5))
IPAMS = st.dictionaries(KEYS, VALUES, max_size=4).map(lambda more: BRIDGE["ipam"] | more)  # type: ignore[operator]
PLUGINS = st.one_of(
    st.dictionaries(KEYS, VALUES, max_size=3).map(lambda more: BRIDGE | more),
    st.dictionaries(KEYS, VALUES, max_size=3).map(lambda more: PORTMAP | more),
    TEXTS.map(lambda name: BRIDGE | {"bridge": name}),
    IPAMS.map(lambda ipam: BRIDGE | {"ipam": ipam}),
    VALUES,
)


@given(st.lists(PLUGINS, max_size=3), TEXTS)
@example([BRIDGE, PORTMAP], "eth0@if3")
@settings(max_examples=300, deadline=None)
def test_no_configuration_raises_anything_else(plugins: list[Any], ifname: str) -> None:
    world = World(seed=1)
    for line in ("ip netns add node", "ip netns add pod-a"):
        world.sh(line)
    node = Machine(world, "node")
    conflist = json.dumps({"cniVersion": "1.0.0", "name": "net", "plugins": plugins})
    sandbox = Sandbox("c1", "pod-a", ifname, port_mappings=(PortMapping(80, 80),))
    try:
        result = cni.add(node, conflist, sandbox)
        cni.check(node, conflist, sandbox, result)
        cni.delete(node, conflist, sandbox)
    except (CniError, NotModelled):
        return
    assert not [text for text in node.files.values() if text.startswith("c1")]


@given(st.text(max_size=30) | VALUES.map(json.dumps) | VALUES.map(lambda value: json.dumps(value)[:-1]))
@settings(deadline=None)
def test_no_text_raises_anything_else(text: str) -> None:
    node = Machine(World(), "node")
    environment = {"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": "/var/run/netns/pod-a", "CNI_IFNAME": "eth0",
                   "CNI_PATH": "/opt/cni/bin"}  # fmt: skip
    for refused in (lambda: cni.add(node, text, A), lambda: executable.run(node, "bridge", environment, text)):
        with pytest.raises((CniError, NotModelled)):
            refused()


# --- by hand -----------------------------------------------------------------------------------------------------


def test_a_plugin_by_hand(node: Machine) -> None:
    environment = {"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": "/var/run/netns/pod-a", "CNI_IFNAME": "eth0",
                   "CNI_PATH": "/opt/cni/bin"}  # fmt: skip
    stdin = json.dumps({"cniVersion": "1.0.0", "name": "k8snet"} | BRIDGE)
    result = json.loads(executable.run(node, "bridge", environment, stdin))
    again = {"prevResult": result, "runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80, "protocol": "tcp"}]}}
    passed_on = executable.run(node, "portmap", environment, json.dumps({"cniVersion": "1.0.0", "name": "k8snet"} | again))
    assert json.loads(passed_on) == result
    assert executable.run(node, "bridge", environment | {"CNI_COMMAND": "DEL"}, stdin) == ""
    assert json.loads(executable.run(node, "bridge", {"CNI_COMMAND": "VERSION"})) == cni.version()


def test_what_containerd_says_of_the_pod() -> None:
    sandbox = Sandbox("c1", "cni-1", pod_namespace="default", pod_name="web-0", pod_uid="u1")
    assert sandbox.path == "/var/run/netns/cni-1"
    assert sandbox.arguments == (
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u1"
    )
