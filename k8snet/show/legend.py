"""The legend below a map: the lines and marks that are on it, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.show.palette import sans_width
from k8snet.show.scene import MARGIN, Line, Mark, Sketch, Text

LINES = {"request": "request", "reply": "reply", "arp": "ARP request without an answer"}
MARKS = {"nat": "NAT", "tunnel": "into or out of a tunnel", "cross": "the packet's end", "end": "the machine itself"}


def draw_legend(sketch: Sketch) -> None:
    """Add the legend."""
    x, y = MARGIN, sketch.bottom + 2
    for look, text in _entries(sketch):
        start = 34 if look in LINES else 22
        width = start + sans_width(text) + 14
        if x > MARGIN and x + width > sketch.width - MARGIN:
            x, y = MARGIN, y + 20
        if look in LINES:
            sketch.ways.append(Line(look, ((x, y), (x + 28, y)), (((x + 16, y), "right"),)))
        else:
            sketch.marks.append(Mark(look, "request", x + 8, y))
        sketch.texts.append(Text("legend", text, x + start, y + 4.3))
        x += width
    sketch.bottom = y + MARGIN


def _entries(sketch: Sketch) -> Iterator[tuple[str, str]]:
    used = {line.look for line in sketch.ways} | {mark.symbol for mark in sketch.marks}
    yield from ((look, text) for look, text in (LINES | MARKS).items() if look in used)
