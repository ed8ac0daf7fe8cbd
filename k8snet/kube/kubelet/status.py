"""What the kubelet reports of a pod: phase, conditions, addresses, and the state of each container.

Worked out anew from what the runtime has; so it is right whatever was reported before. Times of conditions that have not
changed stay. Source: the kubelet's kubelet_pods.go (getPhase, convertToAPIContainerStatuses), status/generate.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from k8snet.kube import images
from k8snet.kube.api import EPOCH
from k8snet.kube.kubelet import probes
from k8snet.kube.kubelet.containers import is_sidecar
from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import Container as Wish
from k8snet.kube.objects import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    HostIP,
    PodCondition,
    PodIP,
    PodStatus,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.sandbox import Container, Held

NOTHING = Held("")
NO_STATE = ContainerState()
INITIALIZED, READY, CONTAINERS_READY, SANDBOX = "Initialized", "Ready", "ContainersReady", "PodReadyToStartContainers"
OURS = (SANDBOX, INITIALIZED, READY, CONTAINERS_READY)
FINISHED = ("Succeeded", "Failed")
Said = tuple[str, str | None, str | None]
"""Of a condition: status, reason, message."""
TRUE: Said = ("True", None, None)


def report(turn: Turn) -> bool:
    """Write a pod's status, if it is another one than before; returns whether it was."""
    before = known(turn.pod.status)
    after = status_of(turn)
    if after == before:
        return False
    turn.pod = turn.client.update_status(changed(turn.pod, status=after))
    return True


def status_of(turn: Turn) -> PodStatus:
    """The status of a pod as it is now."""
    held, before, host = turn.held or NOTHING, known(turn.pod.status), turn.kubelet.place.ip
    inits = [_container_status(turn, wish, held, init=True) for wish in turn.spec.initContainers or ()]
    others = [_container_status(turn, wish, held, init=False) for wish in turn.spec.containers]
    phase = _phase(turn, held, inits, others, before.phase or "Pending")
    sandbox = held.sandbox
    ip = (sandbox.ip or host) if sandbox is not None else before.podIP
    return changed(
        before, phase=phase, observedGeneration=meta(turn.pod).generation,
        conditions=list(_conditions(turn, held, phase, [*_counted(turn, inits), *others], inits)),
        hostIP=host, hostIPs=[HostIP(ip=host)], podIP=ip, podIPs=[PodIP(ip=ip)] if ip else None,
        startTime=before.startTime or turn.client.time, containerStatuses=others, initContainerStatuses=inits or None,
    )  # fmt: skip


def _counted(turn: Turn, inits: list[ContainerStatus]) -> list[ContainerStatus]:
    """The sidecars' statuses: they count for being ready."""
    return [each for wish, each in zip(turn.spec.initContainers or (), inits, strict=True) if is_sidecar(wish)]


# --- phase --------------------------------------------------------------------------------------------------------


def _phase(turn: Turn, held: Held, inits: list[ContainerStatus], others: list[ContainerStatus], before: str) -> str:
    if before in FINISHED:
        return before
    policy = turn.spec.restartPolicy
    began = any(held.newest(wish.name) is not None for wish in turn.spec.containers)
    for wish, each in zip(turn.spec.initContainers or (), inits, strict=True):
        ended = known(each.state).terminated
        if not is_sidecar(wish) and ended is not None and ended.exitCode and policy == "Never":
            return "Failed"
    if not began:
        return "Pending"
    last = [held.newest(wish.name) for wish in turn.spec.containers]
    if any(each is None for each in last):
        return "Pending"
    if any(known(each).finished is None for each in last) or policy == "Always":
        return "Running"
    if all(known(each).exit_code == 0 for each in last):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


# --- conditions ---------------------------------------------------------------------------------------------------


def _conditions(turn: Turn, held: Held, phase: str, counted: list[ContainerStatus],
                inits: list[ContainerStatus]) -> Iterator[PodCondition]:
    """The kubelet's own conditions, then those of others as they are; a pod is scheduled, or it would not be here."""
    ready = _ready(turn, phase, counted)
    said = {
        SANDBOX: TRUE if held.sandbox is not None else ("False", None, None),
        INITIALIZED: _initialized(turn, phase, inits, held),
        READY: ready,
        CONTAINERS_READY: ready,
    }
    before = known(turn.pod.status).conditions or ()
    there = {each.type: each for each in before}
    generation, time = meta(turn.pod).generation, turn.client.time
    for type_, (status, reason, message) in said.items():
        old = there.get(type_)
        since = old.lastTransitionTime if old is not None and old.status == status else time
        yield PodCondition(
            type=type_, status=status, reason=reason, message=message, lastTransitionTime=since, observedGeneration=generation
        )
    yield from (each for each in before if each.type not in OURS)
    if "PodScheduled" not in there:
        yield PodCondition(type="PodScheduled", status="True", lastTransitionTime=time, observedGeneration=generation)


def _ready(turn: Turn, phase: str, counted: list[ContainerStatus]) -> Said:
    if phase == "Succeeded":
        return "False", "PodCompleted", None
    if phase == "Failed":
        return "False", "PodFailed", None
    unready = [each.name for each in counted if not each.ready]
    if unready:
        return "False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return TRUE


def _initialized(turn: Turn, phase: str, inits: list[ContainerStatus], held: Held) -> Said:
    if not inits:
        return TRUE
    if phase == "Succeeded":
        return "True", "PodCompleted", None
    missing = [each.name for wish, each in zip(turn.spec.initContainers or (), inits, strict=True) if not _through(wish, each)]
    if missing and not any(held.newest(wish.name) is not None for wish in turn.spec.containers):
        return "False", "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(missing)}]"
    return TRUE


def _through(wish: Wish, status: ContainerStatus) -> bool:
    return bool(status.started) if is_sidecar(wish) else status.ready


# --- containers ---------------------------------------------------------------------------------------------------


def _container_status(turn: Turn, wish: Wish, held: Held, *, init: bool) -> ContainerStatus:
    last, image = held.newest(wish.name), wish.image or ""
    state, earlier = _states(turn, wish, held, last)
    running = last is not None and last.finished is None
    started = running and probes.has_started(turn, wish, known(last))
    if init and not is_sidecar(wish):
        ready = last is not None and last.finished is not None and last.exit_code == 0
    else:
        ready = started and probes.is_ready(turn, wish, known(last))
    return ContainerStatus(
        name=wish.name, image=image if last is None else images.reference(image), imageID="" if last is None else image_id(image),
        containerID=None if last is None else f"containerd://{last.id}", ready=ready, started=started,
        restartCount=0 if last is None else last.attempt, state=state, lastState=earlier,
    )  # fmt: skip


def _states(turn: Turn, wish: Wish, held: Held, last: Container | None) -> tuple[ContainerState, ContainerState]:
    """A container's state, and that of the one before it."""
    if last is not None and last.finished is None:
        return ContainerState(running=ContainerStateRunning(startedAt=time_of(last.started))), _before(held, last)
    waiting = turn.remembered.waiting.get(wish.name)
    if waiting is None and last is None:
        waiting = ("PodInitializing" if turn.spec.initContainers else "ContainerCreating", "")
    if waiting is not None:
        state = ContainerState(waiting=ContainerStateWaiting(reason=waiting[0], message=waiting[1] or None))
        return state, NO_STATE if last is None else terminated(last)
    return terminated(known(last)), _before(held, known(last))


def _before(held: Held, last: Container) -> ContainerState:
    before = held.before(last) if last.attempt else None
    return NO_STATE if before is None else terminated(before)


def terminated(container: Container) -> ContainerState:
    """The state of a container that has ended."""
    ended = ContainerStateTerminated(
        exitCode=container.exit_code, reason=container.reason, message=container.message or None,
        startedAt=time_of(container.started), finishedAt=time_of(known(container.finished)),
        containerID=f"containerd://{container.id}",
    )  # fmt: skip
    return ContainerState(terminated=ended)


@lru_cache(maxsize=1024)
def time_of(seconds: float) -> datetime:
    """A time of the cluster's clock as objects have it."""
    return EPOCH + timedelta(seconds=int(seconds))


@lru_cache(maxsize=1024)
def image_id(image: str) -> str:
    """By what the runtime knows an image: its repository and a digest, which here is one of its name."""
    return f"{images.repository(image)}@sha256:{sha256(images.reference(image).encode()).hexdigest()}"
