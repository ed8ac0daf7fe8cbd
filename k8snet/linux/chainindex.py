"""An index of a chain: which of its rules could match a packet, judged by destination address and port alone.

The kernel asks a chain's rules one after the other. The model must match the same ones, but it need not ask the ten
thousand that are about other destinations: it asks those that could match, in the chain's order, and still counts all
that the kernel would have tried. Only exact destinations (a /32) and single ports can rule a packet out beforehand, and a
port only where no match before it keeps a memory of what it has seen (``statistic``, ``limit``, ``recent``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from k8snet.linux.matches import Comment, Destination, Fragment, InDevice, Match, OutDevice, Protocol, Source, Transport

if TYPE_CHECKING:
    from k8snet.linux.netfilter import Rule
    from k8snet.linux.packet import Packet

SMALL = 8
"""Up to so many rules, asking all is quicker than looking them up."""
ANSWERS = 4096
"""How many answers are remembered at most."""

WITHOUT_MEMORY = (Source, Destination, InDevice, OutDevice, Protocol, Fragment, Comment)
"""Matches that may be left unasked: to ask them changes nothing."""

Key = tuple[int | None, int | None]
"""A destination address and a port; None stands for any."""


class ChainIndex:
    """The positions of a chain's rules, found by what they ask for. It is made anew when the chain changes."""

    __slots__ = ("_answers", "_positions")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._answers: dict[Key, Sequence[int]] = {}
        self._positions: dict[Key, list[int]] = {}
        for position, rule in enumerate(rules):
            self._positions.setdefault(key_of(rule.matches), []).append(position)

    def candidates(self, packet: Packet) -> Sequence[int]:
        """The positions, from 0 and in order, of all rules that could match the packet."""
        key = (packet.dst, packet.dport)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) == ANSWERS:
                self._answers.clear()
            answer = self._answers[key] = self._merged(*key)
        return answer

    def _merged(self, dst: int, dport: int) -> Sequence[int]:
        keys: Iterable[Key] = ((dst, dport), (dst, None), (None, dport), (None, None))
        return sorted(position for key in keys for position in self._positions.get(key, ()))


def key_of(matches: Sequence[Match]) -> Key:
    """The one destination and the one port that a rule asks for, each None if it does not ask for exactly one."""
    dst = dport = None
    for match in matches:
        if isinstance(match, Destination) and match.mask == 0xFFFFFFFF and not match.inverted:
            dst = match.ip
        elif isinstance(match, Transport) and match.dports[0] == match.dports[1] and not match.not_dports:
            dport = match.dports[0]
        elif not isinstance(match, (*WITHOUT_MEMORY, Transport)):
            break
    return dst, dport
