"""Machines that sleep until they are touched: what wakes them, in which order, and that nobody could tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import CommandError
from k8snet.linux import Trace, World
from k8snet.linux.address import ANY
from k8snet.linux.log import Listen
from tests.linux.sleeping_network import MACHINES, boot, lines, network, run


@pytest.fixture
def world() -> World:
    return network(asleep=True)


def awake(world: World) -> list[str]:
    return [name for name in world.netns if name.startswith("m")]


@pytest.mark.parametrize(
    "touch",
    [
        pytest.param(lambda w: w.sh("ip -n m3 addr"), id="ip -n"),
        pytest.param(lambda w: w.sh("ip netns exec m3 ss -tln"), id="ip netns exec"),
        pytest.param(lambda w: w.sh("ip link add a type veth peer name b netns m3"), id="a wire that leads there"),
        pytest.param(lambda w: w.sh("ip link add lo netns m1 type veth peer name b netns m3", check=False), id="in vain"),
        pytest.param(lambda w: w.sh("ip netns del m3"), id="to be deleted"),
        pytest.param(lambda w: w.ping("m3", "10.0.0.3"), id="to ask from"),
        pytest.param(lambda w: w.connect("m3", "10.0.0.1", 80), id="to connect from"),
        pytest.param(lambda w: w.listen("m3", 81), id="an app"),
        pytest.param(lambda w: w.ping("m1", "10.0.0.3"), id="an ARP request"),
        pytest.param(lambda w: w.sh("ip netns exec m1 arping -c 1 -I eth0 10.0.0.3"), id="arping"),
        pytest.param(lambda w: w.wake("m3"), id="by hand"),
    ],
)
def test_what_wakes_a_machine(world: World, touch: Callable[[World], object]) -> None:
    touch(world)
    assert set(awake(world)) | {"m3"} == {"m1", "m3"}
    assert "m3" not in world.sleepers
    assert "m4" in world.sleepers


@pytest.mark.parametrize("touch", [
    pytest.param(lambda w: w.ping("m1", "10.0.0.77"), id="another address"),
    pytest.param(lambda w: w.ping("m1", "127.0.0.1"), id="nobody's business"),
    pytest.param(lambda w: w.sh("ip -n m1 addr"), id="another machine"),
    pytest.param(lambda w: w.sleep(60), id="time"),
    pytest.param(lambda w: w.fork().wake_all(), id="a fork"),
])
def test_what_wakes_nobody(world: World, touch: Callable[[World], object]) -> None:
    touch(world)
    assert awake(world) == ["m1"]


def test_nobody_can_tell_that_it_slept(world: World) -> None:
    with pytest.raises(CommandError, match="File exists"):
        world.sh("ip netns add m2")
    with pytest.raises(CommandError, match="Address already in use"):
        world.listen("m4", 80)
    assert world.sh("ip netns").split() == ["m5", "m3", "m4", "m2", "m1", "switch"]


def test_all_that_was_put_off_is_done_in_order_and_once(world: World) -> None:
    world.when_touched("pod", run, "ip netns add pod", machine="m2")
    world.when_touched("pod", run, "ip link add eth0 netns pod type veth peer name pod netns m2", machine="m2")
    world.when_touched("m2", run, "ip -n m2 link set pod up")
    assert world.netns.keys() & {"pod", "m2"} == set()
    world.sh("ip -n pod link set eth0 up")
    assert [str(entry) for entry in world.log[-10:]] == [
        *lines(2), str(Listen("m2", 80, "tcp", "m2", ANY)),
        "ip netns add pod", "ip link add eth0 netns pod type veth peer name pod netns m2", "ip -n m2 link set pod up",
        "ip -n pod link set eth0 up",
    ]
    length = len(world.log)
    world.wake("m2")
    world.sh("ip -n m2 link")
    world.sh("ip -n pod link")
    assert len(world.log) == length + 2


def test_what_is_put_off_for_a_machine_that_is_awake_is_done_at_once(world: World) -> None:
    world.when_touched("pod", run, "ip netns add pod", machine="m1")
    assert "pod" in world.netns


def test_who_is_deleted_may_sleep_again(world: World) -> None:
    world.sh("ip netns del m1")
    world.when_touched("m1", boot, 1)
    assert "m1" not in world.netns
    assert world.ping("m2", "10.0.0.1").fate == "timeout"  # nobody knows an address of it
    assert world.ping("m1", "10.0.0.2").fate == "delivered"


def test_who_wakes_during_a_question_is_in_the_log_before_it(world: World) -> None:
    first = world.ping("m1", "127.0.0.1")
    second = world.connect("m1", "10.0.0.3", 80)
    third = world.ping("m1", "10.0.0.3")
    assert second.answered_by == "m3"
    traces = first, second, third
    assert [world.log[trace.log_position] for trace in traces] == [trace.question for trace in traces]
    assert second.log_position == first.log_position + 1 + len(lines(3)) + 1
    assert {capture.netns for capture in second.captures} == {"m1", "switch", "m3"}


def test_who_wakes_during_a_command_that_asks_is_in_the_log_before_it(world: World) -> None:
    trace = world.sh("ip netns exec m1 ping -c 2 10.0.0.3").trace
    assert trace is not None
    assert str(world.log[trace.log_position]) == "ip netns exec m1 ping -c 2 10.0.0.3"
    assert {each.log_position for each in world.traces} == {len(world.log) - 1}


def test_a_fork_wakes_its_own_machines(world: World) -> None:
    forks = [world.fork(), world.fork()]
    assert [fork.ping("m1", "10.0.0.2").fate for fork in forks] == ["delivered", "delivered"]
    assert (awake(world), awake(forks[0])) == (["m1"], ["m1", "m2"])
    assert len(world.log) == len(forks[0].log) - len(lines(2)) - 2


def test_a_deed_that_is_refused_is_told_to_who_touched(world: World) -> None:
    world.when_touched("m6", run, "ip netns add m1")
    with pytest.raises(CommandError, match="File exists"):
        world.sh("ip -n m6 link")
    with pytest.raises(CommandError, match="Cannot open network namespace"):
        world.sh("ip -n m6 link")


numbers = st.integers(1, MACHINES)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(numbers, numbers, st.sampled_from([None, 80, 81])), max_size=6))
def test_a_world_that_sleeps_answers_as_one_that_never_did(questions: list[tuple[int, int, int | None]]) -> None:
    def told(world: World, asker: int, asked: int, port: int | None) -> tuple[object, ...]:
        name, dst = f"m{asker}", f"10.0.0.{asked}"
        trace: Trace = world.ping(name, dst) if port is None else world.connect(name, dst, port)
        return trace.fate, trace.answered_by, trace.seen_from, [hop.netns for hop in trace.hops], trace.ended - trace.started

    worlds = network(asleep=True), network(asleep=False)
    for question in questions:
        lazy, eager = (told(world, *question) for world in worlds)
        assert lazy == eager
    assert set(worlds[0].netns) == {"switch", "m1"} | {f"m{number}" for asker, asked, _ in questions for number in (asker, asked)}
