#!/usr/bin/env python3
"""Write the outputs of the notebooks, so that two runs give the same bytes; or check that they are what a run gives.

    python scripts/notebooks.py [FILE …]            run, and write the outputs into the files
    python scripts/notebooks.py --check [FILE …]    run, compare, change nothing; exit 1 with a diff where they differ

Without FILE: all of notebooks/. What is compared is the whole file but for the bytes of pictures: these depend on the
versions of libraries, and the text that stands beside each picture says the same; and but for cells that are tagged so.
"""

from __future__ import annotations

import argparse
import copy
import difflib
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
"""The same for every notebook: the real one names the Python that ran it."""

WIDGET = "application/vnd.jupyter.widget-view+json"
UNCOMPARED = ("image/png", "image/jpeg")
IGNORED = "nbval-ignore-output"
"""The tag of a cell whose output depends on the machine, such as whether its kernel can be used; nbval honours it too."""

SECONDS_FOR_A_CELL = 120
LINES_OF_A_DIFF = 40


def every_notebook(folder: Path = FOLDER) -> list[Path]:
    """All notebooks of a folder, but for the copies that JupyterLab keeps in hidden folders."""
    found = sorted(folder.rglob("*.ipynb"))
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def read(path: Path) -> Any:
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)


def text_of(notebook: Any) -> str:
    """A notebook as its file holds it, as JupyterLab would write it too."""
    return str(nbformat.writes(notebook)) + "\n"


def executed(path: Path) -> Any:
    """A file's notebook, run from top to bottom beside that file, without anything that changes from run to run."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=SECONDS_FOR_A_CELL,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata |= METADATA
    notebook.metadata.pop("widgets", None)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
        cell.outputs = joined(cell.outputs)
        for number, output in enumerate(cell.outputs):
            _steady(output, count, f"{cell.id} {number}")
    return notebook


def joined(outputs: list[Any]) -> list[Any]:
    """The outputs, with what goes to one stream in one piece: where it is cut depends on the clock."""
    whole: list[Any] = []
    for output in outputs:
        before = whole[-1] if whole else None
        if before is not None and output.output_type == before.output_type == "stream" and output.name == before.name:
            before.text += output.text
        else:
            whole.append(output)
    return whole


def _steady(output: Any, count: int, name: str) -> None:
    """Take out of an output what differs from run to run; ``name`` is its own within the notebook."""
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]  # the real one has paths of this machine
    if WIDGET in output.get("data", {}):
        output.data[WIDGET]["model_id"] = hashlib.sha256(name.encode()).hexdigest()[:32]


def difference(stored: Any, run: Any, name: str) -> list[str]:
    """The lines of a short diff between what is stored and what a run gives; none if they agree."""
    before, after = (text_of(_without_pictures(notebook)).splitlines() for notebook in (stored, run))
    lines = list(difflib.unified_diff(before, after, f"{name} stored", f"{name} run", lineterm=""))
    more = len(lines) - LINES_OF_A_DIFF
    return [*lines[:LINES_OF_A_DIFF], f"… and {more} lines more"] if more > 0 else lines


def _without_pictures(notebook: Any) -> Any:
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if IGNORED in cell.metadata.get("tags", []):
            cell.outputs = []
        for output in cell.get("outputs", []):
            for kind in UNCOMPARED:
                if kind in output.get("data", {}):
                    output.data[kind] = "a picture"
    return notebook


def check(path: Path) -> bool:
    """Whether a file holds what a run gives; prints where it does not."""
    lines = difference(read(path), executed(path), path.name)
    print("\n".join(lines) or f"{path.name}: as stored")
    return not lines


def write(path: Path) -> None:
    """Run a file's notebook and put the outputs into the file."""
    text = text_of(executed(path))
    changed = path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{path.name}: {'written' if changed else 'as it was'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit status is 1 if a check finds a difference, or if a cell fails."""
    parser = argparse.ArgumentParser(description="Write the outputs of notebooks, or check them.")
    parser.add_argument("--check", action="store_true", help="compare with what is stored, change nothing")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="all of notebooks/ by default")
    options = parser.parse_args(arguments)
    good = True
    for path in options.files or every_notebook():
        try:
            if options.check:
                good = check(path) and good
            else:
                write(path)
        except CellExecutionError as error:
            print(f"{path.name}: a cell fails\n{error}", file=sys.stderr)
            good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
