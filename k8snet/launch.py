"""Lay the course out in a folder of the learner's own, and open JupyterLab on it.

The lessons are copied even in a clone of the project: JupyterLab saves by itself, and the project's own notebooks hold
the outputs that tests compare. The copies come without outputs: whoever is to predict must not see the answer below the
question. What a learner has written is never replaced.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple

from k8snet.errors import K8snetError

PACKAGE = Path(__file__).resolve().parent


class LaunchError(K8snetError):
    """The course cannot be laid out or opened; the text says why, and what mends it where one command does."""


class Course(NamedTuple):
    """The course in a learner's folder: which files are ``new`` there, and which were ``kept`` although ours differ."""

    folder: Path
    new: list[Path]
    kept: list[Path]

    def lesson(self, wanted: str = "") -> str:
        """The file name of a lesson, by its number or the beginning of its name; without either the first one.

        LaunchError if there is none.
        """
        lessons = sorted(path.name for path in self.folder.glob("[0-9][0-9]_*.ipynb"))
        start = wanted.zfill(2) + "_" if wanted.isdigit() else wanted
        found = [name for name in lessons if name.startswith(start)]
        if not found:
            known = f"there is {', '.join(lessons)}" if lessons else "there is none at all"
            raise LaunchError(f"no lesson begins with {start!r} in {self.folder}; {known}")
        return found[0]


def shipped(package: Path = PACKAGE) -> Path:
    """The folder of the lessons as they were published: inside an installed package, beside it in a clone.

    LaunchError if neither is there.
    """
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise LaunchError(f"the lessons are missing: there is no folder {package.parent / 'notebooks'}")


def lay_out(target: Path, source: Path | None = None) -> Course:
    """Copy the lessons, and what belongs to them, into a folder; files that are there stay as they are.

    LaunchError if the folder cannot be written.
    """
    source = source or shipped()
    course = Course(target.absolute(), [], [])
    try:
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source)
            if path.is_file() and not any(part.startswith((".", "__")) for part in name.parts):
                _copy(path, name, course)
    except OSError as error:
        raise LaunchError(f"cannot write {error.filename or target}: {error.strerror}") from error
    return course


def _copy(path: Path, name: Path, course: Course) -> None:
    own, fresh = course.folder / name, _fresh(path)
    if not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(fresh)
        course.new.append(name)
    elif own.read_bytes() != fresh:
        course.kept.append(name)


def _fresh(path: Path) -> bytes:
    """A file as a learner gets it: a notebook as if it had never run."""
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode() + b"\n"


def open_jupyterlab(folder: Path, lesson: str, *, port: int | None = None, browser: bool = True) -> None:
    """Run JupyterLab in this process, with a lesson open, until the learner ends it.

    ``port`` is the TCP port to serve on; None takes the first free one from 8888 upwards. LaunchError if JupyterLab is
    not installed, or if the port that was asked for is in use.
    """
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        mend = f"{sys.executable} -m pip install jupyterlab"
        raise LaunchError(f"JupyterLab is missing; this installs it: {mend}") from error
    _add_settings(PACKAGE / "jupyter")
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{lesson}"]
    if port is not None:
        _refuse_taken(port)
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # a container has nobody else; the server is on loopback and asks for its token
    LabApp.launch_instance(options)


def _add_settings(folder: Path) -> None:
    """Let JupyterLab in this process read ours too.

    No question about news, no other host asked for updates, and no list of language servers below the address to open.
    """
    paths = [str(folder), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))


def _refuse_taken(port: int) -> None:
    """JupyterLab says the same, at the end of a page of other things."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LaunchError(f"cannot serve on port {port}: {error.strerror}; --port chooses another") from error
