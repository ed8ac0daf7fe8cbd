"""The course's figure: whatever is asked in it, the real kernel tells the same story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from k8snet import lab
from k8snet.linux import Trace, World
from tests.twin import network
from tests.twin.network import HERE, agree

pytestmark = pytest.mark.usefixtures("kernel")

NODE_A, NODE_B, ROUTER = "ip netns exec node-a ", "ip netns exec node-b ", "ip netns exec router "
SERVICE = "10.96.0.10"


@pytest.fixture(name="figure")
def figure_of_the_course() -> World:
    return network.figure()


@pytest.mark.parametrize(
    ("netns", "dst", "options", "fate"),
    [
        pytest.param("pod-a", "10.1.1.2", {}, "delivered", id="same node"),
        pytest.param("pod-a", "10.1.2.2", {}, "delivered", id="other node"),
        pytest.param("pod-a", "10.1.1.254", {}, "delivered", id="own bridge"),
        pytest.param("pod-a", "10.1.1.1", {}, "delivered", id="oneself"),
        pytest.param("pod-a", "127.0.0.1", {}, "delivered", id="loopback"),
        pytest.param("pod-a", "10.100.0.1", {}, "delivered", id="router"),
        pytest.param("pod-a", "10.100.0.3", {}, "delivered", id="other node itself"),
        pytest.param("node-a", "10.1.1.1", {}, "delivered", id="node to its pod"),
        pytest.param("node-a", "10.1.2.2", {}, "delivered", id="node to another's pod"),
        pytest.param("router", "10.1.2.1", {}, "delivered", id="router to pod"),
        pytest.param("pod-a", "10.1.2.2", {"ttl": 1}, "unreachable", id="TTL ends at the node"),
        pytest.param("pod-a", "10.1.2.2", {"ttl": 2}, "unreachable", id="TTL ends at the router"),
        pytest.param("pod-a", "10.1.2.2", {"ttl": 4}, "delivered", id="TTL is enough"),
        pytest.param("pod-a", "192.0.2.1", {}, "unreachable", id="router has no route"),
        pytest.param("router", "192.0.2.1", {}, "unreachable", id="no route at home"),
        pytest.param("pod-a", "10.1.1.9", {}, "unreachable", id="nobody there, same subnet"),
        pytest.param("pod-a", "10.1.2.9", {}, "unreachable", id="nobody there, other node"),
        pytest.param("pod-a", "10.1.2.2", {"size": 2000, "df": True}, "unreachable", id="too large to send whole"),
    ],
)
def test_ping(figure: World, netns: str, dst: str, options: dict[str, Any], fate: str) -> None:
    agree(figure, figure.ping(netns, dst, **options), fate)


@pytest.mark.parametrize("proto", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("netns", "dst", "port", "options", "fate"),
    [
        pytest.param("pod-a", "10.1.1.2", 4000, {}, "delivered", id="same node"),
        pytest.param("pod-a", "10.1.2.2", 4000, {}, "delivered", id="other node"),
        pytest.param("pod-a", "10.1.1.1", 4000, {}, "delivered", id="oneself"),
        pytest.param("pod-a", "127.0.0.1", 4000, {}, "delivered", id="loopback"),
        pytest.param("node-b", "10.1.1.1", 4000, {}, "delivered", id="node to another's pod"),
        pytest.param("router", "10.1.2.1", 4000, {}, "delivered", id="router to pod"),
        pytest.param("pod-a", "10.1.2.2", 4000, {"sport": 50123}, "delivered", id="chosen source port"),
        pytest.param("node-a", "10.1.1.1", 4000, {"source": "10.100.0.2"}, "delivered", id="chosen source address"),
        pytest.param("pod-a", "10.1.2.2", 4001, {}, "refused", id="nobody listens"),
        pytest.param("pod-a", "10.100.0.1", 4000, {}, "refused", id="router does not listen"),
        pytest.param("pod-a", "10.1.2.2", 4000, {"ttl": 2}, "unreachable", id="TTL too small"),
        pytest.param("pod-a", "192.0.2.1", 4000, {}, "unreachable", id="router has no route"),
        pytest.param("router", "192.0.2.1", 4000, {}, "unreachable", id="no route at home"),
        pytest.param("pod-a", "10.1.1.9", 4000, {}, "unreachable", id="nobody there, same subnet"),
    ],
)
def test_connect(
    figure: World, proto: str, netns: str, dst: str, port: int, options: dict[str, Any], fate: str
) -> None:
    agree(figure, figure.connect(netns, dst, port, proto=proto, **options), fate)


def test_a_datagram_to_nobody_on_another_node(figure: World) -> None:
    agree(figure, figure.connect("pod-a", "10.1.2.9", 4000, proto="udp"), "unreachable")


def test_a_connection_to_nobody_on_another_node(figure: World) -> None:
    """Only the outcome: the fourth SYN and the end of node-b's patience with ARP fall into the same millisecond."""
    trace = figure.connect("pod-a", "10.1.2.9", 4000)
    rows = [row for row in lab.compare(figure, trace).rows if row.where == "outcome"]
    assert [row for row in rows if not row.agrees] == []
    assert (trace.fate, trace.errno, trace.icmp) == ("unreachable", "EHOSTUNREACH", (3, 1))


def test_fragments(figure: World) -> None:
    """All lines, in any order: how far the first piece gets before the second sets out is the scheduler's choice."""
    trace = figure.ping("pod-a", "10.1.2.2", size=2000)
    rows = lab.compare(figure, trace).rows
    model = sorted((row.where, row.model) for row in rows if row.model)
    assert model == sorted((row.where, row.kernel) for row in rows if row.kernel)
    assert trace.fate == "delivered"


@pytest.mark.parametrize("proto", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("rule", "fate"),
    [
        pytest.param(NODE_B + "iptables -A FORWARD -d 10.1.2.2 -j DROP", "timeout", id="DROP"),
        pytest.param(NODE_B + "iptables -A FORWARD -d 10.1.2.2 -j REJECT", "refused", id="REJECT"),
        pytest.param(NODE_B + "iptables -A FORWARD -s 10.1.2.2 -j DROP", "timeout", id="DROP the answer"),
        pytest.param(NODE_A + "iptables -P FORWARD DROP", "timeout", id="policy DROP"),
        pytest.param(
            ROUTER + "iptables -A FORWARD -d 10.1.2.2 -j REJECT --reject-with icmp-admin-prohibited", "unreachable",
            id="REJECT with another error",
        ),
    ],
)
def test_filter(figure: World, proto: str, rule: str, fate: str) -> None:
    figure.sh(rule)
    agree(figure, figure.connect("pod-a", "10.1.2.2", 4000, proto=proto, timeout=1.5), fate)


def test_reject_with_a_reset(figure: World) -> None:
    figure.sh(NODE_B + "iptables -A FORWARD -d 10.1.2.2 -p tcp -j REJECT --reject-with tcp-reset")
    agree(figure, figure.connect("pod-a", "10.1.2.2", 4000), "refused")


@pytest.mark.parametrize(
    ("netns", "ask", "fate"),
    [
        pytest.param("pod-a", lambda w, n: w.connect(n, SERVICE, 80), "delivered", id="TCP from a pod"),
        pytest.param("pod-a", lambda w, n: w.connect(n, SERVICE, 80, proto="udp"), "delivered", id="UDP from a pod"),
        pytest.param("node-a", lambda w, n: w.connect(n, SERVICE, 80), "delivered", id="TCP from the node"),
        pytest.param("pod-a", lambda w, n: w.connect(n, SERVICE, 81), "unreachable", id="another port"),
        pytest.param("pod-a", lambda w, n: w.ping(n, SERVICE), "unreachable", id="ping the Service"),
        pytest.param("pod-a", lambda w, n: w.connect(n, SERVICE, 80, ttl=2), "unreachable", id="an error through NAT"),
    ],
)
def test_service(figure: World, netns: str, ask: Callable[[World, str], Trace], fate: str) -> None:
    figure.sh(NODE_A + "iptables-restore --noflush", stdin=HERE.joinpath("service.rules").read_text())
    agree(figure, ask(figure, netns), fate)


def test_masquerade(figure: World) -> None:
    figure.sh(ROUTER + "iptables -t nat -A POSTROUTING -s 10.1.1.0/24 -d 10.1.2.0/24 -j MASQUERADE")
    trace = figure.connect("pod-a", "10.1.2.2", 4000)
    agree(figure, trace, "delivered")
    assert trace.seen_from is not None
    assert trace.seen_from.startswith("10.100.0.1:")


def test_what_was_asked_before_leaves_its_marks(figure: World) -> None:
    """Neighbours, forwarding tables and connections of earlier questions are there on both sides."""
    figure.sh(NODE_A + "iptables-restore --noflush", stdin=HERE.joinpath("service.rules").read_text())
    figure.connect("pod-a", SERVICE, 80)
    figure.ping("pod-b", "10.1.2.1")
    agree(figure, figure.connect("pod-a", SERVICE, 80), "delivered")


def test_a_service_on_the_same_bridge_is_bridged(figure: World) -> None:
    rules = HERE.joinpath("service.rules").read_text().replace("10.1.2.2", "10.1.1.2")
    figure.sh(NODE_A + "iptables-restore --noflush", stdin=rules)
    agree(figure, figure.connect("pod-a", SERVICE, 80), "delivered")


def test_bridged_traffic_without_bridge_nf(figure: World) -> None:
    rules = HERE.joinpath("service.rules").read_text().replace("10.1.2.2", "10.1.1.2")
    figure.sh(NODE_A + "iptables-restore --noflush", stdin=rules)
    figure.sh(NODE_A + "sysctl -w net.bridge.bridge-nf-call-iptables=0")
    agree(figure, figure.connect("pod-a", SERVICE, 80), "timeout")


def test_what_tools_sent_leaves_its_marks_too(figure: World) -> None:
    """A ping typed as a command: compared itself, and replayed with the model's echo id before a later question."""
    output = figure.sh("ip netns exec pod-a ping -c 1 10.1.2.2")
    assert output.trace is not None
    agree(figure, output.trace, "delivered")
    figure.sleep(1)
    agree(figure, figure.ping("pod-b", "10.1.2.2"), "delivered")


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([NODE_A + "sysctl -w net.ipv4.ip_forward=0"], id="not a router"),
        pytest.param(["ip -n node-b route add blackhole 10.1.1.1"], id="blackhole for the answer"),
        pytest.param(["ip -n router route add prohibit 10.1.2.2"], id="prohibit"),
        pytest.param([NODE_B + "sysctl -w net.ipv4.conf.all.rp_filter=1", "ip -n node-b route del default"], id="rp_filter"),
        pytest.param([NODE_A + "iptables -A OUTPUT -d 10.1.1.1 -j DROP"], id="a rule that does not match"),
        pytest.param(["ip -n router link set eth0 mtu 1400"], id="a smaller MTU on the way"),
        pytest.param(["ip -n node-a route replace 10.1.2.0/24 via 10.100.0.3"], id="nodes that know each other"),
        pytest.param(["ip -n pod-d link set eth0 down"], id="a wire pulled out"),
    ],
)
@pytest.mark.parametrize("proto", ["udp", "icmp"])
def test_routing(figure: World, commands: list[str], proto: str) -> None:
    for command in commands:
        figure.sh(command)
    ping = proto == "icmp"
    agree(figure, figure.ping("pod-a", "10.1.2.2") if ping else figure.connect("pod-a", "10.1.2.2", 4000, proto=proto))
