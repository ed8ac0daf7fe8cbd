"""A network namespace: everything that one network stack holds. It holds; tools change it, the stack acts on it."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
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


class Nsids:
    """The numbers under which a network namespace knows others (``link-netnsid``): always the lowest that is free.

    Source: the kernel's net/core/net_namespace.c, alloc_netid().
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._given_back: list[int] = []

    def give(self, name: str) -> None:
        """See that a namespace has its number."""
        if name not in self._numbers:
            self._numbers[name] = heappop(self._given_back) if self._given_back else len(self._numbers)

    def find(self, name: str) -> int | None:
        """The number of a namespace; None if the kernel has not spoken of it yet."""
        return self._numbers.get(name)

    def forget(self, name: str) -> None:
        """That namespace is gone, and its number free."""
        heappush(self._given_back, self._numbers.pop(name))

    def __iter__(self) -> Iterator[str]:
        """The names of all that have a number."""
        return iter(self._numbers)


class Netns:
    """One network namespace of a world, as ``ip netns add`` makes it: with ``lo``, which is down."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.devices: dict[str, Device] = {}
        self._by_index: dict[int, Device] = {}
        self.sysctls = Sysctls()
        self.routing = Routing()
        self.neighbours = Neighbours()
        self.netfilter = Netfilter()
        self.conntrack = Conntrack()
        self.sockets = Sockets()
        self.icmp_limit = RateLimit()
        self.fragments = Fragments()
        self.kernel_log: list[str] = []
        self.nsids = Nsids()
        """The numbers of those to which its veths lead."""
        self.known_in: set[str] = set()
        """The names of those in which it has a number itself."""
        self.add_device(Loopback(self))

    def add_device(self, device: Device) -> None:
        """Put a device here, with the switches that a new device gets."""
        device.netns = self
        self.devices[device.name] = device
        self._by_index[device.index] = device
        self.sysctls.add_device(device.name)

    def remove_device(self, device: Device) -> None:
        """Take a device out of here, and its switches."""
        del self.devices[device.name], self._by_index[device.index]
        self.sysctls.remove_device(device.name)

    def device(self, index: int) -> Device | None:
        """The device with this index."""
        return self._by_index.get(index)

    def __repr__(self) -> str:
        return f"<Netns {self.name}: {', '.join(self.devices)}>"
