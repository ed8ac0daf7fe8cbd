"""What stands around the package agrees with it: versions, dependencies, Binder's environment, the wheel, the CI."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import k8snet

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BINDER = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]

CONDA_NAMES = {"matplotlib-base": "matplotlib"}
"""What conda-forge calls otherwise than PyPI; the names are compared without regard to case."""


def bounds(lines: list[str]) -> dict[str, str]:
    """The name of each requirement, in lower case, and its bounds."""
    found = {}
    for line in lines:
        match = re.fullmatch(r"([\w.-]+?)([<>=].*)?", line)
        assert match, line
        name = match[1].lower()
        found[CONDA_NAMES.get(name, name)] = match[2] or ""
    return found


def test_the_version_is_the_installed_one() -> None:
    assert importlib.metadata.version("k8snet") == k8snet.__version__


def test_the_changelog_knows_the_version() -> None:
    assert f"\n## {k8snet.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_binder_installs_the_same_packages() -> None:
    binder = bounds([line for line in BINDER if isinstance(line, str)])
    binder |= bounds(next(line["pip"] for line in BINDER if isinstance(line, dict)))
    assert binder.pop("python") in ("=3.11", "=3.12", "=3.13")
    assert binder.pop("pip") == ""
    assert binder == bounds(PROJECT["dependencies"])


def test_binder_would_use_these_files() -> None:
    """repo2docker, the program behind Binder, says what it would do; that needs no Docker."""
    run = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    dockerfile = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    text = dockerfile.stdout + dockerfile.stderr
    assert "environment.yml" in text
    assert "./postBuild" in text


@pytest.mark.parametrize("path", ["postBuild", ".ci/run"])
def test_programs_may_be_run(path: str) -> None:
    assert os.access(ROOT / path, os.X_OK)
    assert (ROOT / path).read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")


def test_the_wheel_holds_the_package_and_the_lessons(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    lessons = {f"k8snet/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "k8snet").rglob("*.py")}
    assert lessons
    assert lessons | sources | {"k8snet/py.typed"} <= names
    assert not {name for name in names if name.startswith(("tests", "notebooks", "scripts"))}


def test_no_file_knows_one_machine() -> None:
    """Addresses of package indexes and paths of one machine belong to that machine; CNI's folder is every node's."""
    strange = re.compile(r"--index-url|--extra-index|(?<![\w.])/(?:home|Users|work|opt)/\w")
    folders = [ROOT / name for name in (".ci", "docs", "k8snet", "notebooks", "scripts")]
    files = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    for path in [*files, *ROOT.glob("*.*"), ROOT / "postBuild"]:
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace("/opt/cni", "")
            assert not strange.search(text), path
