"""NAT: what a connection's packets look like behind it, decided once, and kept in both directions.

NAT is nothing but a reply tuple that is not the mirror of the original one (conntrack.py): `bind` writes the decision into
it, `translate` rewrites each packet from the two tuples. Source: the kernel's net/netfilter/nf_nat_core.c, nf_nat_proto.c.
"""

from __future__ import annotations

from k8snet.linux.address import Ip
from k8snet.linux.conntrack import Conn, Tuple
from k8snet.linux.fact import Fact, changed
from k8snet.linux.packet import REDIRECT, Packet, Skb
from k8snet.linux.steps import Rewritten


class NatRange(Fact, frozen=True):
    """What a NAT rule allows: addresses from ``min_ip`` to ``max_ip``, ports likewise; None leaves them as they are."""

    min_ip: Ip | None = None
    max_ip: Ip | None = None
    min_port: int | None = None
    max_port: int | None = None
    random: bool = False
    random_fully: bool = False
    persistent: bool = False


# --- deciding ----------------------------------------------------------------------------------------------------


def bind(skb: Skb, side: str, allowed: NatRange, target: str = "") -> bool:
    """Decide what NAT does to one side (``src`` or ``dst``) of a new connection (kernel: nf_nat_setup_info).

    The decision is written into the reply tuple. Without a ``target`` nothing is asked for, and yet the source port
    may have to change: two connections must never look the same. False if no free tuple is left.
    """
    conn = skb.conn
    assert conn is not None
    present = conn.reply.inverted()
    chosen = _unique(skb, conn, present, side, allowed)
    if chosen is None:
        return False
    conn.bound.add(side)
    if chosen != present:
        conn.reply = chosen.inverted()
        conn.nat[side] = target or "SNAT"
    return True


def _unique(skb: Skb, conn: Conn, present: Tuple, side: str, allowed: NatRange) -> Tuple | None:
    """The tuple that the connection will show behind this NAT: as near to its own as is free (get_unique_tuple)."""
    wanted = _with_address(present, side, _address(present, side, allowed))
    if not allowed.random_fully and not allowed.random and _port_fits(wanted, side, allowed) and _is_free(skb, conn, wanted):
        return wanted
    if side == "dst" and allowed.min_port is not None and allowed.min_port == allowed.max_port:
        return _with_port(wanted, side, allowed.min_port)  # a clash is left to the source side (POSTROUTING)
    if side == "dst" and allowed.min_port is None and wanted.proto != "icmp":
        return wanted
    return _search(skb, conn, wanted, side, allowed)


def _search(skb: Skb, conn: Conn, wanted: Tuple, side: str, allowed: NatRange) -> Tuple | None:
    low, high = _ports(wanted, side, allowed)
    size = high - low + 1
    is_drawn = side == "src" or allowed.random_fully or allowed.random
    start = skb.netns.world.draw(0, size - 1) if is_drawn else 0
    for step in range(min(size, 128)):
        port = low + (start + step) % size
        candidate = _with_port(wanted, side, port)
        if _is_free(skb, conn, candidate):
            skb.netns.world.drawn.update([port] if is_drawn else [])
            return candidate
    return None


def _ports(wanted: Tuple, side: str, allowed: NatRange) -> tuple[int, int]:
    """Where to look for a free port; without a range, in the class of the present one (nf_nat_l4proto_unique_tuple)."""
    if allowed.min_port is not None and allowed.max_port is not None:
        return allowed.min_port, allowed.max_port
    if wanted.proto == "icmp":
        return 0, 65535
    port = wanted.sport if side == "src" else wanted.dport
    if port < 512:
        return 1, 511
    return (600, 1023) if port < 1024 else (1024, 65535)


def _address(present: Tuple, side: str, allowed: NatRange) -> Ip:
    """The address to use: of a range, one by the hash of the source address, so that a client keeps it."""
    if allowed.min_ip is None:
        return present.src if side == "src" else present.dst
    low, high = allowed.min_ip, allowed.max_ip or allowed.min_ip
    if low == high:
        return low
    key = int(present.src) * 2654435761 & 0xFFFFFFFF
    return Ip(low + (key * (high - low + 1) >> 32))


def _with_address(present: Tuple, side: str, ip: Ip) -> Tuple:
    return changed(present, src=ip) if side == "src" else changed(present, dst=ip)


def _with_port(present: Tuple, side: str, port: int) -> Tuple:
    return changed(present, sport=port) if side == "src" or present.proto == "icmp" else changed(present, dport=port)


def _port_fits(wanted: Tuple, side: str, allowed: NatRange) -> bool:
    if allowed.min_port is None or allowed.max_port is None:
        return True
    port = wanted.sport if side == "src" or wanted.proto == "icmp" else wanted.dport
    return allowed.min_port <= port <= allowed.max_port


def _is_free(skb: Skb, conn: Conn, chosen: Tuple) -> bool:
    """Whether no other connection expects its answers under that tuple."""
    holder = skb.netns.conntrack.find(chosen.inverted(), skb.netns.world.now)
    return holder is None or holder is conn


# --- rewriting ---------------------------------------------------------------------------------------------------


def translate(skb: Skb, hook: str, side: str) -> None:
    """Rewrite one side of a packet as its connection demands; ``side`` is the side that this hook may touch.

    What was done to the source of a request is undone at the destination of its reply, hence the other side.
    """
    conn = skb.conn
    assert conn is not None
    decided = _opposite(side) if skb.reply else side
    if decided not in conn.nat:
        return
    goal = conn.tuple(not skb.reply).inverted()
    _rewrite(skb, hook, _with_side(skb.packet, goal, side), "reply" if skb.reply else conn.nat[decided])


def translate_error(skb: Skb, hook: str, side: str) -> bool:
    """Translate an ICMP error, outside and in its quotation (nf_nat_icmp_reply_translation). False: drop it.

    A redirect about a translated connection would give wrong advice, and one about a connection that NAT has not
    finished with may do so; both are dropped.
    """
    conn, icmp = skb.conn, skb.packet.icmp
    assert conn is not None and icmp is not None and icmp.quote is not None
    if icmp.type == REDIRECT and (len(conn.bound) < 2 or conn.nat):
        return False
    if (_opposite(side) if skb.reply else side) not in conn.nat:
        return True
    ahead = conn.tuple(not skb.reply)
    quote = _with_side(icmp.quote, ahead, _opposite(side))
    goal = ahead.inverted()
    outer = changed(skb.packet, src=goal.src) if side == "src" else changed(skb.packet, dst=goal.dst)
    _rewrite(skb, hook, changed(outer, icmp=changed(icmp, quote=quote)), "reply")
    return True


def _with_side(packet: Packet, goal: Tuple, side: str) -> Packet:
    """The packet with one side of the goal tuple written into it."""
    if packet.icmp is not None:
        icmp = packet.icmp if packet.icmp.is_error else changed(packet.icmp, id=goal.sport)
        return changed(packet, src=goal.src, icmp=icmp) if side == "src" else changed(packet, dst=goal.dst, icmp=icmp)
    if side == "src":
        return changed(packet, src=goal.src, sport=goal.sport)
    return changed(packet, dst=goal.dst, dport=goal.dport)


def _opposite(side: str) -> str:
    return "dst" if side == "src" else "src"


def _rewrite(skb: Skb, hook: str, after: Packet, target: str) -> None:
    if after != skb.packet:
        skb.hop.add(Rewritten(hook, target, skb.packet, after))
        skb.packet = after
