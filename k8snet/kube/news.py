"""What is new in a status: clauses, each a key and facts, in the order in which one tells them.

Read from the object before and after a write alone. What moves with each report (heartbeats, times, observed generations
beside other news) is no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from k8snet.kube.objects import ContainerState, ContainerStatus, Object


class Clause(NamedTuple):
    """A part of a sentence: its key, and what fills it."""

    key: str
    facts: dict[str, Any]


COUNTS = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas",
    "desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable",
    "numberUnavailable", "numberMisscheduled",
)  # fmt: skip
"""The numbers in the status of what owns pods; ``fullyLabeledReplicas`` goes with replicas."""

IMPLIED = frozenset({"PodReadyToStartContainers", "Initialized", "ContainersReady"})
"""Conditions of a pod that follow from what its containers tell."""
ALREADY_SAID = frozenset({("PodScheduled", "True")})
"""What the binding of a pod has said."""


def of(before: Object, after: Object) -> list[Clause]:
    """The news in an object's status."""
    old, new = getattr(before, "status", None), getattr(after, "status", None)
    return [*_address(old, new), *_phase(old, new), *_containers(old, new), *_counts(old, new), *_conditions(old, new),
            *_generation(old, new)] if new is not None else []  # fmt: skip


def _address(old: Object, new: Object) -> Iterator[Clause]:
    before, after = getattr(old, "podIP", None), getattr(new, "podIP", None)
    if after and after != before:
        yield Clause("news.address.again" if before else "news.address", {"before": before, "ip": after})


def _phase(old: Object, new: Object) -> Iterator[Clause]:
    before, after = getattr(old, "phase", None), getattr(new, "phase", None)
    if after and before and after != before:
        yield Clause("news.phase", {"before": before, "after": after})


# --- containers -------------------------------------------------------------------------------------------------------


def _containers(old: Object, new: Object) -> Iterator[Clause]:
    for field in ("initContainerStatuses", "containerStatuses"):
        known = {each.name: each for each in getattr(old, field, None) or ()}
        for status in getattr(new, field, None) or ():
            yield from _container(known.get(status.name), status)


def _container(old: ContainerStatus | None, new: ContainerStatus) -> Iterator[Clause]:
    """Whether it was started again, and what it does now."""
    again = old is not None and new.restartCount > old.restartCount
    facts: dict[str, Any] = {"container": new.name, "restarts": new.restartCount}
    if again:
        yield Clause("news.again", facts)
    before, after = (old.state if old else None) or ContainerState(), new.state or ContainerState()
    if after.running is not None and before.running is None and not again:
        yield Clause("news.runs", facts)
    elif after.terminated is not None and (again or before.terminated is None):
        yield Clause("news.ended", facts | {"code": after.terminated.exitCode})
    elif after.waiting is not None and (before.waiting is None or before.waiting.reason != after.waiting.reason):
        yield Clause("news.waits", facts | {"reason": after.waiting.reason or ""})


# --- numbers and conditions -------------------------------------------------------------------------------------------


def _counts(old: Object, new: Object) -> Iterator[Clause]:
    for field in COUNTS:
        before, after = getattr(old, field, None) or 0, getattr(new, field, None) or 0
        if before != after:
            yield Clause(f"news.count.{field}", {"before": before, "after": after})


def _conditions(old: Object, new: Object) -> Iterator[Clause]:
    known = {each.type: each for each in getattr(old, "conditions", None) or ()}
    for each in getattr(new, "conditions", None) or ():
        before = known.get(each.type)
        if each.type in IMPLIED or (each.type, each.status) in ALREADY_SAID or _is_old(before, each):
            continue
        facts = {"type": each.type, "status": each.status, "reason": each.reason or "", "message": each.message or ""}
        yield Clause(f"news.condition.{each.type}.{each.status}", facts)


def _is_old(before: Any, now: Any) -> bool:
    """Whether a condition is as it was; one that is not ready was not so before it was said either."""
    if before is None:
        return (now.type, now.status) == ("Ready", "False")
    return (before.status, before.reason) == (now.status, now.reason)


def _generation(old: Object, new: Object) -> Iterator[Clause]:
    before, after = getattr(old, "observedGeneration", None), getattr(new, "observedGeneration", None)
    if after and after != before:
        yield Clause("news.generation", {"generation": after})
