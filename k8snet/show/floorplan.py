"""Where the boxes stand on the map of a cluster, and how cables run from nodes to the underlay at the bottom.

From the lowest row a cable runs straight down. From the rows above, and from the router, cables run in the margin on the
left: the higher a cable begins, the further left it is, so no two cross. Services stand above the first row in which they have
endpoints; to rows further down their lines run in a margin on the right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from k8snet.linux.fact import Fact
from k8snet.show.grid import LANE
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
    """Where everything is: each box of `Plan.rows` in order, the cables, and the upper edge of the underlay.

    ``band`` is the upper edge of the Services; ``levels`` says for each row where the lines of Services may run above it.
    """

    boxes: tuple[Rect, ...]
    cables: tuple[tuple[At, ...], ...]
    underlay: float
    band: float
    levels: tuple[float, ...]


class Plan:
    """The boxes in rows: of all arrangements that fit the page, the lowest. ``router``: whether its cable is in the margin.

    ``least`` is the least width of the whole, ``room`` of what is beside that margin.
    """

    def __init__(self, make: Make, *, router: bool, least: float, room: float) -> None:
        self.router, self.least, self.room = router, least, room
        plans = [self._rows(make(high, columns)) for high, columns in product(range(1, MOST_ROWS + 1), (1, 2, 4))]
        self.rows: Rows = min(plans, key=self._cost)
        self.margin = self._margin(self.rows)
        self.served = _served(self.rows)
        self.lanes = sorted({service for row in self.rows[self.served + 1 :] for service in _services(row)})
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
        length = max((_length(row) for row in rows), default=0.0) + _right_margin(rows)
        return max(self.least, self._margin(rows) + max(length, self.room))

    # --- places -----------------------------------------------------------------------------------------------

    def places(self, top: float, router: float, band: float = 0.0) -> Places:
        """Find a place for each box below ``top``; the router's cable begins at ``router``. ``band``: the Services' height."""
        boxes: list[Rect] = []
        levels: list[float] = []
        cables: list[list[At]] = [[(FIRST_TRACK, router)]] if self.router else []
        services, y = top, top if self.rows else top + band
        for number, row in enumerate(self.rows):
            if number == self.served:
                services, y = y, y + band
            levels.append(y)
            y += LANE * len(_services(row)) + 8 if _services(row) else 0.0
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
        return Places(tuple(boxes), tuple((*points, (points[-1][0], y)) for points in cables), y, services, tuple(levels))

    def way(self, service: int, row: int, head: Sequence[At], places: Places) -> list[At]:
        """The line of a Service from its ``head`` to the level above a row, on which it goes on to the nodes there."""
        level, x = self._level(service, row, places), head[-1][0]
        if row == self.served:
            return [*head, (x, level)]
        first, lane = self._level(service, self.served, places), self.width - 6 - LANE * self.lanes.index(service)
        return [*head, (x, first), (lane, first), (lane, level)]

    def _level(self, service: int, row: int, places: Places) -> float:
        """The level of a Service above a row; above the first, one that only passes by runs below those that come down there."""
        here = _services(self.rows[row])
        return places.levels[row] + LANE * (here.index(service) if service in here else len(here))

    def _row(self, row: Sequence[Block], y: float) -> Iterator[Rect]:
        """The places of one row: nodes are alike in height, and reach the right edge if that is near."""
        extra = (self.width - self.margin - _right_margin(self.rows) - _length(row)) / len(row)
        extra = extra if extra <= STRETCH else 0.0
        height = max(block.height for block in row)
        x = self.margin
        for block in row:
            yield Rect(x, y, block.width + extra, height if isinstance(block, NodeBox) else block.height)
            x += block.width + extra + BETWEEN


def _length(row: Sequence[Block]) -> float:
    return sum(block.width + BETWEEN for block in row) - BETWEEN


def _services(row: Sequence[Block]) -> list[int]:
    """The Services that have endpoints in a row."""
    return sorted({service for block in row for service in block.services})


def _served(rows: Rows) -> int:
    """The first row in which a Service has endpoints; if none has any, the first one that has a node without programs."""
    served = [number for number, row in enumerate(rows) if _services(row)]
    plain = [number for number, row in enumerate(rows) if any(not isinstance(each, NodeBox) or not each.programs for each in row)]
    return min(served or plain, default=0)


def _right_margin(rows: Rows) -> float:
    """The room on the right, for the lines of Services to all rows but the first of those with endpoints."""
    lanes = {service for row in rows[_served(rows) + 1 :] for service in _services(row)}
    return LANE * len(lanes) + 6 if lanes else 0.0
