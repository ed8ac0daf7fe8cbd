"""The real kubectl, for tests: where it is, and one run of it against a served cluster.

Two versions are the judges: 1.37, which the model follows, from a package of PyPI that brings the program along, and 1.20,
Debian's. Where one is missing the test is skipped, or fails where K8SNET_REQUIRE names ``kubectl``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from k8snet.linux.tools import split
from k8snet.serve import Served
from tests.conftest import require

VERSIONS = ("1.37", "1.20")
SECONDS = 20
"""So long may one run take."""


class Ran(NamedTuple):
    """What a run has printed, and its exit code."""

    stdout: str
    stderr: str
    code: int


def kubectl(which: str) -> Path:
    """The program of a version. Without it the test is skipped, or fails if it is required."""
    found = next((path for path in _candidates(which) if path.is_file() and _is(path, which)), None)
    require("kubectl", None if found else f"there is no kubectl {which}")
    assert found is not None
    return found


def _candidates(which: str) -> list[Path]:
    """Where a version may be: where the environment says so, beside Python, or on the path."""
    told = os.environ.get(f"K8SNET_KUBECTL_{which.replace('.', '_')}")
    beside, on_path = Path(sys.executable).with_name("kubectl"), shutil.which("kubectl")
    return [*([Path(told)] if told else []), beside, *([Path(on_path)] if on_path else [])]


@cache
def _is(path: Path, which: str) -> bool:
    """Whether a program is of this version."""
    with tempfile.TemporaryDirectory() as home:
        ran = subprocess.run(
            [path, "version", "--client"], capture_output=True, text=True, timeout=SECONDS, env=_environment(home), check=False,
        )  # fmt: skip
    return f"v{which}." in ran.stdout


def _environment(home: str, kubeconfig: str = "/nonexistent") -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "K8SNET"))}
    return clean | {"HOME": home, "KUBECONFIG": kubeconfig}


def run(binary: Path, served: Served | None, line: str | Sequence[str], stdin: str = "", *, seconds: float = SECONDS,
        stderr: int = subprocess.PIPE) -> Ran:
    """Run ``kubectl LINE`` against a served cluster, or none, in an empty home."""
    words = split(line) if isinstance(line, str) else list(line)
    with tempfile.TemporaryDirectory() as home:
        config = str(Path(home) / "config")
        if served is not None:
            served.kubeconfig(config)
        ran = subprocess.run(
            [binary, *words], input=stdin, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=seconds,
            env=_environment(home, config), cwd=Path.cwd(), check=False,
        )  # fmt: skip
    return Ran(ran.stdout, ran.stderr or "", ran.returncode)


def screen(binary: Path, served: Served | None, line: str | Sequence[str], stdin: str = "") -> tuple[str, int]:
    """The same, as a terminal shows it: what is printed and what is complained of in one text, and the exit code."""
    ran = run(binary, served, line, stdin, stderr=subprocess.STDOUT)
    return ran.stdout, ran.code
