"""A trace in words: one sentence for each kind of step, each under a key, so that it can be said in another language.

The sentences are templates; `facts` fills them with a step's evidence. Nothing else in linux/ explains anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.linux import icmp as icmp_names
from k8snet.linux.address import BROADCAST_MAC
from k8snet.linux.packet import ECHO_REQUEST, Arp, Packet
from k8snet.linux.route import Lookup, Route
from k8snet.linux.steps import (
    Bridged,
    Captured,
    Decapsulated,
    Dropped,
    Encapsulated,
    Judged,
    Rejected,
    Rewritten,
    Routed,
    Step,
    Tracked,
)
from k8snet.linux.trace import Hop, Trace, TracedPacket

ENGLISH = {
    "Captured.in": "{device} < {frame}",
    "Captured.out": "{device} > {frame}",
    "Learned": "{bridge} learns: {mac} lives behind {port}",
    "Bridged.forward": "{bridge} forwards the frame to {ports}",
    "Bridged.flood": "{bridge} floods the frame to {ports}",
    "Bridged.local": "{bridge} keeps the frame: its MAC is this machine's",
    "Routed": "route to {dst}: {route} ({type})",
    "Routed.local": "route to {dst}: local: it is this machine's own",
    "Routed.error": "route to {dst}: no way ({errno})",
    "Routed.refusal": "route to {dst}: no way ({errno}): {route}",
    "Tracked": "conntrack: {ctstate}",
    "Tracked.reply": "conntrack: {ctstate}, in reply direction",
    "Matched": "{table} {chain} rule {number} matches: {rule}",
    "Judged": "{table} {hook}: {verdict} after {tried} rules",
    "Rewritten": "NAT ({target}) in {hook}: {change}",
    "Forwarded": "forwarded: TTL is now {ttl}",
    "Fragmented": "cut into {pieces} pieces for an MTU of {mtu}",
    "Resolved": "neighbour {ip} on {device} is at {mac} ({state})",
    "Awaited": "the MAC of {ip} on {device} is not known: the packet waits while ARP asks",
    "Encapsulated": "{device} wraps the frame into UDP: VNI {vni}, {src}:{sport} > {dst}:{dport}",
    "Decapsulated": "{device} unwraps the frame: VNI {vni}, from {src}",
    "Marked": "mark {before:#x} becomes {after:#x}",
    "Logged": "logged: {prefix}",
    "Delivered": "delivered to {owner}",
    "Dropped": "DROPPED: {reason}",
    "Dropped.rule": "DROPPED: {reason}, by {evidence}",
    "Rejected": "REJECTED with {answer}: {reason}",
    "Rejected.rule": "REJECTED with {answer}: {reason}, by {evidence}",
    "Ignored": "ignored: {reason}",
    "frame": "{packet}  [{mac_src} > {mac_dst}]",
    "packet.request": "ARP who has {target_ip}? tell {sender_ip}",
    "packet.reply": "ARP {sender_ip} is at {sender_mac}",
    "packet.icmp": "ICMP {message} {src} > {dst}, TTL {ttl}",
    "packet.segment": "{proto} {segment} {src}:{sport} > {dst}:{dport}, TTL {ttl}",
    "packet.fragment": "{proto} {src} > {dst}, fragment at {offset}, TTL {ttl}",
    "packet.vxlan": "VXLAN {vni} {src}:{sport} > {dst}:{dport}, TTL {ttl}, around {inner}",
    "packet.bare": "{proto} {src} > {dst}",
    "packet.datagram": "{proto} {src}:{sport} > {dst}:{dport}, TTL {ttl}",
    "trace": "{question}",
    "fate.delivered": "delivered",
    "fate.app": "delivered: answered by {app}, which saw {peer}",
    "fate.refused": "refused ({errno})",
    "fate.unreachable": "unreachable ({errno})",
    "fate.timeout": "timeout: no answer came",
    "fate.reason": "{fate}; {reason}",
    "packet": "{role} {number}: {packet}",
    "packet.again": "{role} {number} (sent again): {packet}",
    "hop": "  {netns}",
    "step": "    {sentence}",
}


def sentence(step: Step, words: dict[str, str] = ENGLISH) -> str:
    """What a step says.

    >>> from k8snet.linux.steps import Forwarded
    >>> sentence(Forwarded(63))
    'forwarded: TTL is now 63'
    """
    return template(step, words).format(**facts(step, words))


def template(step: Step, words: dict[str, str] = ENGLISH) -> str:
    """The sentence with blanks for a step's `facts`; for a kind that has none, its name and its evidence."""
    key = type(step).__name__
    found = words.get(f"{key}.{variant(step)}", words.get(key))
    return found or f"{key}: " + ", ".join(f"{name} {{{name}}}" for name in step.__struct_fields__)


def variant(step: Step) -> str:
    """Which of the sentences for its kind a step takes; empty if there is only one."""
    if isinstance(step, Captured):
        return step.direction
    if isinstance(step, Bridged):
        return step.how
    if isinstance(step, Tracked):
        return "reply" if step.reply else ""
    if isinstance(step, Routed):
        return _end_of(step.lookup)
    return "rule" if isinstance(step, Dropped | Rejected) and step.evidence else ""


def _end_of(found: Lookup) -> str:
    if found.errno is not None:
        return "refusal" if found.route is not None else "error"
    return "local" if found.type == "local" else ""


def facts(step: Step, words: dict[str, str] = ENGLISH) -> dict[str, object]:
    """A step's evidence, as text where it is not plain already."""
    evidence: dict[str, object] = {name: getattr(step, name) for name in step.__struct_fields__}
    if isinstance(step, Captured):
        frame = step.frame
        macs = {"mac_src": frame.src, "mac_dst": "everyone" if frame.dst == BROADCAST_MAC else frame.dst}
        evidence["frame"] = words["frame"].format(packet=describe(step.packet, words), **macs)
    elif isinstance(step, Routed):
        found = step.lookup
        evidence |= {"type": found.type, "errno": found.errno, "route": "" if found.route is None else route_line(found.route)}
    elif isinstance(step, Rewritten):
        evidence["change"] = change(step)
    elif isinstance(step, Encapsulated | Decapsulated):
        outer = step.outer
        evidence |= {"src": outer.src, "dst": outer.dst, "sport": outer.sport, "dport": outer.dport}
        evidence["vni"] = outer.inner.vni if outer.inner else None
    elif isinstance(step, Bridged):
        evidence["ports"] = ", ".join(step.ports) or "nobody"
    return evidence


def describe(packet: Packet | Arp, words: dict[str, str] = ENGLISH) -> str:
    """A packet in a few words.

    >>> from k8snet.linux.address import Ip
    >>> describe(Packet(Ip("10.1.1.1"), Ip("10.1.2.2"), "tcp", 40000, 4000, "S"))
    'TCP SYN 10.1.1.1:40000 > 10.1.2.2:4000, TTL 64'
    """
    fields = headers(packet)
    if isinstance(packet, Packet) and packet.inner is not None:
        fields |= {"vni": packet.inner.vni, "inner": describe(packet.inner.frame.payload, words)}
    return words[f"packet.{description(packet)}"].format(**fields)


def description(packet: Packet | Arp) -> str:
    """Which of the descriptions a packet takes."""
    if isinstance(packet, Arp):
        return packet.op
    if packet.offset:
        return "fragment"
    if packet.inner is not None:
        return "vxlan"
    if packet.icmp is not None:
        return "icmp"
    if not packet.sport and not packet.dport:
        return "bare"
    return "segment" if segment(packet) else "datagram"


def headers(packet: Packet | Arp) -> dict[str, object]:
    """What descriptions are filled with: header fields, and the names for what is in them."""
    fields: dict[str, object] = {name: getattr(packet, name) for name in packet.__struct_fields__}
    if isinstance(packet, Arp):
        return fields
    fields |= {"proto": packet.proto.upper(), "segment": segment(packet)}
    if packet.icmp is not None:
        asks = packet.icmp.type == ECHO_REQUEST
        fields["message"] = "echo request" if asks else icmp_names.name_of(packet.icmp.type, packet.icmp.code)
    return fields


def segment(packet: Packet) -> str:
    """What a TCP segment is called: SYN, SYN-ACK, ACK, data, FIN, RST; nothing for other protocols."""
    names = {"S": "SYN", "S.": "SYN-ACK", ".": "ACK", "P.": "data", "F.": "FIN", "R": "RST", "R.": "RST"}
    return "data" if packet.flags == "." and packet.data else names.get(packet.flags, packet.flags)


def change(step: Rewritten) -> str:
    """What NAT changed: ``dst 10.96.0.10:80 -> 10.1.2.2:4000``."""
    before, after = step.before, step.after
    changes = []
    for side, port in (("src", "sport"), ("dst", "dport")):
        old, new = (f"{getattr(each, side)}:{getattr(each, port)}" for each in (before, after))
        if old != new:
            changes.append(f"{side} {old} -> {new}")
    return ", ".join(changes) or "what the ICMP message carries"


def route_line(route: Route) -> str:
    """A route as ``ip route`` begins its line."""
    network = "default" if route.network.length == 0 else str(route.network)
    words = [] if route.type == "unicast" else [route.type]
    words += [network, f"via {route.via}"] if route.via else [network]
    return " ".join([*words, *([f"dev {route.dev}"] if route.dev else [])])


def verdict(trace: Trace, words: dict[str, str] = ENGLISH) -> str:
    """How the question ended, in one line."""
    if trace.answered_by is not None:
        return words["fate.app"].format(app=trace.answered_by, peer=trace.seen_from)
    fate = words[f"fate.{trace.fate}"].format(errno=trace.errno)
    return fate if trace.reason is None else words["fate.reason"].format(fate=fate, reason=trace.reason)


def story(trace: Trace, words: dict[str, str] = ENGLISH) -> str:
    """The whole trace: each packet in the order in which it was first seen, hop by hop, step by step."""
    lines = [words["trace"].format(question=trace.asked)]
    numbers: dict[str, int] = {}
    for traced in trace.packets:
        lines += _packet(traced, numbers, words)
    return "\n".join([*lines, verdict(trace, words)])


def _packet(traced: TracedPacket, numbers: dict[str, int], words: dict[str, str]) -> Iterator[str]:
    numbers[traced.role] = numbers.get(traced.role, 0) + 1
    key = "packet.again" if traced.again else "packet"
    yield words[key].format(role=traced.role, number=numbers[traced.role], packet=describe(traced.packet, words))
    for hop in traced.hops:
        yield from _hop(hop, words)


def _hop(hop: Hop, words: dict[str, str]) -> Iterator[str]:
    yield words["hop"].format(netns=hop.netns)
    for step in hop.steps:
        if not isinstance(step, Judged) or step.verdict != "ACCEPT":
            yield words["step"].format(sentence=sentence(step, words))
