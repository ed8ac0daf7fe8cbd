"""Which rules each packet met: told by nftables' own trace on the real kernel, and by the steps of a Trace in the model.

A small nftables table of ours marks every packet, before all other tables; the kernel then reports each rule that
matches. A line is a packet as it came (or was made), and the rules that it met in that namespace, in order:

    10.1.1.1:40000 > 10.96.0.10:80 tcp [S] ttl 64: nat PREROUTING 1, nat KUBE-SERVICES 1, nat KUBE-SVC-DEMO 1

Sources: include/uapi/linux/netfilter/nf_tables.h (``nft_trace_attributes``), net/netfilter/nf_tables_trace.c, nft(8).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator

from k8snet.lab.capture import is_passing, parse_packet
from k8snet.lab.drawn import Section
from k8snet.lab.replay import Lab
from k8snet.linux.fact import changed
from k8snet.linux.log import ROOT
from k8snet.linux.netfilter import HOOKS
from k8snet.linux.netns import Netns
from k8snet.linux.packet import ICMP_ERRORS, PROTOCOL_NUMBERS, Arp, Icmp, Packet
from k8snet.linux.steps import Captured, Decapsulated, Encapsulated, Forwarded, Judged, Matched, Rewritten, Step
from k8snet.linux.trace import Hop, Trace

OURS = "k8snet"
TABLE = f"""table ip {OURS} {{
    chain prerouting {{ type filter hook prerouting priority -500; meta nftrace set 1; }}
    chain output {{ type filter hook output priority -500; meta nftrace set 1; }}
}}"""
"""Before even the pieces of packets are put together (-400). It asks for no conntrack, so nat tables sleep on."""
STATIONS = [(hook, table) for hook in ("OUTPUT", "PREROUTING", "INPUT", "FORWARD", "POSTROUTING") for table in HOOKS[hook]]
"""In the order in which one packet can come to them."""
TABLE_NAME, CHAIN_NAME, RULE_HANDLE, ID, NETWORK_HEADER, TRANSPORT_HEADER = 1, 2, 3, 6, 8, 9
LISTED = re.compile(r"^table ip (?P<table>\S+) \{|^\tchain (?P<chain>\S+) \{|^\t\t.* # handle (?P<rule>\d+)$", re.MULTILINE)
SYN_ACK = "tcp [S.]"

Positions = dict[tuple[str, str, int], int]
"""Where in its chain a rule stands, counted from 1, by its table, chain and handle."""


class Met:
    """A packet as it came, and the rules that it has met up to its latest ``station``."""

    def __init__(self, came: Packet | Arp) -> None:
        self.came = came
        self.station = -1
        self.rules: list[str] = []

    def __str__(self) -> str:
        return f"{_line(self.came)}: {', '.join(self.rules)}"


class RuleTrace:
    """Begins to trace wherever a lab's model has rules; `sections` ends it. What cannot be had is noted in the lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._spaces = {ROOT: lab.model.root, **lab.model.netns}
        self._positions: dict[str, Positions] = {}
        for name, netns in self._spaces.items():
            if any(netns.netfilter.rules()) and not self._begin(name, netns):
                self._positions.clear()
                return

    def _begin(self, name: str, netns: Netns) -> bool:
        done = self._lab.kernel.request("trace_rules", netns=name, table=TABLE)
        listed = positions(done["out"])
        self._positions[name] = {rule: number for rule, number in listed.items() if rule[0] != OURS}
        rules = len(list(netns.netfilter.rules()))
        if done["code"] == 0 and len(self._positions[name]) == rules:
            return True
        why = done["err"].strip() or "iptables is not made of nftables here"
        self._lab.notes.append(f"which rules packets met is not compared: {why}")
        return False

    def sections(self, trace: Trace) -> list[Section]:
        """What packets met in each namespace, in both worlds; in no order, as two processors may work at once."""
        messages = self._lab.kernel.request("traced")["messages"] if self._positions else []
        sections = []
        for name, where in self._positions.items():
            told = (_attributes(bytes.fromhex(message)) for netns, message in messages if netns == name)
            both = _lines(_in_model(trace, self._spaces[name])), _lines(_in_kernel(told, where))
            sections.append(Section(f"matched {name}", *both, ordered=False))
        return sections


def positions(listing: str) -> Positions:
    r"""Where each rule stands, from what ``nft --handle list ruleset`` prints.

    >>> positions("table ip nat { # handle 1\n\tchain SVC { # handle 1\n\t\tcounter dnat to 10.0.0.2:80 # handle 4\n\t}\n}\n")
    {('nat', 'SVC', 4): 1}
    """
    found: Positions = {}
    table, chain, number = "", "", 0
    for each in LISTED.finditer(listing):
        if each["rule"]:
            number += 1
            found[table, chain, int(each["rule"])] = number
        else:
            table, chain, number = each["table"] or table, each["chain"] or "", 0
    return found


# --- the kernel's side --------------------------------------------------------------------------------------------

Told = dict[int, bytes]
"""A message of the kernel's: its attributes by number."""


def _in_kernel(messages: Iterable[Told], where: Positions) -> list[Met]:
    """What the kernel's messages tell. The first message about a table's chain holds the packet, others only an id.

    That id is made of the packet's place in memory and its device, so on a bridge it changes: a packet is known by what
    no router and no NAT changes in it.
    """
    packets: list[Met] = []
    latest: dict[bytes, Met] = {}
    by_id: dict[bytes, Met] = {}
    for told in messages:
        table, chain = told[TABLE_NAME].decode(), told[CHAIN_NAME].decode()
        if NETWORK_HEADER in told:
            mark, station = _unchanging(told), -1 if table == OURS else STATIONS.index((chain, table))
            if station < 0 or mark not in latest or station <= latest[mark].station:
                latest[mark] = Met(_packet(told))
                packets.append(latest[mark])
            latest[mark].station = station
            by_id[told[ID]] = latest[mark]
        if RULE_HANDLE in told and table != OURS:
            handle = int.from_bytes(told[RULE_HANDLE], "big")
            by_id[told[ID]].rules.append(f"{table} {chain} {where[table, chain, handle]}")
    return packets


def _attributes(message: bytes) -> Told:
    """A netlink message's attributes; names end with a zero byte."""
    found, start = {}, 20
    while start + 4 <= len(message):
        length, kind = struct.unpack_from("HH", message, start)
        content = message[start + 4 : start + length]
        found[kind] = content.rstrip(b"\0") if kind in (TABLE_NAME, CHAIN_NAME) else content
        start += (length + 3) // 4 * 4
    return found


def _unchanging(told: Told) -> bytes:
    """IPv4 id and protocol; TCP's numbers and flags; ICMP's type, code and sequence number; UDP's length."""
    header, rest = told[NETWORK_HEADER], told.get(TRANSPORT_HEADER, b"")
    proto = header[9]
    if proto == PROTOCOL_NUMBERS["icmp"]:
        content = rest[:2] + rest[6:8]
    else:
        content = rest[4:14] if proto == PROTOCOL_NUMBERS["tcp"] else rest[4:6]
    return header[4:6] + header[9:10] + content


def _packet(told: Told) -> Packet:
    """The packet of a message, of which 20 bytes behind the IPv4 header are told: not enough of what ICMP errors quote."""
    header, rest = told[NETWORK_HEADER], told.get(TRANSPORT_HEADER, b"")
    if header[9] == PROTOCOL_NUMBERS["icmp"] and rest and rest[0] in ICMP_ERRORS:
        return changed(parse_packet(header + bytes(8)), icmp=Icmp(rest[0], rest[1]))
    packet = parse_packet(header + rest)
    if packet.proto != "tcp" or packet.offset:
        return packet
    return changed(packet, data=bytes(int.from_bytes(header[2:4], "big") - 20 - (rest[12] >> 4) * 4))


# --- the model's side ---------------------------------------------------------------------------------------------


def _in_model(trace: Trace, netns: Netns) -> Iterator[Met]:
    for traced in trace.packets:
        for hop in traced.hops:
            if hop.netns == netns.name:
                yield from _of_hop(hop, gathers=netns.netfilter.uses_conntrack)


def _of_hop(hop: Hop, *, gathers: bool) -> Iterator[Met]:
    """A hop's packets, each with its rules: what comes in again, or is a copy (of a flooded frame), is one more.

    A namespace that ``gathers`` pieces before all rules shows the packet, not its last piece.
    """
    packet = _as_it_came(hop)
    met = Met(changed(packet, offset=0) if gathers and isinstance(packet, Packet) else packet)
    rules: list[str] = []
    for before, step in zip([None, *hop.steps], hop.steps, strict=False):
        packet = _after(step, packet)
        if _is_whole_at_last(step, met.came):
            if met.rules:
                yield met
            met = Met(changed(met.came, offset=0))
        if _comes_anew(before, step) or (isinstance(step, Judged) and _station(step) <= met.station):
            yield met
            met = Met(packet)
        if isinstance(step, Matched):
            rules.append(f"{step.table} {step.chain} {step.number}")
        elif isinstance(step, Judged):
            met.station = _station(step)
            met.rules += rules
            rules.clear()
    yield met


def _is_whole_at_last(step: Step, came: Packet | Arp) -> bool:
    """Whether a packet's last piece has come to INPUT: there it is put together, if it was not before."""
    return isinstance(step, Judged) and step.hook == "INPUT" and isinstance(came, Packet) and came.offset > 0


def _as_it_came(hop: Hop) -> Packet | Arp:
    captured = (step.packet for step in hop.steps if isinstance(step, Captured))
    return next(captured, hop.traced.packet) if hop.iif else hop.traced.packet


def _after(step: Step, packet: Packet | Arp) -> Packet | Arp:
    """The packet after a step."""
    if isinstance(step, Captured):
        return step.packet
    if isinstance(step, Encapsulated):
        return step.outer
    if isinstance(step, Forwarded) and isinstance(packet, Packet):
        return changed(packet, ttl=step.ttl)
    return step.after if isinstance(step, Rewritten) else packet


def _comes_anew(before: Step | None, step: Step) -> bool:
    """Into a tunnel, out of one, or by lo."""
    by_lo = isinstance(step, Captured) and step.device == "lo" and step.direction == "in"
    return by_lo or isinstance(before, Decapsulated) or isinstance(step, Encapsulated)


def _station(step: Judged) -> int:
    return STATIONS.index((step.hook, step.table))


# --- as lines -----------------------------------------------------------------------------------------------------


def _lines(packets: Iterable[Met]) -> list[str]:
    """A line for each packet that met rules; not for those that are left out of captures too."""
    lines = sorted(str(met) for met in packets if met.rules and not is_passing(met.came))
    return [line for line, before in zip(lines, ["", *lines], strict=False) if line != before or SYN_ACK not in line]


def _line(packet: Packet | Arp) -> str:
    """A packet in few words; without what the kernel's message does not tell, or what each kernel numbers on its own."""
    assert isinstance(packet, Packet)
    icmp, proto = packet.icmp, packet.proto
    ends = f"{packet.src} > {packet.dst} {proto}"
    if packet.offset:
        return f"{ends} from byte {packet.offset} ttl {packet.ttl}"
    if icmp is not None:
        return f"{ends} {icmp.type}/{icmp.code}{'' if icmp.is_error else f' id {icmp.id}'} ttl {packet.ttl}"
    flags = f" [{packet.flags}]" if proto == "tcp" else ""
    return f"{packet.src}:{packet.sport} > {packet.dst}:{packet.dport} {proto}{flags} ttl {packet.ttl}"
