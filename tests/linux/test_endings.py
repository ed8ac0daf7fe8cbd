"""What ends: an app, and a network namespace with all that is in it."""

from __future__ import annotations

import gc
import weakref

import pytest

from k8snet.errors import CommandError
from k8snet.linux import World, ask, stack
from k8snet.linux.address import ANY, Ip
from k8snet.linux.log import Close, Connect
from k8snet.linux.packet import Packet

WIRE = """\
ip netns add a
ip netns add b
ip -n a link set lo up
ip link add eth0 netns a type veth peer name eth0 netns b
ip -n a addr add 10.0.0.1/24 dev eth0
ip -n b addr add 10.0.0.2/24 dev eth0
ip -n a link set eth0 up
ip -n b link set eth0 up
"""


@pytest.fixture
def world() -> World:
    made = World(seed=1)
    for line in WIRE.splitlines():
        made.sh(line)
    made.listen("b", 80)
    return made


def connected(world: World) -> str:
    """Open a connection from a to b that both sides keep; how its ends are called from then on."""
    assert ask.connect(world.netns["a"], Connect("a", Ip("10.0.0.2"), 80), keep_open=True).fate == "delivered"
    return states(world)


def states(world: World) -> str:
    return ", ".join(f"{name} {each.state}" for name, netns in world.netns.items() for each in netns.sockets.connected())


# --- apps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("proto", "errno"), [("tcp", None), ("udp", (3, 3))])
def test_nobody_answers_where_an_app_has_ended(world: World, proto: str, errno: tuple[int, int] | None) -> None:
    world.listen("b", 81, proto)
    assert world.connect("a", "10.0.0.2", 81, proto=proto).fate == "delivered"
    world.close("b", 81, proto)
    refused = world.connect("a", "10.0.0.2", 81, proto=proto)
    assert (refused.fate, refused.icmp) == ("refused", errno)
    assert world.connect("a", "10.0.0.2", 80).fate == "delivered"
    world.listen("b", 81, proto, name="again")
    assert world.connect("a", "10.0.0.2", 81, proto=proto).answered_by == "again"


@pytest.mark.parametrize(("netns", "port", "proto", "ip"), [("b", 81, "tcp", "0.0.0.0"), ("a", 80, "tcp", "0.0.0.0"),
                                                            ("b", 80, "udp", "0.0.0.0"), ("b", 80, "tcp", "10.0.0.2")])
def test_who_does_not_listen_cannot_end(world: World, netns: str, port: int, proto: str, ip: str) -> None:
    log = list(world.log)
    with pytest.raises(CommandError, match="nobody listens on"):
        world.close(netns, port, proto, ip)
    assert world.log == log


def test_the_end_of_an_app_is_an_entry_of_the_log(world: World) -> None:
    world.close("b", 80)
    assert world.log[-1] == Close("b", 80, "tcp", ANY)
    listening, pattern = "TCP4-LISTEN:80,fork,reuseaddr ", "[T]CP4-LISTEN:80,fork,reuseaddr "
    assert listening in str(world.log[-2])
    assert str(world.log[-1]) == f"ip netns exec b sh -c 'pkill --ns $$ --nslist net -f \"{pattern}\"'"


def test_what_an_ended_app_had_open_closes_with_a_fin(world: World) -> None:
    assert connected(world) == "a ESTABLISHED, b ESTABLISHED"
    world.close("b", 80)
    assert states(world) == ""


def test_data_for_an_ended_app_gets_a_reset(world: World) -> None:
    assert connected(world) == "a ESTABLISHED, b ESTABLISHED"
    (asker,) = world.netns["a"].sockets.connected()
    world.sh("ip -n a link set eth0 down")  # so that the FIN is not heard
    world.close("b", 80)
    world.sh("ip -n a link set eth0 up")
    assert states(world) == "a ESTABLISHED, b FIN_WAIT"
    data = Packet(asker.ip, Ip("10.0.0.2"), "tcp", asker.port, 80, "P.", data=b"more\n", seq=asker.seq, ack=asker.ack)  # type: ignore[union-attr]
    heard = world.netns["b"].sockets.receive(data, world)
    assert heard is not None
    assert [packet.flags for packet in heard.answers] == ["R"]
    assert states(world) == "a ESTABLISHED"


def test_an_app_ends_alone(world: World) -> None:
    world.listen("b", 81)
    assert connected(world) == "a ESTABLISHED, b ESTABLISHED"
    world.close("b", 81)
    assert states(world) == "a ESTABLISHED, b ESTABLISHED"


# --- network namespaces ----------------------------------------------------------------------------------------------


def test_nothing_is_left_of_a_deleted_namespace(world: World) -> None:
    connected(world)
    world.sh("ip -n b link add br0 type bridge")
    world.sh("ip -n b link add v0 type veth peer name v1")
    world.sh("ip -n b link set v0 master br0 up")
    world.ping("b", "10.0.0.77", timeout=0.5)  # a timer asks on
    gone = weakref.ref(world.netns["b"])
    world.traces.clear()
    world.sh("ip netns del b")
    assert list(world.netns["a"].devices) == ["lo"]
    assert states(world) == ""
    assert world.sh("ip netns") == "a\n"
    world.sleep(10)
    gc.collect()
    assert gone() is None


def test_frames_on_their_way_to_a_deleted_namespace_are_lost(world: World) -> None:
    world.sh("ip -n b link set lo up")
    leg = world.ping("a", "10.0.0.2").leg("udp")
    by_wire, by_lo = (Packet(Ip(src), Ip("10.0.0.2"), "udp", 1, 80) for src in ("10.0.0.1", "10.0.0.2"))
    stack.send(world.netns["a"], by_wire, leg, role="request")
    stack.send(world.netns["b"], by_lo, leg, role="request")
    world.sh("ip netns del b")
    world.run_dry()
    assert [packet.reason for packet in leg.packets] == ["DEV_READY", "DEV_READY"]


def test_a_namespace_of_the_same_name_is_another_one(world: World) -> None:
    assert world.sh("ip -n a link show eth0").endswith("link-netns b\n")
    for line in ("ip netns del b", "ip netns add b", "ip link add eth0 netns a type veth peer name eth0 netns b"):
        world.sh(line)
    assert world.sh("ip -n b addr") == World(seed=1).sh("ip addr show lo") + world.sh("ip -n b addr show eth0")
    assert world.sh("ip -n b route show table all") == ""
    assert world.connect("b", "127.0.0.1", 80).fate != "delivered"


def test_the_number_of_a_deleted_namespace_is_free(world: World) -> None:
    world.sh("ip netns add c")
    world.sh("ip -n a link add to-c type veth peer name eth0 netns c")
    assert world.sh("ip netns exec a ip netns") == "c (id: 1)\nb (id: 0)\na\n"
    world.sh("ip netns del b")
    world.sh("ip netns add d")
    world.sh("ip -n a link add to-d type veth peer name eth0 netns d")
    assert world.sh("ip netns exec a ip netns") == "d (id: 0)\nc (id: 1)\na\n"


def test_who_is_not_there_cannot_be_deleted(world: World) -> None:
    with pytest.raises(CommandError, match=r'^Cannot remove namespace file "/run/netns/c": No such file or directory$'):
        world.sh("ip netns del c")
