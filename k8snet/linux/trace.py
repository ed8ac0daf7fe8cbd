"""The record of what one question to the network set off.

    Trace ── legs ── packets ── hops ── steps

A leg is one connection, a packet one packet's whole way, a hop its stay in one network namespace, a step one thing
that a kernel did to it. Steps are facts: they hold evidence (the route, the rule, the connection), never a
sentence. Their kinds are in steps.py, the sentences in words.py, the pictures in show/. The record only grows, in
the order of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

from k8snet.linux.packet import REDIRECT, Arp, Frame, Packet
from k8snet.linux.steps import Asked, Captured, Delivered, Dropped, Matched, Rejected, Rewritten, Step

if TYPE_CHECKING:
    from k8snet.linux.log import Connect, Ping
    from k8snet.linux.world import World


class Hop:
    """One packet's stay in one network namespace; its steps are in the order in which they happened.

    ``iif`` and ``oif`` are the ends of the wires by which it came and left, None where it was made or ended here.
    ``add(step)`` notes what has just happened. ``asked`` has what each table was asked about, one for each of its verdicts.
    """

    __slots__ = ("_captures", "add", "asked", "iif", "netns", "oif", "steps", "traced")

    def __init__(self, traced: TracedPacket, netns: str, iif: str | None) -> None:
        self.traced = traced
        self.netns = netns
        self.iif = iif
        self.oif: str | None = None
        self.steps: list[Step] = []
        self.add = self.steps.append
        self.asked: list[Asked] = []
        self._captures = traced.leg.trace.captures

    def capture(self, device: str, direction: str, frame: Frame, now: float) -> None:
        """Note that a device saw the frame; it is a step, and a line of the trace's captures."""
        captured = Captured(self.netns, device, direction, frame, now)
        self.steps.append(captured)
        self._captures.append(captured)

    @property
    def rules(self) -> list[str]:
        """The rules that matched here, in iptables' own words."""
        return [f"-t {step.table} {step.rule}" for step in self.steps if isinstance(step, Matched)]

    @property
    def rewrites(self) -> list[Rewritten]:
        """What NAT changed here."""
        return [step for step in self.steps if isinstance(step, Rewritten)]

    def __repr__(self) -> str:
        way = f"{self.iif or 'local'} -> {self.oif or 'local'}"
        return f"<Hop {self.netns}: {way}, {len(self.steps)} steps>"


class TracedPacket:
    """One packet's whole way. ``role``: ``request`` (the asker's), ``reply`` (all that comes back) or ``arp``."""

    __slots__ = ("again", "hops", "leg", "packet", "role")

    def __init__(self, leg: Leg, packet: Packet | Arp, role: str, *, again: bool = False) -> None:
        self.leg = leg
        self.packet = packet
        self.role = role
        self.again = again
        """Whether it is a retransmission."""
        self.hops: list[Hop] = []

    def arrive(self, netns: str, iif: str | None = None) -> Hop:
        """Open the next hop: the packet is now in ``netns``, by its device ``iif`` (None: it was made there)."""
        hop = Hop(self, netns, iif)
        self.hops.append(hop)
        return hop

    def hop(self, netns: str) -> Hop:
        """The first hop in a network namespace; KeyError if the packet never was there."""
        for hop in self.hops:
            if hop.netns == netns:
                return hop
        raise KeyError(f"the packet was never in {netns!r}; it was in {', '.join(hop.netns for hop in self.hops)}")

    @property
    def steps(self) -> Iterator[Step]:
        """All steps of all hops."""
        return (step for hop in self.hops for step in hop.steps)

    @property
    def rewrites(self) -> list[Rewritten]:
        """What NAT changed, in order."""
        return [step for hop in self.hops for step in hop.rewrites]

    @property
    def end(self) -> Delivered | Rejected | Dropped | None:
        """The step that ended its way; None while it still travels, or when only bystanders heard it."""
        ends = [step for step in self.steps if isinstance(step, Delivered | Rejected | Dropped)]
        return min(ends, key=lambda step: (Delivered, Rejected, Dropped).index(type(step)), default=None)

    @property
    def fate(self) -> str:
        """``delivered``, ``rejected`` or ``dropped``."""
        end = self.end
        return "dropped" if end is None else type(end).__name__.lower()

    @property
    def reason(self) -> str | None:
        """Why it was not delivered: the rule, or the kernel's drop-reason word; None if it was."""
        end = self.end
        return None if end is None or isinstance(end, Delivered) else end.evidence or end.reason

    def __repr__(self) -> str:
        return f"<TracedPacket {self.role}: {self.fate}, {len(self.hops)} hops>"


class Leg:
    """One connection of a trace: ``protocol``, and all packets that belong to it, ARP among them.

    ``answered_by`` is the name of the app that took the request, ``seen_from`` the peer (address:port) that it saw.
    """

    __slots__ = ("answered_by", "packets", "protocol", "seen_from", "trace")

    def __init__(self, trace: Trace, protocol: str) -> None:
        self.trace = trace
        self.protocol = protocol
        self.packets: list[TracedPacket] = []
        self.answered_by: str | None = None
        self.seen_from: str | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Leg:
        """For a fork: what is still to come belongs to it, what has been told stays with the original."""
        memo[id(self)] = leg = copy(self)
        leg.packets, leg.trace = [], deepcopy(self.trace, memo)
        return leg

    def open(self, packet: Packet | Arp, role: str, *, again: bool = False) -> TracedPacket:
        """Start the record of a packet."""
        traced = TracedPacket(self, packet, role, again=again)
        self.packets.append(traced)
        return traced

    def __repr__(self) -> str:
        return f"<Leg {self.protocol}, {len(self.packets)} packets>"


class Trace:
    """All that one question to the network set off: one connect, ping, curl or dig.

    ``fate`` is what the asker's socket tells: ``delivered``, ``refused``, ``unreachable``, ``timeout``; with ``errno``
    and ``icmp`` (type, code) where there are any. ``print(trace)`` tells the story.
    """

    def __init__(self, world: World, question: Connect | Ping | None) -> None:
        self.world = world
        self.question = question
        self.log_position = len(world.log)
        """How much of the world's log came before the question."""
        self.has_woken = False
        """Whether it woke a machine (`World.when_touched`), which has not heard what had been sent by then."""
        self.started = self.ended = world.now
        self.legs: list[Leg] = []
        self.captures: list[Captured] = []
        self.main: Leg | None = None
        self.fate = "timeout"
        self.errno: str | None = None
        self.icmp: tuple[int, int] | None = None
        self.data = b""
        """What the answer carried."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Trace:
        memo[id(self)] = trace = copy(self)
        trace.legs, trace.captures, trace.main = [], [], None
        trace.world = deepcopy(self.world, memo)
        return trace

    def leg(self, protocol: str) -> Leg:
        """Open a new leg; the first one is the main one unless ``main`` says otherwise."""
        leg = Leg(self, protocol)
        self.legs.append(leg)
        self.main = self.main or leg
        return leg

    def end(self, fate: str, *, errno: str | None = None, icmp: tuple[int, int] | None = None) -> None:
        """Write down what the asker's socket tells."""
        self.fate, self.errno, self.icmp = fate, errno, icmp
        self.ended = self.world.now

    @property
    def packets(self) -> list[TracedPacket]:
        """All packets of all legs, ARP among them."""
        return [packet for leg in self.legs for packet in leg.packets]

    @property
    def answered_by(self) -> str | None:
        """The name of the app that answered; None if no answer came, or the kernel gave it (ping)."""
        return self.main.answered_by if self.main and self.fate == "delivered" else None

    @property
    def seen_from(self) -> str | None:
        """The peer, address:port, as the app that answered saw it."""
        return self.main.seen_from if self.main and self.fate == "delivered" else None

    @property
    def status(self) -> int | None:
        """The status code of an HTTP answer."""
        head = self.data.split(None, 2)[:2]
        return int(head[1]) if len(head) == 2 and head[0].startswith(b"HTTP/") and head[1].isdigit() else None

    @property
    def request(self) -> TracedPacket | None:
        """The first packet of the main leg: the SYN, the echo request, the query."""
        return self._first("request")

    @property
    def answer(self) -> TracedPacket | None:
        """The first packet that came back, or set out to; redirects are advice, not answers."""
        return self._first("reply")

    def _first(self, role: str) -> TracedPacket | None:
        for traced in self.main.packets if self.main else []:
            icmp = None if isinstance(traced.packet, Arp) else traced.packet.icmp
            if traced.role == role and (icmp is None or icmp.type != REDIRECT):
                return traced
        return None

    @property
    def hops(self) -> list[Hop]:
        """The request's hops."""
        return self.request.hops if self.request else []

    def hop(self, netns: str) -> Hop:
        """The request's first hop in a network namespace."""
        if self.request is None:
            raise KeyError(netns)
        return self.request.hop(netns)

    @property
    def rewrites(self) -> list[Rewritten]:
        """What NAT changed in the request, in order."""
        return self.request.rewrites if self.request else []

    @property
    def reason(self) -> str | None:
        """Why it was not delivered, where the deciding packet ended; None when it was."""
        if self.fate == "delivered" or self.main is None:
            return None
        ends = (traced.reason for traced in self.main.packets if traced.role != "arp" and not traced.again)
        return next((reason for reason in ends if reason is not None), None)

    def __str__(self) -> str:
        from k8snet.linux.words import story  # words are only needed when someone reads

        return story(self)

    @property
    def asked(self) -> str:
        """The question as it was typed, or the command line that asks the same; empty if there was none."""
        typed = self.world.log[self.log_position : self.log_position + 1]
        return str(typed[0] if typed else self.question or "")

    def __repr__(self) -> str:
        return f"<Trace {self.question}: {self.fate}>"
