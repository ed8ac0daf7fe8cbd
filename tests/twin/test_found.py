"""What random worlds (worlds.py) found, each as the smallest script that showed it: model and kernel must agree on it.

The network is ``a - b``, a wire, or ``a - hub - b``, a bridge in a namespace of its own, with what each row adds.
"""

from __future__ import annotations

import pytest

from k8snet import lab
from k8snet.lab.replay import Entry
from k8snet.linux.address import Ip
from k8snet.linux.log import Command, Connect, Listen, Ping

pytestmark = pytest.mark.usefixtures("kernel")

A, B, HUB = "ip netns exec a ", "ip netns exec b ", "ip netns exec hub "
WIRE = [
    "ip netns add a", "ip netns add b", "ip -n a link set lo up", "ip -n b link set lo up",
    "ip link add w0 netns a type veth peer name w0 netns b",
    "ip -n a addr add 10.0.0.1/24 dev w0", "ip -n a link set w0 up",
    "ip -n b addr add 10.0.0.2/24 dev w0", "ip -n b link set w0 up",
    A + "sysctl -qw net.ipv4.neigh.w0.retrans_time_ms=20", B + "sysctl -qw net.ipv4.neigh.w0.retrans_time_ms=20",
]  # fmt: skip
LAN = [
    "ip netns add hub", "ip netns add a", "ip netns add b", *(f"ip -n {name} link set lo up" for name in ("hub", "a", "b")),
    "ip -n hub link add br0 type bridge", "ip -n hub addr add 10.0.0.254/24 dev br0", "ip -n hub link set br0 up",
    "ip link add pa netns hub type veth peer name l0 netns a", "ip link add pb netns hub type veth peer name l0 netns b",
    "ip -n hub link set pa master br0 up", "ip -n hub link set pb master br0 up",
    "ip -n a addr add 10.0.0.1/24 dev l0", "ip -n a link set l0 up",
    "ip -n b addr add 10.0.0.2/24 dev l0", "ip -n b link set l0 up",
    *(f"ip netns exec {name} sysctl -qw net.ipv4.neigh.{dev}.retrans_time_ms=20" for name, dev in
      (("hub", "br0"), ("a", "l0"), ("b", "l0"))),
]  # fmt: skip
ROUTED = [B + "sysctl -qw net.ipv4.ip_forward=1", "ip -n a route add default via 10.0.0.2"]
"""``b`` is a router, and the way to everywhere."""


def tcp(netns: str, dst: str, port: int = 80, ttl: int | None = None) -> Connect:
    """A connection that waits a quarter of a second."""
    return Connect(netns, Ip(dst), port, "tcp", ttl=ttl, timeout=0.25)


def udp(netns: str, dst: str, port: int = 80, ttl: int | None = None) -> Connect:
    """A datagram, likewise."""
    return Connect(netns, Ip(dst), port, "udp", ttl=ttl, timeout=0.25)


def ping(netns: str, dst: str, ttl: int | None = None) -> Ping:
    """An echo request, likewise."""
    return Ping(netns, Ip(dst), ttl=ttl, timeout=0.25)


@pytest.mark.parametrize(
    ("lines", "questions"),
    [
        pytest.param(WIRE, [tcp("a", "10.0.0.255"), tcp("a", "255.255.255.255"), tcp("a", "224.0.0.1")],
                     id="TCP has one peer: ENETUNREACH for a broadcast or multicast address"),
        pytest.param([*WIRE, *ROUTED], [udp("a", "10.0.0.255"), udp("a", "255.255.255.255"), ping("a", "10.0.0.255")],
                     id="who did not ask leave to broadcast gets EACCES"),
        pytest.param([*WIRE, *ROUTED, "ip link add w1 netns b type veth peer name w1", "ip -n b addr add 10.1.0.1/24 dev w1",
                      "ip -n b link set w1 up"],
                     [tcp("a", "10.1.0.255"), udp("a", "10.1.0.255"), ping("a", "10.1.0.255"), tcp("a", "10.1.0.255", 0)],
                     id="what comes for everybody on another link gets no RST, no echo, no ICMP error"),
        pytest.param([*WIRE, B + "sysctl -qw net.ipv4.ip_default_ttl=9"],
                     [tcp("a", "10.0.0.2", 81), tcp("a", "10.0.0.2"), udp("a", "10.0.0.2"), tcp("b", "10.0.0.2", 81)],
                     id="RST, SYN-ACK and an app's answer have the default TTL"),
        pytest.param([*WIRE, "ip -n b rule add iif w0 unreachable pref 10",
                      "ip -n a rule add to 10.9.0.0/16 unreachable pref 10"],
                     [ping("a", "10.0.0.2"), ping("a", "10.9.0.1")],
                     id="a policy rule's unreachable is ENETUNREACH, a route's EHOSTUNREACH"),
        pytest.param([*WIRE, *ROUTED], [udp("a", "10.1.0.1"), ping("a", "10.1.0.1"), udp("a", "10.1.0.1"), udp("a", "10.1.0.1")],
                     id="no route costs two tokens: the third error is not sent"),
        pytest.param([*LAN, HUB + "sysctl -qw net.ipv4.ip_forward=1", "ip -n hub route add 10.9.0.0/16 via 10.0.0.2",
                      "ip -n a route add default via 10.0.0.254"],
                     [tcp("a", "10.9.0.1"), udp("a", "10.9.0.1")],
                     id="a redirect comes too early for a connecting TCP socket"),
        pytest.param([*LAN, HUB + "sysctl -qw net.ipv4.ip_forward=1", "ip -n hub route add default via 10.0.0.1",
                      "ip -n a route add default via 10.0.0.254", HUB + "iptables -t nat -N SIDE",
                      HUB + "iptables -A INPUT -m conntrack --ctstate UNTRACKED -j DROP"],
                     [udp("a", "10.9.0.1"), ping("a", "10.9.0.1")],
                     id="a nat table that no hook calls stops no redirect"),
        pytest.param([*WIRE, "ip -n a route add unreachable 10.0.0.2", "ip -n a route add 10.9.0.0/16 via 10.0.0.2"],
                     [ping("a", "10.9.0.1")],
                     id="an unreachable route does not speak for a gateway"),
        pytest.param(["ip netns add a", "ip -n a link set lo up", "ip netns add b", "ip -n b link set lo up",
                      "ip link add w0 netns a type veth peer name w0 netns b", "ip -n a link set w0 up", "ip -n b link set w0 up",
                      A + "sysctl -qw net.ipv4.neigh.w0.retrans_time_ms=20",
                      "ip -n a route add 10.9.0.0/16 via 10.0.0.9 dev w0 onlink"],
                     [tcp("a", "10.9.0.1"), udp("a", "10.9.0.1")],
                     id="who has no address is told by 127.0.0.1 that ARP failed"),
        pytest.param([*LAN, HUB + "ping -c 1 10.0.0.2", "ip -n hub link set pa nomaster"], [ping("b", "10.0.0.254")],
                     id="a bridge whose MAC changes forgets its neighbours"),
        pytest.param([*WIRE, "ip -n a route add 10.9.0.0/16 via 10.0.0.1"], [ping("a", "10.9.0.1"), tcp("a", "10.9.0.2")],
                     id="an own address as the gateway is none"),
        pytest.param([*LAN, A + "sysctl -qw net.ipv4.ip_forward=1", "ip -n hub route add default via 10.0.0.1",
                      "ip -n a route append 10.0.0.254 via 10.0.0.1", "ip -n a route add default via 10.0.0.254"],
                     [ping("hub", "10.9.0.1")],
                     id="who is behind an own gateway is on the link, and redirected"),
        pytest.param([*WIRE, *ROUTED, "ip -n b route add default via 10.0.0.1",
                      "ip -n b rule add from 10.9.0.1 to 10.0.0.0/8 unreachable pref 10"],
                     [udp("a", "10.9.0.1"), udp("a", "10.9.0.2")],
                     id="no redirect for whom a policy rule keeps from its way back"),
        pytest.param([*WIRE, *ROUTED], [Ping("a", Ip("255.255.255.255"), source=Ip("127.0.0.1"), timeout=0.25)],
                     id="who names the source needs no route to everybody"),
        pytest.param([*WIRE, "ip -n a rule add not to 10.0.0.0/24 prohibit pref 100", "ip -n a route append default dev w0",
                      "ip -n a route add 10.1.0.0/24 via 10.2.0.1 table 100"], [],
                     id="a policy rule that says no finds no gateway"),
        pytest.param([*WIRE, A + "ping -c 1 10.0.0.2", "ip -n a link set w0 down"], [udp("b", "10.0.0.1"), ping("b", "10.0.0.1")],
                     id="who loses the carrier forgets the neighbours"),
        pytest.param([*LAN, "ip -n b addr add 10.0.0.254/24 dev l0"], [ping("a", "10.0.0.254"), udp("a", "10.0.0.254")],
                     id="of two ARP answers the first counts"),
        pytest.param([*WIRE, "ip -n a addr add 10.0.0.11/24 dev w0", "ip -n a rule add from 10.0.0.1 unreachable pref 10",
                      "ip -n b rule add from 10.0.0.2 unreachable pref 10"],
                     [ping("a", "10.0.0.2"), udp("a", "10.0.0.2"), tcp("a", "10.0.0.2"),
                      Connect("a", Ip("10.0.0.2"), 80, "udp", source=Ip("10.0.0.11"), timeout=0.25)],
                     id="who is not bound looks for a route without a source, unless it connects"),
        pytest.param([*WIRE, A + "iptables -A INPUT -p tcp --tcp-flags PSH PSH -j DROP"], [tcp("a", "10.0.0.2")],
                     id="who gives up an open connection says so with a FIN"),
        pytest.param([*LAN, *(f"ip netns exec {name} sysctl -qw net.ipv4.ip_forward=1" for name in ("hub", "a")),
                      "ip -n hub route add 10.9.0.0/16 via 10.0.0.1", "ip -n a route add 10.9.0.0/16 via 10.0.0.254",
                      HUB + "iptables -t nat -A POSTROUTING -j MASQUERADE"],
                     [ping("a", "10.9.0.1", ttl=5)],
                     id="a clash of echo ids is settled in PREROUTING, by the first free one"),
        pytest.param([*WIRE, *ROUTED, "ip -n b rule add from 10.0.0.0/24 prohibit pref 10"],
                     [udp("a", "10.9.0.1"), tcp("a", "10.9.0.1")],
                     id="an ICMP error looks for its way without a source"),
        pytest.param([*WIRE, A + "iptables -A OUTPUT -p icmp -j REJECT", A + "iptables -A OUTPUT -m conntrack --ctstate INVALID"],
                     [Ping("a", Ip("10.0.0.2"), size=1473, df=True, timeout=0.25)],
                     id="what is too large to be sent whole meets no rule"),
        pytest.param([*LAN, HUB + "sysctl -qw net.ipv4.ip_forward=1", "ip -n a route add 10.96.0.0/16 via 10.0.0.254",
                      HUB + "iptables -t nat -A PREROUTING -d 10.96.0.1 -j DNAT --to-destination 10.0.0.254"],
                     [tcp("a", "10.96.0.1"), ping("a", "10.96.0.1")],
                     id="a DNAT to the bridge's own address is no bridged one"),
        pytest.param([*LAN, HUB + "iptables -t nat -A PREROUTING -d 10.0.0.2 -j DNAT --to-destination 10.0.0.9"],
                     [tcp("a", "10.0.0.2"), udp("a", "10.0.0.2")],
                     id="a bridged DNAT to nobody: no ICMP error about a frame for another machine"),
        pytest.param([*WIRE, *ROUTED, "ip -n a rule add from 10.0.0.1 blackhole pref 10"],
                     [tcp("a", "255.255.255.255"), udp("a", "255.255.255.255")],
                     id="who has a source needs no route to everybody"),
        pytest.param([*WIRE, "ip -n b link add br1 type bridge", "ip -n b addr add 10.1.0.2/24 dev br1",
                      "ip -n b link set br1 up", "ip -n b route add 10.9.0.0/16 via 10.0.0.1 src 10.1.0.2",
                      "ip -n b link del br1"], [],
                     id="routes go that preferred an address of a device that is gone"),
        pytest.param([*WIRE, "ip -n b route replace blackhole 10.0.0.0/24", "ip -n b addr add 10.0.9.77/24 dev w0"],
                     [ping("a", "10.0.0.2")],
                     id="a new address does not bring back another one's route"),
        pytest.param([*LAN, "ip -n hub route add local default dev lo"], [ping("a", "10.0.0.2"), ping("a", "10.9.0.1")],
                     id="who has a better route to it does not answer for an address"),
        pytest.param([*WIRE, *ROUTED, "ip -n b addr add 10.0.0.22/24 dev w0", B + "iptables -t nat -A POSTROUTING -j MASQUERADE",
                      A + "iptables -t nat -A POSTROUTING -j MASQUERADE", A + "ping -c 1 10.0.0.2", B + "ping -c 1 10.0.0.1",
                      "ip -n b addr del 10.0.0.2/24 dev w0", "ip -n a link set w0 down"], [],
                     id="connections end that were masqueraded by an address or a device that is gone"),
        pytest.param([*WIRE, A + "iptables -A INPUT -p tcp -j REJECT", A + "iptables -A OUTPUT -m conntrack --ctstate NEW"],
                     [tcp("a", "10.0.0.2", 81)],
                     id="a connection that a RST has ended does not come back with an ICMP error about it"),
        pytest.param([*WIRE, A + "iptables -A OUTPUT -j REJECT --reject-with icmp-host-unreachable"],
                     [udp("a", "127.0.0.5", 81), Connect("a", Ip("127.0.0.5"), 81, "udp", source=Ip("127.0.0.1"), timeout=0.25)],
                     id="an error about a packet to oneself comes from its destination"),
        pytest.param([*WIRE, *ROUTED, "ip -n a route replace 10.0.0.2 dev w0 mtu 600",
                      "ip -n b route add 10.9.0.0/16 dev w0 mtu 700"],
                     [Ping("a", Ip("10.0.0.2"), size=2000, timeout=0.25),
                      Ping("a", Ip("10.0.0.2"), size=2000, df=True, timeout=0.25),
                      Ping("a", Ip("10.9.0.1"), size=1000, df=True, timeout=0.25)],
                     id="a route's own MTU counts"),
        pytest.param([*WIRE, "ip -n a addr del 10.0.0.1/24 dev w0", "ip -n a route add 10.0.0.0/8 dev w0"],
                     [tcp("a", "10.0.0.2", 81)],
                     id="nobody is learned from a question of 0.0.0.0"),
        pytest.param([*WIRE, "ip -n a rule add to 10.9.0.0/16 pref 9", "ip -n a rule add not to 10.9.0.0/16 pref 9",
                      "ip -n a rule add from all pref 9", "ip -n a rule add to all table main pref 32766"], [],
                     id="of policy rules a not, and what says all, does not count"),
        pytest.param([*WIRE, A + "iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset",
                      A + "iptables -A OUTPUT -m conntrack --ctstate NEW"], [tcp("a", "10.0.0.2")],
                     id="a connection that REJECT resets is closed"),
        pytest.param([*LAN, HUB + "sysctl -qw net.ipv4.ip_forward=1", "ip -n hub route add 10.9.0.0/16 via 10.0.0.99",
                      "ip -n a route add default via 10.0.0.254",
                      HUB + "sysctl -qw net.ipv4.neigh.br0.retrans_time_ms=1300"],  # else two machines' questions race
                     [udp("a", "10.9.0.1")],
                     id="who is redirected to nobody asks for him three times"),
        pytest.param([*LAN, HUB + "sysctl -qw net.ipv4.ip_forward=1", "ip -n hub route add 10.9.0.0/16 dev br0",
                      "ip -n a route add default via 10.0.0.254",
                      HUB + "sysctl -qw net.ipv4.neigh.br0.mcast_solicit=1",  # else two machines' second questions race
                      A + "sysctl -qw net.ipv4.neigh.l0.mcast_solicit=1"],
                     [ping("a", "10.9.0.1"), ping("a", "10.9.0.1")],
                     id="on shared media a gateway may be in another subnet"),
        pytest.param([*WIRE, *ROUTED, "ip -n a rule add to 10.9.0.0/16 prohibit pref 9",
                      A + "iptables -t nat -A OUTPUT -d 10.8.0.1 -j DNAT --to-destination 10.9.0.1"],
                     [udp("a", "10.8.0.1"), tcp("a", "10.8.0.1"), ping("a", "10.8.0.1")],
                     id="who is translated and then has no way is told why"),
        pytest.param([*WIRE, A + "sysctl -qw net.ipv4.conf.all.rp_filter=1", "ip -n a route add 10.96.0.0/16 via 10.0.0.2",
                      "ip -n a route add local 10.0.0.3 dev lo",
                      A + "iptables -t nat -A OUTPUT -d 10.96.0.1 -j DNAT --to-destination 10.0.0.3"],
                     [tcp("a", "10.96.0.1"), udp("a", "10.96.0.1"), ping("a", "10.96.0.1")],
                     id="what comes in by lo is not asked where it came from"),
        pytest.param([*WIRE, B + "iptables -t mangle -A INPUT -s 10.0.0.1"],
                     [Ping("a", Ip("10.0.0.2"), size=2000, timeout=0.25)],
                     id="INPUT meets a packet whole"),
        pytest.param([*WIRE, "ip -n a route append 10.9.0.0/24 dev w0 src 127.0.0.1"],
                     [ping("a", "10.9.0.1"), tcp("a", "10.9.0.1")],
                     id="a route's own source may not be a loopback address either"),
        pytest.param([*WIRE, "ip -n a route replace local 10.0.0.0/8 dev lo", "ip -n b route add local 10.0.0.0/8 dev lo",
                      "ip -n b rule add to 10.99.0.0/16 table 99"],
                     [ping("a", "10.0.0.2"), ping("b", "10.0.0.1"), ping("a", "10.5.0.1")],
                     id="local and main are one table until there is a policy rule"),
        pytest.param(["ip netns add a", "ip -n a link set lo up", "ip netns add b", "ip -n b link set lo up",
                      "ip -n a link add br0 type bridge", "ip -n a link set br0 up",
                      "ip -n b link add br0 address 02:00:00:00:00:50 type bridge", "ip -n b addr add 10.0.0.1/24 dev br0",
                      "ip -n b link set br0 up"], [],
                     id="a bridge has a carrier until it has a port, or a MAC address given"),
        pytest.param([*WIRE, "ip -n b link set w0 mtu 1000", "ip -n a neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev w0"],
                     [Ping("a", Ip("10.0.0.2"), size=1400, timeout=0.25), Ping("a", Ip("10.0.0.2"), size=2000, timeout=0.25)],
                     id="a wire whose end has a smaller MTU: ENOBUFS"),
    ],
)  # fmt: skip
def test_found(lines: list[str], questions: list[Entry]) -> None:
    apps = [Listen(name, 80, proto, name, Ip(0)) for name in ("a", "b") for proto in ("tcp", "udp")]
    comparisons = lab.compare_all([*map(Command, lines), *apps, *questions])
    assert len(comparisons) == len(questions) + 1, str(comparisons[-1])
    assert [difference for each in comparisons for difference in each.differences] == []
