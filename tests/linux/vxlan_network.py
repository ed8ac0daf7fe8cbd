"""A small VXLAN for the tests that need no kernel: hosts ``a`` (10.0.0.1) and ``b`` (10.0.0.2) on a cable, vx0 on each."""

from __future__ import annotations

from k8snet.linux import World

CABLE = """\
ip netns add a
ip netns add b
ip -n a link set lo up
ip -n b link set lo up
ip link add eth0 netns a type veth peer name eth0 netns b
ip -n a addr add 10.0.0.1/24 dev eth0
ip -n b addr add 10.0.0.2/24 dev eth0
ip -n a link set eth0 up
ip -n b link set eth0 up
"""
MAC_A, MAC_B = "02:00:00:00:07:0a", "02:00:00:00:07:0b"


def tunnel(*lines: str, port: int = 4789, options: str = "") -> World:
    """Both ends with the other as default remote, 192.168.7.1 and 192.168.7.2, after further commands."""
    made = World(seed=1)
    ends = (("a", MAC_A, 1, "10.0.0.2"), ("b", MAC_B, 2, "10.0.0.1"))
    devices = [line for netns, mac, number, remote in ends for line in (
        f"ip -n {netns} link add vx0 address {mac} type vxlan id 7 remote {remote} dev eth0 dstport {port} {options}",
        f"ip -n {netns} addr add 192.168.7.{number}/24 dev vx0",
        f"ip -n {netns} link set vx0 up",
    )]
    for line in (*CABLE.splitlines(), *devices, *lines):
        made.sh(line)
    return made
