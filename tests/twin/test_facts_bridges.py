"""Facts C1 to C8: bridges and br_netfilter. Each is asserted of the model, and the real kernel tells the same story.

The usual network is a node with three pods at its br0; each port is named after its pod.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

import pytest

from k8snet.lab.replay import replay
from k8snet.linux import Trace, World
from k8snet.linux.packet import Arp, Frame, Packet
from k8snet.linux.steps import Captured, Matched
from tests.twin.network import SOON, agree, bridged, heard, order, place, tracked, wire, world

pytestmark = pytest.mark.usefixtures("kernel")

NODE = "ip netns exec node "
IPTABLES = NODE + "iptables "
SWITCH = "net.bridge.bridge-nf-call-iptables"
SERVICE = "10.96.0.10"

BRIDGED = bridged("node", "10.0.0.254/24", ("pod-a", "10.0.0.1/24"), ("pod-b", "10.0.0.2/24"), ("pod-c", "10.0.0.3/24"))
FOLLOW = [f"{IPTABLES}-t {table} -A {chain}" for table, chain in (
    ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("mangle", "FORWARD"), ("mangle", "OUTPUT"), ("mangle", "POSTROUTING"))]
"""Rules that only tell of which hooks a packet passed."""
FORWARDING = NODE + "sysctl -w net.ipv4.ip_forward=1"
UNRELATED = IPTABLES + "-t nat -A POSTROUTING -s 172.16.0.1 -j MASQUERADE"
"""A NAT rule about nobody here: it wakes connection tracking."""


def way(captures: list[Captured], netns: str = "node", proto: str = "icmp", kind: int = 8) -> list[str]:
    """Where the devices of a namespace saw the echo request (by default): ``pod-a in``, ``pod-b out``."""
    return [f"{each.device} {each.direction}" for each in captures
            if each.netns == netns and isinstance(each.packet, Packet) and each.packet.icmp and each.packet.icmp.type == kind]


def of_pods(net: World, *pods: str) -> list[str]:
    """The MAC addresses of pods."""
    return [net.netns[pod].devices["eth0"].mac for pod in pods]


def hooks(trace: Trace, netns: str = "node") -> list[str]:
    """The hooks at which rules saw the first packet there, each once, in order."""
    return list(dict.fromkeys(step.hook for step in trace.hop(netns).steps if isinstance(step, Matched)))


class Seen(NamedTuple):
    """An IP packet as a device saw it, and the frame around it."""

    frame: Frame
    packet: Packet


def first(captures: list[Captured], where: str) -> Seen:
    """The first IP packet that a device saw; ``where`` as in ``node br0 in``."""
    return next(Seen(each.frame, each.packet) for each in captures if place(each) == where and isinstance(each.packet, Packet))


# --- C1, C2: where frames are seen -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("netns", "dst", "there", "back"),
    [
        pytest.param("pod-a", "10.0.0.2", ["pod-a in", "pod-b out"], ["pod-b in", "pod-a out"], id="from port to port"),
        pytest.param("pod-a", "10.0.0.254", ["pod-a in", "br0 in"], ["br0 out", "pod-a out"], id="to the node"),
        pytest.param("node", "10.0.0.1", ["br0 out", "pod-a out"], ["pod-a in", "br0 in"], id="from the node"),
    ],
)
def test_c1_frames_between_ports_skip_br0(netns: str, dst: str, there: list[str], back: list[str]) -> None:
    net = world(*BRIDGED)
    trace = net.ping(netns, dst)
    agree(net, trace, "delivered")
    for captures in (trace.captures, heard(net, trace)):
        assert (way(captures), way(captures, kind=0)) == (there, back)


LISTEN = """
import json, socket, subprocess
hears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
subprocess.run(["ip", "netns", "exec", "pod-b", "ping", "-c1", "-W1", "{dst}"], check=True, capture_output=True)
hears.settimeout(1)
heard = []
while len(heard) < {frames}:
    frame, address = hears.recvfrom(2048)
    heard += [address[:3:2]] * (frame[12:14] == bytes.fromhex("0800"))
print(json.dumps(heard))
"""
"""Pings from pod-b, and prints device and packet type of the IPv4 packets that a packet socket hears."""
HOST, OTHERHOST, OUTGOING = 0, 3, 4


@pytest.mark.parametrize(
    ("dst", "types"),
    [
        pytest.param("10.0.0.3", [["pod-b", OTHERHOST], ["pod-c", OUTGOING], ["pod-c", OTHERHOST], ["pod-b", OUTGOING]],
                     id="from port to port"),
        pytest.param("10.0.0.254", [["pod-b", OTHERHOST], ["br0", HOST], ["br0", OUTGOING], ["pod-b", OUTGOING]],
                     id="to the node"),
    ],
)
def test_c1_on_its_port_a_frame_is_for_another_host(dst: str, types: list[list[str | int]]) -> None:
    """The captures do not tell a frame's type: a socket does. The model's frames say the same by their MAC address."""
    net = world(*BRIDGED)
    trace = net.ping("pod-b", dst)
    devices = net.netns["node"].devices
    seen = [each for each in trace.captures if each.netns == "node" and isinstance(each.packet, Packet)]
    assert [[each.device, _type(each, devices[each.device].mac)] for each in seen] == types
    with replay(net) as real:
        script = LISTEN.format(dst=dst, frames=len(types))
        assert json.loads(real.kernel.run([sys.executable, "-I", "-c", script], netns="node")) == types


def _type(captured: Captured, mac: str) -> int:
    """A frame's type, as eth_type_trans() has it."""
    if captured.direction == "out":
        return OUTGOING
    return HOST if captured.frame.dst == mac else OTHERHOST


@pytest.mark.parametrize(
    ("port", "fate"),
    [pytest.param("pod-b", "delivered", id="br0's own, the lowest"), pytest.param("pod-a", "delivered", id="of the port itself"),
     pytest.param("pod-c", "timeout", id="of another port")],
)
def test_c1_br0_takes_frames_to_its_own_mac_and_to_that_of_the_port_they_came_by(port: str, fate: str) -> None:
    """Those to another port's MAC address are seen at br0 as well, but they are for another host."""
    net = world(*BRIDGED, "ip -n node link set pod-b address 02:00:00:00:00:01")
    mac = net.netns["node"].devices[port].mac
    net.sh(f"ip -n pod-a neigh add 10.0.0.254 lladdr {mac} dev eth0 nud permanent")
    trace = net.ping("pod-a", "10.0.0.254", timeout=SOON)
    agree(net, trace, fate)
    assert way(trace.captures) == ["pod-a in", "br0 in"]


def unknown(net: World) -> str:
    """Let pod-a know pod-b's MAC address by heart, so that it need not ask, and the bridge does not hear where it is."""
    return f"ip -n pod-a neigh add 10.0.0.2 lladdr {of_pods(net, 'pod-b')[0]} dev eth0 nud permanent"


PROMISCUOUS = "ip -n node link set br0 promisc on"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        pytest.param("", ["pod-a in", "pod-c out", "pod-b out"], id="not to br0"),
        pytest.param(PROMISCUOUS, ["pod-a in", "pod-c out", "pod-b out", "br0 in"], id="to br0, if it is promiscuous"),
        pytest.param(NODE + "bridge link set dev pod-c flood off", ["pod-a in", "pod-b out"], id="not where flood is off"),
    ],
)
def test_c2_unknown_unicast_is_flooded(line: str, seen: list[str]) -> None:
    net = world(*BRIDGED, line)
    net.sh(unknown(net))
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    for captures in (trace.captures, heard(net, trace)):
        assert way(captures) == seen


@pytest.mark.parametrize(
    ("dst", "fate"),
    [
        pytest.param("10.0.0.2", "unreachable", id="not another isolated port"),
        pytest.param("10.0.0.3", "delivered", id="an ordinary port"),
        pytest.param("10.0.0.254", "delivered", id="br0"),
    ],
)
def test_c2_isolated_ports_do_not_reach_each_other(dst: str, fate: str) -> None:
    net = world(*BRIDGED, *(NODE + f"bridge link set dev {pod} isolated on" for pod in ("pod-a", "pod-b")),
                "ip netns exec pod-a sysctl -w net.ipv4.neigh.eth0.retrans_time_ms=100")
    trace = net.ping("pod-a", dst)
    agree(net, trace, fate)
    assert not any(each.netns == "pod-b" for each in trace.captures)


def test_c2_br0_has_the_lowest_mac_of_its_ports() -> None:
    """And takes the next one when that leaves; then it forgets its neighbours, as it is another for them."""
    net = world(*BRIDGED)
    node = net.netns["node"].devices
    assert node["br0"].mac == min(node[pod].mac for pod in ("pod-a", "pod-b", "pod-c"))
    net.ping("node", "10.0.0.2")
    lowest = min(("pod-a", "pod-b", "pod-c"), key=lambda pod: node[pod].mac)
    net.sh(f"ip -n node link set {lowest} nomaster")
    assert node["br0"].mac == min(node[pod].mac for pod in ("pod-a", "pod-b", "pod-c") if pod != lowest)
    assert net.sh("ip -n node neigh") == ""
    agree(net, net.ping("node", "10.0.0.3"), "delivered")


# --- C3, C4: iptables on bridged packets -------------------------------------------------------------------------------


def test_c3_a_new_namespace_has_bridge_nf_on_and_each_its_own() -> None:
    """The real namespaces are made by hand here, as the lab would write the switches itself."""
    net = world("ip netns add node", f"{NODE}sysctl -w {SWITCH}=0", "sysctl -w " + SWITCH + "=0", "ip netns add other")
    read = f"ip netns exec {{}} sysctl -n {SWITCH}"
    assert [net.sh(read.format(name)).strip() for name in ("node", "other")] == ["0", "1"]
    with replay(world()) as real:
        real.sh(f"sysctl -w {SWITCH}=0; ip netns add node; {NODE}sysctl -w {SWITCH}=0; ip netns add other")
        assert [real.sh(read.format(name)).strip() for name in ("node", "other")] == ["0", "1"]


def test_c4_packets_between_ports_pass_the_hooks_of_routed_ones() -> None:
    net = world(*BRIDGED, *FOLLOW, UNRELATED)
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert hooks(trace) == ["PREROUTING", "FORWARD", "POSTROUTING"]
    assert len(tracked(net)) == 1


@pytest.mark.parametrize(
    ("rule", "fate"),
    [
        pytest.param("-P FORWARD DROP", "timeout", id="policy DROP"),
        pytest.param("-A FORWARD -m physdev --physdev-in pod-a --physdev-out pod-b -j DROP", "timeout", id="DROP by port"),
        pytest.param("-P INPUT DROP", "delivered", id="not INPUT"),
    ],
)
def test_c4_forward_cuts_pods_of_one_bridge_apart(rule: str, fate: str) -> None:
    net = world(*BRIDGED, IPTABLES + rule)
    agree(net, net.ping("pod-a", "10.0.0.2", timeout=SOON), fate)


BY_DEVICE = [
    ("raw PREROUTING", "-i br0", True), ("raw PREROUTING", "-i pod-a", False),
    ("raw PREROUTING", "-m physdev --physdev-in pod-a", True),
    ("filter FORWARD", "-i br0 -o br0", True), ("filter FORWARD", "-i pod-a", False), ("filter FORWARD", "-o pod-b", False),
    ("filter FORWARD", "-m physdev --physdev-in pod-a --physdev-out pod-b", True),
    ("filter FORWARD", "-m physdev --physdev-in pod-c", False), ("filter FORWARD", "-m physdev --physdev-is-bridged", True),
    ("mangle POSTROUTING", "-o br0", True), ("mangle POSTROUTING", "-o pod-b", False),
    ("mangle POSTROUTING", "-m physdev --physdev-out pod-b", True),
]
"""Rules, and whether they match an echo request from pod-a to pod-b."""


def test_c4_both_devices_are_br0_and_ports_are_known_to_physdev_alone() -> None:
    """The rules have no target; `lab.compare` compares which of them match."""
    net = world(*BRIDGED, *(
        f"{IPTABLES}-t {where.split()[0]} -A {where.split()[1]} -p icmp --icmp-type 8 {devices}"
        for where, devices, _ in BY_DEVICE))
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    met = [step for step in trace.hop("node").steps if isinstance(step, Matched)]
    expected = [where for where, _, matches in BY_DEVICE if matches]
    assert [f"{step.table} {step.chain}" for step in met] == expected
    assert all("-i pod-a" not in step.rule and "-o pod-b" not in step.rule for step in met)


def test_c4_reject_answers_from_br0s_address() -> None:
    net = world(*BRIDGED, IPTABLES + "-A FORWARD -d 10.0.0.2 -j REJECT")
    trace = net.connect("pod-a", "10.0.0.2", 4000, proto="udp")
    agree(net, trace, "refused")
    error = first(trace.captures, "pod-a eth0 in").packet
    assert (str(error.src), trace.icmp) == ("10.0.0.254", (3, 3))


def test_c4_an_unrestricted_masquerade_rewrites_pod_to_pod_traffic() -> None:
    net = world(*BRIDGED, IPTABLES + "-t nat -A POSTROUTING -j MASQUERADE", FORWARDING)
    net.listen("pod-b", 4000)
    trace = net.connect("pod-a", "10.0.0.2", 4000)
    agree(net, trace, "delivered")
    assert trace.seen_from is not None
    assert trace.seen_from.startswith("10.0.0.254:")


def test_c4_and_then_the_answer_needs_forwarding() -> None:
    """It is made out to br0, and after its translation has no way for a machine that is no router."""
    net = world(*BRIDGED, IPTABLES + "-t nat -A POSTROUTING -j MASQUERADE")
    net.listen("pod-b", 4000, proto="udp")
    trace = net.connect("pod-a", "10.0.0.2", 4000, proto="udp", timeout=SOON)
    agree(net, trace, "timeout")
    answer = first(trace.captures, "node br0 in").packet
    assert str(answer.dst) == "10.0.0.1"


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("-P FORWARD DROP", id="policy DROP"),
        pytest.param("-A FORWARD -j REJECT", id="REJECT"),
        pytest.param("-t nat -A POSTROUTING -j MASQUERADE", id="MASQUERADE"),
        pytest.param("-t raw -A PREROUTING -m conntrack --ctstate NEW -j DROP", id="DROP what is new"),
    ],
)
def test_c4_without_bridge_nf_there_are_no_rules_and_no_entries(rule: str) -> None:
    net = world(*BRIDGED, IPTABLES + rule, f"{NODE}sysctl -w {SWITCH}=0")
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert (hooks(trace), tracked(net), trace.rewrites) == ([], [], [])


# --- C5 to C7: Services whose endpoint is on the same bridge -----------------------------------------------------------


def service(pod: str, *lines: str) -> World:
    """The network as kube-proxy leaves it: the Service's endpoint is a pod, and a pod that asks itself is masqueraded."""
    to = {"pod-a": "10.0.0.1", "pod-b": "10.0.0.2"}[pod]
    net = world(
        *BRIDGED, *FOLLOW, FORWARDING, *(f"ip -n {each} route add default via 10.0.0.254" for each in ("pod-a", "pod-b")),
        IPTABLES + f"-t nat -A PREROUTING -d {SERVICE} -j DNAT --to-destination {to}",
        IPTABLES + f"-t nat -A POSTROUTING -s {to} -d {to} -j MASQUERADE", *lines,
    )
    for proto in ("tcp", "udp"):
        net.listen(pod, 80, proto=proto)
    return net


def asked(net: World, proto: str) -> Trace:
    """Pod-a asks the Service."""
    return net.connect("pod-a", SERVICE, 80, proto=proto, timeout=SOON)


def first_way(captures: list[Captured]) -> list[str]:
    """Where the node's devices saw the first packet to the Service's port: the SYN, or the datagram."""
    return [f"{each.device} {each.direction}" for each in captures if each.netns == "node"
            and isinstance(each.packet, Packet) and each.packet.dport == 80 and each.packet.flags in ("", "S")]


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_c5_dnat_to_the_same_bridge_is_bridged(proto: str) -> None:
    net = service("pod-b")
    trace = asked(net, proto)
    agree(net, trace, "delivered")
    pod_a, pod_b = of_pods(net, "pod-a", "pod-b")
    received = first(trace.captures, "pod-b eth0 in")
    assert (received.frame.src, received.frame.dst) == (pod_a, pod_b)
    assert received.packet.ttl == 64
    assert hooks(trace) == ["PREROUTING", "FORWARD", "POSTROUTING"]


def test_c5_the_first_packet_is_seen_at_br0_and_later_ones_are_not() -> None:
    """The first one waits while the node asks for the endpoint's MAC address; then there is a cached header.

    On br0 it is seen with br0's MAC address as source. A plain packet socket would show the client's there: it shares
    the buffer into which br_netfilter puts that back. The lab captures copies, as tcpdump does.
    """
    net = service("pod-b")
    trace = asked(net, "tcp")
    for captures in (trace.captures, heard(net, trace)):
        assert first_way(captures) == ["pod-a in", "br0 out", "pod-b out"]
        assert first(captures, "node br0 out").frame.src == net.netns["node"].devices["br0"].mac
        assert order(captures, "node").index("br0 out ARP who-has 10.0.0.2 tell 10.0.0.254") > 0
    again = asked(net, "tcp")
    for captures in (again.captures, heard(net, again)):
        assert first_way(captures) == ["pod-a in", "pod-b out"]


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_c6_a_pod_that_reaches_itself_gets_a_frame_from_its_own_mac_to_its_own_mac(proto: str) -> None:
    """It is masqueraded to br0's address at its port; at br0 it still has its own."""
    net = service("pod-a", NODE + "bridge link set dev pod-a hairpin on")
    trace = asked(net, proto)
    agree(net, trace, "delivered")
    assert trace.seen_from is not None
    assert trace.seen_from.startswith("10.0.0.254:")
    (mac,) = of_pods(net, "pod-a")
    for captures in (trace.captures, heard(net, trace)):
        received, at_br0 = first(captures, "pod-a eth0 in"), first(captures, "node br0 out")
        assert (received.frame.src, received.frame.dst, str(received.packet.src)) == (mac, mac, "10.0.0.254")
        assert (at_br0.frame.dst, str(at_br0.packet.src), at_br0.packet.ttl) == (mac, "10.0.0.1", 64)


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_c6_without_hairpin_mode_it_dies_behind_prerouting(proto: str) -> None:
    """Before FORWARD, without an ICMP error, and without a connection's entry."""
    net = service("pod-a")
    trace = asked(net, proto)
    agree(net, trace, "timeout")
    assert hooks(trace) == ["PREROUTING"]
    assert tracked(net) == []
    assert all(isinstance(each.packet, Arp) for each in trace.captures if place(each) == "pod-a eth0 in")


OFF = f"{NODE}sysctl -w {SWITCH}=0"


def test_c7_without_bridge_nf_the_answer_is_bridged_past_conntrack() -> None:
    """The request is routed, the answer comes with the endpoint's own address, and the client resets what it did not ask."""
    net = service("pod-b", OFF)
    trace = asked(net, "tcp")
    agree(net, trace, "timeout")
    received = first(trace.captures, "pod-b eth0 in")
    assert (received.packet.ttl, received.frame.src) == (63, net.netns["node"].devices["br0"].mac)
    answer = first(trace.captures, "pod-a eth0 in").packet
    assert (str(answer.src), answer.flags, answer.ttl) == ("10.0.0.2", "S.", 64)
    resets = [each.packet for each in trace.captures if place(each) == "pod-a eth0 out" and isinstance(each.packet, Packet)
              and each.packet.flags == "R"]
    assert resets
    assert {str(each.dst) for each in resets} == {"10.0.0.2"}


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_c7_and_a_pod_reaches_itself_without_hairpin_mode(proto: str) -> None:
    net = service("pod-a", OFF)
    trace = asked(net, proto)
    agree(net, trace, "delivered")
    received = first(trace.captures, "pod-a eth0 in")
    assert (received.packet.ttl, str(received.packet.src)) == (63, "10.0.0.254")


# --- C8: what br0 sees -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bridge_nf", "at_br0"), [(1, "10.0.9.1"), (0, "10.0.0.254")])
def test_c8_br0_sees_the_answer_already_restored(bridge_nf: int, at_br0: str) -> None:
    """An answer to br0's address, for which a client outside was masqueraded."""
    net = world(
        *BRIDGED, "ip netns add client", *wire("client", "eth0", "10.0.9.1/24", "node", "eth0", "10.0.9.254/24"),
        "ip -n client route add default via 10.0.9.254", FORWARDING, f"{NODE}sysctl -w {SWITCH}={bridge_nf}",
        IPTABLES + "-t nat -A POSTROUTING -o br0 -j MASQUERADE",
    )
    trace = net.ping("client", "10.0.0.1")
    agree(net, trace, "delivered")
    for captures in (trace.captures, heard(net, trace)):
        assert [str(first(captures, where).packet.dst) for where in ("node pod-a in", "node br0 in")] == ["10.0.0.254", at_br0]


@pytest.mark.parametrize(("bridge_nf", "at_br0"), [(1, "10.0.9.1"), (0, SERVICE)])
def test_c8_br0_sees_a_request_already_translated(bridge_nf: int, at_br0: str) -> None:
    net = world(
        *BRIDGED, "ip netns add server", *wire("server", "eth0", "10.0.9.1/24", "node", "eth0", "10.0.9.254/24"),
        "ip -n server route add default via 10.0.9.254", "ip -n pod-a route add default via 10.0.0.254", FORWARDING,
        f"{NODE}sysctl -w {SWITCH}={bridge_nf}",
        IPTABLES + f"-t nat -A PREROUTING -d {SERVICE} -j DNAT --to-destination 10.0.9.1",
    )
    net.listen("server", 80)
    trace = net.connect("pod-a", SERVICE, 80)
    agree(net, trace, "delivered")
    for captures in (trace.captures, heard(net, trace)):
        assert [str(first(captures, where).packet.dst) for where in ("node pod-a in", "node br0 in")] == [SERVICE, at_br0]
