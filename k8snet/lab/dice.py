"""Chance on the real kernel: the dice of ``-m statistic --mode random`` are loaded, so that they fall as the model's did.

The record of a question tells how each such rule fell for each packet that came to it. Before the kernel is asked the same,
those rules are replaced by ones that can fall in no other way: with probability 1 or 0, or, where a rule did not always fall
alike, by the number of the throw (``--mode nth``). Afterwards the old rules are put back, with what has been counted since.

Source: net/netfilter/xt_statistic.c, iptables-extensions(8), iptables-restore(8).
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from k8snet.lab.kernel import Kernel
from k8snet.linux.fact import Fact
from k8snet.linux.matches import Random
from k8snet.linux.netfilter import Rule
from k8snet.linux.packet import Packet
from k8snet.linux.trace import Hop, Trace
from k8snet.linux.walks import Walk, walks
from k8snet.linux.why import MATCHED, REPEATABLE, UNTRIED, Answer, answers

SAVED = re.compile(r"^\*(?P<table>\S+)$|^(?P<counted>\[\d+:\d+\]) -A (?P<chain>\S+) ?(?P<rule>.*)$", re.MULTILINE)
DICE = re.compile(r'"(?:\\.|[^"\\])*"|-m statistic --mode random (?:! )?--probability [\d.]+')
"""What is to be replaced in a rule; or a comment, in which the same may stand."""
ONCE = 4294967295
"""The longest period of ``--mode nth``: the number never comes round again."""
SETTLING_SECONDS = 0.05
"""So long after the answer packets of a connection may still come to rules that are asked about each packet."""


class Place(Fact, frozen=True):
    """Where a rule stands; ``number`` counts from 1."""

    netns: str
    table: str
    chain: str
    number: int

    def __str__(self) -> str:
        return f"{self.table} {self.chain} {self.number} in {self.netns}"


class Throw(Fact, frozen=True):
    """One packet came to a rule's dice. ``held``: they said yes, and so did all else that the rule asks.

    ``sure``: it comes there on the kernel too, and no packet before it that the model does not have.
    """

    held: bool
    sure: bool


Rules = dict[Place, tuple[str, str]]
"""What rules have counted, and their text."""


# --- how they fell ------------------------------------------------------------------------------------------------


def throws(traces: Iterable[Trace]) -> dict[Place, list[Throw]]:
    """How chance fell in each rule that called on it, in the order of the packets.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> for line in ("ip link set lo up", "iptables -A INPUT -m statistic --mode random --probability 1 -j ACCEPT"):
    ...     _ = w.sh(line)
    >>> [(str(place), [each.held for each in fell]) for place, fell in throws([w.ping("root", "127.0.0.1")]).items()]
    [('filter INPUT 1 in root', [True, True])]
    """
    found: dict[Place, list[Throw]] = defaultdict(list)
    packets = (traced for trace in traces for traced in trace.packets)
    tables: dict[int, bool] = {}
    for hop in (hop for traced in packets for hop in traced.hops if _may_throw(hop, tables)):
        for walk in filter(_calls_on_chance, walks(hop)):
            for chain, answer in ((visit.chain, answer) for visit, told in answers(walk) for answer in told):
                throw = _throw(answer, is_counted=_is_counted(walk))
                if throw is not None:
                    found[Place(hop.netns, walk.judged.table, chain, answer.number)].append(throw)
    return dict(found)


def _may_throw(hop: Hop, tables: dict[int, bool]) -> bool:
    """Whether a packet came to tables that have dice; ``tables`` is what is known of some, by their id()."""
    for asked in hop.asked:
        if id(asked.rules) not in tables:
            tables[id(asked.rules)] = _has_dice(rule for chain in asked.rules.chains.values() for rule in chain.rules)
    return any(tables[id(asked.rules)] for asked in hop.asked)


def _calls_on_chance(walk: Walk) -> bool:
    """Whether one of the rules that were tried does."""
    return _has_dice(rule for visit in walk.visits for rule in visit.rules[: visit.tried])


def _has_dice(rules: Iterable[Rule]) -> bool:
    return any(isinstance(match, Random) for rule in rules for match in rule.matches)


def _throw(answer: Answer, *, is_counted: bool) -> Throw | None:
    """What the dice of one rule said; None if it has none, or was not asked so far.

    Behind what is not on record (a memory, the machine's addresses) it is not sure whether they were thrown.
    """
    matches = answer.rule.matches
    at = next((index for index, match in enumerate(matches) if isinstance(match, Random)), None)
    if at is None or answer.outcome == UNTRIED:
        return None
    if answer.outcome == MATCHED:
        return Throw(held=True, sure=is_counted)
    before, failed = matches[:at], answer.unmet[0]
    if isinstance(failed, REPEATABLE) and failed in before:
        return None
    return Throw(held=False, sure=is_counted and all(isinstance(match, REPEATABLE) for match in before))


def _is_counted(walk: Walk) -> bool:
    """Whether the kernel's packets are as many as the model's. TCP's that only acknowledge are not: they come after a SYN-ACK.

    A nat table is asked about the first packet of a connection alone.
    """
    packet: Packet = walk.asked.packet
    return walk.judged.table == "nat" or packet.proto != "tcp" or packet.flags in ("S", "S.")


# --- loading them -------------------------------------------------------------------------------------------------


@contextmanager
def loaded(kernel: Kernel, traces: Iterable[Trace], notes: list[str]) -> Iterator[None]:
    """While a question is asked on the kernel, chance falls there as in these traces. What cannot be had is noted."""
    by_netns: dict[str, dict[Place, str]] = defaultdict(dict)
    for place, fell in throws(traces).items():
        words = dice(fell)
        if words is None:
            notes.append(f"{place} did not fall alike for all {len(fell)} packets: there the kernel threw its own dice")
        else:
            by_netns[place.netns][place] = words
    fair = {netns: _replace(kernel, netns, places) for netns, places in by_netns.items()}
    try:
        yield
    finally:
        if any(place.table != "nat" for rules in fair.values() for place in rules):
            time.sleep(SETTLING_SECONDS)
        for netns, rules in fair.items():
            _put_back(kernel, netns, rules)


def dice(fell: Sequence[Throw]) -> str | None:
    """Matches that hold for just those throws of a rule for which it did; None if iptables has no words for it.

    Of several ``nth``, each sees the throws that those before it let pass.

    >>> no, yes, unsure = Throw(False, True), Throw(True, True), Throw(False, False)
    >>> dice([yes, yes])
    '-m statistic --mode random --probability 1'
    >>> dice([no, yes, no])
    '-m statistic --mode nth ! --every 4294967295 --packet 0 -m statistic --mode nth ! --every 4294967295 --packet 1'
    >>> dice([yes, unsure, unsure])
    '-m statistic --mode nth --every 4294967295 --packet 0'
    """
    sure = next((index for index, throw in enumerate(fell) if not throw.sure), len(fell))
    held = [index for index, throw in enumerate(fell) if throw.held]
    failed = [index for index, throw in enumerate(fell) if not throw.held]
    if not held or not failed:
        return f"-m statistic --mode random --probability {1 if held else 0}"
    if failed[-1] < sure:
        return " ".join(f"-m statistic --mode nth ! --every {ONCE} --packet {index - seen}" for seen, index in enumerate(failed))
    if len(held) == 1 and held[0] < sure:
        return f"-m statistic --mode nth --every {ONCE} --packet {held[0]}"
    return None


def _replace(kernel: Kernel, netns: str, places: dict[Place, str]) -> Rules:
    """Put other dice into rules; returns what these were."""
    saved = _saved(kernel, netns)
    fair = {place: saved[place] for place in places if place in saved}
    _write(kernel, netns, {place: (counted, _with_dice(rule, places[place])) for place, (counted, rule) in fair.items()})
    return fair


def _put_back(kernel: Kernel, netns: str, rules: Rules) -> None:
    saved = _saved(kernel, netns)
    _write(kernel, netns, {place: (saved[place][0], rule) for place, (_, rule) in rules.items()})


def _with_dice(rule: str, words: str) -> str:
    """A rule with these matches in place of the first one of chance, and without any other."""
    left = [words]
    return DICE.sub(lambda found: found[0] if found[0].startswith('"') else left.pop() if left else "", rule)


def _saved(kernel: Kernel, netns: str) -> Rules:
    """All rules of a namespace, in the kernel's own words."""
    rules: Rules = {}
    table, numbers = "", dict[tuple[str, str], int]()
    for line in SAVED.finditer(kernel.run(["iptables-save", "--counters"], netns=netns)):
        if line["table"]:
            table = line["table"]
        else:
            key = table, line["chain"]
            numbers[key] = numbers.get(key, 0) + 1
            rules[Place(netns, *key, numbers[key])] = line["counted"], line["rule"]
    return rules


def _write(kernel: Kernel, netns: str, rules: Rules) -> None:
    """Replace rules where they stand, all at once."""
    by_table: dict[str, list[str]] = defaultdict(list)
    for place, (counted, rule) in rules.items():
        by_table[place.table].append(f"{counted} -R {place.chain} {place.number} {rule}\n")
    text = "".join(f"*{table}\n{''.join(lines)}COMMIT\n" for table, lines in by_table.items())
    kernel.run(["iptables-restore", "--noflush", "--counters"], text, netns=netns)
