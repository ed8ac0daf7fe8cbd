"""A packet's way as lines and marks on a sketch of the map.

The way follows the wires beside them: requests left and above, replies right and below, so that both can be seen.
A packet that passes a wire twice, there and back, has a lane for each pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from k8snet.show.cell import LANE, LANES_APART, Note
from k8snet.show.chart import HOST, Chart, Point
from k8snet.show.inside import Lanes, inside, passage, spur
from k8snet.show.journey import Journey, Stop, notes
from k8snet.show.layout import At, Layout
from k8snet.show.palette import LINE, SMALL
from k8snet.show.scene import Line, Mark, Sketch

SIDE = {"request": -1, "reply": 1}


def draw_journey(sketch: Sketch, journey: Journey) -> None:
    """Add a packet's way: its line with arrows, a numbered badge for each stop, and the marks of what happened."""
    pieces: list[list[At]] = []
    spurs: list[list[At]] = []
    arrows: list[tuple[At, str]] = []
    for stop, lanes in _stops_with_lanes(journey, sketch.layout.chart):
        ys = _place_notes(sketch, journey.role, stop, lanes)
        pieces += inside(sketch.layout, stop, ys, lanes)
        spurs.append(spur(sketch.layout, stop, ys, lanes))
        _add_wires(sketch, stop, lanes, pieces, arrows)
        _put_badge(sketch, journey.role, stop, ys, lanes)
    _draw(sketch, journey.role, spurs, [])
    _draw(sketch, journey.role, pieces, arrows)


def draw_question(sketch: Sketch, journey: Journey) -> None:
    """Add the way of an ARP request that nobody answered, to all who heard it."""
    pieces: list[list[At]] = []
    arrows: list[tuple[At, str]] = []
    for stop, lanes in _stops_with_lanes(journey, sketch.layout.chart):
        pieces += inside(sketch.layout, stop, [], lanes)
        _add_wires(sketch, stop, lanes, pieces, arrows)
    _draw(sketch, "arp", pieces, arrows)


def _draw(sketch: Sketch, look: str, pieces: list[list[At]], arrows: list[tuple[At, str]]) -> None:
    """Add lines to the sketch; all arrows lie above all lines."""
    lines = [tuple(sketch.at(point) for point in line) for line in joined(pieces)]
    for number, line in enumerate(lines, 1):
        sketch.ways.append(Line(look, line, tuple(arrows) if number == len(lines) else ()))


def _add_wires(sketch: Sketch, stop: Stop, lanes: Lanes, pieces: list[list[At]], arrows: list[tuple[At, str]]) -> None:
    for device in stop.outs:
        wire = wire_from(sketch.layout, Point(stop.netns, device))
        if wire:
            pieces.append(beside(wire, lanes.go[device]))
            arrows.append(_arrow(sketch, pieces[-1]))


# --- lanes -------------------------------------------------------------------------------------------------------


def crowded(journeys: Sequence[Journey], chart: Chart) -> set[Point]:
    """Both ends of each wire that one packet passes more than once."""
    ends = set()
    for journey in journeys:
        for end, count in _passes(journey, chart).items():
            far = chart.far_end(end)
            if count > 1 and far is not None:
                ends |= {end, far}
    return ends


def _passes(journey: Journey, chart: Chart) -> dict[Point, int]:
    """How often a packet passes each wire, in either direction, by the end that `_wire_of` names."""
    counts: dict[Point, int] = {}
    for stop in journey.stops:
        for device in stop.outs:
            wire = _wire_of(chart, Point(stop.netns, device))
            counts[wire] = counts.get(wire, 0) + 1
    return counts


def _wire_of(chart: Chart, end: Point) -> Point:
    """One name for both ends of a wire."""
    far = chart.far_end(end)
    return end if far is None else min(end, far)


def _stops_with_lanes(journey: Journey, chart: Chart) -> list[tuple[Stop, Lanes]]:
    """Each stop with its lanes: the first pass of a crowded wire takes the outer lane, the next the inner, in turn."""
    side = SIDE[journey.role]
    counts = _passes(journey, chart)
    passed: dict[Point, int] = {}
    arriving: dict[Point, float] = {}
    found = []
    for stop in journey.stops:
        go = {}
        for device in stop.outs:
            end = Point(stop.netns, device)
            wire = _wire_of(chart, end)
            outer = counts[wire] > 1 and passed.get(wire, 0) % 2 == 0
            passed[wire] = passed.get(wire, 0) + 1
            go[device] = side * (LANE + LANES_APART * outer)
            arriving[chart.far_end(end) or end] = go[device]
        found.append((stop, Lanes(side * LANE, arriving.get(Point(stop.netns, stop.iif or ""), side * LANE), go)))
    return found


# --- lines -------------------------------------------------------------------------------------------------------


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


def beside(points: Sequence[At], lane: float) -> list[At]:
    """A wire's line moved to a lane: its upright parts to the right, its level parts down."""
    moved = []
    for i, (x, y) in enumerate(points):
        neighbours = [points[j] for j in (i - 1, i + 1) if 0 <= j < len(points)]
        upright = any(other[0] == x and other[1] != y for other in neighbours)
        level = any(other[1] == y and other[0] != x for other in neighbours)
        moved.append((x + lane * upright, y + lane * level))
    return moved


def _arrow(sketch: Sketch, line: list[At]) -> tuple[At, str]:
    """An arrow's head in the middle of the longest stretch of a line."""
    (x, y), (u, v) = max(pairwise(line), key=lambda ends: math.dist(*ends))
    way = ("down" if v > y else "up") if x == u else "right" if u > x else "left"
    return sketch.at(((x + u) / 2, (y + v) / 2)), way


# --- marks -------------------------------------------------------------------------------------------------------


def stop_notes(stop: Stop, kind: str, sides: Mapping[Point, str]) -> list[Note]:
    """The notes of a stop from top to bottom; a machine's own kernel, as start or end of the way, is one as well.

    A packet that came in from below meets the lowest first.
    """
    marks = list(notes(stop))
    is_own = kind != HOST and not (stop.iif and stop.outs) and not any(note.symbol == "cross" for note in marks)
    own = [Note("end" if stop.iif else "start", ())] * is_own
    ordered = own + marks if stop.iif is None else marks + own
    came_up = stop.iif is not None and sides.get(Point(stop.netns, stop.iif)) == "down"
    return ordered[::-1] if came_up else ordered


def _place_notes(sketch: Sketch, role: str, stop: Stop, lanes: Lanes) -> list[float]:
    """Draw the marks of a stop with their texts; returns their heights, in the layout's measure."""
    layout = sketch.layout
    zone = layout.zones[stop.netns]
    axis = passage(layout, stop, lanes).axis
    y = zone.top + 4 + sketch.filled.get((stop.netns, role), 0.0)
    ys = []
    for note in stop_notes(stop, layout.chart.place(stop.netns).kind, layout.sides):
        ys.append(y + note.height / 2)
        _draw_note(sketch, role, note, (axis, ys[-1]))
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


def _put_badge(sketch: Sketch, role: str, stop: Stop, ys: Sequence[float], lanes: Lanes) -> None:
    """The number, at the device by which the packet came; the second of two at the same place is left out."""
    badge = Mark("badge", role, *sketch.at(_badge_at(sketch.layout, stop, ys, lanes)), str(stop.number))
    if not any(mark.symbol == "badge" and (mark.x, mark.y) == (badge.x, badge.y) for mark in sketch.marks):
        sketch.marks.append(badge)


def _badge_at(layout: Layout, stop: Stop, ys: Sequence[float], lanes: Lanes) -> At:
    """Where the packet came in; where it was made, at the start of its way."""
    way = passage(layout, stop, lanes)
    cell = layout.cells[stop.netns]
    if way.start is not None:
        return way.start
    if ys and not cell.is_leaf:
        return (way.axis, min(ys))
    if way.goals:
        return way.goals[0]
    box = layout.boxes[stop.netns]
    return (way.axis, box.bottom if cell.is_leaf else way.hub)
