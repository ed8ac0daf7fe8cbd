"""Whatever words a tool gets, it answers, refuses, or says that it is not modelled; and a refusal changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import World, tools

PREPARED = (
    "ip netns add a",
    "ip link add v1 index 60 type veth peer name v2 index 61 netns a",
    "ip link add v3 index 62 type veth peer name v4 index 63",
    "ip link add br0 index 50 type bridge",
    "ip link set v3 master br0",
    "ip link set v1 up",
    "ip -n a link set v2 up",
    "ip addr add 10.1.1.1/24 dev v1",
    "ip addr add 10.1.1.2/24 dev v1",
    "ip route add 10.2.0.0/16 via 10.1.1.9",
    "ip rule add fwmark 1 table 100",
    "ip neigh add 10.1.1.7 lladdr 02:00:00:00:00:07 dev v1",
)
SHOWN = (
    "ip -d addr", "ip -n a -d addr", "ip route show table all", "ip rule", "ip neigh", "bridge fdb",
    "ip netns", "sysctl -a",
)
TEXT = """
    ip bridge sysctl conntrack ss hostname netns link addr address route rule neigh fdb add del set show get
    flush replace append change exec -n -br -d -o -4 -w -L -D -F -C -p -s -tlnp -I a v1 v2 v3 v4 br0 lo x nope
    dev name type veth bridge bridge_slave peer master nomaster up down mtu index address promisc on off hairpin
    via src table metric scope proto onlink from to fwmark iif oif not pref lookup lladdr nud permanent stale
    brd + label local blackhole unreachable throw default all main 100 0 1 -1 68 1400 70000 0x1/0xff 10.1.1.1
    10.1.1.1/24 10.1.1.9 10.2.0.0/16 10.3.0.0/16 10.3.0.1/16 127.0.0.1 224.0.0.1 255.255.255.255 0.0.0.0 fd00::1
    10.1 1.2.3.4.5 02:00:00:00:00:09 01:00:00:00:00:09 zz link host global kernel net.ipv4.ip_forward
    net.ipv4.ip_forward=1 net.ipv4.conf.v1.rp_filter=x static self
"""
WORDS = st.sampled_from([*TEXT.split(), "", " ", "é", "٣", "a/b"])
STARTS = """
    ip link add; ip link set; ip link; ip addr add; ip addr del; ip addr; ip route add; ip route replace;
    ip route get; ip route; ip rule add; ip rule; ip neigh add; ip neigh; ip netns; ip; bridge fdb add;
    bridge link set; bridge; sysctl; sysctl -w; conntrack; ss; hostname
"""
START = st.sampled_from([start.split() for start in STARTS.split(";")])


def prepared() -> World:
    world = World()
    for line in PREPARED:
        world.sh(line)
    return world


def shown(world: World) -> list[str]:
    return [world.sh(line) for line in SHOWN]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(START, st.lists(WORDS | st.text(max_size=6), max_size=8)), min_size=1, max_size=4))
def test_any_words_are_answered_or_refused_without_effect(commands: list[tuple[list[str], list[str]]]) -> None:
    world = prepared()
    for start, words in commands:
        before = shown(world)
        try:
            tools.run(world.root, [*start, *words])
        except (CommandError, NotModelled):
            assert shown(world) == before


def test_unknown_device_kinds_say_what_is_known() -> None:
    with pytest.raises(NotModelled, match="known: veth, bridge"):
        World().sh("ip link add d0 type dummy")


def test_ipv6_says_so() -> None:
    with pytest.raises(NotModelled, match="IPv6"):
        prepared().sh("ip addr add fd00::1/64 dev v1")
