"""Net devices: what they are. What they do with a frame is in stack.py and bridging.py.

Each kind is a class; a new kind is one class here and one line in the stack's TRANSMIT table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import ZERO_MAC, Ip, Network
from k8snet.linux.fact import Fact

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns


class Address(Fact, frozen=True):
    """An IPv4 address on a device: ``10.1.1.254/24``."""

    ip: Ip
    length: int
    broadcast: Ip | None = None
    scope: str = "global"
    label: str = ""
    secondary: bool = False
    peer: Ip | None = None

    @property
    def network(self) -> Network:
        """The network that it is in."""
        return Network.around(self.peer or self.ip, self.length)

    def __str__(self) -> str:
        return f"{self.ip}/{self.length}"


class Device:
    """What all net devices have. ``netns`` is where it is, ``master`` the bridge whose port it is."""

    kind = "device"

    def __init__(self, netns: Netns, name: str, *, index: int, mac: str, mtu: int = 1500) -> None:
        self.netns = netns
        self.name = name
        self.index = index
        self.mac = mac
        self.mtu = mtu
        self.up = False
        self.qdisc = "noop"
        """The queueing discipline: ``noop`` until the device is first set up, then ``noqueue``."""
        self.promiscuous = False
        self.master: Bridge | None = None
        self.port: Port | None = None
        self.addresses: list[Address] = []

    @property
    def running(self) -> bool:
        """Up, with a carrier: frames can pass."""
        return self.up

    @property
    def hears_broadcasts(self) -> bool:
        """Whether it speaks ARP."""
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} in {self.netns.name}>"


class Loopback(Device):
    """``lo``: what goes out comes in again, without MAC addresses."""

    kind = "loopback"

    def __init__(self, netns: Netns) -> None:
        super().__init__(netns, "lo", index=1, mac=ZERO_MAC, mtu=65536)

    @property
    def hears_broadcasts(self) -> bool:
        return False


class Veth(Device):
    """One end of a wire; what goes out here comes in at ``peer``, and it has a carrier when both ends are up."""

    kind = "veth"

    def __init__(self, netns: Netns, name: str, *, index: int, mac: str, mtu: int = 1500) -> None:
        super().__init__(netns, name, index=index, mac=mac, mtu=mtu)
        self.peer: Veth | None = None

    @property
    def running(self) -> bool:
        return self.up and self.peer is not None and self.peer.up


class Port:
    """What a bridge keeps about one of its ports (``ip -d link``, ``bridge -d link``)."""

    def __init__(self) -> None:
        self.hairpin = False
        self.isolated = False
        self.learning = True
        self.flood = True
        self.mcast_flood = True
        self.bcast_flood = True
        self.proxy_arp = False
        self.neigh_suppress = False


class FdbEntry:
    """Behind which port a MAC address lives, and when it was last heard; static entries do not age."""

    __slots__ = ("port", "static", "updated")

    def __init__(self, port: Device, updated: float, *, static: bool = False) -> None:
        self.port = port
        self.updated = updated
        self.static = static


class Bridge(Device):
    """A switch in the kernel: ``ports`` in the order of attachment, ``fdb`` the forwarding table.

    Its own address is what makes it a gateway as well. Its MAC is the lowest of its ports' until somebody sets it.
    """

    kind = "bridge"

    def __init__(self, netns: Netns, name: str, *, index: int, mac: str) -> None:
        super().__init__(netns, name, index=index, mac=mac)
        self.ports: list[Device] = []
        self.fdb: dict[str, FdbEntry] = {}
        self.ageing_time = 300.0
        self.mac_was_set = False
        self.mtu_was_set = False

    @property
    def running(self) -> bool:
        return self.up and any(port.running for port in self.ports)

    def attach(self, device: Device) -> None:
        """Make a device a port of this bridge."""
        device.master, device.port = self, Port()
        self.ports.append(device)
        self.take_lowest_mac()

    def detach(self, device: Device) -> None:
        """Release a port, and forget what lived behind it."""
        device.master = device.port = None
        self.ports.remove(device)
        self.forget(device)
        self.take_lowest_mac()

    def forget(self, port: Device) -> None:
        """Forget all that lived behind a port."""
        self.fdb = {mac: entry for mac, entry in self.fdb.items() if entry.port is not port}

    def learn(self, mac: str, port: Device, now: float) -> bool:
        """Note where a sender lives; True if that is news."""
        entry = self.fdb.get(mac)
        if entry is None:
            self.fdb[mac] = FdbEntry(port, now)
            return True
        if entry.static:
            return False
        news = entry.port is not port or now - entry.updated >= self.ageing_time
        entry.port, entry.updated = port, now
        return news

    def port_of(self, mac: str, now: float) -> Device | None:
        """The port behind which a MAC address lives, or None: unknown, or not heard of for ``ageing_time``."""
        entry = self.fdb.get(mac)
        if entry is None or not (entry.static or now - entry.updated < self.ageing_time):
            return None
        return entry.port

    def take_lowest_mac(self) -> None:
        """The lowest MAC of the ports; zeros once the last one has left (br_stp_recalculate_bridge_id)."""
        if not self.mac_was_set:
            self.mac = min((port.mac for port in self.ports), default=ZERO_MAC)


