"""Timing two things in turns, so that whatever else the machine does meanwhile falls on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

Figure = tuple[str, str, float]
"""What was measured, against what, and the ratio; printed as one line of the table."""
Figures = Iterator[Figure]
Act = Callable[[], object]


def in_turns(first: Act, second: Act, *, rounds: int = 30, times: int = 20) -> tuple[float, float]:
    """The shortest time that each took, in seconds for one call: ``rounds`` rounds of ``times`` calls."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for number, act in enumerate((first, second)):
            best[number] = min(best[number], _seconds(act, times))
    return best[0], best[1]


def _seconds(act: Act, times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        act()
    return (perf_counter() - start) / times
