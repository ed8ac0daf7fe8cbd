"""Targets: what a rule does with a packet that it matches. Each is a fact with one verb, ``act(skb, hook)``.

``act`` returns a verdict (ACCEPT, DROP, REJECT), or "" when the next rule is asked. RETURN, a jump and a goto only
move on to another chain; that is netfilter.py's business. An address is never rewritten here: NAT targets
tell nat.py what they want. Sources: iptables-extensions(8) and the kernel's net/netfilter/xt_*.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact, changed
from k8snet.linux.nat import NatRange, bind
from k8snet.linux.packet import PROTOCOL_NUMBERS
from k8snet.linux.route import LOCALHOST, select_address
from k8snet.linux.steps import Logged, Marked

if TYPE_CHECKING:
    from k8snet.linux.packet import Skb


class Target(Fact, frozen=True):
    """What a rule does; ``word`` is its name after ``-j``."""

    word: ClassVar[str] = ""
    needs_conntrack: ClassVar[bool] = False
    """Whether a rule with this target wakes connection tracking in its network namespace."""

    tables: ClassVar[tuple[str, ...]] = ()
    hooks: ClassVar[tuple[str, ...]] = ()
    """Where the kernel accepts it; empty: everywhere."""

    def act(self, skb: Skb, hook: str) -> str:
        """Do it; the verdict, or "" to go on with the next rule."""
        raise NotImplementedError

    def fits(self, table: str, hook: str, proto: str) -> bool:
        """Whether the kernel accepts it there; ``hook`` is "" in a chain of the user's, ``proto`` what the rule asks for."""
        return (not self.tables or table in self.tables) and (not hook or not self.hooks or hook in self.hooks)


# --- verdicts and ways -------------------------------------------------------------------------------------------


class Accept(Target, frozen=True):
    """``-j ACCEPT``: enough for this table; other tables may still say no."""

    word = "ACCEPT"

    def act(self, skb: Skb, hook: str) -> str:
        return "ACCEPT"


class Drop(Target, frozen=True):
    """``-j DROP``: the packet's end, in silence."""

    word = "DROP"

    def act(self, skb: Skb, hook: str) -> str:
        return "DROP"


class Reject(Target, frozen=True):
    """``-j REJECT``: the packet's end, and an ``answer`` to its sender: an ICMP error's name, or ``tcp-reset``."""

    word = "REJECT"
    tables = ("filter",)
    answer: str = "icmp-port-unreachable"

    def fits(self, table: str, hook: str, proto: str) -> bool:
        return super().fits(table, hook, proto) and (self.answer != "tcp-reset" or proto == "tcp")

    def act(self, skb: Skb, hook: str) -> str:
        return "REJECT"


class Return(Target, frozen=True):
    """``-j RETURN``: back to the chain that jumped here; in a built-in chain: to its policy."""

    word = "RETURN"

    def act(self, skb: Skb, hook: str) -> str:
        return ""


class Jump(Target, frozen=True):
    """``-j CHAIN``, or ``-g CHAIN`` (``goto``): the latter does not come back here, but to where we were called from."""

    chain: str
    goto: bool = False

    def act(self, skb: Skb, hook: str) -> str:
        return ""


# --- notes on the packet -----------------------------------------------------------------------------------------


class SetMark(Target, frozen=True):
    """``-j MARK``: clear the bits of ``mask``, then flip those of ``value``. All ways to write it mean this one."""

    word = "MARK"
    value: int
    mask: int = 0xFFFFFFFF

    def act(self, skb: Skb, hook: str) -> str:
        before = skb.mark
        skb.mark = before & ~self.mask & 0xFFFFFFFF ^ self.value
        skb.hop.add(Marked(before, skb.mark))
        return ""


class NoTrack(Target, frozen=True):
    """``-j CT --notrack``, or by its ``alias`` ``-j NOTRACK``: conntrack leaves the packet alone."""

    word = "CT"
    tables = ("raw",)
    alias: bool = False

    def act(self, skb: Skb, hook: str) -> str:
        if skb.conn is None:
            skb.ctinfo = "UNTRACKED"
        return ""


class Log(Target, frozen=True):
    """``-j LOG``: a line in the kernel's log, which begins with ``prefix``. ``level`` and ``options`` have no effect here."""

    word = "LOG"
    prefix: str = ""
    level: int = 4
    options: tuple[str, ...] = ()

    def act(self, skb: Skb, hook: str) -> str:
        skb.hop.add(Logged(self.prefix))
        skb.netns.kernel_log.append(self.prefix + log_line(skb))
        return ""


def log_line(skb: Skb) -> str:
    """The packet as the kernel logs it (nf_log_syslog.c), without what a model's packet has not: window, checksums."""
    packet = skb.packet
    names = (f"{key}={device.name if device else ''}" for key, device in (("IN", skb.iif), ("OUT", skb.oif)))
    words = [*names, f"SRC={packet.src}", f"DST={packet.dst}", f"LEN={packet.length}", f"TOS=0x{packet.tos & 0x1E:02X}"]
    words += [f"PREC=0x{packet.tos & 0xE0:02X}", f"TTL={packet.ttl}", f"ID={packet.id}", *(["DF"] if packet.df else [])]
    words += [f"PROTO={packet.proto.upper() if packet.proto in PROTOCOL_NUMBERS else packet.proto}"]
    if packet.icmp is not None:
        words += [f"TYPE={packet.icmp.type}", f"CODE={packet.icmp.code}"]
        words += [] if packet.icmp.is_error else [f"ID={packet.icmp.id}", f"SEQ={packet.icmp.seq}"]
    elif not packet.offset:
        words += [f"SPT={packet.sport}", f"DPT={packet.dport}"]
    return " ".join(words + ([f"MARK=0x{skb.mark:x}"] if skb.mark else []))


# --- NAT ---------------------------------------------------------------------------------------------------------


class Nat(Target, frozen=True):
    """What the four NAT targets share: the ``allowed`` addresses and ports, and which ``side`` they are for."""

    needs_conntrack = True
    tables = ("nat",)
    side: ClassVar[str] = ""
    allowed: NatRange = NatRange()

    def act(self, skb: Skb, hook: str) -> str:
        allowed = self.wanted(skb, hook)
        return "ACCEPT" if allowed is not None and bind(skb, self.side, allowed, self.word) else "DROP"

    def wanted(self, skb: Skb, hook: str) -> NatRange | None:
        """The range for this packet; None if there is no address to use, and then the packet is dropped."""
        return self.allowed


class Dnat(Nat, frozen=True):
    """``-j DNAT``: another destination for this connection."""

    word = "DNAT"
    hooks = ("PREROUTING", "OUTPUT")
    side = "dst"


class Snat(Nat, frozen=True):
    """``-j SNAT``: another source for this connection."""

    word = "SNAT"
    hooks = ("INPUT", "POSTROUTING")
    side = "src"


class Masquerade(Nat, frozen=True):
    """``-j MASQUERADE``: as source, the address that the out device has for the next hop."""

    word = "MASQUERADE"
    hooks = ("POSTROUTING",)
    side = "src"

    def wanted(self, skb: Skb, hook: str) -> NatRange | None:
        if skb.oif is None:
            return None
        if skb.conn is not None:
            skb.conn.masquerades = skb.oif.name
        next_hop = skb.route.via if skb.route is not None else skb.packet.dst  # what a bridge forwards has no route
        return _only(self.allowed, select_address(skb.netns, skb.oif, next_hop))


class Redirect(Nat, frozen=True):
    """``-j REDIRECT``: to this machine: the in device's first address, or in OUTPUT 127.0.0.1."""

    word = "REDIRECT"
    hooks = ("PREROUTING", "OUTPUT")
    side = "dst"

    def wanted(self, skb: Skb, hook: str) -> NatRange | None:
        if hook == "OUTPUT":
            return _only(self.allowed, LOCALHOST)
        addresses = skb.iif.addresses if skb.iif is not None else []
        return _only(self.allowed, addresses[0].ip if addresses else None)


def _only(allowed: NatRange, ip: Ip | None) -> NatRange | None:
    return None if ip is None else changed(allowed, min_ip=ip, max_ip=ip)
