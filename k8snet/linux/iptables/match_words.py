"""How each ``-m`` is written: its options, the fact they make, and the two ways in which iptables prints it.

One section for each extension, in the order of ``matches.py``; MATCHES at the end is the list. Source:
iptables-extensions(8), judged by iptables 1.8.9 (nf_tables) in tests/twin/test_iptables_text.py.
"""

from __future__ import annotations

from k8snet.linux.address import Ip
from k8snet.linux.iptables.options import ALL_ONES, Complaint, Extension, Given, Option, negation, quoted
from k8snet.linux.iptables.port_words import PORT_MATCHES
from k8snet.linux.matches import (
    AddressType,
    Comment,
    Conntrack,
    IcmpType,
    Limit,
    MarkIs,
    Match,
    Multiport,
    Nth,
    Physdev,
    Random,
    Recent,
    Transport,
)

# --- comment, mark, conntrack ------------------------------------------------------------------------------------

STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
"""In the order in which they are printed."""


def _in_order(words: frozenset[str], order: tuple[str, ...]) -> str:
    return ",".join(word for word in order if word in words)


def _build_conntrack(given: Given) -> Conntrack:
    if not given.values:
        given.complain("At least one option is required")
    direction = given.value("ctdir").upper()
    if direction and not any(name.startswith(direction) for name in ("ORIGINAL", "REPLY")):
        given.complain(f'Bad value "{given.value("ctdir")}" for "--ctdir"')
    states = _states(given, "ctstate", "Bad ctstate", STATES) if given.has("ctstate") else frozenset[str]()
    return Conntrack(states, "ctstate" in given.inverted, "REPLY".startswith(direction) if direction else None)


def _build_state(given: Given) -> Conntrack:
    return Conntrack(_states(given, "state", "Bad state", STATES[:5]), "state" in given.inverted, None, "state")


def _states(given: Given, option: str, complaint: str, known: tuple[str, ...]) -> frozenset[str]:
    states = set()
    for word in given.value(option).split(","):
        state = next((name for name in known if word and name.startswith(word.upper())), None)
        if state is None:
            raise Complaint(f'{complaint} "{word}"')
        states.add(state)
    return frozenset(states)


def _write_conntrack(match: Conntrack) -> str:
    option = "state" if match.word == "state" else "ctstate"
    words = f"-m {match.word}"
    if match.states:
        words += f" {negation(match.inverted)}--{option} {_in_order(match.states, STATES)}"
    return words + ("" if match.reply is None else f" --ctdir {'REPLY' if match.reply else 'ORIGINAL'}")


def _show_conntrack(match: Conntrack, numeric: bool) -> str:
    option = "state" if match.word == "state" else "ctstate"
    words = [f"{negation(match.inverted)}{option} {_in_order(match.states, STATES)}"] if match.states else []
    return " ".join(words + ([] if match.reply is None else [f"ctdir {'REPLY' if match.reply else 'ORIGINAL'}"]))


def masked(value: int, mask: int) -> str:
    """A mark as iptables writes it: the mask only where it is not all ones."""
    return f"0x{value:x}" if mask == ALL_ONES else f"0x{value:x}/0x{mask:x}"


# --- addrtype, physdev -------------------------------------------------------------------------------------------

ADDRESS_TYPES = ("unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
                 "throw", "nat", "xresolve")  # fmt: skip


def _build_addrtype(given: Given) -> AddressType:
    if not given.has("src-type") and not given.has("dst-type"):
        given.complain("you must specify --src-type or --dst-type")
    limit = "in" if given.has("limit-iface-in") else "out" if given.has("limit-iface-out") else ""
    not_src, not_dst = ("src-type" in given.inverted, "dst-type" in given.inverted)
    return AddressType(_types(given, "src-type"), _types(given, "dst-type"), not_src, not_dst, limit)


def _types(given: Given, option: str) -> frozenset[str]:
    words = given.value(option).lower().split(",") if given.has(option) else []
    for word in words:
        if word not in ADDRESS_TYPES:
            given.complain(f'bad type "{word.upper()}"')
    return frozenset(words)


def _write_addrtype(match: AddressType) -> str:
    words = "-m addrtype"
    for option, types, inverted in (("src-type", match.src, match.not_src), ("dst-type", match.dst, match.not_dst)):
        if types:
            words += f" {negation(inverted)}--{option} {_in_order(types, ADDRESS_TYPES).upper()}"
    return words + (f" --limit-iface-{match.limit}" if match.limit else "")


def _show_addrtype(match: AddressType, numeric: bool) -> str:
    words = "ADDRTYPE match"
    for option, types, inverted in (("src-type", match.src, match.not_src), ("dst-type", match.dst, match.not_dst)):
        if types:
            words += f" {option} {'!' if inverted else ''}{_in_order(types, ADDRESS_TYPES).upper()}"
    return words + (f" limit-{match.limit}" if match.limit else "")


PHYSDEV = {"physdev-is-in": "is_in", "physdev-in": "into", "physdev-is-out": "is_out", "physdev-out": "out",
           "physdev-is-bridged": "is_bridged"}  # fmt: skip
"""Options, in the order in which they are printed, and the fact's fields."""


def _build_physdev(given: Given) -> Physdev:
    if not given.values:
        raise Complaint("PHYSDEV: no physdev option specified")
    for option in ("physdev-in", "physdev-out"):
        check_device_name(given.value(option, "x"))
    return Physdev(
        given.value("physdev-in") or None,
        given.value("physdev-out") or None,
        given.has("physdev-is-in"),
        given.has("physdev-is-out"),
        given.has("physdev-is-bridged"),
        frozenset(PHYSDEV[option] for option in given.inverted),
    )


def check_device_name(name: str) -> None:
    """Complaint if a device cannot have this name, or a pattern this form."""
    if not name:
        raise Complaint("Empty interface is likely to be undesired")
    if len(name) > 15:
        raise Complaint(f"interface name `{name}' must be shorter than IFNAMSIZ (15)")


def _write_physdev(match: Physdev) -> str:
    return f"-m physdev {_physdev_words(match)}"


def _physdev_words(match: Physdev) -> str:
    words = []
    for option, field in PHYSDEV.items():
        value: str | bool | None = getattr(match, field)
        if value:
            words.append(f"{negation(field in match.inverted)}--{option}" + (f" {value}" if isinstance(value, str) else ""))
    return " ".join(words)


# --- statistic, limit, recent ------------------------------------------------------------------------------------


def _build_statistic(given: Given) -> Match:
    if given.values and not given.has("mode"):
        given.complain('option "--mode" must be specified\n')
    mode = given.value("mode", "random")
    if mode not in ("random", "nth"):
        raise Complaint(f'Bad mode "{mode}"')
    if mode == "random":
        if not given.has("probability"):
            raise Complaint("--probability must be specified when using random mode")
        return Random(_probability(given), "probability" in given.inverted)
    if not given.has("every"):
        raise Complaint("--every and --packet must be specified when using nth mode")
    every, packet = given.number("every", 1), given.number("packet", 0)
    if packet >= every:
        raise Complaint("the --packet p must be 0 <= p <= n-1")
    return Nth(every, packet, "every" in given.inverted)


def _probability(given: Given) -> int:
    try:
        probability = float(given.value("probability"))
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        given.complain('bad value for option "--probability", or out of range (0-1).\n')
    return int(0x80000000 * probability + 0.5)


def _write_statistic(match: Random | Nth) -> str:
    if isinstance(match, Random):
        probability = match.probability / 0x80000000
        return f"-m statistic --mode random {negation(match.inverted)}--probability {probability:.11f}"
    return f"-m statistic --mode nth {negation(match.inverted)}--every {match.every} --packet {match.packet}"


def _show_statistic(match: Random | Nth, numeric: bool) -> str:
    if isinstance(match, Random):
        return f"statistic mode random {negation(match.inverted)}probability {match.probability / 0x80000000:.11f}"
    packet = f" packet {match.packet}" if match.packet else ""
    return f"statistic mode nth {negation(match.inverted)}every {match.every}{packet}"


UNITS = {"day": 864_000_000, "hour": 36_000_000, "min": 600_000, "sec": 10_000}
"""How long each is, in 1/10000 s."""
UNIT_WORDS = {"second": "sec", "minute": "min", "hour": "hour", "day": "day"}


def _build_limit(given: Given) -> Limit:
    text = given.value("limit", "3/hour")
    count, slash, word = text.partition("/")
    unit = next((short for name, short in UNIT_WORDS.items() if word and name.startswith(word.lower())), None if slash else "sec")
    if unit is None or not count.isdecimal() or int(count) == 0:
        raise Complaint(f'bad rate "{text}"\'')
    period = UNITS[unit] // int(count)
    if period == 0:
        raise Complaint(f'Rate too fast "{text}"')
    return Limit(period, given.number("limit-burst", 5))


def _rate(period: int) -> str:
    """The rate in the largest unit in which it is about a whole number (libxt_limit.c, print_rate)."""
    names = list(UNITS)
    unit = names[0]
    for name in names[1:]:
        if period > UNITS[name] or UNITS[name] // period < UNITS[name] % period:
            break
        unit = name
    return f"{UNITS[unit] // period}/{unit}"


def _write_limit(match: Limit) -> str:
    return f"-m limit --limit {_rate(match.period)}" + (f" --limit-burst {match.burst}" if match.burst != 5 else "")


RECENT_OPS = {"set": "SET", "rcheck": "CHECK", "update": "UPDATE", "remove": "REMOVE"}


def _build_recent(given: Given) -> Recent:
    op = next((name for name in RECENT_OPS if given.has(name)), None)
    if op is None:
        given.complain("you must specify one of `--set', `--rcheck' `--update' or `--remove'")
    try:
        mask = Ip(given.value("mask", "255.255.255.255"))
    except ValueError:
        given.complain('bad value for option "--mask", or out of range.\n')
    return Recent(
        op,
        given.value("name", "DEFAULT"),
        "dest" if given.has("rdest") else "source",
        mask,
        given.number("seconds", 0),
        given.number("hitcount", 0),
        given.has("reap"),
        op in given.inverted,
    )


def _write_recent(match: Recent) -> str:
    words = f"-m recent {negation(match.inverted)}--{match.op}"
    words += f" --seconds {match.seconds}" if match.seconds else ""
    words += " --reap" if match.reap else ""
    words += f" --hitcount {match.hitcount}" if match.hitcount else ""
    return f"{words} --name {match.name} --mask {Ip(match.mask)} --r{match.side}"


def _show_recent(match: Recent, numeric: bool) -> str:
    words = f"{negation(match.inverted)}recent: {RECENT_OPS[match.op]}"
    words += f" seconds: {match.seconds}" if match.seconds else ""
    words += " reap" if match.reap else ""
    words += f" hit_count: {match.hitcount}" if match.hitcount else ""
    return f"{words} name: {match.name} side: {match.side} mask: {Ip(match.mask)}"


# --- the list ----------------------------------------------------------------------------------------------------


def _flag(name: str, *excludes: str, needs: str = "", invertible: bool = False) -> Option:
    return Option(name, takes=0, excludes=excludes, needs=needs, invertible=invertible)


MATCHES = {
    each.name: each
    for each in (
        *PORT_MATCHES,
        Extension(
            "comment",
            lambda given: Comment(given.value("comment")[:255]),
            lambda match: f"-m comment --comment {quoted(match.text)}",
            lambda match, numeric: f"/* {match.text} */",
            (Option("comment", required=True),),
        ),
        Extension(
            "mark",
            lambda given: MarkIs(*given.masked("mark"), "mark" in given.inverted),
            lambda match: f"-m mark {negation(match.inverted)}--mark {masked(match.value, match.mask)}",
            lambda match, numeric: f"mark match {negation(match.inverted)}{masked(match.value, match.mask)}",
            (Option("mark", invertible=True, required=True),),
        ),
        Extension(
            "conntrack",
            _build_conntrack,
            _write_conntrack,
            _show_conntrack,
            (Option("ctstate", invertible=True), Option("ctdir")),
        ),
        Extension("state", _build_state, _write_conntrack, _show_conntrack, (Option("state", invertible=True, required=True),)),
        Extension(
            "addrtype",
            _build_addrtype,
            _write_addrtype,
            _show_addrtype,
            (
                Option("src-type", invertible=True),
                Option("dst-type", invertible=True),
                _flag("limit-iface-in", "limit-iface-out"),
                _flag("limit-iface-out"),
            ),
        ),
        Extension(
            "physdev",
            _build_physdev,
            _write_physdev,
            lambda match, numeric: f"PHYSDEV match {_physdev_words(match)}",
            tuple(Option(name, takes=int("-is-" not in name), invertible=True) for name in PHYSDEV),
        ),
        Extension(
            "statistic",
            _build_statistic,
            _write_statistic,
            _show_statistic,
            (
                Option("mode"),
                Option("probability", invertible=True),
                Option("every", invertible=True, needs="packet", bounds=(1, ALL_ONES)),
                Option("packet", needs="every", bounds=(0, ALL_ONES)),
            ),
        ),
        Extension(
            "limit",
            _build_limit,
            _write_limit,
            lambda match, numeric: f"limit: avg {_rate(match.period)} burst {match.burst}",
            (Option("limit"), Option("limit-burst", bounds=(0, 10000))),
        ),
        Extension(
            "recent",
            _build_recent,
            _write_recent,
            _show_recent,
            (
                _flag("set", "rcheck", "update", "remove", invertible=True),
                _flag("rcheck", "update", "remove", invertible=True),
                _flag("update", "remove", invertible=True),
                _flag("remove", invertible=True),
                Option("seconds", bounds=(1, ALL_ONES)),
                Option("hitcount", bounds=(1, ALL_ONES)),
                _flag("reap", needs="seconds"),
                Option("name"),
                Option("mask"),
                _flag("rsource"),
                _flag("rdest"),
            ),
        ),
    )
}
"""What follows ``-m``."""

NOT_MODELLED = frozenset({
    "ah", "bpf", "cgroup", "cluster", "connbytes", "connlabel", "connlimit", "connmark", "cpu", "dccp", "devgroup",
    "dscp", "ecn", "esp", "hashlimit", "helper", "iprange", "ipvs", "length", "mac", "nfacct", "osf", "owner",
    "pkttype", "policy", "quota", "rateest", "realm", "rpfilter", "set", "socket", "string", "tcpmss", "time", "tos",
    "ttl", "u32", "unclean", "udplite",
})  # fmt: skip
"""What follows ``-m`` on a real machine, and not here."""
NOT_MODELLED_OPTIONS = frozenset({
    "tcp-option", "chunk-types", "rttl", "ctproto", "ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst", "ctorigsrcport",
    "ctorigdstport", "ctreplsrcport", "ctrepldstport", "ctstatus", "ctexpire",
})  # fmt: skip
"""Options that the real extensions above have, and these do not."""
EXTENSION_OF: dict[type[Match], Extension] = {
    Comment: MATCHES["comment"], MarkIs: MATCHES["mark"], Conntrack: MATCHES["conntrack"], Physdev: MATCHES["physdev"],
    AddressType: MATCHES["addrtype"], Random: MATCHES["statistic"], Nth: MATCHES["statistic"], Limit: MATCHES["limit"],
    Recent: MATCHES["recent"], Multiport: MATCHES["multiport"], IcmpType: MATCHES["icmp"], Transport: MATCHES["tcp"],
}  # fmt: skip
