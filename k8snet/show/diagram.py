"""A diagram as plain data, and as SVG: boxes, paths and letters in the order in which they are drawn, in CSS pixels.

For pictures that are not maps: who calls whom, and what objects there are. A shape's ``look`` says what it means; which
colour that is, only the palette knows. Maps have shapes of their own (scene.py, svg.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from xml.sax.saxutils import escape, quoteattr

from k8snet.linux.fact import Fact
from k8snet.show import palette
from k8snet.show.figure import Figure
from k8snet.show.palette import mono_width, sans_width
from k8snet.show.scene import Scene

At = tuple[float, float]

_BOXES = {
    "part": f'fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="1.2"',
    "frame": f'fill="none" stroke="{palette.WIRE}" stroke-width="1" stroke-dasharray="3 3"',
    "node": f'fill="{palette.NODE_FILL}" stroke="{palette.NODE_OUTLINE}" stroke-width="1.4"',
    "pod": f'fill="{palette.POD}" stroke="{palette.INK}" stroke-width="1.2"',
    "waiting": f'fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="1.2" stroke-dasharray="3 2"',
    "now": f'fill="{palette.NOW}" stroke="{palette.INK}" stroke-width="2"',
    "changed": f'fill="none" stroke="{palette.INK}" stroke-width="2"',
    "plate": f'fill="{palette.PAPER}" stroke="none"',
}
_ROUND = {"pod": 9, "waiting": 9, "changed": 9, "part": 3, "now": 3, "frame": 5}
_PATHS = {
    "life": f'stroke="{palette.CARD_OUTLINE}" stroke-width="1.6"',
    "call": f'stroke="{palette.REQUEST}" stroke-width="2.2"',
    "watch": f'stroke="{palette.WIRE}" stroke-width="1.2" stroke-dasharray="5 4"',
    "store": f'stroke="{palette.WIRE}" stroke-width="0.8" stroke-opacity="0.55"',
    "tie": f'stroke="{palette.WIRE}" stroke-width="1.2"',
    "gone": f'stroke="{palette.DROPPED}" stroke-width="1.6"',
}
_HEADS = {"call": palette.REQUEST, "watch": palette.WIRE}
_LETTERS = {
    "title": (palette.SANS, palette.TITLE, "bold", palette.INK),
    "name": (palette.MONO, palette.SMALL, "bold", palette.INK),
    "label": (palette.MONO, palette.SMALL, "normal", palette.INK),
    "quiet": (palette.MONO, palette.SMALL, "normal", palette.LIGHT["quiet"]),
    "legend": (palette.SANS, palette.SMALL, "normal", palette.INK),
}


class Box(Fact, frozen=True):
    """A rectangle.

    ``look``: part (a program), frame (around several), node, pod, waiting (a pod that does not run), now, changed, plate.
    """

    look: str
    x: float
    y: float
    width: float
    height: float


class Drum(Fact, frozen=True):
    """A store of data: a cylinder with its name in it."""

    text: str
    x: float
    y: float
    width: float
    height: float


class Path(Fact, frozen=True):
    """A line through points, with a head at its end (a dot, for store), or with none.

    ``look``: life (a lifeline), call, watch, store (kept in etcd), tie, gone (through what is no more).
    """

    look: str
    points: tuple[At, ...]
    head: bool = False


class Text(Fact, frozen=True):
    """Letters; ``x`` is their start, middle or end, ``y`` their base line. ``look``: title, name, label, quiet, legend.

    With a ``plate`` what lies below them is covered.
    """

    look: str
    text: str
    x: float
    y: float
    anchor: str = "start"
    plate: bool = False

    @property
    def width(self) -> float:
        """The room that the letters take."""
        return width_of(self.text, self.look)


Shape = Box | Drum | Path | Text


class Diagram(Fact, frozen=True):
    """The whole picture; later shapes lie above earlier ones."""

    title: str
    width: float
    height: float
    shapes: tuple[Shape, ...]


class DiagramFigure(Figure):
    """A diagram with its words; ``diagram`` is the picture as plain data."""

    def __init__(self, diagram: Diagram, words: str) -> None:
        super().__init__(Scene(diagram.title, diagram.width, diagram.height), words)
        self.diagram = diagram

    @property
    def svg(self) -> str:
        """The picture as SVG text, the words in its description."""
        return draw(self.diagram, self.words)


def width_of(text: str, look: str = "label") -> float:
    """How wide letters of a look are."""
    family, size, _, _ = _LETTERS[look]
    return sans_width(text, size) if family == palette.SANS else mono_width(text, size)


def shortened(text: str, room: float, look: str = "label") -> str:
    """As much of a text as there is room for, with … where something is left out.

    >>> shortened("PATCH Node node1", 60.0)
    'PATCH N…'
    """
    if width_of(text, look) <= room:
        return text
    while text and width_of(f"{text}…", look) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def broken(text: str, room: float, look: str = "title") -> list[str]:
    """A text in lines that fit, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", look) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


# --- SVG --------------------------------------------------------------------------------------------------------------


def draw(diagram: Diagram, words: str = "") -> str:
    """The SVG text, the same for the same diagram; ``words`` say the same, for those who do not see it."""
    size = f'width="{_n(diagram.width)}" height="{_n(diagram.height)}" viewBox="0 0 {_n(diagram.width)} {_n(diagram.height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(diagram.title)}>'
    meaning = [f"<title>{escape(diagram.title)}</title>", f"<desc>{escape(words)}</desc>"]
    card = (f'<rect x="0.5" y="0.5" width="{_n(diagram.width - 1)}" height="{_n(diagram.height - 1)}" rx="8" '
            f'fill="{palette.PAPER}" stroke="{palette.CARD_OUTLINE}"/>')
    return "\n".join([head, *meaning, card, *chain.from_iterable(map(_drawn, diagram.shapes)), "</svg>\n"])


def _drawn(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Box):
        yield f'<rect {_rect(shape)} rx="{_ROUND.get(shape.look, 0)}" {_BOXES[shape.look]}/>'
    elif isinstance(shape, Drum):
        yield from _drum(shape)
    elif isinstance(shape, Path):
        yield from _path(shape)
    else:
        yield from _letters(shape)


def _rect(box: Box) -> str:
    return f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'


def _drum(drum: Drum) -> Iterator[str]:
    x, y, right, bottom, lid = drum.x, drum.y, drum.x + drum.width, drum.y + drum.height, 4
    ring = f"A{_n(drum.width / 2)},{lid} 0 0"
    start, end = f"{_n(x)},{_n(y + lid)}", f"{_n(right)},{_n(y + lid)}"
    yield (f'<path d="M{start} {ring} 1 {end} V{_n(bottom - lid)} {ring} 1 {_n(x)},{_n(bottom - lid)} Z M{start} {ring} 0 {end}" '
           f'{_BOXES["part"]}/>')
    yield from _letters(Text("name", drum.text, x + drum.width / 2, bottom - 8, "middle"))


def _path(path: Path) -> Iterator[str]:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in path.points)
    yield f'<polyline points="{points}" fill="none" {_PATHS[path.look]}/>'
    (before, _), (x, y) = path.points[-2:]
    if path.head and path.look == "store":
        yield f'<circle cx="{_n(x)}" cy="{_n(y)}" r="2.4" fill="{palette.WIRE}"/>'
    elif path.head:
        turn = 0 if x > before else 180
        place = f'transform="translate({_n(x)},{_n(y)}) rotate({turn})"'
        yield f'<path d="M0,0 L-9,-4.6 L-9,4.6 Z" {place} fill="{_HEADS[path.look]}"/>'


def _letters(text: Text) -> Iterator[str]:
    family, size, weight, ink = _LETTERS[text.look]
    if text.plate:
        left = text.x - {"start": 0.0, "middle": text.width / 2, "end": text.width}[text.anchor]
        yield from _drawn(Box("plate", left - 3, text.y - size * 0.95, text.width + 6, size * 1.25))
    yield (f'<text x="{_n(text.x)}" y="{_n(text.y)}" fill="{ink}" xml:space="preserve" font-family="{family}" '
           f'font-size="{_n(size)}" font-weight="{weight}" text-anchor="{text.anchor}">{escape(text.text)}</text>')


def _n(number: float) -> str:
    """A number with at most two decimals."""
    return f"{round(number, 2) + 0.0:g}"
