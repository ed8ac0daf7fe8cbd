"""A small world for the tools that send: host ``a`` (10.1.1.1), the root namespace as router, host ``b`` (10.1.2.2)."""

from __future__ import annotations

from k8snet.linux import World

LINES = """\
ip netns add a
ip netns add b
ip link add va type veth peer name eth0 netns a
ip link add vb type veth peer name eth0 netns b
ip addr add 10.1.1.254/24 dev va
ip addr add 10.1.2.254/24 dev vb
ip link set va up
ip link set vb up
ip -n a link set lo up
ip -n b link set lo up
ip -n a addr add 10.1.1.1/24 dev eth0
ip -n b addr add 10.1.2.2/24 dev eth0
ip -n a link set eth0 up
ip -n b link set eth0 up
ip -n a route add default via 10.1.1.254
ip -n b route add default via 10.1.2.254
sysctl -w net.ipv4.ip_forward=1
"""


def world(*lines: str) -> World:
    """The network, after further commands."""
    made = World(seed=1)
    for line in (*LINES.splitlines(), *lines):
        made.sh(line)
    return made


def in_a(made: World, line: str) -> tuple[str, int]:
    """What a command prints in host ``a``, and its exit status."""
    output = made.sh(f"ip netns exec a {line}", check=False)
    return str(output), output.code
