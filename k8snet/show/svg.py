"""A scene as SVG text, and what every picture's SVG has: the same bytes for the same scene.

Presentation attributes only: no style leaks into a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from k8snet.show import palette
from k8snet.show.letters import LOOKS
from k8snet.show.scene import Bar, Box, Dot, Line, Mark, Scene, Text

_BOXES = {
    "node": (palette.NODE_FILL, palette.NODE_OUTLINE, 1.4, ""),
    "node off": (palette.PAPER, palette.NODE_OUTLINE, 1.4, 'stroke-dasharray="7 4"'),
    "pod": (palette.POD, palette.INK, 1.2, 'rx="12"'),
    "pod unready": (palette.PAPER, palette.INK, 1.2, 'rx="12" stroke-dasharray="5 3"'),
    "room": (palette.PAPER, "none", 0, 'rx="7"'),
    "netns": ("none", palette.POD, 2, 'rx="5" stroke-dasharray="6 4"'),
    "container": (palette.PAPER, palette.INK, 1, 'rx="3"'),
    "container ended": (palette.PAPER, palette.INK, 1, 'rx="3" stroke-dasharray="3 2.5"'),
    "component": (palette.PAPER, palette.INK, 1, ""),
    "component ended": (palette.PAPER, palette.INK, 1, 'stroke-dasharray="3 2.5"'),
    "service": (palette.PAPER, palette.SERVICE, 2, 'stroke-dasharray="6 4"'),
}
"""How boxes look: fill, outline and its width, and what else there is to say. A room is the paper below a pod's netns."""
TAB = 7.0
"""How high the tab of a component's box stands above it."""
_LINES = {
    "wire": f'stroke="{palette.WIRE}" stroke-width="1.6"',
    "port": f'stroke="{palette.WIRE}" stroke-width="1.6"',
    "strike": f'stroke="{palette.INK}" stroke-width="1.4"',
    "endpoint": f'stroke="{palette.SERVICE}" stroke-width="2" stroke-dasharray="5 3"',
    "request": f'stroke="{palette.REQUEST}" stroke-width="2.6"',
    "reply": f'stroke="{palette.REPLY}" stroke-width="2.6" stroke-dasharray="6 4"',
    "arp": f'stroke="{palette.REQUEST}" stroke-width="2.6" stroke-dasharray="0 5" stroke-linecap="round"',
}
_CASING = f'stroke="{palette.PAPER}" stroke-width="5.4"'
_TURNS = {"down": 0, "left": 90, "up": 180, "right": 270}


def draw(scene: Scene, words: str = "") -> str:
    """The SVG text; ``words`` say the same as the picture, for those who do not see it."""
    return document(scene.title, scene.width, scene.height, words, _shapes(scene))


def _shapes(scene: Scene) -> Iterator[str]:
    yield from map(_box, scene.boxes)
    yield from map(_line, scene.lines)
    yield from map(_bar, scene.bars)
    yield from map(_dot, scene.dots)
    yield from map(_line, scene.ways)
    yield from map(letters, scene.texts)
    yield from map(mark, scene.marks)


def _box(box: Box) -> str:
    """What the reader shall look at is yellow; a component has a tab, and a Service is an ellipse."""
    fill, edge, width, more = _BOXES[box.look.removesuffix(" now")]
    if box.look.endswith(" now"):
        fill, edge, width = palette.NOW, palette.INK, 2.4
    look = f'{more} fill="{fill}" stroke="{edge}" stroke-width="{px(width)}"'.lstrip()
    tab = f'<path d="M{px(box.x)},{px(box.y)} v-{px(TAB)} h26 v{px(TAB)}" {look}/>' if box.look.startswith("component") else ""
    if box.look.startswith("service"):
        x, y = box.width / 2, box.height / 2
        return f'<ellipse cx="{px(box.x + x)}" cy="{px(box.y + y)}" rx="{px(x)}" ry="{px(y)}" {look}/>'
    return f"{tab}<rect {place(box.x, box.y, box.width, box.height)} {look}/>"


def _bar(bar: Bar) -> str:
    at = place(bar.x, bar.y, bar.width, bar.height)
    return f'<rect {at} rx="2" fill="{palette.BRIDGE}" stroke="{palette.INK}" stroke-width="1"/>'


def _dot(dot: Dot) -> str:
    fill = palette.WIRE if dot.up else palette.PAPER
    look = f'fill="{fill}" stroke="{palette.WIRE}" stroke-width="1.6"'
    return f'<circle cx="{px(dot.x)}" cy="{px(dot.y)}" r="4.5" {look}/>'


def _line(line: Line) -> str:
    """A packet's way has a white edge, so that it stands out from bars, boxes and other lines."""
    points = " ".join(f"{px(x)},{px(y)}" for x, y in line.points)
    strokes = [_LINES[line.look]] if line.look in ("wire", "port", "strike", "endpoint") else [_CASING, _LINES[line.look]]
    drawn = [f'<polyline points="{points}" fill="none" stroke-linejoin="round" {stroke}/>' for stroke in strokes]
    heads = [f'<path d="M-5.5,-5 L5.5,-5 L0,5.5 Z" transform="translate({px(x)},{px(y)}) rotate({_TURNS[way]})" '
             f'fill="{palette.REQUEST}"/>' for (x, y), way in line.arrows]
    return "".join(drawn + heads)


def mark(sign: Mark) -> str:
    """A sign at its place."""
    shape = {"nat": _diamond, "tunnel": _square, "cross": _cross, "end": _end, "badge": _badge}[sign.symbol](sign)
    return f'<g transform="translate({px(sign.x)},{px(sign.y)})">{shape}</g>'


def _diamond(mark: Mark) -> str:
    return f'<path d="M0,-9 L9,0 L0,9 L-9,0 Z" fill="{palette.NAT}" stroke="{palette.INK}" stroke-width="1.2"/>'


def _square(mark: Mark) -> str:
    return f'<path d="M-7,-7 H7 V7 H-7 Z" fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="2.4"/>'


def _cross(mark: Mark) -> str:
    strokes = '<path d="M-7,-7 L7,7 M-7,7 L7,-7" fill="none" stroke="{}" stroke-width="{}"/>'
    return strokes.format(palette.PAPER, 7) + strokes.format(palette.DROPPED, 4)


def _end(mark: Mark) -> str:
    return f'<circle r="5" fill="{palette.REQUEST}"/>'


def _badge(mark: Mark) -> str:
    """A request's number is white on blue, a reply's blue on white."""
    fill, ink = (palette.REQUEST, palette.PAPER) if mark.look == "request" else (palette.PAPER, palette.REPLY)
    disc = f'<circle r="9" fill="{fill}" stroke="{palette.REQUEST}" stroke-width="1.6"/>'
    size = palette.BADGE if len(mark.text) < 3 else palette.BADGE_OF_THREE
    style = f'font-family="{palette.SANS}" font-size="{px(size)}" font-weight="bold" text-anchor="middle"'
    return f'{disc}<text y="{px(size * 0.37)}" {style} fill="{ink}">{_text(mark.text)}</text>'


# --- what all pictures have -------------------------------------------------------------------------------------------


def document(title: str, width: float, height: float, words: str, drawn: Iterable[str]) -> str:
    """A card with what is drawn on it, its title, and its words as the description."""
    size = f'width="{px(width)}" height="{px(height)}" viewBox="0 0 {px(width)} {px(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(_xml(title))}>'
    meaning = [f"<title>{_text(title)}</title>", f"<desc>{_text(words)}</desc>"]
    card = (f'<rect x="0.5" y="0.5" width="{px(width - 1)}" height="{px(height - 1)}" rx="8" '
            f'fill="{palette.PAPER}" stroke="{palette.CARD_OUTLINE}"/>')
    return "\n".join([head, *meaning, card, *drawn, "</svg>\n"])


def place(x: float, y: float, width: float, height: float) -> str:
    """The attributes of a rectangle."""
    return f'x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}"'


def letters(text: Text) -> str:
    """Letters, with their plate; a bridge's label has one, so that ways pass below it."""
    family, size, weight, ink = LOOKS[text.look]
    style = f'font-family="{family}" font-size="{px(size)}" font-weight="{weight}" text-anchor="{text.anchor}"'
    at = f'x="{px(text.x)}" y="{px(text.y)}" fill="{ink}" xml:space="preserve"'
    plate = _plate(text) if text.plate or text.look == "bar" else ""
    return f"{plate}<text {at} {style}>{_text(text.text)}</text>"


def _plate(text: Text) -> str:
    room, fill = text.rect, palette.BRIDGE if text.look == "bar" else palette.PAPER
    return f'<rect {place(room.x - 3, text.y - 10.8, room.width + 6, 13)} fill="{fill}"/>'


def px(value: float) -> str:
    """A number with at most two decimals."""
    return f"{round(value, 2) + 0.0:g}"


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Characters that XML cannot hold become the replacement character."""
    return _NOT_XML.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_xml(text))
