"""What a packet's record says about its way, stop by stop: where it came in, went out, was rewritten, and ended.

Only the way that led somewhere counts: copies of a flooded frame that nobody wanted are left out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from k8snet.linux.fact import Fact
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.steps import (
    Awaited,
    Bridged,
    Captured,
    Decapsulated,
    Delivered,
    Dropped,
    Encapsulated,
    Forwarded,
    Ignored,
    Rejected,
    Rewritten,
)
from k8snet.linux.trace import Hop, Trace, TracedPacket
from k8snet.show.cell import Note
from k8snet.show.chart import Chart, Point

NOTE_LETTERS = 26
"""The longest line of a note beside a mark."""

Ending = Delivered | Dropped | Rejected


class Stop(Fact, frozen=True):
    """A stay in one namespace. ``iif`` is None where the packet was made, ``outs`` are the devices that it left by."""

    number: int
    netns: str
    iif: str | None
    outs: tuple[str, ...]
    how: str = ""
    """``bridged`` or ``routed``, if it went through."""
    rewrites: tuple[Rewritten, ...] = ()
    unwrapped: tuple[Decapsulated, ...] = ()
    wrapped: tuple[Encapsulated, ...] = ()
    end: Ending | None = None


class Journey(Fact, frozen=True):
    """A packet's whole way. ``role``: request or reply."""

    role: str
    packet: Packet | Arp
    stops: tuple[Stop, ...]


def journeys(trace: Trace, chart: Chart) -> list[Journey]:
    """The request and the reply that decided the question's fate, their stops numbered from 1 on."""
    found: list[Journey] = []
    for traced in (_deciding(trace, "request"), _deciding(trace, "reply")):
        if traced is not None:
            first = 1 + sum(len(journey.stops) for journey in found)
            journey = follow(traced, chart, first)
            if journey.role == "request" or len({stop.netns for stop in journey.stops}) > 1:
                found.append(journey)  # an answer that a kernel gives to its own socket is on no wire
    return found


def unanswered(trace: Trace, chart: Chart) -> Journey | None:
    """The first ARP request for a neighbour whose silence decided the fate, with all who heard it."""
    lost = next((traced for traced in trace.packets if traced.reason == "NEIGH_FAILED"), None)
    awaited = [step.ip for step in lost.steps if isinstance(step, Awaited)] if lost is not None else []
    for traced in trace.packets:
        if isinstance(traced.packet, Arp) and [traced.packet.target_ip] == awaited[-1:]:
            return follow(traced, chart, bystanders=True)
    return None


def follow(traced: TracedPacket, chart: Chart, first: int = 1, *, bystanders: bool = False) -> Journey:
    """One packet's way, its stops numbered from ``first`` on."""
    hops = [hop for hop in traced.hops if bystanders or not _was_ignored(hop)]
    role = "reply" if traced.role == "reply" else "request"
    stops = tuple(_stop(number, hop, hops, chart) for number, hop in enumerate(hops, first))
    return Journey(role, traced.packet, stops)


def _deciding(trace: Trace, role: str) -> TracedPacket | None:
    """The first packet in that direction; where the question failed, and it was there that one first got lost, that one.

    What got lost later is a consequence: a RST, say, for an answer that came from the wrong address.
    """
    lost = _first_lost(trace) if trace.fate != "delivered" else None
    if lost is not None and lost.role == role:
        return lost
    return trace.request if role == "request" else trace.answer


def _first_lost(trace: Trace) -> TracedPacket | None:
    packets = trace.main.packets if trace.main is not None else []
    ours = (traced for traced in packets if traced.role in ("request", "reply") and not traced.again)
    return next((traced for traced in ours if traced.fate != "delivered"), None)


def _was_ignored(hop: Hop) -> bool:
    """Whether a copy of the frame came here and no further."""
    went_on = any(isinstance(step, Delivered | Dropped | Rejected) or _is_out(step) for step in hop.steps)
    return not went_on and any(isinstance(step, Ignored) for step in hop.steps)


def _is_out(step: object) -> bool:
    return isinstance(step, Captured) and step.direction == "out" and step.device != "lo"


def _stop(number: int, hop: Hop, hops: list[Hop], chart: Chart) -> Stop:
    outs = [step.device for step in hop.steps if isinstance(step, Captured) and _is_out(step)]
    wired = [device for device in dict.fromkeys(outs) if chart.far_end(Point(hop.netns, device)) is not None]
    arrived = {(other.netns, other.iif) for other in hops}
    taken = [device for device in wired if _far(chart, hop.netns, device) in arrived] or wired
    ends = [step for step in hop.steps if isinstance(step, Delivered | Dropped | Rejected)]
    unwrapped = tuple(step for step in hop.steps if isinstance(step, Decapsulated))
    wrapped = tuple(step for step in hop.steps if isinstance(step, Encapsulated))
    end = ends[0] if ends else None
    return Stop(number, hop.netns, hop.iif, tuple(taken), _how(hop), tuple(hop.rewrites), unwrapped, wrapped, end)


def _how(hop: Hop) -> str:
    if any(isinstance(step, Forwarded) for step in hop.steps):
        return "routed"
    return "bridged" if any(isinstance(step, Bridged) and step.how != "local" for step in hop.steps) and hop.iif else ""


def _far(chart: Chart, netns: str, device: str) -> tuple[str, str | None]:
    far = chart.far_end(Point(netns, device))
    return (far.netns, far.device) if far else ("", None)


def notes(stop: Stop) -> Iterator[Note]:
    """What stands beside the way at a stop."""
    for out in stop.unwrapped:
        yield Note("tunnel", ("unwrapped", f"← {out.outer.src}"))
    for rewrite in stop.rewrites:
        yield Note("nat", ("NAT undone" if rewrite.target == "reply" else rewrite.target, *_short(rewrite)))
    for into in stop.wrapped:
        yield Note("tunnel", ("wrapped", f"→ {into.outer.dst}"))
    if isinstance(stop.end, Dropped | Rejected):
        yield Note("cross", (*_wrap(verdict(stop.end)), *_wrap(stop.end.evidence or stop.end.reason)))


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, NOTE_LETTERS, break_on_hyphens=False)


def _short(rewrite: Rewritten) -> list[str]:
    return [part for old, new in changes(rewrite).values() for part in (old, f"→ {new}")] or ["in what ICMP quotes"]


def changes(rewrite: Rewritten) -> dict[str, tuple[str, str]]:
    """Which end of the packet was rewritten (``src``, ``dst``): from what to what."""
    before, after = rewrite.before, rewrite.after
    ends = {"src": (source(before), source(after)), "dst": (target(before), target(after))}
    return {end: pair for end, pair in ends.items() if pair[0] != pair[1]}


def source(packet: Packet) -> str:
    """Where a packet comes from: address, and port if it has one."""
    return f"{packet.src}:{packet.sport}" if packet.sport else str(packet.src)


def target(packet: Packet) -> str:
    """Where a packet goes: address, and port if it has one."""
    return f"{packet.dst}:{packet.dport}" if packet.dport else str(packet.dst)


def verdict(end: Dropped | Rejected) -> str:
    """How it ended: ``dropped``, or ``rejected`` with the answer."""
    return "dropped" if isinstance(end, Dropped) else f"rejected with {end.answer}"
