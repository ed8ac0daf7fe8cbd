"""Random networks: machines and wires between them, odd settings, and changes, as command lines.

Strategies are small and drawn from each other: `plans` lays the wires, `ways` says who forwards where, the rest is what
is odd about it. What iptables adds is in drawn_rules.py; worlds.py puts all together.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

SERVICES = ("10.96.0.1", "10.96.0.2")


class Place(NamedTuple):
    """An address of a machine: where, on which device, in which subnet."""

    netns: str
    dev: str
    ip: str
    subnet: str


class Plan(NamedTuple):
    """The wires: lines that build them, and what they made."""

    lines: list[str]
    machines: list[str]
    places: list[Place]
    devices: list[tuple[str, str]]
    bridges: list[tuple[str, str]]

    def of(self, netns: str) -> list[Place]:
        """A machine's own addresses."""
        return [place for place in self.places if place.netns == netns]

    def devices_of(self, netns: str) -> list[str]:
        """A machine's devices, but lo."""
        return [dev for where, dev in self.devices if where == netns]


def rarely(times: int = 8) -> st.SearchStrategy[bool]:
    """True once in so many times."""
    return st.integers(0, times - 1).map(lambda number: number == times - 1)


def inside(netns: str, line: str) -> str:
    """A command for a machine."""
    return f"ip netns exec {netns} {line}"


# --- wires -------------------------------------------------------------------------------------------------------


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Two to five machines in a tree of wires and bridges, addresses on all of them."""
    machines = list("abcde"[: draw(st.integers(2, 5))])
    plan = Plan([], machines, [], [], [])
    for name in machines:
        plan.lines.extend([f"ip netns add {name}", f"ip -n {name} link set lo up"])
    joined, segment = [machines[0]], 0
    while len(joined) < len(machines):
        hub = draw(st.sampled_from(joined))
        new = machines[len(joined) :]
        if draw(st.booleans()):
            members = new[: draw(st.integers(1, len(new)))]
            _lan(plan, segment, hub, members, has_address=not draw(rarely(6)))
        else:
            members = new[:1]
            _wire(plan, segment, hub, members[0])
        joined += members
        segment += 1
    if draw(rarely(3)):
        _wire(plan, segment, machines[0], machines[-1])
    for name in machines:
        plan.lines.extend(quick_arp(name, dev) for dev in plan.devices_of(name))
    return plan


def _wire(plan: Plan, segment: int, one: str, other: str) -> None:
    dev = f"w{segment}"
    plan.lines.append(f"ip link add {dev} netns {one} type veth peer name {dev} netns {other}")
    for number, name in enumerate((one, other), 1):
        _address(plan, name, dev, segment, number)


def _lan(plan: Plan, segment: int, hub: str, members: list[str], *, has_address: bool) -> None:
    bridge = f"br{segment}"
    plan.lines.append(f"ip -n {hub} link add {bridge} type bridge")
    plan.bridges.append((hub, bridge))
    if has_address:
        _address(plan, hub, bridge, segment, 254)
    else:
        plan.lines.append(f"ip -n {hub} link set {bridge} up")
        plan.devices.append((hub, bridge))
    for number, name in enumerate(members, 1):
        port, dev = f"p{segment}{name}", f"l{segment}"
        plan.lines.append(f"ip link add {port} netns {hub} type veth peer name {dev} netns {name}")
        plan.lines.extend([f"ip -n {hub} link set {port} master {bridge}", f"ip -n {hub} link set {port} up"])
        plan.devices.append((hub, port))
        _address(plan, name, dev, segment, number)


def _address(plan: Plan, name: str, dev: str, segment: int, number: int) -> None:
    place = Place(name, dev, f"10.{segment}.0.{number}", f"10.{segment}.0.0/24")
    plan.lines.extend([f"ip -n {name} addr add {place.ip}/24 dev {dev}", f"ip -n {name} link set {dev} up"])
    plan.places.append(place)
    plan.devices.append((name, dev))


def quick_arp(netns: str, dev: str) -> str:
    """ARP gives up after 60 ms, not 3 s; a stand-in does not hesitate."""
    return inside(netns, f"sysctl -qw net.ipv4.neigh.{dev}.retrans_time_ms=20 net.ipv4.neigh.{dev}.proxy_delay=0")


@st.composite
def ways(draw: st.DrawFn, plan: Plan) -> list[str]:
    """Who forwards, and the default routes: mostly such that answers come back."""
    lines = [inside(name, "sysctl -qw net.ipv4.ip_forward=1") for name in plan.machines if not draw(rarely(6))]
    if not draw(rarely(3)):
        return [*lines, *_all_ways(plan)]
    for name in plan.machines:
        near = [place.subnet for place in plan.of(name)]
        hops = [place.ip for place in plan.places if place.netns != name and place.subnet in near]
        if hops and not draw(rarely(8)):
            hub = next((ip for ip in hops if ip.endswith(".254")), hops[0])
            lines.append(f"ip -n {name} route add default via {hub if draw(st.booleans()) else draw(st.sampled_from(hops))}")
    return lines


def _all_ways(plan: Plan) -> list[str]:
    """Routes by which everybody reaches every subnet, each machine by the neighbour through whom it is nearest."""
    lines = []
    for name in plan.machines:
        known, edge = {place.subnet for place in plan.of(name)}, [(place.subnet, "") for place in plan.of(name)]
        for subnet, via in edge:  # grows while it is walked: breadth first
            for router in (place for place in plan.places if place.subnet == subnet and place.netns != name):
                beyond = [place.subnet for place in plan.of(router.netns) if place.subnet not in known]
                known.update(beyond)
                edge += [(each, via or router.ip) for each in beyond]
        lines += [f"ip -n {name} route add {subnet} via {via}" for subnet, via in edge if via]
    return lines


# --- settings and changes ----------------------------------------------------------------------------------------


def subnets(plan: Plan) -> st.SearchStrategy[str]:
    """A network or an address that somebody may send to."""
    places = [place.ip for place in plan.places]
    return st.sampled_from([*places, *places, *sorted({place.subnet for place in plan.places}), "10.0.0.0/8", "default",
                            "10.9.0.0/24", "10.0.0.99", "127.0.0.0/8", "10.96.0.0/16", *SERVICES])  # fmt: skip


@st.composite
def routes(draw: st.DrawFn, plan: Plan) -> str:
    """A route, or a policy rule, that somebody adds or takes away."""
    name = draw(st.sampled_from(plan.machines))
    goal = draw(subnets(plan))
    near = [place.ip for place in plan.places]
    devices, own = plan.devices_of(name), [place.ip for place in plan.of(name)] or ["127.0.0.1"]
    table = draw(st.sampled_from(["", "", "", " table 100"]))
    verb = draw(st.sampled_from(["add", "add", "replace", "append", "del"]))
    way = draw(st.one_of(
        st.sampled_from(near).map(lambda via: f"{goal} via {via}"),
        st.sampled_from(devices).map(lambda dev: f"{goal} dev {dev}"),
        st.tuples(st.sampled_from(near), st.sampled_from(devices)).map(lambda it: f"{goal} via {it[0]} dev {it[1]} onlink"),
        st.sampled_from(["blackhole", "unreachable", "prohibit", "throw"]).map(lambda kind: f"{kind} {goal}"),
        st.sampled_from(own).map(lambda src: f"{goal} dev {devices[0]} src {src}"),
        st.just(f"local {goal} dev lo"),
        st.sampled_from([1280, 600]).map(lambda mtu: f"{goal} dev {devices[0]} mtu {mtu}"),
    ))  # fmt: skip
    return f"ip -n {name} route {verb} {way}{table}"


@st.composite
def policies(draw: st.DrawFn, plan: Plan) -> str:
    """A policy rule."""
    name = draw(st.sampled_from(plan.machines))
    goal, source = draw(subnets(plan)), draw(subnets(plan))
    who = draw(st.sampled_from([f"to {goal}", f"from {source}", f"from {source} to {goal}", "fwmark 0x1", "fwmark 0x4000/0x4000",
                                f"iif {plan.devices_of(name)[0]}", "iif lo", f"not to {goal}"]))  # fmt: skip
    what = draw(st.sampled_from(["table 100", "table 100", "table main", "blackhole", "unreachable", "prohibit"]))
    return f"ip -n {name} rule add {who} {what} pref {draw(st.sampled_from([10, 100, 32766]))}".replace("default", "all")


@st.composite
def switches(draw: st.DrawFn, plan: Plan) -> str:
    """A sysctl."""
    name = draw(st.sampled_from(plan.machines))
    where = draw(st.sampled_from(["all", "default", "lo", *plan.devices_of(name)]))
    key, values = draw(st.sampled_from([
        ("net.ipv4.ip_forward", (0, 1)), ("net.bridge.bridge-nf-call-iptables", (0, 1)),
        ("net.ipv4.icmp_echo_ignore_all", (0, 1)), ("net.ipv4.ip_default_ttl", (1, 2, 64, 255)),
        ("net.ipv4.icmp_ratelimit", (0, 1000)), ("net.ipv4.icmp_ratemask", (0, 6168, 8)),
        ("net.netfilter.nf_conntrack_tcp_loose", (0, 1)),
        *((f"net.ipv4.conf.{where}.{flag}", (0, 1)) for flag in
          ("forwarding", "accept_local", "route_localnet", "proxy_arp", "send_redirects", "accept_redirects",
           "shared_media", "src_valid_mark", "arp_filter", "arp_accept")),
        *((f"net.ipv4.conf.{where}.{flag}", (0, 1, 2)) for flag in ("rp_filter", "arp_ignore", "arp_announce")),
    ]))  # fmt: skip
    return inside(name, f"sysctl -qw {key}={draw(st.sampled_from(values))}")


@st.composite
def links(draw: st.DrawFn, plan: Plan) -> str:
    """A change of a device, its addresses or its neighbours."""
    name, dev = draw(st.sampled_from(plan.devices))
    place = draw(st.sampled_from(plan.places))
    nearby = draw(st.sampled_from(plan.places)).ip
    lines = [
        f"ip -n {name} link set {dev} down", f"ip -n {name} link set {dev} up", f"ip -n {name} link set {dev} mtu 1400",
        f"ip -n {name} link set {dev} mtu 576", f"ip -n {name} neigh flush dev {dev}", f"ip -n {name} neigh flush all",
        f"ip -n {name} neigh replace {nearby} lladdr 02:00:00:00:00:77 dev {dev}", f"ip -n {name} neigh del {nearby} dev {dev}",
        f"ip -n {place.netns} addr del {place.ip}/24 dev {place.dev}", f"ip -n {name} addr add {nearby}/24 dev {dev}",
        f"ip -n {name} addr add 10.7.0.7/32 dev lo", f"ip -n {name} addr add 10.0.0.77/24 dev {dev}",
        f"ip -n {name} link set lo down", f"ip -n {name} link set lo up", f"ip -n {name} link set {dev} promisc on",
        inside(name, "conntrack -F"), f"ip -n {name} link del {dev}", f"ip -n {name} route flush cache",
    ]  # fmt: skip
    ports = [port for port in plan.devices if port[1].startswith("p")]
    if ports:
        where, port = draw(st.sampled_from(ports))
        flag = draw(st.sampled_from(["hairpin on", "isolated on", "learning off", "flood off"]))
        lines += [f"ip -n {where} link set {port} type bridge_slave {flag}",
                  f"ip -n {where} link set {port} nomaster"]  # fmt: skip
    return draw(st.sampled_from(lines))
