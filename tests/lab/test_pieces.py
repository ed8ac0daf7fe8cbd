"""A long input of iptables-restore in pieces: the same lines in the same order, each table cleared at most once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from k8snet.lab.pieces import pieces

TABLES = st.lists(st.tuples(st.sampled_from(["*nat", "*filter", "*mangle"]), st.integers(0, 12)), min_size=1, max_size=4)


@given(TABLES, st.integers(1, 5), st.booleans())
def test_the_same_lines_in_the_same_order(tables: list[tuple[str, int]], most: int, keep: bool) -> None:
    words = ["ip", "netns", "exec", "a", "iptables-restore", *(["--noflush"] if keep else [])]
    blocks = [[table, *(f"-A C{at} {number}" for number in range(count)), "COMMIT"] for at, (table, count) in enumerate(tables)]
    text = "".join(f"{line}\n" for block in blocks for line in block)
    cut = list(pieces(words, text, most))
    rules = [line for _, piece in cut for line in piece.splitlines() if line.startswith("-A")]
    assert rules == [line for block in blocks for line in block[1:-1]]
    assert all(piece.count("*") == piece.count("COMMIT") for _, piece in cut)
    flushing = ["--noflush" not in each for each, _ in cut]
    begins = [("-A" not in piece) or piece.splitlines()[1].endswith(" 0") for _, piece in cut]
    assert all(begin or not flushes for flushes, begin in zip(flushing, begins, strict=True))
    assert not any(flushing) if keep else flushing[0]


def test_what_is_short_or_something_else_stays_whole() -> None:
    assert list(pieces(["iptables-restore"], "*nat\nCOMMIT\n")) == [(["iptables-restore"], "*nat\nCOMMIT\n")]
    assert list(pieces(["cat"], "a\n" * 900)) == [(["cat"], "a\n" * 900)]
