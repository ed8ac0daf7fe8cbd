"""Which of several pods is picked, and how errors are told together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k8snet.errors import ApiError, CommandError
from k8snet.kube.api import EPOCH
from k8snet.kube.objects import ContainerStatus, ObjectMeta, Pod, PodCondition, PodSpec, PodStatus
from k8snet.shell.kubectl.picking import for_attaching, for_logging
from k8snet.shell.kubectl.visiting import Error, refused


def _pod(name: str, *, node: str = "node1", phase: str = "Running", ready: float | None = 0, made: float = 0, restarts: int = 0,
         going: float | None = None) -> Pod:  # fmt: skip
    def at(seconds: float) -> Any:
        return EPOCH + timedelta(seconds=seconds)

    conditions = [] if ready is None else [PodCondition(type="Ready", status="True", lastTransitionTime=at(ready))]
    status = ContainerStatus(image="nginx", imageID="", name="c", ready=ready is not None, restartCount=restarts)
    about = ObjectMeta(name=name, creationTimestamp=at(made), deletionTimestamp=None if going is None else at(going))
    return Pod(metadata=about, spec=PodSpec(containers=[], nodeName=node),
               status=PodStatus(phase=phase, conditions=conditions, containerStatuses=[status]))  # fmt: skip


NOWHERE = _pod("nowhere", node="", phase="Pending", ready=None)
PENDING = _pod("pending", phase="Pending", ready=None)
UNREADY = _pod("unready", ready=None)
LATE, EARLY = _pod("late", ready=9), _pod("early", ready=1)
GOING = _pod("going", going=5)
OFTEN, SELDOM = _pod("often", restarts=3), _pod("seldom", restarts=1)
OLD, NEW = _pod("old", made=1), _pod("new", made=2)


@pytest.mark.parametrize(("better", "worse"), [
    (PENDING, NOWHERE), (UNREADY, PENDING), (EARLY, UNREADY), (EARLY, LATE), (OLD, NEW),
])  # fmt: skip
def test_what_both_prefer(better: Pod, worse: Pod) -> None:
    assert for_logging(better) < for_logging(worse)
    assert for_attaching(better) < for_attaching(worse)


def test_logs_are_wanted_of_what_fails_and_commands_go_where_it_is_calm() -> None:
    assert for_logging(OFTEN) < for_logging(SELDOM)
    assert for_attaching(SELDOM) < for_attaching(OFTEN)
    assert for_attaching(LATE) < for_attaching(GOING)


@pytest.mark.parametrize(("errors", "text"), [
    (["a"], "error: a"),
    (["error: a"], "error: a"),
    (["error: a\n"], "error: a"),
    ([CommandError("error: a")], "error: a"),
    ([ApiError("Error from server (NotFound): x")], "Error from server (NotFound): x"),
    (["a", CommandError("error: b"), ApiError("Error from server: c"), "error: d"], "a\nb\nError from server: c\nerror: d"),
])  # fmt: skip
def test_errors_together(errors: list[Error], text: str) -> None:
    assert str(refused(errors)) == text
