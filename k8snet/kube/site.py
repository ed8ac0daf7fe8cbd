"""Where the machines stand: a switch, a router on it, a client outside, and each node's cable. Command lines, as typed.

The switch is a bridge in the namespace ``underlay``. The router leads to the outside, where a client is; it translates
public addresses to the nodes' own, one to one, as a cloud's gateway does.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.linux.address import Ip, Network
from k8snet.linux.fact import Fact

UNDERLAY, ROUTER, OUTSIDE = "underlay", "router", "external"
OUTSIDE_ROUTER, OUTSIDE_CLIENT = "192.0.2.1/24", "192.0.2.100/24"
FIRST_NODE_PORT = 2
"""The switch's port1 is the router's; those of the nodes follow."""


class Place(Fact, frozen=True):
    """A node's place: its ``ip`` on the node network (with the prefix's length), and a public address, if it has one."""

    name: str
    ip: str
    prefix_length: int
    router: str
    number: int
    public: str | None = None
    control_plane: bool = False
    pod_cidr: str | None = None
    """The range of its pods, where it is fixed beforehand; else the control plane gives it one."""

    @property
    def port(self) -> str:
        """The switch's port that its cable is in."""
        return f"port{self.number + FIRST_NODE_PORT}"


class Site(Fact, frozen=True):
    """The addresses of a cluster. Networks are given as text; ``nodes`` in the order of their ports on the switch.

    ``pod_gateway`` is which address of a node's pod range its bridge has: 1, or 254 in the course's own figure.
    """

    nodes: tuple[Place, ...]
    network: str = "172.18.0.0/16"
    router: str = "172.18.0.1"
    cluster_cidr: str = "10.244.0.0/16"
    node_mask: int = 24
    service_cidr: str = "10.96.0.0/16"
    node_port_range: tuple[int, int] = (30000, 32767)
    pod_gateway: int = 1

    def place(self, name: str) -> Place:
        """A node's place; KeyError if there is no node of that name."""
        for place in self.nodes:
            if place.name == name:
                return place
        raise KeyError(name)


def standard(workers: int, *, control_plane: bool = True) -> Site:
    """The site of `Cluster(nodes=workers)`: kind's addresses; a wider pod range where there are more than 255 nodes.

    >>> [(place.name, place.ip, place.public) for place in standard(1).nodes]
    [('control-plane', '172.18.0.10', '198.51.100.10'), ('node1', '172.18.0.11', '198.51.100.11')]
    """
    first = Ip("172.18.0.10")
    names = [*(["control-plane"] if control_plane else []), *(f"node{number}" for number in range(1, workers + 1))]
    offset = 0 if control_plane else 1
    places = tuple(
        Place(name, str(Ip(first + number + offset)), 16, "172.18.0.1", number, _public(number + offset), name == "control-plane")
        for number, name in enumerate(names)
    )
    return Site(places, cluster_cidr="10.244.0.0/16" if len(names) < 256 else "10.128.0.0/9")


def figure() -> Site:
    """The site of the course's own figure: two nodes and a router; who runs the control plane is not in it."""
    places = (Place("node-a", "10.100.0.2", 24, "10.100.0.1", 0, pod_cidr="10.1.1.0/24"),
              Place("node-b", "10.100.0.3", 24, "10.100.0.1", 1, pod_cidr="10.1.2.0/24"))  # fmt: skip
    return Site(places, network="10.100.0.0/24", router="10.100.0.1", cluster_cidr="10.1.0.0/16", pod_gateway=254)


def _public(number: int) -> str | None:
    """A node's public address, as long as there are any."""
    return f"198.51.100.{10 + number}" if number < 190 else None


# --- command lines ------------------------------------------------------------------------------------------------


def _machine(name: str) -> Iterator[str]:
    yield f"ip netns add {name}"
    yield f"ip -n {name} link set lo up"


def _cable(name: str, device: str, address: str, port: str) -> Iterator[str]:
    """A cable from a machine's device to a port of the switch."""
    yield f"ip link add {device} netns {name} type veth peer name {port} netns {UNDERLAY}"
    yield f"ip -n {UNDERLAY} link set {port} master br0 up"
    yield f"ip -n {name} addr add {address} dev {device}"
    yield f"ip -n {name} link set {device} up"


def switch_and_router(site: Site) -> Iterator[str]:
    """The switch, and the router on it, with the outside behind it."""
    length = Network.parse(site.network).length
    yield f"ip netns add {UNDERLAY}"
    yield f"ip -n {UNDERLAY} link add br0 type bridge"
    yield f"ip -n {UNDERLAY} link set br0 up"
    yield from _machine(ROUTER)
    yield from _cable(ROUTER, "eth0", f"{site.router}/{length}", "port1")
    yield f"ip netns exec {ROUTER} sysctl -w net.ipv4.ip_forward=1"
    yield from _machine(OUTSIDE)
    yield f"ip link add eth0 netns {OUTSIDE} type veth peer name eth1 netns {ROUTER}"
    yield f"ip -n {ROUTER} addr add {OUTSIDE_ROUTER} dev eth1"
    yield f"ip -n {ROUTER} link set eth1 up"
    yield f"ip -n {OUTSIDE} addr add {OUTSIDE_CLIENT} dev eth0"
    yield f"ip -n {OUTSIDE} link set eth0 up"
    yield f"ip -n {OUTSIDE} route add default via {OUTSIDE_ROUTER.partition('/')[0]}"


def translations(site: Site) -> str:
    """The router's rules for public addresses, for ``iptables-restore``; empty where no node has one."""
    pairs = [(place.public, place.ip) for place in site.nodes if place.public]
    if not pairs:
        return ""
    inward = [f"-A PREROUTING -d {public} -i eth1 -j DNAT --to-destination {ip}" for public, ip in pairs]
    outward = [f"-A POSTROUTING -s {ip} -o eth1 -j SNAT --to-source {public}" for public, ip in pairs]
    return "\n".join(["*nat", *inward, *outward, "COMMIT", ""])


def machine(place: Place) -> Iterator[str]:
    """A node's computer, switched on: its cable, its address, the way out, and leave to forward."""
    yield from _machine(place.name)
    yield from _cable(place.name, "eth0", f"{place.ip}/{place.prefix_length}", place.port)
    yield f"ip -n {place.name} route add default via {place.router}"
    yield f"ip netns exec {place.name} sysctl -w net.ipv4.ip_forward=1"
