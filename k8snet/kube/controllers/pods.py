"""What controllers ask about a pod. Source: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go."""

from __future__ import annotations

from datetime import datetime, timedelta

from k8snet.kube.objects import Pod, PodCondition, changed, known

FINISHED = ("Succeeded", "Failed")


def is_finished(pod: Pod) -> bool:
    """Whether all its containers have ended, for good."""
    return pod.status is not None and pod.status.phase in FINISHED


def is_terminating(pod: Pod) -> bool:
    """Whether it is to be deleted."""
    return pod.metadata is not None and pod.metadata.deletionTimestamp is not None


def is_active(pod: Pod) -> bool:
    """Whether it counts as one of its owner's pods."""
    return not is_terminating(pod) and not is_finished(pod)


def condition(pod: Pod, type_: str) -> PodCondition | None:
    """One of a pod's conditions."""
    for each in (pod.status.conditions if pod.status else None) or ():
        if each.type == type_:
            return each
    return None


def is_ready(pod: Pod) -> bool:
    """Whether its Ready condition is True."""
    ready = condition(pod, "Ready")
    return ready is not None and ready.status == "True"


def available_from(pod: Pod, min_ready_seconds: int) -> datetime | None:
    """When a ready pod has been ready for long enough; None if it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.status != "True":
        return None
    return known(ready.lastTransitionTime) + timedelta(seconds=min_ready_seconds)


def with_condition(pod: Pod, new: PodCondition) -> Pod:
    """The pod with this condition in place of the one of the same type; the others stay where they are."""
    status = known(pod.status)
    kept = [new if each.type == new.type else each for each in status.conditions or ()]
    if new not in kept:
        kept.append(new)
    return changed(pod, status=changed(status, conditions=kept))
