"""Facts G1 to G3: what captures show, and when. Each is asserted of the model, and the real kernel tells the same story."""

from __future__ import annotations

import socket
import sys

import pytest

from k8snet.lab.replay import ask_model, replay
from k8snet.linux.log import Ping
from k8snet.linux.packet import Packet
from k8snet.linux.steps import Captured
from tests.twin.network import SOON, agree, bridged, heard, machines, order, place, wire, world

pytestmark = pytest.mark.usefixtures("kernel")

NODE = "ip netns exec node "
IPTABLES = NODE + "iptables "
SERVICE = "10.96.0.10"

WIRED = [*machines("node", "peer"), *wire("node", "eth0", "10.0.0.1/24", "peer", "eth0", "10.0.0.2/24")]
BRIDGED = bridged("node", "10.0.0.254/24", ("pod-a", "10.0.0.1/24"), ("pod-b", "10.0.0.2/24"))


def ends(captures: list[Captured], where: str) -> list[str]:
    """From where to where the IP packets are that a device saw; ``where`` as in ``node eth0 out``."""
    packets = [each.packet for each in captures if place(each) == where]
    return [f"{each.src} > {each.dst}" for each in packets if isinstance(each, Packet)]


# --- G1: in before, out behind all hooks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        pytest.param("-t raw -A OUTPUT -p icmp -j DROP", [], id="raw OUTPUT"),
        pytest.param("-A OUTPUT -p icmp -j DROP", [], id="filter OUTPUT"),
        pytest.param("-t mangle -A POSTROUTING -p icmp -j DROP", [], id="mangle POSTROUTING"),
        pytest.param("-t nat -A POSTROUTING -p icmp -j SNAT --to-source 10.0.0.7", ["10.0.0.7 > 10.0.0.2"], id="nat POSTROUTING"),
    ],
)
def test_g1_out_is_seen_behind_all_hooks(rule: str, seen: list[str]) -> None:
    net = world(*WIRED, "ip -n node addr add 10.0.0.7/24 dev eth0", IPTABLES + rule)
    trace = net.ping("node", "10.0.0.2", timeout=SOON)
    agree(net, trace)
    assert ends(trace.captures, "node eth0 out") == seen


@pytest.mark.parametrize(
    ("rule", "fate"),
    [
        pytest.param("-t raw -A PREROUTING -p icmp -j DROP", "timeout", id="raw PREROUTING"),
        pytest.param("-A INPUT -p icmp -j DROP", "timeout", id="filter INPUT"),
        pytest.param(f"-t nat -A PREROUTING -d {SERVICE} -j DNAT --to-destination 10.0.0.1", "delivered", id="nat PREROUTING"),
    ],
)
def test_g1_in_is_seen_before_all_hooks(rule: str, fate: str) -> None:
    net = world(*WIRED, f"ip -n peer route add {SERVICE} via 10.0.0.1", IPTABLES + rule)
    dst = SERVICE if SERVICE in rule else "10.0.0.1"
    trace = net.ping("peer", dst, timeout=SOON)
    agree(net, trace, fate)
    assert ends(trace.captures, "node eth0 in") == [f"10.0.0.2 > {dst}"]


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        pytest.param("", ["lo out", "lo in", "lo out", "lo in"], id="request and reply"),
        pytest.param("-A INPUT -j DROP", ["lo out", "lo in"], id="INPUT drops the request"),
        pytest.param("-A OUTPUT -j DROP", [], id="OUTPUT drops the request"),
    ],
)
def test_g1_lo_shows_each_packet_out_then_in(rule: str, seen: list[str]) -> None:
    net = world(*WIRED, IPTABLES + rule if rule else "")
    trace = net.ping("node", "10.0.0.1", timeout=SOON)
    agree(net, trace)
    for captures in (trace.captures, heard(net, trace)):
        assert [" ".join(each.split()[:2]) for each in order(captures, "node")] == seen


# --- G2: times ---------------------------------------------------------------------------------------------------------

SO_TIMESTAMP = 29


def test_g2_br0_sees_a_frame_at_its_ports_time_and_behind_it() -> None:
    """A frame has one time of receipt; only the order in the socket's queue tells the port from br0.

    The kernel notes that time while any socket of the machine wants it; otherwise a capture has its own time.
    """
    net = world(*BRIDGED)
    trace = net.ping("pod-a", "10.0.0.254")
    agree(net, trace, "delivered")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wants:
        wants.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
        kernel = heard(net, trace)
    for captures in (trace.captures, kernel):
        came = [each for each in captures if each.netns == "node" and each.direction == "in"]
        assert [each.device for each in came] == ["pod-a", "br0"] * 2
        assert [at_port.now for at_port in came[::2]] == [at_br0.now for at_br0 in came[1::2]]


# --- G3: watching changes what is seen ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bridge_nf", [0, 1])
def test_g3_a_promiscuous_bridge_sees_what_is_not_for_it(bridge_nf: int) -> None:
    net = world(*BRIDGED, f"{NODE}sysctl -w net.bridge.bridge-nf-call-iptables={bridge_nf}", IPTABLES + "-t mangle -A INPUT")
    net.ping("pod-a", "10.0.0.2")
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert ends(trace.captures, "node br0 in") == []
    net.sh("ip -n node link set br0 promisc on")
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert ends(trace.captures, "node br0 in") == ["10.0.0.1 > 10.0.0.2", "10.0.0.2 > 10.0.0.1"]


WATCH = """
import socket, struct, time
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sniffer.setsockopt(263, 1, struct.pack("iHH8x", socket.if_nametoindex("br0"), 1, 0))
time.sleep(60)
"""
"""Makes br0 promiscuous as tcpdump does (PACKET_ADD_MEMBERSHIP with PACKET_MR_PROMISC) until it is killed."""


def test_g3_a_sniffer_that_asks_for_it_is_enough() -> None:
    """In the model nobody sniffs: there ``ip link set br0 promisc on`` says the same."""
    net = world(*BRIDGED, "ip -n node link set br0 promisc on")
    question = Ping("pod-a", net.netns["pod-b"].devices["eth0"].addresses[0].ip)
    trace = ask_model(net, question)
    with replay(world(*BRIDGED)) as real:
        sniffer = f"{sys.executable} -I -c '{WATCH}'"
        real.sh(f"ip netns exec node {sniffer} >/dev/null 2>&1 &")
        real.sh("until ip -n node -d link show br0 | grep -q 'promiscuity 1'; do sleep 0.05; done")
        real.watch()
        real.ask(question, trace)
        captures = real.captured()
    assert order(captures, "node") == order(trace.captures, "node")
    assert ends(captures, "node br0 in") == ["10.0.0.1 > 10.0.0.2", "10.0.0.2 > 10.0.0.1"]
