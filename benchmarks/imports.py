"""How long ``from k8snet.linux import World`` takes, against the modules that any typed program loads."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import Figures, in_turns

TYPED = "import dataclasses, enum, ipaddress, typing"
WORLD = "from k8snet.linux import World"


def figures() -> Figures:
    """The import's time as a multiple of the standard library's, both less the interpreter's own."""
    typed, world = in_turns(lambda: run(TYPED), lambda: run(WORLD), rounds=20, times=1)
    bare, _ = in_turns(lambda: run("pass"), lambda: None, rounds=20, times=1)
    ours, peer = world - bare, typed - bare
    yield f"`{WORLD}` ({ours * 1e3:.0f} ms)", f"`{TYPED}` ({peer * 1e3:.0f} ms)", ours / peer


def run(code: str) -> None:
    """Run a line in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)
