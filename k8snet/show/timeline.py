"""A trace's steps as one story: a SYN that waits, the ARP that it waits for, the SYN again, the answer.

Of packets that are under way at once, the one that set out first is followed to its end, or until it waits. Sightings
know their place among all sightings; any other step happened right after the last sighting of its hop, or, where a
packet was made or had waited, right before the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from k8snet.linux.packet import Arp
from k8snet.linux.steps import Awaited, Captured, Step

if TYPE_CHECKING:
    from k8snet.linux.trace import Hop, Trace, TracedPacket


class Moment(NamedTuple):
    """One step, and whose: ``number`` counts the trace's packets from 0."""

    number: int
    hop: Hop
    step: Step


Key = tuple[float, int]
"""When: the number of a sighting, and 0 for what comes right before it, 1 for itself and what follows."""

LAST = (float("inf"), 0)


def timeline(trace: Trace) -> list[Moment]:
    """All steps, the earliest first, but a packet's from one wait to the next together."""
    seen = {id(captured): place for place, captured in enumerate(trace.captures)}
    starts = _starts(trace.packets, seen)
    stretches = [stretch for number, traced in enumerate(trace.packets)
                 for stretch in _stretches(sorted(_packet(number, traced, seen, starts), key=_when))]
    return [moment for stretch in sorted(stretches, key=lambda each: each[0][0]) for _, moment in stretch]


def _when(timed: tuple[Key, Moment]) -> Key:
    return timed[0]


def _stretches(timed: list[tuple[Key, Moment]]) -> Iterator[list[tuple[Key, Moment]]]:
    """One packet's moments, cut where it waited."""
    cuts = [place + 1 for place, ((_, moment), (_, following)) in enumerate(pairwise(timed))
            if isinstance(moment.step, Awaited) and not isinstance(following.step, Awaited)]
    yield from (timed[start:stop] for start, stop in pairwise([0, *cuts, len(timed)]) if timed)


def _starts(packets: list[TracedPacket], seen: dict[int, int]) -> list[Key]:
    """When each packet was made: before it was first seen, and before whatever was made later."""
    starts: list[Key] = []
    for traced in reversed(packets):
        stay = next(stays(traced.hops[0]), []) if traced.hops else []
        later = starts[-1] if starts else LAST
        starts.append(min(_first_sight(stay, seen) or later, later))
    return starts[::-1]


def _packet(number: int, traced: TracedPacket, seen: dict[int, int], starts: list[Key]) -> Iterator[tuple[Key, Moment]]:
    now = starts[number]
    for hop in traced.hops:
        for stay, before in zip(stays(hop), [None, *stays(hop)], strict=False):
            now = _first_sight(stay, seen) or (_end_of_wait(before, hop, starts) if before else now)
            for step in stay:
                now = (seen[id(step)], 1) if isinstance(step, Captured) else now
                yield now, Moment(number, hop, step)


def stays(hop: Hop) -> Iterator[list[Step]]:
    """A hop's steps, cut where the packet waited for a neighbour's answer."""
    cuts = [place + 1 for place, (step, following) in enumerate(pairwise(hop.steps))
            if isinstance(step, Awaited) and not isinstance(following, Awaited)]
    for start, stop in pairwise([0, *cuts, len(hop.steps)]):
        yield hop.steps[start:stop]


def _first_sight(stay: list[Step], seen: dict[int, int]) -> Key | None:
    return next(((seen[id(step)], 0) for step in stay if isinstance(step, Captured)), None)


def _end_of_wait(before: list[Step], hop: Hop, starts: list[Key]) -> Key:
    """When a packet that waited was given up: before its kernel complains, and after the last time that it asked."""
    packets = hop.traced.leg.trace.packets
    waited = before[-1]
    assert isinstance(waited, Awaited)
    asked: Key = starts[packets.index(hop.traced)]
    for traced, start in zip(packets, starts, strict=True):
        if start <= asked or not traced.hops or traced.hops[0].netns != hop.netns:
            continue
        if isinstance(traced.packet, Arp) and traced.packet.op == "request" and traced.packet.target_ip == waited.ip:
            asked = start
        elif traced.role == "reply":
            return start
    following = [start for start in starts if start > asked]
    return min(following, default=LAST)
