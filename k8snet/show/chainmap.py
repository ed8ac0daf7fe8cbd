"""Where each chain of a packet's way is drawn: a frame for each hook, in it a column for each table, in that the chains.

Frames stand in the order of the way, and go on below where the card is full. Chains hang below the one that leads to them.
In CSS pixels; the page and the still picture draw this one layout.
"""

from __future__ import annotations

from itertools import groupby

from k8snet.linux.fact import Fact
from k8snet.show.choice import number
from k8snet.show.journey import changes
from k8snet.show.layout import At
from k8snet.show.letters import width_of
from k8snet.show.ruleway import Room, Station, Way

ROW, BOX = 25.0, 21.0
"""From one chain to the next, and how high its box is."""
INDENT, PAD, APART = 16.0, 9.0, 34.0
HEAD, FOOT = 26.0, 8.0
"""In a frame, over and below its columns."""
COUNT = 16.0
"""Between a chain's name and how many of its rules were tried."""
WIDEST = 980.0
NOTE = 17.0


class Place(Fact, frozen=True):
    """A chain's box. ``room`` is its number on the way; ``label`` its name, or for a built-in chain its table's."""

    room: int
    label: str
    count: str
    x: float
    y: float
    width: float


class Tie(Fact, frozen=True):
    """A line from a chain down to one that it leads to; ``lit`` if the packet went there."""

    points: tuple[At, ...]
    lit: bool


class Note(Fact, frozen=True):
    """What stands below a column: ``nat`` with what was rewritten, ``end`` with a no, ``more`` chains that are not drawn."""

    kind: str
    lines: tuple[str, ...]
    x: float
    y: float


class Frame(Fact, frozen=True):
    """A hook."""

    hook: str
    x: float
    y: float
    width: float
    height: float


class ChainMap:
    """The layout of a way: ``frames``, ``places`` (one for each room), ``ties``, ``arrows`` between stations, ``notes``."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.frames: list[Frame] = []
        self.places: list[Place] = []
        self.ties: list[Tie] = []
        self.arrows: list[tuple[At, ...]] = []
        self.notes: list[Note] = []
        self.width = self.height = 0.0
        self._lay()

    def _lay(self) -> None:
        x, top, bottom = 2.0, 2.0, 0.0
        numbered = list(enumerate(self.way.stations))
        for hook, group in groupby(numbered, key=lambda pair: pair[1].hook):
            columns = [_Column(self.way, at, station) for at, station in group]
            width = sum(column.width for column in columns) + APART * (len(columns) - 1) + 2 * PAD
            height = HEAD + max(column.height for column in columns) + FOOT
            if self.frames and x + width > WIDEST:
                x, top = 2.0, bottom + APART
            self._arrow(x, top)
            self._frame(Frame(hook, x, top, width, height), columns)
            bottom = max(bottom, top + height)
            x += width + APART
        self.width = max((frame.x + frame.width for frame in self.frames), default=200.0) + 2
        self.height = bottom + 2

    def _arrow(self, x: float, top: float) -> None:
        """From the frame before to the one that begins here."""
        if not self.frames:
            return
        before, y = self.frames[-1], top + HEAD + BOX / 2
        right, start = before.x + before.width, before.y + HEAD + BOX / 2
        if before.y == top:
            self.arrows.append(((right, y), (x, y)))
        else:
            below = top - APART / 2
            self.arrows.append(((right, start), (right + 8, start), (right + 8, below), (x + 30, below), (x + 30, top)))

    def _frame(self, frame: Frame, columns: list[_Column]) -> None:
        self.frames.append(frame)
        x, y = frame.x + PAD, frame.y + HEAD
        end = 0.0
        for column in columns:
            places = column.places(x, y)
            self.arrows += [((end, y + BOX / 2), (x, y + BOX / 2))] if end else []
            end = x + places[0].width
            self.ties += column.ties(places)
            self.notes += column.notes(x, y)
            self.places += places
            x += column.width + APART


class _Column:
    """One table at one hook: its chains below one another, then what came of it."""

    def __init__(self, way: Way, place: int, station: Station) -> None:
        self.station = station
        self.rooms = [(at, room) for at, room in enumerate(way.rooms) if room.station == place]
        self.first = self.rooms[0][0]
        self.labels = [label_of(room, station) for _, room in self.rooms]
        self.counts = [count_of(room, station) for _, room in self.rooms]
        self._notes = list(_notes(self.rooms, station))
        rows = [INDENT * room.depth + _box(label, count)
                for (_, room), label, count in zip(self.rooms, self.labels, self.counts, strict=True)]
        said = [28 + width_of(line) for _, lines in self._notes for line in lines]
        self.width = max([*rows, *said])
        self.height = ROW * len(self.rooms) + sum(NOTE * len(lines) + 8 for _, lines in self._notes)

    def places(self, x: float, y: float) -> list[Place]:
        """The boxes of its chains."""
        return [Place(at, label, count, x + INDENT * room.depth, y + ROW * row, _box(label, count))
                for row, ((at, room), label, count) in enumerate(zip(self.rooms, self.labels, self.counts, strict=True))]

    def ties(self, places: list[Place]) -> list[Tie]:
        """From each chain to those below it; the lit ones come last, to lie above the others."""
        ties = []
        for (_, room), place in zip(self.rooms, places, strict=True):
            if room.parent >= 0:
                above = places[room.parent - self.first]
                x, y = above.x + INDENT / 2, place.y + BOX / 2
                ties.append(Tie(((x, above.y + BOX), (x, y), (place.x, y)), room.visited))
        return sorted(ties, key=lambda tie: tie.lit)

    def notes(self, x: float, y: float) -> list[Note]:
        """What is said below its chains."""
        y += ROW * len(self.rooms) + 4
        notes = []
        for kind, lines in self._notes:
            notes.append(Note(kind, lines, x, y))
            y += NOTE * len(lines) + 8
        return notes


def _box(label: str, count: str) -> float:
    return width_of(label, "strong") + (COUNT + width_of(count) if count else 0) + 2 * PAD


def label_of(room: Room, station: Station) -> str:
    """A built-in chain is labelled by its table: its name is the frame's."""
    return station.table if room.depth == 0 else room.name


def count_of(room: Room, station: Station) -> str:
    """How many of its rules were tried, of how many."""
    return "" if station.judged is None else f"{room.tried:,}/{room.count:,}"


def _notes(rooms: list[tuple[int, Room]], station: Station) -> list[tuple[str, tuple[str, ...]]]:
    left_out = sum(room.left_out for _, room in rooms)
    notes: list[tuple[str, tuple[str, ...]]] = []
    if left_out:
        notes.append(("more", (f"… and {number(left_out, 'chain')} more",)))
    if station.rewritten is not None:
        told = [line for old, new in changes(station.rewritten).values() for line in (old, f"→ {new}")]
        notes.append(("nat", tuple(told) or ("in what ICMP quotes",)))
    if station.judged is not None and station.judged.verdict != "ACCEPT":
        notes.append(("end", ("rejected" if station.judged.verdict == "REJECT" else "dropped",)))
    return notes
