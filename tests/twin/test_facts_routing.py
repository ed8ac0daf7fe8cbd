"""Facts B1 to B5 and B8 to B14: routing and TTL. Each is asserted of the model, and the real kernel tells the same story."""

from __future__ import annotations

import pytest

from k8snet.linux.steps import Routed
from tests.twin.network import SOON, agree, machines, place, wire, world
from tests.twin.routed import (
    CLIENT,
    PROTOCOLS,
    ROUTED,
    ROUTER,
    SERVER,
    WATCHED,
    Ask,
    errors,
    hooks,
    packets,
    plugged,
    requests,
    tcp,
)

pytestmark = pytest.mark.usefixtures("kernel")

SERVICE = "10.96.0.10"


# --- B1 to B3: TTL, and no route --------------------------------------------------------------------------------------


def test_b1_ttl_falls_by_one_per_forwarding_between_in_and_out() -> None:
    """A bridge on either side, veths, and the delivery leave it as it is."""
    net = world(
        *machines("client", "router", "server"), "ip link add br0 type bridge", "ip link set br0 up",
        "ip -n router link add br0 type bridge", "ip -n router link set br0 up", "ip -n router addr add 10.0.1.254/24 dev br0",
        *wire("client", "eth0", "10.0.1.1/24", "router", "port1", ""), "ip -n router link set port1 master br0",
        *plugged("router", "10.0.2.254/24", 2), *plugged("server", "10.0.2.2/24", 3),
        "ip -n client route add default via 10.0.1.254", "ip -n server route add default via 10.0.2.254",
        ROUTER + "sysctl -w net.ipv4.ip_forward=1",
    )
    trace = net.ping("client", "10.0.2.2")
    agree(net, trace, "delivered")
    assert {where: packet.ttl for where, packet in requests(trace)} == {
        "client eth0 out": 64, "router port1 in": 64, "router br0 in": 64,
        "router eth0 out": 63, "root port2 in": 63, "root port3 out": 63, "server eth0 in": 63,
    }


@pytest.mark.parametrize(
    ("dst", "fate"),
    [
        pytest.param("10.0.1.254", "delivered", id="the router"),
        pytest.param("10.0.2.254", "delivered", id="its address on another device"),
        pytest.param("10.0.2.2", "unreachable", id="one machine further"),
        pytest.param("10.0.1.1", "delivered", id="oneself"),
    ],
)
def test_b1_ttl_1_suffices_where_nothing_is_forwarded(dst: str, fate: str) -> None:
    net = world(*ROUTED)
    agree(net, net.ping("client", dst, ttl=1), fate)


def test_b2_ttl_1_ends_before_forward_and_leaves_no_connection() -> None:
    net = world(*ROUTED, *WATCHED)
    trace = net.connect("client", "10.0.2.2", 80, ttl=1)
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp) == ("EHOSTUNREACH", (11, 0))
    assert hooks(trace) == ["PREROUTING"]
    assert [str(error.src) for error in errors(trace)] == ["10.0.1.254"]
    assert "10.0.2.2" not in net.sh(ROUTER + "conntrack -L")


def test_b2_a_routing_loop_ends_with_the_ttl() -> None:
    net = world(*ROUTED, "ip -n router route add default via 10.0.2.2", SERVER + "sysctl -w net.ipv4.ip_forward=1")
    trace = net.ping("client", "192.0.2.1", ttl=6)
    agree(net, trace, "unreachable")
    assert trace.icmp == (11, 0)
    assert [hop.netns for hop in trace.hops] == ["client", "router", "server", "router", "server", "router", "server"]


@pytest.mark.parametrize("ask", PROTOCOLS)
def test_b3_no_route_at_home_is_told_at_once(ask: Ask) -> None:
    net = world(*ROUTED)
    trace = ask(net, "router", "192.0.2.1")
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp, trace.captures) == ("ENETUNREACH", None, [])
    assert trace.ended == trace.started


@pytest.mark.parametrize("ask", PROTOCOLS)
def test_b3_no_route_at_a_router_ends_before_forward(ask: Ask) -> None:
    net = world(*ROUTED, *WATCHED)
    trace = ask(net, "client", "192.0.2.1")
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp) == ("ENETUNREACH", (3, 0))
    assert hooks(trace) == ["PREROUTING"]
    assert [str(error.src) for error in errors(trace)] == ["10.0.1.254"]


# --- B4, B5: routes that say no, and hosts that do not forward ----------------------------------------------------------


@pytest.mark.parametrize("ask", PROTOCOLS[1:])
@pytest.mark.parametrize(
    ("kind", "icmp"), [("unreachable", (3, 1)), ("prohibit", (3, 13)), ("throw", (3, 0)), ("blackhole", None)]
)
def test_b4_route_types_for_forwarded_packets(kind: str, icmp: tuple[int, int] | None, ask: Ask) -> None:
    net = world(*ROUTED, f"ip -n router route add {kind} 10.9.0.0/16")
    trace = ask(net, "client", "10.9.9.9")
    agree(net, trace, "unreachable" if icmp else "timeout")
    assert trace.icmp == icmp
    assert [(error.icmp.type, error.icmp.code) for error in errors(trace) if error.icmp] == ([icmp] if icmp else [])


@pytest.mark.parametrize("ask", PROTOCOLS)
@pytest.mark.parametrize(
    ("kind", "errno"),
    [("unreachable", "EHOSTUNREACH"), ("prohibit", "EACCES"), ("throw", "ENETUNREACH"), ("blackhole", "EINVAL")],
)
def test_b4_route_types_at_home(kind: str, errno: str, ask: Ask) -> None:
    net = world(*machines("host"), f"ip -n host route add {kind} 10.9.0.0/16")
    trace = ask(net, "host", "10.9.9.9")
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp, trace.captures) == (errno, None, [])


def test_b5_a_host_drops_what_is_for_others_in_silence() -> None:
    net = world(*ROUTED, ROUTER + "sysctl -w net.ipv4.ip_forward=0", *WATCHED)
    trace = net.ping("client", "10.0.2.2", timeout=SOON)
    agree(net, trace, "timeout")
    assert [where for where, _ in requests(trace)] == ["client eth0 out", "router left in"]
    assert hooks(trace) == ["PREROUTING"]
    assert trace.answer is None


def test_b5_a_host_takes_what_is_for_any_of_its_addresses() -> None:
    net = world(*ROUTED, ROUTER + "sysctl -w net.ipv4.ip_forward=0", *WATCHED)
    trace = net.ping("client", "10.0.2.254")
    agree(net, trace, "delivered")
    assert hooks(trace) == ["PREROUTING", "INPUT"]


# --- B8, B9, B10, B11: addresses that may not come in, or not go out ----------------------------------------------------


@pytest.mark.parametrize(
    ("everywhere", "device", "back", "passes"),
    [
        pytest.param(0, 0, "other", True, id="0: the way back is another"),
        pytest.param(0, 0, "none", True, id="0: no way back"),
        pytest.param(1, 0, "other", False, id="1 for all: another"),
        pytest.param(0, 1, "other", False, id="1 for the device: another"),
        pytest.param(0, 1, "none", False, id="1: no way back"),
        pytest.param(0, 1, "same", True, id="1: the same way"),
        pytest.param(2, 0, "other", True, id="2 for all: another"),
        pytest.param(1, 2, "other", True, id="the larger counts: another"),
        pytest.param(1, 2, "none", False, id="2: no way back"),
    ],
)
def test_b8_rp_filter(everywhere: int, device: int, back: str, passes: bool) -> None:
    ways = {"other": ["ip -n router route add 10.5.0.0/16 dev right"], "none": [],
            "same": ["ip -n router route add 10.5.0.0/16 dev left"]}
    net = world(
        *ROUTED, *ways[back], "ip -n client addr add 10.5.5.5/32 dev eth0", SERVER + "iptables -A INPUT -j DROP",
        ROUTER + f"sysctl -w net.ipv4.conf.all.rp_filter={everywhere}",
        ROUTER + f"sysctl -w net.ipv4.conf.left.rp_filter={device}",
    )
    trace = net.ping("client", "10.0.2.2", source="10.5.5.5", timeout=SOON)
    agree(net, trace, "timeout")
    assert ("server eth0 in" in [where for where, _ in requests(trace)]) == passes
    assert errors(trace) == []


def test_b8_a_new_namespace_has_rp_filter_off() -> None:
    net = world(*machines("host"))
    assert net.sh("ip netns exec host sysctl -n net.ipv4.conf.all.rp_filter").strip() == "0"
    assert net.sh("ip netns exec host sysctl -n net.ipv4.conf.default.rp_filter").strip() == "0"


@pytest.mark.parametrize(
    ("source", "switch", "passes"),
    [
        pytest.param("127.0.0.5", "", False, id="127/8"),
        pytest.param("0.0.0.0", "", False, id="0.0.0.0"),
        pytest.param("224.0.0.9", "", False, id="multicast"),
        pytest.param("255.255.255.255", "", False, id="broadcast"),
        pytest.param("10.0.1.254", "", False, id="the receiver's own"),
        pytest.param("10.0.2.254", "", False, id="the receiver's own, of another device"),
        pytest.param("10.0.2.254", "accept_local", True, id="the same with accept_local"),
        pytest.param("240.0.0.1", "", True, id="240/4"),
    ],
)
def test_b9_martian_sources(source: str, switch: str, passes: bool) -> None:
    """The client's own SNAT gives the packet its strange source, so no socket has to have it."""
    net = world(*ROUTED, SERVER + "iptables -A INPUT -j DROP", *WATCHED[:1],
                *([ROUTER + f"sysctl -w net.ipv4.conf.left.{switch}=1"] if switch else []))
    net.ping("client", "10.0.1.254")
    net.sh(CLIENT + f"iptables -t nat -A POSTROUTING -j SNAT --to-source {source}")
    trace = net.ping("client", "10.0.2.2", timeout=SOON)
    agree(net, trace, "timeout")
    seen = [where for where, packet in requests(trace) if str(packet.src) == source]
    assert seen[:2] == ["client eth0 out", "router left in"]
    assert ("server eth0 in" in seen) == passes
    assert errors(trace) == []


@pytest.mark.parametrize("switch", [pytest.param(device, id=device or "none") for device in ("", "left", "all", "right")])
def test_b10_dnat_to_loopback_needs_route_localnet(switch: str) -> None:
    """On the device by which the packet comes in, or on all."""
    net = world(*ROUTED, *([ROUTER + f"sysctl -w net.ipv4.conf.{switch}.route_localnet=1"] if switch else []),
                ROUTER + "iptables -t nat -A PREROUTING -d 10.0.1.254 -j DNAT --to-destination 127.0.0.1")
    net.listen("router", 80)
    trace = tcp(net, "client", "10.0.1.254")
    agree(net, trace, "delivered" if switch in ("left", "all") else "timeout")
    assert errors(trace) == []
    assert [str(step.after.dst) for step in trace.rewrites][:1] == ["127.0.0.1"]


NODE_PORT = ROUTER + "iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.0.2.2:80"


def test_b11_dnat_from_loopback_to_another_host_goes_nowhere() -> None:
    net = world(*ROUTED, NODE_PORT, ROUTER + "iptables -t nat -A POSTROUTING -j MASQUERADE")
    net.listen("server", 80)
    trace = tcp(net, "router", "127.0.0.1")
    agree(net, trace, "timeout")
    assert trace.captures == []
    assert trace.reason == "IP_OUTNOROUTES"


@pytest.mark.parametrize(
    ("switch", "fate"), [("all", "delivered"), ("right", "delivered"), ("left", "timeout"), ("lo", "timeout")]
)
def test_b11_with_route_localnet_it_leaves_if_it_is_masqueraded(switch: str, fate: str) -> None:
    """On the device by which it leaves, or on all."""
    net = world(*ROUTED, NODE_PORT, ROUTER + f"sysctl -w net.ipv4.conf.{switch}.route_localnet=1",
                ROUTER + "iptables -t nat -A POSTROUTING -j MASQUERADE")
    net.listen("server", 80)
    trace = tcp(net, "router", "127.0.0.1")
    agree(net, trace, fate)
    assert trace.seen_from == ("10.0.2.254:40000" if fate == "delivered" else None)


def test_b11_unmasqueraded_it_dies_at_the_other_host() -> None:
    net = world(*ROUTED, NODE_PORT, ROUTER + "sysctl -w net.ipv4.conf.all.route_localnet=1")
    net.ping("router", "10.0.2.2")  # else ARP, which asks on behalf of 127.0.0.1, gets no answer either
    trace = tcp(net, "router", "127.0.0.1")
    agree(net, trace, "timeout")
    assert trace.reason == "IP_LOCALNET"


# --- B12 to B14: where packets come from that a machine makes itself ----------------------------------------------------


@pytest.mark.parametrize(
    ("route", "source"),
    [
        pytest.param("10.9.0.0/16 via 10.0.1.254 src 10.7.0.1", "10.7.0.1", id="the route says"),
        pytest.param("10.9.0.0/16 via 10.0.1.254", "10.0.1.1", id="in the next hop's subnet, the first"),
        pytest.param("10.9.0.0/16 via 10.7.0.254", "10.7.0.1", id="in the next hop's subnet, the second"),
        pytest.param("10.9.0.0/16 via 10.8.0.254 onlink", "10.0.1.1", id="next hop in no subnet"),
        pytest.param("10.9.0.0/16", "10.0.1.1", id="no next hop"),
    ],
)
def test_b12_source_address_choice(route: str, source: str) -> None:
    net = world(
        *ROUTED, "ip -n client addr add 10.7.0.1/24 dev eth0", "ip -n router addr add 10.9.0.9/32 dev lo",
        "ip -n router addr add 10.7.0.254/24 dev left", "ip -n router addr add 10.8.0.254/24 dev left",
        f"ip -n client route add {route} dev eth0",
    )
    net.listen("router", 80)
    trace = tcp(net, "client", "10.9.0.9")
    agree(net, trace, "delivered")
    assert trace.seen_from is not None
    assert trace.seen_from.startswith(f"{source}:")


def test_b12_output_dnat_keeps_the_source_of_the_first_route() -> None:
    """A node that asks a Service leaves by one device with the address for another: that of its default route."""
    net = world(*ROUTED, "ip -n router route add default via 10.0.1.1",
                ROUTER + f"iptables -t nat -A OUTPUT -d {SERVICE} -j DNAT --to-destination 10.0.2.2")
    net.listen("server", 80)
    trace = tcp(net, "router", SERVICE)
    agree(net, trace, "delivered")
    assert trace.seen_from is not None
    assert trace.seen_from.startswith("10.0.1.254:")
    assert [step.lookup.dev for step in trace.hops[0].steps if isinstance(step, Routed)] == ["left", "right"]


def test_b13_output_dnat_needs_a_route_for_the_original_destination() -> None:
    net = world(*ROUTED, ROUTER + f"iptables -t nat -A OUTPUT -d {SERVICE} -j DNAT --to-destination 10.0.2.2")
    net.listen("server", 80)
    trace = tcp(net, "router", SERVICE)
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.rewrites) == ("ENETUNREACH", [])


def test_b13_prerouting_dnat_needs_none() -> None:
    net = world(*ROUTED, ROUTER + f"iptables -t nat -A PREROUTING -d {SERVICE} -j DNAT --to-destination 10.0.2.2")
    net.listen("server", 80)
    agree(net, tcp(net, "client", SERVICE), "delivered")


@pytest.mark.parametrize(
    ("dst", "source"),
    [("127.0.0.1", "127.0.0.1"), ("127.9.9.9", "127.0.0.1"), ("10.0.1.254", "10.0.1.254"), ("10.0.2.254", "10.0.2.254")],
)
def test_b14_own_addresses_go_over_lo(dst: str, source: str) -> None:
    """With that same address as source; but all of 127/8 is asked from 127.0.0.1."""
    net = world(*ROUTED)
    trace = net.ping("router", dst)
    agree(net, trace, "delivered")
    assert [place(each) for each in trace.captures] == ["router lo out", "router lo in"] * 2
    assert {(each.frame.src, each.frame.dst) for each in trace.captures} == {("00:00:00:00:00:00", "00:00:00:00:00:00")}
    assert str(packets(trace)[0][1].src) == source
