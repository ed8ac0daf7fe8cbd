"""How the model finds whether an exercise is done: a file for each lesson, a function for each exercise."""

from __future__ import annotations

from k8snet.course.judges import lesson_01, lesson_02, lesson_03, lesson_05
from k8snet.course.judges.judge import Judge

__all__ = ["JUDGES", "Judge"]

JUDGES: dict[str, Judge] = {**lesson_01.JUDGES, **lesson_02.JUDGES, **lesson_03.JUDGES, **lesson_05.JUDGES}
"""By the exercise's key."""
