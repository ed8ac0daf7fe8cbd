"""``conntrack``: the table of connections, listed, counted and pruned, as conntrack-tools 1.4.7 does.

The summary that the real one writes to its standard error stands behind the entries, as on a terminal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import Ip, Network
from k8snet.linux.conntrack import Conn, Tuple
from k8snet.linux.fact import Fact
from k8snet.linux.netns import Netns
from k8snet.linux.packet import PROTOCOL_NUMBERS
from k8snet.linux.tools import Output

BANNER = "conntrack v1.4.7 (conntrack-tools)"
TCP_STATES = (
    "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "LISTEN",
)
COMMANDS = {"-L": "L", "--dump": "L", "-D": "D", "--delete": "D", "-F": "F", "--flush": "F", "-C": "C", "--count": "C"}
UNKNOWN_COMMANDS = (
    "-G", "-I", "-U", "-E", "-S", "-A", "--get", "--create", "--update", "--event", "--stats", "-h", "--help",
)
PORTS = {
    "--sport": "sport", "--orig-port-src": "sport", "--dport": "dport", "--orig-port-dst": "dport",
    "--reply-port-src": "reply_sport", "--reply-port-dst": "reply_dport", "--state": "state",
}
"""Options that exist only behind ``-p tcp``, ``udp`` or ``sctp``."""
ADDRESSES = {
    "-s": "src", "--src": "src", "--orig-src": "src", "-d": "dst", "--dst": "dst", "--orig-dst": "dst",
    "-r": "reply_src", "--reply-src": "reply_src", "-q": "reply_dst", "--reply-dst": "reply_dst",
}
NATS = {"-n": "--src-nat", "-g": "--dst-nat", "-j": "--any-nat"}
NATS |= {name: name for name in NATS.values()}
"""Options that may have an argument: an address that is the translation's result, and a port."""
SIDES = {"--src-nat": ("src",), "--dst-nat": ("dst",), "--any-nat": ("src", "dst")}
OTHERS = {"-p": "proto", "--proto": "proto", "--protonum": "proto", "-m": "mark", "--mark": "mark", "-u": "status",
          "--status": "status", "-o": "output", "--output": "output", "-f": "family", "--family": "family"}  # fmt: skip
STATUSES = ("ASSURED", "SEEN_REPLY", "UNREPLIED")


class Translation(Fact, frozen=True):
    """What NAT has done: which ``sides`` of a connection it may have changed, and to what."""

    sides: tuple[str, ...]
    ip: Ip | None = None
    port: int | None = None


class Asked(Fact, frozen=True):
    """A command, and what an entry must fulfil: pairs of a condition's name and its value."""

    command: str
    conditions: tuple[tuple[str, object], ...] = ()
    extended: bool = False


def run(netns: Netns, args: list[str], stdin: str = "") -> str | Output:
    """Run ``conntrack -L|-D|-F|-C [FILTERS]``."""
    if args[1:] in (["-V"], ["--version"]):
        return f"{BANNER}\n"
    asked = _parse(args[1:])
    now, table = netns.world.now, netns.conntrack
    if asked.command == "C":
        return f"{len(list(table.conns(now)))}\n"
    if asked.command == "F":
        table.clear()
        return f"{BANNER}: connection tracking table has been emptied.\n"
    chosen = [conn for conn in table.conns(now) if _fulfils(conn, asked)]
    family = "ipv4     2 " if asked.extended else ""
    lines = "".join(f"{family}{line(conn, now)}\n" for conn in chosen)
    if asked.command == "L":
        return f"{lines}{BANNER}: {len(chosen)} flow entries have been shown.\n"
    for conn in chosen:
        table.forget(conn)
    summary = f"{BANNER}: {len(chosen)} flow entries have been deleted."
    if not chosen:
        raise CommandError(summary, code=1, errno="ENOENT")
    return f"{lines}{summary}\n"


def _fulfils(conn: Conn, asked: Asked) -> bool:
    return all(CONDITIONS[name](conn, value) for name, value in asked.conditions)


# --- an entry as it prints ---------------------------------------------------------------------------------------


def line(conn: Conn, now: float) -> str:
    """One entry: protocol, seconds left, state, both tuples, flags."""
    proto = conn.original.proto
    state = f"{conn.state} " if proto in ("tcp", "sctp") else ""
    unreplied = "" if conn.seen_reply else "[UNREPLIED] "
    assured = "[ASSURED] " if conn.assured else ""
    left = int(conn.expires - now)
    return (
        f"{proto:<8} {PROTOCOL_NUMBERS.get(proto, 0)} {left} {state}{_tuple(conn.original)} {unreplied}"
        f"{_tuple(conn.reply)} {assured}mark={conn.mark} use=1"
    )


def _tuple(one: Tuple) -> str:
    text = f"src={one.src} dst={one.dst}"
    if one.proto == "icmp":
        return f"{text} type={one.dport >> 8} code={one.dport & 255} id={one.sport}"
    return f"{text} sport={one.sport} dport={one.dport}"


# --- conditions --------------------------------------------------------------------------------------------------


def _translated(conn: Conn, wanted: object) -> bool:
    """Whether NAT changed one of these sides, to that address and port if they are given."""
    assert isinstance(wanted, Translation)
    plain, reply = conn.original.inverted(), conn.reply
    before = {"src": (plain.dst, plain.dport), "dst": (plain.src, plain.sport)}
    after = {"src": (reply.dst, reply.dport), "dst": (reply.src, reply.sport)}
    changed = [after[side] for side in wanted.sides if before[side] != after[side]]
    return any(wanted.ip in (None, ip) and wanted.port in (None, port) for ip, port in changed)


def _has_status(conn: Conn, wanted: object) -> bool:
    return {"ASSURED": conn.assured, "SEEN_REPLY": conn.seen_reply, "UNREPLIED": not conn.seen_reply}[str(wanted)]


def _inside(ip: Ip, network: object) -> bool:
    return isinstance(network, Network) and ip in network


CONDITIONS: dict[str, Callable[[Conn, object], bool]] = {
    "proto": lambda conn, value: conn.original.proto == value,
    "src": lambda conn, value: _inside(conn.original.src, value),
    "dst": lambda conn, value: _inside(conn.original.dst, value),
    "reply_src": lambda conn, value: _inside(conn.reply.src, value),
    "reply_dst": lambda conn, value: _inside(conn.reply.dst, value),
    "sport": lambda conn, value: conn.original.sport == value,
    "dport": lambda conn, value: conn.original.dport == value,
    "reply_sport": lambda conn, value: conn.reply.sport == value,
    "reply_dport": lambda conn, value: conn.reply.dport == value,
    "state": lambda conn, value: conn.state == value,
    "mark": lambda conn, value: conn.mark == value,
    "status": _has_status,
    "nat": _translated,
    "family": lambda conn, value: value == "ipv4",
}
"""How an entry fulfils a condition."""


# --- words -------------------------------------------------------------------------------------------------------


def _bad(text: str) -> CommandError:
    return CommandError(f"{BANNER}: {text}\nTry `conntrack -h' or 'conntrack --help' for more information.", code=2)


def _parse(words: list[str]) -> Asked:
    command, extended = "", False
    conditions: list[tuple[str, object]] = []
    rest = deque(words)
    has_ports = any(word in ("-p", "--proto", "--protonum") for word in words)
    while rest:
        word = rest.popleft()
        if word in UNKNOWN_COMMANDS:
            raise NotModelled(f"conntrack {word}", known="-L, -D, -F, -C")
        if word in COMMANDS:
            if command:
                raise _bad("Invalid commands combination")
            command = COMMANDS[word]
        elif word in ("-o", "--output"):
            extended = _output(_argument(word, rest)) or extended
        elif word in NATS:
            given = rest.popleft() if rest and not rest[0].startswith("-") else ""
            conditions.append(("nat", _translation(NATS[word], given)))
        elif word in ADDRESSES or word in OTHERS or (word in PORTS and has_ports):
            conditions.append(_condition(word, _argument(word, rest)))
        elif word.startswith("-"):
            raise _bad(f"unknown option `{word}'")
        elif word in ("expect", "dying", "unconfirmed"):
            raise NotModelled(f"conntrack's table {word}", known="conntrack")
        elif word != "conntrack":
            raise _bad(f"unknown type `{word}'")
    if not command:
        raise NotModelled("conntrack without a command", known="-L, -D, -F, -C")
    return Asked(command, tuple(conditions), extended)


def _argument(word: str, rest: deque[str]) -> str:
    if not rest:
        raise _bad(f"option `{word}' requires an argument")
    return rest.popleft()


def _translation(word: str, given: str) -> Translation:
    """``[IP[:PORT]]`` behind an option that asks for a translation."""
    if not given:
        return Translation(SIDES[word])
    if "/" in given:
        raise _bad(f"CIDR notation unavailable for `{word}'")
    if given.count(":") > 1:
        raise NotModelled(f"conntrack {word} {given}", known="IPv4 addresses")
    address, colon, port = given.partition(":")
    try:
        ip = Ip(address)
    except ValueError:
        raise _bad(f"Invalid IP address `{address}'") from None
    if colon and not port:
        raise _bad("No port specified after `:'")
    if port and not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        raise _bad(f"Invalid port `{port}'")
    return Translation(SIDES[word], ip, int(port) if port else None)


def _output(value: str) -> bool:
    if value != "extended":
        raise NotModelled(f"conntrack -o {value}", known="extended")
    return True


def _condition(word: str, value: str) -> tuple[str, object]:
    name = ADDRESSES.get(word) or PORTS.get(word) or OTHERS[word]
    if word in ADDRESSES:
        return name, _network(value)
    if name == "proto":
        return name, _proto(value)
    if name == "state":
        if value.upper() not in TCP_STATES:
            raise _bad(f"unknown TCP state `{value}'")
        return name, value.upper()
    if name == "status":
        if value not in STATUSES:
            raise _bad(f"Bad parameter `{value}'")
        return name, value
    if name == "family":
        return name, value
    return name, _number(value)


def _network(value: str) -> Network:
    try:
        return Network.parse(value)
    except ValueError:
        raise _bad(f"Invalid IP address `{value}'") from None


def _proto(value: str) -> str:
    by_number = {str(number): name for name, number in PROTOCOL_NUMBERS.items()}
    name = by_number.get(value, value)
    if name not in PROTOCOL_NUMBERS:
        raise _bad(f"`{value}' unsupported protocol")
    return name


def _number(value: str) -> int:
    try:
        return int(value, 0)
    except ValueError:
        raise _bad(f"Bad parameter `{value}'") from None
