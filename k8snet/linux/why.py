"""Why a rule did not match a packet: the first of its conditions that failed, as evidence. And why one did: all of them.

What a rule asks of the packet itself is asked again of the packet as the record has it (`steps.Asked`), by the same
`Match.holds`. What it asked of chance, of a memory or of the machine's addresses is never asked again: if all
else holds and the rule did not match, that is what said no. The sentences are in whywords.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from k8snet.linux.fact import Fact
from k8snet.linux.matches import (
    Comment,
    Conntrack,
    Counter,
    Destination,
    Fragment,
    IcmpType,
    InDevice,
    MarkIs,
    Match,
    Multiport,
    OutDevice,
    Physdev,
    Protocol,
    Source,
    Transport,
)
from k8snet.linux.netfilter import Rule
from k8snet.linux.walks import Visit, Walk

if TYPE_CHECKING:
    from k8snet.linux.packet import Packet, Skb
    from k8snet.linux.steps import Asked

REPEATABLE = (
    Comment, Conntrack, Destination, Fragment, IcmpType, InDevice, MarkIs, Multiport, OutDevice, Physdev, Protocol, Source,
    Transport,
)  # fmt: skip
"""The conditions whose answer follows from what the record has. All others are told from whether the rule matched."""

UNTRIED, FAILED, MATCHED = "untried", "failed", "matched"


class Named(Fact, frozen=True):
    """A device, of which the record has the name."""

    name: str


class Translated(Fact, frozen=True):
    """A connection, of which the record has what NAT did to it."""

    nat: tuple[str, ...]


class Seen:
    """The packet as a rule saw it: what a `Skb` was to the matches at that moment. Its ``mark`` may have been written since."""

    def __init__(self, asked: Asked, mark: int) -> None:
        self.packet: Packet = asked.packet
        self.iif, self.oif, self.physin, self.physout = map(_device, (asked.iif, asked.oif, asked.physin, asked.physout))
        self.mark = mark
        self.ctinfo = asked.ctstate
        self.reply = asked.reply
        self.conn = None if asked.translated is None else Translated(asked.translated)

    def meets(self, match: Match) -> bool:
        """Whether a repeatable condition held."""
        return match.holds(cast("Skb", self), Counter())


def _device(name: str | None) -> Named | None:
    return None if name is None else Named(name)


class Answer(Fact, frozen=True):
    """What came of one rule: ``outcome`` is untried, failed or matched.

    ``mark`` is the packet's when it was asked. ``unmet`` are the conditions that said no: the first that surely did, or those
    of chance and memory of which one must have.
    """

    number: int
    rule: Rule
    outcome: str
    mark: int = 0
    unmet: tuple[Match, ...] = ()


def unmet(rule: Rule, seen: Seen) -> tuple[Match, ...]:
    """Why a rule that was tried did not match: one condition that failed; or more, of which one did, and which is not on record.

    ValueError if nothing could have failed.

    >>> from k8snet.linux.address import Ip
    >>> from k8snet.linux.iptables import parse_rule
    >>> from k8snet.linux.netfilter import Table
    >>> from k8snet.linux.packet import Packet
    >>> from k8snet.linux.steps import Asked
    >>> packet = Packet(Ip("10.1.1.1"), Ip("10.96.0.10"), "tcp", 40000, 80)
    >>> seen = Seen(Asked(Table("nat"), packet, "eth0", None, None, None, 0, "NEW", False, ()), mark=0)
    >>> [rule] = parse_rule("-s 10.1.1.0/24 -p tcp --dport 81 -j ACCEPT".split())
    >>> [match.dports for match in unmet(rule, seen)]
    [(81, 81)]
    """
    for match in rule.matches:
        if isinstance(match, REPEATABLE) and not seen.meets(match):
            return (match,)
    others = tuple(match for match in rule.matches if not isinstance(match, REPEATABLE))
    if not others:
        raise ValueError(f"all that this rule asks is true of the packet: {rule.text}")
    return others


def answers(walk: Walk) -> list[tuple[Visit, list[Answer]]]:
    """Each visit of a walk, with what came of each of its chain's rules, in the chain's order."""
    told: dict[int, list[Answer]] = {}
    _tell(walk, walk.visits[0], walk.asked.mark, told)
    return [(visit, told[id(visit)]) for visit in walk.visits]


def _tell(walk: Walk, visit: Visit, mark: int, told: dict[int, list[Answer]]) -> int:
    """What came of the rules of one visit, and of those to which they led; the mark that the packet then has."""
    found = told[id(visit)] = []
    seen = Seen(walk.asked, mark)
    for number, rule in enumerate(visit.rules, 1):
        if number > visit.tried:
            found.append(Answer(number, rule, UNTRIED))
        elif number not in visit.matched:
            found.append(Answer(number, rule, FAILED, mark, unmet(rule, seen)))
        else:
            found.append(Answer(number, rule, MATCHED, mark))
            mark = visit.marks[number].after if number in visit.marks else mark
            mark = _tell(walk, visit.jumps[number], mark, told) if number in visit.jumps else mark
            seen = Seen(walk.asked, mark)
    return mark
