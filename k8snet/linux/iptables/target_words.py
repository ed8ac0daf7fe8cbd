"""How each ``-j`` is written: its options, the fact they make, and the two ways in which iptables prints it.

One section for each kind, in the order of ``targets.py``; TARGETS at the end is the list. Source:
iptables-extensions(8), judged by iptables 1.8.9 (nf_tables) in tests/twin/test_iptables_text.py.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import NotModelled
from k8snet.linux.address import Ip
from k8snet.linux.iptables.match_words import masked
from k8snet.linux.iptables.names import LOG_LEVELS, parse_number, service_port
from k8snet.linux.iptables.options import Complaint, Extension, Given, Option, quoted
from k8snet.linux.nat import NatRange
from k8snet.linux.targets import (
    Accept,
    Dnat,
    Drop,
    Log,
    Masquerade,
    Nat,
    NoTrack,
    Redirect,
    Reject,
    Return,
    SetMark,
    Snat,
    Target,
)

VERDICTS: dict[str, Target] = {"ACCEPT": Accept(), "DROP": Drop(), "RETURN": Return()}
"""What ``-j`` can name without loading anything."""

# --- REJECT, LOG -------------------------------------------------------------------------------------------------

REJECTS = {
    "icmp-net-unreachable": "net-unreach", "icmp-host-unreachable": "host-unreach", "icmp-proto-unreachable": "proto-unreach",
    "icmp-port-unreachable": "port-unreach", "icmp-net-prohibited": "net-prohib", "icmp-host-prohibited": "host-prohib",
    "tcp-reset": "tcp-rst", "icmp-admin-prohibited": "admin-prohib",
}  # fmt: skip
"""The answers, with their short names."""


def _build_reject(given: Given) -> Reject:
    text = given.value("reject-with", "icmp-port-unreachable")
    for name, short in REJECTS.items():
        if text and (name.startswith(text.lower()) or short.startswith(text.lower())):
            return Reject(name)
    raise Complaint(f'unknown reject type "{text}"')


LOG_FLAGS = {"tcp-sequence": 1, "tcp-options": 2, "ip-options": 4, "uid": 8, "macdecode": 32}


def _build_log(given: Given) -> Log:
    prefix, level = given.value("log-prefix", " "), given.value("log-level", "4")
    if not prefix:
        raise Complaint("Argument must have a minimum length of 1 characters\n")
    number = parse_number(level, 7)
    number = LOG_LEVELS.get(level.lower()) if number is None and level.lower() not in ("err", "warn") else number
    if number is None:
        raise Complaint(f'log level "{level}" unknown\n')
    options = tuple(flag for flag in LOG_FLAGS if given.has(f"log-{flag}"))
    return Log(prefix[:29] if given.has("log-prefix") else "", number, options)


def _write_log(target: Log) -> str:
    words = f" --log-prefix {quoted(target.prefix)}" if target.prefix else ""
    words += f" --log-level {target.level}" if target.level != 4 else ""
    return words + "".join(f" --log-{option}" for option in target.options)


def _show_log(target: Log, numeric: bool) -> str:
    level = next(name for name in ("emerg", *LOG_LEVELS) if LOG_LEVELS[name] == target.level)
    flags = f"flags {sum(LOG_FLAGS[option] for option in target.options)} level {target.level}"
    words = flags if numeric else " ".join([f"level {level}", *target.options])
    return f"LOG {words}" + (f' prefix "{target.prefix}"' if target.prefix else "")


# --- MARK, CT ----------------------------------------------------------------------------------------------------

MARKS: dict[str, Callable[[int, int], SetMark]] = {
    "set-xmark": SetMark,
    "set-mark": lambda value, mask: SetMark(value, value | mask),
    "and-mark": lambda value, mask: SetMark(0, ~value & 0xFFFFFFFF),
    "or-mark": lambda value, mask: SetMark(value, value),
    "xor-mark": lambda value, mask: SetMark(value, 0),
}
"""Each way to say it, and what it means: clear the bits of the mask, then flip those of the value."""


def _build_mark(given: Given) -> SetMark:
    way = next((name for name in MARKS if given.has(name)), None)
    if way is None:
        given.complain("One of the --set-xmark, --{and,or,xor,set}-mark options is required")
    return MARKS[way](*given.masked(way))


def _show_mark(target: SetMark, numeric: bool) -> str:
    value, mask = target.value, target.mask
    if value == 0:
        return f"MARK and 0x{~mask & 0xFFFFFFFF:x}"
    way = {value: "or", 0: "xor", 0xFFFFFFFF: "set"}.get(mask)
    return f"MARK {way} 0x{value:x}" if way else f"MARK xset {masked(value, mask)}"


def _build_ct(given: Given) -> NoTrack:
    if not given.has("notrack"):
        raise NotModelled(f"-j CT {' '.join(f'--{name}' for name in given.values)}".rstrip(), known="-j CT --notrack")
    return NoTrack()


# --- NAT ---------------------------------------------------------------------------------------------------------

PORTS_NEED = "Need TCP, UDP, SCTP or DCCP with port specification"


def _build_nat(given: Given, make: Callable[[NatRange], Nat], option: str) -> Nat:
    ip, colon, ports = given.value(option).partition(":")
    if colon:
        _need_ports(given)
    low, dash, high = ip.partition("-")
    min_ip = _address(low) if ip or not colon else None
    max_ip = _address(high) if dash else min_ip
    bounds = _port_range(ports) if colon else (None, None)
    flags = (given.has(flag) for flag in ("random", "random-fully", "persistent"))
    return make(NatRange(min_ip, max_ip, *bounds, *flags))


def _address(text: str) -> Ip:
    try:
        return Ip(text)
    except ValueError:
        raise Complaint(f'Bad IP address "{text}"') from None


def _need_ports(given: Given) -> None:
    if given.proto not in ("tcp", "udp", "sctp", "dccp", "icmp"):
        raise Complaint(PORTS_NEED)


def _port_range(text: str) -> tuple[int, int]:
    low, dash, high = text.partition("-")
    if "/" in high:
        raise NotModelled(f"a port range with a base: {text}", known="PORT, PORT-PORT")
    ports = [service_port(word) for word in (low, high if dash else low)]
    for word, port in zip((low, high), ports, strict=True):
        if port is None:
            raise Complaint(f"Port `{word}' not valid")
    assert ports[0] is not None and ports[1] is not None
    if ports[0] > ports[1]:
        raise Complaint(f"Port range `{high}' funky")
    return ports[0], ports[1]


def _build_to_ports(given: Given, make: Callable[[NatRange], Nat]) -> Nat:
    bounds: tuple[int | None, int | None] = (None, None)
    if given.has("to-ports"):
        _need_ports(given)
        bounds = _port_range(given.value("to-ports"))
    flags = (given.has("random"), given.has("random-fully"))
    return make(NatRange(None, None, *bounds, *flags))


def _range_text(allowed: NatRange) -> str:
    ips = [str(ip) for ip in dict.fromkeys((allowed.min_ip, allowed.max_ip)) if ip is not None]
    return "-".join(ips) + (f":{_ports_text(allowed)}" if allowed.min_port is not None else "")


def _ports_text(allowed: NatRange) -> str:
    return "-".join(str(port) for port in dict.fromkeys((allowed.min_port, allowed.max_port)))


def _flag_words(allowed: NatRange) -> list[str]:
    words = {"random": allowed.random, "random-fully": allowed.random_fully, "persistent": allowed.persistent}
    return [word for word, is_on in words.items() if is_on]


def _nat(make: type[Nat], option: str, flags: tuple[str, ...]) -> Extension:
    """DNAT and SNAT."""

    def write(target: Nat) -> str:
        return " ".join([f" --{option}", _range_text(target.allowed), *(f"--{word}" for word in _flag_words(target.allowed))])

    def show(target: Nat, numeric: bool) -> str:
        return " ".join([f"to:{_range_text(target.allowed)}", *_flag_words(target.allowed)])

    options = (Option(option, required=True), *(Option(flag, takes=0) for flag in flags))
    return Extension(make.word, lambda given: _build_nat(given, make, option), write, show, options)


def _to_ports(make: type[Nat], title: str, flags: tuple[str, ...]) -> Extension:
    """MASQUERADE and REDIRECT."""

    def write(target: Nat) -> str:
        ports = f" --to-ports {_ports_text(target.allowed)}" if target.allowed.min_port is not None else ""
        return ports + "".join(f" --{word}" for word in _flag_words(target.allowed))

    def show(target: Nat, numeric: bool) -> str:
        ports = [f"{title} {_ports_text(target.allowed)}"] if target.allowed.min_port is not None else []
        return " ".join([*ports, *_flag_words(target.allowed)])

    options = (Option("to-ports"), *(Option(flag, takes=0) for flag in flags))
    return Extension(make.word, lambda given: _build_to_ports(given, make), write, show, options)


# --- the list ----------------------------------------------------------------------------------------------------

TARGETS = {
    each.name: each
    for each in (
        Extension(
            "REJECT",
            _build_reject,
            lambda target: f" --reject-with {target.answer}",
            lambda target, numeric: f"reject-with {target.answer}",
            (Option("reject-with"),),
        ),
        Extension(
            "LOG",
            _build_log,
            _write_log,
            _show_log,
            (Option("log-prefix"), Option("log-level"), *(Option(f"log-{flag}", takes=0) for flag in LOG_FLAGS)),
        ),
        Extension(
            "MARK",
            _build_mark,
            lambda target: f" --set-xmark 0x{target.value:x}/0x{target.mask:x}",
            _show_mark,
            tuple(Option(name, excludes=tuple(MARKS)[index + 1 :]) for index, name in enumerate(MARKS)),
        ),
        Extension(
            "CT",
            _build_ct,
            lambda target: " --notrack",
            lambda target, numeric: "CT notrack",
            (Option("notrack", takes=0),),
        ),
        Extension("NOTRACK", lambda given: NoTrack(alias=True), lambda target: "", lambda target, numeric: "NOTRACK"),
        _nat(Dnat, "to-destination", ("random", "persistent")),
        _nat(Snat, "to-source", ("random", "random-fully", "persistent")),
        _to_ports(Masquerade, "masq ports:", ("random", "random-fully")),
        _to_ports(Redirect, "redir ports", ("random",)),
    )
}
"""What follows ``-j`` and can have options."""

NOT_MODELLED = frozenset({
    "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "DNPT", "DSCP", "ECN", "HL", "HMARK",
    "IDLETIMER", "LED", "NETMAP", "NFLOG", "NFQUEUE", "QUEUE", "RATEEST", "SECMARK", "SET", "SNPT", "SYNPROXY",
    "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG",
})  # fmt: skip
"""What follows ``-j`` on a real machine, and not here."""
NOT_MODELLED_OPTIONS = frozenset({"zone", "zone-orig", "zone-reply", "helper", "ctevents", "expevents", "timeout", "hashlimit"})
"""Options that the real targets above have, and these do not."""


def extension_of(target: Target) -> Extension | None:
    """How a target is written; None for a verdict, a jump, a goto."""
    return TARGETS.get("NOTRACK" if isinstance(target, NoTrack) and target.alias else target.word)
