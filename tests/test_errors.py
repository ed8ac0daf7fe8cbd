"""What a learner sees of an error in a notebook."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from k8snet.linux import World


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        pytest.param('w.sh("ip adress")',
                     ['line 1: w.sh("ip adress")', 'CommandError: Object "adress" is unknown, try "ip help".'],
                     id="the tool's no"),
        pytest.param('w.sh("ip address")\nw.ping("pod-x", "10.1.1.1")',
                     ['line 2: w.ping("pod-x", "10.1.1.1")',
                      'CommandError: Cannot open network namespace "pod-x": No such file or directory'],
                     id="not the first line"),
        pytest.param('w.sh("ip link add a type vlan")',
                     ['line 1: w.sh("ip link add a type vlan")', "NotModelled: not modelled: "], id="our no"),
        pytest.param('w.sh("ls")', ['line 1: w.sh("ls")', "CommandError: sh: 1: ls: not found", "The model has arping, bridge, "],
                     id="no such tool"),
    ],
)
def test_it_is_the_own_line_and_the_text(cell: str, shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    notebook: Any = InteractiveShell
    shell, printed = notebook(), list[Any]()
    shell.user_ns["w"] = World()
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: printed.extend(lines))
    shell.run_cell(cell)
    assert len(printed) == len(shown)
    assert all(line.startswith(beginning) for line, beginning in zip(printed, shown, strict=True))
