"""Each measured fact about the kernel has its experiment, or its reason why not in docs/not-modelled.md.

A test of a fact is called after it: ``test_b6_…`` in a file ``test_facts_….py``. A fact that cannot be modelled has a line
in docs/not-modelled.md that begins with its name, as in ``Fact B7: …``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOT_MODELLED = HERE.parents[1] / "docs" / "not-modelled.md"
COUNTS = {"a": 11, "b": 16, "c": 8, "d": 12, "e": 4, "f": 3, "g": 3}
"""How many facts there are about ARP, routing, bridges, conntrack, netfilter, VXLAN and captures."""
FACTS = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]
EXCUSED = re.compile(r"^[-*| ]*Fact ([A-G]\d+): *\S", re.MULTILINE)


def experiments() -> Iterator[str]:
    """The facts that test functions are called after."""
    for path in HERE.glob("test_facts_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            found = re.match(r"test_([a-g]\d+)_", node.name) if isinstance(node, ast.FunctionDef) else None
            if found:
                yield found[1]


def excused() -> list[str]:
    """The facts that docs/not-modelled.md names."""
    return [name.lower() for name in EXCUSED.findall(NOT_MODELLED.read_text())]


def test_there_are_57_facts() -> None:
    assert len(FACTS) == 57


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_has_an_experiment_or_a_reason(fact: str) -> None:
    assert fact in {*experiments(), *excused()}


def test_no_experiment_and_no_reason_is_for_a_fact_that_is_not_there() -> None:
    assert sorted({*experiments(), *excused()} - set(FACTS)) == []
