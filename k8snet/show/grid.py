"""Pods in rows and columns on the map of a cluster, the wires from them down to their bridge, and lines from their Services.

The lowest pod of a column has its wire at its foot. Those above it have theirs at their left side, each on a track of its
own in the gutter between the columns: the highest is the outermost, so no two cross. Lines from Services come from above, on
the right: into a pod of the first row from its top, into others from the aisle on the right of their column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.layout import At, Rect
from k8snet.show.podbox import PodBox

APART = 12.0
TRACK = 11.0
"""Between two wires side by side: the dots at their ends do not touch."""
DROP = 18.0
"""From the lowest pod to the bridge."""
LANE = 7.0
"""Between the lines of two Services side by side."""

Served = Mapping[str, Sequence[int]]
"""By a pod's label, the numbers of the Services whose endpoint it is."""


class Grid:
    """Boxes of pods in columns. Without ``wires`` there are no gutters."""

    def __init__(self, boxes: Sequence[PodBox], columns: int, served: Served, *, wires: bool) -> None:
        self.boxes = boxes
        self.columns = max(1, min(columns, len(boxes)))
        self.rows = -(-len(boxes) // self.columns)
        self.wires = wires and any(box.pod.tie is not None and box.pod.tie.peer for box in boxes)
        self.cell = max((box.width for box in boxes), default=0.0)
        tracks = self.rows - 1 if self.wires else 0
        self.gutter = TRACK * tracks + 4 if tracks else 0.0
        self.served = {at: served[box.pod.label] for at, box in enumerate(boxes) if box.pod.label in served}
        self.services = sorted({service for services in self.served.values() for service in services})
        below = any(at >= self.columns for at in self.served)
        self.aisle = max(APART, LANE * len(self.services) + 5) if below else APART
        self.heights = [max(box.height for box in self._row(row)) for row in range(self.rows)]
        self.width = self.columns * (self.gutter + self.cell + self.aisle) - APART if boxes else 0.0
        self.height = sum(self.heights) + APART * (self.rows - 1) + (DROP if self.wires else 0.0) if boxes else 0.0

    def _row(self, row: int) -> Sequence[PodBox]:
        return self.boxes[row * self.columns : (row + 1) * self.columns]

    def draw(self, canvas: Canvas, x: float, y: float, width: float, bars: dict[str, Rect], node: str) -> None:
        """Draw it with its upper left corner there; columns share what there is of ``width``. ``bars``: the bridges below."""
        for at, (box, place) in enumerate(zip(self.boxes, self.places(x, y, width), strict=True)):
            left, row = place.x - self.gutter, at // self.columns
            box.draw(canvas, place)
            if self.wires and box.pod.tie is not None and box.pod.tie.peer:
                is_lowest = at + self.columns >= len(self.boxes)
                bar = bars.get(box.pod.tie.bridge)
                end = bar.y if bar is not None else y + self.height
                points = list(self._wire(box, place, left + TRACK * (row + 0.5), end, is_lowest=is_lowest))
                canvas.line("wire", *points)
                canvas.dot(box.pod.netns, "eth0", points[0], up=box.pod.tie.eth0.up)
                canvas.dot(node, box.pod.tie.peer, points[-1])

    def places(self, x: float, y: float, width: float) -> list[Rect]:
        """Where the boxes stand, when the grid does there."""
        cell = (width + APART) / self.columns - self.gutter - self.aisle
        return [
            Rect(x + column * (self.gutter + cell + self.aisle) + self.gutter, y + sum(self.heights[:row]) + APART * row, cell,
                 self.heights[row])
            for row, column in (divmod(at, self.columns) for at in range(len(self.boxes)))
        ]  # fmt: skip

    def landings(self, places: Sequence[Rect], level: float) -> Iterator[tuple[int, list[At]]]:
        """The ends of the lines from Services, each with the Service's number: from a level above the first row to the pods.

        The lines of several Services run side by side, on levels of their own.
        """
        for at, services in self.served.items():
            place = places[at]
            for service in services:
                lane = self.services.index(service)
                top = level + LANE * lane
                if at < self.columns:
                    x = place.right - 18 - LANE * lane
                    yield service, [(x, top), (x, place.y)]
                else:
                    x, y = place.right + 6 + LANE * lane, place.y + 14 + LANE * lane
                    yield service, [(x, top), (x, y), (place.right, y)]

    def _wire(self, box: PodBox, place: Rect, track: float, end: float, *, is_lowest: bool) -> Iterator[At]:
        side, foot = box.plug(place)
        yield foot if is_lowest else side
        if not is_lowest:
            yield (track, side[1])
        yield (foot[0] if is_lowest else track, end)
