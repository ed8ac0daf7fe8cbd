"""Facts F1 to F3: VXLAN. Each is asserted of the model, and the real kernel tells the same story.

The network is flannel's: two nodes on a cable, on each a bridge ``cni0`` with a pod, and a device ``flannel.1`` whose
neighbours and forwarding table are written by hand (by flannel's agent), so that nothing has to be learned.
"""

from __future__ import annotations

from typing import Any

import pytest

from k8snet import lab
from k8snet.linux import Trace, World
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.steps import Captured, Decapsulated, Dropped, Encapsulated
from tests.twin.network import SOON, agree, heard, machines, wire, world

pytestmark = pytest.mark.usefixtures("kernel")

NODE_A, NODE_B = "ip netns exec node-a ", "ip netns exec node-b "
POD_B = "10.244.2.2"
FAR_MAC = "02:00:00:f1:00:03"
"""The MAC address of node-b's flannel.1."""


def node(letter: str, number: int, other: int) -> list[str]:
    """A node with its pod, and its end of the tunnel; ``number`` and ``other`` end the nodes' own addresses."""
    name, pod, own, far = f"node-{letter}", f"pod-{letter}", f"10.244.{number - 1}", f"10.244.{other - 1}"
    return [
        f"ip -n {name} link add cni0 type bridge",
        f"ip -n {name} link set cni0 up",
        f"ip -n {name} addr add {own}.1/24 dev cni0",
        *wire(name, "veth0", "", pod, "eth0", f"{own}.2/24"),
        f"ip -n {name} link set veth0 master cni0",
        f"ip -n {pod} link set eth0 mtu 1450",
        f"ip -n {pod} route add default via {own}.1",
        f"ip netns exec {name} sysctl -w net.ipv4.ip_forward=1",
        f"ip -n {name} link add flannel.1 address 02:00:00:f1:00:0{number} type vxlan id 1 local 10.100.0.{number} dev eth0 "
        "dstport 8472 nolearning",
        f"ip -n {name} addr add {own}.0/32 dev flannel.1",
        f"ip -n {name} link set flannel.1 up",
        f"ip -n {name} neigh add {far}.0 lladdr 02:00:00:f1:00:0{other} dev flannel.1 nud permanent",
        f"ip netns exec {name} bridge fdb append 02:00:00:f1:00:0{other} dev flannel.1 dst 10.100.0.{other}",
        f"ip -n {name} route add {far}.0/24 via {far}.0 dev flannel.1 onlink",
    ]


def flannel(*lines: str) -> World:
    """The network, with an app on port 4000 of pod-b, after further commands."""
    made = world(*machines("node-a", "node-b", "pod-a", "pod-b"),
                 *wire("node-a", "eth0", "10.100.0.2/24", "node-b", "eth0", "10.100.0.3/24"),
                 *node("a", 2, 3), *node("b", 3, 2), *lines)
    for proto in ("tcp", "udp"):
        made.listen("pod-b", 4000, proto=proto)
    return made


def overlay(*lines: str) -> World:
    """Two nodes and a tunnel that learns: each end knows the other machine as the default remote, and no MAC address."""
    ends = [line for letter, number, other in (("a", 2, 3), ("b", 3, 2)) for line in (
        f"ip -n node-{letter} link add vx0 address 02:00:00:f1:00:0{number} type vxlan id 7 remote 10.100.0.{other} dev eth0 "
        "dstport 4789",
        f"ip -n node-{letter} addr add 192.168.7.{number}/24 dev vx0",
        f"ip -n node-{letter} link set vx0 up",
    )]
    return world(*machines("node-a", "node-b"), *wire("node-a", "eth0", "10.100.0.2/24", "node-b", "eth0", "10.100.0.3/24"),
                 *ends, *lines)


def asked(network: World, proto: str, *, sport: int = 20000) -> Trace:
    """Pod-a asks pod-b, from a port that no tunnel would draw."""
    if proto == "icmp":
        return network.ping("pod-a", POD_B)
    return network.connect("pod-a", POD_B, 4000, proto=proto, sport=sport)


def packets(captures: list[Captured]) -> list[tuple[Captured, Packet]]:
    """What was seen, without bare ARP messages."""
    return [(each, each.packet) for each in captures if isinstance(each.packet, Packet)]


def outer_ports(captures: list[Captured]) -> dict[str, set[int]]:
    """The source ports of the VXLAN packets that a machine's eth0 sent, by their source address."""
    ports: dict[str, set[int]] = {}
    for each, packet in packets(captures):
        if packet.inner is not None and each.direction == "out":
            ports.setdefault(str(packet.src), set()).add(packet.sport)
    return ports


def drop(trace: Trace) -> str | None:
    """The kernel's word for the request's end."""
    assert trace.request is not None
    return next((step.reason for step in trace.request.steps if isinstance(step, Dropped)), None)


# --- F1: the way through the tunnel ------------------------------------------------------------------------------

WAY = [
    "pod-a eth0 out bare 64", "node-a veth0 in bare 64", "node-a cni0 in bare 64", "node-a flannel.1 out bare 63",
    "node-a eth0 out wrapped 63", "node-b eth0 in wrapped 63", "node-b flannel.1 in bare 63",
    "node-b cni0 out bare 62", "node-b veth0 out bare 62", "pod-b eth0 in bare 62",
]


def way(captures: list[Captured], src: str) -> list[str]:
    """Where the packets from a pod were seen, in order, bare or wrapped, and their own TTL."""
    seen = []
    for each, packet in packets(captures):
        inner = packet.inner.frame.payload if packet.inner is not None else packet
        if isinstance(inner, Packet) and str(inner.src) == src:
            form = "bare" if packet.inner is None else "wrapped"
            seen.append(f"{each.netns} {each.device} {each.direction} {form} {inner.ttl}")
    return seen


def test_f1_the_order_and_the_ttl() -> None:
    network = flannel()
    trace = network.ping("pod-a", POD_B)
    agree(network, trace, "delivered")
    assert way(trace.captures, "10.244.1.2") == way(heard(network, trace), "10.244.1.2") == WAY
    assert [type(step) for step in trace.hop("node-a").steps if isinstance(step, Encapsulated | Decapsulated)] == [Encapsulated]
    assert [type(step) for step in trace.hop("node-b").steps if isinstance(step, Encapsulated | Decapsulated)] == [Decapsulated]


def test_f1_the_outer_header_and_50_bytes_more() -> None:
    """The lengths of the kernel's frames are counted in their bytes."""
    network = flannel()
    trace = network.ping("pod-a", POD_B)
    outer = next(packet for _, packet in packets(trace.captures) if packet.inner is not None)
    assert (str(outer.src), str(outer.dst), outer.dport, outer.ttl, outer.df) == ("10.100.0.2", "10.100.0.3", 8472, 64, False)
    ours = {each.device: each.frame.length for each, _ in packets(trace.captures) if each.netns == "node-a"}
    assert trace.question is not None
    with lab.replay(network, trace.log_position) as real:
        real.watch()
        real.ask(trace.question, trace)
        frames = real.kernel.request("captured")["frames"]
    theirs = {device: len(octets) // 2 for _, netns, device, _, octets in frames if netns == "node-a" and octets[24:28] == "0800"}
    assert ours == theirs == {"veth0": 98, "cni0": 98, "flannel.1": 98, "eth0": 148}


@pytest.mark.parametrize("proto", ["tcp", "udp", "icmp"])
def test_f1_the_source_port_is_one_for_each_flow_and_direction(proto: str) -> None:
    """Of an echo and its answer, which no socket has marked with a hash of its own, it is even the same."""
    network = flannel()
    trace = asked(network, proto)
    agree(network, trace, "delivered")
    for ports in (outer_ports(trace.captures), outer_ports(heard(network, trace))):
        assert {src: len(each) for src, each in ports.items()} == {"10.100.0.2": 1, "10.100.0.3": 1}
        assert all(32768 <= port <= 60999 for each in ports.values() for port in each)
        assert (ports["10.100.0.2"] == ports["10.100.0.3"]) is (proto == "icmp")


def test_f1_another_flow_has_another_source_port() -> None:
    network = flannel()
    one, two = (asked(network, "tcp", sport=sport) for sport in (20000, 20001))
    agree(network, two, "delivered")
    for first, second in ((one.captures, two.captures), (heard(network, one), heard(network, two))):
        assert outer_ports(first)["10.100.0.2"] != outer_ports(second)["10.100.0.2"]


def test_f1_a_node_asks_with_the_tunnels_address() -> None:
    network = flannel()
    trace = network.connect("node-a", POD_B, 4000, sport=20000)
    agree(network, trace, "delivered")
    assert trace.seen_from == "10.244.1.0:20000"


@pytest.mark.parametrize(
    ("options", "fate", "wrapped"),
    [
        pytest.param({"ttl": 2}, "unreachable", True, id="the TTL ends behind the tunnel"),
        pytest.param({"ttl": 1}, "unreachable", False, id="the TTL ends before it"),
        pytest.param({"size": 1422}, "delivered", True, id="as large as fits"),
        pytest.param({"size": 1423}, "delivered", True, id="one byte more: cut, then wrapped"),
    ],
)
def test_f1_ttl_and_size(options: dict[str, Any], fate: str, wrapped: bool) -> None:
    network = flannel()
    trace = network.ping("pod-a", POD_B, **options)
    agree(network, trace, fate)
    assert bool(outer_ports(trace.captures)) is wrapped
    assert max(packet.length for _, packet in packets(trace.captures)) <= 1500


def test_f1_the_mark_goes_with_the_packet_and_rules_see_both() -> None:
    """What FORWARD has marked is still marked when it is wrapped: OUTPUT drops the UDP packet for it."""
    network = flannel(NODE_A + "iptables -t mangle -A FORWARD -i cni0 -j MARK --set-mark 7",
                      NODE_A + "iptables -A OUTPUT -o eth0 -p udp --dport 8472 -m mark --mark 7 -j DROP")
    trace = network.ping("pod-a", POD_B, timeout=SOON)
    agree(network, trace, "timeout")
    assert trace.reason == "-A OUTPUT -o eth0 -p udp -m udp --dport 8472 -m mark --mark 0x7 -j DROP"


# --- F2: what the tunnel does not know ---------------------------------------------------------------------------


def test_f2_no_entry_and_no_default_remote() -> None:
    network = flannel(NODE_A + f"bridge fdb del {FAR_MAC} dev flannel.1 dst 10.100.0.3")
    trace = network.ping("pod-a", POD_B, timeout=SOON)
    agree(network, trace, "timeout")
    assert way(trace.captures, "10.244.1.2") == WAY[:4]
    assert [each for each in trace.captures if each.device == "eth0" and each.netns.startswith("node")] == []
    assert drop(trace) == "NO_TX_TARGET"


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        pytest.param("vxlan id 2 local 10.100.0.3 dstport 8472", "VXLAN_VNI_NOT_FOUND", id="another VNI"),
        pytest.param("vxlan id 1 local 10.100.0.3 dstport 8473", None, id="another port: nobody listens"),
    ],
)
def test_f2_a_far_end_that_does_not_fit(device: str, reason: str | None) -> None:
    """A wrong VNI dies in silence; of a port without a socket the node is told, but not the pod."""
    again = f"ip -n node-b link add flannel.1 address {FAR_MAC} up type {device}"
    network = flannel("ip -n node-b link del flannel.1", again)
    trace = network.ping("pod-a", POD_B, timeout=SOON)
    agree(network, trace, "timeout")
    assert way(trace.captures, "10.244.1.2") == WAY[:6]
    assert drop(trace) == reason
    errors = [str(each.netns) for each, packet in packets(trace.captures) if packet.icmp is not None and packet.icmp.is_error]
    assert errors == ([] if reason else ["node-b", "node-a"])


def test_f2_a_default_remote_gets_what_no_entry_is_about() -> None:
    """Even ARP goes through the tunnel; and both ends learn from what comes."""
    network = overlay()
    trace = network.ping("node-a", "192.168.7.3")
    agree(network, trace, "delivered")
    inside = [packet.inner.frame.payload for _, packet in packets(trace.captures) if packet.inner is not None]
    assert isinstance(inside[0], Arp)
    assert [tunnel_knows(network, netns) for netns in ("node-a", "node-b")] == [
        ["00:00:00:00:00:00 dst 10.100.0.3 via eth0 self permanent", "02:00:00:f1:00:03 dst 10.100.0.3 self "],
        ["00:00:00:00:00:00 dst 10.100.0.2 via eth0 self permanent", "02:00:00:f1:00:02 dst 10.100.0.2 self "],
    ]


def test_f2_nolearning_and_two_remotes() -> None:
    """Without an entry each remote gets a copy; nobody has 10.100.0.9, so the copy for it waits in vain."""
    vx0 = "address 02:00:00:f1:00:02 type vxlan id 7 dstport 4789 nolearning"
    network = overlay("ip -n node-a link del vx0", f"ip -n node-a link add vx0 {vx0}",
                      "ip -n node-a addr add 192.168.7.2/24 dev vx0", "ip -n node-a link set vx0 up",
                      NODE_A + "bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.100.0.3",
                      NODE_A + "bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.100.0.9")
    trace = network.ping("node-a", "192.168.7.3")
    agree(network, trace, "delivered")
    assert trace.request is not None
    sent = [str(step.outer.dst) for step in trace.request.steps if isinstance(step, Encapsulated)]
    assert sent == ["10.100.0.9", "10.100.0.3"]
    assert [line.split()[0] for line in tunnel_knows(network, "node-a")] == ["00:00:00:00:00:00"] * 2


def tunnel_knows(network: World, netns: str) -> list[str]:
    """The forwarding table of a node's vx0, which the kernel has as well."""
    command = f"ip netns exec {netns} bridge fdb show dev vx0"
    ours = sorted(network.sh(command).splitlines())
    with lab.replay(network) as real:
        assert ours == sorted(real.sh(command).splitlines())
    return ours


# --- F3, and NAT around the tunnel -------------------------------------------------------------------------------

AWAKE = "iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT"


def test_f3_outer_flows_are_tracked_one_entry_each_way_never_answered() -> None:
    network = flannel(NODE_A + AWAKE, NODE_B + AWAKE)
    agree(network, asked(network, "udp"), "delivered")
    for netns in ("node-a", "node-b"):
        entries = network.sh(f"ip netns exec {netns} conntrack -L").splitlines()[:-1]
        outer = [line for line in entries if "dport=8472" in line]
        assert sorted(line.split()[3] for line in outer) == ["src=10.100.0.2", "src=10.100.0.3"]
        assert all("[UNREPLIED]" in line for line in outer)
        assert len(entries) == 3
        assert "[UNREPLIED]" not in next(line for line in entries if "dport=4000" in line)


def test_d4_masquerade_into_the_tunnel_takes_its_address() -> None:
    dnat = f"iptables -t nat -A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination {POD_B}:4000"
    network = flannel(NODE_A + dnat, NODE_A + "iptables -t nat -A POSTROUTING -p tcp -j MASQUERADE")
    trace = network.connect("pod-a", "10.96.0.10", 80, sport=20000)
    agree(network, trace, "delivered")
    assert trace.seen_from == "10.244.1.0:20000"


def test_frames_in_a_tunnel_are_read_as_they_were_written() -> None:
    """The capture's reader takes for VXLAN what looks so; what an app sends to that port it leaves alone."""
    network = flannel()
    trace = network.connect("node-a", "10.100.0.3", 8472, proto="udp", timeout=SOON)
    agree(network, trace, "timeout")
    assert drop(trace) == "VXLAN_INVALID_HDR"
    sent = [packet.data for _, packet in packets(heard(network, trace))]
    assert sent == [b"hello\n"] * 2
