"""Net devices: what they are. What they do with a frame is in stack.py, bridging.py and vxlan.py.

Each kind is a class; a new kind is one class here, and a line in the stack's transmit(). How they come into being is in
tools/ip/devices.py.
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} in {self.netns.name}>"


class Loopback(Device):
    """``lo``: what goes out comes in again, without MAC addresses."""

    kind = "loopback"

    def __init__(self, netns: Netns) -> None:
        super().__init__(netns, "lo", index=1, mac=ZERO_MAC, mtu=65536)


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
        self.has_had_ports = False
        self._port_macs: frozenset[str] | None = None
        self.fdb: dict[str, FdbEntry] = {}
        self.ageing_time = 300.0
        self.mac_was_set = False
        self.mtu_was_set = False

    @property
    def running(self) -> bool:
        return self.up and (any(port.running for port in self.ports) or self.is_fresh)

    @property
    def is_fresh(self) -> bool:
        """Whether it has never had a port, nor a MAC address given: until then its carrier is said to be there (measured)."""
        return not self.has_had_ports and not self.mac_was_set

    def attach(self, device: Device) -> None:
        """Make a device a port of this bridge."""
        device.master, device.port = self, Port()
        self.has_had_ports = True
        self.ports.append(device)
        if len(self.ports) == 1 or device.mac < self.mac:
            self.take_lowest_mac()
        self._port_macs = None

    def detach(self, device: Device) -> None:
        """Release a port, and forget what lived behind it."""
        device.master = device.port = None
        self.ports.remove(device)
        self.forget(device)
        if device.mac == self.mac or not self.ports:
            self.take_lowest_mac()
        self._port_macs = None

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

    def owns(self, mac: str) -> bool:
        """Whether a MAC address is the bridge's, or one of its ports': such frames go nowhere else."""
        if self._port_macs is None:
            self._port_macs = frozenset(port.mac for port in self.ports)
        return mac == self.mac or mac in self._port_macs

    def take_lowest_mac(self) -> None:
        """The lowest MAC of the ports; zeros once the last one has left (br_stp_recalculate_bridge_id)."""
        self._port_macs = None
        if self.mac_was_set:
            return
        lowest = min((port.mac for port in self.ports), default=ZERO_MAC)
        if self.mac != lowest:
            self.mac = lowest
            self.netns.neighbours.forget_device(self.name)


DEFAULT_PORT = 8472
"""Linux's own; the registered one is 4789."""
OVERHEAD = 50
"""Bytes around what a frame carries: its own Ethernet header (14), and headers of IPv4 (20), UDP (8) and VXLAN (8)."""


class VxlanEntry:
    """The remotes behind which a MAC address lives. ``state``: ``permanent``, ``static``, or nothing if it was learned."""

    __slots__ = ("remotes", "state", "updated")

    def __init__(self, remote: Ip, updated: float, state: str = "") -> None:
        self.remotes = [remote]
        self.updated = updated
        self.state = state


class Vxlan(Device):
    """One end of a tunnel with many ends. ``fdb`` says which MAC address is behind which remote.

    The entry of the MAC address of zeros is the default, and may have several remotes: each gets a copy. ``remote`` is the
    one that the device was made with. ``local`` is the source address of the UDP packets; None leaves it to the route.
    """

    kind = "vxlan"

    def __init__(self, netns: Netns, name: str, vni: int, *, index: int, mac: str, lower: Device | None = None) -> None:
        super().__init__(netns, name, index=index, mac=mac, mtu=1500 if lower is None else lower.mtu - OVERHEAD)
        self.vni = vni
        self.lower = lower
        self.local: Ip | None = None
        self.remote: Ip | None = None
        self.dstport = DEFAULT_PORT
        self.ttl = 0
        """Of the UDP packets; 0 means the namespace's default."""
        self.learning = True
        self.ageing = 300.0
        self.fdb: dict[str, VxlanEntry] = {}

    def remotes(self, mac: str) -> list[Ip]:
        """Where a frame to this MAC address is sent."""
        entry = self.entry(mac) or self.entry(ZERO_MAC)
        return entry.remotes if entry else []

    def out_of(self, mac: str, remote: Ip) -> Device | None:
        """The device by which it must go: the lower one, but only to the remote that the device was made with."""
        return self.lower if remote == self.remote and self.entry(mac) is None else None

    def entry(self, mac: str) -> VxlanEntry | None:
        """What is known of a MAC address; None if nothing is, or nothing was heard of it for ``ageing`` seconds."""
        entry = self.fdb.get(mac)
        if entry is not None and not entry.state and self.netns.world.now - entry.updated >= self.ageing:
            del self.fdb[mac]
            return None
        return entry

    def learn(self, mac: str, remote: Ip) -> bool:
        """Note behind which remote a sender lives; False if an entry made by hand says otherwise (vxlan_snoop)."""
        entry = self.entry(mac)
        if entry is None:
            self.fdb[mac] = VxlanEntry(remote, self.netns.world.now)
            return True
        entry.updated = self.netns.world.now
        if entry.remotes[0] != remote and entry.state:
            return False
        entry.remotes[0] = remote
        return True
