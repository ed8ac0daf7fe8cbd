"""What the documents say is true: README's examples and commands, and the links."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import k8snet

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a page that are in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run_as_they_stand(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an example may write a file
    text = "\n".join(blocks(page.read_text(encoding="utf-8"), "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append).failed
    assert failed == 0, "".join(said)


def test_readme_has_an_example() -> None:
    assert blocks(README, "pycon")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://", "mailto:")):
            target, _, heading = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            assert path.exists(), link
            assert not heading or heading in headings(path), link


def headings(page: Path) -> set[str]:
    """The anchors that a code-hosting page makes of a page's headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_reading_order_leaves_no_file_of_the_model_out() -> None:
    text = (ROOT / "docs" / "reading-order.md").read_text(encoding="utf-8")
    files = {path.name for path in (ROOT / "k8snet" / "linux").glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"/linux/(\w+\.py)\)", text))


def test_readme_names_every_lesson() -> None:
    lessons = {path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert lessons
    assert lessons == set(re.findall(r"\]\((notebooks/[^)]+\.ipynb)\)", README))


def test_the_badge_opens_a_lesson_that_exists() -> None:
    targets = re.findall(r"urlpath=lab/tree/([^)\s]+)", README)
    assert targets
    assert all((ROOT / target).is_file() for target in targets)


def test_two_commands_do_all_the_set_up() -> None:
    """One opens the course, one runs all tests; each stands in a block of its own, near the top."""
    course, tests, *_ = (block.strip() for block in blocks(README, "sh"))
    for line in (course, tests):
        assert "\n" not in line
        assert shlex.split(line)[:4] == ["python3", "-m", "venv", ".venv"]
        assert README.index(line) < 2500
    assert course.endswith(".venv/bin/k8snet lab")
    assert tests.endswith(".venv/bin/pytest")


def test_ci_runs_that_very_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "K8SNET_REQUIRE=kernel,browser,golden" in script
    assert "pytest" not in script.replace("/pytest$", ""), "CI takes the command from README"


MODULES = [found.name for found in pkgutil.walk_packages(k8snet.__path__, "k8snet.") if "__main__" not in found.name]


@pytest.mark.parametrize("name", MODULES)
def test_public_methods_say_what_they_do(name: str) -> None:
    """In their own words, or in those of the base class whose method they override."""
    module = importlib.import_module(name)
    for kind in vars(module).values():
        if inspect.isclass(kind) and kind.__module__ == name and not kind.__name__.startswith("_"):
            for method in vars(kind).values():
                if inspect.isfunction(method) and not method.__name__.startswith("_"):
                    assert inspect.getdoc(getattr(kind, method.__name__)), method.__qualname__
