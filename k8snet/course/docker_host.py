"""One machine as Docker sets it up, a client beside it, and two containers, as command lines.

The addresses are Docker's defaults. A published port is a DNAT rule in the chain DOCKER, as Docker writes it without its
process docker-proxy ("userland-proxy": false). Left out are its rules in the table filter, which let the same packets
through, and those for a container that asks for its own published port.
Source: moby, daemon/libnetwork, drivers/bridge and portallocator.
"""

from __future__ import annotations

from k8snet.course.figure import cable, machine
from k8snet.linux import World

NAT = "ip netns exec host iptables -t nat"

HOST = (
    *machine("client"),
    *machine("host"),
    "ip link add eth0 netns client type veth peer name eth0 netns host",
    "ip -n client addr add 192.0.2.100/24 dev eth0",
    "ip -n client link set eth0 up",
    "ip -n host addr add 192.0.2.10/24 dev eth0",
    "ip -n host link set eth0 up",
    "ip netns exec host sysctl -w net.ipv4.ip_forward=1",
    "ip -n host link add docker0 type bridge",
    "ip -n host addr add 172.17.0.1/16 dev docker0",
    "ip -n host link set docker0 up",
    f"{NAT} -N DOCKER",
    f"{NAT} -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    f"{NAT} -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER",
    f"{NAT} -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
)
"""The client, and the host with its bridge and Docker's chains; no containers."""


def container(name: str, veth: str, address: str) -> tuple[str, ...]:
    """A network namespace on the bridge docker0, by a veth pair whose end on the host is ``veth``."""
    return (
        *machine(name),
        *cable(name, "host", "docker0", veth, f"{address}/16"),
        f"ip -n {name} route add default via 172.17.0.1",
    )


WEB1 = container("web1", "veth1", "172.17.0.2")
WEB2 = container("web2", "veth2", "172.17.0.3")


def publish(port: int, to: str) -> str:
    """The rule that `docker run -p PORT:…` writes: what comes to that port of the host goes to ``to``."""
    return f"{NAT} -A DOCKER -p tcp --dport {port} -j DNAT --to-destination {to}"


def bare(seed: int = 0) -> World:
    """A world with the client and the host, and no containers."""
    world = World(seed=seed)
    for line in HOST:
        world.sh(line)
    return world


def whole(seed: int = 0) -> World:
    """A world with both containers, each with a web server on its port 80; the first is published as the host's port 8080.

    >>> whole().connect("client", "192.0.2.10", 8080).answered_by
    'web1'
    """
    world = bare(seed)
    for line in (*WEB1, *WEB2, publish(8080, "172.17.0.2:80")):
        world.sh(line)
    world.listen("web1", 80)
    world.listen("web2", 80)
    return world
