"""The record of a walk, read back: the rules that the kernel tried, what came of each, and why; whatever the rules are."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.linux import World, netfilter
from k8snet.linux.address import Ip
from k8snet.linux.matches import Match
from k8snet.linux.netfilter import Rule
from k8snet.linux.packet import Packet, Skb
from k8snet.linux.trace import Hop, Trace
from k8snet.linux.walks import Walk, walks
from k8snet.linux.why import FAILED, MATCHED, REPEATABLE, UNTRIED, Seen, answers
from k8snet.linux.whywords import first_words, reason

CONDITIONS = ("", "-d 10.0.0.1", "! -d 10.0.0.1", "-d 10.0.0.0/30", "-s 10.9.0.0/16", "-p udp --dport 53", "-p tcp --dport 80",
              "-p tcp ! --dport 80", "-p tcp --dport 80:81", "-m mark --mark 1", "-m mark ! --mark 1/1", "-i eth0", "-i eth+",
              "-m statistic --mode nth --every 2 --packet 0", "-m statistic --mode random --probability 0.5",
              "-m statistic --mode random --probability 0.5 -p tcp --dport 80", "-m recent --name seen --rcheck",
              "-m recent --name seen --set -d 10.0.0.1", "-m conntrack --ctstate NEW", "-m addrtype --dst-type LOCAL", "-f",
              "-m limit --limit 1/hour --limit-burst 1", "-p tcp --syn", "-p udp -m multiport --ports 53,80")
TARGETS = ("", "-j ACCEPT", "-j DROP", "-j RETURN", "-j MARK --set-mark 1", "-j ONE", "-g ONE", "-j TWO", "-g TWO")
BELOW = {"ONE": ("-p tcp -j TWO", "-p udp -j MARK --set-mark 2", "-m mark --mark 2 -g TWO"),
         "TWO": ("-m mark --mark 1 -j RETURN", "-s 10.8.0.0/16 -j DROP", "")}

rules = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(TARGETS)).map(" ".join), max_size=14)
packets = st.lists(
    st.builds(Packet, st.sampled_from([Ip("10.9.0.1"), Ip("10.8.0.1")]), st.sampled_from([Ip("10.0.0.1"), Ip("10.0.0.2")]),
              st.sampled_from(["tcp", "udp"]), sport=st.sampled_from([80, 1024]), dport=st.sampled_from([53, 80, 81]),
              flags=st.sampled_from(["S", "."]), offset=st.sampled_from([0, 0, 0, 8])),
    min_size=1, max_size=3)


class Said(NamedTuple):
    """What a rule said when it was asked: whether it matched, and if not, the condition that said no."""

    rule: Rule
    no: Match | None


def listened(patch: pytest.MonkeyPatch) -> list[Said]:
    """What rules say from now on, in order."""
    said: list[Said] = []

    def holds(rule: Rule, skb: Skb, counter: object) -> bool:
        no = next((match for match in rule.matches if not match.holds(skb, counter)), None)  # type: ignore[arg-type]
        said.append(Said(rule, no))
        return no is None

    patch.setattr(Rule, "holds", holds)
    return said


def walked(world: World, packet: Packet) -> list[Walk]:
    """What filter FORWARD says to a packet."""
    hop = Hop(Trace(world, None).leg("tcp").open(packet, "request"), "root", None)
    netfilter.walk(world.root.netfilter, "filter", "FORWARD", Skb(world.root, packet, hop))
    return list(walks(hop))


def order(walk: Walk) -> list[Said]:
    """The rules that were tried, in the order of time, as the record tells them; why is the first of what may have said no."""
    told = {id(visit): found for visit, found in answers(walk)}

    def follow(visit: object) -> list[Said]:
        found: list[Said] = []
        for answer in told[id(visit)]:
            if answer.outcome != UNTRIED:
                found.append(Said(answer.rule, answer.unmet[0] if answer.unmet else None))
            found += follow(visit.jumps[answer.number]) if answer.number in visit.jumps else []  # type: ignore[attr-defined]
        return found

    return follow(walk.visits[0])


@given(rules, packets)
def test_the_record_tells_what_the_kernel_did(lines: list[str], sent: list[Packet]) -> None:
    """Without an index, so that the model asks every rule that the kernel would ask."""
    world = World(seed=5)
    for name, below in reversed(BELOW.items()):
        world.sh(f"iptables -N {name}")
        for line in below:
            world.sh(f"iptables -A {name} {line}")
    for line in lines:
        world.sh(f"iptables -A FORWARD {line}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netfilter, "SMALL", 1000)
        said = listened(patch)
        for packet in sent:
            said.clear()
            found = walked(world, packet)
            assert len(found) == bool(lines)
            for walk in found:
                check(walk, said)


def check(walk: Walk, said: list[Said]) -> None:
    """The same rules in the same order, each for a reason that is true."""
    told = order(walk)
    assert [each.rule for each in told] == [each.rule for each in said]
    assert len(told) == walk.judged.tried == sum(visit.tried for visit in walk.visits)
    for ours, real in zip(told, said, strict=True):
        assert (ours.no is None) == (real.no is None)
        if ours.no is not None and isinstance(real.no, REPEATABLE):
            assert isinstance(ours.no, REPEATABLE)
    for _, found in answers(walk):
        for answer in found:
            if answer.outcome == FAILED:
                seen = Seen(walk.asked, answer.mark)
                assert all(match in answer.rule.matches for match in answer.unmet)
                assert len(answer.unmet) == 1 or not any(isinstance(match, REPEATABLE) for match in answer.unmet)
                assert all(not seen.meets(match) for match in answer.unmet if isinstance(match, REPEATABLE))
                assert reason(answer, seen)
                assert first_words(answer.unmet) in answer.rule.text


PACKET = Packet(Ip("10.244.1.2"), Ip("10.96.0.20"), "tcp", 40000, 80, "S")
WORDS = [
    ("-d 10.96.0.10", "destination 10.96.0.20 is not 10.96.0.10"),
    ("-d 10.0.0.0/16", "destination 10.96.0.20 is not in 10.0.0.0/16"),
    ("! -s 10.244.0.0/16", "source 10.244.1.2 is in 10.244.0.0/16, and the rule is for all others"),
    ("! -d 10.96.0.20", "destination is 10.96.0.20, and the rule is for all others"),
    ("-p udp", "protocol is tcp, not udp"),
    ("! -p tcp", "protocol is tcp, and the rule is for all others"),
    ("-i eth0", "it was made here, and did not come in by eth0"),
    ("-o eth0", "it does not leave by eth0"),
    ("-f", "it is not a fragment behind the first"),
    ("-p tcp --dport 443", "destination port is 80, not 443"),
    ("-p tcp --dport 90:99", "destination port is 80, not 90 to 99"),
    ("-p tcp ! --dport 80", "destination port is 80, and the rule is for all others"),
    ("-p tcp --sport 80", "source port is 40000, not 80"),
    ("-p tcp ! --syn", "TCP flags are SYN, and the rule is for all others"),
    ("-p tcp --tcp-flags ALL ACK", "TCP flags are SYN, and not as asked: -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG ACK"),
    ("-p tcp -m multiport --dports 443,8080", "its ports are 40000 > 80, and not as asked: -m multiport --dports 443,8080"),
    ("-m mark --mark 0x4000/0x4000", "no mark 0x4000"),
    ("-m mark --mark 7", "mark is 0x0, not 0x7"),
    ("-m mark ! --mark 0", "mark is 0x0, and the rule is for all others"),
    ("-m conntrack --ctstate RELATED,ESTABLISHED", "its connection is INVALID, not ESTABLISHED or RELATED"),
    ("-m conntrack ! --ctstate INVALID", "its connection is INVALID, and the rule is for all others"),
    ("-m conntrack --ctdir REPLY", "it goes in original direction, not in reply direction"),
    ("-m addrtype --dst-type LOCAL", "destination 10.96.0.20 is not LOCAL here"),
    ("-m addrtype ! --src-type UNICAST", "source 10.244.1.2 is UNICAST here, and the rule is for all others"),
    ("-m addrtype --src-type LOCAL --dst-type LOCAL", "not as asked: -m addrtype --src-type LOCAL --dst-type LOCAL"),
    ("-m statistic --mode random --probability 0", "probability 0: the dice said no"),
    ("-m statistic --mode nth --every 3 --packet 2", "one packet in 3 is meant: not this one"),
    ("-m recent --name web --rcheck --seconds 10800", "10.244.1.2 was not seen in the last 10800 s (list web)"),
    ("-m recent --name web --rcheck --rdest", "10.96.0.20 is not in the list web"),
    ("-m physdev --physdev-is-in", "not as asked: -m physdev --physdev-is-in"),
    ("-m recent --name a --rcheck -m statistic --mode random --probability 0",
     "10.244.1.2 is not in the list a or probability 0: the dice said no"),
]  # fmt: skip
HELD = [
    ("", "it has no condition"),
    ("-m comment --comment x", "it has no condition"),
    ("-d 10.96.0.20 -p tcp --dport 80", "destination is 10.96.0.20; protocol is tcp; destination port is 80"),
    ("! -s 10.9.0.0/16 ! -d 10.96.0.9", "source 10.244.1.2 is not in 10.9.0.0/16; destination 10.96.0.20 is not 10.96.0.9"),
    ("-m mark ! --mark 0x4000/0x4000", "no mark 0x4000"),
    ("-m statistic --mode random --probability 1", "probability 1: the dice said yes"),
    ("-m recent --name web --set", "10.244.1.2 enters the list web"),
    ("-p tcp --syn", "protocol is tcp; TCP flags are SYN"),
    ("-m limit --limit 1/hour --limit-burst 1", "the limit is not reached (--limit 1/hour --limit-burst 1)"),
]


def told_of(line: str) -> tuple[str, str]:
    """Of the only rule: what came of it, and why."""
    world = World()
    world.sh(f"iptables -A FORWARD {line}")
    [walk] = walked(world, PACKET)
    [(_, [answer])] = answers(walk)
    return answer.outcome, reason(answer, Seen(walk.asked, answer.mark))


@pytest.mark.parametrize(("line", "why"), WORDS)
def test_why_not_in_words(line: str, why: str) -> None:
    assert told_of(line) == (FAILED, why)


@pytest.mark.parametrize(("line", "why"), HELD)
def test_why_in_words(line: str, why: str) -> None:
    assert told_of(line) == (MATCHED, why)


def test_a_mark_that_a_rule_wrote_is_seen_by_the_next() -> None:
    world = World()
    for line in ("-N MARKED", "-A MARKED -j MARK --or-mark 0x4000", "-A FORWARD -m mark --mark 0x4000/0x4000",
                 "-A FORWARD -j MARKED", "-A FORWARD -m mark ! --mark 0x4000/0x4000",
                 "-A FORWARD -m mark --mark 0x4000/0x4000 -j DROP"):
        world.sh(f"iptables {line}")
    [walk] = walked(world, PACKET)
    outer, inner = answers(walk)
    assert [reason(answer, Seen(walk.asked, answer.mark)) for answer in outer[1]] == [
        "no mark 0x4000", "it has no condition", "the mark has 0x4000, and the rule is for all others", "the mark has 0x4000"]
    assert [answer.outcome for answer in inner[1]] == [MATCHED]
    assert (outer[0].tried, inner[0].tried, inner[0].ended, outer[0].ended) == (4, 1, True, False)


def test_the_rules_are_those_of_that_time() -> None:
    world = World()
    for line in ("-N OWN", "-A OWN -p udp -j DROP", "-A FORWARD -j OWN", "-A FORWARD -p icmp"):
        world.sh(f"iptables {line}")
    [walk] = walked(world, PACKET)
    for line in ("-F", "-X OWN", "-A FORWARD -j DROP"):
        world.sh(f"iptables {line}")
    assert [(visit.chain, [rule.text for rule in visit.rules]) for visit in walk.visits] == [
        ("FORWARD", ["-j OWN", "-p icmp"]), ("OWN", ["-p udp -j DROP"])]
    assert [outcome.outcome for _, found in answers(walk) for outcome in found] == [MATCHED, FAILED, FAILED]
