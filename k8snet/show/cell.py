"""One network namespace's box: how much room it needs, and where in it things stand.

From top to bottom: a host's labels; the devices whose wires go up; bridges; devices without a wire; room for notes
about a packet; the devices whose wires go down, with a machine's name beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from k8snet.show.chart import HOST, Place, Plug
from k8snet.show.palette import LINE, NAME, SMALL, mono_width

PAD = 12.0
LANE = 9.5
"""How far a packet's way runs beside its wire: requests left and above, replies right and below."""
LANES_APART = 19.0
"""From the lane of a packet's first pass of a wire to that of its second."""
ASIDE = LANE + 5
"""How far a label stands from the wire that it belongs to, so that ways can pass."""
BAR = 30.0
CROSSING = 24.0
"""The height in which ways cross a box without a bridge."""
APART = 18.0
"""The least distance between two things side by side."""


class Note(NamedTuple):
    """What happened to a packet here: ``symbol`` is nat, tunnel, cross, end or start; beside it stand ``lines``."""

    symbol: str
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Its room from the note above to the note below."""
        return max(24.0, len(self.lines) * LINE + 8)


class Notes(NamedTuple):
    """The notes of one namespace: those of requests on the left of the axis, those of replies on the right."""

    left: Sequence[Note] = ()
    right: Sequence[Note] = ()
    axis: str | None = None
    """The device at whose wire they stand; its wire goes down."""
    crowded: Collection[str] = ()
    """Devices whose wire a packet passes twice, so that there are two lanes on each side of it."""

    @property
    def height(self) -> float:
        """The room that the higher stack needs."""
        return max(sum(note.height for note in self.left), sum(note.height for note in self.right))


def reach(side: Sequence[Note]) -> float:
    """How far the widest note on one side reaches from the axis."""
    texts = [line for note in side for line in note.lines]
    return LANE + 14 + max(map(mono_width, texts)) + PAD if texts else 0.0


class Cell:
    """The parts of a box and its measures. ``tops`` and ``bottoms`` are the devices with a wire up or down.

    ``steps`` is how far apart the first of the bottoms must be for the sake of the box below.
    """

    def __init__(self, place: Place, tops: list[Plug], bottoms: list[Plug], notes: Notes, steps: Sequence[float]) -> None:
        self.place = place
        self.tops = tops
        self.bottoms = bottoms
        self.notes = notes
        self.steps = steps
        wired = {plug.name for plug in (*tops, *bottoms)}
        self.insides = [plug for plug in place.plugs if plug.name not in wired and plug.kind != "bridge" and plug.shown]
        self.is_leaf = place.kind == HOST and not tops
        self.bar_rows = _rows_of_bars(place, [plug.name for plug in tops])
        self.header = PAD + NAME + 4 + _most_lines(bottoms) * LINE if self.is_leaf else 0.0
        self.top = 10 + _most_lines(tops) * LINE + 4 if tops else PAD if not self.is_leaf else 0.0
        self.bars = len(self.bar_rows) * (BAR + 8) or (0.0 if self.is_leaf else CROSSING)
        self.inside = len(self.insides) * 18.0
        self.room = notes.height + 10 if notes.height else 0.0
        self.footer = 10.0 if self.is_leaf else max(_most_lines(bottoms) * LINE, NAME + 4) + 10

    @property
    def height(self) -> float:
        """All parts together."""
        return self.header + self.top + self.bars + self.inside + self.room + self.footer

    def match(self, others: list[Cell]) -> None:
        """Take the largest measure of each part, so that boxes in a row look alike."""
        for part in ("header", "top", "bars", "inside", "room", "footer"):
            setattr(self, part, max(getattr(other, part) for other in others))

    @property
    def least_width(self) -> float:
        """What the box needs of its own, without what stands above it."""
        bars = [mono_width(bar_text(bridge)) + 2 * PAD + 2 * APART for bridge in self.place.bridges]
        insides = [24 + mono_width(inside_text(plug)) + 2 * PAD for plug in self.insides]
        name = mono_width(self.place.name, NAME) + 2 * PAD
        left, right = self._beside_feet()
        return max([60.0, name, *bars, *insides, left + right + max(self._steps(), default=0.0)])

    def _beside_feet(self) -> tuple[float, float]:
        """The room that is needed left of the first device below and right of the last, for labels and for notes."""
        if not self.bottoms:
            left = right = 0.0
        elif self.is_leaf:
            left, right = (label_width(plug) / 2 + PAD for plug in (self.bottoms[0], self.bottoms[-1]))
        else:
            left = PAD + mono_width(self.place.name, NAME) + APART + self.lanes(self.bottoms[0])
            right = self.aside(self.bottoms[-1]) + label_width(self.bottoms[-1]) + PAD
        extra = LANES_APART * bool(self.notes.crowded)
        return max(left, reach(self.notes.left) + extra), max(right, reach(self.notes.right) + extra)

    def _steps(self) -> list[float]:
        """The devices below, from the first one on."""
        xs = [0.0] if self.bottoms else []
        for i, (left, right) in enumerate(pairwise(self.bottoms)):
            beside = self.aside(left) + label_width(left) + APART + self.lanes(right)
            centred = (label_width(left) + label_width(right)) / 2 + APART
            below = self.steps[i] if i < len(self.steps) else 0.0
            xs.append(xs[-1] + max(beside, centred, below, self.lanes(left) + self.lanes(right) + APART))
        return xs

    def lanes(self, plug: Plug) -> float:
        """How far packets' ways run beside the wire of a device."""
        return LANE + LANES_APART * (plug.name in self.notes.crowded)

    def aside(self, plug: Plug) -> float:
        """How far from its wire a device's label stands."""
        return ASIDE + LANES_APART * (plug.name in self.notes.crowded)

    def bar_half(self, top: int) -> float:
        """Half the bar at a device above, where several bridges share the box and each stands below its ports."""
        bridges = {bridge.name: bridge for bridge in self.place.bridges}
        bridge = bridges.get(self.tops[top].master or "")
        return bar_width(bridge) / 2 if bridge is not None and len(bridges) > 1 else 0.0

    def left_of_top(self, top: int) -> float:
        """The room that a device above needs to the box's left edge."""
        return max(APART, self.lanes(self.tops[top]) + PAD, self.bar_half(top) + PAD)

    def right_of_top(self, top: int) -> float:
        """The room that a device above needs to the box's right edge."""
        return max(self.aside(self.tops[top]) + label_width(self.tops[top]), self.bar_half(top)) + PAD

    def step_after(self, top: int) -> float:
        """How far the next device above must be from this one, for labels, lanes and bars."""
        here = self.tops[top]
        following = self.tops[top + 1] if top + 1 < len(self.tops) else here
        beside = self.aside(here) + label_width(here) + self.lanes(following) + 4
        if here.master == following.master:
            return beside
        return max(beside, self.bar_half(top) + self.bar_half(top + 1) + APART)

    def bottom_xs(self, width: float) -> list[float]:
        """Where the devices below stand, from the box's left: together, in the middle unless notes need the room."""
        start = self._start(width)
        return [start + x for x in self._steps()]

    def axis_x(self, width: float) -> float:
        """Where notes stand if there is no device below, from the box's left."""
        return self._start(width)

    def _start(self, width: float) -> float:
        left, right = self._beside_feet()
        steps = max(self._steps(), default=0.0)
        return min(max((width - steps) / 2, left), width - right - steps)


def _rows_of_bars(place: Place, tops: list[str]) -> list[list[Plug]]:
    """Bridges side by side where their ports are; those without a wire up have a row of their own."""
    rows: list[list[Plug]] = []
    ends: list[int] = []
    for bridge in place.bridges:
        at = [tops.index(port.name) for port in place.ports(bridge.name) if port.name in tops]
        row = next((row for row, end in enumerate(ends) if at and end < min(at)), None)
        if row is None:
            rows.append([bridge])
            ends.append(max(at, default=len(tops)))
        else:
            rows[row].append(bridge)
            ends[row] = max(at)
    return rows


def label_width(plug: Plug) -> float:
    """The width of a device's label, one line for each address."""
    return max(mono_width(line) for line in plug.lines)


def bar_text(bridge: Plug) -> str:
    """A bridge's label, in one line."""
    return "  ".join(bridge.lines)


def inside_text(plug: Plug) -> str:
    """The label of a device without a wire, in one line."""
    return "  ".join((*plug.lines, *([f"port of {plug.master}"] if plug.master else [])))


def bar_width(bridge: Plug) -> float:
    """The least width of a bridge's bar."""
    return mono_width(bar_text(bridge), SMALL) + 2 * PAD


def _most_lines(plugs: list[Plug]) -> int:
    return max((len(plug.lines) for plug in plugs), default=0)
