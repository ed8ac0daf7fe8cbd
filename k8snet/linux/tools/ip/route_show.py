"""``ip route show`` and ``ip route get``: how routes are chosen for listing, and how they and lookups print."""

from __future__ import annotations

from typing import NoReturn

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import BROADCAST, Ip, Network
from k8snet.linux.arrival import route_in
from k8snet.linux.device import Device
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.route import (
    LOCAL,
    MAIN,
    SCOPES,
    TABLE_NAMES,
    Lookup,
    Route,
    Routing,
    route_out,
    select_address,
    sender_is_on_link,
)
from k8snet.linux.tools.ip.words import (
    Options,
    Words,
    address,
    device,
    garbage,
    number,
    prefix,
    refused,
    resolve,
    wrong,
)

PROTOS = {
    0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
    12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 18: "keepalived", 42: "babel", 99: "openr",
    186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
}
"""Who made a route: /etc/iproute2/rt_protos."""
TYPES = ("local", "broadcast", "prohibit", "unreachable", "blackhole", "unicast", "throw")
UNKNOWN_TYPES = ("nat", "anycast", "multicast", "xresolve")
CONDITIONS = ("table", "protocol", "scope", "type", "metric", "priority")
"""The keywords of ``ip route show`` that may be abbreviated, in the order in which that is tried."""
EXACT_CONDITIONS = ("via", "src", "dev", "oif", "iif")
"""Those that may not."""


# --- names -------------------------------------------------------------------------------------------------------


def table_number(word: str, why: str) -> int:
    """A routing table by name or number."""
    by_name = {name: table for table, name in TABLE_NAMES.items()}
    return by_name[word] if word in by_name else number(word, why)


def table_name(table: int) -> str:
    """A routing table as ``ip`` prints it."""
    return TABLE_NAMES.get(table, str(table))


def proto_named(word: str) -> str:
    """The name of a route's origin, from its name or number."""
    return word if word in PROTOS.values() else _proto(number(word, '"protocol" value is invalid\n', high=255))


def _proto(value: int) -> str:
    return PROTOS.get(value, str(value))


def scope_named(word: str) -> str:
    """A scope, from its name or number."""
    if word in SCOPES:
        return word
    value = number(word, 'invalid "scope" value\n', high=255)
    if value not in SCOPES.values():
        raise NotModelled(f"the scope {value}", known=", ".join(SCOPES))
    return next(name for name, scope in SCOPES.items() if scope == value)


def type_named(word: str) -> str | None:
    """A route's type, or None if the word is none."""
    if word in UNKNOWN_TYPES:
        raise NotModelled(f"a route of type {word}", known=", ".join(TYPES))
    return "broadcast" if word == "brd" else word if word in TYPES else None


# --- choosing ----------------------------------------------------------------------------------------------------


class Selector:
    """Which routes: of a table (``main`` unless said), and by what ``ip route show`` can name."""

    def __init__(self, netns: Netns, words: Words) -> None:
        self.netns = netns
        self.table: int | None = MAIN
        self.root: Network | None = None
        self.match: Network | None = None
        self.fields: dict[str, object] = {}
        """Fields of a route that must have these values; they are not printed, since all have them."""
        while words:
            self._read(words)

    def _read(self, words: Words) -> None:
        word = words.take()
        keyword = word if word in EXACT_CONDITIONS else resolve(word, CONDITIONS)
        if keyword is None or not word:
            self._read_prefix(word, words)
        elif keyword == "table":
            value = words.take()
            self.table = None if value == "all" else table_number(value, "table id value is invalid\n")
        elif keyword == "type":
            value = words.take()
            self.fields["type"] = type_named(value) or _wrong_type(value)
        elif keyword == "via":
            self.fields["via"] = address(words.take())
        elif keyword == "src":
            self.fields["src"] = address(words.take())
        elif keyword == "protocol":
            self.fields["proto"] = proto_named(words.take())
        elif keyword == "scope":
            self.fields["scope"] = scope_named(words.take())
        elif keyword in ("metric", "priority"):
            self.fields["metric"] = number(words.take(), '"metric" value is invalid\n')
        else:
            self.fields["dev"] = device(self.netns, words.take()).name

    def _read_prefix(self, word: str, words: Words) -> None:
        if word == "to":
            word = words.take()
        how = resolve(word, ["root", "match", "exact"]) if word else None
        network = Network.around(*prefix(words.take() if how else word))
        self.root = network if how != "match" else self.root
        self.match = network if how != "root" else self.match

    def routes(self, terminated: str) -> list[Route]:
        """The routes that fulfil all conditions, as the kernel lists them: the tables by their number's last byte."""
        routing = self.netns.routing
        if self.table is not None and not exists(routing, self.table):
            text = f"Error: ipv4: FIB table does not exist.\n{terminated} terminated"
            raise CommandError(text, code=2, errno="ENOENT")
        tables = sorted(routing.tables, key=lambda table: table & 255) if self.table is None else [self.table]
        return [route for table in tables for route in routing.tables[table] if self._fits(route)]

    def _fits(self, route: Route) -> bool:
        return (
            all(getattr(route, field) == value for field, value in self.fields.items())
            and (self.root is None or _is_within(route.network, self.root))
            and (self.match is None or _is_within(self.match, route.network))
        )


def _is_within(inner: Network, outer: Network) -> bool:
    return inner.length >= outer.length and inner.address in outer


def exists(routing: Routing, table: int) -> bool:
    """Whether the kernel has made this table: ``main`` is always there, the others come with their first route."""
    return table in routing.tables and (table not in TABLE_NAMES or table == MAIN or any(routing.tables[table]))


def _wrong_type(word: str) -> NoReturn:
    raise wrong(word, "node type value is invalid\n")


def show(netns: Netns, words: Words, options: Options) -> str:
    """Run ``ip route show``."""
    selector = Selector(netns, words)
    return "".join(line(netns, route, selector, options) for route in selector.routes("Dump"))


def line(netns: Netns, route: Route, selector: Selector, options: Options) -> str:
    """A route as ``ip route show`` prints it; what the command asked for is left out."""
    said, all_of_it = selector.fields, options.details
    network = route.network
    parts = [route.type] if route.type != "unicast" or all_of_it else []
    parts.append("default" if network.length == 0 else str(network.address) if network.length == 32 else str(network))
    parts += [f"via {route.via}"] if route.via is not None and "via" not in said else []
    parts += [f"dev {route.dev}"] if route.dev is not None and "dev" not in said else []
    parts += [f"table {table_name(route.table)}"] if selector.table is None and route.table != MAIN else []
    parts += [f"proto {route.proto}"] if (route.proto != "boot" or all_of_it) and "proto" not in said else []
    parts += [f"scope {route.scope}"] if (route.scope != "global" or all_of_it) and "scope" not in said else []
    parts += [f"src {route.src}"] if route.src is not None and "src" not in said else []
    parts += [f"metric {route.metric}"] if route.metric and "metric" not in said else []
    parts += ["onlink"] if route.onlink else []
    parts += ["linkdown"] if _is_without_carrier(netns, route) else []
    parts += [f"mtu {route.mtu}"] if route.mtu else []
    return " ".join(parts) + " \n"


def _is_without_carrier(netns: Netns, route: Route) -> bool:
    """A route into the void; what this host itself answers for does not depend on a carrier."""
    if route.dev is None or route.scope == "host":
        return False
    each = netns.devices[route.dev]
    return each.up and not each.running


# --- get ---------------------------------------------------------------------------------------------------------


class Question(Fact, frozen=True):
    """What ``ip route get`` asks."""

    dst: Ip
    src: Ip | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int = 0
    fibmatch: bool = False


def get(netns: Netns, words: Words, options: Options) -> str:
    """Run ``ip route get``: what the kernel would do with a packet to that address."""
    question, warning = _question(netns, words)
    if question.dst.is_multicast or question.dst == BROADCAST:
        raise NotModelled(f"ip route get {question.dst}", known="unicast addresses and broadcast addresses of subnets")
    if question.iif is not None:
        found, flags = _incoming(netns, question, netns.devices[question.iif])
    else:
        found, flags = _outgoing(netns, question), []
    if question.fibmatch and found.route is not None:
        return warning + line(netns, found.route, Selector(netns, Words(["table", "all"])), options)
    return warning + options.lines(_answer(netns, question, found, flags)) + "\n"


def _question(netns: Netns, words: Words) -> tuple[Question, str]:
    given: dict[str, object] = {}
    warning = ""
    while words:
        word = words.take()
        if word in ("from", "mark", "iif", "oif", "dev"):
            given |= _condition(netns, word, words.take())
        elif word == "fibmatch":
            given["fibmatch"] = True
        elif word in ("tos", "dsfield", "connected", "notify", "vrf", "uid", "ipproto", "sport", "dport"):
            raise NotModelled(f"ip route get's {word}", known="from, iif, oif, mark, fibmatch")
        else:
            word = words.take() if word == "to" else word
            dst, length = prefix(word, "inet" if "dst" in given else "any valid")
            if "dst" in given:
                raise garbage("to", word)
            given["dst"] = dst
            if length != 32:
                warning = f"Warning: /{length} as prefix is invalid, only /32 (or none) is supported.\n"
    if "dst" not in given:
        raise CommandError("need at least a destination address", code=1)
    return changed(Question(Ip(0)), **given), warning


def _condition(netns: Netns, word: str, value: str) -> dict[str, object]:
    if word == "from":
        return {"src": prefix(value)[0]}
    if word == "mark":
        return {"mark": number(value, "invalid mark value")}
    return {"iif" if word == "iif" else "oif": device(netns, value).name}


def _outgoing(netns: Netns, question: Question) -> Lookup:
    """For a packet of this host's own. A device that is named is believed even without a route (kernel: "on link")."""
    if question.src is not None and not _is_own(netns, question.src):
        raise refused("ENETUNREACH")
    found = route_out(netns, question.dst, src=question.src or 0, mark=question.mark, oif=question.oif)
    if found.errno is not None and question.oif is not None:
        oif = netns.devices[question.oif]
        return Lookup("unicast", dev=oif.name, via=question.dst, src=select_address(netns, oif, None, "link"))
    if found.errno is not None:
        raise refused(found.errno)
    return found


def _incoming(netns: Netns, question: Question, iif: Device) -> tuple[Lookup, list[str]]:
    """For a packet that comes in by a device, judged as such packets are (arrival.py); also the flags of the answer."""
    src = question.src or Ip(0)
    arrival = route_in(netns, src, question.dst, iif, question.mark)
    found = arrival.way
    if found is None or arrival.reason is not None:
        raise refused("EHOSTUNREACH" if arrival.reason == "IP_INADDRERRORS" else "EINVAL")
    if found.errno is not None:
        raise refused(found.errno)
    if found.type != "unicast":
        return changed(found, dev="lo"), []
    is_near = sender_is_on_link(netns, src, question.dst, iif, question.mark)
    advised = found.dev == iif.name and is_near and netns.sysctls.conf(iif.name, "send_redirects")
    return found, ["redirect"] if advised else []


def _is_own(netns: Netns, ip: Ip) -> bool:
    return any(ip == each.ip for other in netns.devices.values() for each in other.addresses)


def _answer(netns: Netns, question: Question, found: Lookup, flags: list[str]) -> str:
    """Two lines: where it goes, and what the kernel would keep with the route."""
    parts = [found.type] if found.type != "unicast" else []
    parts.append(str(question.dst))
    parts += [f"from {question.src}"] if question.src is not None else []
    parts += [f"via {found.via}"] if found.type == "unicast" and found.via != question.dst else []
    parts.append(f"dev {found.dev}")
    parts += _table(netns.routing, found)
    parts += [f"src {found.src}"] if question.src is None and found.src is not None else []
    parts += [f"mark {question.mark if question.mark < 16 else hex(question.mark)}"] if question.mark else []
    parts += ["uid 0"] if question.iif is None else []
    flags = flags + {"local": ["local"], "broadcast": ["local", "brd"]}.get(found.type, [])
    kept = [f"<{','.join(flags)}>"] if flags else []
    mtu = netns.routing.path_mtus.get(question.dst) or (found.route.mtu if found.route is not None else 0)
    kept += [f"mtu {mtu}"] if mtu else []
    kept += [f"iif {question.iif}"] if question.iif is not None else []
    return " ".join(parts) + " \n    " + " ".join(["cache", *kept]) + " "


def _table(routing: Routing, found: Lookup) -> list[str]:
    """The table, unless it is ``main``; before there are policy rules of one's own, ``local`` is kept in ``main``."""
    table = found.route.table if found.route is not None else MAIN
    is_merged = table == LOCAL and routing.is_merged
    return [] if table == MAIN or is_merged else [f"table {table_name(table)}"]
