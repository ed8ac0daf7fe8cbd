"""A trace in words: one sentence for each kind of step, each under a key, so that it can be said in another language.

The sentences are templates; `facts` fills them with a step's evidence. Nothing else in linux/ explains anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.linux import icmp as icmp_names
from k8snet.linux.address import BROADCAST_MAC
from k8snet.linux.packet import ECHO_REQUEST, Arp, Packet
from k8snet.linux.route import Lookup
from k8snet.linux.steps import Captured, Judged, Rewritten, Routed, Step, Tracked
from k8snet.linux.trace import Hop, Trace, TracedPacket

ENGLISH = {
    "Captured.in": "{device} < {frame}",
    "Captured.out": "{device} > {frame}",
    "Learned": "{bridge} learns: {mac} lives behind {port}",
    "Bridged.forward": "{bridge} forwards the frame to {ports}",
    "Bridged.flood": "{bridge} floods the frame to {ports}",
    "Bridged.local": "{bridge} keeps the frame: its MAC is this machine's",
    "Routed": "route to {dst}: {way}",
    "Tracked": "conntrack: {ctstate}{direction}",
    "Matched": "{table} {chain} rule {number} matches: {rule}",
    "Judged": "{table} {hook}: {verdict} after {tried} rules",
    "Rewritten": "NAT ({target}) in {hook}: {change}",
    "Forwarded": "forwarded: TTL is now {ttl}",
    "Fragmented": "cut into {pieces} pieces for an MTU of {mtu}",
    "Resolved": "neighbour {ip} on {device} is at {mac} ({state})",
    "Awaited": "the MAC of {ip} on {device} is not known: the packet waits while ARP asks",
    "Marked": "mark {before:#x} becomes {after:#x}",
    "Logged": "logged: {prefix}",
    "Delivered": "delivered to {owner}",
    "Dropped": "DROPPED: {reason}{because}",
    "Rejected": "REJECTED with {answer}: {reason}{because}",
    "Ignored": "ignored: {reason}",
    "way.route": "{type} by {route}",
    "way.local": "local: it is this machine's own",
    "way.error": "no way ({errno}){route}",
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
    evidence = facts(step, words)
    key = type(step).__name__
    variant = evidence.get("direction") if isinstance(step, Captured) else evidence.get("how")
    return words[f"{key}.{variant}" if f"{key}.{variant}" in words else key].format(**evidence)


def facts(step: Step, words: dict[str, str] = ENGLISH) -> dict[str, object]:
    """A step's evidence, as text where it is not plain already."""
    evidence: dict[str, object] = {name: getattr(step, name) for name in step.__struct_fields__}
    if isinstance(step, Captured):
        to = "everyone" if step.frame.dst == BROADCAST_MAC else step.frame.dst
        evidence["frame"] = f"{describe(step.packet)}  [{step.frame.src} > {to}]"
    elif isinstance(step, Routed):
        evidence["way"] = _way(step.lookup, words)
    elif isinstance(step, Tracked):
        evidence["direction"] = ", in reply direction" if step.reply else ""
    elif isinstance(step, Rewritten):
        evidence["change"] = change(step)
    elif "ports" in evidence:
        evidence["ports"] = ", ".join(getattr(step, "ports", ())) or "nobody"
    if "evidence" in evidence:
        evidence["because"] = f", by {evidence['evidence']}" if evidence["evidence"] else ""
    return evidence


def describe(packet: Packet | Arp) -> str:
    """A packet in a few words.

    >>> from k8snet.linux.address import Ip
    >>> describe(Packet(Ip("10.1.1.1"), Ip("10.1.2.2"), "tcp", 40000, 4000, "S"))
    'TCP SYN 10.1.1.1:40000 > 10.1.2.2:4000, TTL 64'
    """
    if isinstance(packet, Arp):
        if packet.op == "request":
            return f"ARP who has {packet.target_ip}? tell {packet.sender_ip}"
        return f"ARP {packet.sender_ip} is at {packet.sender_mac}"
    if packet.icmp is not None:
        name = "echo request" if packet.icmp.type == ECHO_REQUEST else icmp_names.name_of(packet.icmp.type, packet.icmp.code)
        return f"ICMP {name} {packet.src} > {packet.dst}, TTL {packet.ttl}"
    kind = f"{packet.proto.upper()} {segment(packet)}".strip()
    return f"{kind} {packet.src}:{packet.sport} > {packet.dst}:{packet.dport}, TTL {packet.ttl}"


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


def _way(found: Lookup, words: dict[str, str]) -> str:
    route = "" if found.route is None else _route(found)
    if found.errno is not None:
        return words["way.error"].format(errno=found.errno, route=f": {route}" if route else "")
    if found.type == "local":
        return words["way.local"]
    return words["way.route"].format(type=found.type, route=route)


def _route(found: Lookup) -> str:
    """A route as ``ip route`` begins its line."""
    route = found.route
    assert route is not None
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
    lines = [words["trace"].format(question=trace.question)]
    numbers: dict[str, int] = {}
    for traced in trace.packets:
        lines += _packet(traced, numbers, words)
    return "\n".join([*lines, verdict(trace, words)])


def _packet(traced: TracedPacket, numbers: dict[str, int], words: dict[str, str]) -> Iterator[str]:
    numbers[traced.role] = numbers.get(traced.role, 0) + 1
    key = "packet.again" if traced.again else "packet"
    yield words[key].format(role=traced.role, number=numbers[traced.role], packet=describe(traced.packet))
    for hop in traced.hops:
        yield from _hop(hop, words)


def _hop(hop: Hop, words: dict[str, str]) -> Iterator[str]:
    yield words["hop"].format(netns=hop.netns)
    for step in hop.steps:
        if not isinstance(step, Judged) or step.verdict != "ACCEPT":
            yield words["step"].format(sentence=sentence(step, words))
