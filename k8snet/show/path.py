"""A packet's way on the map: stops numbered, request solid and reply dashed, NAT and the end where they happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.log import ROOT
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.steps import Delivered, Dropped, Rejected
from k8snet.show.cell import Note, Notes
from k8snet.show.chart import Point, read
from k8snet.show.figure import Figure
from k8snet.show.journey import Journey, Stop, changes, journeys, source, target, unanswered, verdict
from k8snet.show.layout import Layout, lay_out
from k8snet.show.legend import draw_legend
from k8snet.show.scene import Sketch
from k8snet.show.way import crowded, draw_journey, draw_question, stop_notes

if TYPE_CHECKING:
    from k8snet.linux.trace import Trace
    from k8snet.linux.world import World


def path(trace: Trace, world: World | None = None, title: str | None = None) -> Figure:
    """Draw the map of the world with the way of the trace's request and of its reply.

    Where the question failed, the packets drawn are those that decided it. ``world`` is the one in which the question
    was asked unless another is given; the map shows it as it is now. ``title`` should be the sentence that the figure
    proves. ValueError for a trace without a packet.
    """
    if trace.request is None:
        raise ValueError(f"there is no way to draw: {trace!r} has no packet")
    at_home = any(hop.netns == ROOT for traced in trace.packets for hop in traced.hops)
    chart = read(world or trace.world, with_root=at_home)
    ways = journeys(trace, chart)
    question = unanswered(trace, chart)
    title = title or sentence(trace, ways, question)
    bare, crowds = lay_out(chart), crowded(ways, chart)
    layout = lay_out(chart, {place.name: _notes(bare, place.name, ways, crowds) for place in chart.places})
    sketch = Sketch(layout, title)
    if question is not None:
        draw_question(sketch, question)
    for journey in ways:
        draw_journey(sketch, journey)
    draw_legend(sketch)
    return Figure(sketch.finish(), words(ways, question, title))


def _notes(layout: Layout, name: str, ways: list[Journey], crowds: set[Point]) -> Notes:
    """The notes of one namespace, and the device at whose wire they stand: the first below that a packet used."""
    sides: dict[str, list[Note]] = {"request": [], "reply": []}
    axis = None
    for journey in ways:
        for stop in (stop for stop in journey.stops if stop.netns == name):
            sides[journey.role] += stop_notes(stop, layout.chart.place(name).kind, layout.sides)
            used = [device for device in (stop.iif, *stop.outs) if device is not None]
            axis = axis or next((device for device in used if layout.sides.get(Point(name, device)) == "down"), None)
    return Notes(sides["request"], sides["reply"], axis, {point.device for point in crowds if point.netns == name})


# --- words -------------------------------------------------------------------------------------------------------


def sentence(trace: Trace, ways: list[Journey], question: Journey | None) -> str:
    """What the figure proves."""
    request = ways[0]
    assert isinstance(request.packet, Packet)
    asker, goal = request.stops[0].netns, target(request.packet)
    if question is not None and isinstance(question.packet, Arp):
        return f"{asker} does not reach {goal}: nobody answers the ARP request for {question.packet.target_ip}"
    for journey in ways:
        lost = next((stop for stop in journey.stops if isinstance(stop.end, Dropped | Rejected)), None)
        if lost is not None and trace.fate != "delivered":
            verb = "drops" if isinstance(lost.end, Dropped) else "rejects"
            what = "the request" if journey.role == "request" else "the reply"
            return f"{asker} does not reach {goal}: {lost.netns} {verb} {what}"
    if trace.fate != "delivered":
        return f"{asker} does not reach {goal}: {trace.fate}"
    for stop in request.stops:
        for rewrite in stop.rewrites:
            if "dst" in changes(rewrite):
                return f"{asker} reaches {goal}, which {stop.netns} turns into {target(rewrite.after)}"
    between = list(dict.fromkeys(stop.netns for stop in request.stops[1:-1]))
    return f"{asker} reaches {goal}" + (f" by way of {_listed(between)}" if between else "")


def words(ways: list[Journey], question: Journey | None, title: str) -> str:
    """The figure in words: each packet, and a line for each of its stops."""
    lines = [title]
    if question is not None and isinstance(question.packet, Arp):
        heard = list(dict.fromkeys(stop.netns for stop in question.stops[1:]))
        lines.append(f"ARP: who has {question.packet.target_ip}? heard in {_listed(heard)}, answered by nobody")
    for journey in ways:
        packet = journey.packet
        assert isinstance(packet, Packet)
        lines.append(f"{journey.role}: {packet.proto} {source(packet)} → {target(packet)}")
        for stop in journey.stops:
            lines += _describe(stop)
    return "\n".join(lines)


def _describe(stop: Stop) -> list[str]:
    facts = [f"in {stop.iif}"] * bool(stop.iif) + [stop.how] * bool(stop.how)
    facts += [f"out {', '.join(stop.outs)}"] * bool(stop.outs)
    if isinstance(stop.end, Delivered):
        facts.append(f"delivered to {stop.end.owner}")
    lines = [f"  {stop.number} {stop.netns}: {', '.join(facts)}".rstrip(": ")]
    lines += [f"    ■ {step.device} unwraps the packet from {step.outer.src}" for step in stop.unwrapped]
    for rewrite in stop.rewrites:
        how = "NAT undone" if rewrite.target == "reply" else rewrite.target
        pairs = "; ".join(f"{end} {old} → {new}" for end, (old, new) in changes(rewrite).items())
        pairs = pairs or "in what the ICMP message quotes"
        lines.append(f"    ◆ {how} in {rewrite.hook}: {pairs}")
    lines += [f"    ■ {step.device} wraps the packet for {step.outer.dst}" for step in stop.wrapped]
    if isinstance(stop.end, Dropped | Rejected):
        lines.append(f"    × {verdict(stop.end)}: {stop.end.evidence or stop.end.reason}")
    return lines


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "no namespace"
    return f"{', '.join(names[:-1])} and {names[-1]}"
