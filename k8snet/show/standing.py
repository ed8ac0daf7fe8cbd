"""How a pod stands, in kubectl's words: what its table has under STATUS, and whether the pod is ready.

Source: pkg/printers/internalversion/printers.go (printPod).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def standing(pod: Any) -> tuple[bool, str, str]:
    """Whether a pod is ready, the word for its state, and why it is not scheduled, if it is not."""
    conditions = {each.type: each for each in pod.status.conditions or ()}
    ready = "Ready" in conditions and conditions["Ready"].status == "True"
    scheduled = conditions.get("PodScheduled")
    why = (scheduled.message or "") if scheduled is not None and scheduled.status != "True" else ""
    return ready, _word(pod, ready=ready), why


def _word(pod: Any, *, ready: bool) -> str:
    status = pod.status
    if pod.metadata.deletionTimestamp is not None:
        return "Unknown" if status.reason == "NodeLost" else "Terminating"
    word = status.reason or status.phase or "Pending"
    for said in _initializing(pod):
        return said
    states = [each for each in status.containerStatuses or () if each.state is not None]
    for each in reversed(states):
        word = _waits_or_ended(each.state) or word
    if word == "Completed" and any(each.state.running is not None and each.ready for each in states):
        return "Running" if ready else "NotReady"
    return word


def _waits_or_ended(state: Any) -> str:
    if state.waiting is not None and state.waiting.reason:
        return str(state.waiting.reason)
    if state.terminated is not None:
        return state.terminated.reason or f"ExitCode:{state.terminated.exitCode}"
    return ""


def _initializing(pod: Any) -> Iterator[str]:
    """The word for the first init container that has not done its part."""
    wishes = pod.spec.initContainers or ()
    sidecars = {wish.name for wish in wishes if wish.restartPolicy == "Always"}
    for number, each in enumerate(pod.status.initContainerStatuses or ()):
        state = each.state
        ended = state.terminated if state is not None else None
        if (ended is not None and ended.exitCode == 0) or (each.name in sidecars and each.started):
            continue
        said = _waits_or_ended(state) if state is not None else ""
        yield f"Init:{said}" if said and said != "PodInitializing" else f"Init:{number}/{len(wishes)}"
        return
