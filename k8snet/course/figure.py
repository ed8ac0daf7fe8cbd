"""The figure of the course: two nodes and a router on one network, two pods on each node, as command lines.

A part is a tuple of lines for `World.sh`, so that a learner can print it, type it, or leave it out and do it by hand. The
bridges have .254: in the course that the figure comes from, .1 and .2 are pods, and the bridges have no address at all.
"""

from __future__ import annotations

from k8snet.linux import World


def machine(name: str) -> tuple[str, ...]:
    """A network namespace of that name, with its loopback device up."""
    return (f"ip netns add {name}", f"ip -n {name} link set lo up")


def cable(name: str, on: str, bridge: str, port: str, address: str) -> tuple[str, ...]:
    """A veth pair from a namespace's eth0, with its address, to the port of a bridge of the namespace ``on``."""
    return (
        f"ip link add eth0 netns {name} type veth peer name {port} netns {on}",
        f"ip -n {on} link set {port} master {bridge} up",
        f"ip -n {name} addr add {address} dev eth0",
        f"ip -n {name} link set eth0 up",
    )


def _to_the_switch(name: str, port: str, address: str) -> tuple[str, ...]:
    """A cable from a machine to a port of the switch in ``underlay``."""
    return cable(name, "underlay", "br0", port, f"{address}/24")


def node(name: str, port: str, address: str, bridge: str) -> tuple[str, ...]:
    """A machine on the VM network that forwards, with a bridge of its own; ``bridge`` is its address in the pods' subnet."""
    return (
        *machine(name),
        *_to_the_switch(name, port, address),
        f"ip -n {name} route add default via 10.100.0.1",
        f"ip netns exec {name} sysctl -w net.ipv4.ip_forward=1",
        f"ip -n {name} link add br0 type bridge",
        f"ip -n {name} addr add {bridge}/24 dev br0",
        f"ip -n {name} link set br0 up",
    )


def pod(name: str, on: str, veth: str, address: str, gateway: str) -> tuple[str, ...]:
    """A network namespace on the bridge of the node ``on``, by a veth pair whose end on the node is ``veth``."""
    return (
        *machine(name),
        *cable(name, on, "br0", veth, f"{address}/24"),
        f"ip -n {name} route add default via {gateway}",
    )


VM_NETWORK = (
    "ip netns add underlay",
    "ip -n underlay link add br0 type bridge",
    "ip -n underlay link set br0 up",
    *machine("router"),
    *_to_the_switch("router", "port1", "10.100.0.1"),
    "ip netns exec router sysctl -w net.ipv4.ip_forward=1",
)
"""The switch, and the router on it, which does not yet know the pods' subnets."""

NODE_A = node("node-a", "port2", "10.100.0.2", "10.1.1.254")
NODE_B = node("node-b", "port3", "10.100.0.3", "10.1.2.254")
NODES = (*VM_NETWORK, *NODE_A, *NODE_B)
"""The VM network with both nodes; no pods, and no routes to them."""

POD_A = pod("pod-a", "node-a", "veth0", "10.1.1.1", "10.1.1.254")
POD_B = pod("pod-b", "node-a", "veth1", "10.1.1.2", "10.1.1.254")
POD_C = pod("pod-c", "node-b", "veth0", "10.1.2.1", "10.1.2.254")
POD_D = pod("pod-d", "node-b", "veth1", "10.1.2.2", "10.1.2.254")

ROUTES = (
    "ip -n router route add 10.1.1.0/24 via 10.100.0.2",
    "ip -n router route add 10.1.2.0/24 via 10.100.0.3",
)
"""What the router must know: behind which node each pods' subnet is."""


def whole(seed: int = 0) -> World:
    """A world with the figure in it.

    >>> whole().ping("pod-a", "10.1.2.1").fate
    'delivered'
    """
    world = World(seed=seed)
    for line in (*NODES, *POD_A, *POD_B, *POD_C, *POD_D, *ROUTES):
        world.sh(line)
    return world


def with_server(seed: int = 0) -> World:
    """The same, and a server on port 4000 of pod-c.

    >>> with_server().connect("pod-a", "10.1.2.1", 4000).answered_by
    'pod-c'
    """
    world = whole(seed)
    world.listen("pod-c", 4000)
    return world
