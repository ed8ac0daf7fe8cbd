"""scripts/notebooks.py: the same bytes each time, and a check that finds what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from scripts import notebooks

CELLS = {
    "streams": "import sys\nprint('out', flush=True)\nprint('more')\nprint('err', file=sys.stderr)",
    "widget": "import ipywidgets\nipywidgets.IntSlider()",
    "failing": "1 / 0",
}


def make(path: Path, cells: dict[str, str], tags: list[str] | None = None) -> Path:
    """A notebook that was never run; the last cell has the tags."""
    made = [nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
    made[-1].metadata["tags"] = tags or []
    path.write_text(notebooks.text_of(nbformat.v4.new_notebook(cells=made)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small notebook with its outputs."""
    path = make(tmp_path_factory.mktemp("notebooks") / "small.ipynb", CELLS, ["raises-exception"])
    assert notebooks.main([str(path)]) == 0
    return path


def test_a_second_run_gives_the_same_bytes(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written.read_bytes()
    assert notebooks.main([str(written)]) == 0
    assert written.read_bytes() == before
    assert capsys.readouterr().out == "small.ipynb: as it was\n"


def test_the_outputs_are_what_the_cells_print(written: Path) -> None:
    streams, widget, failing = notebooks.read(written).cells
    printed = [(output.name, output.text) for output in streams.outputs]
    assert printed == [("stdout", "out\nmore\n"), ("stderr", "err\n")]
    assert widget.outputs[0].data["text/plain"] == "IntSlider(value=0)"
    assert failing.outputs[0].traceback == ["ZeroDivisionError: division by zero"]
    assert [cell.execution_count for cell in (streams, widget, failing)] == [1, 2, 3]


def test_the_stored_notebook_names_no_version_and_keeps_no_widget(written: Path) -> None:
    assert notebooks.read(written).metadata == notebooks.METADATA


def edited(path: Path, old: str, new: str) -> Path:
    """A copy beside the notebook, with a text in it replaced."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    copy = path.with_name("edited.ipynb")
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"more\\n"', '"less\\n"', id="a line"),
        pytest.param("IntSlider(value=0)", "IntSlider(value=1)", id="a result"),
        pytest.param('"execution_count": 2', '"execution_count": null', id="a cell that was not run"),
        pytest.param("division by zero", "no division", id="an error"),
    ],
)
def test_a_check_finds_what_differs_and_changes_nothing(
    written: Path, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(written, old, new)
    before = path.read_bytes()
    assert notebooks.main(["--check", str(path)]) == 1
    assert "edited.ipynb stored" in capsys.readouterr().out
    assert path.read_bytes() == before


def picture(data: str, text: str) -> Any:
    """A notebook whose one cell shows a picture."""
    output = nbformat.v4.new_output("display_data", {"image/png": data, "text/plain": text})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", id="show", outputs=[output])])


def test_pictures_are_compared_by_their_words() -> None:
    assert notebooks.difference(picture("AAAA", "a bridge"), picture("BBBB", "a bridge"), "x") == []
    assert notebooks.difference(picture("AAAA", "a bridge"), picture("AAAA", "a router"), "x") != []


def test_what_depends_on_the_machine_is_not_compared() -> None:
    first, second = picture("AAAA", "this kernel"), picture("AAAA", "that kernel")
    for notebook in (first, second):
        notebook.cells[0].metadata["tags"] = [notebooks.IGNORED]
    assert notebooks.difference(first, second, "x") == []


def test_a_cell_that_fails_unannounced_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "broken.ipynb", {"failing": "1 / 0"})
    before = path.read_bytes()
    assert notebooks.main([str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_jupyterlab_keeps_in_hidden_folders_is_no_lesson(tmp_path: Path) -> None:
    for name in ("03_a.ipynb", "ko/03_a.ipynb", ".ipynb_checkpoints/03_a-checkpoint.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert notebooks.every_notebook(tmp_path) == [tmp_path / "03_a.ipynb", tmp_path / "ko" / "03_a.ipynb"]
