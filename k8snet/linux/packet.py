"""What travels: frames, and in them ARP messages and IPv4 packets. Facts only; nothing here decides.

A `Skb` is the exception that proves the rule: it is a packet inside one kernel, with the notes that this kernel
sticks to it (its mark, its route, its connection), and it changes on its way. Named after the kernel's struct
sk_buff. Headers after RFC 791 (IPv4), 792 (ICMP), 826 (ARP), 9293 (TCP).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import BROADCAST_MAC, Ip
from k8snet.linux.fact import Fact

if TYPE_CHECKING:
    from k8snet.linux.conntrack import Conn
    from k8snet.linux.device import Device
    from k8snet.linux.netns import Netns
    from k8snet.linux.route import Lookup
    from k8snet.linux.trace import Hop

PROTOCOL_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "sctp": 132}
HEADER_BYTES = {"icmp": 8, "tcp": 20, "udp": 8, "sctp": 12}

OWN_TTL = 0
"""The TTL of a packet that a kernel makes by itself, until `stack.send` writes its namespace's own."""

ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 5, 8, 11
ICMP_ERRORS = frozenset({UNREACHABLE, REDIRECT, TIME_EXCEEDED})
"""Messages about another packet, which they quote."""


class Icmp(Fact, frozen=True):
    """An ICMP header. ``id`` and ``seq`` belong to echoes, ``quote`` (the packet complained about) to errors."""

    type: int
    code: int = 0
    id: int = 0
    seq: int = 0
    mtu: int = 0
    gateway: Ip | None = None
    quote: Packet | None = None

    @property
    def is_error(self) -> bool:
        """Whether this is about another packet."""
        return self.type in ICMP_ERRORS


class Packet(Fact, frozen=True):
    """An IPv4 packet with what it carries.

    ``flags`` are TCP's as tcpdump prints them (``S``, ``S.``, ``.``, ``P.``, ``F.``, ``R``, ``R.``). A fragment has
    an ``offset`` in bytes, or ``more`` to follow. ``inner`` is what a VXLAN packet carries.

    >>> Packet(Ip("10.1.1.1"), Ip("10.1.2.2"), "tcp", sport=40000, dport=80, flags="S").length
    40
    """

    src: Ip
    dst: Ip
    proto: str
    sport: int = 0
    dport: int = 0
    flags: str = ""
    ttl: int = 64
    icmp: Icmp | None = None
    data: bytes = b""
    seq: int = 0
    ack: int = 0
    df: bool = False
    id: int = 0
    tos: int = 0
    offset: int = 0
    more: bool = False
    inner: Inner | None = None

    @property
    def length(self) -> int:
        """Bytes of the whole packet: IPv4 header, transport header, data; in an ICMP error its quotation, in VXLAN its frame."""
        if self.icmp is not None and self.icmp.quote is not None:
            return 28 + quoted_bytes(self.icmp.quote)
        if self.inner is not None:
            return 36 + self.inner.frame.length
        header = 0 if self.offset else HEADER_BYTES.get(self.proto, 0)
        return 20 + header + len(self.data)

    @property
    def payload_length(self) -> int:
        """Bytes behind the IPv4 header."""
        return self.length - 20

    @property
    def is_fragment(self) -> bool:
        """Whether this is a piece of a larger packet."""
        return self.more or self.offset > 0


def quoted_bytes(packet: Packet) -> int:
    """How much of a packet an ICMP error quotes: all, up to 576 bytes in the whole error (RFC 1812, 4.3.2.3)."""
    return min(packet.length, 576 - 28)


class Arp(Fact, frozen=True):
    """An ARP message; ``op`` is ``request`` or ``reply``."""

    op: str
    sender_mac: str
    sender_ip: Ip
    target_mac: str
    target_ip: Ip


class Frame(Fact, frozen=True):
    """An Ethernet frame: what is on a wire."""

    src: str
    dst: str
    payload: Packet | Arp

    @property
    def is_broadcast(self) -> bool:
        """Whether it is for everyone on the wire."""
        return self.dst == BROADCAST_MAC

    @property
    def length(self) -> int:
        """Bytes, without preamble and checksum, and without padding, as tcpdump counts on a veth."""
        return 14 + (28 if isinstance(self.payload, Arp) else self.payload.length)


class Inner(Fact, frozen=True):
    """What a VXLAN packet carries behind its UDP header: the number of the virtual network, and a frame of it (RFC 7348)."""

    vni: int
    frame: Frame


class Skb:
    """A packet inside one kernel, with the notes that this kernel sticks to it.

    They end at the border of the network namespace: a wire carries the frame and nothing else.

    ``iif`` and ``oif`` are the devices by which it came in and goes out; ``physin`` and ``physout`` the bridge ports
    behind them. ``ctinfo`` and ``reply`` say what the packet is to its connection ``conn``. Of a packet that iptables sees
    on a bridge, ``has_prerouted`` says that PREROUTING is done, ``bridged`` that it only waits for the MAC address of its
    new receiver, ``src_mac`` who sent it, ``dst_mac`` whom to, ``other_host`` that its frame was not for this machine.
    """

    oif: Device | None = None
    physin: Device | None = None
    physout: Device | None = None
    mark = 0
    route: Lookup | None = None
    conn: Conn | None = None
    ctinfo = ""
    reply = False
    src_mac = ""
    dst_mac = ""
    bridged = False
    other_host = False
    has_prerouted = False
    errno: str | None = None
    """What its sender is told if it does not get out; None: EPERM."""

    def __init__(self, netns: Netns, packet: Packet, hop: Hop, *, iif: Device | None = None) -> None:
        self.netns = netns
        self.packet = packet
        self.hop = hop
        self.iif = iif

    def clone(self) -> Skb:
        """The same packet with the same notes, for a copy that goes another way."""
        twin = Skb.__new__(Skb)
        twin.__dict__.update(self.__dict__)
        return twin
