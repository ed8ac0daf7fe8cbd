"""A network namespace: everything that one network stack holds. It holds; tools change it, the stack acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.conntrack import Conntrack
from k8snet.linux.device import Device, Loopback
from k8snet.linux.fragment import Fragments
from k8snet.linux.icmp import RateLimit
from k8snet.linux.neigh import Neighbours
from k8snet.linux.netfilter import Netfilter
from k8snet.linux.route import Routing
from k8snet.linux.sockets import Sockets
from k8snet.linux.sysctl import Sysctls

if TYPE_CHECKING:
    from k8snet.linux.world import World


class Netns:
    """One network namespace of a world, as ``ip netns add`` makes it: with ``lo``, which is down."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.devices: dict[str, Device] = {}
        self.sysctls = Sysctls()
        self.routing = Routing()
        self.neighbours = Neighbours()
        self.netfilter = Netfilter()
        self.conntrack = Conntrack()
        self.sockets = Sockets()
        self.icmp_limit = RateLimit()
        self.fragments = Fragments()
        self.kernel_log: list[str] = []
        self.nsids: dict[str, int] = {}
        """The numbers under which this namespace knows those to which its veths lead (``link-netnsid``)."""
        self.add_device(Loopback(self))

    def add_device(self, device: Device) -> None:
        """Put a device here, with the switches that a new device gets."""
        device.netns = self
        self.devices[device.name] = device
        self.sysctls.add_device(device.name)

    def device(self, index: int) -> Device | None:
        """The device with this index."""
        return next((device for device in self.devices.values() if device.index == index), None)

    def __repr__(self) -> str:
        return f"<Netns {self.name}: {', '.join(self.devices)}>"
