"""A trace as pandas tables: what observers saw, and what kernels did.

`frame` has one row for each sighting of a packet by a device, because that is what can be seen on a real machine and
what learners sort, filter and count; `steps` has one row for each thing that a kernel did, which only a model can show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.icmp import name_of
from k8snet.linux.packet import ECHO_REPLY, ECHO_REQUEST, Arp, Frame, Packet
from k8snet.linux.words import segment, sentence

if TYPE_CHECKING:
    import pandas

    from k8snet.linux.steps import Captured
    from k8snet.linux.trace import Trace

CAPTURE_COLUMNS = ("time", "packet", "netns", "device", "direction", "proto", "src", "dst", "ttl", "what", "src_mac", "dst_mac")
STEP_COLUMNS = ("packet", "role", "netns", "step", "detail")


def frame(trace: Trace) -> pandas.DataFrame:
    """What tcpdump on every device would have seen: one row for each sighting, in order, ARP included.

    ``time`` is in seconds of the world's clock. ``packet`` counts the trace's packets from 1: rows with the same
    number are one packet on its way. ``src`` and ``dst`` have the port where there is one (in ARP: who asks, and about
    whom). ``ttl`` is missing in ARP. ``what`` is the rest in brief, never longer than pandas shows. ``src_mac`` and
    ``dst_mac`` are the frame's. A long or wide table is shortened in the middle when shown: filter it
    (``t[t.netns == "node-a"]``, ``t[["netns", "device", "ttl"]]``), or print ``t.to_string()``. ImportError without pandas.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip link set lo up")
    >>> print(frame(w.ping("root", "127.0.0.1")).loc[:, "device":"src_mac"].to_string(index=False))
    device direction proto       src       dst  ttl                     what           src_mac
        lo       out  icmp 127.0.0.1 127.0.0.1   64 echo request 1, 56 bytes 00:00:00:00:00:00
        lo        in  icmp 127.0.0.1 127.0.0.1   64 echo request 1, 56 bytes 00:00:00:00:00:00
        lo       out  icmp 127.0.0.1 127.0.0.1   64   echo reply 1, 56 bytes 00:00:00:00:00:00
        lo        in  icmp 127.0.0.1 127.0.0.1   64   echo reply 1, 56 bytes 00:00:00:00:00:00
    """
    import pandas

    numbers = _numbers(trace)
    rows = [_sighting(captured, numbers[id(captured)]) for captured in trace.captures]
    return pandas.DataFrame(rows, columns=list(CAPTURE_COLUMNS)).astype({"ttl": "Int64"})


def steps(trace: Trace) -> pandas.DataFrame:
    """What the kernels did: one row for each step of each packet, packet after packet.

    ``step`` is the step's kind in lower case (``routed``, ``matched``, ``rewritten``, …), ``detail`` what it says in
    the story that ``print(trace)`` tells. pandas shortens long details when it shows them; ``.to_string()`` does not.
    ImportError without pandas.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip link set lo up")
    >>> steps(w.ping("root", "127.0.0.1")).step.head(3).tolist()
    ['routed', 'captured', 'captured']
    """
    import pandas

    rows = [(number, traced.role, hop.netns, type(step).__name__.lower(), sentence(step))
            for number, traced in enumerate(trace.packets, 1) for hop in traced.hops for step in hop.steps]
    return pandas.DataFrame(rows, columns=list(STEP_COLUMNS))


def _numbers(trace: Trace) -> dict[int, int]:
    """The number of the packet that each capture belongs to, by the capture's identity: equal ones may be two."""
    return {id(step): number for number, traced in enumerate(trace.packets, 1) for step in traced.steps}


def _sighting(captured: Captured, number: int) -> tuple[object, ...]:
    frame = captured.frame
    where = (captured.now, number, captured.netns, captured.device, captured.direction)
    return (*where, *_payload(frame.payload), brief(frame), frame.src, frame.dst)


def _payload(payload: Packet | Arp) -> tuple[object, ...]:
    if isinstance(payload, Arp):
        return "arp", str(payload.sender_ip), str(payload.target_ip), None
    src, dst = _end(payload, payload.src, payload.sport), _end(payload, payload.dst, payload.dport)
    return payload.proto, src, dst, payload.ttl


def _end(packet: Packet, ip: int, port: int) -> str:
    return f"{ip}:{port}" if port and not packet.offset else str(ip)


def brief(frame: Frame) -> str:
    """A frame in brief: ARP's question or answer, ICMP's message, TCP's kind of segment, the length of the data.

    Of a VXLAN packet: the number of its network, and in brief the frame that it carries.
    """
    payload = frame.payload
    if isinstance(payload, Arp):
        asks = payload.op == "request"
        return f"who has {payload.target_ip}?" if asks else f"{payload.sender_ip} is at {payload.sender_mac}"
    words = [segment(payload)] * bool(payload.flags)
    if payload.icmp is not None:
        echo = {ECHO_REQUEST: "echo request", ECHO_REPLY: "echo reply"}.get(payload.icmp.type)
        words.append(f"{echo} {payload.icmp.seq}" if echo else name_of(payload.icmp.type, payload.icmp.code))
    words += [f"fragment at {payload.offset}"] * payload.is_fragment
    words += [f"{len(payload.data)} bytes"] * bool(payload.data)
    words += [f"VXLAN {payload.inner.vni}: {brief(payload.inner.frame)}"] if payload.inner else []
    return ", ".join(words)
