"""A sequence diagram: lifelines from left to right, and below each other the calls and the news, as they came.

People stand left of the API server, programs right of it; etcd beside it, with a dot for each write that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8snet.kube.api import SERVER
from k8snet.kube.author import Author
from k8snet.show.calls import MANAGER, Call, Cast, cast
from k8snet.show.diagram import Box, Diagram, DiagramFigure, Drum, Path, Shape
from k8snet.show.letters import shortened, width_of
from k8snet.show.scene import MARGIN, Text, headline

TIMES, GAP = 64.0, 16.0
HEADER, STORE = 36.0, 58.0
CALL_ROW, SIDE_ROW, WATCH_ROW, PAUSE = 31.0, 24.0, 21.0, 9.0
LEAST_LABEL, MOST_LABEL = 300.0, 620.0
LEGEND = (
    ("call", "a call: somebody writes an object"),
    ("watch", "news for somebody who watches such objects and acts next"),
    ("store", "kept in etcd"),
)


def draw_sequence(rows: Sequence[Call], title: str, left_out: int = 0) -> DiagramFigure:
    """Draw the rows; ``left_out`` is how many writes are not among them."""
    return DiagramFigure(_Sketch(rows, title).finish(), words(rows, title, left_out))


def sentence(rows: Sequence[Call]) -> str:
    """What each such figure proves."""
    total = sum(row.count for row in rows)
    who = len({row.who for row in rows})
    if total == 1:
        return f"One write: {rows[0].who}, {rows[0].label}"
    return f"{total} writes by {who} writers, and nobody calls anybody but the API server"


# --- words ------------------------------------------------------------------------------------------------------------


def words(rows: Sequence[Call], title: str, left_out: int = 0) -> str:
    """The figure in words: a line for each call, and one for who was told."""
    lines = [title]
    for row in rows:
        lines.append(f"{row.now:8.3f}  {row.who} → {SERVER}: {_counted(row)}")
        if row.told:
            lines.append(f"{'':10}{SERVER} ⇢ {', '.join(map(str, row.told))}: watch, {row.news}")
    return "\n".join(lines + [f"left out: {left_out} writes that say that all is as it was"] * bool(left_out))


def _counted(row: Call) -> str:
    return row.label if row.count == 1 else f"{row.label} ×{row.count}"


# --- the picture ------------------------------------------------------------------------------------------------------


def _header(who: Author) -> list[str]:
    """A lifeline's name, in two lines."""
    if who.node:
        return [who.program, who.node]
    first, dash, last = who.program.rpartition("-")
    return [f"{first}{dash}", last] if first else [last]


class _Sketch:
    """The diagram in the making: columns first, then row by row downwards."""

    def __init__(self, rows: Sequence[Call], title: str) -> None:
        self.rows = rows
        self.title = title
        self.cast: Cast = cast([who for row in rows for who in (row.who, *row.told)])
        self.x: dict[Author, float] = {}
        self.server = self._columns()
        self.width = self._width()
        self.room = self.width - MARGIN - self.server - 12
        texts, top = headline(title, self.width - 2 * MARGIN)
        self.top = top + 14 + (16 if self.cast.controllers else 0)
        self.above: list[Shape] = [*texts]
        self.arrows: list[Shape] = []
        self.y = self.top + HEADER + 16

    def _columns(self) -> float:
        """Give each lifeline its place; returns the API server's."""
        at = MARGIN + TIMES
        for who in self.cast.people:
            at = self._place(who, at)
        self.etcd = at + STORE / 2 - 6
        server = self.etcd + STORE / 2 + 8 + width_of(SERVER, "strong") / 2 + 8
        at = server + width_of(SERVER, "strong") / 2 + 12 + GAP
        needed = width_of(MANAGER, "quiet") + 4 if self.cast.controllers else 0.0
        spare = max(0.0, needed - sum(_header_width(who) + GAP for who in self.cast.controllers) + GAP) / 2
        self.frame = (at - 6, at)
        at += spare
        for who in self.cast.controllers:
            at = self._place(who, at)
        self.frame = (self.frame[0], at - GAP + spare + 6)
        at += spare + (GAP if self.cast.controllers else 0)
        for who in self.cast.others:
            at = self._place(who, at)
        return server

    def _place(self, who: Author, left: float) -> float:
        width = _header_width(who)
        self.x[who] = left + width / 2
        return left + width + GAP

    def _width(self) -> float:
        right = max((x + _header_width(who) / 2 for who, x in self.x.items()), default=0.0)
        longest = max(width_of(_counted(row)) for row in self.rows)
        label = min(max(longest + 20, LEAST_LABEL), MOST_LABEL)
        return max(right, self.server + 12 + label) + MARGIN

    # --- rows

    def finish(self) -> Diagram:
        """The whole."""
        before = None
        for row in self.rows:
            if row.now != before:
                self.y += PAUSE
                self.above.append(Text("quiet", f"{row.now:g} s", MARGIN, self._line_of(row) + 4))
                before = row.now
            self._call(row)
            if row.told:
                self._watch(row)
        shapes = [*self._lifelines(self.y + 4), *self.arrows, *self._headers(), *self.above, *self._legend()]
        return Diagram(self.title, self.width, self.y + 18, tuple(shapes))

    def _line_of(self, row: Call) -> float:
        """Where the arrow of the next row will be."""
        return self.y + (CALL_ROW if row.who in self.cast.programs else SIDE_ROW) - 8

    def _call(self, row: Call) -> None:
        y, label = self._line_of(row), shortened(_counted(row), self.room)
        if row.who in self.cast.programs:
            self.arrows.append(Text("label", label, self.server + 12, y - 6, plate=True))
            self.arrows.append(Path("call", ((self.x[row.who], y), (self.server + 2, y)), head=True))
        else:
            start = self.x.get(row.who)
            loop = ((self.server, y - 7), (self.server + 20, y - 7), (self.server + 20, y + 3), (self.server + 2, y + 3))
            points = loop if start is None else ((start, y), (self.server - 2, y))
            self.arrows.append(Path("call", points, head=True))
            self.arrows.append(Text("label", label, self.server + (28 if start is None else 12), y + 4, plate=True))
        kept = y if row.who in self.cast.programs else y + 6
        self.arrows.append(Path("store", ((self.server, kept), (self.etcd, kept)), head=True))
        self.y = y + 8

    def _watch(self, row: Call) -> None:
        y = self.y + WATCH_ROW / 2 - 1
        heads = sorted({self.x[who] for who in row.told})
        for start, end in zip([self.server, *heads], heads, strict=False):
            self.arrows.append(Path("watch", ((start, y), (end - 2, y)), head=True))
        label = f"watch: {row.news}"
        within = width_of(label) + 12 + 26 < heads[0] - self.server
        self.arrows.append(Text("quiet", label, (self.server if within else heads[-1]) + 12, y + 4, plate=True))
        self.y += WATCH_ROW

    # --- lifelines, headers, legend

    def _lifelines(self, bottom: float) -> Iterable[Shape]:
        for x in (*self.x.values(), self.server):
            yield Path("life", ((x, self.top + HEADER), (x, bottom)))
        yield Path("life", ((self.etcd, self.top + HEADER), (self.etcd, bottom)))

    def _headers(self) -> Iterable[Shape]:
        if self.cast.controllers:
            left, right = self.frame
            yield Box("frame", left, self.top - 20, right - left, HEADER + 26)
            yield Text("quiet", MANAGER, (left + right) / 2, self.top - 7, "middle")
        for who, x in self.x.items():
            yield from _head(_header(who), x, self.top, "node" if who.node else "part")
        yield from _head([SERVER], self.server, self.top, "part")
        left = self.server - width_of(SERVER, "strong") / 2 - 8
        yield Path("tie", ((self.etcd + STORE / 2 - 8, self.top + 18), (left, self.top + 18)))
        yield Drum("etcd", self.etcd - STORE / 2 + 8, self.top + 3, STORE - 16, HEADER - 6)

    def _legend(self) -> Iterable[Shape]:
        """The lines that are there and what they mean, below the rows."""
        x, self.y = MARGIN, self.y + 22
        for look, text in LEGEND:
            width = 38 + width_of(text, "legend") + 14
            if look == "watch" and not any(row.told for row in self.rows):
                continue
            if x > MARGIN and x + width > self.width - MARGIN:
                x, self.y = MARGIN, self.y + 20
            yield Path(look, ((x, self.y), (x + 30, self.y)), head=True)
            yield Text("legend", text, x + 38, self.y + 4)
            x += width


def _header_width(who: Author) -> float:
    return max(width_of(line, "strong") for line in _header(who)) + 14


def _head(lines: Sequence[str], x: float, y: float, look: str) -> Iterable[Shape]:
    width = max(width_of(line, "strong") for line in lines) + 14
    yield Box(look, x - width / 2, y, width, HEADER)
    for at, line in enumerate(lines):
        yield Text("strong", line, x, y + HEADER / 2 + 4 + (at - (len(lines) - 1) / 2) * 14, "middle")
