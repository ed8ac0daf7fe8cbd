"""A packet's way: the words of some, and what must hold of every picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8snet import Cluster, show
from k8snet.launch import shipped
from k8snet.linux import Trace, World
from k8snet.show.figure import Figure
from tests.show import charts

NODE_A, NODE_B, POD_A = "ip netns exec node-a ", "ip netns exec node-b ", "ip netns exec pod-a "
SERVICE = f"{NODE_A}iptables -t nat -A PREROUTING -d 10.96.0.10/32 -p tcp --dport 80 -j DNAT --to-destination "


def test_across_the_router(figure: World) -> None:
    assert repr(show.path(figure.connect("pod-a", "10.1.2.2", 4000))) == """\
pod-a reaches 10.1.2.2:4000 by way of node-a, underlay, router and node-b
request: tcp 10.1.1.1:40000 → 10.1.2.2:4000
  1 pod-a: out eth0
  2 node-a: in veth0, routed, out eth0
  3 underlay: in port2, bridged, out port1
  4 router: in eth0, routed, out eth0
  5 underlay: in port1, bridged, out port3
  6 node-b: in eth0, routed, out veth1
  7 pod-d: in eth0, delivered to pod-d
reply: tcp 10.1.2.2:4000 → 10.1.1.1:40000
  8 pod-d: out eth0
  9 node-b: in veth1, routed, out eth0
  10 underlay: in port3, bridged, out port1
  11 router: in eth0, routed, out eth0
  12 underlay: in port1, bridged, out port2
  13 node-a: in eth0, routed, out veth0
  14 pod-a: in eth0, delivered to client"""


def test_on_one_bridge(figure: World) -> None:
    assert repr(show.path(figure.ping("pod-a", "10.1.1.2"))) == """\
pod-a reaches 10.1.1.2 by way of node-a
request: icmp 10.1.1.1 → 10.1.1.2
  1 pod-a: out eth0
  2 node-a: in veth0, bridged, out veth1
  3 pod-b: in eth0, delivered to kernel
reply: icmp 10.1.1.2 → 10.1.1.1
  4 pod-b: out eth0
  5 node-a: in veth1, bridged, out veth0
  6 pod-a: in eth0, delivered to client"""


def test_nobody_answers_arp(figure: World) -> None:
    assert repr(show.path(figure.connect("pod-a", "10.1.1.77", 4000))) == """\
pod-a does not reach 10.1.1.77:4000: nobody answers the ARP request for 10.1.1.77
ARP: who has 10.1.1.77? heard in node-a and pod-b, answered by nobody
request: tcp 10.1.1.1:40000 → 10.1.1.77:4000
  1 pod-a
    × dropped: NEIGH_FAILED"""


def test_nobody_listens(figure: World) -> None:
    assert repr(show.path(figure.connect("pod-a", "10.1.1.2", 4001))) == """\
pod-a does not reach 10.1.1.2:4001: pod-b rejects the request
request: tcp 10.1.1.1:40000 → 10.1.1.2:4001
  1 pod-a: out eth0
  2 node-a: in veth0, bridged, out veth1
  3 pod-b: in eth0
    × rejected with RST: NO_SOCKET
reply: tcp 10.1.1.2:4001 → 10.1.1.1:40000
  4 pod-b: out eth0
  5 node-a: in veth1, bridged, out veth0
  6 pod-a: in eth0, delivered to client"""


def test_a_rule_drops_the_request(figure: World) -> None:
    figure.sh(f"{NODE_B}iptables -A FORWARD -d 10.1.2.2/32 -j DROP")
    assert repr(show.path(figure.ping("pod-a", "10.1.2.2"))) == """\
pod-a does not reach 10.1.2.2: node-b drops the request
request: icmp 10.1.1.1 → 10.1.2.2
  1 pod-a: out eth0
  2 node-a: in veth0, routed, out eth0
  3 underlay: in port2, bridged, out port1
  4 router: in eth0, routed, out eth0
  5 underlay: in port1, bridged, out port3
  6 node-b: in eth0, routed
    × dropped: -A FORWARD -d 10.1.2.2/32 -j DROP"""


def test_a_rule_drops_the_reply(figure: World) -> None:
    figure.sh(f"{NODE_A}iptables -A FORWARD -s 10.1.1.2/32 -j DROP")
    assert repr(show.path(figure.ping("pod-a", "10.1.1.2"))) == """\
pod-a does not reach 10.1.1.2: node-a drops the reply
request: icmp 10.1.1.1 → 10.1.1.2
  1 pod-a: out eth0
  2 node-a: in veth0, bridged, out veth1
  3 pod-b: in eth0, delivered to kernel
reply: icmp 10.1.1.2 → 10.1.1.1
  4 pod-b: out eth0
  5 node-a: in veth1, bridged
    × dropped: -A FORWARD -s 10.1.1.2/32 -j DROP"""


def test_nat_on_one_bridge(figure: World) -> None:
    figure.sh(f"{SERVICE}10.1.1.2:4000")
    words = repr(show.path(figure.connect("pod-a", "10.96.0.10", 80)))
    assert words == """\
pod-a reaches 10.96.0.10:80, which node-a turns into 10.1.1.2:4000
request: tcp 10.1.1.1:40000 → 10.96.0.10:80
  1 pod-a: out eth0
  2 node-a: in veth0, bridged, out veth1
    ◆ DNAT in PREROUTING: dst 10.96.0.10:80 → 10.1.1.2:4000
  3 pod-b: in eth0, delivered to pod-b
reply: tcp 10.1.1.2:4000 → 10.1.1.1:40000
  4 pod-b: out eth0
  5 node-a: in veth1, bridged, out veth0
    ◆ NAT undone in POSTROUTING: src 10.1.1.2:4000 → 10.96.0.10:80
  6 pod-a: in eth0, delivered to client"""


def test_nat_of_both_ends(figure: World) -> None:
    figure.sh(f"{SERVICE}10.1.2.2:4000")
    figure.sh(f"{NODE_A}iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE")
    lines = [line.strip() for line in repr(show.path(figure.connect("pod-a", "10.96.0.10", 80))).splitlines()]
    assert [line for line in lines if line.startswith("◆")] == [
        "◆ DNAT in PREROUTING: dst 10.96.0.10:80 → 10.1.2.2:4000",
        "◆ MASQUERADE in POSTROUTING: src 10.1.1.1:40000 → 10.100.0.2:40000",
        "◆ NAT undone in PREROUTING: dst 10.100.0.2:40000 → 10.1.1.1:40000",
        "◆ NAT undone in POSTROUTING: src 10.1.2.2:4000 → 10.96.0.10:80",
    ]


QUESTIONS: dict[str, tuple[list[str], Callable[[World], Trace]]] = {
    "across": ([], lambda w: w.connect("pod-a", "10.1.2.2", 4000)),
    "back": ([], lambda w: w.ping("pod-d", "10.1.1.1")),
    "bridge": ([], lambda w: w.ping("pod-a", "10.1.1.2")),
    "own": ([], lambda w: w.ping("pod-a", "10.1.1.1")),
    "to the node": ([], lambda w: w.ping("pod-a", "10.1.1.254")),
    "to the far node": ([], lambda w: w.ping("pod-a", "10.100.0.3")),
    "from the node": ([], lambda w: w.ping("node-a", "10.1.2.2")),
    "node to router": ([], lambda w: w.ping("node-a", "10.100.0.1")),
    "arp": ([], lambda w: w.connect("pod-a", "10.1.1.77", 4000)),
    "arp of a node": ([], lambda w: w.connect("pod-a", "10.1.2.77", 4000)),
    "ttl": ([], lambda w: w.ping("pod-a", "10.1.2.2", ttl=2)),
    "no route": ([], lambda w: w.ping("pod-a", "10.9.9.9")),
    "no route here": (["ip -n pod-a route del default"], lambda w: w.ping("pod-a", "10.9.9.9")),
    "link down": (["ip -n pod-d link set eth0 down"], lambda w: w.ping("pod-a", "10.1.2.2")),
    "loop": (["ip -n router route add 10.8.0.0/16 via 10.100.0.2"], lambda w: w.ping("pod-a", "10.8.0.1")),
    "refused": ([], lambda w: w.connect("pod-a", "10.1.2.2", 4001)),
    "dropped": ([f"{NODE_B}iptables -A FORWARD -d 10.1.2.2/32 -j DROP"], lambda w: w.ping("pod-a", "10.1.2.2")),
    "rejected": ([f"{NODE_B}iptables -A FORWARD -p tcp --dport 4000 -j REJECT"], lambda w: w.connect("pod-a", "10.1.2.2", 4000)),
    "input": (["ip netns exec pod-d iptables -A INPUT -p tcp -j DROP"], lambda w: w.connect("pod-a", "10.1.2.2", 4000)),
    "output": ([f"{POD_A}iptables -A OUTPUT -p tcp -j DROP"], lambda w: w.connect("pod-a", "10.1.2.2", 4000)),
    "service": ([f"{SERVICE}10.1.2.2:4000"], lambda w: w.connect("pod-a", "10.96.0.10", 80)),
    "service, masqueraded": ([f"{SERVICE}10.1.2.2:4000", f"{NODE_A}iptables -t nat -A POSTROUTING -j MASQUERADE"],
                             lambda w: w.connect("pod-a", "10.96.0.10", 80)),
    "service on the bridge": ([f"{SERVICE}10.1.1.2:4000"], lambda w: w.connect("pod-a", "10.96.0.10", 80)),
    "nat in the pod": ([f"{POD_A}iptables -t nat -A OUTPUT -d 10.96.0.10/32 -j DNAT --to-destination 10.1.2.2"],
                       lambda w: w.connect("pod-a", "10.96.0.10", 4000)),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_everything_has_its_own_place(figure: World, name: str) -> None:
    commands, ask = QUESTIONS[name]
    for command in commands:
        figure.sh(command)
    drawn = show.path(ask(figure))
    charts.check(drawn.scene)
    assert_marks_are_apart(drawn)


def assert_marks_are_apart(drawn: Figure) -> None:
    marks = [(mark.x, mark.y) for mark in drawn.scene.marks]
    for i, (x, y) in enumerate(marks):
        for u, v in marks[i + 1 :]:
            assert max(abs(x - u), abs(y - v)) >= 18, (x, y)


def test_the_map_may_be_another_worlds(figure: World) -> None:
    trace = figure.ping("pod-a", "10.1.1.2")
    what_if = figure.fork()
    what_if.sh("ip netns add pod-e")
    assert "pod-e" in show.path(trace, what_if).svg
    assert "pod-e" not in show.path(trace).svg


def test_a_title_is_the_readers_if_given(figure: World) -> None:
    drawn = show.path(figure.ping("pod-a", "10.1.1.2"), title="Neighbours need no router")
    assert drawn.alt == repr(drawn).splitlines()[0] == "Neighbours need no router"


def test_the_same_way_gives_the_same_bytes(figure: World) -> None:
    first, second = (show.path(world.connect("pod-a", "10.1.2.2", 4000)) for world in (figure.fork(), figure))
    assert (first.svg, repr(first)) == (second.svg, repr(second))


def test_an_answer_that_is_refused_is_what_decided_and_not_the_rst_for_it() -> None:
    """The pod answers past node1, which alone could undo the DNAT; the RST that the client sends for that is lost too."""
    cluster = Cluster(nodes=2)
    cluster.apply(shipped() / "manifests" / "web.yaml")
    cluster.node("node1").sh("iptables -t nat -F KUBE-MARK-MASQ")
    ways = (outcome.trace for outcome in cluster.external.outcomes("http://172.18.0.11:30080"))
    figure = show.path(next(trace for trace in ways if trace.fate != "delivered"))
    assert repr(figure).splitlines()[0] == "external does not reach 172.18.0.11:30080: external rejects the reply"
