"""The stepper in a page: two pieces of plain data, one module, one style sheet. What to show is worked out elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


class StepperWidget(anywidget.AnyWidget):
    """Draws ``scene`` once and plays ``journey`` on it, all in the browser."""

    _esm = STATIC / "stepper.js"
    _css = STATIC / "stepper.css"
    scene = traitlets.Dict().tag(sync=True)
    journey = traitlets.Dict().tag(sync=True)

    @property
    def bundle(self) -> dict[str, Any]:
        """What a notebook needs to show it."""
        made: Any = self._repr_mimebundle_()
        found: dict[str, Any] = made[0] if isinstance(made, tuple) else made
        return found

    def __repr__(self) -> str:
        return f"<StepperWidget: {self.journey.get('question', '')}>"
