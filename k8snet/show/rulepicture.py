"""The chains of one kernel with a packet's way through them, as a picture; below it, why each rule on the way matched."""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.linux.why import MATCHED
from k8snet.show.chainmap import BOX, HEAD, PAD, ChainMap, Note
from k8snet.show.diagram import Box, Diagram, DiagramFigure, Path, Shape
from k8snet.show.letters import broken, shortened, width_of
from k8snet.show.palette import LINE
from k8snet.show.ruleway import Moment, Way
from k8snet.show.scene import MARGIN, Mark, Text, headline

NARROWEST = 660.0
"""So wide at least, so that there is room for reasons."""
APART = 14.0
KEY = "3/5: of 5 rules 3 were tried. Dashed: a chain to which the packet does not come."


def draw_way(way: Way, chains: ChainMap, title: str, words: str, packet: str, moment: Moment | None = None) -> DiagramFigure:
    """The picture, with the ``packet`` below its title; the chain of a chosen moment is marked, and what is said of it told."""
    width = max(chains.width, NARROWEST)
    texts, top = headline(title, width)
    said = [packet] if moment is None else [packet, f"{way.who(way.rooms[moment.chain])}: {moment.sentence}"]
    shapes: list[Shape] = [*texts]
    for line in said:
        shapes.append(Text("label", shortened(line, width), MARGIN, top + 12))
        top += LINE + 3
    top += 10
    shapes += draw_chains(chains, MARGIN, top, way, -1 if moment is None else moment.chain)
    shapes.append(Text("legend", KEY, MARGIN, top + chains.height + 20))
    y = top + chains.height + 50
    for shape in _reasons(way, MARGIN, y, width):
        shapes.append(shape)
        y = max(y, shape.y)
    return DiagramFigure(Diagram(title, width + 2 * MARGIN, y + MARGIN, tuple(shapes)), words)


def draw_chains(chains: ChainMap, x: float, y: float, way: Way, now: int = -1) -> Iterator[Shape]:
    """The map, with its corner there; ``now`` is the number of the chain to be marked."""
    for frame in chains.frames:
        yield Box("frame", x + frame.x, y + frame.y, frame.width, frame.height)
        yield Text("state", frame.hook, x + frame.x + PAD, y + frame.y + HEAD - 9)
    for tie in chains.ties:
        yield Path("way" if tie.lit else "tie", tuple((x + left, y + top) for left, top in tie.points))
    for arrow in chains.arrows:
        yield Path("way", tuple((x + left, y + top) for left, top in arrow), head=True)
    for place in chains.places:
        room = way.rooms[place.room]
        look = "now" if place.room == now else "chain" if room.visited else "aside"
        yield Box(look, x + place.x, y + place.y, place.width, BOX)
        base, right = y + place.y + 15, x + place.x + place.width - PAD
        yield Text("strong" if room.visited else "quiet", place.label, x + place.x + PAD, base)
        if place.count:
            yield Text("label" if room.visited else "quiet", place.count, right, base, "end")
    for note in chains.notes:
        yield from _note(note, x, y)


def _note(note: Note, x: float, y: float) -> Iterator[Shape]:
    symbol = {"nat": "nat", "end": "cross"}.get(note.kind)
    if symbol is not None:
        yield Mark(symbol, "request", x + note.x + 11, y + note.y + 10)
    for number, line in enumerate(note.lines):
        look = "quiet" if note.kind == "more" else "note"
        yield Text(look, line, x + note.x + (28 if symbol else 8), y + note.y + 14 + 17 * number)


def _reasons(way: Way, x: float, y: float, width: float) -> Iterator[Text]:
    """For each rule that matched: where it stands, why, and what it did."""
    met = [(way.rooms[each.chain], way.rooms[each.chain].rows[each.row]) for each in way.moments if not each.rewrites]
    told = [(f"{way.who(room)} {row.number}", f"{row.why} → {row.effect}") for room, row in met if row.kind == MATCHED]
    left = max((width_of(who, "strong") for who, _ in told), default=0.0)
    for who, why in told:
        yield Text("strong", who, x, y)
        for line in broken(why, width - left - APART, "label"):
            yield Text("label", line, x + left + APART, y)
            y += LINE
        y += 3
