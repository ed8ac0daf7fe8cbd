"""What the kernel does by itself when an address or the state of a device changes: routes come and go.

An address makes its device answer for it (a ``local`` route, even while the device is down). While the device is up,
the address also makes its subnet reachable (the connected route) and its broadcast addresses known. So the routes
are a function of the addresses: `routes_of`. All else here compares before and after.
Source: the kernel's net/ipv4/devinet.c and fib_frontend.c (fib_add_ifaddr, fib_del_ifaddr, fib_disable_ip).
"""

from __future__ import annotations

from k8snet.linux.address import BROADCAST, Ip, Network
from k8snet.linux.device import Address, Bridge, Device, Loopback, Veth, Vxlan
from k8snet.linux.fact import changed
from k8snet.linux.route import LOCAL, MAIN, SCOPES, Route, is_local
from k8snet.linux.tools.ip.words import refused

LOOPBACK_ADDRESS = Address(Ip("127.0.0.1"), 8, scope="host", label="lo")


def routes_of(device: Device) -> list[Route]:
    """The routes that the kernel keeps for a device's addresses, in the order in which it makes them."""
    routes: list[Route] = []
    for address in device.addresses:
        primary = address
        if address.secondary:
            primary = next(each for each in device.addresses if not each.secondary and _same_subnet(each, address))
        routes += _routes_for(device, address, primary)
    return list(dict.fromkeys(routes))


def _routes_for(device: Device, address: Address, primary: Address) -> list[Route]:
    def made(type_: str, network: Network) -> Route:
        table, scope = (MAIN if type_ == "unicast" else LOCAL), ("host" if type_ == "local" else "link")
        return Route(network, type_, device.name, src=primary.ip, scope=scope, proto="kernel", table=table)

    routes = [made("local", Network(address.ip, 32))]
    if not device.up:
        return routes
    if address.broadcast is not None and address.broadcast != BROADCAST:
        routes.append(made("broadcast", Network(address.broadcast, 32)))
    network = address.network
    is_subnet = network.address >> 24 != 0 and (network.address != address.ip or address.length < 32)
    if is_subnet and not address.secondary:
        routes.append(made("local" if isinstance(device, Loopback) else "unicast", network))
        if address.length < 31:
            routes.append(made("broadcast", Network(network.broadcast, 32)))
    return routes


def _same_subnet(one: Address, other: Address) -> bool:
    return one.length == other.length and one.network == other.network


# --- addresses come and go ---------------------------------------------------------------------------------------


def assign(device: Device, address: Address) -> None:
    """Give a device an address, and the routes that come with it.

    In a subnet that the device has already, the newcomer is a secondary address and goes last.
    """
    before = routes_of(device)
    if any(_same_subnet(each, address) for each in device.addresses):
        device.addresses.append(changed(address, secondary=True))
    else:
        behind = [number for number, each in enumerate(device.addresses, start=1)
                  if not each.secondary and SCOPES[each.scope] >= SCOPES[address.scope]]
        device.addresses.insert(max(behind, default=0), address)
    _add_missing(device, [route for route in routes_of(device) if route not in before])


def unassign(device: Device, address: Address) -> None:
    """Take an address away; with a primary one go the secondaries of its subnet (promote_secondaries=0).

    Routes that preferred the address as a source go too. Without any address the device forgets all its routes.
    """
    before = routes_of(device)
    gone = [address]
    if not address.secondary:
        gone += [each for each in device.addresses if each.secondary and _same_subnet(each, address)]
    device.addresses = [each for each in device.addresses if each not in gone]
    for each in gone:
        device.netns.conntrack.forget_masqueraded(device.name, each.ip)
    after = set(routes_of(device))
    _remove(device, [route for route in before if route not in after])
    netns = device.netns
    lost = {each.ip for each in gone if not is_local(netns, each.ip)}
    _remove(device, [route for route in netns.routing.table(MAIN).unsorted() if route.src in lost])
    if not device.addresses:
        forget_routes(device)
        netns.neighbours.forget_device(device.name)


def _add_missing(device: Device, routes: list[Route]) -> None:
    routing = device.netns.routing
    for route in routes:
        if route not in routing.table(route.table).same_prefix(route.network):
            routing.add(route)


def _remove(device: Device, routes: list[Route]) -> None:
    routing = device.netns.routing
    for route in routes:
        if route in routing.table(route.table).same_prefix(route.network):
            routing.remove(route)


def forget_routes(device: Device) -> None:
    """Remove all routes by a device, whatever made them."""
    _remove(device, device.netns.routing.by_device(device.name))


# --- devices go up and down --------------------------------------------------------------------------------------


def set_up(device: Device) -> None:
    """Bring a device up: its subnets become reachable again; ``lo`` gets 127.0.0.1 if it has no address."""
    if device.up:
        return
    if isinstance(device, Vxlan) and not device.netns.sockets.open_tunnel(device.dstport):
        raise refused("EADDRINUSE")
    device.up, device.qdisc = True, "noqueue"
    if isinstance(device, Loopback) and not device.addresses:
        device.addresses.append(LOOPBACK_ADDRESS)
    _add_missing(device, routes_of(device))


def set_down(device: Device) -> None:
    """Take a device down: its neighbours are forgotten, and its routes but for those of scope host."""
    if not device.up:
        return
    device.up = False
    if isinstance(device, Vxlan):
        _close_tunnel(device)
    _remove(device, [route for route in device.netns.routing.by_device(device.name) if route.scope != "host"])
    device.netns.neighbours.forget_device(device.name)
    device.netns.conntrack.forget_masqueraded(device.name)
    cut_off = list(device.ports) if isinstance(device, Bridge) else [device]
    if isinstance(device, Veth) and device.peer is not None:
        cut_off.append(device.peer)
    for port in cut_off:
        _forget_learned(port)
        for each in (port, port.master):
            _without_carrier(each)


def _without_carrier(device: Device | None) -> None:
    """An upright device whose wire is dead forgets its neighbours, but for permanent ones (neigh_carrier_down)."""
    if device is not None and device.up and not device.running:
        device.netns.neighbours.forget_device(device.name, but_permanent=True)


def _close_tunnel(device: Vxlan) -> None:
    """Forget what was not entered for good, and close the UDP socket with the last device that shares it (vxlan_stop)."""
    device.fdb = {mac: entry for mac, entry in device.fdb.items() if entry.state}
    others = (each for each in device.netns.devices.values() if isinstance(each, Vxlan) and each.up)
    if not any(each.dstport == device.dstport for each in others):
        device.netns.sockets.close_tunnel(device.dstport)


def _forget_learned(port: Device) -> None:
    """A bridge port without a carrier is disabled, and what was learned behind it forgotten."""
    bridge = port.master
    if bridge is not None:
        learned = [mac for mac, entry in bridge.fdb.items() if entry.port is port and not entry.static]
        for mac in learned:
            del bridge.fdb[mac]
