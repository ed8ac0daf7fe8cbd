"""Connection tracking, and the NAT that stands on it.

A connection is two tuples: ``original``, as its first packet came, and ``reply``, as its answers will come. NAT is
nothing but a reply tuple that is not the mirror of the original; both directions are translated from the two.
Sources: net/netfilter/nf_conntrack_core.c, nf_nat_core.c, nf_conntrack_proto_*.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from k8snet.linux import tcpstate
from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact, changed
from k8snet.linux.packet import ECHO_REPLY, ECHO_REQUEST, REDIRECT, Icmp, Packet, Skb
from k8snet.linux.steps import Rewritten, Tracked

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

ICMP_ANSWERS = {ECHO_REQUEST: ECHO_REPLY, ECHO_REPLY: ECHO_REQUEST, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}
TIMEOUTS = {"udp": (30.0, 120.0), "icmp": (30.0, 30.0), "sctp": (10.0, 210.0)}
"""Seconds that an entry lives unanswered, and answered (for UDP: a stream). TCP's are with its states."""
OTHER_TIMEOUT = 600.0
STREAM_AFTER = 2.0


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

    __slots__ = ("assured", "bound", "confirmed", "expires", "made", "mark", "nat", "original", "reply", "seen_reply", "state")

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

    def tuple(self, reply: bool) -> Tuple:
        """The tuple of a direction."""
        return self.reply if reply else self.original


class NatRange(Fact, frozen=True):
    """What a NAT rule allows: addresses from ``min_ip`` to ``max_ip``, ports likewise; None leaves them as they are."""

    min_ip: Ip | None = None
    max_ip: Ip | None = None
    min_port: int | None = None
    max_port: int | None = None
    random: bool = False
    random_fully: bool = False
    persistent: bool = False


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
        """Remove a connection."""
        conn.confirmed = False
        for key in (conn.original, conn.reply):
            if self._by_tuple.get(key) is conn:
                del self._by_tuple[key]

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


# --- NAT ---------------------------------------------------------------------------------------------------------


def bind(skb: Skb, kind: str, allowed: NatRange, target: str = "") -> bool:
    """Decide what NAT does to one side (``src`` or ``dst``) of a new connection (kernel: nf_nat_setup_info).

    The decision is written into the reply tuple. Without a ``target`` nothing is asked for, and yet the source port
    may have to change: two connections must never look the same. False if no free tuple is left.
    """
    conn = skb.conn
    assert conn is not None
    now = conn.reply.inverted()
    chosen = _unique(skb, conn, now, kind, allowed)
    if chosen is None:
        return False
    conn.bound.add(kind)
    if chosen != now:
        conn.reply = chosen.inverted()
        conn.nat[kind] = target or "SNAT"
    return True


def _unique(skb: Skb, conn: Conn, now: Tuple, kind: str, allowed: NatRange) -> Tuple | None:
    """The tuple that the connection will show behind this NAT: as near to its own as is free (get_unique_tuple)."""
    wanted = _with_address(now, kind, _address(now, kind, allowed))
    if not allowed.random_fully and not allowed.random and _port_fits(wanted, kind, allowed) and _is_free(skb, conn, wanted):
        return wanted
    if kind == "dst" and allowed.min_port is not None and allowed.min_port == allowed.max_port:
        return _with_port(wanted, kind, allowed.min_port)  # a clash is left to the source side (POSTROUTING)
    if kind == "dst" and allowed.min_port is None and wanted.proto != "icmp":
        return wanted
    return _search(skb, conn, wanted, kind, allowed)


def _search(skb: Skb, conn: Conn, wanted: Tuple, kind: str, allowed: NatRange) -> Tuple | None:
    low, high = _ports(wanted, kind, allowed)
    size = high - low + 1
    is_drawn = kind == "src" or allowed.random_fully or allowed.random
    start = skb.netns.world.draw(0, size - 1) if is_drawn else 0
    for step in range(min(size, 128)):
        port = low + (start + step) % size
        candidate = _with_port(wanted, kind, port)
        if _is_free(skb, conn, candidate):
            skb.netns.world.drawn.update([port] if is_drawn else [])
            return candidate
    return None


def _ports(wanted: Tuple, kind: str, allowed: NatRange) -> tuple[int, int]:
    """Where to look for a free port; without a range, in the class of the present one (nf_nat_l4proto_unique_tuple)."""
    if allowed.min_port is not None and allowed.max_port is not None:
        return allowed.min_port, allowed.max_port
    if wanted.proto == "icmp":
        return 0, 65535
    port = wanted.sport if kind == "src" else wanted.dport
    if port < 512:
        return 1, 511
    return (600, 1023) if port < 1024 else (1024, 65535)


def _address(now: Tuple, kind: str, allowed: NatRange) -> Ip:
    """The address to use: of a range, one by the hash of the addresses, so that a client keeps it."""
    if allowed.min_ip is None:
        return now.src if kind == "src" else now.dst
    low, high = allowed.min_ip, allowed.max_ip or allowed.min_ip
    present = now.src if kind == "src" else now.dst
    if low == high:
        return low
    key = int(present if kind == "src" else now.src) * 2654435761 & 0xFFFFFFFF
    return Ip(low + (key * (high - low + 1) >> 32))


def _with_address(now: Tuple, kind: str, ip: Ip) -> Tuple:
    return changed(now, src=ip) if kind == "src" else changed(now, dst=ip)


def _with_port(now: Tuple, kind: str, port: int) -> Tuple:
    return changed(now, sport=port) if kind == "src" or now.proto == "icmp" else changed(now, dport=port)


def _port_fits(wanted: Tuple, kind: str, allowed: NatRange) -> bool:
    if allowed.min_port is None or allowed.max_port is None:
        return True
    port = wanted.sport if kind == "src" or wanted.proto == "icmp" else wanted.dport
    return allowed.min_port <= port <= allowed.max_port


def _is_free(skb: Skb, conn: Conn, chosen: Tuple) -> bool:
    """Whether no other connection expects its answers under that tuple."""
    holder = skb.netns.conntrack.find(chosen.inverted(), skb.netns.world.now)
    return holder is None or holder is conn


def translate(skb: Skb, hook: str, kind: str) -> None:
    """Rewrite one side of a packet as its connection demands; ``kind`` is the side that this hook may touch.

    What was done to the source of a request is undone at the destination of its reply, hence the other kind.
    """
    conn = skb.conn
    assert conn is not None
    decided = _mirror(kind) if skb.reply else kind
    if decided not in conn.nat:
        return
    goal = conn.tuple(not skb.reply).inverted()
    _rewrite(skb, hook, _side(skb.packet, goal, kind), "reply" if skb.reply else conn.nat[decided])


def translate_error(skb: Skb, hook: str, kind: str) -> bool:
    """Translate an ICMP error, outside and in its quotation (nf_nat_icmp_reply_translation). False: drop it.

    A redirect about a translated connection would give wrong advice, and one about a connection that NAT has not
    finished with may do so; both are dropped.
    """
    conn, icmp = skb.conn, skb.packet.icmp
    assert conn is not None and icmp is not None and icmp.quote is not None
    if icmp.type == REDIRECT and (len(conn.bound) < 2 or conn.nat):
        return False
    if (_mirror(kind) if skb.reply else kind) not in conn.nat:
        return True
    ahead = conn.tuple(not skb.reply)
    quote = _side(icmp.quote, ahead, _mirror(kind))
    goal = ahead.inverted()
    outer = changed(skb.packet, src=goal.src) if kind == "src" else changed(skb.packet, dst=goal.dst)
    _rewrite(skb, hook, changed(outer, icmp=changed(icmp, quote=quote)), "reply")
    return True


def _side(packet: Packet, goal: Tuple, kind: str) -> Packet:
    """The packet with one side of the goal tuple written into it."""
    if packet.icmp is not None:
        icmp = packet.icmp if packet.icmp.is_error else changed(packet.icmp, id=goal.sport)
        return changed(packet, src=goal.src, icmp=icmp) if kind == "src" else changed(packet, dst=goal.dst, icmp=icmp)
    if kind == "src":
        return changed(packet, src=goal.src, sport=goal.sport)
    return changed(packet, dst=goal.dst, dport=goal.dport)


def _mirror(kind: str) -> str:
    return "dst" if kind == "src" else "src"


def _rewrite(skb: Skb, hook: str, after: Packet, target: str) -> None:
    if after != skb.packet:
        skb.hop.add(Rewritten(hook, target, skb.packet, after))
        skb.packet = after
