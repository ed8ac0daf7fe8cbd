"""What there is to draw: the namespaces of a world, the devices in them, and the wires between. Facts only.

The picture, its words and the graph are all made from this one reading of the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.fact import Fact
from k8snet.linux.log import ROOT

if TYPE_CHECKING:
    from k8snet.linux.device import Device
    from k8snet.linux.netns import Netns
    from k8snet.linux.world import World

MACHINE, ROUTER, HOST = "machine", "router", "host"
"""A machine holds a bridge, a router forwards without one, a host does neither."""


class Point(Fact, frozen=True, order=True):
    """A device by name: where it is, and what it is called there."""

    netns: str
    device: str

    def __str__(self) -> str:
        return f"{self.netns} {self.device}"


class Plug(Fact, frozen=True):
    """A device as it is now. ``master`` is the bridge whose port it is."""

    name: str
    kind: str
    addresses: tuple[str, ...] = ()
    mac: str = ""
    mtu: int = 1500
    up: bool = True
    master: str | None = None

    @property
    def shown(self) -> bool:
        """``lo`` is everywhere; it is on the map where it has an address of its own."""
        return self.kind != "loopback" or any(not address.startswith("127.") for address in self.addresses)

    @property
    def lines(self) -> tuple[str, ...]:
        """Its label: the name, then the addresses."""
        return (self.name if self.up else f"{self.name} (down)", *self.addresses)


class Place(Fact, frozen=True):
    """A network namespace: ``kind`` is machine, router or host."""

    name: str
    kind: str
    plugs: tuple[Plug, ...] = ()

    def plug(self, name: str) -> Plug:
        """The device of that name; KeyError if there is none."""
        for plug in self.plugs:
            if plug.name == name:
                return plug
        raise KeyError(name)

    @property
    def bridges(self) -> list[Plug]:
        """The bridges in it."""
        return [plug for plug in self.plugs if plug.kind == "bridge"]

    def ports(self, bridge: str) -> list[Plug]:
        """The ports of one of its bridges."""
        return [plug for plug in self.plugs if plug.master == bridge]


class Wire(Fact, frozen=True):
    """A veth pair."""

    one: Point
    other: Point


class Chart(Fact, frozen=True):
    """All of it, in the order in which it was made."""

    places: tuple[Place, ...]
    wires: tuple[Wire, ...]

    def place(self, name: str) -> Place:
        """The network namespace of that name; KeyError if it is not on the chart."""
        for place in self.places:
            if place.name == name:
                return place
        raise KeyError(name)

    def far_end(self, point: Point) -> Point | None:
        """The other end of the wire that begins here; None if there is none."""
        for wire in self.wires:
            if point in (wire.one, wire.other):
                return wire.other if wire.one == point else wire.one
        return None


def read(world: World, *, with_root: bool = False) -> Chart:
    """The chart of a world as it is now; its own (root) namespace only if asked for, or if something was put there."""
    everywhere = [world.root, *world.netns.values()]
    inhabited = [netns for netns in everywhere if netns is not world.root or with_root or len(netns.devices) > 1]
    return Chart(tuple(_place(netns) for netns in inhabited), tuple(_wires(inhabited)))


def _place(netns: Netns) -> Place:
    has_bridge = any(device.kind == "bridge" for device in netns.devices.values())
    forwards = bool(netns.sysctls["net.ipv4.ip_forward"])
    kind = MACHINE if has_bridge or netns.name == ROOT else ROUTER if forwards else HOST
    return Place(netns.name, kind, tuple(_plug(device) for device in netns.devices.values()))


def _plug(device: Device) -> Plug:
    addresses = tuple(str(address) for address in device.addresses)
    master = device.master.name if device.master else None
    return Plug(device.name, device.kind, addresses, device.mac, device.mtu, device.up, master)


def _wires(everywhere: list[Netns]) -> list[Wire]:
    wires: list[Wire] = []
    seen: set[Point] = set()
    for netns in everywhere:
        for device in netns.devices.values():
            peer = getattr(device, "peer", None)
            here = Point(netns.name, device.name)
            if peer is not None and here not in seen:
                there = Point(peer.netns.name, peer.name)
                wires.append(Wire(here, there))
                seen |= {here, there}
    return wires
