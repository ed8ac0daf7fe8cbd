"""What a Deployment's status says: how far it has come, and whether it still gets on. Writes nothing.

Source: pkg/controller/deployment/progress.go, sync.go (calculateStatus), util/deployment_util.go.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from k8snet.kube.controllers.rollout import Rollout, name, size
from k8snet.kube.controllers.rollout import status as of
from k8snet.kube.objects import Deployment, DeploymentCondition, DeploymentStatus, changed, known, meta

Conditions = list[DeploymentCondition]
FOREVER = 2**31 - 1
"""A deadline or a limit of so much is none (math.MaxInt32)."""
NO_DEADLINE = FOREVER


def has_deadline(deployment: Deployment) -> bool:
    """Whether somebody wants to know of a rollout that does not get on."""
    return known(deployment.spec).progressDeadlineSeconds not in (None, NO_DEADLINE)


def status_of(rollout: Rollout, time: datetime, *, progress: bool) -> DeploymentStatus:
    """The status; with ``progress`` also whether the rollout gets on (while it is paused or scaled that is not asked)."""
    new = _counted(rollout, time)
    if not progress:
        return new
    new = _with_progress(rollout, new, time) if has_deadline(rollout.deployment) else without(new, "Progressing")
    return _with_failure(rollout, new)


# --- conditions -----------------------------------------------------------------------------------------------------


def condition(status: DeploymentStatus | None, type_: str | None) -> DeploymentCondition | None:
    """One of a Deployment's conditions."""
    for each in (status.conditions if status is not None else None) or ():
        if each.type == type_:
            return each
    return None


def without(status: DeploymentStatus, type_: str | None) -> DeploymentStatus:
    """The status without a condition."""
    if condition(status, type_) is None:
        return status
    return changed(status, conditions=[each for each in status.conditions or () if each.type != type_])


def with_condition(status: DeploymentStatus, new: DeploymentCondition) -> DeploymentStatus:
    """The status with a condition; one that says the same already stays as it is."""
    old = condition(status, new.type)
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return status
    if old is not None and old.status == new.status:
        new = changed(new, lastTransitionTime=old.lastTransitionTime)
    return changed(status, conditions=[*(without(status, new.type).conditions or ()), new])


def said(type_: str, status: str, reason: str, message: str, time: datetime) -> DeploymentCondition:
    """A condition that is said now."""
    return DeploymentCondition(
        type=type_, status=status, reason=reason, message=message, lastTransitionTime=time, lastUpdateTime=time
    )


# --- the numbers ----------------------------------------------------------------------------------------------------


def _counted(rollout: Rollout, time: datetime) -> DeploymentStatus:
    """The numbers, and whether there are enough pods."""
    sets, old = rollout.all, rollout.deployment.status or DeploymentStatus()
    ready = sum(of(rs).availableReplicas or 0 for rs in sets)
    counted = DeploymentStatus(
        observedGeneration=meta(rollout.deployment).generation, collisionCount=old.collisionCount, conditions=old.conditions,
        replicas=sum(of(rs).replicas for rs in sets) or None,
        updatedReplicas=(of(rollout.newest).replicas if rollout.newest is not None else 0) or None,
        readyReplicas=sum(of(rs).readyReplicas or 0 for rs in sets) or None, availableReplicas=ready or None,
        unavailableReplicas=max(0, sum(map(size, sets)) - ready) or None,
        terminatingReplicas=sum(of(rs).terminatingReplicas or 0 for rs in sets),
    )  # fmt: skip
    if ready >= rollout.least:
        enough = said("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", time)
    else:
        text = "Deployment does not have minimum availability."
        enough = said("Available", "False", "MinimumReplicasUnavailable", text, time)
    return with_condition(counted, enough)


def is_complete(rollout: Rollout, new: DeploymentStatus) -> bool:
    """Whether all pods are there, of the newest revision, and available."""
    numbers = {new.updatedReplicas or 0, new.replicas or 0, new.availableReplicas or 0}
    return numbers == {rollout.replicas} and (new.observedGeneration or 0) >= (meta(rollout.deployment).generation or 0)


def _has_progressed(old: DeploymentStatus, new: DeploymentStatus) -> bool:
    """Whether there are more new pods, fewer old ones, or more that are ready or available."""

    def others(status: DeploymentStatus) -> int:
        return (status.replicas or 0) - (status.updatedReplicas or 0)

    return (
        (new.updatedReplicas or 0) > (old.updatedReplicas or 0)
        or others(new) < others(old)
        or (new.readyReplicas or 0) > (old.readyReplicas or 0)
        or (new.availableReplicas or 0) > (old.availableReplicas or 0)
    )


# --- progress -------------------------------------------------------------------------------------------------------


def _with_progress(rollout: Rollout, new: DeploymentStatus, time: datetime) -> DeploymentStatus:
    old = rollout.deployment.status or DeploymentStatus()
    current = condition(old, "Progressing")
    over = (new.replicas or 0) == (new.updatedReplicas or 0) and _reason(current) == "NewReplicaSetAvailable"
    if over:
        return new
    if rollout.newest is not None:
        subject = f'ReplicaSet "{name(rollout.newest)}"'
    else:
        subject = f'Deployment "{meta(rollout.deployment).name}"'
    if is_complete(rollout, new):
        text = f"{subject} has successfully progressed."
        return with_condition(new, said("Progressing", "True", "NewReplicaSetAvailable", text, time))
    if _has_progressed(old, new):
        moving = said("Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.", time)
        if current is not None and current.status == "True":
            moving = changed(moving, lastTransitionTime=current.lastTransitionTime)
        return with_condition(without(new, "Progressing"), moving)
    if _is_late(rollout.deployment, current, time):
        text = f"{subject} has timed out progressing."
        return with_condition(new, said("Progressing", "False", "ProgressDeadlineExceeded", text, time))
    return new


def _reason(current: DeploymentCondition | None) -> str | None:
    return current.reason if current is not None else None


def deadline(deployment: Deployment, current: DeploymentCondition) -> datetime:
    """Until when there must be progress."""
    return known(current.lastUpdateTime) + timedelta(seconds=known(known(deployment.spec).progressDeadlineSeconds))


def _is_late(deployment: Deployment, current: DeploymentCondition | None, time: datetime) -> bool:
    if current is None or current.reason == "NewReplicaSetAvailable":
        return False
    return current.reason == "ProgressDeadlineExceeded" or deadline(deployment, current) < time


def check_again(rollout: Rollout, new: DeploymentStatus, time: datetime) -> float | None:
    """In how many seconds to see whether the deadline has passed; None: there is nothing to wait for."""
    current = condition(new, "Progressing")
    if not has_deadline(rollout.deployment) or current is None or is_complete(rollout, new):
        return None
    if current.reason in ("ProgressDeadlineExceeded", "NewReplicaSetAvailable"):
        return None
    return max(0.0, (deadline(rollout.deployment, current) - time).total_seconds()) + 1.0


def _with_failure(rollout: Rollout, new: DeploymentStatus) -> DeploymentStatus:
    """What one of the ReplicaSets was refused, the newest one's first."""
    for rs in [*([rollout.newest] if rollout.newest is not None else []), *rollout.older]:
        for each in of(rs).conditions or ():
            if each.type == "ReplicaFailure":
                when = known(each.lastTransitionTime)
                return with_condition(new, said("ReplicaFailure", each.status or "", each.reason or "", each.message or "", when))
    return without(new, "ReplicaFailure")


def with_pause_noted(deployment: Deployment, time: datetime) -> DeploymentStatus:
    """The status with a word on the pause, so that the time of the pause does not count as lack of progress."""
    status = deployment.status or DeploymentStatus()
    reason, paused = _reason(condition(status, "Progressing")), bool(known(deployment.spec).paused)
    if not has_deadline(deployment) or reason == "ProgressDeadlineExceeded" or paused == (reason == "DeploymentPaused"):
        return status
    word, text = ("DeploymentPaused", "Deployment is paused") if paused else ("DeploymentResumed", "Deployment is resumed")
    return with_condition(status, said("Progressing", "Unknown", word, text, time))
