"""Numbers that each kernel draws at random, made comparable: the port that NAT finds, the source port of a tunnel.

Each is replaced by the range that it is from and a number of its own, in order of appearance: ``1024-65535#1``. So it
must come from the same range on both sides, and come back wherever it comes back on the other; which one it was is chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from k8snet.linux.fact import Fact

PLACE = re.compile(r"(\.\d+:|port=|\bid[ =])(\d+)\b")
"""Where a line of a capture, of ``conntrack -L`` or of an outcome has a port or an echo id."""
RANGES = ((1, 511), (512, 599), (600, 1023), (1024, 65535))
"""Where NAT looks for a free port, by the port that it replaces (nf_nat_core.c, nf_nat_l4proto_unique_tuple)."""


class Section(Fact, frozen=True):
    """Lines of both sides that are compared with each other; if they are not ``ordered``, each side has its own order."""

    where: str
    model: list[str]
    kernel: list[str]
    ordered: bool = True


def hide(sections: Iterable[Section], drawn: set[int]) -> list[Section]:
    """The sections with the numbers that were drawn replaced; ``drawn`` are the model's.

    The kernel's are those that the model does not have anywhere.
    """
    sections = list(sections)
    known = {number for each in sections for number in _numbers(each.model)} - drawn
    if not drawn:
        return sections
    ours, theirs = Names(lambda number: number in drawn), Names(lambda number: number not in known)
    return [Section(each.where, ours.give(each.model, ordered=each.ordered), theirs.give(each.kernel, ordered=each.ordered))
            for each in sections]


def _numbers(lines: list[str]) -> Iterable[int]:
    return (int(found[2]) for line in lines for found in PLACE.finditer(line))


class Names:
    """The names that one side's drawn numbers have got so far."""

    def __init__(self, is_drawn: Callable[[int], bool]) -> None:
        self._is_drawn = is_drawn
        self._names: dict[int, str] = {}

    def give(self, lines: list[str], *, ordered: bool) -> list[str]:
        """The lines with names in place of drawn numbers; without an order of their own, sorted by all the rest."""
        if ordered:
            return [PLACE.sub(self._named, line) for line in lines]
        bare = {line: PLACE.sub(self._without, line) for line in lines}
        alike = Counter(bare.values())
        lines = sorted(lines, key=bare.__getitem__)
        return [PLACE.sub(self._named if alike[bare[line]] == 1 else self._ranged, line) for line in lines]

    def _ranged(self, found: re.Match[str]) -> str:
        """Of lines that differ in nothing else one cannot tell which is which."""
        number = int(found[2])
        return f"{found[1]}{_range(found[1], number)}" if self._is_drawn(number) else found[0]

    def _without(self, found: re.Match[str]) -> str:
        return found[1] if self._is_drawn(int(found[2])) else found[0]

    def _named(self, found: re.Match[str]) -> str:
        number = int(found[2])
        if not self._is_drawn(number):
            return found[0]
        return found[1] + self._names.setdefault(number, f"{_range(found[1], number)}#{len(self._names) + 1}")


def _range(place: str, number: int) -> str:
    if place.startswith("id"):
        return "0-65535"
    return next((f"{low}-{high}" for low, high in RANGES if low <= number <= high), str(number))
