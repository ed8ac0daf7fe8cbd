"""The index of a chain leaves unasked only what cannot match: whatever the rules, the walk comes to the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.linux import World, netfilter
from k8snet.linux.address import Ip
from k8snet.linux.chainindex import key_of
from k8snet.linux.iptables import parse_rule
from k8snet.linux.packet import Packet, Skb
from k8snet.linux.steps import Judged, Matched
from k8snet.linux.trace import Hop, Trace

CONDITIONS = ("", "-d 10.0.0.1", "-d 10.0.0.2/32", "! -d 10.0.0.1", "-d 10.0.0.0/30", "-p udp --dport 53", "-p tcp --dport 80",
              "-p tcp ! --dport 80", "-p tcp --dport 80:81", "-d 10.0.0.1 -p tcp -m comment --comment x --dport 81",
              "-m statistic --mode nth --every 2 --packet 0 -p tcp --dport 80", "-s 10.9.0.0/16 -d 10.0.0.2",
              "-m recent --name seen --set -d 10.0.0.1", "-f", "-p tcp --sport 80")
TARGETS = ("", "-j ACCEPT", "-j DROP", "-j RETURN", "-j MARK --set-mark 1", "-j OTHER", "-g OTHER")

rules = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(TARGETS)).map(" ".join), min_size=9, max_size=30)
packets = st.lists(
    st.builds(Packet, st.sampled_from([Ip("10.9.0.1"), Ip("10.8.0.1")]), st.sampled_from([Ip("10.0.0.1"), Ip("10.0.0.2")]),
              st.sampled_from(["tcp", "udp"]), sport=st.sampled_from([80, 1024]), dport=st.sampled_from([53, 80, 81]),
              offset=st.sampled_from([0, 0, 0, 8])),
    min_size=1, max_size=6)


def asked(lines: list[str], sent: list[Packet], small: int) -> list[object]:
    """What a chain of these rules says to each packet: matches, verdict, how many were tried; and its counters."""
    world = World()
    world.sh("iptables -N OTHER")
    world.sh("iptables -A OTHER -p tcp --dport 80 -j DROP")
    for line in lines:
        world.sh(f"iptables -A FORWARD {line}")
    said: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netfilter, "SMALL", small)
        for packet in sent:
            hop = Hop(Trace(world, None).leg("tcp").open(packet, "request"), "root", None)
            said.append(netfilter.walk(world.root.netfilter, "filter", "FORWARD", Skb(world.root, packet, hop)))
            said.append([step for step in hop.steps if isinstance(step, Matched | Judged)])
    counted = world.root.netfilter.counted("filter", "FORWARD").by_position
    return [*said, {position: counter.packets for position, counter in counted.items() if counter.packets}]


@given(rules, packets)
def test_the_index_changes_nothing(lines: list[str], sent: list[Packet]) -> None:
    assert asked(lines, sent, small=0) == asked(lines, sent, small=1000)


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("-d 10.0.0.1 -p tcp -m tcp --dport 80", (Ip("10.0.0.1"), 80)),
        ("-d 10.0.0.0/24 -p tcp -m tcp --dport 80", (None, 80)),
        ("! -d 10.0.0.1", (None, None)),
        ("-p tcp -m tcp --dport 80:90", (None, None)),
        ("-d 10.0.0.1 -m recent --set -p tcp --dport 80", (Ip("10.0.0.1"), None)),
    ],
)
def test_a_rule_is_found_by_one_destination_and_one_port(rule: str, key: tuple[int | None, int | None]) -> None:
    (made,) = parse_rule(rule.split())
    assert key_of(made.matches) == key
