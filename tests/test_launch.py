"""`k8snet lab`: the course in a learner's folder, and what is said when something is in the way."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from k8snet import __main__, __version__, launch
from k8snet.__main__ import main
from k8snet.launch import Course, LaunchError, lay_out


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small course as it is published, its lessons with outputs."""
    folder = tmp_path / "source"
    cell = {"cell_type": "code", "source": "1 + 1", "execution_count": 1, "outputs": [{"text": "2"}]}
    for name in ("03_veth.ipynb", "12_real.ipynb", "manifests/shop.yaml", ".ipynb_checkpoints/03_veth.ipynb"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": [cell, {"cell_type": "markdown", "source": name}]}))
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path) -> list[tuple[Path, str, dict[str, Any]]]:
    """What JupyterLab is asked to open, while the command runs in an empty folder."""
    calls: list[tuple[Path, str, dict[str, Any]]] = []
    monkeypatch.setattr(launch, "shipped", lambda: source)
    monkeypatch.setattr(__main__, "open_jupyterlab", lambda folder, lesson, **how: calls.append((folder, lesson, how)))
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    return calls


def names(folder: Path) -> set[str]:
    """All files of a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_course_is_copied_with_its_manifests(source: Path, tmp_path: Path) -> None:
    course = lay_out(tmp_path / "mine", source)
    assert names(tmp_path / "mine") == {"03_veth.ipynb", "12_real.ipynb", "manifests/shop.yaml"}
    assert {path.as_posix() for path in course.new} == names(tmp_path / "mine")
    assert course.kept == []


def test_a_lesson_shows_no_answer_before_it_is_run(source: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "mine", source)
    for name in ("03_veth.ipynb", "12_real.ipynb"):
        code, text = json.loads((tmp_path / "mine" / name).read_text())["cells"]
        assert code == {"cell_type": "code", "source": "1 + 1", "execution_count": None, "outputs": []}
        assert text == {"cell_type": "markdown", "source": name}
    assert (tmp_path / "mine" / "manifests" / "shop.yaml").read_bytes() == (source / "manifests" / "shop.yaml").read_bytes()
    assert lay_out(tmp_path / "mine", source).kept == []


def test_what_a_learner_has_written_stays(source: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "mine", source)
    work = tmp_path / "mine" / "03_veth.ipynb"
    work.write_text("my answers")
    (tmp_path / "mine" / "12_real.ipynb").unlink()
    (source / "04_cni.ipynb").write_text('{"cells": []}')
    course = lay_out(tmp_path / "mine", source)
    assert work.read_text() == "my answers"
    assert course.kept == [Path("03_veth.ipynb")]
    assert course.new == [Path("04_cni.ipynb"), Path("12_real.ipynb")]


@pytest.mark.parametrize(
    ("wanted", "lesson"),
    [("", "03_veth.ipynb"), ("3", "03_veth.ipynb"), ("03", "03_veth.ipynb"), ("12", "12_real.ipynb"),
     ("12_re", "12_real.ipynb"), ("12_real.ipynb", "12_real.ipynb")],
)
def test_a_lesson_has_several_names(source: Path, wanted: str, lesson: str) -> None:
    assert Course(source, [], []).lesson(wanted) == lesson


def test_the_course_of_this_project_is_found() -> None:
    assert Course(launch.shipped(), [], []).lesson() == "01_pods.ipynb"


def test_the_command_opens_the_first_lesson(opened: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab"]) == 0
    folder = Path.cwd() / "k8snet-course"
    assert opened == [(folder, "03_veth.ipynb", {"port": None, "browser": True})]
    assert capsys.readouterr().out == f"The course is in {folder}\n"


def test_the_command_hands_options_on(opened: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "12_real.ipynb").write_text("my answers")
    assert main(["lab", "12", "--dir", str(tmp_path / "mine"), "--port", "9999", "--no-browser"]) == 0
    assert opened == [(tmp_path / "mine", "12_real.ipynb", {"port": 9999, "browser": False})]
    assert "12_real.ipynb stays as you left it" in capsys.readouterr().out


def test_an_unknown_lesson_is_one_line(opened: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "7"]) == 1
    text = capsys.readouterr().err
    assert text.startswith("k8snet: no lesson begins with '07_'")
    assert text.endswith("there is 03_veth.ipynb, 12_real.ipynb\n")
    assert opened == []


def test_a_file_where_the_folder_should_be_is_one_line(opened: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    Path("k8snet-course").write_text("")
    assert main(["lab"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert opened == []


def test_a_missing_jupyterlab_says_what_mends_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "shipped", lambda: source)
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    assert main(["lab", "--dir", str(tmp_path / "mine")]) == 1
    error = capsys.readouterr().err
    assert error == f"k8snet: JupyterLab is missing; this installs it: {sys.executable} -m pip install jupyterlab\n"


def test_a_taken_port_is_one_line(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "shipped", lambda: source)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["lab", "--dir", str(tmp_path / "mine"), "--port", str(port)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"k8snet: cannot serve on port {port}: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["lab", f"--port={port}"])
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"k8snet {__version__}\n"


def test_a_package_without_lessons_says_so(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="the lessons are missing"):
        launch.shipped(tmp_path / "site-packages" / "k8snet")
