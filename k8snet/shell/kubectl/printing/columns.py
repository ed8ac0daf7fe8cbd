"""Columns of text as kubectl lines them up: a tab ends a cell, and columns stand three spaces apart.

A column is as wide as its widest cell in consecutive lines, and at least six. The text behind a line's last tab is no cell and
is not filled up, so a line without a tab ends all columns. What kubectl writes in several goes keeps the widths that a column
once had. Source: github.com/liggitt/tabwriter (with RememberWidths); k8s.io/cli-runtime, pkg/printers/tabwriter.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST = 6
GAP = 3
_CELL_ENDS, _LINE_ENDS = re.compile("[\t\v]"), re.compile("[\n\f]")


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
        rows = [_CELL_ENDS.split(line) for line in _LINE_ENDS.split(text.removesuffix("\n"))]
        return "".join(f"{line}\n" for line in self._aligned(rows, ()))

    def _aligned(self, rows: list[list[str]], widths: tuple[int, ...]) -> Iterator[str]:
        """The lines of a block, whose columns on the left are as wide as ``widths`` says."""
        column, at = len(widths), 0
        while at < len(rows):
            end = at
            while end < len(rows) and column < len(rows[end]) - 1:
                end += 1
            if end == at:
                row = rows[at]
                yield "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + "".join(row[column:])
                at += 1
                continue
            width = self._width(column, widths, max(len(row[column]) for row in rows[at:end]))
            yield from self._aligned(rows[at:end], (*widths, width))
            at = end

    def _width(self, column: int, widths: tuple[int, ...], longest: int) -> int:
        self._widest += widths[len(self._widest) :]
        width = max(longest + GAP, LEAST)
        if column == len(self._widest):
            self._widest.append(width)
        self._widest[column] = max(self._widest[column], width)
        return self._widest[column]
