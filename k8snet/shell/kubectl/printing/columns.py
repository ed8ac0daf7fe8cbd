"""Columns of text as kubectl lines them up: a tab ends a cell, and columns stand three spaces apart.

A column is as wide as its widest cell in consecutive lines, and at least six. The text behind a line's last tab is no cell and
is not filled up, so a line without a tab ends all columns. What kubectl writes in several goes keeps the widths that a column
once had. Source: github.com/liggitt/tabwriter (with RememberWidths); k8s.io/cli-runtime, pkg/printers/tabwriter.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

LEAST = 6
GAP = 3
_CELL_ENDS, _LINE_ENDS = re.compile("[\t\v]"), re.compile("[\n\f]")
Row = list[str]
"""The cells of a line, and last the text behind its last tab."""
Width = Callable[[int, int], int]
"""How wide a column is, by its number and its longest cell."""


def cells(line: str) -> Row:
    """A line as a row."""
    return _CELL_ENDS.split(line)


class Aligner:
    r"""Lines up text after text; a column never becomes narrower than it was in one before.

    >>> aligner = Aligner()
    >>> print(aligner.align("NAME\tAGE\nkubernetes\t5s\n") + aligner.align("web\t3s\n"), end="")
    NAME         AGE
    kubernetes   5s
    web          3s
    """

    def __init__(self) -> None:
        self._widest: list[int] = []

    def align(self, text: str) -> str:
        """The text in columns; it ends with a line's end, or is empty."""
        if not text:
            return ""
        rows = [cells(line) for line in _LINE_ENDS.split(text.removesuffix("\n"))]
        return "".join(f"{line}\n" for line in aligned(rows, self._width))

    def _width(self, column: int, longest: int) -> int:
        width = max(longest + GAP, LEAST)
        if column == len(self._widest):
            self._widest.append(width)
        self._widest[column] = max(self._widest[column], width)
        return self._widest[column]


def aligned(rows: Sequence[Row], width: Width, widths: tuple[int, ...] = ()) -> Iterator[str]:
    """The lines of a block, whose columns on the left are as wide as ``widths`` says; ``width`` tells of the others."""
    column, at = len(widths), 0
    while at < len(rows):
        end = next((i for i in range(at, len(rows)) if column >= len(rows[i]) - 1), len(rows))
        if end == at:
            row = rows[at]
            yield "".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=False)) + row[-1]
            at += 1
            continue
        block = rows[at:end]
        yield from aligned(block, width, (*widths, width(column, max(len(row[column]) for row in block))))
        at = end
