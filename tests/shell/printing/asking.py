"""The real kubectl 1.37, for what it prints of objects and tables that no cluster has."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.shell import real

SECONDS = 20


@cache
def _binary() -> Path:
    return real.kubectl("1.37")


def ask(*words: str, url: str = "") -> tuple[str, str]:
    """What ``kubectl WORDS`` prints and what it complains of, in an empty home; ``url`` is the server that it asks."""
    with tempfile.TemporaryDirectory() as home:
        server = ["--server", url] if url else []
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "K8SNET"))}
        ran = subprocess.run([_binary(), *server, *words], capture_output=True, timeout=SECONDS, check=False, cwd=home,
                             env=clean | {"HOME": home, "KUBECONFIG": "/nonexistent"})  # fmt: skip
    return ran.stdout.decode(), ran.stderr.decode()


def printed(document: dict[str, Any], form: str, *words: str) -> tuple[str, str]:
    """What kubectl prints of an object without asking any server; the object must have a label ``it=is``."""
    assert document["metadata"]["labels"]["it"] == "is"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        return ask("label", "--local", "--overwrite", "-f", file.name, "it=is", "-o", form, *words)


def gizmo(spec: Any, **labels: str) -> dict[str, Any]:
    """An object of a kind that kubectl has never heard of."""
    metadata = {"name": "it", "labels": {"it": "is", **labels}}
    return {"apiVersion": "example.com/v1", "kind": "Gizmo", "metadata": metadata, "spec": spec}
