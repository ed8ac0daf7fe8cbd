"""Loaded dice: what the record says of chance, and matches that fall so again. The kernel itself is asked in tests/twin."""

from __future__ import annotations

from typing import cast

import pytest

from k8snet.lab.dice import Throw, dice, throws
from k8snet.linux import World
from k8snet.linux.iptables import parse_rule
from k8snet.linux.matches import Counter
from k8snet.linux.packet import Skb

YES, NO = Throw(held=True, sure=True), Throw(held=False, sure=True)
MAYBE_YES, MAYBE_NO = Throw(held=True, sure=False), Throw(held=False, sure=False)
CLIENT = "ip netns exec client "
LINES = ("ip netns add client", "ip link add near type veth peer name eth0 netns client", "ip link set near up",
         "ip addr add 10.0.0.1/24 dev near", "ip -n client link set eth0 up", "ip -n client addr add 10.0.0.2/24 dev eth0")


def falls(words: str, count: int) -> list[bool]:
    """How the matches hold for one packet after the other."""
    [rule] = parse_rule(words.split())
    counters = [Counter() for _ in rule.matches]
    skb = cast("Skb", None)
    return [all(match.holds(skb, counter) for match, counter in zip(rule.matches, counters, strict=True)) for _ in range(count)]


@pytest.mark.parametrize(
    "fell",
    [
        pytest.param([NO, YES], id="the second alone"),
        pytest.param([YES, NO, YES, YES], id="all but the second"),
        pytest.param([YES, NO, YES, NO], id="by turns"),
        pytest.param([NO, NO, YES, YES, NO, YES, NO, NO], id="as it came"),
        pytest.param([NO, YES, MAYBE_YES, MAYBE_YES], id="no, before one is unsure"),
        pytest.param([YES, MAYBE_NO, MAYBE_NO], id="yes, before one is unsure"),
    ],
)
def test_dice_fall_as_they_fell(fell: list[Throw]) -> None:
    words = dice(fell)
    assert words is not None
    assert falls(words, len(fell)) == [throw.held for throw in fell]


@pytest.mark.parametrize(
    ("fell", "words"),
    [
        pytest.param([YES], "-m statistic --mode random --probability 1", id="yes"),
        pytest.param([NO, NO], "-m statistic --mode random --probability 0", id="no"),
        pytest.param([MAYBE_NO, NO, MAYBE_NO], "-m statistic --mode random --probability 0", id="always alike, however many"),
        pytest.param([YES, MAYBE_YES, MAYBE_NO], None, id="at last no, and unsure"),
        pytest.param([YES, YES, MAYBE_NO], None, id="twice yes, then unsure"),
    ],
)
def test_what_is_said_to_iptables(fell: list[Throw], words: str | None) -> None:
    assert dice(fell) == words


def recorded(rule: str, ask: str) -> list[tuple[bool, bool]]:
    """What the record says of a rule's throws when the client asks: which held, and of which we are sure."""
    world = World(seed=1)
    for line in (*LINES, f"iptables -A INPUT {rule}"):
        world.sh(line)
    if ask == "tcp":
        world.listen("root", 80)
        world.connect("client", "10.0.0.1", 80)
    else:
        world.ping("client", "10.0.0.1")
    places = throws(world.traces)
    assert [str(place) for place in places] == ["filter INPUT 1 in root"] * len(places)
    return [(throw.held, throw.sure) for fell in places.values() for throw in fell]


ALWAYS, NEVER = "-m statistic --mode random --probability 1", "-m statistic --mode random --probability 0"


@pytest.mark.parametrize(
    ("rule", "ask", "fell"),
    [
        pytest.param(ALWAYS, "ping", [(True, True)], id="yes"),
        pytest.param(NEVER, "ping", [(False, True)], id="no"),
        pytest.param("-m statistic --mode random ! --probability 1", "ping", [(False, True)], id="inverted"),
        pytest.param(f"-p udp {NEVER}", "ping", [], id="another condition failed before"),
        pytest.param(f"{ALWAYS} -m mark --mark 7", "ping", [(False, True)], id="another one failed behind"),
        pytest.param(f"-m recent --name seen --rcheck {ALWAYS}", "ping", [(False, False)], id="behind a memory"),
        pytest.param("-m statistic --mode nth --every 2 --packet 0", "ping", [], id="counting is no chance"),
        pytest.param(f"-p tcp --syn {ALWAYS}", "tcp", [(True, True)], id="a SYN"),
    ],
)
def test_the_record_has_each_throw(rule: str, ask: str, fell: list[tuple[bool, bool]]) -> None:
    assert recorded(rule, ask) == fell


def test_behind_a_syn_the_kernel_sends_more_packets_of_tcp() -> None:
    (_, first), *others = recorded(ALWAYS, "tcp")
    assert first
    assert {sure for _, sure in others} == {False}
