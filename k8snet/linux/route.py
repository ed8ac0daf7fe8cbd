"""Routes, routing tables, policy rules (``ip rule``), and the lookup: longest prefix first, then metric.

A lookup answers with facts: which policy rule sent us to which table, which route won, by which device and next hop,
with which source address; or with the error that the kernel gives. Sources: ip-route(8), ip-rule(8), and the
kernel's net/ipv4/fib_trie.c, fib_rules.c, fib_semantics.c.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from k8snet.linux.address import EVERYWHERE, Ip, Network
from k8snet.linux.device import Device, Loopback
from k8snet.linux.fact import Fact, changed

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

T = TypeVar("T")

LOCALHOST = Ip("127.0.0.1")
LOCAL, MAIN, DEFAULT = 255, 254, 253
TABLE_NAMES = {LOCAL: "local", MAIN: "main", DEFAULT: "default"}

ERRORS = {"unreachable": "EHOSTUNREACH", "prohibit": "EACCES", "blackhole": "EINVAL"}
"""What the kernel answers for the route types that say no (fib_semantics.c, fib_props)."""
POLICY_ERRORS = ERRORS | {"unreachable": "ENETUNREACH"}
"""What it answers for a policy rule that says no (fib_rules.c, fib4_rule_action)."""

SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}


class Route(Fact, frozen=True):
    """One line of ``ip route``. ``src`` is the preferred source address; ``dev`` is None for the types that say no."""

    network: Network
    type: str = "unicast"
    dev: str | None = None
    via: Ip | None = None
    src: Ip | None = None
    metric: int = 0
    scope: str = "global"
    proto: str = "boot"
    table: int = MAIN
    onlink: bool = False
    mtu: int = 0
    is_own_gateway: bool = False
    """Whether ``via`` was an own address when the route was made: then there is no other hop (rt_set_nexthop)."""

    @property
    def next_hop(self) -> Ip | None:
        """The gateway; None if the destination is on the link."""
        return None if self.is_own_gateway else self.via


class Policy(Fact, frozen=True):
    """One line of ``ip rule``: whom it concerns, and the table (or the refusal) that it sends them to."""

    priority: int
    table: int = MAIN
    action: str = "lookup"
    src: Network = EVERYWHERE
    dst: Network = EVERYWHERE
    mark: int = 0
    mask: int = 0
    iif: str | None = None
    oif: str | None = None
    inverted: bool = False

    def concerns(self, src: int, dst: int, mark: int, iif: str | None, oif: str | None) -> bool:
        """Whether a packet with these features is meant."""
        meant = (
            src in self.src
            and dst in self.dst
            and mark & self.mask == self.mark
            and (self.iif is None or self.iif == iif)
            and (self.oif is None or self.oif == oif)
        )
        return meant != self.inverted


class Lookup(Fact, frozen=True):
    """The answer to a lookup.

    ``type`` is the route's type. ``via`` is the next hop (the destination itself on a link), ``src`` the address that a
    socket without one of its own would take. With an ``errno`` there is no way, and ``route`` is what said no (None:
    nothing matched).
    """

    type: str
    route: Route | None = None
    policy: Policy | None = None
    dev: str | None = None
    via: Ip | None = None
    src: Ip | None = None
    errno: str | None = None


class RoutingTable:
    """Routes by prefix length, then by prefix; of equal prefixes the lowest metric comes first."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[int, list[Route]]] = {}
        self._lengths: list[int] = []
        self._by_device: dict[str | None, int] = {}
        """How many routes lead out by each device."""

    def add(self, route: Route, *, first: bool = False) -> None:
        """Add a route, behind (or before) its equals."""
        length = route.network.length
        if length not in self._by_length:
            self._by_length[length] = {}
            insort(self._lengths, length, key=lambda each: -each)
        same = self._by_length[length].setdefault(route.network.address >> (32 - length), [])
        ahead = [other for other in same if other.metric < route.metric or (other.metric == route.metric and not first)]
        same.insert(len(ahead), route)
        self._by_device[route.dev] = self._by_device.get(route.dev, 0) + 1

    def remove(self, route: Route) -> None:
        """Remove a route that is there."""
        length = route.network.length
        prefix = route.network.address >> (32 - length)
        same = self._by_length[length][prefix]
        same.remove(route)
        self._by_device[route.dev] -= 1
        if not same:
            del self._by_length[length][prefix]
        if not self._by_length[length]:
            del self._by_length[length]
            self._lengths.remove(length)

    def candidates(self, dst: int) -> list[Route]:
        """All routes that cover an address, the best first."""
        found: list[Route] = []
        for length in self._lengths:
            found += self._by_length[length].get(dst >> (32 - length), ())
        return found

    def same_prefix(self, network: Network) -> list[Route]:
        """The routes to exactly this network."""
        return list(self._by_length.get(network.length, {}).get(network.address >> (32 - network.length), ()))

    def by_device(self, name: str) -> list[Route]:
        """The routes that lead out by a device, in no order."""
        return [route for route in self.unsorted() if route.dev == name] if self._by_device.get(name) else []

    def unsorted(self) -> Iterator[Route]:
        """All routes, in no order."""
        return (route for prefixes in self._by_length.values() for same in prefixes.values() for route in same)

    def __iter__(self) -> Iterator[Route]:
        """All routes, by address, then the longest prefix first, as the kernel's trie lists them."""
        return iter(sorted(self.unsorted(), key=lambda route: (route.network.address, -route.network.length)))

    def __deepcopy__(self, memo: dict[int, Any]) -> RoutingTable:
        """For a fork: routes are facts and stay shared."""
        table = RoutingTable()
        table._lengths, table._by_device = list(self._lengths), dict(self._by_device)
        for length, prefixes in self._by_length.items():
            table._by_length[length] = {prefix: list(same) for prefix, same in prefixes.items()}
        return table


class Answers(dict[tuple[Any, ...], Any]):
    """What lookups came to, by what was asked. Only until something changes; a fork begins with none."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Answers:
        return Answers()


class Routing:
    """The routing of one network namespace: ``tables`` by number, and the ``policies`` that choose among them.

    ``answers`` remembers lookups. They depend on routes, devices, addresses and sysctls, all of which only commands
    change; so the world, which is told of the first of them, forgets them after each command.
    """

    def __init__(self) -> None:
        self.answers = Answers()
        self.is_merged = True
        self.tables = {LOCAL: RoutingTable(), MAIN: RoutingTable(), DEFAULT: RoutingTable()}
        self.policies = [Policy(0, LOCAL), Policy(32766, MAIN), Policy(32767, DEFAULT)]
        self.redirects: dict[Ip, Ip] = {}
        """Better next hops that routers told us of (ICMP redirects that were obeyed)."""
        self.path_mtus: dict[Ip, int] = {}
        """How large a packet to a destination may be, where a router said so (ICMP "fragmentation needed")."""

    def table(self, number: int) -> RoutingTable:
        """A table by its number; made when first used."""
        return self.tables.setdefault(number, RoutingTable())

    def add(self, route: Route, *, first: bool = False) -> None:
        """Add a route to the table that it names."""
        self.answers.clear()
        self.table(route.table).add(route, first=first)

    def remove(self, route: Route) -> None:
        """Remove a route from the table that it names."""
        self.answers.clear()
        self.table(route.table).remove(route)

    def add_policy(self, policy: Policy) -> None:
        """Add a policy rule; of equal priorities the older one stays first."""
        self.is_merged = False
        insort(self.policies, policy, key=lambda each: each.priority)

    def by_device(self, name: str) -> list[Route]:
        """The routes of all tables that lead out by a device, in no order."""
        return [route for table in self.tables.values() for route in table.by_device(name)]


def lookup(netns: Netns, dst: Ip, *, src: int = 0, mark: int = 0, iif: str | None = None, oif: str | None = None) -> Lookup:
    """Where a packet to ``dst`` goes: ask the tables that the policy rules name, in order of priority.

    A ``throw`` route sends the search back to the policy rules; a route by a device that is down does not count.
    """
    answers, question = netns.routing.answers, (dst, src, mark, iif, oif)
    answer: Lookup | None = answers.get(question)
    if answer is None:
        answer = remember(netns, question, _look_up(netns, dst, src, mark, iif, oif))
    return answer


def remember(netns: Netns, question: tuple[Any, ...], answer: T) -> T:
    """Keep what a lookup came to, until the next command."""
    answers = netns.routing.answers
    if not answers:
        netns.world.will_forget(answers)
    answers[question] = answer
    return answer


def _look_up(netns: Netns, dst: Ip, src: int, mark: int, iif: str | None, oif: str | None) -> Lookup:
    for policy in netns.routing.policies:
        if not policy.concerns(src, dst, mark, iif or "lo", oif):
            continue
        if policy.action != "lookup":
            return Lookup(policy.action, policy=policy, errno=POLICY_ERRORS[policy.action])
        table = netns.routing.tables.get(policy.table)
        route = _best(netns, table, dst, oif) if table is not None else None
        if route is None or route.type == "throw" or _is_outdone(netns, policy, route, dst, oif):
            continue
        if route.type in ERRORS:
            return Lookup(route.type, route, policy, errno=ERRORS[route.type])
        return Lookup(route.type, route, policy, route.dev, route.next_hop or dst, _source(netns, route, dst))
    return Lookup("unreachable", errno="ENETUNREACH")


def _is_outdone(netns: Netns, policy: Policy, route: Route, dst: Ip, oif: str | None) -> bool:
    """Whether ``main`` knows it better than ``local``: they are one table until a policy rule is added (fib_unmerge)."""
    if policy.table != LOCAL or not netns.routing.is_merged:
        return False
    other = _best(netns, netns.routing.tables[MAIN], dst, oif)
    return other is not None and other.network.length > route.network.length


def route_out(netns: Netns, dst: Ip, *, src: int = 0, mark: int = 0, oif: str | None = None) -> Lookup:
    """The lookup for a packet that this namespace makes itself (kernel: ip_route_output_key).

    No destination means oneself. A source in 127.0.0.0/8 may not leave the machine unless ``route_localnet`` says so.
    """
    found = lookup(netns, dst or Ip(src) or LOCALHOST, src=src, mark=mark, oif=oif)
    if found.type == "local":
        return changed(found, dev="lo")
    if found.dev is not None and (src or found.src or 0) >> 24 == 127 and not netns.sysctls.conf(found.dev, "route_localnet"):
        return changed(found, errno="EINVAL")
    redirected = netns.routing.redirects.get(dst)
    return found if redirected is None or found.errno else changed(found, via=redirected)


def _best(netns: Netns, table: RoutingTable, dst: int, oif: str | None) -> Route | None:
    for route in table.candidates(dst):
        if route.dev is None or route.type in ("local", "broadcast"):
            return route
        if netns.devices[route.dev].up and oif in (None, route.dev):
            return route
    return None


def _source(netns: Netns, route: Route, dst: Ip) -> Ip | None:
    """The source for a socket that has none: the route's ``src``; for an own address the address itself."""
    if route.src is not None and route.type != "local":
        return route.src
    if route.type == "local":
        return route.src or dst
    assert route.dev is not None
    return select_address(netns, netns.devices[route.dev], route.via, route.scope)


def source_error(netns: Netns, src: Ip, dst: Ip, device: Device, mark: int = 0, oif: str | None = None) -> str | None:
    """Why a packet may not have come in by this device, judged by its source; None if it may.

    One's own address cannot come from a wire (unless ``accept_local``); and with ``rp_filter`` the way back must lead
    out by the same device (1), or anywhere at all (2). Kernel: fib_frontend.c, fib_validate_source().
    """
    if isinstance(device, Loopback) and is_local(netns, src):
        return None
    back = _way_back(netns, src, dst, device, mark, oif)
    strict = netns.sysctls.conf(device.name, "rp_filter")
    if back.type == "broadcast":
        return "IP_INVALID_SOURCE"
    if back.type == "local" and not netns.sysctls.conf(device.name, "accept_local"):
        return "IP_LOCAL_SOURCE"
    if back.errno is None and back.dev == device.name:
        return None
    without_way = back.errno is not None or not device.addresses
    return "IP_RPFILTER" if strict == 1 or (strict and without_way) else None


def _way_back(netns: Netns, src: Ip, dst: Ip, device: Device, mark: int, oif: str | None) -> Lookup:
    """The route of an answer, looked up as if it came in where the packet goes out."""
    return lookup(netns, src, src=dst, iif=oif, mark=mark if netns.sysctls.conf(device.name, "src_valid_mark") else 0)


def sender_is_on_link(netns: Netns, src: Ip, dst: Ip, device: Device, mark: int) -> bool:
    """Whether a sender is a direct neighbour on the device by which its packet goes out again: no next hop leads back."""
    back = _way_back(netns, src, dst, device, mark, device.name)
    if back.errno is None and back.dev != device.name and device.addresses:
        back = lookup(netns, src, src=dst, iif=device.name, oif=device.name)
    return back.route is not None and back.errno is None and back.route.next_hop is None and back.dev == device.name


def select_address(netns: Netns, device: Device, towards: Ip | None, scope: str = "global") -> Ip | None:
    """An address of the device: the one in the subnet of ``towards``, else its first; else one of another device.

    Kernel: devinet.c, inet_select_addr(). Addresses of a narrower scope than asked for do not count.
    """
    widest = SCOPES[scope]
    usable = [each for each in device.addresses if not each.secondary and SCOPES[each.scope] <= widest]
    for each in usable:
        if towards is None or towards in each.network:
            return each.ip
    if usable:
        return usable[0].ip
    for other in netns.devices.values():
        for each in other.addresses:
            if not each.secondary and each.scope != "link" and SCOPES[each.scope] <= widest:
                return each.ip
    return None


def is_local(netns: Netns, address: Ip) -> bool:
    """Whether the address is one of this namespace's own."""
    return address_type(netns, address) == "local"


def address_type(netns: Netns, address: Ip) -> str:
    """What an address is to this namespace: local, broadcast, multicast, unicast, or a refusal (``-m addrtype``)."""
    if address in (0, 0xFFFFFFFF):
        return "broadcast"
    if address.is_multicast:
        return "multicast"
    route = next(iter(netns.routing.tables[LOCAL].candidates(address)), None)
    is_host = route is not None and route.network.length == 32
    if route is None or (not is_host and _is_outdone(netns, Policy(0, LOCAL), route, address, None)):
        return "unicast"
    return route.type
