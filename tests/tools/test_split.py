"""A command line's words: by the shell's rules, and a line without quotes the quick way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import World, tools


@given(st.text(st.characters(codec="ascii")))
def test_the_quick_way_gives_the_same_words(line: str) -> None:
    if not tools.SPECIAL.search(line):
        assert tools.split(line) == tools._lexed(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ip  -n pod-a   addr ", ["ip", "-n", "pod-a", "addr"]),
        ("", []),
        ("curl 'http://web/?a=1&b=2'", ["curl", "http://web/?a=1&b=2"]),
        ('echo "a b" c\\ d', ["echo", "a b", "c d"]),
        ("a\tb\nc", ["a", "b", "c"]),
        ("iptables ! -d 10.0.0.1/32 #1", ["iptables", "!", "-d", "10.0.0.1/32", "#1"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert tools.split(line) == words


@pytest.mark.parametrize("line", ["ip a | grep b", "ip a && ip b", "ip a;ip b", "ip a > file", "(ip a)", "sleep 1 &"])
def test_one_command_a_line(line: str) -> None:
    with pytest.raises(NotModelled, match="the shell's"):
        tools.split(line)


def test_a_tool_may_be_called_by_its_path() -> None:
    world = World()
    assert world.sh("/sbin/ip -V") == world.sh("/usr/bin/ip -V") == world.sh("ip -V")
    with pytest.raises(CommandError, match="not found"):
        world.sh("/home/bin/ip -V")
