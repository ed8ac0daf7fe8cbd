"""What lesson 03 asks for: the figure's own network."""

from __future__ import annotations

from typing import Any

from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.linux import World
from k8snet.linux.steps import Captured

POD_C = "10.1.2.1"


def _source_of_answer(answer: object, world: Any) -> str | None:
    """The exercise that asks for the source MAC address on the frame that brings an answer from another node."""
    trace = world.ping("pod-a", POD_C)
    if trace.answer is None or trace.fate != "delivered":
        return say("nothing arrives", dst=POD_C)
    *_, last = (step for step in trace.answer.steps if isinstance(step, Captured))
    if str(answer).strip().lower() == last.frame.src:
        return None
    owner = _owner(str(answer).strip().lower(), world)
    return say("nobody's mac", answer=answer) if owner is None else say("another's mac", answer=answer, owner=owner)


def _owner(mac: str, world: World) -> str | None:
    owners = (f"{device.name} of {name}" for name, netns in world.netns.items() for device in netns.devices.values()
              if device.mac == mac)
    return next(owners, None)


JUDGES: dict[str, Judge] = {"03-1": _source_of_answer}
