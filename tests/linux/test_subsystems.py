"""What each subsystem must do by itself, as rows; the real kernel is asked the same in tests/twin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.linux import World, tcpstate
from k8snet.linux.address import Ip, Network
from k8snet.linux.conntrack import Tuple, tuple_of
from k8snet.linux.fragment import Fragments, cut
from k8snet.linux.icmp import RateLimit
from k8snet.linux.neigh import Neigh
from k8snet.linux.packet import Icmp, Packet
from k8snet.linux.route import lookup

ADDRESSES = st.integers(0, 0xFFFFFFFF).map(Ip)


@given(ADDRESSES)
def test_an_address_reads_as_it_prints(address: Ip) -> None:
    assert Ip(str(address)) == address


@given(ADDRESSES, st.integers(0, 32))
def test_a_network_holds_its_first_and_last_address(address: Ip, length: int) -> None:
    network = Network.around(address, length)
    assert address in network
    assert network.address in network
    assert network.broadcast in network
    assert Network.parse(str(network)) == network


@pytest.mark.parametrize("text", ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "1.2.3.-4", "\u0661.2.3.4"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an IPv4 address"):
        Ip(text)


def test_ipv6_says_that_it_is_not_modelled() -> None:
    with pytest.raises(NotModelled, match="IPv6 address fd00::1"):
        Ip("fd00::1")


ROUTES = (
    "ip link add a type veth peer name b", "ip link set a up", "ip link set b up",
    "ip addr add 10.0.0.1/24 dev a", "ip addr add 10.9.0.1/16 dev b",
    "ip route add default via 10.0.0.254", "ip route add default via 10.9.0.254 metric 50",
    "ip route add 10.5.0.0/16 via 10.0.0.2 src 10.9.0.1", "ip route add 10.5.5.0/24 via 10.9.0.2",
    "ip route add unreachable 10.6.0.0/16", "ip route add prohibit 10.7.0.0/16", "ip route add blackhole 10.8.0.0/16",
    "ip route add throw 10.5.6.0/24", "ip route add 10.5.0.0/16 via 10.9.0.3 table 100",
    "ip rule add fwmark 7 table 100", "ip rule add from 10.99.0.0/16 prohibit",
)


@pytest.mark.parametrize(
    ("dst", "facts", "via", "src", "errno"),
    [
        pytest.param("10.0.0.77", {}, "10.0.0.77", "10.0.0.1", None, id="on the link"),
        pytest.param("8.8.8.8", {}, "10.0.0.254", "10.0.0.1", None, id="default, lowest metric"),
        pytest.param("10.5.1.1", {}, "10.0.0.2", "10.9.0.1", None, id="preferred source"),
        pytest.param("10.5.5.1", {}, "10.9.0.2", "10.9.0.1", None, id="longest prefix"),
        pytest.param("10.5.6.1", {}, None, None, "ENETUNREACH", id="throw, and no other table"),
        pytest.param("10.5.5.1", {"mark": 7}, "10.9.0.3", "10.9.0.1", None, id="another table by mark"),
        pytest.param("10.6.1.1", {}, None, None, "EHOSTUNREACH", id="unreachable"),
        pytest.param("10.7.1.1", {}, None, None, "EACCES", id="prohibit"),
        pytest.param("10.8.1.1", {}, None, None, "EINVAL", id="blackhole"),
        pytest.param("8.8.8.8", {"src": Ip("10.99.1.1")}, None, None, "EACCES", id="a rule that refuses"),
        pytest.param("10.0.0.1", {}, "10.0.0.1", "10.0.0.1", None, id="oneself"),
    ],
)
def test_where_a_packet_goes(dst: str, facts: dict[str, int], via: str | None, src: str | None, errno: str | None) -> None:
    world = World()
    for line in ROUTES:
        world.sh(line)
    found = lookup(world.root, Ip(dst), **facts)  # type: ignore[arg-type]
    told = tuple(None if each is None else str(each) for each in (found.via, found.src))
    assert (*told, found.errno) == (via, src, errno)


@given(st.integers(0, 5000), st.integers(68, 1600), st.randoms(use_true_random=False))
def test_pieces_in_any_order_make_the_whole(size: int, mtu: int, chance: object) -> None:
    whole = Packet(Ip("10.0.0.1"), Ip("10.0.0.2"), "udp", 1, 2, data=bytes(index % 251 for index in range(size)), id=9)
    pieces = cut(whole, mtu) if whole.length > mtu else [whole]
    assert all(piece.length <= mtu for piece in pieces)
    chance.shuffle(pieces)  # type: ignore[attr-defined]
    fragments = Fragments()
    answers = [fragments.gather(piece, 0.0) for piece in pieces]
    assert answers[:-1] == [None] * (len(pieces) - 1)
    assert answers[-1] == whole


@pytest.mark.parametrize(
    ("segments", "state"),
    [
        pytest.param([("S", False)], "SYN_SENT", id="asked"),
        pytest.param([("S", False), ("S.", True)], "SYN_RECV", id="answered"),
        pytest.param([("S", False), ("S.", True), (".", False)], "ESTABLISHED", id="open"),
        pytest.param([("S", False), ("R.", True)], "CLOSE", id="refused"),
        pytest.param([("S", False), ("S.", True), (".", False), ("F.", False), ("F.", True), (".", False)],
                     "TIME_WAIT", id="closed"),
        pytest.param([("S.", True)], None, id="an answer to nothing"),
        pytest.param([("S", False), (".", False)], None, id="an ACK before the answer"),
    ],
)
def test_how_conntrack_follows_a_connection(segments: list[tuple[str, bool]], state: str | None) -> None:
    current: str | None = ""
    for flags, reply in segments:
        assert current is not None
        current = tcpstate.following(current, flags, reply=reply)
    assert current == state


@pytest.mark.parametrize(
    "packet",
    [
        Packet(Ip("10.0.0.1"), Ip("10.0.0.2"), "tcp", 1000, 80, "S"),
        Packet(Ip("10.0.0.1"), Ip("10.0.0.2"), "icmp", icmp=Icmp(8, id=5)),
    ],
)
def test_a_tuple_inverted_twice_is_itself(packet: Packet) -> None:
    once: Tuple = tuple_of(packet)
    assert once.inverted() != once
    assert once.inverted().inverted() == once


def test_a_neighbour_grows_stale_with_time() -> None:
    entry = Neigh(now=0.0)
    entry.learn("02:00:00:00:00:01", "REACHABLE", 0.0)
    assert [entry.state(now) for now in (0.0, 29.9, 30.0)] == ["REACHABLE", "REACHABLE", "STALE"]


def test_a_hint_about_the_same_mac_does_not_shake_certainty() -> None:
    entry = Neigh(now=0.0)
    entry.learn("02:00:00:00:00:01", "REACHABLE", 0.0)
    entry.learn("02:00:00:00:00:01", "STALE", 1.0)
    assert entry.state(1.0) == "REACHABLE"
    entry.learn("02:00:00:00:00:02", "STALE", 2.0)
    assert (entry.state(2.0), entry.mac) == ("STALE", "02:00:00:00:00:02")


def test_six_icmp_errors_at_once_then_one_each_second() -> None:
    limit, peer = RateLimit(), Ip("10.0.0.1")
    assert [limit.allows(peer, 0.0, 1.0) for _ in range(7)] == [True] * 6 + [False]
    assert [limit.allows(peer, now, 1.0) for now in (0.5, 1.0, 1.5, 2.0)] == [False, True, False, True]


def test_redirects_come_ever_more_rarely() -> None:
    limit, peer = RateLimit(), Ip("10.0.0.1")
    sent = [ms for ms in range(0, 700, 10) if limit.allows_redirect(peer, ms / 1000)]
    assert sent[:4] == [0, 50, 140, 310]


def test_who_has_just_been_redirected_gets_no_error_for_a_while() -> None:
    limit, peer = RateLimit(), Ip("10.0.0.1")
    assert limit.allows_redirect(peer, 0.0)
    assert [limit.allows(peer, now, 1.0) for now in (0.5, 1.0)] == [False, True]
