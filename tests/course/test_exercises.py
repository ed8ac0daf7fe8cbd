"""Each checker fails on the untouched exercise and passes on the solution; the data hold together."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from k8snet.course import check, exercise, figure, hint
from k8snet.course.data import keys, question, task
from tests.course.answers import after, told

EXERCISES = keys("exercise")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def is_value(key: str) -> bool:
    return not task(key).goals and not task(key).changes_cluster


def solved(key: str) -> object:
    """The answer that the solution is or makes, with numbers as numbers."""
    if is_value(key):
        [answer] = task(key).solution
        return int(answer) if answer.isdigit() else answer
    return after(key, task(key).solution)


@pytest.mark.parametrize("key", EXERCISES)
def test_the_untouched_exercise_fails(key: str) -> None:
    verdict = check(key, None if is_value(key) else exercise(key))
    assert not verdict.passed
    assert repr(verdict).startswith("Not yet: ")


@pytest.mark.parametrize("key", EXERCISES)
def test_the_solution_passes(key: str) -> None:
    verdict = check(key, solved(key))
    assert verdict.passed, repr(verdict)


@pytest.mark.parametrize("key", [key for key in EXERCISES if not is_value(key)])
def test_each_line_of_the_solution_is_needed(key: str) -> None:
    for left_out in task(key).solution:
        lines = [line for line in task(key).solution if line != left_out]
        assert not check(key, after(key, lines, failing=True)).passed, left_out


@pytest.mark.parametrize(
    ("key", "answer", "says"),
    [
        pytest.param("03-1", "02:00:00:00:00:0f", "belongs to eth0 of pod-c", id="the MAC of the far pod"),
        pytest.param("03-1", "02:00:00:00:00:0e", "belongs to br0 of node-b", id="the MAC of the far bridge"),
        pytest.param("03-1", "02:00:00:00:00:0b", "belongs to eth0 of pod-a", id="the MAC of the asker"),
        pytest.param("03-1", "10.1.1.254", "is not the MAC address", id="an address that is no MAC"),
        pytest.param("03-3", "done", "hand over the world", id="not a world"),
        pytest.param("03-5", figure.whole(), 'Cannot open network namespace "pod-e"', id="nothing built"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(key: str, answer: object, says: str) -> None:
    assert says in told(key, answer)


POD_E = task("03-5").solution


def without(part: str) -> list[str]:
    """The solution of exercise 5 without the lines that contain a part."""
    return [line for line in POD_E if part not in line]


def other(part: str, instead: str) -> list[str]:
    """The solution of exercise 5 with something in another's place."""
    return [line.replace(part, instead) for line in POD_E]


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("03-3", ["ip -n pod-a route del default"], "pod-a has no route to 10.1.2.1", id="no way out"),
        pytest.param("03-3", ["ip -n router route del 10.1.2.0/24"], "router has no route to 10.1.2.1", id="lost on the way"),
        pytest.param(
            "03-3",
            ["ip netns exec node-b sysctl -w net.ipv4.ip_forward=1", "ip -n router route del 10.1.1.0/24"],
            "The request arrives; on the way back, router has no route to 10.1.1.1",
            id="lost on the way back",
        ),
        pytest.param("03-3", ["ip netns exec node-a sysctl -w net.ipv4.ip_forward=1"], "as far as node-b", id="the wrong node"),
        pytest.param("03-2", ["ip -n node-a link set br0 down"], "pod-a asks on its eth0 who has 10.1.1.2", id="the bridge down"),
        pytest.param("03-2", ["ip -n pod-a route add blackhole 10.1.1.254"], "node-a still gets an answer", id="hidden only"),
        pytest.param(
            "03-4", ["ip -n node-a route add 10.1.2.0/24 via 10.100.0.3"],
            "pod-c reaches 10.1.1.1, and its packet still crosses router", id="one direction only",
        ),
        pytest.param(
            "03-4", ["ip -n node-a route add 10.1.2.0/24 dev eth0"], "node-a asks on its eth0 who has 10.1.2.1", id="no next hop"
        ),
        pytest.param(
            "03-4", ["ip -n node-a route add 10.1.2.1 via 10.100.0.3", "ip -n node-b route add 10.1.1.1 via 10.100.0.2"],
            "pod-b reaches 10.1.2.2, and its packet still crosses router", id="two pods only",
        ),
        pytest.param("03-5", without("addr add"), "pod-e has no route to 10.1.1.1", id="no address"),
        pytest.param("03-5", without("default"), "pod-e has no route to 10.1.2.2", id="no gateway"),
        pytest.param("03-5", without("veth2 master"), "the wire at its eth0 is not up", id="the port not up"),
        pytest.param("03-5", without("link set eth0"), "pod-e has no route to 10.1.1.1", id="the pod's end not up"),
        pytest.param("03-5", other("master br0 ", ""), "who has 10.1.1.1, and nobody answers", id="not a port"),
        pytest.param("03-5", other("node-a", "node-b"), "who has 10.1.1.1, and nobody answers", id="the wrong node's bridge"),
        pytest.param("03-5", other("/24", "/16"), "who has 10.1.2.2, and nobody answers", id="too short a prefix"),
        pytest.param("03-5", other("10.1.1.254", "10.1.1.253"), "who has 10.1.1.253", id="the wrong gateway"),
        pytest.param("03-5", other("10.1.1.254", "10.1.1.2"), "as far as pod-b and ends there", id="a pod as gateway"),
        pytest.param("03-5", other("10.1.1.3", "10.1.1.4"), "node-a asks on its br0 who has 10.1.1.3", id="another address"),
    ],
)
def test_the_fault_is_told_by_where_the_packet_ends(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines, failing=True))


def test_a_checker_does_not_touch_the_world() -> None:
    world = exercise("03-3")
    before = len(world.log), world.now
    check("03-3", world)
    check("03-1", "02:00:00:00:00:0a", world)
    assert (len(world.log), world.now) == before


@pytest.mark.parametrize("key", EXERCISES)
def test_hints_go_from_the_first_to_the_last(key: str) -> None:
    count = len(task(key).hints)
    assert count >= 2
    assert hint(key).lines[0].startswith(f"Hint 1 of {count}: ")
    assert hint(key, count + 1).lines == hint(key, count).lines


@pytest.mark.parametrize("key", EXERCISES)
def test_a_command_in_a_hint_can_be_copied(key: str) -> None:
    for number in range(1, len(task(key).hints) + 1):
        said = hint(key, number)
        assert all(line in repr(said).splitlines() for line in said.lines if line.count("(") and line.endswith(")"))


@pytest.mark.parametrize("key", EXERCISES)
def test_the_notebook_shows_the_solution_and_calls_the_checker(key: str) -> None:
    [notebook] = NOTEBOOKS.glob(f"{key.split('-', maxsplit=1)[0]}_*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert f'check(\\"{key}\\"' in text
    for line in task(key).solution:
        typed = re.sub(r"\A(kubectl |start |stop |[a-z0-9-]+: )", "", line) if task(key).on_cluster else line
        for part in typed.splitlines():
            assert json.dumps(part)[1:-1] in text


@pytest.mark.parametrize("key", keys("predict"))
def test_every_wrong_choice_has_its_answer(key: str) -> None:
    asked = question(key)
    if asked.choices:
        assert len([choice for choice in asked.choices if not choice.why]) == 1, "the right one alone needs none"
    assert asked.because
