"""Each lesson in a real JupyterLab, in a real browser: it opens, runs without an error, and asks no other host."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.notebooks import every_notebook
from tests.browser.driver import THEMES, Lab

LESSONS = [path.name for path in every_notebook() if path.parent.name == "notebooks"]


def test_k8snet_lab_opens_on_the_first_lesson(lab: Lab) -> None:
    lab.wait_until_ready(LESSONS[0])
    lab.page.wait_for_timeout(2000)  # questions come late
    assert lab.page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs(lab: Lab, name: str, tmp_path: Path) -> None:
    with lab.running(name):
        for cell in lab.cells():
            assert cell["execution_count"], cell["source"]
            if "raises-exception" not in cell["metadata"].get("tags", []):
                assert [output for output in cell["outputs"] if output["output_type"] == "error"] == [], cell["source"]
        for theme in THEMES:
            lab.change_theme(theme)
            lab.screenshot(tmp_path / f"{theme}.png")
        lab.change_theme("light")
