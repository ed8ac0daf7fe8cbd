"""How the model finds whether an exercise is done: a file for each lesson, a function for each exercise."""

from __future__ import annotations

from k8snet.course.judges import lesson_01, lesson_02, lesson_03, lesson_05, lesson_06, lesson_08
from k8snet.course.judges.judge import Judge

__all__ = ["JUDGES", "Judge"]

JUDGES: dict[str, Judge] = {
    **lesson_01.JUDGES, **lesson_02.JUDGES, **lesson_03.JUDGES, **lesson_05.JUDGES, **lesson_06.JUDGES, **lesson_08.JUDGES,
}  # fmt: skip
"""By the exercise's key."""
