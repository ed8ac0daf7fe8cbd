"""A packet's way through one box: in by a device, along the bridge, past the notes about it, out by others.

Where the way runs beside a wire and not on it, that is a lane: negative ones left of the wire, positive ones right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from k8snet.show.chart import Point
from k8snet.show.journey import Stop
from k8snet.show.layout import At, Layout, Zone


class Lanes(NamedTuple):
    """The lanes of a stop: ``base`` inside the box, ``come`` on the wire in, ``go`` on the wires out, by device."""

    base: float
    come: float
    go: Mapping[str, float]


class Passage(NamedTuple):
    """Where a way goes in a box: ``start`` and ``goals`` are the devices' dots, moved to their lanes.

    ``axis`` is the upright line on which the notes are, ``hub`` the height at which the way crosses the box.
    """

    start: At | None
    goals: list[At]
    axis: float
    hub: float
    falls: bool
    """Whether one of the dots is at the foot of the axis, so that the way passes the notes by itself."""


def passage(layout: Layout, stop: Stop, lanes: Lanes) -> Passage:
    """Find the fixed points of a stop."""
    zone = layout.zones[stop.netns]
    start, axis, falls = None, zone.x + lanes.base, False
    if stop.iif is not None:
        start, at_foot = _moved(layout.dots[Point(stop.netns, stop.iif)], lanes.come, zone)
        axis, falls = (start[0], True) if at_foot else (axis, falls)
    goals = []
    for device in stop.outs:
        goal, at_foot = _moved(layout.dots[Point(stop.netns, device)], lanes.go[device], zone)
        goals.append(goal)
        axis, falls = (goal[0], True) if at_foot and not falls else (axis, falls)
    return Passage(start, goals, axis, _hub(layout, stop, zone) + lanes.base, falls)


def _moved(dot: At, lane: float, zone: Zone) -> tuple[At, bool]:
    return (dot[0] + lane, dot[1]), dot[0] == zone.x and dot[1] > zone.top


def _hub(layout: Layout, stop: Stop, zone: Zone) -> float:
    """The height of the bridge, if one of the devices is a port of it."""
    place = layout.chart.place(stop.netns)
    for device in (stop.iif, *stop.outs):
        master = place.plug(device).master if device is not None else None
        if master is not None:
            bar = layout.bars[Point(stop.netns, master)]
            return bar.y + bar.height / 2
    return zone.middle


def inside(layout: Layout, stop: Stop, ys: Sequence[float], lanes: Lanes) -> list[list[At]]:
    """The lines of a stop; the notes about it are at the heights ``ys``."""
    way = passage(layout, stop, lanes)
    is_leaf = layout.cells[stop.netns].is_leaf
    if way.start is None:
        trunk = _beginning(layout, stop, ys, way, is_leaf=is_leaf)
    else:
        trunk = _entrance(way.start, ys, way, is_leaf=is_leaf)
    if not way.goals:
        return [trunk]
    if way.start is None and (is_leaf or way.falls):
        return [[*trunk, goal] for goal in way.goals]
    first, *others = [[(goal[0], way.hub), goal] for goal in way.goals]
    return [[*trunk, *first], *([*trunk[-1:], *other] for other in others)]


def _entrance(start: At, ys: Sequence[float], way: Passage, *, is_leaf: bool) -> list[At]:
    """From the device to the hub; where the way ends here, on to the last note."""
    if way.goals:
        return [start, (start[0], way.hub)]
    if ys and way.falls:
        return [start, (way.axis, min(ys))]
    if ys:
        return [start, (start[0], way.hub), (way.axis, way.hub), (way.axis, max(ys))]
    return [] if is_leaf else [start, (start[0], way.hub)]


def _beginning(layout: Layout, stop: Stop, ys: Sequence[float], way: Passage, *, is_leaf: bool) -> list[At]:
    """From where the packet was made to the hub, or to the foot of the axis; where it ends here, to the last note."""
    if is_leaf and ys and not way.goals:
        zone = layout.zones[stop.netns]
        feet = [y for point, (x, y) in layout.dots.items() if point.netns == stop.netns and x == zone.x]
        return [(way.axis, max([*feet, zone.bottom])), (way.axis, max(ys))]
    if is_leaf or way.falls:
        return [(way.axis, min(ys))] if ys else []
    return [(way.axis, max(ys)), (way.axis, way.hub)] if ys else [(way.axis, way.hub)]


def spur(layout: Layout, stop: Stop, ys: Sequence[float], lanes: Lanes) -> list[At]:
    """The tie between a way that passes above its notes and them; empty if it passes by them, or ends there."""
    way = passage(layout, stop, lanes)
    if way.start is None or not way.goals or not ys or way.falls:
        return []
    return [(way.axis, way.hub), (way.axis, max(ys))]
