"""Traces of every kind, for whoever shows one. The file is also run in a notebook, so it needs nothing but the package."""

from __future__ import annotations

from k8snet.course.figure import whole
from k8snet.linux import Trace, World

SERVICE = """\
*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-DEMO - [0:0]
:KUBE-SEP-DEMO - [0:0]
-A PREROUTING -m comment --comment "service portals" -j KUBE-SERVICES
-A POSTROUTING -s 10.1.1.0/24 -d 10.1.2.0/24 -j MASQUERADE
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "demo cluster IP" -m tcp --dport 80 -j KUBE-SVC-DEMO
-A KUBE-SVC-DEMO -m comment --comment "demo -> 10.1.2.2:4000" -j KUBE-SEP-DEMO
-A KUBE-SEP-DEMO -p tcp -m comment --comment demo -m tcp -j DNAT --to-destination 10.1.2.2:4000
COMMIT
"""


def figure(*lines: str) -> World:
    """The course's figure, all pods listening on port 4000, then some more commands."""
    world = whole(1)
    for pod in ("pod-a", "pod-b", "pod-c", "pod-d"):
        world.listen(pod, 4000)
    for line in lines:
        world.sh(line)
    return world


def across() -> Trace:
    """Hundreds of steps: nobody knows anybody's MAC address yet."""
    return figure().connect("pod-a", "10.1.2.2", 4000)


def echo() -> Trace:
    """On one bridge."""
    return figure().ping("pod-a", "10.1.1.2")


def datagram() -> Trace:
    """UDP, to a port on which nobody listens."""
    return figure().connect("pod-a", "10.1.2.2", 53, proto="udp")


def translated() -> Trace:
    """By way of a Service's address, and masqueraded; the FORWARD chain is asked in vain."""
    world = figure("ip netns exec node-b iptables -A FORWARD -s 192.0.2.0/24 -j DROP")
    world.sh("ip netns exec node-a iptables-restore", SERVICE)
    return world.connect("pod-a", "10.96.0.10", 80)


def dropped() -> Trace:
    """Three SYNs, each dropped by a rule."""
    return figure("ip netns exec node-b iptables -A FORWARD -d 10.1.2.2/32 -j DROP").connect("pod-a", "10.1.2.2", 4000)


def rejected() -> Trace:
    """A rule says no, and the answer is an ICMP error."""
    return figure("ip netns exec node-b iptables -A FORWARD -d 10.1.2.2/32 -j REJECT").connect("pod-a", "10.1.2.2", 4000)


def pieces() -> Trace:
    """A large echo request, in fragments there and back."""
    return figure().ping("pod-a", "10.1.2.2", size=4000)


def too_large() -> Trace:
    """A router may not cut it, and says so."""
    world = figure("ip -n router link set eth0 mtu 600")
    return world.ping("pod-a", "10.1.2.2", size=1000, df=True)


def old_age() -> Trace:
    """The TTL ends on the way."""
    return figure().ping("pod-a", "10.1.2.2", ttl=2)


def silent() -> Trace:
    """Nobody answers ARP."""
    return figure().connect("pod-a", "10.1.1.77", 4000)


def far_silence() -> Trace:
    """Nobody answers ARP at the other end, and the last router complains."""
    return figure().ping("pod-a", "10.1.2.77")


def to_itself() -> Trace:
    """One's own address, by lo."""
    return figure().connect("pod-a", "10.1.1.1", 4000)


def without_way() -> Trace:
    """No route: the packet ends where it was made."""
    return figure("ip -n pod-a route del default").ping("pod-a", "10.1.2.2")


def refused_a_way() -> Trace:
    """A route that says no."""
    return figure("ip -n node-a route add prohibit 10.1.2.0/24").ping("pod-a", "10.1.2.2")


def without_packet() -> Trace:
    """A source address that is not one's own: no packet is made."""
    return figure().ping("pod-a", "10.1.2.2", source="192.0.2.1")


def lonely() -> Trace:
    """One machine, and nothing else in the world."""
    world = World()
    world.sh("ip link set lo up")
    return world.ping("root", "127.0.0.1")


def one_pod() -> Trace:
    """One wire between a machine and its only pod."""
    world = World()
    for line in (
        "ip netns add pod", "ip link add veth0 type veth peer name eth0 netns pod",
        "ip addr add 10.1.1.254/24 dev veth0", "ip link set veth0 up",
        "ip -n pod addr add 10.1.1.1/24 dev eth0", "ip -n pod link set eth0 up",
    ):
        world.sh(line)
    return world.ping("pod", "10.1.1.254")


def tunnelled() -> Trace:
    """Frames in UDP, by VXLAN."""
    world = World(1)
    lines = ["ip netns add a", "ip netns add b", "ip link add eth0 netns a type veth peer name eth0 netns b"]
    for name, own, other in (("a", 1, 2), ("b", 2, 1)):
        lines += [
            f"ip -n {name} addr add 172.18.0.{own}/24 dev eth0", f"ip -n {name} link set eth0 up",
            f"ip -n {name} link add vx0 type vxlan id 7 remote 172.18.0.{other} dstport 4789 dev eth0",
            f"ip -n {name} addr add 10.9.0.{own}/24 dev vx0", f"ip -n {name} link set vx0 up",
        ]
    for line in lines:
        world.sh(line)
    return world.ping("a", "10.9.0.2")


JOURNEYS = (across, echo, datagram, translated, dropped, rejected, pieces, too_large, old_age, silent, far_silence, to_itself,
            without_way, refused_a_way, without_packet, lonely, one_pod, tunnelled)
