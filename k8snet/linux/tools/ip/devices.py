"""Net devices come into being, get names, move to other network namespaces, and go.

These are the effects behind ``ip link add``, ``set`` and ``del``; their grammar is in link.py, their text in show.py.
Source: the kernel's net/core/dev.c, drivers/net/veth.c, net/bridge/br_if.c.
"""

from __future__ import annotations

from itertools import count

from k8snet.errors import NotModelled
from k8snet.linux.address import is_group_mac
from k8snet.linux.device import OVERHEAD, Bridge, Device, Loopback, Port, Veth, Vxlan
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.route import RoutingTable
from k8snet.linux.tools.ip.connected import forget_routes, set_down, unassign
from k8snet.linux.tools.ip.words import explained, refused

MTU_LIMITS = (68, 65535)
"""The smallest and the largest MTU of an Ethernet-like device (ether_setup; veth and bridge alike)."""


class Wanted(Fact, frozen=True):
    """What is asked of a device that is to be made; None leaves it to the kernel."""

    name: str | None = None
    index: int | None = None
    mac: str | None = None
    mtu: int | None = None


# --- making ------------------------------------------------------------------------------------------------------


def make_veth(netns: Netns, wanted: Wanted, peer_netns: Netns, peer_wanted: Wanted) -> Veth:
    """Make both ends of a wire. The kernel makes the peer first, so the peer gets the lower index."""
    if peer_wanted.mtu is None:
        peer_wanted = changed(peer_wanted, mtu=wanted.mtu)
    peer_name = peer_wanted.name or _free_name(peer_netns, "veth")
    _check(peer_netns, peer_name, peer_wanted, index_taken="EBUSY")
    name = wanted.name or _free_name(netns, "veth", besides=peer_name)
    _check(netns, name, wanted, index_taken="EEXIST")
    if netns is peer_netns and name == peer_name:
        raise refused("EEXIST")
    if netns is peer_netns and wanted.index is not None and wanted.index == peer_wanted.index:
        raise refused("EBUSY")
    peer = _veth(peer_netns, peer_name, peer_wanted)
    veth = _veth(netns, name, wanted)
    veth.peer, peer.peer = peer, veth
    number_peer(veth)
    return veth


def make_bridge(netns: Netns, wanted: Wanted) -> Bridge:
    """Make a bridge without ports."""
    name = wanted.name or _free_name(netns, "bridge")
    _check(netns, name, wanted, index_taken="EEXIST")
    index, mac = _numbers(netns, wanted)
    bridge = Bridge(netns, name, index=index, mac=mac)
    bridge.mac_was_set = wanted.mac is not None
    bridge.mtu = wanted.mtu or bridge.mtu
    netns.add_device(bridge)
    return bridge


def make_vxlan(netns: Netns, wanted: Wanted, vni: int, lower: Device | None) -> Vxlan:
    """Make a VXLAN device. By a lower device its packets have less room than what that device can send."""
    name = wanted.name or _free_name(netns, "vxlan")
    _check(netns, name, wanted, index_taken="EEXIST")
    index, mac = _numbers(netns, wanted)
    device = Vxlan(netns, name, vni, index=index, mac=mac, lower=lower)
    device.mtu = min(wanted.mtu or device.mtu, 65535 if lower is None else lower.mtu - OVERHEAD)
    netns.add_device(device)
    return device


def _veth(netns: Netns, name: str, wanted: Wanted) -> Veth:
    index, mac = _numbers(netns, wanted)
    veth = Veth(netns, name, index=index, mac=mac, mtu=wanted.mtu or 1500)
    netns.add_device(veth)
    return veth


def _numbers(netns: Netns, wanted: Wanted) -> tuple[int, str]:
    """The world's next index and MAC address, where nothing else is wanted; an index that is taken here is skipped."""
    index, mac = netns.world.new_device_numbers()
    while wanted.index is None and netns.device(index) is not None:
        index, mac = netns.world.new_device_numbers()
    return wanted.index or index, wanted.mac or mac


def _check(netns: Netns, name: str, wanted: Wanted, *, index_taken: str) -> None:
    if wanted.index is not None and netns.device(wanted.index) is not None:
        raise refused(index_taken)
    check_name(netns, name)
    if wanted.mac is not None:
        check_mac(wanted.mac)
    if wanted.mtu is not None and not MTU_LIMITS[0] <= wanted.mtu <= MTU_LIMITS[1]:
        raise refused("EINVAL")


def _free_name(netns: Netns, kind: str, besides: str = "") -> str:
    names = (f"{kind}{number}" for number in count())
    return next(name for name in names if name != besides and name not in netns.devices)


# --- what the kernel refuses -------------------------------------------------------------------------------------


def check_name(netns: Netns, name: str) -> None:
    """The kernel's rules for the name of a new device (dev_valid_name)."""
    if len(name) > 15:
        raise explained("Attribute failed policy validation", "ERANGE")
    if name in netns.devices:
        raise refused("EEXIST")
    if name in (".", "..") or any(letter in "/:" or letter.isspace() for letter in name):
        raise refused("EINVAL")


def check_mac(mac: str) -> None:
    """A device's own MAC address is that of one station: no group address, not all zeros."""
    if is_group_mac(mac) or mac == "00:00:00:00:00:00":
        raise refused("EADDRNOTAVAIL")


def check_mtu(device: Device, mtu: int) -> None:
    """The MTU must be within the device's limits, and what a tunnel wraps must fit its lower device."""
    low, high = MTU_LIMITS
    if not low <= mtu <= high:
        raise explained(f"mtu {'less than device minimum' if mtu < low else 'greater than device maximum'}")
    if isinstance(device, Vxlan) and device.lower is not None and mtu > device.lower.mtu - OVERHEAD:
        raise refused("EINVAL")


def check_master(device: Device, master: Device) -> None:
    """Only a bridge has ports, and neither a bridge nor ``lo`` can be one."""
    if not isinstance(master, Bridge):
        raise refused("EOPNOTSUPP")
    if isinstance(device, Loopback):
        raise refused("EINVAL")
    if isinstance(device, Bridge):
        raise explained("Can not enslave a bridge to a bridge", "ELOOP")


def check_move(device: Device, target: Netns, name: str | None) -> None:
    """``lo`` and bridges stay where they are; the name must be free in the other namespace."""
    if target is device.netns:
        return
    if isinstance(device, Vxlan):
        raise NotModelled("a VXLAN device in another namespace than its UDP packets", known="making it where they are sent")
    if not isinstance(device, Veth):
        raise explained("The interface netns is immutable")
    if name is not None and name in target.devices:
        raise refused("EEXIST")
    if name is None and device.name in target.devices:
        raise explained("An interface with the same name exists in the target netns", "EEXIST")


# --- changing ----------------------------------------------------------------------------------------------------


def rename(device: Device, name: str) -> None:
    """Give a device another name; all that refers to it by name follows."""
    if isinstance(device, Loopback):
        raise NotModelled("another name for lo", known="veth, bridge")
    netns, old = device.netns, device.name
    netns.devices = {name if each is device else key: each for key, each in netns.devices.items()}
    device.name = name
    netns.sysctls.rename_device(old, name)
    for number, table in netns.routing.tables.items():
        netns.routing.tables[number] = _renamed(table, old, name)
    neighbours = netns.neighbours
    entries = neighbours.entries.items()
    neighbours.entries = {(name if dev == old else dev, ip): each for (dev, ip), each in entries}
    labelled = enumerate(device.addresses)
    device.addresses = [changed(each, label=_label(each.label, name, number)) for number, each in labelled]


def _label(old: str, name: str, number: int) -> str:
    """The label of a device's address after a change of name: from the second on with a suffix (inetdev_changename)."""
    if number == 0:
        return name
    _, colon, suffix = old.partition(":")
    tail = f":{suffix if colon else number + 1}"
    return name[: 15 - len(tail)] + tail


def _renamed(table: RoutingTable, old: str, new: str) -> RoutingTable:
    renamed = RoutingTable()
    for route in table:
        renamed.add(changed(route, dev=new) if route.dev == old else route)
    return renamed


def move(device: Veth, target: Netns, name: str | None = None) -> None:
    """Take a device to another namespace. It arrives down, without addresses, routes, neighbours and master."""
    if target is device.netns:
        return
    number_netns(device.netns, target)
    leave(device)
    device.name = name or device.name
    if target.device(device.index) is not None:
        device.index, _ = _numbers(target, Wanted())
    device.qdisc, device.promiscuous = "noop", False
    target.add_device(device)
    number_peer(device)


def number_peer(device: Device) -> None:
    """Give the namespace that a veth leads to its number here, when the kernel first speaks of it (peernet2id)."""
    if isinstance(device, Veth) and device.peer is not None:
        number_netns(device.netns, device.peer.netns)


def number_netns(here: Netns, there: Netns) -> None:
    """Give a namespace its number in another one: the lowest that is free."""
    if here is not there:
        here.nsids.give(there.name)
        there.known_in.add(here.name)


def forget_netns(gone: Netns) -> None:
    """A namespace is no more: the others take its number back."""
    world = gone.world
    for name in gone.known_in:
        world.netns.get(name, world.root).nsids.forget(gone.name)
    for name in gone.nsids:
        world.netns.get(name, world.root).known_in.discard(gone.name)


def enslave(device: Device, bridge: Bridge | None) -> None:
    """Make a device a port of a bridge, or (None) release it."""
    if device.master is bridge:
        return
    former = device.master
    if former is not None:
        former.detach(device)
        adjust_mtu(former)
    if bridge is not None:
        bridge.attach(device)
        if len(bridge.ports) == 1 or device.mtu < bridge.mtu:
            adjust_mtu(bridge)


def adjust_mtu(bridge: Bridge) -> None:
    """A bridge takes the smallest MTU of its ports until somebody sets its own (br_mtu_auto_adjust)."""
    if not bridge.mtu_was_set:
        bridge.mtu = min((port.mtu for port in bridge.ports), default=1500)


def set_mac(device: Device, mac: str) -> None:
    """Change the MAC address, and forget the neighbours; a bridge that borrows its own from its ports looks again."""
    device.mac = mac
    device.netns.neighbours.forget_device(device.name)
    if isinstance(device, Bridge):
        device.mac_was_set = True
    if device.master is not None:
        device.master.take_lowest_mac()


def set_mtu(device: Device, mtu: int) -> None:
    """Change the MTU; a bridge that goes by its ports looks again."""
    device.mtu = mtu
    if isinstance(device, Bridge):
        device.mtu_was_set = True
    if device.master is not None:
        adjust_mtu(device.master)


def port_of(device: Device) -> Port:
    """What a bridge keeps about this port; refused if the device is no port."""
    if device.port is None:
        raise refused("EOPNOTSUPP")
    return device.port


# --- going -------------------------------------------------------------------------------------------------------


def leave(device: Device) -> None:
    """Take a device out of its namespace, with all that hung on it there."""
    netns = device.netns
    for tunnel in [each for each in netns.devices.values() if isinstance(each, Vxlan) and each.lower is device]:
        leave(tunnel)
    set_down(device)
    enslave(device, None)
    for port in list(device.ports) if isinstance(device, Bridge) else []:
        enslave(port, None)
    for address in [each for each in device.addresses if not each.secondary]:
        unassign(device, address)
    forget_routes(device)
    netns.neighbours.forget_device(device.name)
    netns.remove_device(device)


def destroy(device: Device) -> None:
    """Destroy a device; of a veth also the other end."""
    if isinstance(device, Loopback):
        raise refused("EOPNOTSUPP")
    peer = device.peer if isinstance(device, Veth) else None
    leave(device)
    if peer is not None:
        leave(peer)
