"""The input of ``iptables-restore``, read: a text's tables, each with what is to be done to it.

Nothing is changed here. What a text came to is remembered, since many machines are given the same one; chains that it gives
whole are made once, and all who restore the text share them. Sources: iptables-restore(8), iptables/xtables-restore.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.fact import Fact, changed
from k8snet.linux.iptables.commands import Command, check_table, read
from k8snet.linux.iptables.options import Complaint, NoTable
from k8snet.linux.iptables.rule import LONGEST_CHAIN_NAME
from k8snet.linux.netfilter import BUILT_IN, Chain, Sealed
from k8snet.linux.targets import Jump

REMEMBERED = 1 << 25
"""How many characters of texts are remembered at most: a few with 70,000 rules each."""


class Declaration(Fact, frozen=True):
    """``:CHAIN POLICY [PACKETS:BYTES]``: a policy, or an empty chain of the user's."""

    table: str
    chain: str
    policy: str
    counters: tuple[int, int] | None
    line: int


Entry = Declaration | Command


class Block:
    """What a text does to one ``table``: ``entries`` in order, up to the COMMIT in ``line``.

    ``whole`` are the user's chains that it gives whole, so that nothing else that it does is about them; ``others`` are the
    entries about the rest. ``outside`` are the chains to which the whole ones lead and that must be there already.
    """

    def __init__(self, table: str, entries: list[Entry], line: int) -> None:
        self.table = table
        self.entries = entries
        self.line = line
        steady = _given_whole(table, entries)
        chains, self.outside = _made(entries, steady)
        self.whole = Sealed(chains)
        self.others = [entry for entry in entries if entry.chain not in steady]


def _given_whole(table: str, entries: list[Entry]) -> set[str]:
    """The user's chains that are declared once, before a rule leads there, and to which nothing is done but to append rules."""
    declared: set[str] = set()
    odd: set[str] = set(BUILT_IN[table])
    for entry in entries:
        if isinstance(entry, Declaration):
            (odd if entry.chain in declared else declared).add(entry.chain)
            continue
        odd |= {target for target in _targets(entry) if target not in declared}
        if entry.op != "A" or entry.counters != (0, 0) or entry.chain not in declared or not _is_plain(entry):
            if not entry.chain or entry.name:
                return set()  # about all chains, or renames one
            odd.add(entry.chain)
    return declared - odd


def _targets(command: Command) -> list[str]:
    """The chains to which a command's rules lead."""
    return [rule.target.chain for rule in command.rules if isinstance(rule.target, Jump)]


def _is_plain(command: Command) -> bool:
    """Whether the kernel takes the rules wherever their chain is."""
    built_in = BUILT_IN[command.table]
    return all(rule.word not in built_in and rule.fits(command.table, "") for rule in command.rules)


def _made(entries: list[Entry], steady: set[str]) -> tuple[dict[str, Chain], set[str]]:
    chains: dict[str, Chain] = {}
    outside: set[str] = set()
    for entry in entries:
        if entry.chain not in steady:
            continue
        if isinstance(entry, Declaration):
            chains[entry.chain] = Chain(entry.chain)
            continue
        chains[entry.chain].rules += entry.rules
        outside |= {target for target in _targets(entry) if target not in chains}
    return chains, outside


class Missing(Fact, frozen=True):
    """A line that iptables understands and the model does not: ``asked`` is what is not modelled in it.

    >>> print(Missing(7, "filter", "-A INPUT -m set --match-set bad src -j DROP", "-m set"))
    line 7: -m set
    """

    line: int
    table: str
    text: str
    asked: str
    known: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.asked}"


class Reading:
    """What a text came to: its ``blocks``, the lines that are ``missing`` in the model, and where iptables stops reading.

    ``refusal`` is what iptables complains of, about line ``line``; None if it reads to the end.
    """

    def __init__(self, text: str, *, counters: bool, only: str | None) -> None:
        self.blocks: list[Block] = []
        self.missing: list[Missing] = []
        self.refusal: Complaint | CommandError | None = None
        self.line = 0
        self._counters = counters
        self._only = only
        self._table = ""
        self._entries: list[Entry] = []
        try:
            self._read(text)
        except (Complaint, CommandError) as refusal:
            self.refusal = refusal

    def _read(self, text: str) -> None:
        for self.line, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):
            table = self._table
            try:
                self._take(line)
            except NotModelled as no:
                self.missing.append(Missing(self.line, table or self._table, line, no.asked, no.known))
        if self._table:
            raise CommandError(f"iptables-restore: COMMIT expected at line {self.line + 1}", code=1)

    def _take(self, line: str) -> None:
        if not line or line.startswith("#"):
            return
        if self._table and line == "COMMIT":
            table, self._table = self._table, ""
            check_table(table)
            if self._only in (None, table):
                self.blocks.append(Block(table, self._entries, self.line))
        elif not self._table and line.startswith("*"):
            self._begin(line[1:].split())
        elif not self._table:
            raise CommandError(f"iptables-restore: line {self.line} failed", code=1)
        elif self._only in (None, self._table):
            check_table(self._table)
            self._entries.append(self._declaration(line[1:].split()) if line[0] == ":" else self._rule(line))

    def _begin(self, words: list[str]) -> None:
        if not words:
            raise Complaint(f"iptables-restore: line {self.line} table name invalid")
        self._table, self._entries = words[0], []
        try:
            check_table(words[0])
        except NoTable:
            raise Complaint(f"iptables-restore: line {self.line} table name '{words[0]}' invalid") from None

    def _declaration(self, words: list[str]) -> Declaration:
        if not words:
            raise Complaint(f"iptables-restore: line {self.line} chain name invalid")
        name = words[0]
        if len(name) > LONGEST_CHAIN_NAME:
            raise Complaint(f"chain name `{name}' too long (must be under {LONGEST_CHAIN_NAME + 1} chars)")
        if len(words) < 2:
            raise Complaint(f"iptables-restore: line {self.line} policy invalid")
        counts = None
        if self._counters and name in BUILT_IN[self._table] and words[1] != "-":
            counts = _counters(words[2] if len(words) > 2 else "")
            if counts is None:
                raise Complaint(f"invalid policy counters for chain '{name}'")
        return Declaration(self._table, name, words[1], counts, self.line)

    def _rule(self, line: str) -> Command:
        counts = None
        if line.startswith("["):
            text, _, line = line.partition(" ")
            counts = _counters(text)
        command = changed(_read_line(line, self._table), line=self.line)
        if command.op in "LSVh":
            raise NotModelled(f"-{command.op} in the input of iptables-restore")
        return changed(command, counters=counts) if self._counters and counts else command


class _Memory:
    """What was read lately, each text under its own words; the oldest are forgotten."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._readings: dict[tuple[str, bool, str | None], Reading] = {}
        self._characters = 0

    def ask(self, text: str, counters: bool, only: str | None) -> Reading:
        key = text, counters, only
        reading = self._readings.pop(key, None)
        if reading is None:
            reading = Reading(text, counters=counters, only=only)
            self._characters += len(text)
        self._readings[key] = reading
        while self._characters > REMEMBERED and len(self._readings) > 1:
            oldest = next(iter(self._readings))
            del self._readings[oldest]
            self._characters -= len(oldest[0])
        return reading


_MEMORY = _Memory()


def reading(text: str, *, counters: bool = False, only: str | None = None) -> Reading:
    """What a text comes to; with ``only`` the lines of one table, with ``counters`` the numbers in it."""
    return _MEMORY.ask(text, counters, only)


def forget() -> None:
    """Forget what was read, so that it can be measured how long that takes."""
    _MEMORY.clear()
    _read_line.cache_clear()


@lru_cache(maxsize=1 << 17)
def _read_line(line: str, table: str) -> Command:
    """A line's command; texts that differ here and there share the others."""
    return read(split(line), table, is_restored=True)


def _counters(text: str) -> tuple[int, int] | None:
    counts = re.fullmatch(r"\[(\d+):(\d+)\]", text, re.ASCII)
    return (int(counts[1]), int(counts[2])) if counts else None


def split(line: str) -> list[str]:
    """The words of a line of iptables-restore's input; only double quotes quote, a backslash only inside them.

    >>> split('-A INPUT -m comment --comment "it works"')
    ['-A', 'INPUT', '-m', 'comment', '--comment', 'it works']
    """
    if '"' not in line:
        return line.split()
    return [plain or before + _unescaped(inside, end) for before, inside, end, plain in WORD.findall(line)]


WORD = re.compile(r'([^"\s]*)"((?:\\.|[^"\\])*)("|\\?$)|(\S+)', re.DOTALL)


def _unescaped(inside: str, end: str) -> str:
    """What quotes hold; quotes that are never closed hold the line's end as well."""
    return re.sub(r"\\(.)", r"\1", inside) + ("" if end == '"' else "\n")


def in_words(missing: Iterable[Missing]) -> str:
    """What the model does not understand, each with its lines, as an error names them.

    >>> in_words([Missing(3, "nat", "", "-m set"), Missing(5, "nat", "", "-j NFLOG"), Missing(9, "nat", "", "-m set")])
    '-m set in lines 3, 9; -j NFLOG in line 5'
    """
    lines: dict[str, list[str]] = {}
    for each in missing:
        lines.setdefault(each.asked, []).append(str(each.line))
    return "; ".join(f"{asked} in line{'s' * (len(where) > 1)} {', '.join(where)}" for asked, where in lines.items())
