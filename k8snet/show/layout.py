"""Where everything stands: positions that come from the topology alone, so the same world gives the same picture.

Each connected part is a tree with its root at the bottom; hosts stand above the machine on which they hang, and
wires run straight up. Wires that close a ring run through the gaps below the rows, where no box stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from k8snet.show.cell import BAR, LANE, PAD, Cell, Notes, bar_width
from k8snet.show.chart import Chart, Plug, Point, Wire
from k8snet.show.family import Family, families

GAP = 50.0
"""Between two rows: long enough to see the wire and an arrow on it."""
BETWEEN = 22.0
"""Between two boxes side by side."""
TRACK = 26.0
"""Between two wires that run side by side."""
PAGE = 1000.0
"""Parts of the chart that do not touch go below one another when they would be wider than this."""
MANY = 6
"""More hosts than this on one machine stand in two rows, the wires of the upper between the boxes of the lower."""

At = tuple[float, float]


class Rect(NamedTuple):
    """A rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


class Zone(NamedTuple):
    """The room for notes in a box: around the line ``x``, from ``top`` to ``bottom``. Ways cross at ``middle``."""

    x: float
    top: float
    bottom: float
    middle: float


class Layout:
    """The positions. ``sides`` says of each device with a dot whether its wire goes ``up``, ``down``, or nowhere."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.width = 0.0
        self.height = 0.0
        self.cells: dict[str, Cell] = {}
        self.boxes: dict[str, Rect] = {}
        self.bars: dict[Point, Rect] = {}
        self.dots: dict[Point, At] = {}
        self.sides: dict[Point, str] = {}
        self.zones: dict[str, Zone] = {}
        self.wires: dict[Wire, list[At]] = {}


def lay_out(chart: Chart, notes: Mapping[str, Notes] | None = None) -> Layout:
    """Find a place for everything on a chart, with room for the notes about each namespace."""
    layout = Layout(chart)
    x = y = below = 0.0
    for family in families(chart):
        part = _Part(family, notes or {}, layout)
        if x and x + part.width > PAGE:
            x, y = 0.0, below + GAP
        part.put(x, y)
        x += part.width + 2 * BETWEEN
        layout.width = max(layout.width, x - 2 * BETWEEN)
        layout.height = below = max(below, y + part.height)
    return layout


class _Block(NamedTuple):
    """A namespace with all that stands above it; its box is as wide. ``feet`` is where its wires go down."""

    name: str
    width: float
    feet: list[float]
    above: list[tuple[float, _Block]]
    staggered: bool


class _Part:
    """One connected part on its way to positions: sizes are found from the hosts down, then places from the root up."""

    def __init__(self, family: Family, notes: Mapping[str, Notes], layout: Layout) -> None:
        self.family = family
        self.layout = layout
        self.cells: dict[str, Cell] = {}
        for row in self._rows():
            self.cells |= {name: self._cell(name, notes.get(name, Notes())) for name in row}
            machines = [self.cells[name] for name in row if self.cells[name].tops]
            for cell in machines:
                cell.match(machines)
        layout.cells.update(self.cells)
        self.blocks = self._side_by_side([self._block(name) for name in family.roots])
        self.tracks = self._tracks()
        right = max(x + block.width for x, block in self.blocks)
        self.detours = sum(1 for gaps in self.tracks.values() if gaps[0][0] != gaps[1][0])
        self.right = right
        self.width = right + (self.detours + 0.5) * TRACK * bool(self.detours)
        self.bottoms = self._row_bottoms()
        self.height = self.bottoms[0] + self._gap(0, 0.0)

    def _cell(self, name: str, notes: Notes) -> Cell:
        place = self.layout.chart.place(name)
        wires = [wire for child in self.family.children[name] for wire in self.family.links[child]]
        tops = [place.plug(wire.other.device) for wire in wires]
        links = self.family.links.get(name, [])
        ends = [end for wire in self.family.rings for end in (wire.one, wire.other) if end.netns == name]
        bottoms = [place.plug(end.device) for end in (*(wire.one for wire in links), *ends)]
        return Cell(place, tops, bottoms, notes, self._steps(name, len(links)))

    def _steps(self, name: str, links: int) -> list[float]:
        """How far apart the box below wants the wires of a child to be."""
        if links < 2:
            return []
        parent = self.cells[self.family.parent[name]]
        older = self.family.children[parent.place.name]
        first = sum(len(self.family.links[child]) for child in older[: older.index(name)])
        return [parent.step_after(first + i) for i in range(links - 1)]

    # --- sizes ------------------------------------------------------------------------------------------------

    def _rows(self) -> list[list[str]]:
        depths = range(max(self.family.depth.values()) + 1)
        return [[name for name in self.family.names if self.family.depth[name] == depth] for depth in depths]

    def _block(self, name: str) -> _Block:
        cell = self.cells[name]
        kids = [self._block(child) for child in self.family.children[name]]
        stagger = len(kids) > MANY and all(self.cells[kid.name].is_leaf and not kid.above for kid in kids)
        above = self._staggered(kids, cell) if stagger else self._packed(kids, cell)
        tops = [x + foot for x, kid in above for foot in kid.feet[: len(self.family.links[kid.name])]]
        end = max([0.0, *(x + kid.width for x, kid in above)])
        overhang = max([0.0, *(x + cell.right_of_top(i) - end for i, x in enumerate(tops))])
        overhang = max([overhang, *(cell.left_of_top(i) - x for i, x in enumerate(tops))])
        overhang = max(overhang, (cell.least_width - end) / 2)
        width = end + 2 * overhang
        return _Block(name, width, cell.bottom_xs(width), [(x + overhang, kid) for x, kid in above], stagger)

    def _labels(self, parent: Cell, first: int, kid: _Block) -> list[float]:
        """How far to the right of each of its feet a child needs the parent's row of devices for itself."""
        ports = range(first, first + len(self.family.links[kid.name]))
        return [parent.step_after(i) for i in ports]

    def _packed(self, kids: list[_Block], parent: Cell) -> list[tuple[float, _Block]]:
        placed: list[tuple[float, _Block]] = []
        edge = free = 0.0
        port = 0
        for kid in kids:
            labels = self._labels(parent, port, kid)
            x = max(edge, free - kid.feet[0])
            placed.append((x, kid))
            edge, free = x + kid.width + BETWEEN, x + kid.feet[len(labels) - 1] + labels[-1]
            port += len(labels)
        return placed

    def _staggered(self, kids: list[_Block], parent: Cell) -> list[tuple[float, _Block]]:
        """Every second child stands in an upper row; its wire passes between its neighbours of the lower."""
        xs: list[float] = []
        for i, kid in enumerate(kids):
            half = kid.width / 2
            least = [half]
            if i:
                inside = kids[i - 1].width / 2 if i % 2 else half
                least.append(xs[-1] + max(inside + 2 * LANE, self._labels(parent, i - 1, kids[i - 1])[-1]))
            if i > 1:
                least.append(xs[-2] + kids[i - 2].width / 2 + half + BETWEEN)
            xs.append(max(least))
        return [(x - kid.width / 2, kid) for x, kid in zip(xs, kids, strict=True)]

    def _side_by_side(self, blocks: list[_Block]) -> list[tuple[float, _Block]]:
        xs = [0.0]
        for block in blocks:
            xs.append(xs[-1] + block.width + BETWEEN)
        return list(zip(xs, blocks, strict=False))

    def _tracks(self) -> dict[Wire, tuple[tuple[int, int], tuple[int, int]]]:
        """For each ring wire the gap and the track in it, at both of its ends; the same where they stand in one row."""
        used: dict[int, int] = {}
        tracks = {}
        for wire in self.family.rings:
            gaps = [self.family.depth[wire.one.netns], self.family.depth[wire.other.netns]]
            numbers = {}
            for gap in sorted(set(gaps)):
                numbers[gap] = used.get(gap, 0)
                used[gap] = numbers[gap] + 1
            tracks[wire] = ((gaps[0], numbers[gaps[0]]), (gaps[1], numbers[gaps[1]]))
        self.used = used
        return tracks

    def _gap(self, depth: int, plain: float = GAP) -> float:
        """The height of the gap below a row."""
        return plain + self.used.get(depth, 0) * TRACK

    def _row_bottoms(self) -> list[float]:
        """The lower edge of each row, from the root's on; the highest row begins at 0."""
        rows = self._rows()
        upper = self._upper_row()
        y = 0.0
        bottoms: list[float] = []
        for depth in reversed(range(len(rows))):
            y += max(self.cells[name].height for name in rows[depth])
            y += max([0.0, *(self.cells[name].height + GAP / 2 for name in rows[depth] if name in upper)])
            bottoms.insert(0, y)
            y += self._gap(depth)
        return bottoms

    def _upper_row(self) -> set[str]:
        found: set[str] = set()
        blocks = [block for _, block in self.blocks]
        for block in blocks:
            blocks += [kid for _, kid in block.above]
            found.update(kid.name for _, kid in block.above[1::2] if block.staggered)
        return found

    # --- places -----------------------------------------------------------------------------------------------

    def put(self, x: float, y: float) -> None:
        """Write the positions of everything in this part into the layout."""
        upper = self._upper_row()
        for offset, block in self.blocks:
            self._put_block(x + offset, y, block, upper)
        for child, wires in self.family.links.items():
            for wire in wires:
                self._put_wire(child, wire)
        detour = 0
        for wire, (one, other) in self.tracks.items():
            ends = [self._track_y(y, *one), self._track_y(y, *other)]
            start, stop = self.layout.dots[wire.one], self.layout.dots[wire.other]
            if one[0] == other[0]:
                between: list[At] = [(start[0], ends[0]), (stop[0], ends[0])]
            else:
                detour += 1
                margin = x + self.right + detour * TRACK
                between = [(start[0], ends[0]), (margin, ends[0]), (margin, ends[1]), (stop[0], ends[1])]
            self.layout.wires[wire] = [start, *between, stop]

    def _put_wire(self, child: str, wire: Wire) -> None:
        self.layout.wires[wire] = [self.layout.dots[wire.one], self.layout.dots[wire.other]]

    def _track_y(self, y: float, depth: int, number: int) -> float:
        return y + self.bottoms[depth] + TRACK * (number + 0.8)

    def _put_block(self, x: float, y: float, block: _Block, upper: set[str]) -> None:
        for offset, kid in block.above:
            self._put_block(x + offset, y, kid, upper)
        cell = self.cells[block.name]
        bottom = y + self.bottoms[self.family.depth[block.name]]
        if block.name in upper:
            row = self._rows()[self.family.depth[block.name]]
            bottom -= max(self.cells[name].height for name in row) + GAP / 2
        box = Rect(x, bottom - cell.height, block.width, cell.height)
        self.layout.boxes[block.name] = box
        links = [foot for _, kid in block.above for foot in kid.feet[: len(self.family.links[kid.name])]]
        starts = [offset for offset, kid in block.above for _ in self.family.links[kid.name]]
        tops = [x + offset + foot for offset, foot in zip(starts, links, strict=True)]
        _furnish(self.layout, cell, box, tops, [x + foot for foot in block.feet])


def _furnish(layout: Layout, cell: Cell, box: Rect, tops: list[float], bottoms: list[float]) -> None:
    """Put the devices of one box where they belong."""
    name = cell.place.name
    for plug, x in zip(cell.tops, tops, strict=True):
        _put_dot(layout, Point(name, plug.name), (x, box.y), "up")
    for plug, x in zip(cell.bottoms, bottoms, strict=True):
        _put_dot(layout, Point(name, plug.name), (x, box.bottom), "down")
    y = box.y + cell.header + cell.top
    middle = y + (BAR if cell.bar_rows else cell.bars) / 2
    for row, bridges in enumerate(cell.bar_rows):
        for bridge in bridges:
            alone = len(cell.place.bridges) == 1
            layout.bars[Point(name, bridge.name)] = _bar(layout, cell, box, bridge, y + row * (BAR + 8), alone=alone)
    y += cell.bars
    for row, plug in enumerate(cell.insides):
        _put_dot(layout, Point(name, plug.name), (box.x + PAD + 8, y + 9 + 18 * row), "nowhere")
    y += cell.inside
    first = bottoms[0] if bottoms else box.x + cell.axis_x(box.width)
    axis, _ = layout.dots.get(Point(name, cell.notes.axis or ""), (first, y))
    layout.zones[name] = Zone(axis, y, y + cell.room, middle)


def _put_dot(layout: Layout, point: Point, at: At, side: str) -> None:
    layout.dots[point] = at
    layout.sides[point] = side


def _bar(layout: Layout, cell: Cell, box: Rect, bridge: Plug, y: float, *, alone: bool) -> Rect:
    """The only bridge fills its box; of several each spans its ports."""
    inner = Rect(box.x + PAD, y, box.width - 2 * PAD, BAR)
    ports = [Point(cell.place.name, plug.name) for plug in cell.place.ports(bridge.name)]
    xs = [layout.dots[port][0] for port in ports if layout.sides.get(port) == "up"]
    if alone or not xs:
        return inner
    middle, half = (min(xs) + max(xs)) / 2, max(bar_width(bridge), max(xs) - min(xs) + 2 * PAD) / 2
    left = min(max(middle - half, inner.x), inner.right - 2 * half)
    return Rect(left, y, 2 * half, BAR)
