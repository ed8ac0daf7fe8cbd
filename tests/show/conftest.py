"""The course's figure, built by the commands that the twin's tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet.linux import World

COMMANDS = Path(__file__).parents[1] / "twin" / "figure.sh"


@pytest.fixture
def figure() -> World:
    """Two nodes with two pods each, a router and a switch; all pods listen on port 4000."""
    world = World(seed=1)
    for line in COMMANDS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            world.sh(line)
    for pod in ("pod-a", "pod-b", "pod-c", "pod-d"):
        world.listen(pod, 4000)
    return world
