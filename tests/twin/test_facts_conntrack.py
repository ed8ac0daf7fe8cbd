"""Facts D1 to D12: connection tracking and NAT. Each is asserted of the model, and the real kernel tells the same story.

The usual network is ``client - node - server``; the server has the apps ``one`` (port 4000) and ``two`` (4001).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from k8snet import lab
from k8snet.linux import Trace, World
from k8snet.linux.packet import ECHO_REQUEST, Packet
from k8snet.linux.steps import Matched, Tracked
from tests.twin.network import SOON, agree, figure, machines, tracked, wire, world

pytestmark = pytest.mark.usefixtures("kernel")

NODE, NODE_A, ROUTER = "ip netns exec node iptables ", "ip netns exec node-a iptables ", "ip netns exec router iptables "
SERVICE = "10.96.0.10"
AWAKE = NODE + "-A INPUT -m conntrack --ctstate NEW -j ACCEPT"
"""A rule that wakes connection tracking, and does no more."""

NETWORK = [
    *machines("client", "node", "server"),
    *wire("node", "eth0", "10.1.1.254/24", "client", "eth0", "10.1.1.1/24"), "ip -n client addr add 10.1.1.2/24 dev eth0",
    *wire("node", "eth1", "10.1.2.254/24", "server", "eth0", "10.1.2.1/24"),
    "ip -n client route add default via 10.1.1.254", "ip -n server route add default via 10.1.2.254",
    "ip netns exec node sysctl -w net.ipv4.ip_forward=1",
]


def network(*lines: str) -> World:
    """The usual network after further commands."""
    made = world(*NETWORK, *lines)
    for proto in ("tcp", "udp"):
        made.listen("server", 4000, proto=proto, name="one")
        made.listen("server", 4001, proto=proto, name="two")
    return made


def service(proto: str, to: str, iptables: str = NODE, chain: str = "PREROUTING") -> str:
    """The command that turns the Service's port 80 into an endpoint."""
    return f"{iptables}-t nat -A {chain} -d {SERVICE} -p {proto} --dport 80 -j DNAT --to-destination {to}"


def senders(trace: Trace, netns: str, device: str) -> list[str]:
    """Whom the packets on a device are from, each once: address, and port if it has one."""
    seen = (each.packet for each in trace.captures if (each.netns, each.device) == (netns, device))
    packets = [packet for packet in seen if isinstance(packet, Packet)]
    return list(dict.fromkeys(f"{packet.src}:{packet.sport}" if packet.sport else str(packet.src) for packet in packets))


def steps(trace: Trace, netns: str, kind: type) -> list[object]:
    """All steps of one kind in a namespace."""
    return [step for packet in trace.packets for hop in packet.hops if hop.netns == netns for step in hop.steps
            if isinstance(step, kind)]


def port_of(peer: str | None) -> int:
    """The port in ``10.1.1.1:40000``."""
    assert peer is not None
    return int(peer.rpartition(":")[2])


# --- D1: where connections are tracked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "awake"),
    [
        pytest.param([], False, id="no rules"),
        pytest.param(["-A FORWARD -p tcp -j ACCEPT"], False, id="a rule of filter"),
        pytest.param(["-t nat -A PREROUTING -j ACCEPT"], False, id="a nat table without a NAT target"),
        pytest.param(["-t raw -A PREROUTING -j CT --notrack"], False, id="NOTRACK alone"),
        pytest.param(["-t nat -A POSTROUTING -o eth9 -j MASQUERADE", "-t nat -F"], False, id="a NAT rule that is gone"),
        pytest.param(["-A INPUT -m conntrack --ctstate NEW -j ACCEPT"], True, id="ctstate, in another chain"),
        pytest.param(["-t nat -A POSTROUTING -o eth9 -j MASQUERADE"], True, id="a NAT rule that never matches"),
        pytest.param(["-t nat -N LONELY", "-t nat -A LONELY -j RETURN",
                      "-t nat -A LONELY -p tcp -j DNAT --to-destination 10.1.2.1"], True, id="a NAT rule out of reach"),
    ],
)
def test_d1_conntrack_runs_only_where_a_rule_needs_it(rules: list[str], awake: bool) -> None:
    asked = network(*(NODE + rule for rule in rules))
    trace = asked.connect("client", "10.1.2.1", 4000, proto="udp")
    agree(asked, trace, "delivered")
    assert bool(tracked(asked)) is bool(steps(trace, "node", Tracked)) is awake


@pytest.mark.parametrize(
    ("more", "fate"),
    [pytest.param([], "delivered", id="asleep"), pytest.param([AWAKE], "timeout", id="awake")],
)
def test_d1_nat_chains_sleep_without_conntrack(more: list[str], fate: str) -> None:
    """A mark that nat sets would lead into a black hole; as long as no rule needs conntrack, nobody asks that chain."""
    mark = NODE + "-t nat -A PREROUTING -j MARK --set-mark 1"
    asked = network(mark, "ip -n node rule add fwmark 1 blackhole", *more)
    agree(asked, asked.ping("client", "10.1.2.1", timeout=SOON), fate)


# --- D2: when nat is asked, and when an entry is made ------------------------------------------------------------


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_d2_nat_chains_see_the_first_packet_only(proto: str) -> None:
    asked = network(service(proto, "10.1.2.1:4000"), NODE + "-t nat -A POSTROUTING -j MASQUERADE")
    trace = asked.connect("client", SERVICE, 80, proto=proto, sport=50000)
    again = asked.connect("client", SERVICE, 80, proto="udp", sport=50000) if proto == "udp" else trace
    agree(asked, again, "delivered")
    assert len(steps(trace, "node", Matched)) == 2
    assert again is trace or steps(again, "node", Matched) == []
    with lab.replay(asked) as real:
        counts = counted(real.sh("ip netns exec node iptables-save -c -t nat"))
    assert counted(asked.sh("ip netns exec node iptables-save -c -t nat")) == counts == [1, 1]


def counted(saved: str) -> list[int]:
    """How many packets each rule has matched."""
    return [int(packets) for packets in re.findall(r"^\[(\d+):\d+\] -A", saved, re.MULTILINE)]


@pytest.mark.parametrize(
    ("rule", "netns", "dst", "fate"),
    [
        pytest.param("-A FORWARD -p icmp -j DROP", "client", "10.1.2.1", "timeout", id="DROP in FORWARD"),
        pytest.param("-A FORWARD -p icmp -j REJECT", "client", "10.1.2.1", "refused", id="REJECT in FORWARD"),
        pytest.param("-t mangle -A POSTROUTING -p icmp -j DROP", "client", "10.1.2.1", "timeout", id="DROP in POSTROUTING"),
        pytest.param("-I INPUT -p icmp -j DROP", "client", "10.1.1.254", "timeout", id="DROP in INPUT"),
        pytest.param("-A OUTPUT -p icmp -j DROP", "node", "10.1.1.1", "unreachable", id="DROP in OUTPUT"),
    ],
)
def test_d2_what_is_dropped_or_rejected_is_not_remembered(rule: str, netns: str, dst: str, fate: str) -> None:
    asked = network(AWAKE, NODE + rule)
    trace = asked.ping(netns, dst, timeout=SOON)
    agree(asked, trace, fate)
    assert [step.ctstate for step in steps(trace, "node", Tracked)[:1] if isinstance(step, Tracked)] == ["NEW"]
    assert tracked(asked) == []


# --- D3: which port MASQUERADE takes -----------------------------------------------------------------------------

MASQUERADE = NODE + "-t nat -A POSTROUTING -o eth1 -j MASQUERADE"
PORTS = [
    pytest.param(50000, 1024, 65535, id="an ordinary port"),
    pytest.param(550, 600, 1023, id="from 512 to 1023"),
    pytest.param(300, 1, 511, id="below 512"),
]


def test_d3_masquerade_keeps_a_port_that_is_free() -> None:
    asked = network(MASQUERADE)
    trace = asked.connect("client", "10.1.2.1", 4000, sport=50000)
    agree(asked, trace, "delivered")
    assert trace.seen_from == "10.1.2.254:50000"


@pytest.mark.parametrize(("sport", "low", "high"), PORTS)
def test_d3_masquerade_draws_another_where_the_port_is_taken(sport: int, low: int, high: int) -> None:
    asked = network(MASQUERADE)
    first = asked.connect("client", "10.1.2.1", 4000, sport=sport)
    second = asked.connect("client", "10.1.2.1", 4000, sport=sport, source="10.1.1.2")
    agree(asked, second, "delivered")
    assert port_of(first.seen_from) == sport != port_of(second.seen_from)
    assert low <= port_of(second.seen_from) <= high


def test_d3_a_port_is_taken_only_towards_the_same_destination() -> None:
    asked = network(MASQUERADE)
    asked.connect("client", "10.1.2.1", 4000, sport=50000)
    other = asked.connect("client", "10.1.2.1", 4001, sport=50000, source="10.1.1.2")
    agree(asked, other, "delivered")
    assert other.seen_from == "10.1.2.254:50000"


@pytest.mark.parametrize(("sport", "low", "high"), PORTS)
def test_d3_random_fully_always_draws(sport: int, low: int, high: int) -> None:
    """The port itself is taken beforehand, so that it cannot be the one that is drawn."""
    first = NODE + "-t nat -A POSTROUTING -o eth1 -s 10.1.1.2 -j MASQUERADE"
    asked = network(first, MASQUERADE + " --random-fully")
    asked.connect("client", "10.1.2.1", 4000, sport=sport, source="10.1.1.2", proto="udp")
    trace = asked.connect("client", "10.1.2.1", 4000, sport=sport, proto="udp")
    agree(asked, trace, "delivered")
    assert low <= port_of(trace.seen_from) <= high
    assert port_of(trace.seen_from) != sport


@pytest.mark.parametrize("options", ["", " --random-fully"])
def test_d3_an_echo_id_is_a_port(options: str) -> None:
    """It stays unless it is to be drawn, and then the answer has the old one again."""
    asked = network(MASQUERADE + options)
    trace = asked.ping("client", "10.1.2.1")
    agree(asked, trace, "delivered")
    ids = {where: echo_ids(trace, where) for where in ("client", "server")}
    assert len(ids["client"]) == len(ids["server"]) == 1
    assert (ids["client"] == ids["server"]) is not bool(options)


def test_d3_of_two_equal_echo_ids_one_is_drawn_anew() -> None:
    """The node's own first ping, and the client's: both have the id 1."""
    asked = network(MASQUERADE)
    own = asked.ping("node", "10.1.2.1")
    trace = asked.ping("client", "10.1.2.1")
    agree(asked, trace, "delivered")
    assert echo_ids(own, "server") == echo_ids(trace, "client") == {1}
    assert 1 not in echo_ids(trace, "server")


def echo_ids(trace: Trace, netns: str) -> set[int]:
    """The ids of the echo requests that a namespace sent or got."""
    packets = (each.packet for each in trace.captures if each.netns == netns)
    return {packet.icmp.id for packet in packets
            if isinstance(packet, Packet) and packet.icmp is not None and packet.icmp.type == ECHO_REQUEST}


# --- D4: which address MASQUERADE takes (over VXLAN: test_facts_vxlan.py) ----------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "source"),
    [
        pytest.param("10.1.1.2", "10.1.1.254", id="an endpoint here: the bridge's"),
        pytest.param("10.1.2.2", "10.100.0.2", id="an endpoint elsewhere: eth0's"),
    ],
)
@pytest.mark.parametrize("netns", ["router", "pod-a"])
def test_d4_masquerade_takes_the_out_devices_address(netns: str, endpoint: str, source: str) -> None:
    asked = figure(service("tcp", f"{endpoint}:4000", NODE_A), NODE_A + "-t nat -A POSTROUTING -p tcp -j MASQUERADE",
                   f"ip -n router route add {SERVICE} via 10.100.0.2")
    trace = asked.connect(netns, SERVICE, 80, timeout=SOON)
    agree(asked, trace, "delivered")
    assert trace.seen_from == f"{source}:40000"


CALI = """\
ip netns add pod
ip netns add node
ip link add cali1 netns node type veth peer name eth0 netns pod
ip link add eth0 netns node type veth peer name port1
ip link set port1 up
ip -n node addr add 10.100.0.2/24 dev eth0
ip -n node link set eth0 up
ip -n node link set cali1 up
ip -n pod addr add 10.244.1.2/32 dev eth0
ip -n pod link set eth0 up
ip -n pod route add 169.254.1.1 dev eth0 scope link
ip -n pod route add default via 169.254.1.1 dev eth0
ip -n node route add default via 10.100.0.1
ip -n node route add 10.244.1.2 dev cali1 scope link
ip netns exec node sysctl -w net.ipv4.ip_forward=1
ip netns exec node sysctl -w net.ipv4.conf.cali1.proxy_arp=1
ip netns exec node sysctl -w net.ipv4.neigh.cali1.proxy_delay=0
"""


def test_d4_masquerade_out_of_a_device_without_an_address() -> None:
    """A pod asks its own Service, as under Calico: the packet goes back to it with the address of the node's eth0."""
    asked = world(*CALI.splitlines(), service("tcp", "10.244.1.2:4000"), NODE + "-t nat -A POSTROUTING -p tcp -j MASQUERADE")
    asked.listen("pod", 4000)
    trace = asked.connect("pod", SERVICE, 80, timeout=SOON)
    agree(asked, trace, "delivered")
    assert trace.seen_from == "10.100.0.2:40000"


# --- D5, D6: sources that change without being asked to, and a node's own connections ----------------------------


@pytest.mark.parametrize("proto", ["tcp", "udp"])
@pytest.mark.parametrize("first", ["the endpoint itself", "the Service"])
def test_d5_dnat_alone_may_change_the_source_port(proto: str, first: str) -> None:
    """Two connections that would look the same behind DNAT: the second one gets another source port."""
    asked = network(service(proto, "10.1.2.1:4000"))
    goals = [("10.1.2.1", 4000), (SERVICE, 80)]
    order = reversed(goals) if first == "the Service" else goals
    one, two = (asked.connect("client", *goal, proto=proto, sport=50000) for goal in order)
    agree(asked, two, "delivered")
    assert one.seen_from == "10.1.1.1:50000"
    assert two.seen_from is not None
    assert two.seen_from.startswith("10.1.1.1:")
    assert port_of(two.seen_from) != 50000
    assert [rewrite.target for rewrite in two.rewrites if rewrite.before.sport != rewrite.after.sport] == ["SNAT"]


@pytest.mark.parametrize("endpoint", ["10.1.1.2", "10.1.2.2"], ids=["here", "elsewhere"])
def test_d6_a_nodes_own_connection_is_translated_before_any_device_sees_it(endpoint: str) -> None:
    rules = [service("tcp", f"{endpoint}:4000", NODE_A, "OUTPUT"), NODE_A + "-t nat -A POSTROUTING -j MASQUERADE --random-fully"]
    asked = figure(*rules)
    trace = asked.connect("node-a", SERVICE, 80)
    agree(asked, trace, "delivered")
    left = [each.packet for each in trace.captures if each.direction == "out" and isinstance(each.packet, Packet)]
    assert 40000 not in {port for packet in left for port in (packet.sport, packet.dport)}
    assert SERVICE not in {str(ip) for packet in left for ip in (packet.src, packet.dst)}
    assert trace.request is not None
    assert isinstance(trace.request.packet, Packet)
    assert trace.request.packet.sport == 40000


# --- D7: ICMP errors through NAT ---------------------------------------------------------------------------------

DNAT, SNAT = "dnat", "snat"
REJECT_THERE = ROUTER + "-A FORWARD -d 10.1.2.2 -j REJECT --reject-with icmp-admin-prohibited"


@pytest.mark.parametrize(
    ("nat", "proto", "more", "ttl", "outside", "inside"),
    [
        pytest.param([DNAT], "tcp", [], 1, [], SERVICE, id="DNAT, the TTL ends at the node itself"),
        pytest.param([DNAT], "udp", [], 2, ["10.100.0.1"], SERVICE, id="DNAT, at the router"),
        pytest.param([DNAT], "tcp", [], 3, ["10.100.0.3"], SERVICE, id="DNAT, at the other node"),
        pytest.param([DNAT], "tcp", [NODE_A + "-A FORWARD -d 10.1.2.2 -j REJECT"], None, [], SERVICE, id="DNAT, REJECT here"),
        pytest.param([DNAT], "tcp", [REJECT_THERE], None, ["10.100.0.1"], SERVICE, id="DNAT, REJECT at the router"),
        pytest.param([SNAT], "udp", [], 2, ["10.100.0.1"], "10.100.0.1", id="SNAT, at the router"),
        pytest.param([SNAT], "tcp", [], 3, ["10.100.0.1", "10.100.0.3"], "10.100.0.3", id="SNAT, at the other node"),
        pytest.param([DNAT, SNAT], "tcp", [], 3, ["10.100.0.1", "10.100.0.3"], SERVICE, id="both"),
    ],
)
def test_d7_icmp_errors_are_translated_back(
    nat: list[str], proto: str, more: list[str], ttl: int | None, outside: list[str], inside: str
) -> None:
    """``outside`` are those who send ICMP messages to the node (a redirect among them), ``inside`` who the pod hears."""
    rules = {DNAT: service(proto, "10.1.2.2:4000", NODE_A),
             SNAT: NODE_A + f"-t nat -A POSTROUTING -d 10.1.2.0/24 -p {proto} -j MASQUERADE"}
    asked = figure(*(rules[each] for each in nat), *more)
    dst, port = (SERVICE, 80) if DNAT in nat else ("10.1.2.2", 4000)
    trace = asked.connect("pod-a", dst, port, proto=proto, ttl=ttl)
    agree(asked, trace)
    heard = [each.packet for each in trace.captures if each.netns == "pod-a" and each.direction == "in"]
    (error,) = [packet for packet in heard if isinstance(packet, Packet) and packet.icmp is not None]
    assert error.icmp is not None
    assert error.icmp.quote is not None
    assert [str(error.src), str(error.icmp.quote.src), str(error.icmp.quote.dst)] == [inside, "10.1.1.1", dst]
    assert [ip for ip in senders(trace, "node-a", "eth0") if ":" not in ip] == outside


def test_d7_a_redirect_uses_up_what_errors_may_be_sent() -> None:
    """The router first tells node-a of a shorter way; the error that should follow within a second is not sent."""
    asked = figure(NODE_A + "-t nat -A POSTROUTING -d 10.1.2.0/24 -p udp -j MASQUERADE", REJECT_THERE)
    trace = asked.connect("pod-a", "10.1.2.2", 4000, proto="udp", timeout=SOON)
    agree(asked, trace, "timeout")
    assert [ip for ip in senders(trace, "router", "eth0") if ":" not in ip] == ["10.100.0.1"]


# --- D8: the life of an entry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proto", "port", "fate", "state"),
    [
        pytest.param("tcp", 9, "refused", None, id="a RST to the first SYN: gone at once"),
        pytest.param("tcp", 4000, "delivered", r"tcp      6 1\d\d TIME_WAIT .* \[ASSURED\] mark=0", id="a TCP connection"),
        pytest.param("udp", 4000, "delivered", r"udp      17 \d\d src=10.1.1.1 .* dport=40000 mark=0", id="one UDP exchange"),
        pytest.param("udp", 9, "refused", r"udp      17 \d\d .* \[UNREPLIED\] .* mark=0", id="a datagram to nobody"),
    ],
)
def test_d8_what_is_left_of_a_connection(proto: str, port: int, fate: str, state: str | None) -> None:
    asked = network(AWAKE)
    agree(asked, asked.connect("client", "10.1.2.1", port, proto=proto), fate)
    entries = tracked(asked)
    assert len(entries) == (0 if state is None else 1)
    assert state is None or re.match(state, entries[0]), entries


def test_d8_a_udp_stream_is_assured_after_two_seconds() -> None:
    asked = network(AWAKE)
    asked.connect("client", "10.1.2.1", 4000, proto="udp", sport=50000)
    asked.sleep(2)
    agree(asked, asked.connect("client", "10.1.2.1", 4000, proto="udp", sport=50000), "delivered")
    assert "[ASSURED]" in tracked(asked)[0]


# --- D9: the same ports once more --------------------------------------------------------------------------------


def asked_twice(proto: str, between: Callable[[World], object], sport: int = 50000) -> tuple[World, Trace]:
    """Ask a Service, give it another endpoint, do something, and ask again."""
    asked = network(service(proto, "10.1.2.1:4000"))
    first = asked.connect("client", SERVICE, 80, proto=proto, sport=50000)
    assert first.answered_by == "one"
    asked.sh(service(proto, "10.1.2.1:4001").replace("-A PREROUTING", "-R PREROUTING 1"))
    between(asked)
    return asked, asked.connect("client", SERVICE, 80, proto=proto, sport=sport)


def test_d9_tcp_asks_anew() -> None:
    """The entry is in TIME_WAIT; a SYN with the same ports makes a new one, and nat is asked."""
    asked, trace = asked_twice("tcp", lambda _: None)
    agree(asked, trace, "delivered")
    assert trace.answered_by == "two"


@pytest.mark.parametrize(
    ("between", "sport", "answers"),
    [
        pytest.param(lambda w: None, 50000, "one", id="the same port"),
        pytest.param(lambda w: None, 50001, "two", id="another port"),
        pytest.param(lambda w: w.sh("ip netns exec node conntrack -D -p udp"), 50000, "two", id="the entry removed"),
    ],
)
def test_d9_udp_stays_with_the_old_endpoint(between: Callable[[World], object], sport: int, answers: str) -> None:
    asked, trace = asked_twice("udp", between, sport)
    agree(asked, trace, "delivered")
    assert trace.answered_by == answers


# --- D10: what fits no connection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "fate"), [pytest.param(" -j DROP", "timeout", id="dropped"), pytest.param("", "delivered", id="counted")]
)
def test_d10_a_synack_without_a_syn_is_invalid(verdict: str, fate: str) -> None:
    """The request goes from node to node, the answer by the router, whose conntrack has not seen the SYN."""
    rule = ROUTER + "-A FORWARD -m conntrack --ctstate INVALID" + verdict
    asked = figure("ip -n node-a route replace 10.1.2.0/24 via 10.100.0.3", rule)
    trace = asked.connect("pod-a", "10.1.2.2", 4000, timeout=SOON)
    agree(asked, trace, fate)
    first = steps(trace, "router", Tracked)[0]
    assert isinstance(first, Tracked)
    assert (first.ctstate, first.original) == ("INVALID", None)


def test_d10_other_protocols_have_no_such_order() -> None:
    rule = ROUTER + "-A FORWARD -m conntrack --ctstate INVALID -j DROP"
    asked = figure("ip -n node-a route replace 10.1.2.0/24 via 10.100.0.3", rule)
    agree(asked, asked.connect("pod-a", "10.1.2.2", 4000, proto="udp", timeout=SOON), "delivered")


# --- D11: to this machine itself, and away from it ---------------------------------------------------------------


def with_app_on_the_node(*lines: str) -> World:
    """The usual network, and on the node an app ``here`` on port 8080."""
    made = network(*lines)
    for proto in ("tcp", "udp"):
        made.listen("node", 8080, proto=proto, name="here")
    return made


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_d11_redirect_in_prerouting_leads_to_the_in_devices_first_address(proto: str) -> None:
    asked = with_app_on_the_node("ip -n node addr add 10.1.1.250/24 dev eth0",
                                 NODE + f"-t nat -A PREROUTING -p {proto} --dport 80 -j REDIRECT --to-ports 8080")
    trace = asked.connect("client", "192.0.2.1", 80, proto=proto)
    agree(asked, trace, "delivered")
    assert trace.answered_by == "here"
    assert [(str(each.after.dst), each.after.dport) for each in trace.rewrites] == [("10.1.1.254", 8080)]


@pytest.mark.parametrize(
    ("proto", "fate"),
    [
        pytest.param("tcp", "delivered", id="tcp"),
        pytest.param("udp", "timeout", id="udp, whose app answers from another address"),
    ],
)
def test_d11_redirect_in_output_leads_to_127_0_0_1(proto: str, fate: str) -> None:
    asked = with_app_on_the_node("ip -n node route add default via 10.1.2.1",
                                 NODE + f"-t nat -A OUTPUT -p {proto} --dport 80 -j REDIRECT --to-ports 8080")
    trace = asked.connect("node", "192.0.2.1", 80, proto=proto, timeout=SOON)
    agree(asked, trace, fate)
    assert [(str(each.after.dst), each.after.dport) for each in trace.rewrites] == [("127.0.0.1", 8080)]


@pytest.mark.parametrize(
    ("netns", "dst", "answers"),
    [
        pytest.param("client", "10.1.1.254", "one", id="from outside: the endpoint"),
        pytest.param("node", "10.1.1.254", "here", id="from the node itself: the listener"),
        pytest.param("node", "127.0.0.1", "here", id="from the node itself over loopback"),
    ],
)
def test_d11_dnat_in_prerouting_takes_a_port_from_a_local_listener(netns: str, dst: str, answers: str) -> None:
    asked = with_app_on_the_node(NODE + "-t nat -A PREROUTING -p tcp --dport 8080 -i eth0 -j DNAT --to-destination 10.1.2.1:4000")
    trace = asked.connect(netns, dst, 8080)
    agree(asked, trace, "delivered")
    assert trace.answered_by == answers


# --- D12: whom xt_recent remembers -------------------------------------------------------------------------------

STICKY = [NODE + line for line in (
    "-t nat -N KUBE-SEP-1",
    "-t nat -N KUBE-SEP-2",
    f"-t nat -A PREROUTING -d {SERVICE} -p tcp -m recent --name KUBE-SEP-1 --rcheck --seconds 10800 --reap -j KUBE-SEP-1",
    f"-t nat -A PREROUTING -d {SERVICE} -p tcp -m recent --name KUBE-SEP-2 --rcheck --seconds 10800 --reap -j KUBE-SEP-2",
    f"-t nat -A PREROUTING -d {SERVICE} -p tcp -m statistic --mode nth --every 2 --packet 0 -j KUBE-SEP-1",
    f"-t nat -A PREROUTING -d {SERVICE} -p tcp -j KUBE-SEP-2",
    "-t nat -A KUBE-SEP-1 -p tcp -m recent --name KUBE-SEP-1 --set -j DNAT --to-destination 10.1.2.1:4000",
    "-t nat -A KUBE-SEP-2 -p tcp -m recent --name KUBE-SEP-2 --set -j DNAT --to-destination 10.1.2.1:4001",
    "-t nat -A POSTROUTING -p tcp -j MASQUERADE",
)]


@pytest.mark.parametrize(
    ("sources", "answers"),
    [
        pytest.param(["10.1.1.1", "10.1.1.1"], "one", id="the same client: the same endpoint"),
        pytest.param(["10.1.1.1", "10.1.1.2"], "two", id="another client: the next endpoint"),
        pytest.param(["10.1.1.1", "10.1.1.2", "10.1.1.2"], "two", id="which keeps to that one"),
    ],
)
def test_d12_recent_holds_the_source_before_snat(sources: list[str], answers: str) -> None:
    """The server sees but one client, the node; and yet each client has an endpoint of its own."""
    asked = network(*STICKY)
    trace = [asked.connect("client", SERVICE, 80, source=source) for source in sources][-1]
    agree(asked, trace, "delivered")
    assert trace.answered_by == answers
    assert trace.seen_from is not None
    assert trace.seen_from.startswith("10.1.2.254:")


def test_d12_the_list_itself() -> None:
    asked = network(*STICKY)
    asked.connect("client", SERVICE, 80, source="10.1.1.2")
    with lab.replay(asked) as real:
        kernels = re.findall(r"src=(\S+)", real.sh("ip netns exec node cat /proc/net/xt_recent/KUBE-SEP-1"))
    assert [str(ip) for ip in asked.netns["node"].netfilter.recent.by_name["KUBE-SEP-1"]] == kernels == ["10.1.1.2"]
