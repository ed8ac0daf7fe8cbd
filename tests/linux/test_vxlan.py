"""VXLAN without a kernel: what a device learns, forgets and refuses. How it agrees with the kernel is in tests/twin."""

from __future__ import annotations

import pytest

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import Trace, World
from k8snet.linux.address import Ip
from k8snet.linux.device import Vxlan
from k8snet.linux.packet import Frame, Inner, Packet
from k8snet.linux.steps import Dropped
from tests.linux.vxlan_network import MAC_A, MAC_B, tunnel


def device(world: World, netns: str = "a") -> Vxlan:
    """The VXLAN device of a host."""
    found = world.netns[netns].devices["vx0"]
    assert isinstance(found, Vxlan)
    return found


def drops(trace: Trace) -> list[str]:
    """Why packets ended, each reason once."""
    return list(dict.fromkeys(step.reason for packet in trace.packets for step in packet.steps if isinstance(step, Dropped)))


def test_the_story_tells_of_wrapping_and_unwrapping() -> None:
    world = tunnel()
    world.ping("a", "192.168.7.2")
    story = str(world.ping("a", "192.168.7.2"))
    assert "vx0 wraps the frame into UDP: VNI 7, 10.0.0.1:" in story
    assert "vx0 unwraps the frame: VNI 7, from 10.0.0.1" in story
    assert "> 10.0.0.2:4789, TTL 64, around ICMP echo request 192.168.7.1 > 192.168.7.2, TTL 64" in story


def test_what_was_learned_is_forgotten_in_time() -> None:
    """ARP asks once more after 5 s, and what comes in makes the entry young again."""
    world = tunnel(options="ageing 10")
    world.ping("a", "192.168.7.2")
    world.sleep(11)
    assert device(world).entry(MAC_B) is not None
    world.sleep(11)
    assert device(world).entry(MAC_B) is None
    assert device(world).remotes(MAC_B) == [Ip("10.0.0.2")]


def test_an_entry_by_hand_is_neither_forgotten_nor_overwritten() -> None:
    world = tunnel(f"ip netns exec b bridge fdb add {MAC_A} dev vx0 dst 10.0.0.9", options="ageing 10")
    assert drops(world.ping("a", "192.168.7.2", timeout=0.5)) == ["VXLAN_ENTRY_EXISTS"]
    world.sleep(11)
    assert device(world, "b").remotes(MAC_A) == [Ip("10.0.0.9")]


def test_a_machine_that_moves_is_learned_anew() -> None:
    end = device(tunnel())
    assert end.learn(MAC_B, Ip("10.0.0.2"))
    assert end.learn(MAC_B, Ip("10.0.0.3"))
    assert end.remotes(MAC_B) == [Ip("10.0.0.3")]


def test_a_frame_with_ones_own_address_comes_from_oneself() -> None:
    world = tunnel(f"ip -n b link set vx0 address {MAC_A}")
    assert "LOCAL_MAC" in drops(world.ping("a", "192.168.7.2", timeout=0.5))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param(["ip -n a link set vx0 mtu 1451"], "Invalid argument", id="no room below"),
        pytest.param(["ip -n a link add vx1 type vxlan id 7 dstport 4789"], "already exists", id="the same number"),
    ],
)
def test_what_the_kernel_refuses(lines: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        tunnel(*lines)


def test_an_app_and_a_tunnel_cannot_share_a_port() -> None:
    world = tunnel()
    with pytest.raises(CommandError, match="Address already in use"):
        world.listen("a", 4789, proto="udp")
    world.sh("ip -n a link set vx0 down")
    world.listen("a", 4789, proto="udp")
    with pytest.raises(CommandError, match="RTNETLINK answers: Address already in use"):
        world.sh("ip -n a link set vx0 up")


def test_it_goes_with_the_device_below() -> None:
    world = tunnel()
    world.sh("ip -n a link del eth0")
    assert "vx0" not in world.netns["a"].devices
    assert world.netns["a"].sockets.listeners == []


@pytest.mark.parametrize(
    "line",
    [
        "ip -n a link add vx1 type vxlan id 8 group 239.1.1.1 dev eth0 dstport 4789",
        "ip -n a link add vx1 type vxlan id 8 remote 239.1.1.1 dstport 4789",
        "ip -n a link add vx1 type vxlan id 8 external dstport 4789",
        "ip -n a link set vx0 netns b",
        "ip link add vx1 netns a type vxlan id 8 dstport 4789",
        "ip -n a link set vx0 type vxlan ageing 5",
        "ip netns exec a bridge fdb add 02:00:00:00:00:09 dev vx0 dst 239.1.1.1",
        "ip netns exec a bridge fdb add 02:00:00:00:00:09 dev vx0 dst 10.0.0.9 vni 5",
    ],
)
def test_what_is_not_modelled_says_so(line: str) -> None:
    with pytest.raises(NotModelled):
        tunnel(line)


def test_a_packet_that_would_have_to_be_cut_is_not_modelled() -> None:
    world = tunnel("ip -n a link set eth0 mtu 1400")
    with pytest.raises(NotModelled, match="cutting a VXLAN packet of 1500 bytes for an MTU of 1400"):
        world.ping("a", "192.168.7.2", size=1422)


def test_a_wrapped_packet_is_50_bytes_longer_than_what_its_frame_carries() -> None:
    packet = Packet(Ip("192.168.7.1"), Ip("192.168.7.2"), "udp", 1, 2, data=b"odd")
    outer = Packet(Ip("10.0.0.1"), Ip("10.0.0.2"), "udp", 40000, 4789, inner=Inner(7, Frame(MAC_A, MAC_B, packet)))
    assert outer.length == packet.length + 50
