"""What real kubectl describes, and what the model does, side by side."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl.describing import Source, describe


def asked(binary: Path, address: str, *words: str, home: Path) -> str:
    """What kubectl prints of an object that is served. It is in UTC, and keeps what it remembers in ``home``."""
    line = [str(binary), f"--server={address}", f"--cache-dir={home}", "describe", *words]
    surroundings = {"TZ": "UTC", "HOME": str(home), "KUBECONFIG": os.devnull, "PATH": os.environ["PATH"]}
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ours(source: Callable[[datetime], Source], kind: str, namespace: str, name: str) -> Callable[[], str]:
    """A function that says what the model prints now, by the machine's clock, as kubectl reads ages from it."""
    return lambda: describe(source(datetime.now(UTC)), KINDS[kind], namespace, name)


def both(expected: Callable[[], str], actual: Callable[[], str]) -> tuple[str, str]:
    """Two texts to hold equal; ``actual`` is asked before and after, since an age may have become another one in between."""
    before, wanted, after = actual(), expected(), actual()
    return wanted, before if before == wanted else after
