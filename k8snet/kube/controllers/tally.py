"""A sum that is kept up to date part by part: what the pods of a ReplicaSet come to, or the nodes of a DaemonSet.

To count fifty thousand pods whenever one of them changes would take most of a cluster's time. So each part's share is
kept, and the parts that may have changed are looked at again. (In Kubernetes' words: an informer's cache, and counts.)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

Part = TypeVar("Part", bound=Hashable)


class Tally(Generic[Part]):
    """The sums of all shares; a share is a tuple of ``width`` numbers.

    >>> tally = Tally(2)
    >>> tally.put("a", (1, 0)); tally.put("b", (1, 1)); tally.put("a", (1, 1)); tally.drop("b")
    >>> tally.sums
    [1, 1]
    """

    def __init__(self, width: int) -> None:
        self.sums = [0] * width
        self.shares: dict[Part, tuple[int, ...]] = {}
        self.stale: OrderedDict[Part, None] = OrderedDict()
        """The parts that may have changed."""

    def mark(self, part: Part) -> None:
        """This part is to be looked at."""
        self.stale[part] = None

    def take_stale(self) -> Iterable[Part]:
        """The parts to look at, one after the other; who marks one meanwhile gets it too."""
        while self.stale:
            yield self.stale.popitem(last=False)[0]

    def put(self, part: Part, share: tuple[int, ...]) -> None:
        """This part's share is so much now."""
        before = self.shares.get(part)
        if before == share:
            return
        self.shares[part] = share
        if before is None:
            self.sums = [total + new for total, new in zip(self.sums, share, strict=True)]
        else:
            self.sums = [total + new - old for total, new, old in zip(self.sums, share, before, strict=True)]

    def drop(self, part: Part) -> None:
        """This part is no more."""
        before = self.shares.pop(part, None)
        if before is not None:
            self.sums = [total - old for total, old in zip(self.sums, before, strict=True)]

    def __deepcopy__(self, memo: dict[int, Any]) -> Tally[Part]:
        other: Tally[Part] = Tally(0)
        other.sums, other.shares, other.stale = list(self.sums), dict(self.shares), self.stale.copy()
        return other
