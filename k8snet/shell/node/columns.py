"""Columns of text: as libsmartcols sets them for `lsns`, and as Go's text/tabwriter sets them for `crictl`."""

from __future__ import annotations

from collections.abc import Sequence

Row = Sequence[str]
NARROWEST, GAP = 20, 3
"""crictl's tables: no column is narrower, and so much stands between two."""


def smart(rows: Sequence[Row], right: Sequence[bool]) -> str:
    """Columns as wide as their longest cell, one space between them, each to the ``right`` or to the left.

    >>> print(smart([["NS", "COMMAND"], ["4026531840", "init"]], [True, False]), end="")
            NS COMMAND
    4026531840 init
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if to_right else cell if at == last else cell.ljust(width)
            for at, (cell, width, to_right) in enumerate(zip(row, widths, right, strict=True))
        ]
        lines.append(" ".join(cells))
    return "".join(f"{line}\n" for line in lines)


def tabbed(rows: Sequence[Row]) -> str:
    """Columns of at least twenty letters, the last as it comes.

    >>> print(tabbed([["POD ID", "STATE"], ["8d7a30f1f3ad1", "Ready"]]), end="")
    POD ID              STATE
    8d7a30f1f3ad1       Ready
    """
    widths = [max(NARROWEST, max(map(len, column)) + GAP) for column in zip(*rows, strict=True)][:-1]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[-1] for row in rows]
    return "".join(f"{line}\n" for line in lines)
