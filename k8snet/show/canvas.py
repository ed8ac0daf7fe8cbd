"""A card to draw on, where positions are counted from below its title.

For pictures that are not a chart of devices (scene.Sketch draws those). What a shape means is in its look, as in scene.py.
"""

from __future__ import annotations

from k8snet.show.layout import At, Rect
from k8snet.show.scene import MARGIN, Bar, Box, Dot, Line, Mark, Scene, Text, headline


class Canvas:
    """A scene in the making, ``width`` wide between its margins. (0, 0) is the corner below the title."""

    def __init__(self, title: str, width: float) -> None:
        self.title, self.width = title, width
        self.texts, top = headline(title, width)
        self.top = top + 14
        self.boxes: list[Box] = []
        self.lines: list[Line] = []
        self.bars: list[Bar] = []
        self.dots: list[Dot] = []
        self.marks: list[Mark] = []

    def at(self, x: float, y: float) -> At:
        """A position on the card."""
        return round(x + MARGIN, 1), round(y + self.top, 1)

    def box(self, look: str, rect: Rect, name: str = "") -> None:
        """A box; ``name`` is what it stands for."""
        self.boxes.append(Box(name, look, *self.at(rect.x, rect.y), rect.width, rect.height))

    def bar(self, netns: str, device: str, rect: Rect, text: str) -> None:
        """A bridge with its label."""
        self.bars.append(Bar(netns, device, *self.at(rect.x, rect.y), rect.width, rect.height))
        self.write("bar", text, rect.x + rect.width / 2, rect.y + rect.height / 2 + 4.3, "middle")

    def line(self, look: str, *points: At) -> None:
        """A line through points."""
        self.lines.append(Line(look, tuple(self.at(*point) for point in points)))

    def dot(self, netns: str, device: str, at: At, *, up: bool = True) -> None:
        """A device."""
        self.dots.append(Dot(netns, device, *self.at(*at), up))

    def mark(self, symbol: str, x: float, y: float) -> None:
        """A sign."""
        self.marks.append(Mark(symbol, "request", *self.at(x, y)))

    def write(self, look: str, text: str, x: float, y: float, anchor: str = "start") -> None:
        """Letters; ``y`` is their base line."""
        if text:
            self.texts.append(Text(look, text, *self.at(x, y), anchor))

    def finish(self, height: float) -> Scene:
        """The scene, when all is drawn down to a height."""
        below = (tuple(self.boxes), tuple(self.lines), tuple(self.bars), tuple(self.dots))
        above = ((), tuple(self.texts), tuple(self.marks))
        return Scene(self.title, self.width + 2 * MARGIN, height + self.top + MARGIN, *below, *above)
