"""Columns as Go's text/tabwriter lines them up, with the settings of kubectl's describers.

A tab ends a cell. What stands below one another in consecutive lines is one column: it is as wide as its widest cell, and two
spaces more. The text behind a line's last tab is no cell: it widens nothing. So a line with fewer tabs ends the columns to its
right, and the next ones begin anew; a form feed ends the line and all columns. Source: the documentation of text/tabwriter.
"""

from __future__ import annotations

from k8snet.shell.kubectl.printing.columns import aligned, cells

GAP = 2
"""So many spaces stand at least between two columns."""


def align(text: str) -> str:
    r"""Text whose cells are ended by tabs, in columns.

    >>> print(align("Name:\tweb\nLabels:\tapp=web\n\ttier=front\nContainers:\n  Port:\t80\n"), end="")
    Name:    web
    Labels:  app=web
             tier=front
    Containers:
      Port:  80
    """
    pieces = ([cells(line) for line in piece.split("\n")] for piece in text.split("\f"))
    return "\n".join(line for rows in pieces for line in aligned(rows, lambda column, longest: longest + GAP))
