"""A traced journey against a hand-unrolled one that does nothing but append as many slotted records.

The journey is a ping from a pod to a pod on the other node of the course's figure, there and back, with warm neighbour
tables. A record is a packet, a hop (its stay in one network namespace) or a step.
"""

from __future__ import annotations

from typing import Any

from benchmarks.timing import Act, Figures, in_turns
from k8snet.course.figure import whole
from k8snet.linux import Trace


class Record:
    """A record as small as a capture's: five fields in slots."""

    __slots__ = ("device", "direction", "frame", "netns", "now")

    def __init__(self, netns: str, device: str, direction: str, frame: object, now: float) -> None:
        self.netns = netns
        self.device = device
        self.direction = direction
        self.frame = frame
        self.now = now


def figures() -> Figures:
    """The journey's records per second, as a share of the hand-unrolled one's."""
    world = whole()
    world.ping("pod-a", "10.1.2.2")
    count = records(world.ping("pod-a", "10.1.2.2"))

    def traced() -> None:
        world.traces.clear()
        world.ping("pod-a", "10.1.2.2")

    ours, floor = in_turns(traced, unrolled(count))
    yield (f"a traced ping across both nodes, {count} records ({count / ours / 1e6:.2f} million a second)",
           "as many slotted records appended by hand", floor / ours)


def records(trace: Trace) -> int:
    """How many records a trace consists of."""
    return sum(1 + len(packet.hops) + sum(len(hop.steps) for hop in packet.hops) for packet in trace.packets)


def unrolled(count: int) -> Act:
    """A function of ``count`` lines, each of which appends one record."""
    line = "    append(Record('node-a', 'br0', 'in', None, 0.0))\n"
    scope: dict[str, Any] = {"Record": Record}
    exec(f"def journey():\n    record = []\n    append = record.append\n{line * count}    return record\n", scope)
    journey: Act = scope["journey"]
    return journey
