"""Connection tracking: to which connection a packet belongs, what it is to it, and for how long that is remembered.

A connection is two tuples: ``original``, as its first packet came, and ``reply``, as its answers will come. NAT, which
stands on that, is in nat.py; the states of TCP are in tcpstate.py. Sources: net/netfilter/nf_conntrack_core.c and
nf_conntrack_proto_*.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from k8snet.linux import tcpstate
from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact
from k8snet.linux.packet import ECHO_REPLY, ECHO_REQUEST, Icmp, Packet, Skb
from k8snet.linux.steps import Tracked

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

ICMP_ANSWERS = {ECHO_REQUEST: ECHO_REPLY, ECHO_REPLY: ECHO_REQUEST, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}
"""ICMP's questions and answers: echo, and from other days timestamp (13), information (15) and address mask (17)."""
TIMEOUTS = {"udp": (30.0, 120.0), "icmp": (30.0, 30.0), "sctp": (10.0, 210.0)}
"""Seconds that an entry lives unanswered, and answered (for UDP: a stream). TCP's are with its states."""
OTHER_TIMEOUT = 600.0
"""The same for a protocol that conntrack knows nothing of (nf_conntrack_generic_timeout)."""
STREAM_AFTER = 2.0
"""How old, in seconds, a UDP connection must be to count as a stream."""


class Tuple(Fact, frozen=True):
    """One direction of a connection. ICMP has no ports: ``sport`` is the echo id, ``dport`` type and code in one."""

    proto: str
    src: Ip
    sport: int
    dst: Ip
    dport: int

    def inverted(self) -> Tuple:
        """The tuple of an answer."""
        if self.proto != "icmp":
            return Tuple(self.proto, self.dst, self.dport, self.src, self.sport)
        answer = ICMP_ANSWERS.get(self.dport >> 8, self.dport >> 8) << 8
        return Tuple("icmp", self.dst, self.sport, self.src, answer)


def tuple_of(packet: Packet) -> Tuple:
    """The tuple that a packet belongs to."""
    if packet.icmp is not None:
        return Tuple("icmp", packet.src, packet.icmp.id, packet.dst, packet.icmp.type << 8 | packet.icmp.code)
    return Tuple(packet.proto, packet.src, packet.sport, packet.dst, packet.dport)


class Conn:
    """One line of ``conntrack -L``. ``bound`` says which sides NAT has decided, ``nat`` which it changed, by what."""

    __slots__ = ("assured", "bound", "confirmed", "expires", "made", "mark", "masquerades", "nat", "original", "reply",
                 "seen_reply", "state")  # fmt: skip

    def __init__(self, original: Tuple, now: float) -> None:
        self.original = original
        self.reply = original.inverted()
        self.state = ""
        self.seen_reply = False
        self.assured = False
        self.confirmed = False
        self.made = now
        self.expires = now
        self.mark = 0
        self.bound: set[str] = set()
        self.nat: dict[str, str] = {}
        self.masquerades = ""
        """The device behind whose address MASQUERADE has put it."""

    def tuple(self, reply: bool) -> Tuple:
        """The tuple of a direction."""
        return self.reply if reply else self.original


class Conntrack:
    """The table of a network namespace: confirmed connections, found by either tuple."""

    def __init__(self) -> None:
        self._by_tuple: dict[Tuple, Conn] = {}

    def conns(self, now: float) -> Iterator[Conn]:
        """The connections that are alive, the oldest first."""
        alive = [conn for key, conn in self._by_tuple.items() if key == conn.original and conn.expires > now]
        return iter(alive)

    def find(self, wanted: Tuple, now: float) -> Conn | None:
        """The live connection that has this tuple in one of its directions."""
        conn = self._by_tuple.get(wanted)
        if conn is not None and conn.expires <= now:
            self.forget(conn)
            return None
        return conn

    def confirm(self, conn: Conn) -> None:
        """Enter a connection: its first packet has passed all hooks."""
        conn.confirmed = True
        self._by_tuple[conn.original] = self._by_tuple[conn.reply] = conn

    def forget(self, conn: Conn) -> None:
        """Remove a connection. It has been confirmed once; a packet that still has it does not bring it back."""
        for key in (conn.original, conn.reply):
            if self._by_tuple.get(key) is conn:
                del self._by_tuple[key]

    def forget_masqueraded(self, device: str, ip: Ip | None = None) -> None:
        """The device is down, or has lost an address: forget who hid behind it (nf_nat_masquerade.c)."""
        for conn in list(self._by_tuple.values()):
            if conn.masquerades == device and ip in (None, conn.reply.dst):
                self.forget(conn)

    def clear(self) -> None:
        """Remove all connections."""
        self._by_tuple.clear()


# --- tracking ----------------------------------------------------------------------------------------------------


def track(skb: Skb) -> None:
    """Say to which connection a packet belongs, and what it is to it (kernel: nf_conntrack_in).

    Sets ``skb.conn``, ``skb.ctinfo`` and ``skb.reply``. A packet that was here before (over lo), or came with its
    connection (an ICMP error that this kernel made), keeps what it has.
    """
    if skb.conn is None and skb.ctinfo != "UNTRACKED":
        icmp = skb.packet.icmp
        if icmp is not None and icmp.is_error:
            _track_error(skb, icmp)
        else:
            _track_packet(skb)
    if skb.conn is None:
        skb.hop.add(Tracked(skb.ctinfo, skb.reply))
    else:
        skb.hop.add(Tracked(skb.ctinfo, skb.reply, skb.conn.original, skb.conn.reply))


def _track_error(skb: Skb, icmp: Icmp) -> None:
    """An ICMP error is RELATED to the connection of the packet that it quotes, and travels against it."""
    skb.ctinfo = "INVALID"
    if icmp.quote is None:
        return
    wanted = tuple_of(icmp.quote).inverted()
    conn = skb.netns.conntrack.find(wanted, skb.netns.world.now)
    if conn is not None and skb.packet.dst == wanted.dst:
        skb.conn, skb.ctinfo, skb.reply = conn, "RELATED", wanted == conn.reply


def _track_packet(skb: Skb) -> None:
    netns, packet, now = skb.netns, skb.packet, skb.netns.world.now
    wanted = tuple_of(packet)
    conn = netns.conntrack.find(wanted, now)
    if conn is not None and packet.proto == "tcp" and tcpstate.starts_anew(conn.state, packet.flags):
        netns.conntrack.forget(conn)
        conn = None
    if conn is None:
        if not _may_begin(netns, packet):
            skb.ctinfo = "INVALID"
            return
        conn = Conn(wanted, now)
    reply = wanted != conn.original
    if not _advance(netns, conn, packet, reply, now):
        skb.ctinfo = "INVALID"
        return
    conn.seen_reply = conn.seen_reply or reply
    skb.conn, skb.reply = conn, reply
    skb.ctinfo = "ESTABLISHED" if conn.seen_reply else "NEW"


def _may_begin(netns: Netns, packet: Packet) -> bool:
    """Whether a packet can open a connection."""
    if packet.proto == "tcp":
        return tcpstate.may_begin(packet.flags, loose=bool(netns.sysctls["net.netfilter.nf_conntrack_tcp_loose"]))
    return packet.icmp is None or packet.icmp.type in (ECHO_REQUEST, 13, 15, 17)


def _advance(netns: Netns, conn: Conn, packet: Packet, reply: bool, now: float) -> bool:
    """The protocol's own states and timeouts; False if the packet does not fit."""
    if packet.proto == "tcp":
        return _advance_tcp(netns, conn, packet, reply, now)
    unanswered, answered = TIMEOUTS.get(packet.proto, (OTHER_TIMEOUT, OTHER_TIMEOUT))
    replied = conn.seen_reply or reply
    if packet.proto == "udp":
        stream = replied and conn.confirmed and now - conn.made > STREAM_AFTER
        conn.assured = conn.assured or (conn.seen_reply and stream)
        conn.expires = now + (answered if stream else unanswered)
        return True
    conn.expires = now + (answered if replied else unanswered)
    if packet.proto == "sctp":
        conn.state = "ESTABLISHED" if replied else "COOKIE_WAIT"
    return True


def _advance_tcp(netns: Netns, conn: Conn, packet: Packet, reply: bool, now: float) -> bool:
    old = conn.state
    new = tcpstate.following(old, packet.flags, reply=reply)
    if new is None:
        return False
    if new == "CLOSE" and reply and not conn.seen_reply:  # a RST is the only answer: nothing to remember
        netns.conntrack.forget(conn)
    conn.assured = conn.assured or (conn.seen_reply and old in ("SYN_RECV", "ESTABLISHED") and new == "ESTABLISHED")
    conn.state = new
    conn.expires = now + tcpstate.TIMEOUTS[new]
    return True


def confirm(skb: Skb) -> bool:
    """The last station of POSTROUTING and INPUT: a new connection enters the table. False if somebody was quicker."""
    conn = skb.conn
    if conn is None or conn.confirmed or skb.ctinfo not in ("NEW", "RELATED") or skb.reply:
        return True
    table, now = skb.netns.conntrack, skb.netns.world.now
    if table.find(conn.original, now) or table.find(conn.reply, now):
        return False
    table.confirm(conn)
    return True
