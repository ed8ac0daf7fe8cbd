"""A trace as pandas tables: what observers saw, and what kernels did.

`frame` has one row for each sighting of a packet by a device, because that is what can be seen on a real machine and
what learners sort, filter and count; `steps` has one row for each thing that a kernel did, which only a model can show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.packet import Arp, Frame, Packet
from k8snet.linux.trace import Captured, Step, TracedPacket

if TYPE_CHECKING:
    import pandas

    from k8snet.linux.trace import Trace

CAPTURE_COLUMNS = ("time", "packet", "netns", "device", "direction", "proto", "src", "dst", "ttl", "info")
STEP_COLUMNS = ("packet", "role", "netns", "step", "detail")

_ICMP = {(0, 0): "echo reply", (8, 0): "echo request", (11, 0): "time exceeded", (5, 0): "redirect", (5, 1): "redirect",
         (3, 0): "net unreachable", (3, 1): "host unreachable", (3, 2): "protocol unreachable", (3, 3): "port unreachable",
         (3, 4): "fragmentation needed", (3, 13): "prohibited"}


def frame(trace: Trace) -> pandas.DataFrame:
    """What tcpdump on every device would have seen: one row for each sighting, in order, ARP included.

    ``time`` is in seconds of the world's clock. ``packet`` counts the trace's packets from 1: rows with the same
    number are one packet on its way. ``src`` and ``dst`` have the port where there is one (in ARP: who asks, and about
    whom). ``ttl`` is missing in ARP. ``info`` is the rest in brief, never longer than pandas shows. A long table is
    shortened in the middle when shown: filter it (``t[t.netns == "node-a"]``) or ask for ``t.head(20)``.
    ImportError without pandas.

    >>> from k8snet.linux.trace import Trace
    >>> frame(Trace()).columns.tolist()
    ['time', 'packet', 'netns', 'device', 'direction', 'proto', 'src', 'dst', 'ttl', 'info']
    """
    import pandas

    numbers = _numbers(trace)
    rows = [_sighting(captured, numbers[id(captured)]) for captured in trace.captures]
    return pandas.DataFrame(rows, columns=list(CAPTURE_COLUMNS)).astype({"ttl": "Int64"})


def steps(trace: Trace) -> pandas.DataFrame:
    """What the kernels did: one row for each step of each packet, packet after packet.

    ``step`` is the step's kind in lower case (``routed``, ``matched``, ``rewritten``, …), ``detail`` its evidence.
    ImportError without pandas.

    >>> from k8snet.linux.trace import Trace
    >>> len(steps(Trace()))
    0
    """
    import pandas

    rows = [(number, traced.role, hop.netns, type(step).__name__.lower(), detail(step))
            for number, traced in enumerate(trace.packets, 1) for hop in traced.hops for step in hop.steps]
    return pandas.DataFrame(rows, columns=list(STEP_COLUMNS))


def _numbers(trace: Trace) -> dict[int, int]:
    """The number of the packet that each capture belongs to, by the capture's identity: equal ones may be two."""
    return {id(step): number for number, traced in enumerate(trace.packets, 1) for step in traced.steps}


def _sighting(captured: Captured, number: int) -> tuple[object, ...]:
    payload = captured.frame.payload
    where = (captured.now, number, captured.netns, captured.device, captured.direction)
    if isinstance(payload, Arp):
        return (*where, "arp", str(payload.sender_ip), str(payload.target_ip), None, info(captured.frame))
    return (*where, payload.proto, _end(payload, payload.src, payload.sport), _end(payload, payload.dst, payload.dport),
            payload.ttl, info(captured.frame))


def _end(packet: Packet, ip: int, port: int) -> str:
    return f"{ip}:{port}" if port and not packet.offset else str(ip)


def info(frame: Frame) -> str:
    """A frame in brief: ARP's question or answer, ICMP's message, TCP's flags, the length of the data."""
    payload = frame.payload
    if isinstance(payload, Arp):
        asks = payload.op == "request"
        return f"who has {payload.target_ip}?" if asks else f"{payload.sender_ip} is at {payload.sender_mac}"
    words = []
    if payload.icmp is not None:
        kind = (payload.icmp.type, payload.icmp.code)
        words.append(_ICMP.get(kind, f"type {kind[0]} code {kind[1]}"))
        words += [f"id {payload.icmp.id} seq {payload.icmp.seq}"] * (kind in ((0, 0), (8, 0)))
    words += [f"[{payload.flags}]"] * bool(payload.flags)
    words += [f"fragment at {payload.offset}"] * payload.is_fragment
    words += [f"{len(payload.data)} bytes"] * (bool(payload.data) and payload.icmp is None)
    return " ".join(words)


def detail(step: Step) -> str:
    """A step's evidence, as ``name=value``; what is nested in it in brief."""
    if isinstance(step, Captured):
        return f"{step.device} {step.direction}: {info(step.frame)}"
    return " ".join(f"{name}={_brief(getattr(step, name))}" for name in step.__struct_fields__)


def _brief(value: object) -> str:
    if isinstance(value, Packet):
        return f"{_end(value, value.src, value.sport)}>{_end(value, value.dst, value.dport)}"
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return ",".join(map(str, value))
    return str(value)


__all__ = ["frame", "steps"]
