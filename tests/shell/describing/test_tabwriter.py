"""The columns of Go's text/tabwriter, as rows: what goes in, what comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.shell.kubectl.describing.tabwriter import GAP, align

ROWS = [
    pytest.param("", "", id="nothing"),
    pytest.param("a\n", "a\n", id="no cell"),
    pytest.param("a\tb\n", "a  b\n", id="one cell"),
    pytest.param("a\tb", "a  b", id="without an end"),
    pytest.param("a\tb\nccc\td\n", "a    b\nccc  d\n", id="the widest cell counts"),
    pytest.param("a\tbbbbb\tc\nd\te\n", "a  bbbbb  c\nd  e\n", id="text behind the last tab is no cell"),
    pytest.param("a\tb\tc\nd\teeeee\tf\n", "a  b      c\nd  eeeee  f\n", id="two columns"),
    pytest.param("a\tb\nno cell at all\nccc\td\n", "a  b\nno cell at all\nccc  d\n", id="a line without cells ends it"),
    pytest.param("a\tb\n\nccc\td\n", "a  b\n\nccc  d\n", id="so does an empty line"),
    pytest.param("a\tbbb\tc\nd\te\nf\tg\th\n", "a  bbb  c\nd  e\nf  g  h\n", id="the second column alone is interrupted"),
    pytest.param("\ta\nbbb\tc\n", "     a\nbbb  c\n", id="an empty cell"),
    pytest.param("a\t\tb\n", "a    b\n", id="an empty column is two wide"),
    pytest.param("a\t\n", "a  \n", id="a cell at the end is padded"),
    pytest.param("a \tb \n", "a   b \n", id="spaces are kept"),
    pytest.param("ä\tx\naa\ty\n", "ä   x\naa  y\n", id="letters are counted, not bytes"),
    pytest.param("a\vb\n", "a  b\n", id="a vertical tab is a tab"),
    pytest.param("aaa\tb\fc\td\n", "aaa  b\nc  d\n", id="a form feed ends line and columns"),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_columns(text: str, expected: str) -> None:
    """Cells, and where their columns end."""
    assert align(text) == expected


@given(st.lists(st.lists(st.text("ab ", max_size=4), min_size=1, max_size=4), max_size=6))
def test_a_cell_is_as_wide_as_the_widest_of_its_neighbours(rows: list[list[str]]) -> None:
    """Neighbours are those above and below, as far as each line has a cell in that column."""

    def width(line: int, column: int) -> int:
        block = {line}
        for step in (-1, 1):
            at = line + step
            while 0 <= at < len(rows) and column < len(rows[at]) - 1:
                block.add(at)
                at += step
        return max(len(rows[each][column]) for each in block) + GAP

    def padded(line: int) -> str:
        cells = (cell.ljust(width(line, column)) for column, cell in enumerate(rows[line][:-1]))
        return "".join(cells) + rows[line][-1]

    assert align("\n".join("\t".join(row) for row in rows)) == "\n".join(map(padded, range(len(rows))))
