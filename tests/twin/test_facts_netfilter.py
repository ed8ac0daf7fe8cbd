"""Facts E1 to E4: the order of netfilter's hooks, and what verdicts do. The model says so, and the kernel agrees."""

from __future__ import annotations

import pytest

from k8snet.linux import Trace, World
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.steps import Matched, Routed
from k8snet.linux.trace import TracedPacket
from tests.twin.network import SOON, agree, machines, place, wire, world
from tests.twin.routed import BEFORE_IT_IS_SENT_AGAIN, CLIENT, ROUTED, ROUTER

pytestmark = pytest.mark.usefixtures("kernel")

MANGLE = "iptables -t mangle -A "
CHAINS = [
    ("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("nat", "PREROUTING"), ("mangle", "INPUT"), ("filter", "INPUT"),
    ("nat", "INPUT"), ("mangle", "FORWARD"), ("filter", "FORWARD"), ("raw", "OUTPUT"), ("mangle", "OUTPUT"), ("nat", "OUTPUT"),
    ("filter", "OUTPUT"), ("mangle", "POSTROUTING"), ("nat", "POSTROUTING"),
]
"""All built-in chains, in no order that matters."""
COUNTED = [ROUTER + f"iptables -t {table} -A {chain}" for table, chain in CHAINS]
"""A rule in each that matches everything and decides nothing."""
AWAKE = ROUTER + "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"


def met(traced: TracedPacket | None) -> list[str]:
    """The rules that a packet met at the router, in order: ``raw/PREROUTING`` and so on."""
    assert traced is not None
    steps = (step for hop in traced.hops if hop.netns == "router" for step in hop.steps)
    return [f"{step.table}/{step.chain}" for step in steps if isinstance(step, Matched)]


FORWARDED = ["raw/PREROUTING", "mangle/PREROUTING", "nat/PREROUTING", "mangle/FORWARD", "filter/FORWARD",
             "mangle/POSTROUTING", "nat/POSTROUTING"]
TO_ITSELF = ["raw/OUTPUT", "mangle/OUTPUT", "nat/OUTPUT", "filter/OUTPUT", "mangle/POSTROUTING", "nat/POSTROUTING",
             "raw/PREROUTING", "mangle/PREROUTING", "mangle/INPUT", "filter/INPUT"]


@pytest.mark.parametrize(
    ("netns", "dst", "order"),
    [
        pytest.param("client", "10.0.2.2", FORWARDED, id="forwarded"),
        pytest.param("router", "10.0.1.254", TO_ITSELF, id="to itself"),
        pytest.param("client", "10.0.1.254", [*FORWARDED[:3], "mangle/INPUT", "filter/INPUT", "nat/INPUT"], id="from outside"),
        pytest.param("router", "10.0.2.2", TO_ITSELF[:6], id="to outside"),
    ],
)
@pytest.mark.parametrize("awake", [True, False], ids=["nat awake", "nat asleep"])
def test_e1_order_of_hooks(netns: str, dst: str, order: list[str], awake: bool) -> None:
    net = world(*ROUTED, *COUNTED, *([AWAKE] if awake else []))
    trace = net.ping(netns, dst)
    agree(net, trace, "delivered")
    nat = "nat/INPUT", "nat/PREROUTING", "nat/OUTPUT", "nat/POSTROUTING"
    assert met(trace.request) == [each for each in order if awake or each not in nat]


def test_e1_routing_comes_between_prerouting_and_forward() -> None:
    """Only the first packet meets nat; the answer passes the others."""
    net = world(*ROUTED, *COUNTED, AWAKE)
    trace = net.ping("client", "10.0.2.2")
    agree(net, trace, "delivered")
    steps = [step for step in trace.hop("router").steps if isinstance(step, Matched | Routed)]
    assert [isinstance(step, Routed) for step in steps] == [False] * 3 + [True] + [False] * 4
    assert met(trace.answer) == [each for each in FORWARDED if not each.startswith("nat")]


# --- E2, E3: verdicts -------------------------------------------------------------------------------------------------

REJECTS = [
    ("", (3, 3), "ECONNREFUSED"),
    ("--reject-with icmp-port-unreachable", (3, 3), "ECONNREFUSED"),
    ("--reject-with icmp-net-unreachable", (3, 0), "ENETUNREACH"),
    ("--reject-with icmp-host-unreachable", (3, 1), "EHOSTUNREACH"),
    ("--reject-with icmp-proto-unreachable", (3, 2), "ENOPROTOOPT"),
    ("--reject-with icmp-net-prohibited", (3, 9), "ENETUNREACH"),
    ("--reject-with icmp-host-prohibited", (3, 10), "EHOSTUNREACH"),
    ("--reject-with icmp-admin-prohibited", (3, 13), "EHOSTUNREACH"),
]


def ask(net: World, proto: str, netns: str = "client", dst: str = "10.0.2.2") -> Trace:
    """Connect, or send a datagram or an echo request."""
    if proto == "icmp":
        return net.ping(netns, dst, timeout=SOON)
    return net.connect(netns, dst, 80, proto=proto, timeout=BEFORE_IT_IS_SENT_AGAIN)


TO_OTHERS = [pytest.param(*REJECTS[0], proto, id=f"default to {proto}") for proto in ("udp", "icmp")]


@pytest.mark.parametrize(
    ("how", "icmp", "errno", "proto"),
    [*(pytest.param(*row, "tcp", id=f"{row[0][14:] or 'default'} to tcp") for row in REJECTS), *TO_OTHERS],
)
def test_e2_reject_answers_with_icmp(how: str, icmp: tuple[int, int], errno: str, proto: str) -> None:
    """Port unreachable, for TCP too, or what the rule names; from the router itself."""
    net = world(*ROUTED, ROUTER + f"iptables -A FORWARD -d 10.0.2.2 -j REJECT {how}")
    trace = ask(net, proto)
    agree(net, trace, "refused" if errno == "ECONNREFUSED" else "unreachable")
    assert (trace.icmp, trace.errno) == (icmp, errno)
    assert [(str(each.src), each.ttl) for each in answers(trace)] == [("10.0.1.254", 64)]


def answers(trace: Trace) -> list[Packet]:
    """What the router sent to the client."""
    return [each.packet for each in trace.captures if place(each) == "router left out" and isinstance(each.packet, Packet)]


def test_e2_reject_with_a_reset_comes_from_the_destination() -> None:
    net = world(*ROUTED, ROUTER + "iptables -A FORWARD -d 10.0.2.2 -p tcp -j REJECT --reject-with tcp-reset")
    trace = ask(net, "tcp")
    agree(net, trace, "refused")
    assert (trace.errno, trace.icmp) == ("ECONNREFUSED", None)
    assert [(str(each.src), each.ttl, each.flags) for each in answers(trace)] == [("10.0.2.2", 64, "R.")]


@pytest.mark.parametrize("proto", ["tcp", "udp", "icmp"])
def test_e2_reject_in_output_is_told_over_lo(proto: str) -> None:
    net = world(*ROUTED, CLIENT + "iptables -A OUTPUT -d 10.0.2.2 -j REJECT")
    trace = ask(net, proto)
    agree(net, trace, "refused" if proto == "tcp" else "unreachable")
    assert (trace.errno, trace.icmp) == ("ECONNREFUSED" if proto == "tcp" else "EPERM", (3, 3))
    assert [place(each) for each in trace.captures] == ["client lo out", "client lo in"]
    packet = trace.captures[0].packet
    assert not isinstance(packet, Arp)
    assert (str(packet.src), str(packet.dst)) == ("10.0.1.1", "10.0.1.1")


@pytest.mark.parametrize(
    ("proto", "fate", "errno"), [("udp", "unreachable", "EPERM"), ("icmp", "unreachable", "EPERM"), ("tcp", "timeout", None)]
)
def test_e3_drop_in_output(proto: str, fate: str, errno: str | None) -> None:
    net = world(*ROUTED, CLIENT + "iptables -A OUTPUT -d 10.0.2.2 -j DROP")
    trace = ask(net, proto)
    agree(net, trace, fate)
    assert (trace.errno, trace.captures) == (errno, [])


# --- E4: marks --------------------------------------------------------------------------------------------------------

TWO_WAYS = [
    *ROUTED, *machines("detour"), *wire("detour", "eth0", "10.0.3.3/24", "router", "side", "10.0.3.254/24"),
    "ip -n detour addr add 10.0.2.2/32 dev lo", "ip -n detour route add default via 10.0.3.254",
    "ip -n router rule add fwmark 0x7 lookup 100", "ip -n router route add default via 10.0.3.3 table 100",
]
"""10.0.2.2 is the server's address, and detour's, to which only marked packets go."""


@pytest.mark.parametrize("proto", ["tcp", "icmp"])
@pytest.mark.parametrize(
    ("netns", "rule", "by"),
    [
        pytest.param("client", ROUTER + MANGLE + "PREROUTING -i left -j MARK --set-mark 7", "detour", id="PREROUTING"),
        pytest.param("router", ROUTER + MANGLE + "OUTPUT -j MARK --set-mark 7", "detour", id="OUTPUT"),
        pytest.param("client", ROUTER + MANGLE + "PREROUTING -j MARK --set-mark 8", "server", id="another mark"),
        pytest.param("client", ROUTER + MANGLE + "FORWARD -j MARK --set-mark 7", "server", id="after routing"),
        pytest.param("client", CLIENT + MANGLE + "OUTPUT -j MARK --set-mark 7", "server", id="of another machine"),
    ],
)
def test_e4_a_mark_steers_routing_within_its_own_namespace(netns: str, rule: str, by: str, proto: str) -> None:
    net = world(*TWO_WAYS, rule)
    for machine in ("server", "detour"):
        net.listen(machine, 80)
    trace = ask(net, proto, netns)
    agree(net, trace, "delivered")
    assert trace.hops[-1].netns == by


def test_e4_marks_end_at_the_border_of_the_namespace() -> None:
    net = world(*ROUTED, CLIENT + MANGLE + "POSTROUTING -j MARK --set-mark 7", CLIENT + MANGLE + "POSTROUTING -m mark --mark 7",
                ROUTER + MANGLE + "PREROUTING -m mark --mark 7", ROUTER + MANGLE + "PREROUTING -m mark --mark 0")
    trace = net.ping("client", "10.0.2.2")
    agree(net, trace, "delivered")
    assert [step.number for step in trace.hop("client").steps if isinstance(step, Matched)] == [1, 2]
    assert [step.number for step in trace.hop("router").steps if isinstance(step, Matched)] == [2]
