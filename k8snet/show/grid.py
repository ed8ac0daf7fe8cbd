"""Pods in rows and columns on the map of a cluster, and the wires from them down to their bridge.

The lowest pod of a column has its wire at its foot. Those above it have theirs at their left side, each on a track of its
own in the gutter between the columns: the highest is the outermost, so no two cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.layout import At, Rect
from k8snet.show.podbox import PodBox

APART = 12.0
TRACK = 11.0
"""Between two wires side by side: the dots at their ends do not touch."""
DROP = 18.0
"""From the lowest pod to the bridge."""


class Grid:
    """Boxes of pods in columns. Without ``wires`` there are no gutters."""

    def __init__(self, boxes: Sequence[PodBox], columns: int, *, wires: bool) -> None:
        self.boxes = boxes
        self.columns = max(1, min(columns, len(boxes)))
        self.rows = -(-len(boxes) // self.columns)
        self.wires = wires and any(box.pod.tie is not None and box.pod.tie.peer for box in boxes)
        self.cell = max((box.width for box in boxes), default=0.0)
        tracks = self.rows - 1 if self.wires else 0
        self.gutter = TRACK * tracks + 4 if tracks else 0.0
        self.heights = [max(box.height for box in self._row(row)) for row in range(self.rows)]
        self.width = self.columns * (self.gutter + self.cell + APART) - APART if boxes else 0.0
        self.height = sum(self.heights) + APART * (self.rows - 1) + (DROP if self.wires else 0.0) if boxes else 0.0

    def _row(self, row: int) -> Sequence[PodBox]:
        return self.boxes[row * self.columns : (row + 1) * self.columns]

    def draw(self, canvas: Canvas, x: float, y: float, width: float, bars: dict[str, Rect], node: str) -> None:
        """Draw it with its upper left corner there; columns share what there is of ``width``. ``bars``: the bridges below."""
        cell = (width + APART) / self.columns - self.gutter - APART
        for at, box in enumerate(self.boxes):
            row, column = divmod(at, self.columns)
            left = x + column * (self.gutter + cell + APART)
            place = Rect(left + self.gutter, y + sum(self.heights[:row]) + APART * row, cell, self.heights[row])
            box.draw(canvas, place)
            if self.wires and box.pod.tie is not None and box.pod.tie.peer:
                is_lowest = at + self.columns >= len(self.boxes)
                bar = bars.get(box.pod.tie.bridge)
                end = bar.y if bar is not None else y + self.height
                points = list(self._wire(box, place, left + TRACK * (row + 0.5), end, is_lowest=is_lowest))
                canvas.line("wire", *points)
                canvas.dot(box.pod.netns, "eth0", points[0], up=box.pod.tie.eth0.up)
                canvas.dot(node, box.pod.tie.peer, points[-1])

    def _wire(self, box: PodBox, place: Rect, track: float, end: float, *, is_lowest: bool) -> Iterator[At]:
        side, foot = box.plug(place)
        yield foot if is_lowest else side
        if not is_lowest:
            yield (track, side[1])
        yield (foot[0] if is_lowest else track, end)
