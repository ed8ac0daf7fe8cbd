"""The players in a page: plain data, one module, one style sheet each. What to show is worked out elsewhere.

A widget's module is one file, so what all players have (player.js, player.css) is put before what is each one's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


def source(name: str) -> str:
    """What all players have, and what this one adds, as one text."""
    return "".join((STATIC / file).read_text(encoding="utf-8") for file in (f"player{Path(name).suffix}", name))


class PlayerWidget(anywidget.AnyWidget):
    """Draws ``scene`` once and plays on it, all in the browser."""

    scene = traitlets.Dict().tag(sync=True)

    @property
    def bundle(self) -> dict[str, Any]:
        """What a notebook needs to show it."""
        made: Any = self._repr_mimebundle_()
        found: dict[str, Any] = made[0] if isinstance(made, tuple) else made
        return found


class StepperWidget(PlayerWidget):
    """The packet stepper: ``journey`` is what one trace adds to the scene."""

    _esm = source("stepper.js")
    _css = source("stepper.css")
    journey = traitlets.Dict().tag(sync=True)

    def __repr__(self) -> str:
        return f"<StepperWidget: {self.journey.get('question', '')}>"


class WorkflowWidget(PlayerWidget):
    """The workflow timeline: the scene holds all its moments; ``at`` is the one to show first."""

    _esm = source("workflow.js")
    _css = source("workflow.css")
    at = traitlets.Int(0).tag(sync=True)

    def __repr__(self) -> str:
        return f"<WorkflowWidget: {self.scene.get('title', '')}>"


class RulesWidget(PlayerWidget):
    """The rule explorer: the scene holds chains, rows and moments; ``at`` is the moment to show first."""

    _esm = source("rules.js")
    _css = source("rules.css")
    at = traitlets.Int(0).tag(sync=True)

    def __repr__(self) -> str:
        return f"<RulesWidget: {self.scene.get('title', '')}>"
