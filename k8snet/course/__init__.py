"""What a lesson is made of beside its text: predictions, exercises and their checkers, and the course's own network.

All that a learner reads here stands under a key in exercises/*.toml, so that another language can stand beside it.
"""

from k8snet.course import figure
from k8snet.course.lesson import check, exercise, hint, predict, reveal
from k8snet.course.truth import is_this_true

__all__ = ["check", "exercise", "figure", "hint", "is_this_true", "predict", "reveal"]
