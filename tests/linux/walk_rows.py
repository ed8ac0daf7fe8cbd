"""Rules, packets, and how many packets each rule then has counted, as the real kernel counted them.

The model must count the same without a kernel (test_netfilter.py), and the kernel must still count so
(tests/twin/test_netfilter_walk.py). The network: pod (10.1.1.1) and pod2 (10.1.1.2) on the bridge br0 of the outer
namespace, which has 10.1.1.254 and, on the far side of it, 10.2.2.1 in the namespace far behind 10.2.2.254.
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.linux import World


class Walk(NamedTuple):
    """The ``rules`` (iptables commands without their first word), the ``packets`` (commands), and what was ``counted``."""

    title: str
    rules: tuple[str, ...]
    packets: tuple[str, ...]
    counted: tuple[int, ...]


NETWORK = (
    "sysctl -w net.ipv4.ip_forward=1",
    "ip link set lo up",
    "ip link add br0 address 02:00:00:00:00:10 type bridge",
    "ip addr add 10.1.1.254/24 dev br0",
    "ip link set br0 up",
    *(
        line
        for number, pod in ((1, "pod"), (2, "pod2"))
        for line in (
            f"ip netns add {pod}",
            f"ip link add veth{number} index {number + 50} type veth peer name eth0 index {number + 60} netns {pod}",
            f"ip -n {pod} addr add 10.1.1.{number}/24 dev eth0",
            f"ip -n {pod} link set eth0 up",
            f"ip link set veth{number} master br0 up",
            f"ip -n {pod} route add default via 10.1.1.254",
        )
    ),
    "ip netns add far",
    "ip link add veth3 index 53 type veth peer name eth0 index 63 netns far",
    "ip addr add 10.2.2.254/24 dev veth3",
    "ip link set veth3 up",
    "ip -n far addr add 10.2.2.1/24 dev eth0",
    "ip -n far link set eth0 up",
    "ip -n far route add default via 10.2.2.254",
)


def ping(target: str, count: int = 1, *options: str, netns: str = "pod") -> str:
    """So many echo requests."""
    return " ".join((f"ip netns exec {netns} ping -c {count} -i 0.2 -W 1", *options, target))


def knock(target: str, port: int, sport: int) -> str:
    """A SYN to a closed port, which is answered with a RST."""
    return f"ip netns exec pod nc -w 1 -p {sport} {target} {port}"


ROUTER, FAR = "10.1.1.254", "10.2.2.1"

WALKS = [
    Walk(
        "a jump comes back, RETURN goes back early",
        ("-N A", "-N B", "-A INPUT -j A", "-A INPUT", "-A A -j B", "-A A -j RETURN", "-A A", "-A B"),
        (ping(ROUTER),),
        (1, 1, 1, 1, 0, 1),
    ),
    Walk(
        "a goto does not come back to its own chain",
        ("-N A", "-N B", "-A INPUT -j A", "-A INPUT", "-A A -g B", "-A A", "-A B"),
        (ping(ROUTER),),
        (1, 1, 1, 0, 1),
    ),
    Walk(
        "a goto in a built-in chain ends at the policy", ("-N A", "-A INPUT -g A", "-A INPUT", "-A A"), (ping(ROUTER),), (1, 0, 1)
    ),
    Walk("RETURN in a built-in chain is the policy's turn", ("-A INPUT -j RETURN", "-A INPUT"), (ping(ROUTER),), (1, 0)),
    Walk(
        "ACCEPT in a chain of one's own ends the table",
        ("-N A", "-A INPUT -j A", "-A INPUT", "-A A -j ACCEPT"),
        (ping(ROUTER),),
        (1, 0, 1),
    ),
    Walk(
        "a policy of DROP", ("-P INPUT DROP", "-A INPUT -s 10.9.0.0/16 -j ACCEPT", "-A OUTPUT -p icmp"), (ping(ROUTER),), (0, 0)
    ),
    Walk(
        "ACCEPT in one table is not yet ACCEPT in the next",
        ("-t mangle -A INPUT -j ACCEPT", "-A INPUT -j DROP", "-A OUTPUT -p icmp"),
        (ping(ROUTER),),
        (1, 1, 0),
    ),
    Walk(
        "addresses and devices, with and without !",
        (
            "-A FORWARD -s 10.1.1.0/24",
            "-A FORWARD ! -s 10.1.1.0/24",
            "-A FORWARD -d 10.2.2.1 -i br0 -o veth3",
            "-A FORWARD -i br+",
            "-A FORWARD ! -o veth3",
            "-A FORWARD -s 0.0.1.0/0.0.255.0",
            "-A FORWARD -i nosuch",
            "-A FORWARD ! -i +",
        ),
        (ping(FAR),),
        (1, 1, 1, 1, 1, 1, 0, 0),
    ),
    Walk(
        "protocols and ICMP types",
        (
            "-A INPUT -p icmp",
            "-A INPUT ! -p icmp",
            "-A INPUT -p tcp",
            "-A INPUT -p icmp --icmp-type echo-request",
            "-A INPUT -p icmp ! --icmp-type 8/0",
            "-A INPUT -p icmp --icmp-type any",
            "-A INPUT -p icmp --icmp-type 8/1",
        ),
        (ping(ROUTER, 2), knock(ROUTER, 80, 30001)),
        (2, 1, 1, 2, 0, 2, 0),
    ),
    Walk(
        "TCP ports and flags",
        (
            "-A INPUT -p tcp --dport 80",
            "-A INPUT -p tcp ! --dport 80",
            "-A INPUT -p tcp --sport 30000:30001 --dport 80:90",
            "-A INPUT -p tcp --syn",
            "-A INPUT -p tcp ! --syn",
            "-A INPUT -p tcp --tcp-flags SYN,ACK SYN",
            "-A INPUT -p udp --dport 80",
            "-A OUTPUT -p tcp --tcp-flags ALL RST,ACK",
            "-A OUTPUT -p tcp --tcp-flags RST RST",
            "-A OUTPUT -p tcp --sport 81",
        ),
        (knock(ROUTER, 80, 30001), knock(ROUTER, 81, 30002)),
        (1, 1, 1, 2, 0, 2, 0, 2, 2, 1),
    ),
    Walk(
        "many ports",
        (
            "-A INPUT -p tcp -m multiport --dports 22,80:81",
            "-A INPUT -p tcp -m multiport --sports 80",
            "-A INPUT -p tcp -m multiport --ports 30001,99",
            "-A INPUT -p tcp -m multiport ! --dports 80",
        ),
        (knock(ROUTER, 80, 30001), knock(ROUTER, 81, 30002)),
        (2, 0, 1, 1),
    ),
    Walk(
        "only the first fragment has a transport header; INPUT sees whole packets",
        ("-t mangle -A PREROUTING -f", "-t mangle -A PREROUTING -p icmp --icmp-type 8", "-A INPUT -f", "-A INPUT"),
        (ping(ROUTER, 1, "-s 3000"),),
        (2, 1, 0, 1),
    ),
    Walk(
        "conntrack puts fragments together before anyone asks",
        ("-t mangle -A PREROUTING -f", "-t mangle -A PREROUTING -p icmp --icmp-type 8", "-A INPUT -m conntrack --ctstate NEW"),
        (ping(ROUTER, 1, "-s 3000"),),
        (0, 1, 1),
    ),
    Walk(
        "states of a connection",
        (
            "-A INPUT -m conntrack --ctstate NEW",
            "-A INPUT -m conntrack --ctstate ESTABLISHED",
            "-A INPUT -m state ! --state NEW",
            "-A INPUT -m conntrack --ctstate INVALID,UNTRACKED",
            "-A INPUT -m conntrack --ctdir ORIGINAL",
            "-A OUTPUT -m conntrack --ctstate ESTABLISHED --ctdir REPLY",
            "-A OUTPUT -p icmp -m conntrack --ctstate NEW",
        ),
        (ping(ROUTER, 3),),
        (1, 2, 2, 0, 3, 3, 0),
    ),
    Walk(
        "what raw does not track is UNTRACKED; before conntrack all is INVALID",
        (
            "-t raw -A PREROUTING -m conntrack --ctstate INVALID",
            "-t raw -A PREROUTING -s 10.1.1.1 -j CT --notrack",
            "-t raw -A OUTPUT -p icmp -j NOTRACK",
            "-A INPUT -m conntrack --ctstate UNTRACKED",
            "-A INPUT -m conntrack --ctstate NEW",
            "-A OUTPUT -m conntrack --ctstate UNTRACKED",
        ),
        (ping(ROUTER, 2),),
        (2, 2, 2, 2, 0, 2),
    ),
    Walk(
        "an ICMP error is RELATED",
        (
            "-A INPUT -m conntrack --ctstate NEW -j REJECT",
            "-A OUTPUT -m conntrack --ctstate RELATED",
            "-A OUTPUT -p icmp --icmp-type 3/3",
        ),
        (ping(ROUTER),),
        (1, 1, 1),
    ),
    Walk(
        "nat sees the first packet only, and an ACCEPT there ends it",
        (
            "-t nat -A PREROUTING -d 10.1.1.254",
            "-t nat -A PREROUTING -d 10.1.1.254 -j ACCEPT",
            "-t nat -A PREROUTING -j REDIRECT",
            "-t nat -A INPUT",
        ),
        (ping(ROUTER, 3),),
        (1, 1, 0, 1),
    ),
    Walk(
        "nat sleeps while nothing needs conntrack",
        ("-t nat -A PREROUTING", "-t nat -A POSTROUTING -j ACCEPT", "-A FORWARD"),
        (ping(FAR, 2),),
        (0, 0, 4),
    ),
    Walk(
        "the states DNAT and SNAT",
        (
            "-t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.2.2.1",
            "-t nat -A POSTROUTING -o veth3 -j MASQUERADE",
            "-A FORWARD -m conntrack --ctstate DNAT",
            "-A FORWARD -m conntrack --ctstate SNAT",
            "-A FORWARD -d 10.2.2.1",
            "-A FORWARD -s 10.2.2.1 -d 10.1.1.1",
        ),
        (ping("10.9.9.9", 2), ping(FAR)),
        (1, 2, 4, 4, 3, 3),
    ),
    Walk(
        "marks: set, or, xor, and",
        (
            "-t mangle -A PREROUTING -s 10.1.1.1 -j MARK --set-mark 0x5",
            "-t mangle -A PREROUTING -m mark --mark 5 -j MARK --or-mark 0x4000",
            "-t mangle -A PREROUTING -m mark --mark 0x4000/0x4000 -j MARK --xor-mark 0x4001",
            "-t mangle -A PREROUTING -m mark --mark 4 -j MARK --and-mark 0xb",
            "-A INPUT -m mark --mark 0",
            "-A INPUT -m mark ! --mark 0",
        ),
        (ping(ROUTER),),
        (1, 1, 1, 1, 1, 0),
    ),
    Walk(
        "types of addresses",
        (
            "-t mangle -A PREROUTING -m addrtype --dst-type LOCAL",
            "-t mangle -A PREROUTING -m addrtype --dst-type UNICAST",
            "-t mangle -A PREROUTING -m addrtype ! --src-type LOCAL --dst-type LOCAL",
            "-A INPUT -m addrtype --dst-type LOCAL --limit-iface-in",
            "-A FORWARD -m addrtype ! --dst-type LOCAL,BROADCAST",
            "-A OUTPUT -p icmp -m addrtype --src-type LOCAL --limit-iface-out",
        ),
        (ping(ROUTER), ping("10.2.2.254"), ping(FAR)),
        (2, 2, 2, 1, 2, 1),
    ),
    Walk(
        "every third packet",
        (
            "-A INPUT -m statistic --mode nth --every 3 --packet 0",
            "-A INPUT -m statistic --mode nth --every 3 --packet 1",
            "-A INPUT -m statistic --mode nth --every 3 --packet 2",
            "-A INPUT -m statistic --mode nth ! --every 3 --packet 0",
            "-A INPUT -m statistic --mode nth --every 1 --packet 0",
            "-A INPUT -m statistic --mode random --probability 1",
            "-A INPUT -m statistic --mode random --probability 0",
        ),
        (ping(ROUTER, 4),),
        (2, 1, 1, 2, 4, 4, 0),
    ),
    Walk(
        "a burst, then a limit",
        (
            "-A INPUT -m limit --limit 1/hour --limit-burst 2",
            "-A INPUT -m limit --limit 2/day",
            "-A INPUT -m limit --limit 1/hour --limit-burst 1 -j ACCEPT",
            "-A INPUT",
        ),
        (ping(ROUTER, 6),),
        (2, 5, 1, 5),
    ),
    Walk(
        "recent: seen before, seen often, forgotten",
        (
            "-A INPUT -m recent --rcheck --name seen",
            "-A INPUT -m recent --rcheck --hitcount 2 --name seen",
            "-A INPUT -m recent ! --rcheck --name seen",
            "-A INPUT -m recent --set --name seen",
            "-A INPUT -m recent --update --name seen --rdest",
            "-A INPUT -s 10.1.1.2 -m recent --remove --name seen",
            "-A INPUT -m recent --rcheck --seconds 60 --reap --name seen",
        ),
        (ping(ROUTER, 3), ping(ROUTER, 2, netns="pod2")),
        (2, 1, 3, 5, 0, 2, 3),
    ),
    Walk(
        "bridge ports",
        (
            "-A FORWARD -m physdev --physdev-is-bridged",
            "-A FORWARD -m physdev ! --physdev-is-bridged",
            "-A FORWARD -m physdev --physdev-in veth1",
            "-A FORWARD -m physdev --physdev-in veth1 --physdev-out veth2",
            "-A FORWARD -m physdev ! --physdev-in veth+",
            "-A FORWARD -m physdev --physdev-is-in",
            "-A FORWARD -i br0 -o br0",
        ),
        (ping("10.1.1.2"), ping(FAR)),
        (2, 2, 2, 1, 1, 3, 2),
    ),
    Walk(
        "a log entry lets the packet go on",
        ('-A INPUT -j LOG --log-prefix "seen: "', "-A INPUT -m comment --comment later -j DROP", "-A INPUT"),
        (ping(ROUTER),),
        (1, 1, 0),
    ),
]


def counters(listed: str) -> tuple[int, ...]:
    """The packets of each rule in what ``iptables -vS`` prints."""
    return tuple(int(line.partition(" -c ")[2].split()[0]) for line in listed.splitlines() if line.startswith("-A"))


def listing(walk: Walk) -> list[str]:
    """The commands that list the walk's tables, in the order in which the rows count them."""
    asked = [rule.split()[1] if rule.startswith("-t ") else "filter" for rule in walk.rules]
    return [f"iptables -t {table} -vS" for table in dict.fromkeys(asked)]


def on_the_model(walk: Walk) -> tuple[int, ...]:
    """What the model counts."""
    world = World()
    for line in (*NETWORK, *(f"iptables {rule}" for rule in walk.rules)):
        world.sh(line)
    for line in walk.packets:
        world.sh(line, check=False)
    return tuple(count for line in listing(walk) for count in counters(world.sh(line)))
