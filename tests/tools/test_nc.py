"""``nc`` in the words of OpenBSD's; the texts are recorded from the real one, but for addresses."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from tests.tools.network import in_a, world


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("nc -zv 10.1.2.2 8000", "Connection to 10.1.2.2 8000 port [tcp/*] succeeded!\n", 0),
        ("nc -z 10.1.2.2 8000", "", 0),
        ("nc -zv 10.1.2.2 4000", "nc: connect to 10.1.2.2 port 4000 (tcp) failed: Connection refused\n", 1),
        ("nc -z 10.1.2.2 4000", "", 1),
        ("nc -zvu 10.1.2.2 9001", "Connection to 10.1.2.2 9001 port [udp/*] succeeded!\n", 0),
        ("nc -zvu 10.1.2.2 9009", "", 1),
        ("nc -w 1 -zv 10.1.1.77 80", "nc: connect to 10.1.1.77 port 80 (tcp) timed out: Operation now in progress\n", 1),
        ("nc -zv 10.1.1.77 80", "nc: connect to 10.1.1.77 port 80 (tcp) failed: No route to host\n", 1),
        ("nc -zv 10.6.1.1 80", "nc: connect to 10.6.1.1 port 80 (tcp) failed: Permission denied\n", 1),
        ("nc -zv 10.7.1.1 80", "nc: connect to 10.7.1.1 port 80 (tcp) failed: Invalid argument\n", 1),
        ("nc -zv web 80", 'nc: getaddrinfo for host "web" port 80: Temporary failure in name resolution', 1),
        ("nc -zv -s 10.3.3.3 10.1.2.2 8000", "nc: bind failed: Cannot assign requested address\n", 1),
        ("nc -zv 10.1.2.2", "nc: missing port number", 1),
        ("nc -zv 10.1.2.2 99999", "nc: port number too large: 99999", 1),
        ("nc -zv -w x 10.1.2.2 80", "nc: timeout invalid: x", 1),
        ("nc -zv -M 300 10.1.2.2 80", "nc: ttl is too large", 1),
    ],
)
def test_nc_prints(command: str, printed: str, code: int) -> None:
    made = world("ip -n a route add prohibit 10.6.0.0/16", "ip -n a route add blackhole 10.7.0.0/16")
    made.listen("b", 8000)
    made.listen("b", 9001, "udp")
    assert in_a(made, command) == (printed, code)


def test_nc_sends_standard_input_and_prints_the_answer() -> None:
    made = world()
    made.listen("b", 8000)
    assert made.sh("ip netns exec a nc -v -p 5000 -w 1 10.1.2.2 8000", "hello\n") == (
        "Connection to 10.1.2.2 8000 port [tcp/*] succeeded!\nb saw 10.1.1.1:5000\n"
    )


@pytest.mark.parametrize("command", ["nc -l 80", "nc -zv 10.1.2.2 http", "nc 10.1.2.2 80-81"])
def test_nc_says_what_is_not_modelled(command: str) -> None:
    with pytest.raises(NotModelled):
        in_a(world(), command)
