"""How long ``from k8snet.linux import World`` takes, against the modules that any typed program loads.

Both as on a learner's second start: with the bytecode already compiled, here in a folder that is thrown away.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from tempfile import TemporaryDirectory

from benchmarks.timing import Figures, in_turns

TYPED = "import dataclasses, enum, ipaddress, typing"
WORLD = "from k8snet.linux import World"


def figures() -> Figures:
    """The import's time as a multiple of the standard library's, both less the interpreter's own."""
    with TemporaryDirectory() as folder:
        typed, world = in_turns(partial(run, TYPED, folder), partial(run, WORLD, folder), rounds=20, times=1)
        bare, _ = in_turns(partial(run, "pass", folder), int, rounds=20, times=1)
    ours, peer = world - bare, typed - bare
    yield f"`{WORLD}` ({ours * 1e3:.0f} ms)", f"`{TYPED}` ({peer * 1e3:.0f} ms)", ours / peer


def run(code: str, bytecode: str) -> None:
    """Run a line in a new interpreter."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", code], check=True, env={**kept, "PYTHONPYCACHEPREFIX": bytecode})
