"""The table of pods, and the one word that says how a pod is.

That word is no field of the API: it is the phase, unless an init container, a container or the deletion has more to say.
Source: pkg/printers/internalversion, printers.go (printPod).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from k8snet.kube.objects import ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodSpec, PodStatus, meta
from k8snet.kube.rest.durations import age
from k8snet.kube.rest.tables.columns import AGE, NAME, NONE, Cell, Column, age_of, wide
from k8snet.linux.fact import Fact

COLUMNS = (
    NAME,
    Column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    Column("Status", "The aggregate status of the containers in this pod."),
    Column("Restarts", "The number of times the containers in this pod have been restarted and when the last container in"
                       " this pod has restarted."),
    AGE,
    wide("IP", (PodStatus, "podIP")),
    wide("Node", (PodSpec, "nodeName")),
    wide("Nominated Node", (PodStatus, "nominatedNodeName")),
    wide("Readiness Gates", (PodSpec, "readinessGates")),
)  # fmt: skip


def row(pod: Pod, now: datetime) -> tuple[Cell, ...]:
    """A pod's cells."""
    found, spec, status = summary(pod), pod.spec or PodSpec(containers=[]), pod.status or PodStatus()
    restarts = str(found.restarts)
    if found.restarts and found.restarted:
        restarts += f" ({age(found.restarted, now)} ago)"
    ip = status.podIPs[0].ip if status.podIPs else None
    return (meta(pod).name or "", f"{found.ready}/{found.total}", found.reason, restarts, age_of(pod, now),
            ip or NONE, spec.nodeName or NONE, status.nominatedNodeName or NONE, _gates(spec, status))  # fmt: skip


TABLES = {"Pod": (COLUMNS, row)}

_ENDS = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def completion(pod: Pod) -> dict[str, Any] | None:
    """The condition of a finished pod's row."""
    phase = pod.status.phase if pod.status else None
    if phase not in _ENDS:
        return None
    return {"type": "Completed", "status": "True", "reason": phase, "message": _ENDS[phase]}


def _gates(spec: PodSpec, status: PodStatus) -> str:
    if not spec.readinessGates:
        return NONE
    states = {each.type: each.status for each in reversed(status.conditions or [])}
    fulfilled = sum(states.get(gate.conditionType) == "True" for gate in spec.readinessGates)
    return f"{fulfilled}/{len(spec.readinessGates)}"


# --- the summary -------------------------------------------------------------------------------------------------


class Summary(Fact, frozen=True):
    """How a pod is: so many of its containers are ready, the word for it, and how often and when last one was restarted."""

    ready: int
    total: int
    reason: str
    restarts: int
    restarted: datetime | None


def summary(pod: Pod) -> Summary:
    """What READY, STATUS and RESTARTS say of a pod.

    >>> from k8snet.kube.objects import Container, ObjectMeta
    >>> spec, status = PodSpec(containers=[Container(name="web")]), PodStatus(phase="Pending")
    >>> summary(Pod(metadata=ObjectMeta(), spec=spec, status=status)).reason
    'Pending'
    """
    status = pod.status or PodStatus()
    sidecars = _sidecars(pod)
    total = len(pod.spec.containers) + len(sidecars) if pod.spec else 0
    inits = status.initContainerStatuses or []
    ready, reason = _initialization(pod, inits, sidecars)
    counted: Iterable[ContainerStatus] = inits
    word = reason or _phase(status)
    if reason is None or _is(status, "Initialized"):
        containers = status.containerStatuses or []
        counted = [*(each for each in inits if each.name in sidecars), *containers]
        ready += sum(_runs(each) for each in containers)
        word = _of_containers(containers, word, pod_ready=_is(status, "Ready"))
    restarts, restarted = _restarts(counted)
    return Summary(ready, total, _deletion(pod, status) or word, restarts, restarted)


def _phase(status: PodStatus) -> str:
    """The phase or the pod's own reason; what is not to be scheduled yet says so."""
    conditions = status.conditions or []
    if any(each.type == "PodScheduled" and each.reason == "SchedulingGated" for each in conditions):
        return "SchedulingGated"
    return status.reason or status.phase or ""


def _is(status: PodStatus, condition: str) -> bool:
    """Whether a condition is true. Of several of one type, any true one makes a pod ready, and the first one initialized."""
    states = [each.status == "True" for each in status.conditions or [] if each.type == condition]
    return any(states[:1] if condition == "Initialized" else states)


def _sidecars(pod: Pod) -> set[str]:
    """The init containers that go on running, by name."""
    inits = (pod.spec.initContainers if pod.spec else None) or []
    return {each.name for each in inits if each.restartPolicy == "Always"}


def _initialization(pod: Pod, inits: list[ContainerStatus], sidecars: set[str]) -> tuple[int, str | None]:
    """How many sidecars are ready, and what the first init container that is not done says; None if all are done."""
    ready = 0
    for place, each in enumerate(inits):
        state = each.state or ContainerState()
        if state.terminated and state.terminated.exitCode == 0:
            continue
        if each.name in sidecars and each.started:
            ready += each.ready
            continue
        if state.terminated:
            return ready, f"Init:{_ending(state.terminated)}"
        if state.waiting and state.waiting.reason and state.waiting.reason != "PodInitializing":
            return ready, f"Init:{state.waiting.reason}"
        count = len((pod.spec.initContainers if pod.spec else None) or [])
        return ready, f"Init:{place}/{count}"
    return ready, None


def _ending(terminated: ContainerStateTerminated) -> str:
    code = f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exitCode}"
    return terminated.reason or code


def _runs(each: ContainerStatus) -> bool:
    """Whether a container counts as ready: it says so, runs, and neither waits nor has ended."""
    state = each.state or ContainerState()
    return each.ready and state.running is not None and not _waits(state) and state.terminated is None


def _waits(state: ContainerState) -> str | None:
    return state.waiting.reason if state.waiting else None


def _of_containers(containers: list[ContainerStatus], word: str, *, pod_ready: bool) -> str:
    """What the first container that waits or has ended says; a completed one says less than one that runs or failed."""
    failure, running = "", False
    for each in reversed(containers):
        state = each.state or ContainerState()
        if waiting := _waits(state):
            word = waiting
        elif state.terminated:
            word = _ending(state.terminated)
            failure = word if state.terminated.exitCode else failure
        else:
            running = running or _runs(each)
    if word != "Completed":
        return word
    if running and pod_ready:
        return "Running"
    return failure or ("NotReady" if running else word)


def _restarts(counted: Iterable[ContainerStatus]) -> tuple[int, datetime | None]:
    """How often containers were restarted, and when the last one before had ended."""
    total, last = 0, None
    for each in counted:
        total += each.restartCount
        ended = each.lastState.terminated.finishedAt if each.lastState and each.lastState.terminated else None
        if ended and (last is None or ended > last):
            last = ended
    return total, last


def _deletion(pod: Pod, status: PodStatus) -> str | None:
    if meta(pod).deletionTimestamp is None:
        return None
    if status.reason == "NodeLost":
        return "Unknown"
    return None if status.phase in _ENDS else "Terminating"
