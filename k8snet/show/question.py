"""A question with its answers to choose from, or a blank to fill in, as a widget."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets


class Asked:
    """A question on the screen. ``value`` is what was chosen or typed, None or empty if nothing was.

    ``bundle`` is what a notebook needs to show it; the words that stand beside it are the caller's.
    """

    def __init__(self, box: ipywidgets.VBox, field: ipywidgets.DOMWidget) -> None:
        self._box = box
        self._field = field

    @property
    def value(self) -> str | None:
        """What the reader has answered up to now."""
        value: str | None = self._field.value
        return value

    @property
    def bundle(self) -> dict[str, Any]:
        """The widget's own mime bundle."""
        made: dict[str, Any] = self._box._repr_mimebundle_()
        return made


def ask(question: str, choices: Sequence[tuple[str, str]] = (), value: str | None = None) -> Asked:
    """Make the widget: radio buttons for ``choices`` (text and value of each), a text field if there are none.

    Both are native form elements, so that Tab and the arrow keys work. ImportError without ipywidgets.
    """
    import ipywidgets  # heavy, and only needed when someone looks

    wide = ipywidgets.Layout(width="auto", max_width="60em")
    if choices:
        field = ipywidgets.RadioButtons(options=list(choices), value=value, layout=wide)
    else:
        field = ipywidgets.Text(value=value or "", layout=ipywidgets.Layout(width="12em"))
    field.tooltip = question
    label = ipywidgets.HTML(f"<strong>{html.escape(question)}</strong>")
    return Asked(ipywidgets.VBox([label, field]), field)
