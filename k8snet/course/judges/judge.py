"""What judges an exercise, where no ping can: a function for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Judge = Callable[[object, Any], str | None]
"""Given an answer, and the learner's world or cluster (a fork of it): what is wrong in words, or None.

Where the exercise is to change a cluster, the answer is that cluster's fork, and stands in both places.
"""
