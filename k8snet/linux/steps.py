"""Steps: what a kernel can do to a packet, each kind with its evidence.

A step is a fact: it holds the route that was chosen, the rule that matched, the connection, the packet before and after;
never a sentence. The sentences are in words.py, one for each kind, and the record that the steps make up is in trace.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact
from k8snet.linux.packet import Arp, Frame, Packet

if TYPE_CHECKING:
    from k8snet.linux.conntrack import Tuple
    from k8snet.linux.netfilter import Table
    from k8snet.linux.route import Lookup


class Step(Fact, frozen=True):
    """One thing that a kernel did to a packet; each kind adds its evidence."""


class Captured(Step, frozen=True):
    """A device saw the frame, as tcpdump on it would: ``direction`` is ``in`` or ``out``, ``now`` in seconds."""

    netns: str
    device: str
    direction: str
    frame: Frame
    now: float

    @property
    def packet(self) -> Packet | Arp:
        """What the frame carries."""
        return self.frame.payload


class Learned(Step, frozen=True):
    """A bridge noted behind which port a MAC address lives."""

    bridge: str
    mac: str
    port: str


class Bridged(Step, frozen=True):
    """A bridge chose ports. ``how``: ``forward`` (known MAC), ``flood`` (unknown or broadcast), ``local`` (itself)."""

    bridge: str
    mac: str
    ports: tuple[str, ...]
    how: str


class Routed(Step, frozen=True):
    """A route lookup for ``dst``; ``lookup`` says what was chosen, or the error."""

    dst: Ip
    lookup: Lookup


class Tracked(Step, frozen=True):
    """conntrack looked at the packet: its ``ctstate``, and the two tuples of its connection (None if it has none)."""

    ctstate: str
    reply: bool
    original: Tuple | None = None
    replied: Tuple | None = None


class Matched(Step, frozen=True):
    """A rule matched: the ``number``-th of its chain, counted from 1; ``rule`` in iptables' own words."""

    hook: str
    table: str
    chain: str
    number: int
    rule: str
    target: str


class Judged(Step, frozen=True):
    """A table's last word at a hook, after ``tried`` rules: ``verdict`` is ACCEPT, DROP, REJECT, QUEUE."""

    hook: str
    table: str
    chain: str
    verdict: str
    tried: int


class Asked(Fact, frozen=True):
    """What a table at a hook was asked about: the ``packet`` as it was, and what the kernel had noted on it by then.

    Not a step: it is kept beside the steps of a hop, one for each `Judged`, and from both the whole walk can be told again
    (walks.py). ``rules`` is the table of that time: a command puts another one in force and leaves this one as it is.
    """

    rules: Table
    packet: Packet
    iif: str | None
    oif: str | None
    physin: str | None
    physout: str | None
    mark: int
    ctstate: str
    reply: bool
    translated: tuple[str, ...] | None
    """Which ends of its connection NAT has changed (``src``, ``dst``); None if it has no connection."""


class Rewritten(Step, frozen=True):
    """NAT changed the packet. ``target``: DNAT, SNAT, MASQUERADE, REDIRECT, or ``reply`` when it undoes one of these."""

    hook: str
    target: str
    before: Packet
    after: Packet


class Forwarded(Step, frozen=True):
    """The router lowered the TTL to ``ttl``."""

    ttl: int


class Fragmented(Step, frozen=True):
    """The packet was cut into ``pieces`` to fit a device's MTU."""

    mtu: int
    pieces: int


class Resolved(Step, frozen=True):
    """The neighbour table knew the MAC address of ``ip``, in ``state``."""

    device: str
    ip: Ip
    mac: str
    state: str


class Awaited(Step, frozen=True):
    """The neighbour table did not know ``ip``: the packet waits while ARP asks."""

    device: str
    ip: Ip


class Encapsulated(Step, frozen=True):
    """A VXLAN device wrapped the frame into the UDP packet ``outer``; from here on the steps are the UDP packet's."""

    device: str
    outer: Packet


class Decapsulated(Step, frozen=True):
    """The frame was taken out of the UDP packet ``outer``, and came in by a VXLAN device; the steps are its own again."""

    device: str
    outer: Packet


class Marked(Step, frozen=True):
    """A rule wrote the packet's mark."""

    before: int
    after: int


class Logged(Step, frozen=True):
    """A LOG rule wrote a line to the kernel's log."""

    prefix: str


class Delivered(Step, frozen=True):
    """The packet reached a socket, or the kernel's own answerer (``owner``: an app's name, or ``kernel``)."""

    proto: str
    port: int
    owner: str


class Dropped(Step, frozen=True):
    """The packet's end, in silence. ``reason``: the kernel's drop-reason word; ``evidence``: the rule, where one did it."""

    reason: str
    evidence: str = ""


class Rejected(Step, frozen=True):
    """The packet's end, with an ``answer`` to its sender (``RST``, or the ICMP error's name)."""

    reason: str
    answer: str
    evidence: str = ""


class Ignored(Step, frozen=True):
    """A copy of a flooded frame ended where it was not meant for anyone."""

    reason: str
