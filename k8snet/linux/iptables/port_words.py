"""How the matches on transport headers are written: ``-m tcp``, ``udp``, ``sctp``, ``icmp``, ``multiport``.

As match_words.py, which holds the others; PORT_MATCHES at the end is the list.
"""

from __future__ import annotations

from k8snet.linux.iptables.names import ANY_CODE, ICMP_TYPES, parse_number, service_name, service_port
from k8snet.linux.iptables.options import Complaint, Extension, Given, Option, negation
from k8snet.linux.matches import EVERY_PORT, IcmpType, Multiport, Ports, Transport

# --- tcp, udp, sctp ----------------------------------------------------------------------------------------------

FLAG_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}
FLAG_WORDS = {**FLAG_BITS, "ALL": 63, "NONE": 0}
PORT_OPTIONS = (
    Option("sport", aliases=("source-port",), invertible=True, once="Only one `--source-port' allowed"),
    Option("dport", aliases=("destination-port",), invertible=True, once="Only one `--destination-port' allowed"),
)
ONE_FLAGS = "Only one of `--syn' or `--tcp-flags'  allowed"
FLAG_OPTIONS = (
    Option("tcp-flags", takes=2, invertible=True, once=ONE_FLAGS),
    Option("syn", takes=0, invertible=True, once=ONE_FLAGS),
)


def _build_transport(given: Given) -> Transport:
    name = given.extension.name
    if given.values and given.proto not in (name, "!") and given.extension.merges:
        raise Complaint(f"{name.upper()} match requires '-p {name}'")
    mask, flags = _flags(given)
    return Transport(
        name,
        _ports(given.value("sport", ":")),
        _ports(given.value("dport", ":")),
        mask,
        flags,
        "sport" in given.inverted,
        "dport" in given.inverted,
        bool(given.inverted & {"syn", "tcp-flags"}),
    )


def _ports(text: str) -> Ports:
    low, colon, high = text.partition(":")
    ports = [_port(low) if low else 0, (_port(high) if high else 65535) if colon else _port(low)]
    if ports[0] > ports[1]:
        raise Complaint("invalid portrange (min > max)")
    return ports[0], ports[1]


def _port(text: str) -> int:
    port = service_port(text)
    if port is None:
        raise Complaint(f"invalid port/service `{text}' specified")
    return port


def _flags(given: Given) -> tuple[int, int]:
    if given.has("syn"):
        return 23, 2
    if not given.has("tcp-flags"):
        return 0, 0
    mask, flags = given.values["tcp-flags"]
    return _flag_bits(mask), _flag_bits(flags)


def _flag_bits(text: str) -> int:
    bits = 0
    for word in text.split(","):
        if word.upper() not in FLAG_WORDS:
            raise Complaint(f"Unknown TCP flag `{word}'")
        bits |= FLAG_WORDS[word.upper()]
    return bits


def _flag_names(bits: int) -> str:
    return ",".join(name for name, bit in FLAG_BITS.items() if bits & bit) or "NONE"


def _write_transport(match: Transport) -> str:
    words = f"-m {match.proto}"
    for name, ports, inverted in (("sport", match.sports, match.not_sports), ("dport", match.dports, match.not_dports)):
        if ports != EVERY_PORT:
            words += f" {negation(inverted)}--{name} {_range(ports)}"
    if match.flag_mask:
        words += f" {negation(match.not_flags)}--tcp-flags {_flag_names(match.flag_mask)} {_flag_names(match.flags)}"
    return words


def _range(ports: Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}:{ports[1]}"


def _show_transport(match: Transport, numeric: bool) -> str:
    words = match.proto
    for letter, ports, inverted in (("s", match.sports, match.not_sports), ("d", match.dports, match.not_dports)):
        if ports != EVERY_PORT:
            plural = "s" if ports[0] != ports[1] else ""
            names = [str(port) if numeric else service_name(port, match.proto) for port in dict.fromkeys(ports)]
            words += f" {letter}pt{plural}:{'!' if inverted else ''}{':'.join(names)}"
    if match.flag_mask:
        mask, flags = match.flag_mask, match.flags
        pair = f"0x{mask:02X}/0x{flags:02X}" if numeric else f"{_flag_names(mask)}/{_flag_names(flags)}"
        words += f" flags:{'!' if match.not_flags else ''}{pair}"
    return words


# --- icmp, multiport ---------------------------------------------------------------------------------------------


def _build_icmp(given: Given) -> IcmpType:
    kind, codes = _icmp_type(given.value("icmp-type"))
    return IcmpType(kind, codes, "icmp-type" in given.inverted)


def _icmp_type(text: str) -> tuple[int, tuple[int, int]]:
    found = [name for name in ICMP_TYPES if name.lower().startswith(text.lower())]
    if text in ICMP_TYPES:
        return ICMP_TYPES[text]
    if len(found) > 1:
        raise Complaint(f"Ambiguous ICMP type `{text}': `{found[0]}' or `{found[1]}'?")
    if found:
        return ICMP_TYPES[found[0]]
    kind, slash, code = text.partition("/")
    numbers = parse_number(kind, 255), parse_number(code, 255)
    if numbers[0] is None:
        raise Complaint(f"Unknown ICMP type `{text}'")
    if not slash:
        return numbers[0], ANY_CODE
    if numbers[1] is None:
        raise Complaint(f"Unknown ICMP code `{text}'")
    return numbers[0], (numbers[1], numbers[1])


def _write_icmp(match: IcmpType) -> str:
    code = f"/{match.codes[0]}" if match.codes != ANY_CODE else ""
    return f"-m icmp {negation(match.inverted)}--icmp-type {'any' if match.type == 255 else match.type}{code}"


def _show_icmp(match: IcmpType, numeric: bool) -> str:
    name = next((name for name, value in ICMP_TYPES.items() if value == (match.type, match.codes)), None)
    if name is not None and not numeric:
        return f"icmp {'!' if match.inverted else ''}{name}"
    code = f" code {match.codes[0]}" if match.codes != ANY_CODE else ""
    return f"icmp{' !' if match.inverted else ''}type {match.type}{code}"


PORT_LISTS = {"sports": "source-ports", "dports": "destination-ports", "ports": "ports"}


def _build_multiport(given: Given) -> Multiport:
    which = next((name for name in PORT_LISTS if given.has(name)), None)
    if which is None:
        raise Complaint("multiport expection an option")
    for other, name in PORT_LISTS.items():
        if other != which and given.has(other):
            given.complain(f'option "--{PORT_LISTS[which]}" cannot be used together with "--{name}".\n')
    if given.proto in ("", "!"):
        raise Complaint("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    if given.proto not in ("tcp", "udp", "udplite", "sctp", "dccp"):
        raise Complaint("multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP")
    ranges = tuple(_multiport_range(word) for word in given.value(which).split(","))
    if sum(1 if low == high else 2 for low, high in ranges) > 15:
        raise Complaint("too many ports specified")
    return Multiport(which, ranges, which in given.inverted)


def _multiport_range(text: str) -> Ports:
    low, colon, high = text.partition(":")
    ports = _port(low), _port(high if colon else low)
    if colon and ports[0] >= ports[1]:
        raise Complaint("invalid portrange specified")
    return ports


def _write_multiport(match: Multiport) -> str:
    return f"-m multiport {negation(match.inverted)}--{match.which} {','.join(map(_range, match.ranges))}"


def _show_multiport(match: Multiport, numeric: bool) -> str:
    proto = "" if numeric else "tcp"
    ranges = (":".join(service_name(port, proto) for port in dict.fromkeys(ports)) for ports in match.ranges)
    return f"multiport {match.which} {' !' if match.inverted else ''}{','.join(ranges)}"


# --- the list ----------------------------------------------------------------------------------------------------


def _transport(name: str, *more: Option) -> Extension:
    return Extension(name, _build_transport, _write_transport, _show_transport, (*PORT_OPTIONS, *more), merges=name != "sctp")


PORT_MATCHES = (
    _transport("tcp", *FLAG_OPTIONS),
    _transport("udp"),
    _transport("sctp"),
    Extension("icmp", _build_icmp, _write_icmp, _show_icmp, (Option("icmp-type", invertible=True, required=True),)),
    Extension(
        "multiport",
        _build_multiport,
        _write_multiport,
        _show_multiport,
        (
            Option("sports", aliases=("source-ports",), invertible=True),
            Option("dports", aliases=("destination-ports",), invertible=True),
            Option("ports", invertible=True),
        ),
    ),
)
