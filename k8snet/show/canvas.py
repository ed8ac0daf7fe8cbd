"""A card to draw on, where positions are counted from below its title; and texts that are cut or broken to fit.

For pictures that are not a chart of devices (scene.Sketch draws those). What a shape means is in its look, as in scene.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.show.layout import At, Rect
from k8snet.show.palette import TITLE, mono_width
from k8snet.show.scene import MARGIN, Bar, Box, Dot, Line, Mark, Scene, Text, broken

CUT = "…"


class Canvas:
    """A scene in the making, ``width`` wide between its margins. (0, 0) is the corner below the title."""

    def __init__(self, title: str, width: float) -> None:
        self.title, self.width = title, width
        lines = broken(title, width)
        self.top = MARGIN + len(lines) * (TITLE + 5) + 14
        self.boxes: list[Box] = []
        self.lines: list[Line] = []
        self.bars: list[Bar] = []
        self.dots: list[Dot] = []
        self.marks: list[Mark] = []
        self.texts = [
            Text("title", line, MARGIN, MARGIN + TITLE * 0.85 + row * (TITLE + 5)) for row, line in enumerate(lines)
        ]

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


def cut(text: str, most: int) -> str:
    """A text of at most so many letters; what is left out is in its middle, since names differ at their ends.

    >>> cut("a-rather-long-name-5b54d89d5b-fjhl6", 24)
    'a-rather…b54d89d5b-fjhl6'
    """
    if len(text) <= most:
        return text
    head = most // 3
    return text[:head] + CUT + text[len(text) - (most - 1 - head) :]


def wrapped(text: str, letters: int, most: int) -> list[str]:
    """A text in at most so many lines of so many letters, broken between words where there are any.

    >>> wrapped("0/3 nodes are available: 3 Insufficient cpu.", 22, 2)
    ['0/3 nodes are', 'available: 3 Insuffic…']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines += [word[at : at + letters] for at in range(0, len(word), letters)]
    if len(lines) <= most:
        return lines
    rest = " ".join(lines[most - 1 :])
    return [*lines[: most - 1], f"{rest[: letters - 1]}{CUT}"]


def widest(texts: Sequence[str]) -> float:
    """The width of the longest of some monospaced labels; 0 for none."""
    return max(map(mono_width, texts), default=0.0)

