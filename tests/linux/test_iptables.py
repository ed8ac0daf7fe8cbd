"""The text of rules: every row is what iptables 1.8.9 (nf_tables) said when it was recorded."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import World
from k8snet.linux.iptables import parse_rule, restore, save
from k8snet.linux.netfilter import Netfilter
from tests.linux.rule_rows import Row, kube_proxy_dumps, rows, without_dates

ACCEPTED, REFUSED = rows("accepted"), rows("refused")


def named(row: Row) -> str:
    return f"{row.table}: {row.typed}"


@pytest.mark.parametrize("row", ACCEPTED, ids=named)
def test_a_rule_is_listed_as_the_kernel_lists_it(row: Row) -> None:
    netfilter = Netfilter()
    restore(netfilter, row.restored)
    assert "".join(line for line in save(netfilter, row.table).splitlines(keepends=True) if line.startswith("-A")) == row.output


@pytest.mark.parametrize("row", ACCEPTED, ids=named)
def test_what_is_listed_is_listed_again(row: Row) -> None:
    first, second = Netfilter(), Netfilter()
    restore(first, row.restored)
    restore(second, save(first))
    assert save(second) == save(first)


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_a_refused_line_changes_nothing(row: Row) -> None:
    netfilter = Netfilter()
    restore(netfilter, "*filter\n:MINE - [0:0]\n-A INPUT -j MINE\nCOMMIT\n")
    before = save(netfilter)
    with pytest.raises(CommandError) as refused:
        restore(netfilter, row.restored)
    assert (f"{refused.value}\n", refused.value.code) == (row.output, row.code)
    assert save(netfilter) == before


def test_all_dumps_of_kube_proxy_restore_and_are_stable(golden: Path) -> None:
    dumps = kube_proxy_dumps(golden)
    assert len(dumps) > 40
    for name, text in dumps.items():
        first, second = Netfilter(), Netfilter()
        restore(first, text)
        restore(second, save(first))
        assert save(second) == save(first), name


NOT_MODELLED = [
    "-m set --match-set foo src", "-m nfacct --nfacct-name x", "-m owner --uid-owner 0", "-j NFQUEUE", "-j CONNMARK --save-mark",
    "-m conntrack --ctorigdst 10.0.0.1", "-m recent --rcheck --rttl", "-p tcp --tcp-option 3", "-j CT --zone 1",
    "-s 10.0.0.1 -6", "-p tcp -j DNAT --to-destination 10.0.0.1:80-90/100", "-p sctp --chunk-types any INIT",
]  # fmt: skip


@pytest.mark.parametrize("words", NOT_MODELLED)
def test_what_is_not_modelled_says_so(words: str) -> None:
    with pytest.raises(NotModelled):
        parse_rule(words.split())


WORDS = sorted({word for row in (*ACCEPTED, *REFUSED) for word in row.typed.split()} | {"\0", "--", "-", "=", "٣", "--=", "-ié"})


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=12), st.sampled_from(["filter", "nat", "raw"]))
def test_any_line_is_read_or_refused_in_words(words: list[str], table: str) -> None:
    netfilter, again = Netfilter(), Netfilter()
    with contextlib.suppress(CommandError, NotModelled):
        restore(netfilter, f"*{table}\n:K - [0:0]\n{' '.join(words)}\nCOMMIT\n")
    restore(again, save(netfilter))
    assert save(again) == save(netfilter)


RESTORED = [
    ("", "", 0),
    ("*filter\nCOMMIT\n", "", 0),
    ("*filter\n:INPUT DROP [0:0]\nCOMMIT", ":INPUT DROP [0:0]", 0),
    ("*filter\n:INPUT - [0:0]\nCOMMIT\n", ":INPUT ACCEPT [0:0]", 0),
    ("*filter\n:OWN ACCEPT [0:0]\nCOMMIT\n", ":OWN - [0:0]", 0),
    ("# a comment\n\n*filter\n\n# another\n-A INPUT -j RETURN\nCOMMIT\n", "-A INPUT -j RETURN", 0),
    ("*filter\n:Q - [0:0]\n-A Q -j DROP\n:Q - [0:0]\n-A INPUT -j Q\nCOMMIT\n", "-A INPUT -j Q", 0),
    ("*nat\n:Z - [0:0]\n:A - [0:0]\n-A Z -j A\n-A A -j ACCEPT\nCOMMIT\n", "-A A -j ACCEPT\n-A Z -j A", 0),
    ("*filter\n-A INPUT -j ACCEPT\n", "iptables-restore: COMMIT expected at line 3", 1),
    ("foo\n", "iptables-restore: line 1 failed", 1),
    ("*filter\n:INPUT FOO [0:0]\nCOMMIT\n", "iptables-restore: line 2 failed: Bad policy name.", 1),
    ("*filter\n-X NOPE\nCOMMIT\n", "iptables-restore: line 2 failed: No chain/target/match by that name.", 1),
    ("*filter\n-N Q\n-N Q\nCOMMIT\n", "iptables-restore: line 3 failed: Chain already exists.", 1),
    ("*nosuch\nCOMMIT\n", "iptables-restore: line 1 table name 'nosuch' invalid\nError occurred at line: 1", 2),
    ("*\nCOMMIT\n", "iptables-restore: line 1 table name invalid\nError occurred at line: 1", 2),
    ("*filter\n:\nCOMMIT\n", "iptables-restore: line 2 chain name invalid\nError occurred at line: 2", 2),
    ("*filter\n:OWN\nCOMMIT\n", "iptables-restore: line 2 policy invalid\nError occurred at line: 2", 2),
    ("*filter\n*nat\nCOMMIT\n", "Bad argument `*nat'\nError occurred at line: 2", 2),
    ("*filter\n-A INPUT -j Q\n-N Q\nCOMMIT\n", "Chain 'Q' does not exist\nError occurred at line: 4", 2),
    (
        "*filter\n:L1 - [0:0]\n:L2 - [0:0]\n-A L1 -j L2\n-A L2 -j L1\n-A INPUT -j L1\nCOMMIT\n",
        "line 6: RULE_APPEND failed (Too many links): rule in chain INPUT",
        4,
    ),
    (
        "*nat\n:K - [0:0]\n-A K -j MASQUERADE\n-A PREROUTING -j K\nCOMMIT\n",
        "line 4: RULE_APPEND failed (Invalid argument): rule in chain PREROUTING",
        4,
    ),
    (
        "*filter\n-A INPUT -j DNAT --to-destination 10.0.0.1\n-A INPUT -j MASQUERADE\nCOMMIT\n",
        "line 2: RULE_APPEND failed (Invalid argument): rule in chain INPUT\n"
        "line 3: RULE_APPEND failed (Invalid argument): rule in chain INPUT",
        4,
    ),
]
"""An input of iptables-restore; a part of what iptables-save then prints, or of what it is refused with; the exit status."""


@pytest.mark.parametrize(("text", "part", "code"), RESTORED)
def test_a_whole_text_is_restored_or_refused(text: str, part: str, code: int) -> None:
    world = World()
    output = world.sh("iptables-restore", stdin=text, check=False)
    assert output.code == code
    assert part in (output if code else world.sh("iptables-save"))


def test_each_commit_stands_for_itself() -> None:
    netfilter = Netfilter()
    with pytest.raises(CommandError, match=r"^iptables-restore: line 5 failed"):
        restore(netfilter, "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n*nat\n-A NOPE -j ACCEPT\nCOMMIT\n")
    assert list(netfilter.tables) == ["filter"]


FIRST = "*filter\n:INPUT DROP [7:8]\n:A - [0:0]\n:B - [0:0]\n[3:4] -A INPUT -j A\n-A A -j ACCEPT\n-A B -j DROP\nCOMMIT\n"
SECOND = "*filter\n:A - [0:0]\n-A A -j RETURN\nCOMMIT\n"


ONLY_NAMED = (
    ":INPUT DROP [7:8]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n"
    "-A INPUT -j A\n-A A -j RETURN\n-A B -j DROP\n"
)
WHOLE_TABLE = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n-A A -j RETURN\n"


@pytest.mark.parametrize(("noflush", "saved"), [(True, ONLY_NAMED), (False, WHOLE_TABLE)])
def test_noflush_empties_only_the_chains_that_are_named(noflush: bool, saved: str) -> None:
    netfilter = Netfilter()
    restore(netfilter, FIRST, counters=True)
    restore(netfilter, SECOND, noflush=noflush)
    assert without_dates(save(netfilter)) == f"*filter\n{saved}COMMIT\n"


def test_counters_are_restored_and_saved() -> None:
    netfilter = Netfilter()
    restore(netfilter, FIRST, counters=True)
    assert "[3:4] -A INPUT -j A\n[0:0] -A A -j ACCEPT\n" in save(netfilter, counters=True)


def test_the_date_is_the_worlds() -> None:
    world = World()
    world.sh("iptables -N OWN")
    world.sh("sleep 61")
    assert world.sh("iptables-save").startswith("# Generated by iptables-save v1.8.9 (nf_tables) on Thu Jan  1 00:01:01 2026\n")
