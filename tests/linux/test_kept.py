"""A connection that is kept open is used again, and the nat tables are not asked again."""

from __future__ import annotations

import pytest

from k8snet import lab
from k8snet.course import figure
from k8snet.linux import Trace, World
from k8snet.linux.packet import Packet
from k8snet.linux.steps import Judged

NAT = "ip netns exec node-a iptables -t nat"


@pytest.fixture
def world() -> World:
    world = figure.with_server()
    world.sh(f"{NAT} -A PREROUTING -d 10.96.0.50 -p tcp -j DNAT --to-destination 10.1.2.1:4000")
    return world


def ask(world: World, *, keep_open: bool = True) -> Trace:
    return world.connect("pod-a", "10.96.0.50", 80, sport=50000, keep_open=keep_open)


def flags(trace: Trace) -> list[str]:
    return [each.packet.flags for each in trace.packets if isinstance(each.packet, Packet)]


def test_the_second_question_needs_no_handshake_and_the_last_one_closes(world: World) -> None:
    assert flags(ask(world)) == ["S", "S.", ".", "P.", ".", "P.", "."]
    assert flags(ask(world)) == ["P.", ".", "P.", "."]
    assert flags(ask(world, keep_open=False)) == ["P.", ".", "P.", ".", "F.", "F.", "."]
    assert flags(ask(world))[0] == "S"


def test_rules_that_change_do_not_touch_it(world: World) -> None:
    ask(world)
    world.sh(f"{NAT} -R PREROUTING 1 -d 10.96.0.50 -p tcp -j DNAT --to-destination 10.1.2.2:4000")
    trace = ask(world)
    assert (trace.fate, trace.answered_by) == ("delivered", "pod-c")
    assert "nat" not in {step.table for step in trace.hop("node-a").steps if isinstance(step, Judged)}
    assert world.connect("pod-a", "10.96.0.50", 80, sport=50001, keep_open=True).fate == "refused"


def test_a_fork_has_a_connection_of_its_own(world: World) -> None:
    ask(world)
    fork = world.fork()
    assert flags(ask(fork, keep_open=False))[-1] == "."
    assert flags(ask(fork))[0] == "S"
    assert flags(ask(world))[0] == "P."


def test_whose_peer_is_gone_connects_anew(world: World) -> None:
    ask(world)
    world.close("pod-c", 4000)
    assert ask(world).fate == "refused"
    world.listen("pod-c", 4000)
    assert ask(world).fate == "delivered"


def test_it_prints_as_what_it_is(world: World) -> None:
    ask(world)
    assert str(world.log[-1]).endswith("nc -w 4 -p 50000 10.96.0.50 80  # and the connection stays open")


def test_the_kernel_says_the_same(kernel: None, world: World) -> None:
    ask(world)
    ask(world)
    ask(world, keep_open=False)
    for comparison in lab.compare_all(world.log):
        assert comparison.agrees, comparison
