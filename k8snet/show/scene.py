"""A picture as plain data: boxes, bars, lines, dots, texts and marks with their positions, in CSS pixels.

Python works a scene out once; svg.py draws it, and whoever else draws (a widget) draws the same one. What a shape
means is in its ``look``; which colour that is, only the palette knows.
"""

from __future__ import annotations

from k8snet.linux.fact import Fact
from k8snet.show.cell import Cell, bar_text, inside_text
from k8snet.show.chart import HOST, Plug, Point
from k8snet.show.layout import At, Layout, Rect
from k8snet.show.letters import LOOKS, broken, width_of
from k8snet.show.palette import LINE, NAME, SMALL, TITLE

MARGIN = 20.0
"""Between the card's edge and what is on it."""


class Box(Fact, frozen=True):
    """A network namespace: ``look`` is node (square-cornered) or pod (rounded); or what else has a box: svg.py has all looks.

    Where ``now`` stands behind the look, it is what the reader shall look at.
    """

    netns: str
    look: str
    x: float
    y: float
    width: float
    height: float


class Bar(Fact, frozen=True):
    """A bridge."""

    netns: str
    device: str
    x: float
    y: float
    width: float
    height: float


class Line(Fact, frozen=True):
    """A line through points. ``look``: wire, port (a device's tie to its bridge), strike (what has ended), endpoint
    (from a Service to who is behind it), request, reply, arp.

    ``arrows`` are points on it and the direction in which they point: up, down, left, right.
    """

    look: str
    points: tuple[At, ...]
    arrows: tuple[tuple[At, str], ...] = ()


class Dot(Fact, frozen=True):
    """A device: the end of a wire, filled if it is up."""

    netns: str
    device: str
    x: float
    y: float
    up: bool


class Text(Fact, frozen=True):
    """Letters; ``x`` is their start, middle or end, ``y`` their base line.

    ``look``: title, name, strong (a small name), label, quiet, bar (a bridge's label), note; in sans-serif: state, legend.
    With a ``plate`` what lies below them is covered.
    """

    look: str
    text: str
    x: float
    y: float
    anchor: str = "start"
    plate: bool = False

    @property
    def rect(self) -> Rect:
        """The room that the letters take."""
        size, width = LOOKS[self.look].size, width_of(self.text, self.look)
        left = {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Rect(self.x - left, self.y - size * 0.8, width, size)


class Mark(Fact, frozen=True):
    """A sign on the way. ``symbol``: nat, tunnel, cross, end, or badge with a hop's number; ``look``: request or reply."""

    symbol: str
    look: str
    x: float
    y: float
    text: str = ""


class Scene(Fact, frozen=True):
    """The whole picture; later shapes lie above earlier ones, kind by kind in the order of the fields."""

    title: str
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    ways: tuple[Line, ...] = ()
    texts: tuple[Text, ...] = ()
    marks: tuple[Mark, ...] = ()


def headline(title: str, width: float) -> tuple[list[Text], float]:
    """The title at the top of a card, in lines of that width at most; and where what is below it may begin."""
    lines = broken(title, width, "title")
    texts = [Text("title", line, MARGIN, MARGIN + TITLE * 0.85 + row * (TITLE + 5)) for row, line in enumerate(lines)]
    return texts, MARGIN + len(lines) * (TITLE + 5)


class Sketch:
    """A scene in the making. ``origin`` is where the layout's (0, 0) is on the card."""

    def __init__(self, layout: Layout, title: str, *, least_width: float = 420.0) -> None:
        self.layout = layout
        self.title = title
        self.width = max(least_width, layout.width + 2 * MARGIN)
        self.texts, top = headline(title, self.width - 2 * MARGIN)
        self.origin = ((self.width - layout.width) / 2, top + 14)
        self.bottom = self.origin[1] + layout.height + MARGIN
        self.boxes: list[Box] = []
        self.lines: list[Line] = []
        self.bars: list[Bar] = []
        self.dots: list[Dot] = []
        self.ways: list[Line] = []
        self.marks: list[Mark] = []
        self.filled: dict[tuple[str, str], float] = {}
        """How much of the room for notes is taken, by namespace and role."""
        self._draw_wires()
        for cell in layout.cells.values():
            self._draw_cell(cell)

    def finish(self) -> Scene:
        """The scene as it is now."""
        below = (tuple(self.boxes), tuple(self.lines), tuple(self.bars), tuple(self.dots))
        above = (tuple(self.ways), tuple(self.texts), tuple(self.marks))
        return Scene(self.title, self.width, self.bottom, *below, *above)

    def at(self, point: At, dx: float = 0.0, dy: float = 0.0) -> At:
        """A point of the layout on the card, moved."""
        return (round(point[0] + self.origin[0] + dx, 1), round(point[1] + self.origin[1] + dy, 1))

    def write(self, look: str, text: str, at: At, anchor: str = "start") -> None:
        """Put letters at a point of the layout."""
        self.texts.append(Text(look, text, *self.at(at), anchor))

    def _draw_wires(self) -> None:
        for points in self.layout.wires.values():
            self.lines.append(Line("wire", tuple(self.at(point) for point in points)))
        for point in self.layout.dots:
            bar = self.layout.bars.get(Point(point.netns, self._plug(point).master or ""))
            if bar is not None and self.layout.sides[point] != "nowhere":
                x, y = self.layout.dots[point]
                end = bar.y if self.layout.sides[point] == "up" else bar.bottom
                self.lines.append(Line("port", (self.at((x, y)), self.at((x, end)))))

    def _draw_cell(self, cell: Cell) -> None:
        name = cell.place.name
        box = self.layout.boxes[name]
        look = "pod" if cell.place.kind == HOST else "node"
        self.boxes.append(Box(name, look, *self.at((box.x, box.y)), box.width, box.height))
        for bridge in cell.place.bridges:
            bar = self.layout.bars[Point(name, bridge.name)]
            self.bars.append(Bar(name, bridge.name, *self.at((bar.x, bar.y)), bar.width, bar.height))
            self.write("bar", bar_text(bridge), (bar.x + bar.width / 2, bar.y + bar.height / 2 + 4.3), "middle")
        for plug in (*cell.tops, *cell.bottoms, *cell.insides):
            x, y = self.at(self.layout.dots[Point(name, plug.name)])
            self.dots.append(Dot(name, plug.name, x, y, plug.up))
        self._write_labels(cell, box)

    def _write_labels(self, cell: Cell, box: Rect) -> None:
        name = cell.place.name
        for plug in cell.insides:
            x, y = self.layout.dots[Point(name, plug.name)]
            self.write("label", inside_text(plug), (x + 10, y + 4.3))
        if cell.is_leaf:
            self.write("name", name, (box.x + box.width / 2, box.y + 10 + NAME * 0.8), "middle")
            for plug in cell.bottoms:
                x = self.layout.dots[Point(name, plug.name)][0]
                for row, line in enumerate(plug.lines):
                    self.write("label", line, (x, box.y + cell.header - 3 - row * LINE), "middle")
            return
        self.write("name", name, (box.x + 12, box.bottom - 11))
        for plug in cell.tops:
            x, y = self.layout.dots[Point(name, plug.name)]
            for row, line in enumerate(plug.lines):
                self.write("label", line, (x + cell.aside(plug), y + 6 + SMALL + row * LINE))
        for plug in cell.bottoms:
            x, y = self.layout.dots[Point(name, plug.name)]
            for row, line in enumerate(reversed(plug.lines)):
                self.write("label", line, (x + cell.aside(plug), y - 11 - row * LINE))

    def _plug(self, point: Point) -> Plug:
        return self.layout.chart.place(point.netns).plug(point.device)
