"""How the agent begins: kernel.py starts this file as a bare script, in a Python that sees the standard library alone.

Its other files are found by their full names all the same. What the packages above them would load is left out: they stand
here as empty packages that have a folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


def stand_in(name: str, folder: Path) -> None:
    """A package of this name and folder, whose own __init__.py is not run."""
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


def begin() -> None:
    """Answer requests until there are no more."""
    stand_in("k8snet", HERE.parents[1])
    stand_in("k8snet.lab", HERE.parent)
    from k8snet.lab.agent.loop import main

    main()


if __name__ == "__main__":
    begin()
