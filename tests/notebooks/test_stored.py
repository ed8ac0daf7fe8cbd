"""What a stored notebook must be, so that comparing its outputs with a run means something.

`pytest --nbval` compares the outputs, cell by cell; but a cell that was never run has none, and passes in vain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from scripts import notebooks

LESSONS = notebooks.every_notebook()
PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
SAYS_NOTHING = re.compile(r"\s*<.* object at 0x|\s*<Figure size |\s*<IPython")


def name(path: Path) -> str:
    """A test's name for a notebook."""
    return path.stem


@pytest.fixture(params=LESSONS, ids=name)
def path(request: pytest.FixtureRequest) -> Path:
    """Each notebook in turn."""
    found: Path = request.param
    return found


@pytest.fixture
def lesson(path: Path) -> Any:
    """Its content."""
    return notebooks.read(path)


def code(lesson: Any) -> list[Any]:
    """The code cells of a notebook."""
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def test_there_are_lessons() -> None:
    assert LESSONS


def test_it_is_a_valid_notebook_as_jupyter_writes_it(path: Path, lesson: Any) -> None:
    nbformat.validate(lesson)
    assert path.read_text(encoding="utf-8") == notebooks.text_of(lesson)


def test_every_code_cell_was_run_in_order(lesson: Any) -> None:
    assert [cell.execution_count for cell in code(lesson)] == list(range(1, len(code(lesson)) + 1))


def test_no_code_cell_is_empty(lesson: Any) -> None:
    assert all(cell.source.strip() for cell in code(lesson))


def test_it_has_no_widget_state_and_the_plain_kernel(lesson: Any) -> None:
    assert lesson.metadata == notebooks.METADATA


def test_cells_have_ids_of_their_own(lesson: Any) -> None:
    ids = [cell.id for cell in lesson.cells]
    assert len(ids) == len(set(ids))


def test_only_cells_that_announce_it_fail(lesson: Any) -> None:
    for cell in code(lesson):
        fails = any(output.output_type == "error" for output in cell.outputs)
        assert fails == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


def test_every_picture_says_the_same_in_words(lesson: Any) -> None:
    for cell in code(lesson):
        for output in cell.outputs:
            data = output.get("data", {})
            if PICTURES & data.keys():
                text = data.get("text/plain", "")
                assert len(text) > 20, cell.source
                assert not SAYS_NOTHING.match(text), cell.source


def test_it_holds_what_a_run_gives(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notebooks.main(["--check", str(path)]) == 0, "".join(capsys.readouterr())
