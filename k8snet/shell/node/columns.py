"""Columns of text: as libsmartcols sets them for `lsns`, procps for `ps`, and Go's text/tabwriter for `crictl`."""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.shell.kubectl.printing.columns import aligned

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
    return "".join(f"{line(row, widths, right)}\n" for row in rows)


def line(row: Row, widths: Sequence[int], right: Sequence[bool]) -> str:
    """One line of such columns; the last one's text is not filled up."""
    last = len(row) - 1
    return " ".join(
        cell.rjust(width) if to_right else cell if at == last else cell.ljust(width)
        for at, (cell, width, to_right) in enumerate(zip(row, widths, right, strict=True))
    )


def tabbed(rows: Sequence[list[str]]) -> str:
    """Columns of at least twenty letters, the last as it comes.

    >>> print(tabbed([["POD ID", "STATE"], ["8d7a30f1f3ad1", "Ready"]]), end="")
    POD ID              STATE
    8d7a30f1f3ad1       Ready
    """
    lines = aligned(rows, lambda column, longest: max(NARROWEST, longest + GAP))
    return "".join(f"{line}\n" for line in lines)
