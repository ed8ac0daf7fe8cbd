"""Facts A1 to A11: ARP. Each is asserted of the model, and the real kernel tells the same story.

Where ARP has to give up, its patience is a tenth of a second instead of one (``retrans_time_ms``), so that the test is quick.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from k8snet.lab.replay import replay
from k8snet.linux import Trace, World
from k8snet.linux.packet import Arp
from k8snet.linux.steps import Captured, Matched
from tests.twin.network import SOON, agree, bridged, heard, machines, order, place, wire, world

pytestmark = pytest.mark.usefixtures("kernel")

SLACK = 0.5
"""Seconds by which a busy machine's kernel may be late; it is never early."""


def quick(netns: str, device: str = "eth0") -> str:
    """Let ARP on a device ask every tenth of a second."""
    return f"ip netns exec {netns} sysctl -w net.ipv4.neigh.{device}.retrans_time_ms=100"


def node(line: str) -> str:
    """A command in the namespace in the middle."""
    return f"ip netns exec node {line}"


PAIR = [*machines("one", "two"), *wire("one", "eth0", "10.0.0.1/24", "two", "eth0", "10.0.0.2/24")]
ROUTED = [
    *machines("client", "node", "server"),
    *wire("client", "eth0", "10.0.1.1/24", "node", "left", "10.0.1.254/24"),
    *wire("server", "eth0", "10.0.2.2/24", "node", "right", "10.0.2.254/24"),
    "ip -n client route add default via 10.0.1.254",
    "ip -n server route add default via 10.0.2.254",
    node("sysctl -w net.ipv4.ip_forward=1"),
]
BRIDGED = bridged("node", "10.0.0.254/24", ("pod-a", "10.0.0.1/24"), ("pod-b", "10.0.0.2/24"), ("pod-c", "10.0.0.3/24"))


def arps(captures: list[Captured], where: str, op: str = "request") -> list[Arp]:
    """The ARP messages that a device saw, ``where`` as in ``node br0 in``."""
    here = [each.packet for each in captures if place(each) == where]
    return [each for each in here if isinstance(each, Arp) and each.op == op]


def ask(asked: World, proto: str, netns: str, dst: str, source: str | None = None, timeout: float = 3.5) -> Trace:
    """Send something to a port that nobody listens on, or an echo request."""
    if proto == "icmp":
        return asked.ping(netns, dst, source=source, timeout=timeout)
    return asked.connect(netns, dst, 4000, proto=proto, source=source, timeout=timeout)


def knows(asked: World, netns: str) -> list[str]:
    """A namespace's neighbours, with their states."""
    return [line.rstrip() for line in asked.sh(f"ip -n {netns} neigh").splitlines()]


def agree_on_states(asked: World) -> None:
    """The neighbours have the same states on both sides, which `lab.compare` leaves out, as they depend on timers."""
    with replay(asked) as real:
        for netns in asked.netns:
            states = [line.rstrip() for line in real.kernel.run(["ip", "neigh"], netns=netns).splitlines()]
            assert sorted(states) == sorted(knows(asked, netns))


# --- A1 to A3: nobody answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "requests", "interval"),
    [
        pytest.param({}, 3, 1.0, id="three times, a second apart"),
        pytest.param({"retrans_time_ms": 150}, 3, 0.15, id="another interval"),
        pytest.param({"retrans_time_ms": 150, "mcast_solicit": 2}, 2, 0.15, id="twice"),
    ],
)
def test_a1_an_unresolved_neighbour_fails_an_interval_after_the_last_request(
    switches: dict[str, int], requests: int, interval: float
) -> None:
    net = world(*PAIR, *(f"ip netns exec one sysctl -w net.ipv4.neigh.eth0.{key}={value}" for key, value in switches.items()))
    trace = net.ping("one", "10.0.0.9")
    kernel = heard(net, trace)
    assert order(kernel, "one") == order(trace.captures, "one")
    for captures in (trace.captures, kernel):
        here = [each for each in captures if place(each) in ("one eth0 out", "one lo out")]
        assert [each.frame.is_broadcast for each in here] == [True] * requests + [False]
        assert all(interval - 0.005 <= later.now - earlier.now < interval + SLACK for earlier, later in pairwise(here))


@pytest.mark.parametrize("proto", ["icmp", "tcp", "udp"])
def test_a2_at_the_sending_host_it_tells_itself(proto: str) -> None:
    net = world(*PAIR, quick("one"))
    trace = ask(net, proto, "one", "10.0.0.9")
    agree(net, trace, "unreachable")
    assert (trace.errno, trace.icmp) == ("EHOSTUNREACH", (3, 1))
    assert all(isinstance(each.packet, Arp) for each in trace.captures if each.device != "lo")
    told = [each.packet for each in trace.captures if each.device == "lo"]
    assert [(str(each.src), str(each.dst)) for each in told if not isinstance(each, Arp)] == [("10.0.0.1", "10.0.0.1")] * 2


AWAKE = node("iptables -A FORWARD -m conntrack --ctstate NEW")
SNAT = node("iptables -t nat -A POSTROUTING -o right -j ")


@pytest.mark.parametrize(
    ("proto", "rule", "source", "entries"),
    [
        pytest.param("tcp", "", "10.0.1.254", 0, id="no rules"),
        pytest.param("tcp", AWAKE, "10.0.1.254", 1, id="conntrack"),
        pytest.param("icmp", AWAKE, "10.0.1.254", 1, id="conntrack, echo"),
        pytest.param("tcp", SNAT + "MASQUERADE", "10.0.2.254", 1, id="MASQUERADE"),
        pytest.param("udp", SNAT + "MASQUERADE", "10.0.2.254", 1, id="MASQUERADE, UDP"),
        pytest.param("icmp", SNAT + "MASQUERADE", "10.0.2.254", 1, id="MASQUERADE, echo"),
        pytest.param("tcp", SNAT + "SNAT --to-source 10.9.9.9", "10.9.9.9", 1, id="SNAT to the address of lo"),
        pytest.param("tcp", SNAT + "SNAT --to-source 10.0.2.77", "10.0.2.254", 1, id="SNAT to an address that nobody has"),
    ],
)
def test_a3_at_a_router_the_sender_is_told(proto: str, rule: str, source: str, entries: int) -> None:
    """By the address towards the translated source, for whom the error is made out before it is translated back.

    So after SNAT to an own address it is that address, and after SNAT to a foreign one the address of the way to that.
    """
    net = world(*ROUTED, quick("node", "right"), "ip -n node addr add 10.9.9.9/32 dev lo", rule)
    trace = ask(net, proto, "client", "10.0.2.9", timeout=0.9)
    agree(net, trace, "unreachable")
    assert trace.icmp == (3, 1)
    errors = [each.packet for each in trace.captures if place(each) == "client eth0 in" and not isinstance(each.packet, Arp)]
    assert [str(error.src) for error in errors if not isinstance(error, Arp)] == [source]
    tracked = net.sh(node("conntrack -L")).splitlines()[:-1]
    assert len(tracked) == entries
    assert all("[UNREPLIED]" in line and ("SYN_SENT" in line or proto != "tcp") for line in tracked)


# --- A4, A5: who learns ------------------------------------------------------------------------------------------------


def test_a4_the_target_of_a_request_learns_the_asker() -> None:
    """It answers no echo here, so it sends nothing but the ARP answer: what it knows, it knows from the request alone."""
    net = world(*PAIR, "ip netns exec two sysctl -w net.ipv4.icmp_echo_ignore_all=1")
    agree(net, net.ping("one", "10.0.0.2", timeout=SOON), "timeout")
    mac = net.netns["one"].devices["eth0"].mac
    assert knows(net, "two") == [f"10.0.0.1 dev eth0 lladdr {mac} STALE"]
    agree_on_states(net)


def test_a4_a_stale_entry_is_used_at_once() -> None:
    net = world(*PAIR, "ip netns exec two sysctl -w net.ipv4.icmp_echo_ignore_all=1")
    net.ping("one", "10.0.0.2", timeout=SOON)
    trace = net.ping("two", "10.0.0.1")
    agree(net, trace, "delivered")
    assert arps(trace.captures, "two eth0 out") == []
    assert knows(net, "two")[0].split()[-1] == "DELAY"
    agree_on_states(net)


ACCEPT = "ip netns exec pod-c sysctl -w net.ipv4.conf.eth0.arp_accept="


def test_a5_bystanders_learn_nothing() -> None:
    """Nor with arp_accept=1, which is about announcements."""
    net = world(*BRIDGED, ACCEPT + "1")
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert len(arps(trace.captures, "pod-c eth0 in")) == len(arps(trace.captures, "node br0 in")) == 1
    assert (knows(net, "pod-c"), knows(net, "node")) == ([], [])


@pytest.mark.parametrize(
    ("accept", "ip", "learns"),
    [(0, "10.0.0.1", False), (1, "10.0.0.1", True), (1, "10.7.7.7", True), (2, "10.0.0.1", True), (2, "10.7.7.7", False)],
)
def test_a5_with_arp_accept_they_learn_from_announcements(accept: int, ip: str, learns: bool) -> None:
    """Who asks for its own address announces it; with 2 it must be in a subnet of the device."""
    net = world(*BRIDGED, ACCEPT + str(accept), f"ip -n pod-a addr replace {ip}/24 dev eth0")
    output = net.sh(f"ip netns exec pod-a arping -c 1 -w 1 -I eth0 -s {ip} {ip}", check=False)
    mac = net.netns["pod-a"].devices["eth0"].mac
    assert output.code == 1
    assert knows(net, "pod-c") == ([f"{ip} dev eth0 lladdr {mac} STALE"] if learns else [])
    agree_on_states(net)


def test_a5_a_bystander_who_knows_the_asker_hears_of_its_new_mac() -> None:
    """One second after the last news of it (locktime)."""
    net = world(*BRIDGED)
    net.ping("pod-c", "10.0.0.1")
    net.sleep(1.1)
    net.sh("ip -n pod-a link set eth0 address 02:00:00:00:00:99")
    trace = net.ping("pod-a", "10.0.0.2")
    agree(net, trace, "delivered")
    assert knows(net, "pod-c") == ["10.0.0.1 dev eth0 lladdr 02:00:00:00:00:99 STALE"]


# --- A6, A7: which addresses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dst", "ignore", "fate"),
    [
        pytest.param("10.0.2.254", 0, "delivered", id="of another interface"),
        pytest.param("10.9.9.9", 0, "delivered", id="of lo"),
        pytest.param("10.0.2.254", 1, "unreachable", id="arp_ignore=1, of another interface"),
        pytest.param("10.9.9.9", 1, "unreachable", id="arp_ignore=1, of lo"),
    ],
)
def test_a6_any_interface_answers_for_any_local_address(dst: str, ignore: int, fate: str) -> None:
    net = world(
        *ROUTED, quick("client"), "ip -n node addr add 10.9.9.9/32 dev lo", "ip -n client route replace default dev eth0",
        node(f"sysctl -w net.ipv4.conf.left.arp_ignore={ignore}"),
    )
    trace = net.ping("client", dst)
    agree(net, trace, fate)
    answers = [each.sender_mac for each in arps(trace.captures, "client eth0 in", "reply")]
    assert answers == ([net.netns["node"].devices["left"].mac] if fate == "delivered" else [])


@pytest.mark.parametrize(
    ("announce", "tell"),
    [
        pytest.param(0, "10.9.9.9", id="arp_announce=0"),
        pytest.param(1, "10.0.0.1", id="arp_announce=1"),
        pytest.param(2, "10.0.0.1", id="arp_announce=2"),
    ],
)
def test_a7_a_local_packet_tells_its_own_source_though_it_is_another_interfaces(announce: int, tell: str) -> None:
    net = world(
        *PAIR, "ip -n one addr add 10.9.9.9/32 dev lo", "ip -n two route add 10.9.9.9 dev eth0",
        f"ip netns exec one sysctl -w net.ipv4.conf.eth0.arp_announce={announce}",
    )
    trace = net.ping("one", "10.0.0.2", source="10.9.9.9")
    agree(net, trace, "delivered")
    assert [str(each.sender_ip) for each in arps(trace.captures, "one eth0 out")] == [tell]


@pytest.mark.parametrize(("announce", "tell"), [(0, "10.0.0.7"), (1, "10.0.0.7"), (2, "10.0.0.1")])
def test_a7_a_secondary_address_is_told_unless_only_the_best_may_be(announce: int, tell: str) -> None:
    net = world(
        *PAIR, "ip -n one addr add 10.0.0.7/24 dev eth0",
        f"ip netns exec one sysctl -w net.ipv4.conf.eth0.arp_announce={announce}",
    )
    trace = net.ping("one", "10.0.0.2", source="10.0.0.7")
    agree(net, trace, "delivered")
    assert [str(each.sender_ip) for each in arps(trace.captures, "one eth0 out")] == [tell]


def test_a7_a_forwarded_packet_tells_an_address_of_the_outgoing_interface() -> None:
    net = world(*ROUTED)
    trace = net.ping("client", "10.0.2.2")
    agree(net, trace, "delivered")
    assert [str(each.sender_ip) for each in arps(trace.captures, "node right out")] == ["10.0.2.254"]


def test_a7_an_outgoing_interface_of_several_addresses_tells_the_one_in_the_targets_subnet() -> None:
    net = world(*ROUTED, "ip -n node addr add 10.0.3.254/24 dev right", "ip -n server addr add 10.0.3.2/24 dev eth0")
    trace = net.ping("client", "10.0.3.2")
    agree(net, trace, "delivered")
    assert [str(each.sender_ip) for each in arps(trace.captures, "node right out")] == ["10.0.3.254"]


@pytest.mark.parametrize(("arp_filter", "fate"), [(0, "timeout"), (1, "unreachable")])
def test_a6_with_arp_filter_only_the_interface_towards_the_asker_answers(arp_filter: int, fate: str) -> None:
    """The node's way to the client is by its other interface, and ends at the server, which is no router."""
    net = world(
        *ROUTED, quick("client"), "ip -n node route add 10.0.1.1 via 10.0.2.2",
        node(f"sysctl -w net.ipv4.conf.left.arp_filter={arp_filter}"),
    )
    trace = net.ping("client", "10.0.1.254", timeout=SOON)
    agree(net, trace, fate)
    assert len(arps(trace.captures, "client eth0 in", "reply")) == (fate == "timeout")


def calico(*lines: str) -> World:
    """Two pods of a node as Calico makes them: an address of their own each, a wire without one, a made-up gateway.

    The node's own network is behind its ``eth0``; its ``default`` route goes there, as Calico's nodes need one.
    """
    made = [*machines("node", "pod-a", "pod-b", "router"),
            *wire("node", "eth0", "10.100.0.2/24", "router", "eth0", "10.100.0.1/24"),
            "ip -n node route add default via 10.100.0.1", node("sysctl -w net.ipv4.ip_forward=1")]
    for pod, ip in (("pod-a", "192.168.7.1"), ("pod-b", "192.168.7.2")):
        made += [*wire("node", f"cali-{pod}", "", pod, "eth0", f"{ip}/32"),
                 node(f"sysctl -w net.ipv4.conf.cali-{pod}.proxy_arp=1"),
                 node(f"sysctl -w net.ipv4.neigh.cali-{pod}.proxy_delay=0"),
                 f"ip -n node route add {ip} dev cali-{pod} scope link",
                 f"ip -n {pod} route add 169.254.1.1 dev eth0 scope link",
                 f"ip -n {pod} route add default via 169.254.1.1 dev eth0",
                 quick(pod)]
    return world(*made, *lines)


def test_a7_an_outgoing_interface_without_an_address_tells_that_of_another() -> None:
    net = calico()
    trace = net.ping("pod-a", "192.168.7.2")
    agree(net, trace, "delivered")
    assert [str(each.sender_ip) for each in arps(trace.captures, "node cali-pod-b out")] == ["10.100.0.2"]


# --- A8, A9: standing in for others ------------------------------------------------------------------------------------


def test_a8_calicos_gateway_is_whoever_answers() -> None:
    net = calico()
    trace = net.ping("pod-a", "192.168.7.2")
    agree(net, trace, "delivered")
    answers = arps(trace.captures, "pod-a eth0 in", "reply")
    mac = net.netns["node"].devices["cali-pod-a"].mac
    assert [(str(each.sender_ip), each.sender_mac) for each in answers] == [("169.254.1.1", mac)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("ip -n node route del default", id="no route for the gateway"),
        pytest.param("ip -n node route add 169.254.1.1 dev cali-pod-a", id="a route out of the same interface"),
        pytest.param(node("sysctl -w net.ipv4.conf.cali-pod-a.proxy_arp=0"), id="no proxy_arp"),
        pytest.param(node("sysctl -w net.ipv4.conf.cali-pod-a.forwarding=0"), id="no forwarding"),
    ],
)
def test_a8_and_answers_only_with_a_route_out_of_another_interface(line: str) -> None:
    net = calico(line)
    trace = net.ping("pod-a", "192.168.7.2")
    agree(net, trace, "unreachable")
    assert arps(trace.captures, "pod-a eth0 in", "reply") == []


SERVERS = ["10.0.2.2", "10.0.2.3", "10.0.2.4", "10.0.2.5"]


def delays(captures: list[Captured]) -> list[float]:
    """How long each ARP answer took, as the client saw it."""
    out = [each.now for each in captures if place(each) == "client eth0 out" and isinstance(each.packet, Arp)]
    back = [each.now for each in captures if place(each) == "client eth0 in" and isinstance(each.packet, Arp)]
    return [later - earlier for earlier, later in zip(out, back, strict=True)]


@pytest.mark.parametrize(("delay", "longest"), [(80, 0.8), (20, 0.2), (0, 0.0)])
def test_a9_a_stand_in_answers_after_a_random_time(delay: int, longest: float) -> None:
    """Up to ``proxy_delay`` hundredths of a second; each side draws its own, so they are held to their bounds."""
    net = world(
        *ROUTED, "ip -n client route replace default dev eth0",
        *(f"ip -n server addr add {ip}/24 dev eth0" for ip in SERVERS[1:]),
        node("sysctl -w net.ipv4.conf.left.proxy_arp=1"), node(f"sysctl -w net.ipv4.neigh.left.proxy_delay={delay}"),
    )
    model, kernel = [], []
    for ip in SERVERS:
        trace = net.ping("client", ip)
        model += delays(trace.captures)
    with replay(net, len(net.log) - len(SERVERS)) as real:
        for each in net.log[-len(SERVERS):]:
            real.watch()
            real.redo(each)
            kernel += delays(real.captured(go_on=True))
    assert len(model) == len(kernel) == len(SERVERS)
    assert max(model) < longest + 0.001
    assert max(kernel) < longest + SLACK
    assert min(max(model), max(kernel)) > 0.01 or not delay


# --- A10, A11: on bridges and between hooks ----------------------------------------------------------------------------


HAIRPIN = node("bridge link set dev pod-a hairpin on")
AGAIN = "ip -n node link set pod-b nomaster;ip -n node link set pod-b master br0"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        pytest.param("", ["pod-a in", "pod-c out", "pod-b out", "br0 in"], id="the other ports, the youngest first"),
        pytest.param(HAIRPIN, ["pod-a in", "pod-c out", "pod-b out", "pod-a out", "br0 in"], id="its own port, in hairpin mode"),
        pytest.param(AGAIN, ["pod-a in", "pod-b out", "pod-c out", "br0 in"], id="the one attached last"),
    ],
)
def test_a10_a_bridge_floods_broadcasts(line: str, seen: list[str]) -> None:
    net = world(*BRIDGED, *line.split(";"))
    trace = net.ping("pod-a", "10.0.0.254")
    kernel = heard(net, trace)
    assert order(kernel, "node") == order(trace.captures, "node")
    for captures in (trace.captures, kernel):
        assert [" ".join(each.split()[:2]) for each in order(captures, "node")][: len(seen)] == seen


@pytest.mark.parametrize("bridge_nf", [0, 1])
def test_a10_iptables_never_sees_arp(bridge_nf: int) -> None:
    """It drops all that it sees, and yet the neighbour is found, so that the echo request can be dropped."""
    chains = (("raw", "PREROUTING"), ("mangle", "FORWARD"), ("mangle", "POSTROUTING"), ("filter", "INPUT"), ("filter", "OUTPUT"))
    net = world(
        *BRIDGED, node(f"sysctl -w net.bridge.bridge-nf-call-iptables={bridge_nf}"),
        *(node(f"iptables -t {table} -P {chain} DROP") for table, chain in chains),
    )
    trace = net.ping("pod-a", "10.0.0.2", timeout=SOON)
    agree(net, trace, "timeout" if bridge_nf else "delivered")
    assert len(arps(trace.captures, "pod-a eth0 in", "reply")) == 1


def test_a11_request_and_answer_are_between_in_and_out() -> None:
    """Behind the hooks: POSTROUTING has had the packet before ARP is asked."""
    net = world(*ROUTED, node("iptables -A FORWARD"), node("iptables -t mangle -A POSTROUTING"))
    net.ping("client", "10.0.1.254")
    trace = net.ping("client", "10.0.2.2")
    agree(net, trace, "delivered")
    lines = order(trace.captures, "node")
    assert [" ".join(each.split()[:3]) for each in lines][:4] == \
        ["left in 10.0.1.1", "right out ARP", "right in ARP", "right out 10.0.1.1"]
    assert order(heard(net, trace), "node") == lines
    steps = [step for step in trace.hop("node").steps if isinstance(step, Matched | Captured)]
    assert [step.hook if isinstance(step, Matched) else place(step) for step in steps] == \
        ["node left in", "FORWARD", "POSTROUTING", "node right out"]
