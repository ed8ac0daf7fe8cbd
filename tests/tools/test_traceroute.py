"""``traceroute`` in the words of 2.1; the texts are recorded from the real one, but for times."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from tests.tools.network import in_a, world

HEAD = "traceroute to {0} ({0}), {1} hops max, 60 byte packets\n"


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("traceroute -n -q 1 10.1.2.2", HEAD.format("10.1.2.2", 30) + " 1  10.1.1.254  0.040 ms\n 2  10.1.2.2  0.060 ms\n", 0),
        ("traceroute -n -I -q 2 -m 1 10.1.2.2", HEAD.format("10.1.2.2", 1) + " 1  10.1.1.254  0.040 ms  0.020 ms\n", 0),
        ("traceroute -n -q 1 -m 3 10.9.9.9", HEAD.format("10.9.9.9", 3) + " 1  10.1.1.254  0.040 ms !N\n", 0),
        ("traceroute -n -q 2 -m 2 -w 1 10.8.0.1", HEAD.format("10.8.0.1", 2) + " 1  * *\n 2  * *\n", 0),
        ("traceroute -n -q 2 10.5.1.1", HEAD.format("10.5.1.1", 30) + "connect: No route to host\n", 1),
        ("traceroute -n web", "web: Temporary failure in name resolution\n"
         "Cannot handle \"host\" cmdline arg `web' on position 1 (argc 2)", 2),
        ("traceroute -n", 'Specify "host" missing argument.', 2),
        ("traceroute -n -m 0 10.1.2.2", "first hop out of range", 2),
    ],
)  # fmt: skip
def test_traceroute_prints(command: str, printed: str, code: int) -> None:
    made = world("ip -n a route add unreachable 10.5.0.0/16", "ip route add blackhole 10.8.0.0/16")
    assert in_a(made, command) == (printed, code)


@pytest.mark.parametrize("command", ["traceroute 10.1.2.2", "traceroute -n -T 10.1.2.2"])
def test_traceroute_says_what_is_not_modelled(command: str) -> None:
    with pytest.raises(NotModelled):
        in_a(world(), command)
