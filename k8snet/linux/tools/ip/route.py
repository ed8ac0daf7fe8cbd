"""``ip route``: adding, replacing and deleting routes; what the kernel checks before it believes in one.

Listing and asking are in route_show.py. Source: the kernel's fib_frontend.c, fib_semantics.c (fib_create_info,
fib_check_nh) and fib_trie.c (fib_table_insert, fib_table_delete), and iproute2's iproute.c.
"""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import Ip, Network, mask_of
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.route import LOCAL, MAIN, SCOPES, Route, address_type, is_local
from k8snet.linux.tools.ip.route_show import Selector, get, proto_named, scope_named, show, table_number, type_named
from k8snet.linux.tools.ip.words import (
    Options,
    Words,
    address,
    device,
    explained,
    garbage,
    number,
    prefix,
    refused,
    resolve,
    verb,
)

USAGE = "Usage: ip route { list | flush } SELECTOR"
SILENT = ("blackhole", "unreachable", "prohibit", "throw")
"""Types of route that lead nowhere."""
NARROWEST = {"local": "host", "broadcast": "link"}
"""The widest scope that a type may have, and the one that it gets unless it is said."""
KNOWN = "TYPE, to, via, dev, src, metric, scope, proto, table, onlink, mtu"
UNKNOWN_KEYWORDS = frozenset({
    "advmss", "as", "congctl", "cwnd", "dsfield", "encap", "expires", "fastopen_no_cookie", "features", "from",
    "hoplimit", "initcwnd", "initrwnd", "nexthop", "nhid", "pervasive", "pref", "quickack", "realms", "reordering",
    "rto_min", "rtt", "rttvar", "ssthresh", "tos", "ttl-propagate", "vrf", "weight", "window",
})


class Asked(Fact, frozen=True):
    """What a command says about a route; None: nothing is said."""

    to: tuple[Ip, int] | None = None
    type: str | None = None
    via: Ip | None = None
    dev: str | None = None
    src: Ip | None = None
    metric: int = 0
    scope: str | None = None
    proto: str | None = None
    table: int | None = None
    onlink: bool = False
    mtu: int = 0

    @property
    def in_table(self) -> int:
        """The table that is meant: what this host answers for is in ``local``."""
        if self.table is not None:
            return self.table
        return LOCAL if self.type in NARROWEST else MAIN


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str:
    """Run ``ip route COMMAND``."""
    return verb(words, VERBS, "ip route")(netns, words, options)


def _parse(netns: Netns, words: Words) -> Asked:
    asked = Asked()
    while words:
        word = words.take()
        field = _field(word)
        if field == "onlink":
            asked = changed(asked, onlink=True)
        elif field is not None:
            family = "inet" if asked.to and asked.to[1] else "any valid"
            asked = changed(asked, **{field: _value(field, words.take(), family)})
        elif word in UNKNOWN_KEYWORDS:
            raise NotModelled(f"ip route's {word}", known=KNOWN)
        else:
            word = words.take() if word == "to" else word
            type_ = type_named(word)
            if type_ is not None:
                asked, word = changed(asked, type=type_), words.take()
            if asked.to is not None:
                raise garbage("to", word)
            asked = changed(asked, to=prefix(word))
    if asked.to is None:
        raise CommandError(USAGE, code=255)
    if asked.dev is not None:
        device(netns, asked.dev)
    return asked


def _field(word: str) -> str | None:
    """Which field of `Asked` a keyword sets; only some keywords may be abbreviated."""
    exact = {"src": "src", "via": "via", "scope": "scope", "mtu": "mtu", "dev": "dev", "oif": "dev", "onlink": "onlink",
             "preference": "metric"}
    if word in exact or not word:
        return exact.get(word)
    long = {"metric": "metric", "priority": "metric", "protocol": "proto", "table": "table"}
    name = resolve(word, long)
    return long[name] if name is not None and word != "to" and type_named(word) is None else None


def _value(field: str, word: str, family: str) -> object:
    if field in ("via", "src"):
        return address(word, family) or None
    if field == "metric":
        return number(word, '"metric" value is invalid\n')
    if field == "mtu":
        if word == "lock":
            raise NotModelled("ip route's mtu lock", known="mtu")
        return number(word, '"mtu" value is invalid\n')
    if field == "scope":
        return scope_named(word)
    if field == "proto":
        return proto_named(word)
    return table_number(word, '"table" value is invalid\n') if field == "table" else word


# --- what the kernel checks --------------------------------------------------------------------------------------


def _route(netns: Netns, asked: Asked) -> Route:
    """The route that is asked for. CommandError if the kernel would not have it (fib_create_info)."""
    assert asked.to is not None
    ip, length = asked.to
    type_ = asked.type or "unicast"
    scope = asked.scope or NARROWEST.get(type_) or ("link" if type_ == "unicast" and asked.via is None else "global")
    if ip & ~mask_of(length) & 0xFFFFFFFF:
        raise explained("Invalid prefix for given prefix length")
    if SCOPES[NARROWEST.get(type_, "global")] > SCOPES[scope] or scope == "nowhere":
        raise explained("Invalid scope")
    route = Route(Network(ip, length), type_, asked.dev, asked.via, asked.src, asked.metric, scope,
                  asked.proto or "boot", asked.in_table, asked.onlink, asked.mtu)  # fmt: skip
    if type_ in SILENT:
        if asked.dev is not None or asked.via is not None:
            raise explained("Gateway, device and multipath can not be specified for this route type")
    else:
        route = _through(netns, route)
    is_itself = type_ == "local" and route.src == ip
    if route.src is not None and not is_itself and address_type(netns, route.src) != "local":
        raise explained("Invalid prefsrc address")
    return route


def _through(netns: Netns, route: Route) -> Route:
    """The route with the device by which it goes (fib_check_nh)."""
    if route.via is not None:
        if route.scope == "host":
            raise explained("Route with host scope can not have a gateway")
        dev = _device_towards(netns, route, route.via)
        return changed(route, dev=dev, is_own_gateway=is_local(netns, route.via))
    if route.onlink:
        raise explained("Invalid flags for nexthop - PERVASIVE and ONLINK can not be set")
    if route.dev is None:
        raise refused("ENODEV")
    if route.scope != "host" and not netns.devices[route.dev].up:
        raise explained("Device for nexthop is not up", "ENETDOWN")
    return route


def _device_towards(netns: Netns, route: Route, via: Ip) -> str:
    """By which device a gateway is reached: it must be on a link, not behind another gateway."""
    if route.onlink:
        if route.dev is None:
            raise explained("Nexthop device required for onlink")
        if not netns.devices[route.dev].up:
            raise explained("Nexthop device is not up", "ENETDOWN")
        if address_type(netns, via) != "unicast":
            raise explained("Nexthop has invalid gateway")
        return route.dev
    found = _on_link(netns, route, via)
    if found is None or found.dev is None or found.type not in ("unicast", "local"):
        raise explained("Nexthop has invalid gateway")
    if not netns.devices[found.dev].up:
        raise refused("ENETDOWN")
    return found.dev


def _on_link(netns: Netns, route: Route, via: Ip) -> Route | None:
    """The best route to a gateway among those that lead to a link: by the route's own table, else as any lookup goes."""
    found = _on_link_in(netns, route, via, route.table) if route.table != MAIN else None
    if found is not None and found.type not in SILENT:
        return found
    for policy in (each for each in netns.routing.policies if each.concerns(0, via, 0, "lo", route.dev)):
        found = _on_link_in(netns, route, via, policy.table) if policy.action == "lookup" else None
        if policy.action != "lookup" or (found is not None and found.type != "throw"):
            return found
    return None


def _on_link_in(netns: Netns, route: Route, via: Ip, number: int) -> Route | None:
    table, narrow = netns.routing.tables.get(number), max(SCOPES["link"], SCOPES[route.scope] + 1)
    fits = (other for other in (table.candidates(via) if table is not None else ())
            if SCOPES[other.scope] >= narrow and (other.dev is None or _leads(netns, other, route.dev)))
    return next(fits, None)


def _leads(netns: Netns, other: Route, dev: str | None) -> bool:
    is_own = other.type in ("local", "broadcast")
    return other.dev is not None and dev in (None, other.dev) and (is_own or netns.devices[other.dev].up)


# --- add, replace, delete, flush ---------------------------------------------------------------------------------


def _add(netns: Netns, words: Words, options: Options) -> str:
    return _insert(netns, _route(netns, _parse(netns, words)), "add")


def _append(netns: Netns, words: Words, options: Options) -> str:
    return _insert(netns, _route(netns, _parse(netns, words)), "append")


def _prepend(netns: Netns, words: Words, options: Options) -> str:
    return _insert(netns, _route(netns, _parse(netns, words)), "prepend")


def _replace(netns: Netns, words: Words, options: Options) -> str:
    return _insert(netns, _route(netns, _parse(netns, words)), "replace")


def _change(netns: Netns, words: Words, options: Options) -> str:
    return _insert(netns, _route(netns, _parse(netns, words)), "change")


def _insert(netns: Netns, route: Route, how: str) -> str:
    """Put a route among those to the same network with the same metric (fib_table_insert)."""
    table = netns.routing.table(route.table)
    same = [other for other in table.same_prefix(route.network) if other.metric == route.metric]
    if how in ("replace", "change") and same:
        if route in same[1:]:
            raise refused("EEXIST")
        _exchange(netns, same[0], route)
        return ""
    if how == "change":
        raise refused("ENOENT")
    if route in same or (same and how == "add"):
        raise refused("EEXIST")
    table.add(route, first=how == "prepend")
    return ""


def _exchange(netns: Netns, old: Route, new: Route) -> None:
    """Put a route in another one's place."""
    table = netns.routing.table(new.table)
    all_of_them = table.same_prefix(new.network)
    for route in all_of_them:
        table.remove(route)
    for route in all_of_them:
        table.add(new if route is old else route)


def _delete(netns: Netns, words: Words, options: Options) -> str:
    asked = _parse(netns, words)
    assert asked.to is not None
    routing = netns.routing
    network = Network(*asked.to)
    if Network.around(*asked.to) != network:
        raise explained("Invalid prefix for given prefix length")
    candidates = routing.tables[asked.in_table].same_prefix(network) if asked.in_table in routing.tables else []
    found = next((route for route in candidates if _is_meant(asked, route)), None)
    if found is None:
        raise refused("ESRCH")
    routing.remove(found)
    return ""


def _is_meant(asked: Asked, route: Route) -> bool:
    """What is said must be so; of several routes the first that fits is meant."""
    scope = asked.scope or NARROWEST.get(asked.type or "")
    said = {"type": asked.type, "scope": scope if scope != "nowhere" else None, "src": asked.src, "proto": asked.proto,
            "metric": asked.metric or None, "dev": asked.dev, "via": asked.via, "mtu": asked.mtu or None}
    return all(value is None or getattr(route, field) == value for field, value in said.items())


def _flush(netns: Netns, words: Words, options: Options) -> str:
    if not words:
        raise CommandError('"ip route flush" requires arguments.', code=1)
    rest = words.rest()
    if rest == ["cache"]:
        netns.routing.redirects.clear()
        netns.routing.path_mtus.clear()
        return ""
    for route in Selector(netns, Words(rest)).routes("Flush"):
        netns.routing.remove(route)
    return ""


def _not_modelled(netns: Netns, words: Words, options: Options) -> str:
    known = "show, get, add, append, prepend, replace, change, delete, flush"
    raise NotModelled("this command of ip route", known=known)


VERBS = {
    "list": show, "show": show, "lst": show, "get": get, "add": _add, "change": _change, "chg": _change,
    "replace": _replace, "prepend": _prepend, "append": _append, "test": _not_modelled, "delete": _delete,
    "flush": _flush, "save": _not_modelled, "restore": _not_modelled, "showdump": _not_modelled, "help": _not_modelled,
}
