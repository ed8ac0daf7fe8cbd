"""A world as a reader uses it: the figure is built by commands, and questions are asked in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet.errors import CommandError, K8snetError
from k8snet.linux import Trace, World

FIGURE = Path(__file__).parents[1] / "twin" / "figure.sh"


@pytest.fixture
def figure() -> World:
    world = World(seed=1)
    for line in FIGURE.read_text().splitlines():
        if line and not line.startswith("#"):
            world.sh(line)
    for pod in ("pod-a", "pod-b", "pod-c", "pod-d"):
        world.listen(pod, 4000)
        world.listen(pod, 4000, proto="udp")
    return world


def way(trace: Trace) -> list[str]:
    return [hop.netns for hop in trace.hops]


@pytest.mark.parametrize(
    ("netns", "dst", "port", "fate", "errno", "icmp"),
    [
        pytest.param("pod-a", "10.1.1.2", 4000, "delivered", None, None, id="same bridge"),
        pytest.param("pod-a", "10.1.2.2", 4000, "delivered", None, None, id="other node"),
        pytest.param("pod-a", "10.1.1.1", 4000, "delivered", None, None, id="oneself"),
        pytest.param("pod-a", "127.0.0.1", 4000, "delivered", None, None, id="localhost"),
        pytest.param("pod-a", "10.1.2.2", 4001, "refused", "ECONNREFUSED", None, id="nobody listens"),
        pytest.param("pod-a", "10.1.1.9", 4000, "unreachable", "EHOSTUNREACH", (3, 1), id="nobody has the address"),
        pytest.param("pod-a", "192.0.2.1", 4000, "unreachable", "ENETUNREACH", (3, 0), id="the router has no route"),
        pytest.param("router", "192.0.2.1", 4000, "unreachable", "ENETUNREACH", None, id="no route at home"),
    ],
)
def test_how_a_connection_ends(figure: World, netns: str, dst: str, port: int, fate: str, errno: str | None,
                               icmp: tuple[int, int] | None) -> None:
    trace = figure.connect(netns, dst, port)
    assert (trace.fate, trace.errno, trace.icmp) == (fate, errno, icmp)
    assert (trace.reason is None) == (fate == "delivered")


def test_the_app_says_who_it_is_and_whom_it_saw(figure: World) -> None:
    trace = figure.connect("pod-a", "10.1.2.2", 4000)
    assert (trace.answered_by, trace.seen_from) == ("pod-d", "10.1.1.1:40000")
    assert trace.data == b"pod-d saw 10.1.1.1:40000\n"


@pytest.mark.parametrize(
    ("dst", "hops"),
    [
        ("10.1.1.2", ["pod-a", "node-a", "pod-b"]),
        ("10.1.2.2", ["pod-a", "node-a", "underlay", "router", "underlay", "node-b", "pod-d"]),
    ],
)
def test_the_way_and_the_way_back(figure: World, dst: str, hops: list[str]) -> None:
    trace = figure.connect("pod-a", dst, 4000)
    assert way(trace) == hops
    assert trace.answer is not None
    assert [hop.netns for hop in trace.answer.hops] == hops[::-1]


def test_a_second_packet_needs_no_arp(figure: World) -> None:
    first, second = (figure.ping("pod-a", "10.1.1.2") for _ in range(2))
    assert [packet.role for packet in first.packets] == ["request", "arp", "arp", "reply"]
    assert [packet.role for packet in second.packets] == ["request", "reply"]


def test_two_runs_are_the_same_run() -> None:
    def run() -> str:
        world = World(seed=7)
        for line in FIGURE.read_text().splitlines():
            if line and not line.startswith("#"):
                world.sh(line)
        return str(world.ping("pod-a", "10.1.2.2")) + world.sh("ip -n node-a addr")

    assert run() == run()


def test_a_fork_leaves_the_original_alone(figure: World) -> None:
    what_if = figure.fork()
    what_if.sh("ip -n router route del 10.1.2.0/24")
    assert what_if.ping("pod-a", "10.1.2.2").fate == "unreachable"
    assert figure.ping("pod-a", "10.1.2.2").fate == "delivered"
    assert len(what_if.log) == len(figure.log) + 1


@pytest.mark.parametrize(
    "line",
    [
        "ip link add a type veth peer name b netns nowhere",
        "ip netns add pod-a",
        "nosuchtool --help",
        "ip addr add 10.1.1.300/24 dev lo",
        "ip route | grep default",
        "ip addr show dev 'unfinished",
    ],
)
def test_what_is_refused_changes_nothing(figure: World, line: str) -> None:
    def state() -> tuple[str, list[str], list[str]]:
        return str(figure.log), list(figure.netns), [str(address) for address in figure.root.devices["lo"].addresses]

    before = state()
    with pytest.raises(K8snetError) as refusal:
        figure.sh(line)
    assert str(refusal.value)
    assert state() == before


def test_a_taken_port_is_refused(figure: World) -> None:
    with pytest.raises(CommandError, match="Address already in use"):
        figure.listen("pod-a", 4000)


def test_a_name_is_no_address(figure: World) -> None:
    for ask in (figure.ping, lambda netns, dst: figure.connect(netns, dst, 4000)):
        with pytest.raises(CommandError, match=r"^pod-b: Temporary failure in name resolution$"):
            ask("pod-a", "pod-b")
    assert figure.traces == []


def test_the_log_is_a_shell_script(figure: World) -> None:
    figure.connect("pod-a", "10.1.2.2", 4000)
    lines = str(figure.log).splitlines()
    assert "ip netns add pod-a" in lines
    assert lines[-1] == "ip netns exec pod-a nc -w 4 10.1.2.2 4000"


def test_a_question_need_not_be_kept(figure: World) -> None:
    kept = figure.ping("pod-a", "10.1.1.2")
    probe = figure.connect("pod-a", "10.1.1.2", 4000, keep=False)
    assert probe.fate == "delivered"
    assert figure.traces == [kept]
    assert figure.log[probe.log_position] == probe.question


def test_time_passes_when_asked_to(figure: World) -> None:
    figure.ping("pod-a", "10.1.1.2")
    before = figure.now
    assert "REACHABLE" in figure.sh("ip -n pod-a neigh")
    figure.sleep(31)
    assert figure.now == pytest.approx(before + 31)
    assert "STALE" in figure.sh("ip -n pod-a neigh")


@pytest.mark.parametrize("line", ["sleep", "sleep soon", "sleep -1", "sleep inf"])
def test_a_bad_time_is_refused(figure: World, line: str) -> None:
    with pytest.raises(CommandError, match=r"^sleep: "):
        figure.sh(line)
