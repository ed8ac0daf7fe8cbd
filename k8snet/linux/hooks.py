"""netfilter's hooks: what a packet meets at each of the five, and what follows when a rule says no or NAT says otherwise.

How rules are asked is in netfilter.py, how NAT decides and rewrites in nat.py. Source: the kernel's net/netfilter/core.c,
nf_nat_core.c and nf_nat_proto.c.
"""

from __future__ import annotations

from k8snet.linux import bridging, conntrack, icmp, nat, netfilter, stack
from k8snet.linux.netfilter import HOOKS
from k8snet.linux.packet import UNREACHABLE, Icmp, Packet, Skb
from k8snet.linux.route import is_local
from k8snet.linux.steps import Dropped, Rejected
from k8snet.linux.tcp import reset_for


def passes(hook: str, skb: Skb) -> bool:
    """Take a packet through a hook: its stations in the kernel's order. False if it ended there."""
    tables, awake = skb.netns.netfilter.tables, skb.netns.netfilter.uses_conntrack
    if not tables:
        return True
    if awake and skb.packet.is_fragment and hook in ("PREROUTING", "OUTPUT") and not stack.gathered(skb):
        return False  # conntrack sees whole packets only (nf_defrag_ipv4, before all tables)
    for station in HOOKS[hook]:
        if station == "conntrack":
            if awake:
                conntrack.track(skb)
        elif station == "confirm":
            if not conntrack.confirm(skb):
                skb.hop.add(Dropped("NETFILTER_DROP", "conntrack: the tuple is taken"))
                return False
        elif station in tables and not _passes_table(station, hook, skb):
            return False
    return True


def _passes_table(table: str, hook: str, skb: Skb) -> bool:
    before, mark = skb.packet, skb.mark
    accepted = _translated(hook, skb) if table == "nat" else _judged(table, hook, skb)
    if not accepted:
        return False
    if hook == "PREROUTING" and skb.packet.dst != before.dst:
        skb.route = None  # nf_nat_ipv4_pre_routing
    must_reroute = skb.packet.dst != before.dst or (table == "mangle" and skb.mark != mark)
    return not (hook == "OUTPUT" and must_reroute) or stack.reroute(skb)


def _judged(table: str, hook: str, skb: Skb) -> bool:
    """Walk a table's rules; carry out what they say if it is no."""
    verdict = netfilter.walk(skb.netns.netfilter, table, hook, skb)
    if verdict.word == "ACCEPT":
        return True
    if verdict.word == "DROP":
        skb.hop.add(Dropped("NETFILTER_DROP", verdict.rule))
        return False
    _reject(skb, verdict)
    return False


def _reject(skb: Skb, verdict: netfilter.Verdict) -> None:
    """REJECT: a RST, or the ICMP error that the rule names, and the packet's end."""
    if verdict.answer == "tcp-reset":
        reset = reset_for(skb.packet)
        skb.hop.add(Rejected("NETFILTER_DROP", "RST", verdict.rule))
        if reset is not None:
            _reset(skb, reset)
        return
    code = icmp.REJECT_CODES[verdict.answer]
    skb.hop.add(Rejected("NETFILTER_DROP", f"ICMP {icmp.name_of(UNREACHABLE, code)}", verdict.rule))
    stack.complain(skb, Icmp(UNREACHABLE, code))


def _reset(skb: Skb, reset: Packet) -> None:
    if skb.conn is not None:
        skb.conn.state = "CLOSE"  # nf_ct_set_closing
    if skb.physin is not None:
        bridging.send_back(skb, reset)
    else:
        stack.send(skb.netns, reset, skb.hop.traced.leg, role=stack.opposite(skb), about=skb,
                   bound=is_local(skb.netns, reset.src))


def _translated(hook: str, skb: Skb) -> bool:
    """NAT: ask the rules once for each new connection and side, then rewrite each packet as was decided."""
    conn, message = skb.conn, skb.packet.icmp
    if conn is None or not skb.netns.netfilter.translates:
        return True
    side = "dst" if hook in ("PREROUTING", "OUTPUT") else "src"
    if message is not None and message.is_error:
        if nat.translate_error(skb, hook, side):
            return True
        skb.hop.add(Dropped("NETFILTER_DROP", "nat: a redirect about a connection that NAT handles"))
        return False
    if not conn.confirmed and skb.ctinfo in ("NEW", "RELATED") and side not in conn.bound:
        if not _judged("nat", hook, skb):
            return False
        if side not in conn.bound and not nat.bind(skb, side, nat.NatRange()):
            skb.hop.add(Dropped("NETFILTER_DROP", "nat: no free tuple"))
            return False
    nat.translate(skb, hook, side)
    return True
