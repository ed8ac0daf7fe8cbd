"""One moment of a history as a picture: who acts, the call, the objects as they are then, and what has changed.

What a notebook keeps where nothing can be stepped. The page draws the same from the same seats and cards (workflow.js).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from k8snet.kube import narrate
from k8snet.kube.api import ALPHABET
from k8snet.kube.author import author
from k8snet.show.calls import MANAGER, natural
from k8snet.show.cards import FACT_LABELS, Card, fields
from k8snet.show.diagram import Box, Diagram, DiagramFigure, Drum, Path, Shape
from k8snet.show.letters import broken, shortened, width_of
from k8snet.show.palette import LINE
from k8snet.show.scene import MARGIN, Text, headline
from k8snet.show.seats import BESIDE, Seat, call_lines

if TYPE_CHECKING:
    from k8snet.show.figure import Figure
    from k8snet.show.moments import Workflow

ROW, INDENT, OBJECTS = 20.0, 16.0, 580.0
MOST_OBJECTS, MOST_FIELDS = 24, 7
CHIP, NODE_PAD = 20.0, 8.0
SUFFIX = 5
"""So many letters has the end of a generated name."""


def draw_snapshot(shown: Workflow, place: int, count: str) -> Figure:
    """The moment after the write at ``place``; ``count`` says which of how many it is."""
    snapshot = _Snapshot(shown, place)
    return DiagramFigure(snapshot.finish(count), shown.words)


class _Snapshot:
    """The picture in the making."""

    def __init__(self, shown: Workflow, place: int) -> None:
        self.shown = shown
        self.place = place
        self.write = shown.writes[place]
        self.seats = shown.seats
        self.x = MARGIN + self.seats.width + 24
        self.width = self.x + OBJECTS + MARGIN
        self.now = shown.things.cards(shown.writes, place)
        self.before = shown.things.cards(shown.writes, place - 1) if place else dict(shown.things.first)
        self.written = shown.things.at[place]
        self.told_of = {*shown.things.at, *shown.things.first}
        """What the history tells of; of the others it only names who owns them."""

    def finish(self, count: str) -> Diagram:
        """The whole."""
        texts, top = headline(self.shown.title, self.width - 2 * MARGIN)
        top += 6
        shapes: list[Shape] = [*texts, *self._actors(top)]
        objects, bottom = self._objects(top + 14)
        nodes, bottom = self._nodes(bottom + 12)
        said, bottom = self._said(max(bottom + 14, top + self.seats.height + 14), count)
        return Diagram(self.shown.title, self.width, bottom + MARGIN - 6, (*shapes, *objects, *nodes, *said))

    # --- who acts

    def _actors(self, top: float) -> Iterator[Shape]:
        acting = self.seats.number(author(self.write))
        if self.seats.frame:
            x, y, width, height = self.seats.frame
            yield Box("frame", MARGIN + x, top + y, width, height)
            yield Text("quiet", MANAGER, MARGIN + x + width / 2, top + y + 14, "middle")
        for number, seat in enumerate(self.seats.seats):
            look = "now" if number == acting else "node" if seat.look == "kubelet" else "part"
            yield Box(look, MARGIN + seat.x, top + seat.y, seat.width, seat.height)
            yield Text("strong", str(seat.who), MARGIN + seat.x + seat.width / 2, top + seat.middle + 4, "middle")
        x, y, width, height = self.seats.drum
        bar = self.seats.server
        yield Path("tie", ((MARGIN + x + width / 2, top + bar.y + bar.height), (MARGIN + x + width / 2, top + y + 4)))
        yield Drum("etcd", MARGIN + x, top + y, width, height)
        for number in self.shown.told[self.place]:
            yield from self._news(self.seats.seats[number], top)
        yield from self._call(self.seats.seats[acting], top)

    def _news(self, seat: Seat, top: float) -> Iterator[Shape]:
        y = top + seat.middle
        right = MARGIN + seat.x + seat.width
        yield Path("watch", ((MARGIN + self.seats.server.x, y), (right + 2, y)), head=True)
        yield Text("quiet", "watch", right + 14, y - 4, plate=True)

    def _call(self, seat: Seat, top: float) -> Iterator[Shape]:
        own = seat is self.seats.server
        lines = call_lines(self.write.verb, self.write.path)
        y, bar = top + (self.seats.own if own else seat.middle), MARGIN + self.seats.server.x
        left = bar - 20 if own else MARGIN + seat.x + seat.width
        x, anchor, base = (left - 8, "end", y - 1) if own else (left + BESIDE, "start", y - 7)
        for at, line in enumerate(lines):
            yield Text("label", line, x, base - (len(lines) - 1 - at) * 15, anchor, plate=True)
        around = ((bar, y - 10), (left, y - 10)) if own else ()
        yield Path("call", (*around, (left, y), (bar - 2, y)), head=True)

    # --- objects

    def _objects(self, y: float) -> tuple[list[Shape], float]:
        shapes: list[Shape] = [Text("quiet", "objects", self.x, y)]
        rows = list(self.shown.things.tree(self.now))
        start = self._window([place for place, _ in rows])
        for place, depth in rows[start : start + MOST_OBJECTS]:
            y += ROW
            shapes += self._object(place, self.x + depth * INDENT, y)
        if len(rows) > MOST_OBJECTS:
            y += ROW
            shapes.append(Text("quiet", f"… {len(rows) - MOST_OBJECTS} more", self.x, y))
        return shapes, y

    def _window(self, places: Sequence[int]) -> int:
        """Where to begin, so that the written object is seen."""
        at = places.index(self.written) if self.written in places else 0
        return max(0, min(at - MOST_OBJECTS // 2, len(places) - MOST_OBJECTS))

    def _object(self, place: int, x: float, y: float) -> Iterator[Shape]:
        thing, changed = self.shown.things.all[place], place == self.written
        card = self.now.get(place, None if place in self.told_of else ())
        if changed:
            yield Box("now", x - 5, y - 14, 14, 18)
            yield Text("strong", "◆", x - 2.5, y)
        name = f"{thing.kind} {thing.name}"
        yield Text("strong" if changed else "label", name, x + 14, y)
        right = x + 14 + width_of(name) + 12
        facts = "gone" if card is None else "  ".join(self._facts(place, card))
        if changed and place not in self.before and card is not None:
            facts = f"new  {facts}"
        yield Text("label", shortened(facts, self.width - MARGIN - right), right, y)
        if card is None:
            yield Path("gone", ((x + 14, y - 4), (right - 12, y - 4)))

    def _facts(self, place: int, card: Card) -> Iterator[str]:
        before = dict(self.before.get(place) or card)
        for name, value in sorted(card, key=lambda fact: before.get(fact[0]) == fact[1]):
            old = before.get(name, "-")
            yield " ".join(filter(None, (FACT_LABELS[name], value if old == value else f"{old} → {value}")))

    # --- nodes

    def _nodes(self, y: float) -> tuple[list[Shape], float]:
        shapes: list[Shape] = []
        x, tallest = self.x, 0.0
        for node, state, pods in self._boxes():
            chips = [(shortened(name, 200), place == self.written) for place, name in pods]
            widest = max([width_of(node, "strong"), width_of(state), *(width_of(name) + 14 for name, _ in chips)])
            width, height = widest + 2 * NODE_PAD, 8 + LINE * (bool(node) + bool(state)) + len(chips) * (CHIP + 3) + 4
            if x > self.x and x + width > self.width - MARGIN:
                x, y, tallest = self.x, y + tallest + 8, 0.0
            shapes += _node(Box("node" if node else "frame", x, y, width, height), node, state, chips)
            x, tallest = x + width + 8, max(tallest, height)
        return shapes, y + tallest

    def _boxes(self) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
        """Each node with its state and its pods; pods without a node at the end, under no name."""
        things, cards = self.shown.things.all, {place: dict(card) for place, card in self.now.items() if card is not None}
        nodes = {things[place].name: " ".join(card.values()) for place, card in cards.items() if things[place].kind == "Node"}
        pods = [(place, card) for place, card in cards.items() if things[place].kind == "Pod"]
        nodes |= {card["node"]: "" for _, card in pods if card.get("node") and card["node"] not in nodes}
        for node in [*sorted(nodes, key=natural), ""]:
            there = [(place, _chip(things[place].name, card["status"])) for place, card in pods if card.get("node", "") == node]
            if node or there:
                yield node, nodes.get(node, "no node yet"), there

    # --- what is said

    def _said(self, y: float, count: str) -> tuple[list[Shape], float]:
        room = self.width - 2 * MARGIN
        shapes: list[Shape] = []
        for line in broken(narrate.sentence(self.write), room, "legend"):
            y += 18
            shapes.append(Text("legend", line, MARGIN, y))
        y += 20
        request = f"{self.write.verb} {self.write.path}"
        shapes.append(Text("quiet", shortened(f"{count}   {self.write.now:g} s   {request}", room), MARGIN, y))
        changed = fields(self.write)
        for path, before, after in changed[:MOST_FIELDS]:
            y += LINE
            text = f"{path}: {before} → {after}" if before else f"{path}: {after}"
            shapes.append(Text("label", shortened(text, room - 14), MARGIN + 14, y))
        if len(changed) > MOST_FIELDS:
            y += LINE
            shapes.append(Text("quiet", f"… {len(changed) - MOST_FIELDS} more", MARGIN + 14, y))
        return shapes, y


def _node(box: Box, name: str, state: str, chips: Sequence[tuple[str, bool]]) -> Iterator[Shape]:
    yield box
    y = box.y + 15
    if name:
        yield Text("strong", name, box.x + NODE_PAD, y)
        y += LINE
    if state:
        yield Text("quiet", state, box.x + NODE_PAD, y)
        y += LINE
    y -= 11
    for text, written in chips:
        yield Box("waiting" if " " in text else "pod", box.x + NODE_PAD, y, box.width - 2 * NODE_PAD, CHIP)
        if written:
            yield Box("changed", box.x + NODE_PAD, y, box.width - 2 * NODE_PAD, CHIP)
        yield Text("label", text, box.x + box.width / 2, y + 14, "middle")
        y += CHIP + 3


def _chip(name: str, status: str) -> str:
    """A pod in a small box; its status is said where it is not Running."""
    return _short(name) if status == "Running" else f"{_short(name)} {status}"


def _short(name: str) -> str:
    """A pod's name in a small box: what tells it from its like.

    >>> _short("web-5b54d89d5b-fjhl6"), _short("kube-system/etcd-control-plane"), _short("db")
    ('…fjhl6', 'etcd-control-plane', 'db')
    """
    plain = name.rpartition("/")[2]
    first, _, last = plain.rpartition("-")
    return f"…{last}" if first and len(last) == SUFFIX and set(last) <= set(ALPHABET) else plain
