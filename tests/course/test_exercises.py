"""Each checker fails on the untouched exercise and passes on the solution; the data hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet.course import check, exercise, figure, hint
from k8snet.course.data import keys, question, task
from k8snet.linux import World

EXERCISES = keys("exercise")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def is_value(key: str) -> bool:
    return not task(key).goals


def solved(key: str) -> object:
    """The answer that the solution is or makes, with numbers as numbers."""
    if is_value(key):
        [answer] = task(key).solution
        return int(answer) if answer.isdigit() else answer
    world = exercise(key)
    for line in task(key).solution:
        world.sh(line)
    return world


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
        world = exercise(key)
        for line in task(key).solution:
            if line != left_out:
                world.sh(line, check=False)
        assert not check(key, world).passed, left_out


@pytest.mark.parametrize(
    ("key", "answer", "says"),
    [
        pytest.param("03-1", "02:00:00:00:00:0f", "belongs to pod-c eth0", id="the MAC of the far pod"),
        pytest.param("03-1", "02:00:00:00:00:03", "belongs to router eth0", id="the MAC of the router"),
        pytest.param("03-1", "10.1.1.254", "no device", id="an address that is no MAC"),
        pytest.param("03-2", 3, "ends in node-b", id="TTL too small"),
        pytest.param("03-2", 64, "so is 63", id="TTL too large"),
        pytest.param("03-2", 0, "is no TTL", id="no TTL"),
        pytest.param("03-2", "four", "is no TTL", id="no number"),
        pytest.param("03-3", "done", "hand over the world", id="not a world"),
        pytest.param("03-5", figure.whole(), 'Cannot open network namespace "pod-e"', id="nothing built"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(key: str, answer: object, says: str) -> None:
    assert says in " ".join(check(key, answer).lines)


def broken(*lines: str) -> World:
    world = figure.whole()
    for line in lines:
        world.sh(line)
    return world


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param(["ip -n pod-a route del default"], "does not leave pod-a", id="no way out"),
        pytest.param(["ip -n router route del 10.1.2.0/24"], "as far as router", id="lost on the way"),
        pytest.param(["ip -n router route del 10.1.1.0/24"], "the reply ends in router", id="lost on the way back"),
    ],
)
def test_the_fault_is_told_by_where_the_packet_ends(lines: list[str], says: str) -> None:
    assert says in " ".join(check("03-3", broken(*lines)).lines)


def test_a_half_way_without_the_router_is_not_enough() -> None:
    verdict = check("03-4", broken("ip -n node-a route add 10.1.2.0/24 via 10.100.0.3"))
    assert verdict.lines == ("Not yet: pod-c reaches 10.1.1.1, and its packet still crosses router.",)


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
def test_the_notebook_shows_the_solution_and_calls_the_checker(key: str) -> None:
    [notebook] = NOTEBOOKS.glob(f"{key.split('-', maxsplit=1)[0]}_*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert f'check(\\"{key}\\"' in text
    for line in task(key).solution:
        assert line in text


@pytest.mark.parametrize("key", keys("predict"))
def test_every_wrong_choice_has_its_answer(key: str) -> None:
    asked = question(key)
    if asked.choices:
        assert len([choice for choice in asked.choices if not choice.why]) == 1, "the right one alone needs none"
    assert asked.because
