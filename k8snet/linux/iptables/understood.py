"""Rules from a real machine, of which the model understands most: what to do about the others.

``iptables-restore`` takes a text as a whole or not at all. Whoever wants to see how packets fare under their own rules asks
`understood` first: in place of each rule that the model lacks it puts one that only says so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from k8snet.errors import NotModelled
from k8snet.linux.iptables.commands import read
from k8snet.linux.iptables.options import Complaint, quoted
from k8snet.linux.iptables.reading import Missing, reading, split
from k8snet.linux.netfilter import TABLES
from k8snet.linux.steps import Matched
from k8snet.linux.trace import Trace

LONGEST_COMMENT = 255
NOTE = "not understood, line"
NOTED = re.compile(rf"{NOTE} (\d+):")
COUNTERS = re.compile(r"\[\d+:\d+\] ", re.ASCII)
BEGINNINGS = frozenset({"-m", "-s", "-d", "-i", "-o", "-p", "-f"})
"""The words at which another condition begins, as iptables-save writes them."""


class Understood(NamedTuple):
    """A ``text`` for iptables-restore, which model and kernel take, and the lines of the original that are ``missing`` in it."""

    text: str
    missing: tuple[Missing, ...]

    def met(self, trace: Trace) -> list[Missing]:
        """The missing rules that a packet of a trace came to: from there on, what became of it is as if they did not match."""
        steps = (step for packet in trace.packets for step in packet.steps if isinstance(step, Matched))
        numbers = {int(found[1]) for step in steps for found in NOTED.finditer(step.rule)}
        return [each for each in self.missing if each.line in numbers]


def understood(text: str) -> Understood:
    """What the model understands of a real machine's ``iptables-save``, ready for ``iptables-restore``, and what it does not.

    A packet traced through your rules. One that comes to a rule which is not understood, and is as that rule asks in all else,
    has a step that says so, and goes on to the next rule; `Understood.met` lists these rules. A table that the model does not
    have (security) is left out. A line that iptables itself would refuse stays, to be refused.

    >>> from k8snet.linux import World
    >>> rules = understood('''*filter
    ... :INPUT ACCEPT [0:0]
    ... -A INPUT -p tcp -m tcp --dport 80 -m set --match-set banned src -j DROP
    ... -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
    ... COMMIT
    ... ''')
    >>> print(*rules.missing)
    line 3: -m set
    >>> world = World()
    >>> for line in ("ip link set lo up", "iptables-restore"):
    ...     _ = world.sh(line, stdin=rules.text)
    >>> for port in (80, 81):
    ...     print(port, *rules.met(world.connect("root", "127.0.0.1", port)))
    80 line 3: -m set
    81
    """
    missing = {each.line: each for each in reading(text).missing}
    lines = [_stand_in(missing[number]) if number in missing else line for number, line in enumerate(text.split("\n"), start=1)]
    return Understood("\n".join(line for line in lines if line is not None), tuple(missing.values()))


def _stand_in(missing: Missing) -> str | None:
    """A rule with the conditions that are understood and a comment that tells the rest; None where no rule can stand."""
    counted = COUNTERS.match(missing.text)
    counters = counted[0] if counted else ""
    line = missing.text.removeprefix(counters)
    if not line.startswith("-A ") or missing.table not in TABLES:
        return None
    words = _conditions(split(line), missing.table)
    note = f"{NOTE} {missing.line}: {line.split(' ', 2)[-1]}"[:LONGEST_COMMENT]
    return f"{counters}{' '.join(map(_written, words))} -m comment --comment {quoted(note)}"


def _written(word: str) -> str:
    return word if set(word).isdisjoint(" \"'\\\t") else quoted(word)


def _conditions(words: list[str], table: str) -> list[str]:
    """The beginning of a rule, up to its target, less the conditions that are not understood."""
    target = next((at for at, word in enumerate(words) if word in ("-j", "-g")), len(words))
    words = words[:target]
    while True:
        try:
            read(words, table, is_restored=True)
        except NotModelled as no:
            words = _without(words, no.asked.split()[-1])
        except Complaint:
            return words[:2]
        else:
            return words


def _without(words: list[str], name: str) -> list[str]:
    """A rule less the match of that name, or the one to which an option of that name was given."""
    at = words.index(name) if name in words else len(words)
    begins = max((index for index in range(2, at) if words[index] in BEGINNINGS), default=0)
    ends = next((index for index in range(at + 1, len(words)) if words[index] in BEGINNINGS), len(words))
    if not begins:
        return words[:2]
    return words[: begins - _is_negated(words, begins)] + words[ends - (ends < len(words) and _is_negated(words, ends)) :]


def _is_negated(words: list[str], at: int) -> bool:
    return words[at - 1] == "!"
