"""A diagram as plain data, and as SVG: boxes, paths and letters in the order in which they are drawn, in CSS pixels.

For pictures that are not maps: who calls whom, and what objects there are. A shape's ``look`` says what it means; which
colour that is, only the palette knows. Maps have shapes of their own (scene.py); the letters are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from k8snet.linux.fact import Fact
from k8snet.show import palette, svg
from k8snet.show.figure import Figure
from k8snet.show.layout import At
from k8snet.show.scene import Mark, Scene, Text
from k8snet.show.svg import px

_BOXES = {
    "part": f'fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="1.2"',
    "frame": f'fill="none" stroke="{palette.WIRE}" stroke-width="1" stroke-dasharray="3 3"',
    "node": f'fill="{palette.NODE_FILL}" stroke="{palette.NODE_OUTLINE}" stroke-width="1.4"',
    "pod": f'fill="{palette.POD}" stroke="{palette.INK}" stroke-width="1.2"',
    "waiting": f'fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="1.2" stroke-dasharray="3 2"',
    "now": f'fill="{palette.NOW}" stroke="{palette.INK}" stroke-width="2"',
    "changed": f'fill="none" stroke="{palette.INK}" stroke-width="2"',
    "chain": f'fill="{palette.PAPER}" stroke="{palette.REQUEST}" stroke-width="2"',
    "aside": f'fill="{palette.PAPER}" stroke="{palette.WIRE}" stroke-width="1" stroke-dasharray="4 3"',
}
_ROUND = {"pod": 9, "waiting": 9, "changed": 9, "part": 3, "now": 3, "frame": 5, "chain": 3, "aside": 3}
_PATHS = {
    "life": f'stroke="{palette.CARD_OUTLINE}" stroke-width="1.6"',
    "call": f'stroke="{palette.REQUEST}" stroke-width="2.2"',
    "watch": f'stroke="{palette.WIRE}" stroke-width="1.2" stroke-dasharray="5 4"',
    "store": f'stroke="{palette.WIRE}" stroke-width="0.8" stroke-opacity="0.55"',
    "tie": f'stroke="{palette.WIRE}" stroke-width="1.2"',
    "gone": f'stroke="{palette.DROPPED}" stroke-width="1.6"',
    "way": f'stroke="{palette.REQUEST}" stroke-width="2.2"',
}
_HEADS = {"call": palette.REQUEST, "watch": palette.WIRE, "way": palette.REQUEST}


class Box(Fact, frozen=True):
    """A rectangle.

    ``look``: part (a program), frame (around several), node, pod, waiting (a pod that does not run), now, changed; chain (of
    rules, on the packet's way), aside (one that is not).
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

    ``look``: life (a lifeline), call, watch, store (kept in etcd), tie, gone (through what is no more), way (a packet's).
    """

    look: str
    points: tuple[At, ...]
    head: bool = False


Shape = Box | Drum | Path | Text | Mark


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


# --- SVG --------------------------------------------------------------------------------------------------------------


def draw(diagram: Diagram, words: str = "") -> str:
    """The SVG text, the same for the same diagram; ``words`` say the same, for those who do not see it."""
    drawn = chain.from_iterable(map(_drawn, diagram.shapes))
    return svg.document(diagram.title, diagram.width, diagram.height, words, drawn)


def _drawn(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Box):
        at = svg.place(shape.x, shape.y, shape.width, shape.height)
        yield f'<rect {at} rx="{_ROUND.get(shape.look, 0)}" {_BOXES[shape.look]}/>'
    elif isinstance(shape, Drum):
        yield from _drum(shape)
    elif isinstance(shape, Path):
        yield from _path(shape)
    elif isinstance(shape, Mark):
        yield svg.mark(shape)
    else:
        yield svg.letters(shape)


def _drum(drum: Drum) -> Iterator[str]:
    x, y, right, bottom, lid = drum.x, drum.y, drum.x + drum.width, drum.y + drum.height, 4
    ring = f"A{px(drum.width / 2)},{lid} 0 0"
    start, end = f"{px(x)},{px(y + lid)}", f"{px(right)},{px(y + lid)}"
    yield (f'<path d="M{start} {ring} 1 {end} V{px(bottom - lid)} {ring} 1 {px(x)},{px(bottom - lid)} Z M{start} {ring} 0 {end}" '
           f'{_BOXES["part"]}/>')
    yield svg.letters(Text("strong", drum.text, x + drum.width / 2, bottom - 8, "middle"))


def _path(path: Path) -> Iterator[str]:
    points = " ".join(f"{px(x)},{px(y)}" for x, y in path.points)
    yield f'<polyline points="{points}" fill="none" {_PATHS[path.look]}/>'
    (before, above), (x, y) = path.points[-2:]
    if path.head and path.look == "store":
        yield f'<circle cx="{px(x)}" cy="{px(y)}" r="2.4" fill="{palette.WIRE}"/>'
    elif path.head:
        turn = 0 if x > before else 180 if x < before else 90 if y > above else 270
        place = f'transform="translate({px(x)},{px(y)}) rotate({turn})"'
        yield f'<path d="M0,0 L-9,-4.6 L-9,4.6 Z" {place} fill="{_HEADS[path.look]}"/>'
