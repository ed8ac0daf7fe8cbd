"""Answers for the checkers: an exercise after some lines, and what is said of an answer that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from typing import Any

from k8snet.course import check, exercise
from k8snet.course.checks import do
from k8snet.errors import K8snetError
from k8snet.linux import World


def after(key: str, lines: Iterable[str], *, failing: bool = False) -> Any:
    """An exercise's world or cluster, with these lines done to it. With ``failing``, a line may fail."""
    given = exercise(key)
    for line in lines:
        if isinstance(given, World):
            given.sh(line, check=not failing)
            continue
        with suppress(K8snetError) if failing else nullcontext():
            do(given, line)
    return given


def told(key: str, answer: object, given: Any = None) -> str:
    """What is said of an answer, which must not pass."""
    verdict = check(key, answer, given)
    assert not verdict.passed
    return " ".join(verdict.lines)
