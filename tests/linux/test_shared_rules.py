"""Machines that are given the same text share its rules: it is read once, and what one does to them the others do not see."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import CommandError
from k8snet.linux import World
from k8snet.linux.iptables import reading, restore, save
from k8snet.linux.netfilter import Netfilter

TEXT = """*filter
:A - [0:0]
:B - [0:0]
-A A -p icmp -j B
-A B -m statistic --mode nth --every 2 --packet 0 -j RETURN
-A B -j ACCEPT
COMMIT
"""
HOOKED = "*filter\n:A - [0:0]\n-A INPUT -j A\nCOMMIT\n"


def two_machines() -> World:
    """Two machines that have restored the same text, and send what comes in through it."""
    world = World()
    for name in ("one", "two"):
        world.sh(f"ip netns add {name}")
        world.sh(f"ip -n {name} link set lo up")
        for text in (HOOKED, TEXT):
            world.sh(f"ip netns exec {name} iptables-restore --noflush", stdin=text)
    return world


def chain(world: World, netns: str, name: str) -> object:
    return world.netns[netns].netfilter.tables["filter"].chains[name]


def test_the_chains_are_the_same_things() -> None:
    world = two_machines()
    fork = world.fork()
    for name in ("A", "B"):
        assert chain(world, "one", name) is chain(world, "two", name) is chain(fork, "one", name)


@pytest.mark.parametrize(
    "change", ["-A B -j DROP", "-I A -j DROP", "-F B", "-D B 1", "-R B 2 -j DROP", "-E B C", "-N D", "-P INPUT DROP"]
)
def test_a_change_is_seen_by_the_one_who_makes_it(change: str) -> None:
    world = two_machines()
    fork = world.fork()
    before = world.sh("ip netns exec two iptables-save")
    world.sh(f"ip netns exec one iptables {change}")
    assert world.sh("ip netns exec one iptables-save") != before
    assert world.sh("ip netns exec two iptables-save") == before
    assert fork.sh("ip netns exec one iptables-save") == before


def test_each_counts_for_itself() -> None:
    world = two_machines()
    for netns, times in (("one", 3), ("two", 1)):
        for _ in range(times):
            world.ping(netns, "127.0.0.1")
    counted = [world.sh(f"ip netns exec {netns} iptables -vS B").splitlines()[1:] for netns in ("one", "two")]
    assert [line.split("-c ")[1].split()[0] for lines in counted for line in lines] == ["3", "3", "1", "1"]


def test_counters_move_with_their_rules() -> None:
    world = two_machines()
    world.ping("one", "127.0.0.1")
    for line in ("-I B -p udp -j DROP", "-A B -p tcp -j DROP", "-D B 2"):
        world.sh(f"ip netns exec one iptables {line}")
    saved = world.sh("ip netns exec one iptables-save -c")
    assert "[0:0] -A B -p udp -j DROP\n[1:84] -A B -j ACCEPT\n[0:0] -A B -p tcp -j DROP\n" in saved
    world.sh("ip netns exec one iptables-restore --noflush", stdin=TEXT)
    assert "[0:0] -A B -j ACCEPT\n" in world.sh("ip netns exec one iptables-save -c")


def test_a_jump_that_closes_a_loop_over_shared_chains_is_refused() -> None:
    world = two_machines()
    before = world.sh("ip netns exec one iptables-save")
    with pytest.raises(CommandError, match="Too many links"):
        world.sh("ip netns exec one iptables -A B -j A")
    assert world.sh("ip netns exec one iptables-save") == before


# --- sharing is nothing but a short cut --------------------------------------------------------------------------

CHAINS = ("A", "B", "C", "INPUT")
TARGETS = (*CHAINS, "ACCEPT", "MASQUERADE")
LINES = [
    *(f":{name} - [0:0]" for name in CHAINS[:3]),
    *(f"-A {name} -j {target}" for name in CHAINS for target in TARGETS if name != target),
    *(f"-A {name} -p tcp -m tcp --dport 80" for name in CHAINS), *(f"-F {name}" for name in CHAINS),
    *(f"-X {name}" for name in CHAINS[:3]), "[3:4] -A A -j DROP", "-I B -j RETURN", "-X", "-F", "-D A 1", "-E A C", "-N A",
    "-P INPUT DROP",
]  # fmt: skip
texts = st.lists(st.sampled_from(LINES), max_size=12).map(lambda lines: "\n".join(["*filter", *lines, "COMMIT", ""]))


def result(given_texts: list[str], noflush: bool) -> list[str]:
    """What the rules are after each text, or what iptables says."""
    netfilter, said = Netfilter(), []
    for text in given_texts:
        try:
            restore(netfilter, text, noflush=noflush, counters=True)
        except CommandError as no:
            said.append(str(no))
        said.append(save(netfilter, counters=True))
    return said


@settings(max_examples=400, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3), st.booleans())
def test_line_by_line_it_comes_to_the_same(given_texts: list[str], noflush: bool) -> None:
    shared = result(given_texts, noflush)
    reading.forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_given_whole", lambda table, entries: set())
        alone = result(given_texts, noflush)
    reading.forget()
    assert shared == alone
