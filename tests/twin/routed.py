"""``client - router - server``: the network of many facts, the ways to ask in it, and what to read off a trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8snet.linux import Trace, World
from k8snet.linux.packet import ECHO_REQUEST, Arp, Packet
from k8snet.linux.steps import Matched
from tests.twin.network import SOON, machines, place, wire

Ask = Callable[[World, str, str], Trace]

CLIENT, ROUTER, SERVER = "ip netns exec client ", "ip netns exec router ", "ip netns exec server "
BEFORE_IT_IS_SENT_AGAIN = 0.9
"""The same as `SOON` for a SYN, which is sent again after a second; longer, as some of them get an answer on a busy machine."""


def plugged(netns: str, address: str, number: int) -> list[str]:
    """A machine's eth0, plugged into the switch of the world's own namespace."""
    return [
        f"ip link add eth0 netns {netns} type veth peer name port{number}",
        f"ip link set port{number} master br0 up",
        f"ip -n {netns} addr add {address} dev eth0",
        f"ip -n {netns} link set eth0 up",
    ]


ROUTED = [
    *machines("client", "router", "server"),
    *wire("client", "eth0", "10.0.1.1/24", "router", "left", "10.0.1.254/24"),
    *wire("server", "eth0", "10.0.2.2/24", "router", "right", "10.0.2.254/24"),
    "ip -n client route add default via 10.0.1.254",
    "ip -n server route add default via 10.0.2.254",
    ROUTER + "sysctl -w net.ipv4.ip_forward=1",
]
WATCHED = [ROUTER + f"iptables -t {table} -A {chain} -m conntrack --ctstate NEW"
           for table, chain in (("mangle", "PREROUTING"), ("mangle", "FORWARD"), ("filter", "FORWARD"), ("filter", "INPUT"))]
"""Rules of the router that only count new connections: they show how far a packet came, and they wake conntrack."""


def tcp(world: World, netns: str, dst: str) -> Trace:
    """Open a connection."""
    return world.connect(netns, dst, 80, timeout=BEFORE_IT_IS_SENT_AGAIN)


def udp(world: World, netns: str, dst: str) -> Trace:
    """Send a datagram."""
    return world.connect(netns, dst, 80, proto="udp", timeout=SOON)


def echo(world: World, netns: str, dst: str) -> Trace:
    """Send an echo request."""
    return world.ping(netns, dst, timeout=SOON)


PROTOCOLS = [pytest.param(tcp, id="TCP"), pytest.param(udp, id="UDP"), pytest.param(echo, id="ICMP")]


def packets(trace: Trace) -> list[tuple[str, Packet]]:
    """Where each IPv4 packet was seen, and the packet there."""
    return [(place(each), each.packet) for each in trace.captures if isinstance(each.packet, Packet)]


def is_icmp(packet: Packet | Arp, kind: int) -> bool:
    """Whether it is an ICMP message of a type."""
    return isinstance(packet, Packet) and packet.icmp is not None and packet.icmp.type == kind


def requests(trace: Trace) -> list[tuple[str, Packet]]:
    """Where the echo request was seen."""
    return [(where, packet) for where, packet in packets(trace) if is_icmp(packet, ECHO_REQUEST)]


def errors(trace: Trace) -> list[Packet]:
    """The ICMP errors, as they were made."""
    made = (traced.packet for traced in trace.packets)
    return [each for each in made if isinstance(each, Packet) and each.icmp is not None and each.icmp.is_error]


def hooks(trace: Trace) -> list[str]:
    """The hooks at which rules of the router met the request."""
    return [step.hook for step in trace.hop("router").steps if isinstance(step, Matched)]
