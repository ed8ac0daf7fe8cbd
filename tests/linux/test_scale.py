"""A command does as much in a large world as in a small one: counted in calls, since no test reads a clock."""

from __future__ import annotations

import sys
from functools import cache
from types import FrameType

import pytest

from k8snet.linux import World
from k8snet.linux.address import Ip

FEW, MANY = 10, 400
FIRST, BEHIND = Ip("10.0.0.1"), Ip("10.1.0.0")


@cache
def of_size(count: int) -> World:
    """A switch with so many machines on it; the last one has a route to a network behind each of the others."""
    last = f"m{count - 1}"
    lines = ["ip netns add switch", "ip -n switch link add br0 type bridge", "ip -n switch link set br0 up"]
    for number in range(count):
        lines += [
            f"ip netns add m{number}", f"ip link add eth0 netns m{number} type veth peer name p{number} netns switch",
            f"ip -n switch link set p{number} master br0 up", f"ip -n m{number} addr add {Ip(FIRST + number)}/16 dev eth0",
            f"ip -n m{number} link set eth0 up",
        ]
    lines += [f"ip -n {last} route add {Ip(BEHIND + 256 * number)}/24 via {FIRST}" for number in range(count - 1)]
    lines += ["ip netns add spare", "ip -n switch link add spare type veth peer name spare2"]
    world = World(seed=1)
    for line in lines:
        world.sh(line)
    return world


def calls(world: World, line: str) -> int:
    """How many functions a command calls, those written in C among them."""
    made = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    world.fork().sh(line)  # what is loaded when it is first used
    fork = world.fork()
    sys.setprofile(count)
    try:
        fork.sh(line)
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize(
    "line",
    [
        "ip netns add new",
        "ip link add eth0 netns spare type veth peer name new netns switch",
        "ip link add v0 netns {last} type veth peer name eth0 netns spare",
        "ip -n {last} addr add 10.9.0.1/24 dev eth0",
        "ip -n {last} link set lo up",
        "ip -n {last} route add 10.8.0.0/24 via 10.0.0.1",
        "ip -n {last} route replace 10.1.3.0/24 via 10.0.0.2",
        "ip -n {last} route get 10.1.3.4",
        "ip -n {last} link set eth0 up",
        "ip -n switch link set spare master br0",
        "ip netns exec {last} sysctl -w net.ipv4.ip_forward=1",
        "ip netns exec {last} iptables -A INPUT -j ACCEPT",
        "ip netns del spare",
    ],
)
def test_a_command_costs_the_same_in_a_large_world(line: str) -> None:
    few, many = (of_size(count) for count in (FEW, MANY))
    assert calls(few, line.format(last=f"m{FEW - 1}")) == calls(many, line.format(last=f"m{MANY - 1}"))
