"""Where the boxes stand on the map of a cluster, and how cables run from nodes to the underlay at the bottom.

From the lowest row a cable runs straight down. From the rows above, and from the router, cables run in the margin on the
left: the higher a cable begins, the further left it is, so no two cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from k8snet.linux.fact import Fact
from k8snet.show.layout import At, Rect
from k8snet.show.nodebox import Block, NodeBox

PAGE = 980.0
"""Rows are not wider than this, if they need not be."""
BETWEEN, BELOW = 20.0, 30.0
TRACK, FIRST_TRACK, BESIDE = 12.0, 14.0, 22.0
LEVEL = 9.0
"""Between two cables that run to the margin below one row."""
STRETCH = 140.0
"""So much wider a box may become for the sake of a straight right edge."""
MOST_ROWS = 6

Make = Callable[[int, int], Sequence[Block]]
"""Makes the boxes: how many pods may stand above one another in one, and in how many columns the control plane's programs."""
Rows = Sequence[Sequence[Block]]


class Places(Fact, frozen=True):
    """Where everything is: each box of `Plan.rows` in order, the cables, and the upper edge of the underlay."""

    boxes: tuple[Rect, ...]
    cables: tuple[tuple[At, ...], ...]
    underlay: float


class Plan:
    """The boxes in rows: of all arrangements that fit the page, the lowest. ``router``: whether its cable is in the margin."""

    def __init__(self, make: Make, *, router: bool, least: float) -> None:
        self.router, self.least = router, least
        plans = [self._rows(make(high, columns)) for high, columns in product(range(1, MOST_ROWS + 1), (1, 2, 4))]
        self.rows: Rows = min(plans, key=self._cost)
        self.margin = self._margin(self.rows)
        self.width = self._width(self.rows)

    def _rows(self, blocks: Sequence[Block]) -> Rows:
        """The boxes one after the other, a new row where the page is full."""
        rows: list[list[Block]] = []
        x = 0.0
        for block in blocks:
            if not rows or x + block.width > PAGE:
                rows.append([])
                x = 0.0
            rows[-1].append(block)
            x += block.width + BETWEEN
        return rows

    def _cost(self, rows: Rows) -> tuple[bool, float, float]:
        height = sum(max(block.height for block in row) + BELOW for row in rows)
        width = self._width(rows)
        return width > PAGE + BESIDE + FIRST_TRACK + 4 * TRACK, height, width

    def _margin(self, rows: Rows) -> float:
        """The room on the left, for the cables of the router and of all rows but the last."""
        tracks = self.router + sum(block.is_wired for row in rows[:-1] for block in row)
        return FIRST_TRACK + (tracks - 1) * TRACK + BESIDE if tracks else 0.0

    def _width(self, rows: Rows) -> float:
        return max(self.least, self._margin(rows) + max((_length(row) for row in rows), default=0.0))

    # --- places -----------------------------------------------------------------------------------------------

    def places(self, top: float, router: float) -> Places:
        """Find a place for each box below ``top``; the router's cable begins at ``router``."""
        boxes: list[Rect] = []
        cables: list[list[At]] = [[(FIRST_TRACK, router)]] if self.router else []
        y = top
        for number, row in enumerate(self.rows):
            rects = list(self._row(row, y))
            boxes += rects
            y += max(rect.height for rect in rects)
            wired = [(rect.x + block.foot, rect.bottom) for block, rect in zip(row, rects, strict=True) if block.is_wired]
            if number == len(self.rows) - 1:
                cables += [[foot] for foot in wired]
                continue
            for level, (x, bottom) in enumerate(wired, start=1):
                track, turn = FIRST_TRACK + len(cables) * TRACK, bottom + level * LEVEL
                cables.append([(x, bottom), (x, turn), (track, turn)])
            y += BELOW + len(wired) * LEVEL
        y += BELOW
        return Places(tuple(boxes), tuple((*points, (points[-1][0], y)) for points in cables), y)

    def _row(self, row: Sequence[Block], y: float) -> Iterator[Rect]:
        """The places of one row: nodes are alike in height, and reach the right edge if that is near."""
        extra = (self.width - self.margin - _length(row)) / len(row)
        extra = extra if extra <= STRETCH else 0.0
        height = max(block.height for block in row)
        x = self.margin
        for block in row:
            yield Rect(x, y, block.width + extra, height if isinstance(block, NodeBox) else block.height)
            x += block.width + extra + BETWEEN


def _length(row: Sequence[Block]) -> float:
    return sum(block.width + BETWEEN for block in row) - BETWEEN
