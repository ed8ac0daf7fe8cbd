"""predict and reveal: what a learner sees with a guess, with a wrong one, with none; and the figure that lessons share."""

from __future__ import annotations

import pytest

from k8snet.course import exercise, figure, hint, predict, reveal


def test_a_question_in_words() -> None:
    assert repr(predict("03-uplink")).splitlines() == [
        "Predict: pod-a pings 10.100.0.2, the address on node-a's eth0. Does the packet pass through that eth0?",
        "  ( ) yes, the address is on eth0",
        "  ( ) no, it never gets there",
    ]


@pytest.mark.parametrize(
    ("key", "guess", "truth", "first", "lines"),
    [
        pytest.param("03-uplink", None, False, "The model says: no, it never gets there.", 2, id="no guess"),
        pytest.param("03-uplink", False, False, "As you predicted: no, it never gets there.", 2, id="right"),
        pytest.param("03-ttl", " 61 ", 61, "As you predicted: 61.", 2, id="right, typed"),
        pytest.param("03-ttl", 64, 61, "You predicted: 64. The model says: 61.", 2, id="wrong, typed"),
        pytest.param(
            "03-first", "echo request 1, 56 bytes", "who has 10.1.1.2?",
            'You predicted: the ping itself. The model says: a question to everybody on the bridge, "who has 10.1.1.2?".', 3,
            id="wrong",
        ),
        pytest.param("03-first", None, "SYN", "The model says: SYN.", 2, id="what no choice has foreseen"),
    ],
)
def test_reveal(key: str, guess: object, truth: object, first: str, lines: int) -> None:
    said = reveal(predict(key, guess), truth)
    assert said.lines[0] == first
    assert len(said.lines) == lines


def test_what_is_said_is_broken_between_words() -> None:
    said = reveal(predict("03-source", "10.100.0.2"), "10.1.1.1")
    assert max(map(len, repr(said).splitlines())) <= 100
    assert repr(said).split() == " ".join(said.lines).split()


def test_a_wrong_guess_gets_the_step_that_decides() -> None:
    trace = figure.whole().ping("pod-a", "10.1.1.2")
    step = trace.captures[0]
    question = "who has 10.1.1.2?"
    wrong, right = (reveal(predict("03-first", guess), question, step).lines for guess in ("echo request 1, 56 bytes", question))
    assert wrong[1].startswith("What decides it: pod-a: eth0 > ARP who has 10.1.1.2?")
    assert not any(line.startswith("What decides it") for line in right)


@pytest.mark.parametrize("key", ["03-first", "03-ttl"])
def test_the_widget_stands_beside_the_same_words(key: str) -> None:
    asked = predict(key)
    bundle = asked._repr_mimebundle_()
    assert bundle["text/plain"] == repr(asked)
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(("key", "answer"), [("03-first", "who has 10.1.1.2?"), ("03-ttl", "61")])
def test_the_guess_is_what_was_chosen_on_the_screen(key: str, answer: str) -> None:
    asked = predict(key)
    asked._repr_mimebundle_()
    assert asked.guess is None
    asked._widget._field.value = answer
    assert asked.guess == answer


def test_showing_a_question_again_keeps_the_answer() -> None:
    asked = predict("03-ttl")
    asked._repr_mimebundle_()
    asked._widget._field.value = "61"
    asked._repr_mimebundle_()
    assert asked.guess == "61"


@pytest.mark.parametrize("ask", [predict, exercise, hint])
def test_an_unknown_key_is_refused_with_the_known_ones(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(KeyError, match="03-"):
        ask("99-9")


@pytest.mark.parametrize("dst", ["10.1.1.2", "10.1.2.1", "10.1.2.2", "10.100.0.1", "10.100.0.3"])
def test_the_figure_is_whole(dst: str) -> None:
    assert figure.whole().ping("pod-a", dst).fate == "delivered"
