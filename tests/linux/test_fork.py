"""A fork has all that the original has, shares what never changes, and touches nothing else."""

from __future__ import annotations

from k8snet.linux import World

ROUTERS = 250


def chain(length: int) -> World:
    """Routers in a row, each on a wire with the next."""
    world = World(seed=1)
    for number in range(length):
        world.sh(f"ip netns add r{number}")
        world.sh(f"ip netns exec r{number} sysctl -w net.ipv4.ip_forward=1")
    for number in range(length - 1):
        for line in (
            f"ip link add right netns r{number} type veth peer name left netns r{number + 1}",
            f"ip -n r{number} addr add 10.0.{number}.1/24 dev right", f"ip -n r{number} link set right up",
            f"ip -n r{number + 1} addr add 10.0.{number}.2/24 dev left", f"ip -n r{number + 1} link set left up",
        ):
            world.sh(line)
    return world


def test_a_long_chain_of_wires_is_no_deep_recursion() -> None:
    fork = chain(ROUTERS).fork()
    assert len(fork.netns) == ROUTERS
    assert fork.ping("r0", "10.0.0.2").fate == "delivered"


def test_a_fork_goes_on_as_the_original_does() -> None:
    """Also what was under way: here a neighbour that is still asked for, and a packet that waits."""
    world = chain(3)
    world.sh("ip -n r2 link set left down")
    world.ping("r1", "10.0.1.2", timeout=0.5)
    fork = world.fork()
    told = []
    for each in (world, fork):
        each.sh("ip -n r2 link set left up")
        trace = each.ping("r1", "10.0.1.2")
        told.append((trace.fate, each.now, len(trace.packets), trace.captures[-1], each.sh("ip -n r1 neigh"), each.log))
    assert told[0] == told[1]


def test_nothing_that_changes_is_shared() -> None:
    world = chain(3)
    world.listen("r2", 80)
    world.connect("r0", "10.0.0.2", 80)
    before = state(world)
    fork = world.fork()
    assert state(fork) == before
    for line in (
        "ip -n r1 route add 10.9.0.0/16 via 10.0.1.2", "ip -n r1 link set left mtu 1400 address 02:00:00:00:99:99",
        "ip netns exec r1 sysctl -w net.ipv4.conf.left.rp_filter=1", "ip -n r1 neigh flush all",
        "ip netns exec r2 iptables -A INPUT -j DROP", "ip netns add more", "ip -n r0 link add br0 type bridge",
        "ip -n r0 link set right master br0", "ip -n r1 rule add from 10.0.0.0/8 lookup 100", "ip netns del r2",
    ):
        fork.sh(line)
    fork.listen("r1", 80)
    assert state(world) == before
    assert state(fork) != before


def state(world: World) -> list[str]:
    """All that the tools list."""
    tools = ("ip -d addr", "ip route show table all", "ip rule", "ip neigh", "iptables-save", "sysctl -a", "ss -tuna",
             "conntrack -L")
    return [world.sh(f"ip netns exec {name} {tool}") for name in world.netns for tool in tools]


def test_what_never_changes_is_shared() -> None:
    world = chain(2)
    fork = world.fork()
    route = next(iter(world.netns["r0"].routing.by_device("right")))
    assert any(route is each for each in fork.netns["r0"].routing.by_device("right"))
    assert all(ours is theirs for ours, theirs in zip(world.log, fork.log, strict=True))


def test_traces_stay_with_the_original() -> None:
    world = chain(2)
    trace = world.ping("r0", "10.0.0.9", timeout=0.5)
    packets = len(trace.packets)
    fork = world.fork()
    assert (fork.traces, world.traces) == ([], [trace])
    fork.sleep(3)
    assert len(trace.packets) == packets
    world.sleep(3)
    assert len(trace.packets) > packets
