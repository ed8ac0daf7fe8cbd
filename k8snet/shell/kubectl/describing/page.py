"""The page that a description is written on: lines at levels of two spaces, with tabs between names and values.

Control characters that could drive a terminal are made visible, as kubectl does. Source: k8s.io/kubectl, pkg/describe
(PrefixWriter); k8s.io/cli-runtime, pkg/printers/terminal.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from k8snet.shell.kubectl.describing.tabwriter import align
from k8snet.shell.kubectl.patching import LAST_APPLIED

NONE, UNSET = "<none>", "<unset>"
SKIPPED = frozenset({LAST_APPLIED})
"""Annotations that are not shown."""
LONGEST = 140
"""So many bytes of an annotation stand beside its key."""


class Page:
    """Lines, one after the other; `text` lines them up."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, text: str = "", level: int = 0) -> None:
        """A line as it is."""
        self._lines.append(f"{'  ' * level}{text}\n")

    def row(self, *cells: Any, level: int = 1) -> None:
        """A line of cells."""
        self.line("\t".join(map(str, cells)), level)

    def field(self, name: str, value: Any, level: int = 0) -> None:
        """A name and its value."""
        self.row(f"{name}:", value, level=level)

    def optional(self, name: str, value: Any, level: int = 0) -> None:
        """A name and its value, if there is one."""
        if value:
            self.field(name, value, level)

    def several(self, title: str, values: Iterable[str]) -> None:
        """A title and its values, one below the other; ``<none>`` if there is none."""
        for at, value in enumerate(list(values) or [NONE]):
            self.row("" if at else f"{title}:", value, level=0)

    def labels(self, title: str, labels: Mapping[str, str] | None) -> None:
        """Labels, sorted."""
        self.several(title, (f"{key}={value}" for key, value in sorted((labels or {}).items())))

    def annotations(self, title: str, annotations: Mapping[str, str] | None) -> None:
        """Annotations, sorted; long ones below their key, and shortened."""
        shown = sorted((key, value.removesuffix("\n")) for key, value in (annotations or {}).items() if key not in SKIPPED)
        self.several(title, (line for key, value in shown for line in _annotation(key, value)))

    def text(self) -> str:
        """All of it, in columns."""
        return align(self.tabbed())

    def tabbed(self) -> str:
        """All of it, with its tabs: so `kubectl rollout history` prints a template."""
        return "".join(self._lines).replace("\x1b", "^[").replace("\r", "\\r")


def _annotation(key: str, value: str) -> list[str]:
    if _size(value) + _size(key) + 2 <= LONGEST and "\n" not in value:
        return [f"{key}: {value}"]
    return [f"{key}:", *(f"  {_shortened(line)}" for line in value.split("\n"))]


def _shortened(line: str) -> str:
    """The line's first bytes. A letter that is cut in two becomes the sign for an unreadable one."""
    most = LONGEST - 2
    return line if _size(line) <= most else line.encode()[:most].decode(errors="replace") + "..."


def _size(text: str) -> int:
    return len(text.encode())
