"""Columns as Go's text/tabwriter lines them up, with the settings of kubectl's describers.

A tab ends a cell. What stands below one another in consecutive lines is one column: it is as wide as its widest cell, and two
spaces more. The text behind a line's last tab is no cell: it widens nothing. So a line with fewer tabs ends the columns to its
right, and the next ones begin anew; a form feed ends the line and all columns. Source: the documentation of text/tabwriter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

GAP = 2
"""So many spaces stand at least between two columns."""
_CELL_ENDS = re.compile("[\t\v]")

Row = list[str]
"""The cells of a line, and last the text behind its last tab."""


def align(text: str) -> str:
    r"""Text whose cells are ended by tabs, in columns.

    >>> print(align("Name:\tweb\nLabels:\tapp=web\n\ttier=front\nContainers:\n  Port:\t80\n"), end="")
    Name:    web
    Labels:  app=web
             tier=front
    Containers:
      Port:  80
    """
    pieces = ([_CELL_ENDS.split(line) for line in piece.split("\n")] for piece in text.split("\f"))
    return "\n".join(line for rows in pieces for line in _aligned(rows, ()))


def _aligned(rows: Sequence[Row], widths: tuple[int, ...]) -> Iterator[str]:
    """The lines of a block, whose columns on the left are as wide as ``widths`` says."""
    column, at = len(widths), 0
    while at < len(rows):
        if not _has_cell(rows[at], column):
            yield _line(rows[at], widths)
            at += 1
            continue
        end = next((i for i in range(at, len(rows)) if not _has_cell(rows[i], column)), len(rows))
        block = rows[at:end]
        yield from _aligned(block, (*widths, max(len(row[column]) for row in block) + GAP))
        at = end


def _has_cell(row: Row, column: int) -> bool:
    return column < len(row) - 1


def _line(row: Row, widths: tuple[int, ...]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[-1]
