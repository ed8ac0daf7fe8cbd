"""Matches: the conditions of a rule. Each is a fact with one question, ``holds(skb, counter)``.

How a match is written (``-m conntrack --ctstate NEW``) is said in iptables/match_words.py. What a match must
remember between packets (how many it saw, when it last let one pass) is kept in the rule's counter, or for ``recent`` in the
namespace's lists; never in the fact. Sources: iptables-extensions(8) and the kernel's net/netfilter/xt_*.c.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact
from k8snet.linux.recent import Lists
from k8snet.linux.route import LOCAL, address_type
from k8snet.linux.wire import TCP_FLAGS

if TYPE_CHECKING:
    from k8snet.linux.device import Device
    from k8snet.linux.netns import Netns
    from k8snet.linux.packet import Skb

Ports = tuple[int, int]
"""A range of ports, both ends included."""
EVERY_PORT: Ports = (0, 65535)


class Counter:
    """What a rule has matched so far, and in ``memory`` what its matches remember: nth's count, limit's credit."""

    __slots__ = ("bytes", "memory", "packets")

    def __init__(self, packets: int = 0, size: int = 0) -> None:
        self.packets = packets
        self.bytes = size
        self.memory: dict[Hashable, Any] | None = None

    def count(self, skb: Skb) -> None:
        """One packet more."""
        self.packets += 1
        self.bytes += skb.packet.length

    def recall(self, key: Hashable, default: Any) -> Any:
        """What was remembered under a key."""
        return default if self.memory is None else self.memory.get(key, default)

    def remember(self, key: Hashable, value: Any) -> None:
        """Keep something for the next packet."""
        self.memory = {**(self.memory or {}), key: value}

    def __copy__(self) -> Counter:
        copy = Counter(self.packets, self.bytes)
        copy.memory = self.memory
        return copy


class Match(Fact, frozen=True):
    """A condition of a rule. All conditions of a rule must hold."""

    needs_conntrack: ClassVar[bool] = False
    """Whether a rule with this match wakes connection tracking in its network namespace."""

    def holds(self, skb: Skb, counter: Counter) -> bool:
        """Whether the packet is meant."""
        raise NotImplementedError

    def fits(self, table: str, hook: str, proto: str) -> bool:
        """Whether the kernel accepts it there; ``hook`` is "" in a chain of the user's, ``proto`` what the rule asks for."""
        return True


# --- what every rule can ask: the IPv4 header and the devices ----------------------------------------------------


class Source(Match, frozen=True):
    """``-s``: the source address, under a mask."""

    ip: int
    mask: int
    inverted: bool = False

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return self.mask != 0

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return (skb.packet.src & self.mask == self.ip) is not self.inverted


class Destination(Match, frozen=True):
    """``-d``: the destination address, under a mask."""

    ip: int
    mask: int
    inverted: bool = False

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return self.mask != 0

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return (skb.packet.dst & self.mask == self.ip) is not self.inverted


class InDevice(Match, frozen=True):
    """``-i``: the device by which the packet came in; ``veth+`` means all whose name begins with veth."""

    name: str
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return is_named(skb.iif, self.name) is not self.inverted


class OutDevice(Match, frozen=True):
    """``-o``: the device by which the packet will leave."""

    name: str
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return is_named(skb.oif, self.name) is not self.inverted


class Protocol(Match, frozen=True):
    """``-p``: the protocol in the IPv4 header."""

    name: str
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return (skb.packet.proto == self.name) is not self.inverted


class Fragment(Match, frozen=True):
    """``-f``: a fragment that is not the first of its packet."""

    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return (skb.packet.offset > 0) is not self.inverted


def is_named(device: Device | None, pattern: str) -> bool:
    """Whether a device has this name, or with a ``+`` at its end a name that begins so."""
    name = "" if device is None else device.name
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


# --- transport headers -------------------------------------------------------------------------------------------


class Transport(Match, frozen=True):
    """``-m tcp``, ``-m udp``, ``-m sctp``: ports, and for TCP the ``flags`` under a ``flag_mask`` (0: not asked)."""

    proto: str
    sports: Ports = EVERY_PORT
    dports: Ports = EVERY_PORT
    flag_mask: int = 0
    flags: int = 0
    not_sports: bool = False
    not_dports: bool = False
    not_flags: bool = False

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return proto in (self.proto, f"!{self.proto}")

    def holds(self, skb: Skb, counter: Counter) -> bool:
        packet = skb.packet
        if packet.proto != self.proto or packet.offset:
            return False
        return (
            (self.sports[0] <= packet.sport <= self.sports[1]) is not self.not_sports
            and (self.dports[0] <= packet.dport <= self.dports[1]) is not self.not_dports
            and (not self.flag_mask or (_flag_bits(packet.flags) & self.flag_mask == self.flags) is not self.not_flags)
        )


def _flag_bits(letters: str) -> int:
    return sum(TCP_FLAGS.get(letter, 0) for letter in letters)


class IcmpType(Match, frozen=True):
    """``-m icmp --icmp-type``: the type (255: any), and the code between two bounds."""

    type: int
    codes: tuple[int, int] = (0, 255)
    inverted: bool = False

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return proto == "icmp"

    def holds(self, skb: Skb, counter: Counter) -> bool:
        icmp = skb.packet.icmp
        if icmp is None or skb.packet.offset:
            return False
        fits = self.type == 255 or (icmp.type == self.type and self.codes[0] <= icmp.code <= self.codes[1])
        return fits is not self.inverted


class Multiport(Match, frozen=True):
    """``-m multiport``: the ``sports``, the ``dports`` or either of them (``ports``) are in one of the ranges."""

    which: str
    ranges: tuple[Ports, ...]
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        packet = skb.packet
        if packet.offset:
            return False
        asked = {"sports": (packet.sport,), "dports": (packet.dport,), "ports": (packet.sport, packet.dport)}[self.which]
        return any(low <= port <= high for low, high in self.ranges for port in asked) is not self.inverted


# --- what the kernel noted on the packet -------------------------------------------------------------------------


class Comment(Match, frozen=True):
    """``-m comment``: says something to the reader, and holds always."""

    text: str

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return True


class MarkIs(Match, frozen=True):
    """``-m mark``: the packet's mark, under a mask."""

    value: int
    mask: int = 0xFFFFFFFF
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return (skb.mark & self.mask == self.value) is not self.inverted


class Conntrack(Match, frozen=True):
    """``-m conntrack``, or the older ``-m state`` (``word``): what the packet is to its connection.

    ``DNAT`` and ``SNAT`` are states as well: that of a connection whose destination or source was translated. A
    packet that conntrack has not seen is INVALID. ``reply`` asks for a direction; None: any.
    """

    needs_conntrack = True

    states: frozenset[str] = frozenset()
    inverted: bool = False
    reply: bool | None = None
    word: str = "conntrack"

    def holds(self, skb: Skb, counter: Counter) -> bool:
        if self.reply is not None and (skb.conn is None or skb.reply is not self.reply):
            return False
        return not self.states or self._is_in_state(skb) is not self.inverted

    def _is_in_state(self, skb: Skb) -> bool:
        if (skb.ctinfo or "INVALID") in self.states:
            return True
        translated = () if skb.conn is None else skb.conn.nat
        return ("DNAT" in self.states and "dst" in translated) or ("SNAT" in self.states and "src" in translated)


class Physdev(Match, frozen=True):
    """``-m physdev``: the bridge's ports behind the in and out device. None: not asked; an option in ``inverted``: ``!``.

    Without a bridge on the packet's way only inverted options hold (xt_physdev.c).
    """

    into: str | None = None
    out: str | None = None
    is_in: bool = False
    is_out: bool = False
    is_bridged: bool = False
    inverted: frozenset[str] = frozenset()

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return hook != "OUTPUT" or self.is_bridged or not (self.out or self.is_out)

    def holds(self, skb: Skb, counter: Counter) -> bool:
        came, goes = skb.physin, skb.physout
        return (
            (self.into is None or self._agrees("into", came is not None and is_named(came, self.into)))
            and (self.out is None or self._agrees("out", goes is not None and is_named(goes, self.out)))
            and (not self.is_in or self._agrees("is_in", came is not None))
            and (not self.is_out or self._agrees("is_out", goes is not None))
            and (not self.is_bridged or self._agrees("is_bridged", goes is not None))
        )

    def _agrees(self, option: str, found: bool) -> bool:
        return found is not (option in self.inverted)


class AddressType(Match, frozen=True):
    """``-m addrtype``: what the addresses are to this namespace, as its table ``local`` says.

    ``limit`` is ``in`` or ``out`` when only addresses of the packet's in or out device are to count as local.
    """

    src: frozenset[str] = frozenset()
    dst: frozenset[str] = frozenset()
    not_src: bool = False
    not_dst: bool = False
    limit: str = ""

    def fits(self, table: str, hook: str, proto: str) -> bool:
        senseless = {"in": ("OUTPUT", "POSTROUTING"), "out": ("PREROUTING", "INPUT")}
        return hook not in senseless.get(self.limit, ())

    def holds(self, skb: Skb, counter: Counter) -> bool:
        device = {"in": skb.iif, "out": skb.oif}.get(self.limit)
        return (not self.src or (_type_of(skb.netns, skb.packet.src, device) in self.src) is not self.not_src) and (
            not self.dst or (_type_of(skb.netns, skb.packet.dst, device) in self.dst) is not self.not_dst
        )


def _type_of(netns: Netns, ip: Ip, device: Device | None) -> str:
    """The type of an address; with a device, that of an address on another device is unicast (inet_dev_addr_type)."""
    kind = address_type(netns, ip)
    if device is None or kind == "multicast" or ip in (0, 0xFFFFFFFF):
        return kind
    route = next(iter(netns.routing.tables[LOCAL].candidates(ip)), None)
    return kind if route is not None and route.dev == device.name else "unicast"


# --- chance, counting, time --------------------------------------------------------------------------------------


class Random(Match, frozen=True):
    """``-m statistic --mode random``: holds by chance; ``probability`` counts in units of 2^-31, as the kernel's does."""

    probability: int
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        return skb.netns.world.chance(self.probability / 0x80000000) is not self.inverted


class Nth(Match, frozen=True):
    """``-m statistic --mode nth``: holds for one packet in ``every``: for the one with number ``packet``, from 0."""

    every: int
    packet: int = 0
    inverted: bool = False

    def holds(self, skb: Skb, counter: Counter) -> bool:
        before = counter.recall(self, self.every - 1 - self.packet)
        after = 0 if before == self.every - 1 else before + 1
        counter.remember(self, after)
        return (after == 0) is not self.inverted


class Limit(Match, frozen=True):
    """``-m limit``: holds once in each ``period`` (in 1/10000 s), after a ``burst`` that is saved up when it is quiet."""

    period: int
    burst: int = 5

    def holds(self, skb: Skb, counter: Counter) -> bool:
        now, cost = skb.netns.world.now, self.period / 10000
        saved, last = counter.recall(self, (cost * self.burst, now))
        saved = min(cost * self.burst, saved + now - last)
        passes: bool = saved >= cost
        counter.remember(self, (saved - cost if passes else saved, now))
        return passes


class Recent(Match, frozen=True):
    """``-m recent``: asks or changes a list of addresses and when they were seen; what each ``op`` does: recent.py."""

    op: str
    name: str = "DEFAULT"
    side: str = "source"
    mask: int = 0xFFFFFFFF
    seconds: int = 0
    hitcount: int = 0
    reap: bool = False
    inverted: bool = False

    def fits(self, table: str, hook: str, proto: str) -> bool:
        counts = self.op in ("rcheck", "update")
        is_file_name = bool(self.name) and "/" not in self.name
        return is_file_name and self.hitcount < 0x10000 and (counts or not (self.seconds or self.hitcount))

    def holds(self, skb: Skb, counter: Counter) -> bool:
        lists: Lists = skb.netns.netfilter.recent
        ip = skb.packet.src if self.side == "source" else skb.packet.dst
        return lists.ask(self, Ip(ip & self.mask), skb.netns.world.now) is not self.inverted
