"""What a notebook calls: predict, reveal, exercise, check, hint. Nothing here blocks a run, and nothing gives marks.

A prediction is compared with what the model has found a moment ago, never with a stored answer, so that it stays true
when the learner changes the network. Texts are in exercises/*.toml; who is right is decided in checks.py.
"""

from __future__ import annotations

from textwrap import fill
from typing import Any

from k8snet.course import checks
from k8snet.course.data import Choice, question, say, task
from k8snet.linux.steps import Captured, Step
from k8snet.linux.words import sentence
from k8snet.show.question import ask

WIDTH = 100
"""Letters in a line of JupyterLab in a window of usual size."""


class Prediction:
    """A question to answer before running something: ``guess`` is what was chosen or typed, None if nothing was.

    In a notebook it is a list to choose from or a blank to fill in; everywhere else its words.
    """

    def __init__(self, key: str, guess: object = None) -> None:
        self.key = key
        self.question = question(key)
        self._given = None if guess is None else str(guess)
        self._widget: Any = None

    @property
    def guess(self) -> str | None:
        """What was predicted, as a choice's value or the text of the blank."""
        shown = None if self._widget is None else self._widget.value
        return shown or self._given

    def choice(self, value: str | None) -> Choice | None:
        """The choice with this value."""
        return next((choice for choice in self.question.choices if choice.value == value), None)

    def text(self, value: str) -> str:
        """How a value is put to the learner."""
        choice = self.choice(value)
        return value if choice is None else choice.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        if self._widget is None:
            choices = [(choice.text, choice.value) for choice in self.question.choices]
            self._widget = ask(self.question.question, choices, self._given)
        return {**self._widget.bundle, "text/plain": repr(self)}

    def __repr__(self) -> str:
        lines = [f"  ( ) {choice.text}" for choice in self.question.choices] or ["  [ ]"]
        return "\n".join([say("predict", question=self.question.question), *lines])


class Said:
    """Some sentences to read, in ``lines``; they are broken between words where a cell ends."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def __repr__(self) -> str:
        return "\n".join(fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in self.lines)


class Verdict(Said):
    """What a checker found: ``passed``, and in its lines what is still wrong, or what the learner has shown."""

    def __init__(self, passed: bool, *lines: str) -> None:
        super().__init__(*lines)
        self.passed = passed


def predict(key: str, guess: object = None) -> Prediction:
    """Put a question to the learner. ``guess`` answers it where there is nothing to click. KeyError for an unknown key.

    >>> predict("03-ttl")
    Predict: pod-a sends with TTL 64. Which TTL does the packet have when pod-c takes it?
      [ ]
    """
    return Prediction(key, guess)


def reveal(prediction: Prediction, truth: object, step: Step | None = None) -> Said:
    """Compare a prediction with ``truth``, the model's own result; a wrong one gets ``step``, which decides the matter.

    >>> reveal(predict("03-ttl", 61), 61)
    As you predicted: 61.
    Each machine that routes a packet lowers its TTL by one; a bridge does not touch it. Three machines route here.
    """
    found = str(truth)
    answer = prediction.text(found)
    because = prediction.question.because
    if prediction.guess is None:
        return Said(say("unpredicted", truth=answer), because)
    if prediction.guess.strip() == found:
        return Said(say("predicted", truth=answer), because)
    choice = prediction.choice(prediction.guess)
    lines = [say("decides", step=_placed(step))] if step is not None else []
    lines += [choice.why] if choice is not None and choice.why else []
    return Said(say("mispredicted", guess=prediction.text(prediction.guess), truth=answer), *lines, because)


def _placed(step: Step) -> str:
    """A step in words, and where it was, if it knows."""
    return f"{step.netns}: {sentence(step)}" if isinstance(step, Captured) else sentence(step)


def exercise(key: str) -> Any:
    """The course's figure (a World), or a Cluster, with what is broken in an exercise. KeyError for an unknown key."""
    return checks.begun(key)


def check(key: str, answer: object, given: Any = None) -> Verdict:
    """Say what is still wrong with an answer: a world or cluster that was to be changed, or a value found in ``given``.

    What is handed in stays as it is: the checker tries things on a fork. KeyError for an unknown key.

    >>> check("03-3", exercise("03-3"))
    Not yet: pod-a does not reach 10.1.2.1 (timeout): the packet gets as far as node-b and ends there.
    """
    wrong = checks.find_fault(key, answer, given)
    if wrong is not None:
        return Verdict(False, say("not yet", fault=wrong))
    return Verdict(True, say("done", what=task(key).done))


def hint(key: str, number: int = 1) -> Said:
    """The first hint is vague, the last one plain. KeyError for an unknown key.

    >>> hint("03-3")
    Hint 1 of 3: Ask where the request ends, before you ask why:
    print(patient.ping("pod-a", "10.1.2.1"))
    """
    hints = task(key).hints
    number = min(max(number, 1), len(hints))
    return Said(*say("hint", number=number, count=len(hints), hint=hints[number - 1]).splitlines())
