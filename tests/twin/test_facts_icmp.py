"""Facts B6, B7, B15 and B16: redirects, how often ICMP errors are sent, and packets that are too large."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8snet.linux import Trace, World
from k8snet.linux.packet import REDIRECT, Arp
from k8snet.linux.steps import Dropped, Fragmented, Step
from tests.twin.network import SOON, agree, bridged, machines, place, wire, world
from tests.twin.routed import ROUTED, ROUTER, errors, is_icmp, packets, plugged, tcp

pytestmark = pytest.mark.usefixtures("kernel")

SERVICE = "10.96.0.10"


# --- B6, B7: redirects ------------------------------------------------------------------------------------------------

GATEWAY = "ip netns exec gateway "
LAN = [
    *machines("host", "gateway", "better", "far"), "ip link add br0 type bridge", "ip link set br0 up",
    *plugged("host", "10.0.0.1/24", 1), *plugged("gateway", "10.0.0.2/24", 2), *plugged("better", "10.0.0.3/24", 3),
    *wire("better", "eth1", "10.9.0.1/24", "far", "eth0", "10.9.0.9/24"),
    "ip -n host route add default via 10.0.0.2", "ip -n gateway route add 10.9.0.0/24 via 10.0.0.3",
    "ip -n far route add default via 10.9.0.1",
    GATEWAY + "sysctl -w net.ipv4.ip_forward=1", "ip netns exec better sysctl -w net.ipv4.ip_forward=1",
]
"""``host``, and two routers on its own network; its default route is by ``gateway``, and ``better`` has the way to ``far``."""


def redirects(trace: Trace) -> list[str]:
    """The redirects that were seen on the host's wire."""
    return [f"{packet.src} says {packet.icmp.gateway}" for where, packet in packets(trace)
            if where == "host eth0 in" and packet.icmp is not None and packet.icmp.type == REDIRECT]


def crosses(trace: Trace, netns: str) -> bool:
    """Whether the request went through a machine."""
    return netns in [hop.netns for hop in trace.hops if hop.oif]


def test_b6_redirect_is_sent_and_the_packet_forwarded_anyway() -> None:
    """The host does not know the new gateway's MAC address: it asks for it, and keeps to its route."""
    net = world(*LAN)
    trace = net.ping("host", "10.9.0.9")
    agree(net, trace, "delivered")
    assert redirects(trace) == ["10.0.0.2 says 10.0.0.3"]
    assert crosses(trace, "gateway")
    asked = [str(each.packet.target_ip) for each in trace.captures
             if place(each) == "host eth0 out" and isinstance(each.packet, Arp) and each.packet.op == "request"]
    assert asked == ["10.0.0.2", "10.0.0.3"]
    assert net.netns["host"].routing.redirects == {}


def test_b6_redirect_is_sent_and_obeyed_the_second_time() -> None:
    net = world(*LAN)
    net.ping("host", "10.9.0.9")
    net.sleep(0.15)
    second = net.ping("host", "10.9.0.9")
    agree(net, second, "delivered")
    assert redirects(second) == ["10.0.0.2 says 10.0.0.3"]
    assert crosses(second, "gateway")
    third = net.ping("host", "10.9.0.9")
    agree(net, third, "delivered")
    assert not crosses(third, "gateway")


def test_b6_redirects_have_a_rate_limit() -> None:
    """After five of them, which a router does not obey, the next one has to wait for 640 ms."""
    net = world(*LAN, "ip netns exec host sysctl -w net.ipv4.ip_forward=1")
    sent = []
    for pause in (0.1, 0.15, 0.25, 0.4, 0):
        sent.append(net.ping("host", "10.9.0.9"))
        net.sleep(pause)
    last = net.ping("host", "10.9.0.9")
    agree(net, last, "delivered")
    assert [len(redirects(trace)) for trace in (*sent, last)] == [1, 1, 1, 1, 1, 0]


def test_b6_routers_ignore_redirects() -> None:
    net = world(*LAN, "ip netns exec host sysctl -w net.ipv4.ip_forward=1")
    assert net.sh("ip netns exec host sysctl -n net.ipv4.conf.all.accept_redirects").strip() == "0"
    net.ping("host", "10.9.0.9")
    net.sleep(0.15)
    net.ping("host", "10.9.0.9")
    net.sleep(0.25)
    trace = net.ping("host", "10.9.0.9")
    agree(net, trace, "delivered")
    assert redirects(trace) == ["10.0.0.2 says 10.0.0.3"]
    assert crosses(trace, "gateway")


AWAKE = GATEWAY + "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"


def test_b7_nat_drops_the_redirect_about_a_first_packet() -> None:
    net = world(*LAN, AWAKE)
    trace = net.ping("host", "10.9.0.9")
    agree(net, trace, "delivered")
    assert redirects(trace) == []
    assert [each.hops[-1].netns for each in trace.packets if is_icmp(each.packet, REDIRECT)] == ["gateway"]


def test_b7_the_dropped_redirect_counts_for_the_rate_limit() -> None:
    """A connection's second packet could have one; but it comes within 320 ms of the fourth that was dropped."""
    net = world(*LAN, AWAKE)
    net.listen("far", 80)
    for pause in (0.1, 0.15, 0.25):
        net.ping("host", "10.9.0.9")
        net.sleep(pause)
    trace = tcp(net, "host", "10.9.0.9")
    agree(net, trace, "delivered")
    assert len([each for each in trace.packets if is_icmp(each.packet, REDIRECT)]) == 1
    assert redirects(trace) == []


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        pytest.param(AWAKE, ["10.0.0.2 says 10.0.0.3"], id="a connection that NAT leaves alone"),
        pytest.param(GATEWAY + f"iptables -t nat -A PREROUTING -d {SERVICE} -j DNAT --to-destination 10.9.0.9", [], id="DNAT"),
        pytest.param(GATEWAY + "iptables -t nat -A POSTROUTING -j MASQUERADE", [], id="MASQUERADE"),
    ],
)
def test_b7_redirects_about_a_later_packet(rule: str, advice: list[str]) -> None:
    """With NAT the sender must not go there directly, so it is never told to."""
    net = world(*LAN, rule)
    dst = SERVICE if SERVICE in rule else "10.9.0.9"
    net.connect("host", dst, 80, proto="udp", sport=50000, timeout=SOON)
    net.sleep(0.25)
    trace = net.connect("host", dst, 80, proto="udp", sport=50000, timeout=SOON)
    agree(net, trace)
    assert redirects(trace) == advice
    assert crosses(trace, "gateway")


# --- B15, B16: how often, and how large ---------------------------------------------------------------------------------


def knock(net: World, times: int, ask: Callable[[World], Trace]) -> Trace:
    """Ask so many times; the last trace."""
    return [ask(net) for _ in range(times)][-1]


@pytest.mark.parametrize(
    ("times", "pause", "switch", "fate"),
    [
        pytest.param(6, 0, "", "unreachable", id="the sixth"),
        pytest.param(7, 0, "icmp_ratelimit=5000", "timeout", id="the seventh"),
        pytest.param(7, 1.1, "", "unreachable", id="the seventh after a second"),
        pytest.param(7, 0, "icmp_ratelimit=0", "unreachable", id="no limit"),
        pytest.param(7, 0.15, "icmp_ratelimit=100", "unreachable", id="the seventh after a shorter interval"),
        pytest.param(7, 0, "icmp_ratemask=4120", "unreachable", id="without type 11 in the mask"),
    ],
)
def test_b15_errors_to_one_peer_have_a_burst_and_then_a_rate(times: int, pause: float, switch: str, fate: str) -> None:
    net = world(*ROUTED, *([ROUTER + f"sysctl -w net.ipv4.{switch}"] if switch else []))
    assert net.sh("sysctl -n net.ipv4.icmp_ratelimit").strip() == "1000"
    knock(net, times - 1, lambda net: net.ping("client", "10.0.2.2", ttl=1, timeout=SOON))
    if pause:
        net.sleep(pause)
    trace = net.ping("client", "10.0.2.2", ttl=1, timeout=SOON)
    agree(net, trace, fate)
    assert trace.icmp == ((11, 0) if fate == "unreachable" else None)


def test_b15_what_is_not_in_the_mask_has_no_limit() -> None:
    """Echo replies; the mask holds unreachable, source quench, time exceeded, parameter problem."""
    net = world(*ROUTED)
    assert net.sh("sysctl -n net.ipv4.icmp_ratemask").strip() == str(1 << 3 | 1 << 4 | 1 << 11 | 1 << 12)
    agree(net, knock(net, 8, lambda net: net.ping("client", "10.0.1.254")), "delivered")


def test_b15_errors_come_from_the_address_towards_the_sender() -> None:
    """Not from the device by which the packet came in; with a TTL of 64."""
    net = world(*ROUTED, "ip -n client addr add 10.5.5.5/32 dev eth0", "ip -n router route add 10.5.5.5 via 10.0.2.2",
                "ip -n server route add 10.5.5.5 via 10.0.2.254")
    trace = net.ping("client", "192.0.2.1", source="10.5.5.5", timeout=SOON)
    agree(net, trace)
    assert [(str(error.src), error.ttl) for error in errors(trace)] == [("10.0.2.254", 64)]


SMALL = "ip -n router link set right mtu 1300"


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda net: net.ping("client", "10.0.2.2", size=1400, df=True), id="ping -M do"),
        pytest.param(lambda net: net.ping("client", "10.0.2.2", size=1400), id="ping"),
    ],
)
def test_b16_too_large_with_df_is_told_the_mtu(ask: Callable[[World], Trace]) -> None:
    net = world(*ROUTED, SMALL)
    trace = ask(net)
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp) == ("EMSGSIZE", (3, 4))
    assert [error.icmp.mtu for error in errors(trace) if error.icmp] == [1300]


def test_b16_too_large_for_the_first_device_with_df_is_told_at_home() -> None:
    net = world(*ROUTED)
    trace = net.ping("client", "10.0.2.2", size=1600, df=True)
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp, trace.captures) == ("EMSGSIZE", None, [])


def test_b16_without_df_a_router_cuts_it() -> None:
    net = world(*ROUTED, SMALL, "ip -n server link set eth0 mtu 1300")
    trace = net.ping("client", "10.0.2.2", size=1400, df=False)
    agree(net, trace, "delivered")
    assert [step for step in trace.hop("router").steps if isinstance(step, Fragmented)] == [Fragmented(1300, 2)]


def test_b16_a_wire_takes_no_frame_larger_than_the_mtu_at_its_far_end() -> None:
    """Nobody is told: the server, whose own MTU is 1500, sends its answer in one piece, and the router does not get it."""
    net = world(*ROUTED, SMALL)
    trace = net.ping("client", "10.0.2.2", size=1400, df=False, timeout=SOON)
    agree(net, trace, "timeout")
    assert trace.answer is not None
    assert trace.answer.reason == "PKT_TOO_BIG"
    assert errors(trace) == []


@pytest.mark.parametrize(
    ("nf", "size", "df", "made"),
    [
        pytest.param(1, 1400, False, [Fragmented(1300, 2)], id="br_netfilter cuts it"),
        pytest.param(1, 1400, True, [Dropped("PKT_TOO_BIG")], id="but not with DF"),
        pytest.param(0, 1400, False, [Dropped("PKT_TOO_BIG")], id="the bridge itself drops it"),
    ],
)
def test_b16_a_bridge_tells_nobody_that_a_port_is_too_small(nf: int, size: int, df: bool, made: list[Step]) -> None:
    net = world(*bridged("node", "10.1.1.254/24", ("pod-a", "10.1.1.1/24"), ("pod-b", "10.1.1.2/24")),
                "ip -n node link set pod-b mtu 1300", "ip -n pod-b link set eth0 mtu 1300",
                f"ip netns exec node sysctl -w net.bridge.bridge-nf-call-iptables={nf}")
    trace = net.ping("pod-a", "10.1.1.2", size=size, df=df, timeout=SOON)
    agree(net, trace, "delivered" if isinstance(made[0], Fragmented) else "timeout")
    assert [step for step in trace.hop("node").steps if isinstance(step, Fragmented | Dropped)] == made
    assert errors(trace) == []
