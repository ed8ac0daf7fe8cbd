"""``ping`` in iputils' own words; the texts are recorded from the real one, but for times and addresses."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from tests.tools.network import in_a, world

LOST = "1 packets transmitted, 0 received, 100% packet loss, time 0ms"
ERROR = "1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms"
REPLY = "1 packets transmitted, 1 received, 0% packet loss, time 0ms"


def text(dst: str, size: int, lines: list[str], counts: str, times: str = "") -> str:
    head = f"PING {dst} ({dst}) {size}({size + 28}) bytes of data."
    return "\n".join([head, *lines, "", f"--- {dst} ping statistics ---", counts, times, ""])


DEAD = [f"From 10.1.1.1 icmp_seq={seq} Destination Host Unreachable" for seq in (1, 2, 3)]


@pytest.mark.parametrize(
    ("setup", "command", "printed", "code"),
    [
        ("", "ping -c 1 10.1.2.2", text("10.1.2.2", 56, ["64 bytes from 10.1.2.2: icmp_seq=1 ttl=63 time=0.080 ms"], REPLY,
                                        "rtt min/avg/max/mdev = 0.080/0.080/0.080/0.000 ms"), 0),
        ("", "ping -c 1 -s 10 10.1.2.2", text("10.1.2.2", 10, ["18 bytes from 10.1.2.2: icmp_seq=1 ttl=63"], REPLY), 0),
        ("", "ping -c 1 -t 1 10.1.2.2", text("10.1.2.2", 56, ["From 10.1.1.254 icmp_seq=1 Time to live exceeded"], ERROR), 1),
        ("", "ping -c 1 10.9.9.9", text("10.9.9.9", 56, ["From 10.1.1.254 icmp_seq=1 Destination Net Unreachable"], ERROR), 1),
        ("", "ping -c 1 -W 1 10.1.1.77", text("10.1.1.77", 56, [], LOST), 1),
        ("", "ping -c 1 10.1.1.77", text("10.1.1.77", 56, DEAD[:1], ERROR), 1),
        ("", "ping -c 3 10.1.1.77", text("10.1.1.77", 56, DEAD, "3 packets transmitted, 0 received, +3 errors, 100% packet loss, "
                                         "time 2000ms", "pipe 3"), 1),
        ("", "ping -c 1 -s 3000 -M do 10.1.2.2",
         text("10.1.2.2", 3000, ["ping: local error: message too long, mtu=1500"], ERROR), 1),
        ("ip link set vb mtu 1400", "ping -c 1 -s 1450 -M do 10.1.2.2",
         text("10.1.2.2", 1450, ["From 10.1.1.254 icmp_seq=1 Frag needed and DF set (mtu = 1400)"], ERROR), 1),
        ("ip netns exec a iptables -A OUTPUT -d 10.1.2.2 -j DROP", "ping -c 1 -W 1 10.1.2.2", text("10.1.2.2", 56, [], LOST), 1),
        ("ip netns exec a iptables -A OUTPUT -d 10.1.2.2 -j REJECT", "ping -c 1 -W 1 10.1.2.2",
         text("10.1.2.2", 56, ["From 10.1.1.1 icmp_seq=1 Destination Port Unreachable",
                               "ping: sendmsg: Operation not permitted"], ERROR), 1),
        ("ip -n a route del default", "ping -c 1 10.9.9.9", "ping: connect: Network is unreachable\n", 2),
        ("ip -n a route add unreachable 10.5.0.0/16", "ping -c 1 10.5.1.1", "ping: connect: No route to host\n", 2),
        ("", "ping -c 1 -I 10.1.1.9 10.1.2.2", "ping: bind: Cannot assign requested address\n", 2),
        ("", "ping -c 1 web", "ping: web: Temporary failure in name resolution", 2),
        ("", "ping -c x 10.1.2.2", "ping: invalid argument: 'x'", 1),
        ("", "ping -c 1 -M what 10.1.2.2", "ping: invalid -M argument: what", 2),
        ("", "ping", "ping: usage error: Destination address required", 1),
    ],
)  # fmt: skip
def test_ping_prints(setup: str, command: str, printed: str, code: int) -> None:
    assert in_a(world(*filter(None, [setup])), command) == (printed, code)


@pytest.mark.parametrize("command", ["ping 10.1.2.2", "ping -c 1 -I eth0 10.1.2.2", "ping -c 1 -f 10.1.2.2"])
def test_ping_says_what_is_not_modelled(command: str) -> None:
    with pytest.raises(NotModelled):
        in_a(world(), command)


def test_ping_hands_back_the_last_trace() -> None:
    trace = world().sh("ip netns exec a ping -c 2 10.1.2.2").trace
    assert trace is not None
    assert trace.fate == "delivered"
    assert getattr(trace.question, "seq", 0) == 2
