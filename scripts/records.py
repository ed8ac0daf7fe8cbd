#!/usr/bin/env python3
"""Write the records of what a Linux kernel says to the lessons' questions, or check that it says the same today.

    python scripts/records.py             run the lessons' code, ask this machine's kernel, write k8snet/course/records/
    python scripts/records.py --check     ask, compare, change nothing; exit 1 where a record is another

A lesson asks with ``is_this_true(KEY, trace)``. The first line of a record, which kernel it was, is not compared.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from k8snet import course, lab
from k8snet.course import truth
from k8snet.linux import Trace

LESSONS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
RECORDS = Path(truth.__file__).with_name(truth.FOLDER)


def questions(lesson: Path) -> list[tuple[str, Trace]]:
    """The keys and traces that a notebook's code asks the kernel about, when it is run from top to bottom."""
    asked: list[tuple[str, Trace]] = []
    shell: Any = InteractiveShell(  # type: ignore[no-untyped-call] # it comes with half its types
        config=Config(HistoryManager={"enabled": False}), user_ns={"display": lambda *shown: None})
    with (
        mock.patch.object(course, "is_this_true", lambda key, trace: asked.append((key, trace))),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.chdir(lesson.parent),
    ):
        for cell in nbformat.read(lesson, as_version=4).cells:
            if cell.cell_type == "code":
                shell.run_cell(cell.source, silent=True).raise_error()
    return asked


def record(trace: Trace, kernel: str) -> str:
    """What model and kernel say to a trace's question, as a record."""
    return truth.record(lab.compare(trace.world, trace), kernel)


def is_true(path: Path, text: str) -> bool:
    """Whether a record says what the kernel says, whichever it was; prints its name where it does not."""
    stored = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    same = stored[1:] == text.splitlines()[1:]
    print(f"{path.name}: {'as recorded' if same else 'the kernel says something else'}")
    return same


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit status is 1 if a check finds a difference, or if the kernel cannot be asked."""
    parser = argparse.ArgumentParser(description="Write the records of a kernel's answers, or check them.")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded, change nothing")
    options = parser.parse_args(arguments)
    if reason := lab.available():
        print(f"the kernel cannot be asked: {reason}", file=sys.stderr)
        return 1
    kernel, good = truth.this_kernel(), True
    for key, trace in (question for lesson in LESSONS for question in questions(lesson)):
        path, text = RECORDS / f"{key}.txt", record(trace, kernel)
        if options.check:
            good = is_true(path, text) and good
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.name}: written")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
