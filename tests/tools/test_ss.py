"""``ss`` in the real one's columns; the texts are recorded, but for the processes' names and numbers."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from k8snet.linux import World

END = " " * 10
HEAD = f"{'Process':<33}"
NOTHING = "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
NOTHING_OF_BOTH = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
ONE = f"""\
State  Recv-Q Send-Q Local Address:Port Peer Address:Port{HEAD}
LISTEN 0      128          0.0.0.0:80        0.0.0.0:*    users:(("python3",pid=100,fd=3))
"""
TCP = f"""\
State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
LISTEN 0      128          0.0.0.0:4000       0.0.0.0:*{END}
LISTEN 0      128        127.0.0.1:40001      0.0.0.0:*{END}
LISTEN 0      128          0.0.0.0:80         0.0.0.0:*{END}
"""
UDP_WITHOUT_HEAD = """\
UNCONN 0      0      127.0.0.1:60000 0.0.0.0:*
UNCONN 0      0        0.0.0.0:53    0.0.0.0:*
UNCONN 0      0       10.1.1.1:5000  0.0.0.0:*
"""
BOTH = f"""\
Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port{HEAD}
udp   UNCONN 0      0          127.0.0.1:60000      0.0.0.0:*    users:(("python3",pid=100,fd=3))
udp   UNCONN 0      0            0.0.0.0:53         0.0.0.0:*    users:(("python3",pid=100,fd=4))
udp   UNCONN 0      0           10.1.1.1:5000       0.0.0.0:*    users:(("python3",pid=100,fd=5))
tcp   LISTEN 0      128          0.0.0.0:4000       0.0.0.0:*    users:(("python3",pid=100,fd=6))
tcp   LISTEN 0      128        127.0.0.1:40001      0.0.0.0:*    users:(("python3",pid=100,fd=7))
tcp   LISTEN 0      128          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=101,fd=3)){" " * 2}
"""


def listening(*sockets: tuple[str, str, int, str]) -> World:
    world = World()
    for proto, ip, port, name in sockets:
        world.listen("root", port, proto, name, ip)
    return world


UDP = (("udp", "127.0.0.1", 60000, "python3"), ("udp", "0.0.0.0", 53, "python3"), ("udp", "10.1.1.1", 5000, "python3"))
PYTHON = (*UDP, ("tcp", "0.0.0.0", 4000, "python3"), ("tcp", "127.0.0.1", 40001, "python3"))


@pytest.mark.parametrize(
    ("sockets", "command", "text"),
    [
        ((), "ss -tln", NOTHING),
        ((), "ss -tlnp", NOTHING),
        ((), "ss -tulnp", NOTHING_OF_BOTH),
        ((("tcp", "0.0.0.0", 80, "python3"),), "ss -tlnp", ONE),
        ((*PYTHON, ("tcp", "0.0.0.0", 80, "nginx")), "ss -tln", TCP),
        ((*PYTHON, ("tcp", "0.0.0.0", 80, "nginx")), "ss --tcp --listening --numeric", TCP),
        (UDP, "ss -ulnH", UDP_WITHOUT_HEAD),
        ((*PYTHON, ("tcp", "0.0.0.0", 80, "nginx")), "ss -tulnp", BOTH),
    ],
)
def test_columns(sockets: tuple[tuple[str, str, int, str], ...], command: str, text: str) -> None:
    assert listening(*sockets).sh(command) == text


@pytest.mark.parametrize("command", ["ss", "ss -tl", "ss -ln", "ss -s", "ss -tln sport = :80", "ss --foo", "ss -x"])
def test_what_is_not_modelled_says_so(command: str) -> None:
    with pytest.raises(NotModelled):
        World().sh(command)
