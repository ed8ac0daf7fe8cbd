"""A lesson is small: as many cells, words and new words as a reader takes in within half an hour."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

from scripts import notebooks

LESSONS = notebooks.every_notebook()
NOT_TEXT = re.compile(r"</?[a-z]+>|[`*#]|^ {4}.*$", re.MULTILINE)
"""Tags, marks, and lines of commands."""
BOLD = re.compile(r"\*\*([^*]+)\*\*")
PATRONISING = re.compile(r"\b(simply|just|obviously|of course)\b|!(?!=)", re.IGNORECASE)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def sources(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """The sources of each lesson's cells, by the cells' kind."""
    lesson: Path = request.param
    found: dict[str, list[str]] = {"code": [], "markdown": []}
    for cell in notebooks.read(lesson).cells:
        found[cell.cell_type].append(cell.source)
    return found


def test_code_comes_in_small_cells(sources: dict[str, list[str]]) -> None:
    lines = [len(source.splitlines()) for source in sources["code"]]
    assert 12 <= len(lines) <= 25
    assert lines[0] <= 3
    assert statistics.median(lines) <= 2
    assert max(lines) <= 15


def test_text_is_short(sources: dict[str, list[str]]) -> None:
    text = NOT_TEXT.sub(" ", "\n\n".join(sources["markdown"]))
    assert 1000 <= len(text.split()) <= 1800
    paragraphs = re.split(r"\n\s*\n|\n(?=-|\d\.)", text)
    assert max(len(paragraph.split()) for paragraph in paragraphs) < 80


def test_new_words_are_few_and_bold_once(sources: dict[str, list[str]]) -> None:
    bold = BOLD.findall("\n".join(sources["markdown"]))
    words = [word for word in bold if not word.endswith((".", ":"))]  # what ends so is a heading
    assert len(words) == len(set(words)) <= 6
    assert f"Words: {', '.join(words)}." in "\n".join(sources["markdown"])


def test_the_tone_is_plain(sources: dict[str, list[str]]) -> None:
    assert PATRONISING.findall("\n".join(sources["markdown"])) == []
