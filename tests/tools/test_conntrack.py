"""``conntrack`` prints, chooses and refuses as conntrack-tools 1.4.7 did; the lines are recorded."""

from __future__ import annotations

import pytest

from k8snet.errors import CommandError
from k8snet.linux import World
from k8snet.linux.address import Ip
from k8snet.linux.conntrack import Conn, Tuple

BANNER = "conntrack v1.4.7 (conntrack-tools): "
SEE_HELP = "\nTry `conntrack -h' or 'conntrack --help' for more information."
HOME = Ip("127.0.0.1")
TCP = (
    "tcp      6 431999 ESTABLISHED src=127.0.0.1 dst=127.0.0.1 sport=45868 dport=80 "
    "src=127.0.0.1 dst=127.0.0.1 sport=80 dport=45868 [ASSURED] mark=0 use=1\n"
)
UDP = (
    "udp      17 29 src=127.0.0.1 dst=127.0.0.1 sport=51611 dport=53 [UNREPLIED] "
    "src=127.0.0.1 dst=127.0.0.1 sport=53 dport=51611 mark=0 use=1\n"
)
ICMP = (
    "icmp     1 29 src=127.0.0.1 dst=127.0.0.1 type=8 code=0 id=32 "
    "src=127.0.0.1 dst=127.0.0.1 type=0 code=0 id=32 mark=0 use=1\n"
)
DNATED = (
    "tcp      6 86399 TIME_WAIT src=10.1.1.1 dst=10.96.0.10 sport=1234 dport=53 "
    "src=10.1.2.2 dst=10.1.1.1 sport=4000 dport=1234 [ASSURED] mark=1 use=1\n"
)


def entry(
    world: World, original: Tuple, expires: float, *, state: str = "", replied: bool = True, assured: bool = False
) -> Conn:
    conn = Conn(original, world.now)
    conn.state, conn.expires, conn.seen_reply, conn.assured = state, expires, replied, assured
    world.root.conntrack.confirm(conn)
    return conn


@pytest.fixture
def world() -> World:
    world = World()
    entry(world, Tuple("tcp", HOME, 45868, HOME, 80), 431999.5, state="ESTABLISHED", assured=True)
    entry(world, Tuple("udp", HOME, 51611, HOME, 53), 29.9, replied=False)
    entry(world, Tuple("icmp", HOME, 32, HOME, 8 << 8), 29.1)
    client, service = Ip("10.1.1.1"), Ip("10.96.0.10")
    conn = entry(world, Tuple("tcp", client, 1234, service, 53), 86399.0, state="TIME_WAIT", assured=True)
    world.root.conntrack.forget(conn)
    conn.reply, conn.mark = Tuple("tcp", Ip("10.1.2.2"), 4000, Ip("10.1.1.1"), 1234), 1
    world.root.conntrack.confirm(conn)
    return world


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        ("", [TCP, UDP, ICMP, DNATED]),
        ("conntrack", [TCP, UDP, ICMP, DNATED]),
        ("-p tcp", [TCP, DNATED]),
        ("-p 6", [TCP, DNATED]),
        ("-p udp", [UDP]),
        ("-p icmp", [ICMP]),
        ("-s 127.0.0.1", [TCP, UDP, ICMP]),
        ("-s 127.0.0.0/8", [TCP, UDP, ICMP]),
        ("--orig-dst 10.96.0.10", [DNATED]),
        ("--reply-src 10.1.2.2", [DNATED]),
        ("-p tcp --dport 80", [TCP]),
        ("-p tcp --orig-port-dst 53", [DNATED]),
        ("-p tcp --reply-port-src 4000", [DNATED]),
        ("-p tcp --state TIME_WAIT", [DNATED]),
        ("-u UNREPLIED", [UDP]),
        ("-u ASSURED", [TCP, DNATED]),
        ("-m 1", [DNATED]),
        ("-g", [DNATED]),
        ("-n", []),
        ("-j", [DNATED]),
        ("-g 10.1.2.2", [DNATED]),
        ("-g 10.1.2.2:4000", [DNATED]),
        ("--dst-nat 10.1.2.2:53", []),
        ("--dst-nat 10.1.2.3", []),
        ("--any-nat 10.1.2.2", [DNATED]),
        ("--src-nat 10.1.2.2", []),
        ("-g 10.1.2.2 -n", []),
        ("-g -p tcp", [DNATED]),
        ("-f ipv6", []),
    ],
)
def test_list(world: World, filters: str, lines: list[str]) -> None:
    summary = f"{BANNER}{len(lines)} flow entries have been shown.\n"
    assert world.sh(f"conntrack -L {filters}") == "".join(lines) + summary


def test_extended_names_the_address_family(world: World) -> None:
    assert world.sh("conntrack -L -p udp -o extended").startswith(f"ipv4     2 {UDP}")


def test_count_delete_and_flush(world: World) -> None:
    assert world.sh("conntrack -C") == "4\n"
    assert world.sh("conntrack -D -p udp") == f"{UDP}{BANNER}1 flow entries have been deleted.\n"
    with pytest.raises(CommandError, match="0 flow entries have been deleted") as refusal:
        world.sh("conntrack -D -p udp")
    assert refusal.value.code == 1
    assert world.sh("conntrack -F") == f"{BANNER}connection tracking table has been emptied.\n"
    assert world.sh("conntrack -C") == "0\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("-L --state TIME_WAIT", "unknown option `--state'"),
        ("-L -p foo", "`foo' unsupported protocol"),
        ("-L -x", "unknown option `-x'"),
        ("-L foo", "unknown type `foo'"),
        ("-L -p tcp --state FOO", "unknown TCP state `FOO'"),
        ("-L -u FOO", "Bad parameter `FOO'"),
        ("-L -d xx", "Invalid IP address `xx'"),
        ("-L -p", "option `-p' requires an argument"),
        ("-D -s", "option `-s' requires an argument"),
        ("-L -C", "Invalid commands combination"),
        ("-L -g x", "Invalid IP address `x'"),
        ("-L -g conntrack", "Invalid IP address `conntrack'"),
        ("-L -g 10.1.2.0/24", "CIDR notation unavailable for `--dst-nat'"),
        ("-L -j 10.1.2.2:", "No port specified after `:'"),
        ("-L -j 10.1.2.2:70000", "Invalid port `70000'"),
    ],
)
def test_refusals(world: World, words: str, text: str) -> None:
    with pytest.raises(CommandError) as refusal:
        world.sh(f"conntrack {words}")
    assert (str(refusal.value), refusal.value.code) == (f"{BANNER}{text}{SEE_HELP}", 2)
