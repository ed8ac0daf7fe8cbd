"""Probes: the kubelet asks a container whether it has started, is alive, is ready; from the node, over the pod's address.

A probe is asked at each period from the container's start, from the first one on that is not before its initial delay.
Source: the kubelet's prober/worker.go, prober/prober.go, and pkg/probe for the words.
"""

from __future__ import annotations

from k8snet.kube.kubelet import asking
from k8snet.kube.kubelet.stopping import grace_of, signal
from k8snet.kube.kubelet.turn import Probing, Turn
from k8snet.kube.objects import Container as Wish
from k8snet.kube.objects import Probe, known
from k8snet.kube.sandbox import Container


def ask_all(turn: Turn) -> None:
    """Ask all probes of a pod that are due."""
    for wish in (*(turn.spec.initContainers or ()), *turn.spec.containers):
        if wish.startupProbe is None and wish.livenessProbe is None and wish.readinessProbe is None:
            continue
        container = known(turn.held).newest(wish.name)
        if container is None or container.finished is not None or container.id in turn.remembered.stopping:
            continue
        _ask_container(turn, wish, container)


def _ask_container(turn: Turn, wish: Wish, container: Container) -> None:
    if not has_started(turn, wish, container):
        _ask(turn, wish, container, "startup", known(wish.startupProbe))
        if not has_started(turn, wish, container):
            return
    if wish.readinessProbe is not None:
        _ask(turn, wish, container, "readiness", wish.readinessProbe)
    if wish.livenessProbe is not None:
        _ask(turn, wish, container, "liveness", wish.livenessProbe)


def has_started(turn: Turn, wish: Wish, container: Container) -> bool:
    """Whether a container's startup probe has succeeded, if it has one."""
    if container.finished is not None:
        return False
    return wish.startupProbe is None or _state(turn, container, "startup").passed is True


def is_ready(turn: Turn, wish: Wish, container: Container) -> bool:
    """Whether a container may get requests."""
    if not has_started(turn, wish, container):
        return False
    return wish.readinessProbe is None or _state(turn, container, "readiness").passed is True


UNASKED = Probing(0.0)


def _state(turn: Turn, container: Container, kind: str) -> Probing:
    return turn.remembered.probes.get((container.id, kind), UNASKED)


def _ask(turn: Turn, wish: Wish, container: Container, kind: str, probe: Probe) -> None:
    """Ask one probe, if it is its time, and say when it is asked next. Who waits for a first success is busy."""
    place, period = (container.id, kind), float(probe.periodSeconds or 10)
    state = turn.remembered.probes.get(place)
    if state is None:
        state = turn.memory.probes[place] = Probing(_first(container, probe, period, turn.now))
    if turn.due(state.next):
        said = asking.ask(turn, wish, probe)
        state = turn.memory.probes[place] = _counted(state, probe, period, well=said is None)
        if said is not None:
            turn.event("Unhealthy", f"{kind.capitalize()} probe failed: {said}", "Warning")
        if state.passed is False and kind != "readiness":
            grace = probe.terminationGracePeriodSeconds
            text = f"Container {wish.name} failed {kind} probe, will be restarted"
            signal(turn, container, text, grace_of(turn) if grace is None else float(grace))
            return
    first = kind != "liveness" and state.passed is None and not state.failures
    turn.wait(state.next, idle=not first)


def _first(container: Container, probe: Probe, period: float, now: float) -> float:
    """When a probe is asked first."""
    delay = float(probe.initialDelaySeconds or 0)
    when = container.started + period * -(-delay // period)
    return when if when >= now else now


def _counted(state: Probing, probe: Probe, period: float, *, well: bool) -> Probing:
    """How a probe stands after an answer: it has passed, or has failed, after so many of the same in a row."""
    successes, failures = (state.successes + 1, 0) if well else (0, state.failures + 1)
    passed = state.passed
    if successes >= (probe.successThreshold or 1):
        passed = True
    elif failures >= (probe.failureThreshold or 3):
        passed = False
    return Probing(state.next + period, successes, failures, passed)
