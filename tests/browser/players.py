"""The players (stepper, workflow timeline, rule explorer) as a learner meets them: a slider with moments, a pace, a sentence.

What only one of them has is asked of in its own test module. A moment has a number from 1, or from the end below 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from k8snet import show
from k8snet.kube import narrate
from k8snet.kube.author import author
from k8snet.linux import words
from k8snet.show.timeline import timeline
from tests.browser.driver import Lab
from tests.show import histories, journeys, ruleworlds

LAST = -1
ACTIVE_CELL = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
MODE = "() => window.jupyterapp.shell.currentWidget.content.mode"
KEYS = pytest.mark.parametrize(
    ("keys", "number"),
    [
        pytest.param([], 1, id="first"),
        pytest.param(["ArrowRight"], 2, id="right"),
        pytest.param(["ArrowRight", "ArrowRight", "ArrowLeft"], 2, id="right and left"),
        pytest.param(["ArrowLeft"], 1, id="not before the first"),
        pytest.param(["End"], LAST, id="end"),
        pytest.param(["End", "ArrowRight"], LAST, id="not behind the last"),
        pytest.param(["End", "Home"], 1, id="home"),
    ],
)
"""Keys that are pressed at the first moment, and where they lead."""


class Told(NamedTuple):
    """A moment: the sentence on the screen, who acts, and what a screen reader says of the slider."""

    sentence: str
    who: str
    said: str


@dataclass(frozen=True)
class Kind:
    """What differs between the players: their names and words, what is played, and which of their parts a test touches."""

    name: str
    noun: str
    """What a moment is called."""
    played: ModuleType
    """A module of tests, run in the notebook's first cell; ``make`` uses its functions."""
    make: str
    tell: Callable[[], list[Told]]
    """What is to be read at each moment."""
    focus_order: tuple[str, ...]
    clicked: tuple[str, ...]
    gliding: str
    acting: str = ""
    """Where it is written who acts, if that is not in the sentence."""


@cache
def steps() -> list[Told]:
    """What the stepper says of a connection to a Service's address: each step, then the verdict."""
    trace = journeys.translated()
    told = [(moment.hop.netns, words.sentence(moment.step)) for moment in timeline(trace)] + [("pod-a", words.verdict(trace))]
    return [Told(f"{netns} {sentence}", netns, f"{netns}: {sentence}") for netns, sentence in told]


@cache
def writes() -> list[Told]:
    """What the workflow timeline says of a Deployment with three pods that comes to life."""
    told = [(str(author(write)), narrate.sentence(write)) for write in histories.deployed()]
    return [Told(sentence, who, f"{who}: {sentence.removeprefix(who).strip()}") for who, sentence in told]


@cache
def rules() -> list[Told]:
    """What the rule explorer says of a connection to a Service's address: each rule that was tried."""
    way = show.rules(ruleworlds.to_service(), "node-a").way
    told = [(way.who(way.rooms[moment.chain]), moment.sentence) for moment in way.moments]
    return [Told(f"{who} {sentence}", who, f"{who}: {sentence}") for who, sentence in told]


STEPPER = Kind(
    "stepper", "Step", journeys, "show.stepper(translated())", steps,
    focus_order=("First step", "Step back", "Play", "Step forward", "Last step", "Step", "Pace", "Packets",
                 "Headers of the packet", "Evidence of the step"),
    clicked=("svg[role=img] .box", ".sentence", "header h3"), gliding=".token",
)  # fmt: skip
WORKFLOW = Kind(
    "workflow", "Write", histories, "show.workflow(deployed())", writes,
    focus_order=("Objects at this moment", "Nodes at this moment", "First write", "Write back", "Play", "Write forward",
                 "Last write", "Write", "Pace", "Fields that this write changed"),
    clicked=("svg[role=img] .seat rect", ".sentence", "header h3"), gliding=".seat.now rect", acting=".seat.now",
)  # fmt: skip

RULES = Kind(
    "rules", "Rule", ruleworlds, 'show.rules(to_service(), "node-a")', rules,
    focus_order=("nat KUBE-POSTROUTING, 1 of 3 rules tried", "First rule", "Rule back", "Play", "Rule forward", "Last rule",
                 "Rule", "Pace", "Rules of the chain", "The packet at this rule"),
    clicked=(".asked", ".sentence", "header h3"), gliding=".box.now rect",
)  # fmt: skip


class Player:
    """A player on the page: ``element`` in a notebook of JupyterLab."""

    def __init__(self, lab: Lab, kind: Kind, element: Locator) -> None:
        self.lab, self.kind, self.element = lab, kind, element
        self.told = kind.tell()
        self.slider = element.get_by_role("slider", name=kind.noun)
        self.count = element.locator(".count")
        self.sentence = element.locator(".sentence")
        self.pace = element.get_by_role("combobox", name="Pace")

    def button(self, name: str) -> Locator:
        """A button by its label."""
        return self.element.get_by_role("button", name=name)

    def to_end(self, end: str) -> None:
        """By its button to the ``First`` or the ``Last`` moment."""
        self.button(f"{end} {self.kind.noun.lower()}").click()

    def go(self, number: int) -> None:
        """To the moment of that number."""
        self.slider.evaluate("(node, n) => { node.value = n; node.dispatchEvent(new Event('input')); }", self._place(number))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.lab.page.keyboard.press(key)

    def expect_at(self, number: int) -> None:
        """That moment is shown: the sentence, the count, who acts, and what a screen reader says of the slider."""
        place = self._place(number)
        told, count = self.told[place], f"{place + 1} / {len(self.told)}"
        expect(self.count).to_have_text(count)
        expect(self.sentence).to_have_text(told.sentence)
        if self.kind.acting:
            expect(self.element.locator(self.kind.acting)).to_have_text(told.who)
        expect(self.slider).to_have_attribute("aria-valuetext", f"{count}, {told.said}")

    def expect_keys(self, focused: str, keys: list[str], number: int) -> None:
        """From the first moment, keys lead there from an element of that role; the notebook around does not take them."""
        before = self.lab.page.evaluate(ACTIVE_CELL)
        self.element.get_by_role(focused).first.focus()  # type: ignore[arg-type]  # a role by its name
        self.press(*keys)
        self.expect_at(number)
        assert self.lab.page.evaluate(ACTIVE_CELL) == before
        assert self.lab.page.evaluate(MODE) != "edit"

    def expect_accessible(self, number: int, theme: str) -> None:
        """At that moment and in that theme, axe finds nothing."""
        self.lab.change_theme(theme)
        self.go(number)
        found = Axe().run(self.lab.page, context=f".k8snet-{self.kind.name}").response
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
        assert {"color-contrast", "button-name"} <= {each["id"] for each in found["passes"]}
        self.lab.change_theme("light")

    def _place(self, number: int) -> int:
        return number - 1 if number > 0 else len(self.told) + number


def write(lab: Lab, kind: Kind, name: str, *expressions: str) -> None:
    """Write a notebook with a cell for each expression; the functions of what is played are there."""
    prepare = Path(str(kind.played.__file__)).read_text(encoding="utf-8")
    lab.write(name, [f"from k8snet import show\n{expression}" for expression in expressions], prepare=prepare)


@contextmanager
def shown(lab: Lab, kind: Kind, name: str, *expressions: str) -> Iterator[Locator]:
    """The players in a notebook that is written and run (`write`, `Lab.running`), while it is in front."""
    write(lab, kind, name, *expressions)
    with lab.running(name):
        players = in_front(lab, kind)
        players.first.wait_for()
        yield players


def in_front(lab: Lab, kind: Kind) -> Locator:
    """The players in the notebook in front."""
    return lab.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) .k8snet-{kind.name}")
