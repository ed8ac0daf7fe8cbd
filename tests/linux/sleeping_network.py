"""A switch with machines on it that may sleep, for the tests of sleeping and of the lab."""

from __future__ import annotations

from k8snet.linux import World
from k8snet.linux.address import Ip

MACHINES = 5


def lines(number: int) -> tuple[str, ...]:
    """What makes a machine, and plugs its cable into the switch."""
    name = f"m{number}"
    return (
        f"ip netns add {name}",
        f"ip link add eth0 netns {name} type veth peer name port{number} netns switch",
        f"ip -n switch link set port{number} master br0 up",
        f"ip -n {name} addr add 10.0.0.{number}/24 dev eth0",
        f"ip -n {name} link set eth0 up",
    )


def boot(world: World, number: int) -> None:
    """Make a machine, with an app on port 80."""
    for line in lines(number):
        world.sh(line)
    world.listen(f"m{number}", 80)


def run(world: World, line: str) -> None:
    """Give a command."""
    world.sh(line)


def network(*, asleep: bool) -> World:
    """A switch, and machines on it: m1 is awake, the others may sleep."""
    world = World(seed=1)
    for line in ("ip netns add switch", "ip -n switch link add br0 type bridge", "ip -n switch link set br0 up"):
        world.sh(line)
    for number in range(1, MACHINES + 1):
        if asleep and number > 1:
            world.when_touched(f"m{number}", boot, number, addresses=[Ip(f"10.0.0.{number}")])
        else:
            boot(world, number)
    return world
