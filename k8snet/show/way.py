"""A packet's way as lines and marks on a sketch of the map.

The way follows the wires beside them: requests left and above, replies right and below, so that both can be seen.
Inside a box it runs by the bridge, and by the notes about what happened there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from k8snet.show.cell import LANE, Note
from k8snet.show.chart import HOST, Point
from k8snet.show.journey import Journey, Stop, notes
from k8snet.show.layout import At, Layout, Zone
from k8snet.show.palette import LINE, SMALL, sans_width
from k8snet.show.scene import MARGIN, Line, Mark, Sketch, Text

SIDE = {"request": -LANE, "reply": LANE}


def draw_journey(sketch: Sketch, journey: Journey) -> None:
    """Add a packet's way: its line with arrows, a numbered badge for each stop, and the marks of what happened."""
    side = SIDE[journey.role]
    pieces: list[list[At]] = []
    spurs: list[Line] = []
    arrows: list[tuple[At, str]] = []
    for stop in journey.stops:
        ys = _place_notes(sketch, journey.role, stop)
        pieces += inside(sketch.layout, stop, ys)
        spurs += _spur(sketch, stop, ys, side)
        for device in stop.outs:
            wire = wire_from(sketch.layout, Point(stop.netns, device))
            if wire:
                pieces.append(wire)
                arrows.append(_arrow(sketch, wire, side))
        sketch.marks.append(Mark("badge", journey.role, *_badge_at(sketch, stop, ys, side), str(stop.number)))
    sketch.ways += spurs
    _draw_line(sketch, journey.role, pieces, arrows, side)


def draw_question(sketch: Sketch, journey: Journey) -> None:
    """Add the way of an ARP request that nobody answered, to all who heard it."""
    side = SIDE["request"]
    pieces: list[list[At]] = []
    arrows: list[tuple[At, str]] = []
    for stop in journey.stops:
        pieces += inside(sketch.layout, stop, [])
        for device in stop.outs:
            pieces.append(wire_from(sketch.layout, Point(stop.netns, device)))
            arrows.append(_arrow(sketch, pieces[-1], side))
    _draw_line(sketch, "arp", pieces, arrows, side)


def _draw_line(sketch: Sketch, look: str, pieces: list[list[At]], arrows: list[tuple[At, str]], side: float) -> None:
    lines = [tuple(sketch.at(point) for point in beside(line, side)) for line in joined(pieces)]
    for number, line in enumerate(lines):
        sketch.ways.append(Line(look, line, tuple(arrows) if number == len(lines) - 1 else ()))


# --- lines -------------------------------------------------------------------------------------------------------


def inside(layout: Layout, stop: Stop, ys: Sequence[float]) -> list[list[At]]:
    """The way through a box: in by one device, past the notes at heights ``ys``, out by others."""
    zone = layout.zones[stop.netns]
    start = layout.dots.get(Point(stop.netns, stop.iif or ""))
    goals = [layout.dots[Point(stop.netns, device)] for device in stop.outs]
    hub = _hub(layout, stop, zone)
    is_leaf = layout.cells[stop.netns].is_leaf
    points: list[At] = []
    if start is not None and not goals and ys and start[0] == zone.x and start[1] > zone.top:
        return [[start, (zone.x, min(ys))]]
    if start is not None and (goals or ys or not is_leaf):
        points = [start, (start[0], hub)]
    if start is None and ys and not goals and is_leaf:
        feet = [layout.dots[Point(stop.netns, plug.name)] for plug in layout.cells[stop.netns].bottoms]
        return [[foot, (foot[0], max(ys))] for foot in feet if foot[0] == zone.x]
    if start is None and ys:
        points = [(zone.x, min(ys))] if is_leaf or _goes_down(goals, zone) else [(zone.x, max(ys)), (zone.x, hub)]
    if start is None and not ys and not is_leaf:
        points = [(zone.x, hub)]
    if ys and start is not None and not goals:
        points += [(zone.x, hub), (zone.x, max(ys))]
    if start is None and (is_leaf or _goes_down(goals, zone)):
        return [[*points, goal] for goal in goals]
    ways = [[*(points if number == 0 else points[-1:]), (goal[0], hub), goal] for number, goal in enumerate(goals)]
    return ways or [points]


def _spur(sketch: Sketch, stop: Stop, ys: Sequence[float], side: float) -> list[Line]:
    """The tie between a way that runs through above and the notes about it."""
    zone = sketch.layout.zones[stop.netns]
    ends = [sketch.layout.dots[Point(stop.netns, device)] for device in (stop.iif, *stop.outs) if device is not None]
    if stop.iif is None or not stop.outs or not ys or _goes_down(ends, zone):
        return []
    hub = _hub(sketch.layout, stop, zone)
    points = sketch.at((zone.x + side, hub + side)), sketch.at((zone.x + side, max(ys)))
    return [Line("request" if side < 0 else "reply", points)]


def _goes_down(dots: list[At], zone: Zone) -> bool:
    """Whether one of the dots is at the foot of the notes' axis, so that the way passes the notes by itself."""
    return any(dot[0] == zone.x and dot[1] > zone.top for dot in dots)


def _hub(layout: Layout, stop: Stop, zone: Zone) -> float:
    """The height at which the way crosses the box: its bridge's, if one of the devices is a port of it."""
    place = layout.chart.place(stop.netns)
    for device in (stop.iif, *stop.outs):
        master = place.plug(device).master if device is not None else None
        if master is not None:
            bar = layout.bars[Point(stop.netns, master)]
            return bar.y + bar.height / 2
    return zone.middle


def wire_from(layout: Layout, point: Point) -> list[At]:
    """The points of the wire that begins at a device, from there on; empty if there is none."""
    for wire, points in layout.wires.items():
        if point == wire.one:
            return list(points)
        if point == wire.other:
            return list(reversed(points))
    return []


def joined(pieces: list[list[At]]) -> list[list[At]]:
    """Pieces as lines: what begins where the one before ends, continues it; no point twice in a row."""
    lines: list[list[At]] = []
    for piece in pieces:
        if lines and piece and lines[-1][-1] == piece[0]:
            lines[-1] += piece[1:]
        elif piece:
            lines.append(list(piece))
    lines = [[point for i, point in enumerate(line) if i == 0 or point != line[i - 1]] for line in lines]
    return [line for line in lines if len(line) > 1]


def beside(points: Sequence[At], side: float) -> list[At]:
    """The line moved aside: its upright parts by ``side`` to the right, its level parts by ``side`` down."""
    moved = []
    for i, (x, y) in enumerate(points):
        neighbours = [points[j] for j in (i - 1, i + 1) if 0 <= j < len(points)]
        upright = any(other[0] == x and other[1] != y for other in neighbours)
        level = any(other[1] == y and other[0] != x for other in neighbours)
        moved.append((x + side * upright, y + side * level))
    return moved


def _arrow(sketch: Sketch, wire: list[At], side: float) -> tuple[At, str]:
    """An arrow's head in the middle of the longest stretch of a wire."""
    (x, y), (u, v) = max(pairwise(wire), key=lambda ends: math.dist(*ends))
    if x == u:
        return sketch.at((x, (y + v) / 2), dx=side), "down" if v > y else "up"
    return sketch.at(((x + u) / 2, y), dy=side), "right" if u > x else "left"


# --- marks -------------------------------------------------------------------------------------------------------


def stop_notes(stop: Stop, kind: str, *, upwards: bool) -> list[Note]:
    """The notes of a stop from top to bottom; a machine's own kernel, as start or end of the way, is one as well."""
    own = [Note("end" if stop.iif else "start", ())] if kind != HOST and not (stop.iif and stop.outs) else []
    marks = list(notes(stop))
    if any(note.symbol == "cross" for note in marks):
        own = []
    ordered = own + marks if stop.iif is None else marks + own
    return ordered[::-1] if upwards else ordered


def goes_up(stop: Stop, sides: dict[Point, str]) -> bool:
    """Whether the packet came in from below."""
    return stop.iif is not None and sides.get(Point(stop.netns, stop.iif)) == "down"


def _place_notes(sketch: Sketch, role: str, stop: Stop) -> list[float]:
    """Draw the marks of a stop with their texts; returns their heights, in the layout's measure."""
    layout = sketch.layout
    zone = layout.zones[stop.netns]
    mine = stop_notes(stop, layout.chart.place(stop.netns).kind, upwards=goes_up(stop, layout.sides))
    y = zone.top + 4 + sketch.filled.get((stop.netns, role), 0.0)
    ys = []
    for note in mine:
        ys.append(y + note.height / 2)
        _draw_note(sketch, role, note, (zone.x + SIDE[role], ys[-1]))
        y += note.height
    sketch.filled[stop.netns, role] = y - zone.top - 4
    return ys


def _draw_note(sketch: Sketch, role: str, note: Note, at: At) -> None:
    if note.symbol != "start":
        sketch.marks.append(Mark(note.symbol, role, *sketch.at(at)))
    away, anchor = (-14.0, "end") if role == "request" else (14.0, "start")
    top = at[1] - (len(note.lines) - 1) * LINE / 2 + SMALL * 0.36
    for row, line in enumerate(note.lines):
        sketch.write("note", line, (at[0] + away, top + row * LINE), anchor)


def _badge_at(sketch: Sketch, stop: Stop, ys: list[float], side: float) -> At:
    """At the device by which the packet came; where it was made, at the start of its way."""
    layout = sketch.layout
    zone, cell = layout.zones[stop.netns], layout.cells[stop.netns]
    if stop.iif is not None:
        return sketch.at(layout.dots[Point(stop.netns, stop.iif)], dx=side)
    if not cell.is_leaf and ys:
        start = min(ys)
        return sketch.at((zone.x, start), dx=side)
    devices = [*stop.outs, *(plug.name for plug in cell.bottoms)]
    if devices:
        return sketch.at(layout.dots[Point(stop.netns, devices[0])], dx=side)
    return sketch.at((zone.x, zone.bottom), dx=side)


# --- the legend --------------------------------------------------------------------------------------------------


def draw_legend(sketch: Sketch, ways: list[Journey], question: Journey | None) -> None:
    """Explain below the map the lines and marks that are on it."""
    looks = [journey.role for journey in ways] + ["arp"] * (question is not None)
    symbols = {mark.symbol for mark in sketch.marks}
    y = sketch.bottom + 2
    x = MARGIN
    for look, text, is_line in _entries(looks, symbols):
        width = (34 if is_line else 16) + sans_width(text) + 14
        if x > MARGIN and x + width > sketch.width - MARGIN:
            x, y = MARGIN, y + 20
        if is_line:
            sketch.ways.append(Line(look, ((x, y), (x + 28, y)), (((x + 16, y), "right"),)))
        else:
            sketch.marks.append(Mark(look, "request", x + 8, y, "1" if look == "badge" else ""))
        sketch.texts.append(Text("legend", text, x + (34 if is_line else 22), y + 4.3))
        x += width
    sketch.bottom = y + MARGIN


def _entries(looks: list[str], symbols: set[str]) -> Iterator[tuple[str, str, bool]]:
    texts = {"request": "request", "reply": "reply", "arp": "ARP request without an answer"}
    yield from ((look, text, True) for look, text in texts.items() if look in looks)
    texts = {"nat": "NAT", "cross": "the packet's end", "end": "the machine itself"}
    yield from ((symbol, text, False) for symbol, text in texts.items() if symbol in symbols)
