"""Why a rule matched or did not, and what it then did, in words: for each kind of condition two statements, under keys.

A condition that held, or did not, is told by one of its two statements: with a ``!`` in the rule, what failed is the one
that is true otherwise. What the statements are filled with comes from the condition and from the packet as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from k8snet.linux import icmp
from k8snet.linux.iptables.rule import match_text, network_text
from k8snet.linux.matches import (
    EVERY_PORT,
    AddressType,
    Comment,
    Conntrack,
    Destination,
    Fragment,
    IcmpType,
    InDevice,
    Limit,
    MarkIs,
    Match,
    Multiport,
    Nth,
    OutDevice,
    Ports,
    Protocol,
    Random,
    Recent,
    Source,
    Transport,
)
from k8snet.linux.targets import Jump, Nat, Reject, Return, SetMark
from k8snet.linux.walks import Visit, Walk
from k8snet.linux.why import Answer, Seen
from k8snet.linux.words import change, segment

ENGLISH = {
    "Source.is": "source is {found}",
    "Source.not": "source {found} is not {wanted}",
    "Source.net.is": "source {found} is in {wanted}",
    "Source.net.not": "source {found} is not in {wanted}",
    "Destination.is": "destination is {found}",
    "Destination.not": "destination {found} is not {wanted}",
    "Destination.net.is": "destination {found} is in {wanted}",
    "Destination.net.not": "destination {found} is not in {wanted}",
    "InDevice.is": "it came in by {found}",
    "InDevice.not": "it came in by {found}, not by {wanted}",
    "InDevice.none.not": "it was made here, and did not come in by {wanted}",
    "OutDevice.is": "it leaves by {found}",
    "OutDevice.not": "it leaves by {found}, not by {wanted}",
    "OutDevice.none.not": "it does not leave by {wanted}",
    "Protocol.is": "protocol is {found}",
    "Protocol.not": "protocol is {found}, not {wanted}",
    "Fragment.is": "it is a fragment behind the first",
    "Fragment.not": "it is not a fragment behind the first",
    "Transport.fragment.not": "it is a fragment behind the first, which has no ports",
    "Transport.proto.is": "protocol is {found}",
    "Transport.proto.not": "protocol is {found}, not {wanted}",
    "Transport.sports.is": "source port is {found}",
    "Transport.sports.not": "source port is {found}, not {wanted}",
    "Transport.dports.is": "destination port is {found}",
    "Transport.dports.not": "destination port is {found}, not {wanted}",
    "Transport.flags.is": "TCP flags are {found}",
    "Transport.flags.not": "TCP flags are {found}, and not as asked: {words}",
    "IcmpType.is": "the ICMP message is: {found}",
    "IcmpType.not": "the ICMP message is: {found}; not of type {wanted}",
    "Multiport.is": "its ports are {found}, among {wanted}",
    "Multiport.not": "its ports are {found}, and not as asked: {words}",
    "MarkIs.is": "mark is {found}",
    "MarkIs.not": "mark is {found}, not {wanted}",
    "MarkIs.bits.is": "the mark has {wanted}",
    "MarkIs.bits.not": "no mark {wanted}",
    "Conntrack.states.is": "its connection is {found}",
    "Conntrack.states.not": "its connection is {found}, not {wanted}",
    "Conntrack.reply.is": "it goes in {found} direction",
    "Conntrack.reply.not": "it goes in {found} direction, not in {wanted} direction",
    "AddressType.src.is": "source {found} is {wanted} here",
    "AddressType.src.not": "source {found} is not {wanted} here",
    "AddressType.dst.is": "destination {found} is {wanted} here",
    "AddressType.dst.not": "destination {found} is not {wanted} here",
    "Random.is": "probability {wanted}: the dice said yes",
    "Random.not": "probability {wanted}: the dice said no",
    "Nth.is": "one packet in {wanted} is meant: this one",
    "Nth.not": "one packet in {wanted} is meant: not this one",
    "Limit.is": "the limit is not reached ({wanted})",
    "Limit.not": "the limit is reached ({wanted})",
    "Recent.is": "{found} is in the list {wanted}",
    "Recent.not": "{found} is not in the list {wanted}",
    "Recent.seconds.is": "{found} was seen in the last {seconds} s (list {wanted})",
    "Recent.seconds.not": "{found} was not seen in the last {seconds} s (list {wanted})",
    "Recent.set.is": "{found} enters the list {wanted}",
    "Match.is": "as asked: {words}",
    "Match.not": "not as asked: {words}",
    "others": "{statement}, and the rule is for all others",
    "or": " or ",
    "and": "; ",
    "all": "it has no condition",
    "Jump": "on to {chain}",
    "Jump.goto": "on to {chain}, whose end does not lead back here",
    "Return": "back to {caller}",
    "Return.policy": "to the policy: {verdict}",
    "Accept": "accepted: no more rules of {table} at {hook}",
    "Drop": "dropped",
    "Reject": "rejected with {answer}",
    "SetMark": "the mark {before} becomes {after}",
    "Nat": "{word}: {change}",
    "Nat.kept": "{word}, which changes nothing",
    "Log": "a line in the kernel's log, and on",
    "NoTrack": "conntrack leaves it alone, and on",
    "counts": "counted, and on",
    "end": "the chain ends: back to {caller}",
    "end.empty": "the chain is empty: back to {caller}",
    "end.policy": "the chain ends: the policy is {verdict}",
}
"""The statements. ``found`` is what the packet has, ``wanted`` what the rule asks for, ``words`` the rule's own."""

Facts = tuple[str, dict[str, object]]
"""A statement's key, without its last word, and what fills its blanks."""


def reason(answer: Answer, seen: Seen, words: dict[str, str] = ENGLISH) -> str:
    """Why a rule that was tried matched, or why not."""
    if answer.unmet:
        return words["or"].join(_statement(match, seen, words, held=False) for match in answer.unmet)
    held = [_statement(match, seen, words, held=True) for match in answer.rule.matches if not isinstance(match, Comment)]
    return words["and"].join(dict.fromkeys(held)) or words["all"]


def _statement(match: Match, seen: Seen, words: dict[str, str], *, held: bool) -> str:
    """One condition, met or not."""
    (key, facts), inverted = _told(match, seen, held)
    is_so = held is not inverted
    said = words.get(f"{key}.{'is' if is_so else 'not'}", words[f"Match.{'is' if is_so else 'not'}"])
    statement = said.format(**facts, words=match_text(match))
    return words["others"].format(statement=statement) if inverted and not held else statement


def _told(match: Match, seen: Seen, held: bool) -> tuple[Facts, bool]:
    """The facts about a condition, and whether its rule has a ``!`` there."""
    if isinstance(match, Transport):
        return _transport(match, seen, held)
    if isinstance(match, AddressType):
        return _address_type(match, seen)
    teller = TELLERS.get(type(match))
    return teller(match, seen) if teller else ("Match", {}), bool(getattr(match, "inverted", False))


# --- each kind -----------------------------------------------------------------------------------------------------


def _network(side: str, match: Source | Destination, found: object) -> Facts:
    is_host = match.mask == 0xFFFFFFFF
    wanted = network_text(match.ip, match.mask)
    return side if is_host else f"{side}.net", {"found": found, "wanted": wanted.removesuffix("/32") if is_host else wanted}


def _device(side: str, match: InDevice | OutDevice, device: Any) -> Facts:
    return (side, {"found": device.name, "wanted": match.name}) if device else (f"{side}.none", {"wanted": match.name})


def _transport(match: Transport, seen: Seen, held: bool) -> tuple[Facts, bool]:
    """Of the parts of a ``-m tcp`` the first that failed; of one that held, the port that it asks for."""
    packet = seen.packet
    if packet.offset:
        return ("Transport.fragment", {}), False
    for part, (key, found, wanted, inverted) in _transport_parts(match, seen):
        if not held and not seen.meets(part):
            return (f"Transport.{key}", {"found": found, "wanted": wanted}), inverted
        if held and key != "proto":
            return (f"Transport.{key}", {"found": found, "wanted": wanted}), inverted
    return ("Transport.proto", {"found": packet.proto, "wanted": match.proto}), False


def _transport_parts(match: Transport, seen: Seen) -> Iterator[tuple[Transport, tuple[str, object, object, bool]]]:
    """Each part as a condition of its own: its key, what is found, what is wanted, whether a ``!`` stands before it."""
    packet, proto = seen.packet, match.proto
    yield Transport(proto), ("proto", packet.proto, proto, False)
    if match.dports != EVERY_PORT:
        part = Transport(proto, dports=match.dports, not_dports=match.not_dports)
        yield part, ("dports", packet.dport, _ports(match.dports), match.not_dports)
    if match.sports != EVERY_PORT:
        part = Transport(proto, sports=match.sports, not_sports=match.not_sports)
        yield part, ("sports", packet.sport, _ports(match.sports), match.not_sports)
    if match.flag_mask:
        part = Transport(proto, flag_mask=match.flag_mask, flags=match.flags, not_flags=match.not_flags)
        yield part, ("flags", segment(packet), "", match.not_flags)


def _ports(ports: Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]} to {ports[1]}"


def _icmp(match: IcmpType, seen: Seen) -> Facts:
    message = seen.packet.icmp
    found = seen.packet.proto if message is None else icmp.name_of(message.type, message.code)
    return "IcmpType", {"found": found, "wanted": match.type}


def _multiport(match: Multiport, seen: Seen) -> Facts:
    packet = seen.packet
    return "Multiport", {"found": f"{packet.sport} > {packet.dport}", "wanted": ", ".join(map(_ports, match.ranges))}


def _mark(match: MarkIs, seen: Seen) -> Facts:
    is_bits = match.value == match.mask
    return "MarkIs.bits" if is_bits else "MarkIs", {"found": f"{seen.mark:#x}", "wanted": f"{match.value:#x}"}


def _conntrack(match: Conntrack, seen: Seen) -> Facts:
    if match.reply is not None and (seen.conn is None or seen.reply is not match.reply):
        ways = {True: "reply", False: "original"}
        return "Conntrack.reply", {"found": ways[seen.reply], "wanted": ways[match.reply]}
    translated = [{"dst": "DNAT", "src": "SNAT"}[end] for end in (seen.conn.nat if seen.conn else ())]
    found = ",".join([seen.ctinfo or "INVALID", *translated])
    return "Conntrack.states", {"found": found, "wanted": " or ".join(sorted(match.states))}


def _address_type(match: AddressType, seen: Seen) -> tuple[Facts, bool]:
    """What an address is to the machine is not on record; if both ends are asked about, either may have failed."""
    if match.src and match.dst:
        return ("Match", {}), False
    side, types, inverted = ("src", match.src, match.not_src) if match.src else ("dst", match.dst, match.not_dst)
    wanted = " or ".join(sorted(types)).upper()
    return (f"AddressType.{side}", {"found": getattr(seen.packet, side), "wanted": wanted}), inverted


def _recent(match: Recent, seen: Seen) -> Facts:
    found = seen.packet.src if match.side == "source" else seen.packet.dst
    key = "Recent.set" if match.op == "set" else "Recent.seconds" if match.seconds else "Recent"
    return key, {"found": found, "wanted": match.name, "seconds": match.seconds}


TELLERS: dict[type[Match], Callable[[Any, Seen], Facts]] = {
    Source: lambda match, seen: _network("Source", match, seen.packet.src),
    Destination: lambda match, seen: _network("Destination", match, seen.packet.dst),
    InDevice: lambda match, seen: _device("InDevice", match, seen.iif),
    OutDevice: lambda match, seen: _device("OutDevice", match, seen.oif),
    Protocol: lambda match, seen: ("Protocol", {"found": seen.packet.proto, "wanted": match.name}),
    Fragment: lambda match, seen: ("Fragment", {}),
    IcmpType: _icmp,
    Multiport: _multiport,
    MarkIs: _mark,
    Conntrack: _conntrack,
    Random: lambda match, seen: ("Random", {"wanted": f"{match.probability / 0x80000000:.3g}"}),
    Nth: lambda match, seen: ("Nth", {"wanted": match.every}),
    Limit: lambda match, seen: ("Limit", {"wanted": match_text(match).removeprefix("-m limit ")}),
    Recent: _recent,
}
"""Who tells the facts about a condition; a kind that is not here is told in the rule's own words."""


# --- what came of it -----------------------------------------------------------------------------------------------


def effect(walk: Walk, visit: Visit, number: int, words: dict[str, str] = ENGLISH) -> str:
    """What a rule that matched did with the packet."""
    target = visit.rules[number - 1].target
    facts: dict[str, object] = {"table": walk.judged.table, "hook": walk.judged.hook, "verdict": walk.judged.verdict}
    key = "counts" if target is None else type(target).__name__
    if isinstance(target, Jump):
        key, facts = "Jump.goto" if target.goto else "Jump", facts | {"chain": target.chain}
    elif isinstance(target, Return):
        key, facts = _return(visit, facts)
    elif isinstance(target, Reject):
        facts |= {"answer": target.answer}
    elif isinstance(target, SetMark):
        written = visit.marks[number]
        facts |= {"before": f"{written.before:#x}", "after": f"{written.after:#x}"}
    elif isinstance(target, Nat):
        key, facts = _nat(walk, target.word)
    return words[key].format(**facts)


def _return(visit: Visit, facts: dict[str, object]) -> Facts:
    return ("Return.policy", facts) if visit.caller is None else ("Return", {"caller": visit.caller.chain})


def _nat(walk: Walk, word: str) -> Facts:
    """What NAT decided shows where it rewrites; if the packet was dropped for want of a tuple, it does not."""
    return ("Nat.kept", {"word": word}) if walk.rewritten is None else ("Nat", {"word": word, "change": change(walk.rewritten)})


def end(walk: Walk, visit: Visit, words: dict[str, str] = ENGLISH) -> str:
    """Where a chain's end led."""
    if visit.caller is None:
        return words["end.policy"].format(verdict=walk.judged.verdict)
    return words["end" if visit.rules else "end.empty"].format(caller=visit.caller.chain)


def first_words(matches: Sequence[Match]) -> str:
    """The words of the rule that failed: as much of its text as can be pointed at."""
    return match_text(matches[0]) if len(matches) == 1 else ""
