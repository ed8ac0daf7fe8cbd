"""Whether an exercise is done: what is still wrong, in terms of the network, or None.

An exercise with goals gets the learner's world, and pings are sent on a fork of it. Any other asks for a value, which the
model itself must find in the world that the learner has.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.course import figure
from k8snet.course.data import Goal, say, task
from k8snet.errors import CommandError
from k8snet.linux import Trace, World
from k8snet.linux.steps import Captured

POD_C = "10.1.2.1"


def find_fault(key: str, answer: object, world: World | None = None) -> str | None:
    """What is wrong with an answer; None if nothing is. KeyError for an unknown key."""
    goals = task(key).goals
    if goals:
        if not isinstance(answer, World):
            return say("no world")
        return next((fault for goal in goals if (fault := _missed(goal, answer)) is not None), None)
    if answer is None:
        return say("no answer")
    return VALUES[key](answer, (world or figure.whole()).fork())


def _missed(goal: Goal, world: World) -> str | None:
    """Why a goal is not reached."""
    try:
        trace = world.fork().ping(goal.netns, goal.dst)
    except CommandError as refusal:
        return str(refusal)
    if trace.fate != "delivered":
        return _lost(goal, trace)
    if goal.avoids and goal.avoids in [hop.netns for hop in trace.hops]:
        return say("crosses", netns=goal.netns, dst=goal.dst, avoids=goal.avoids)
    return None


def _lost(goal: Goal, trace: Trace) -> str:
    words = {"netns": goal.netns, "dst": goal.dst, "fate": trace.fate}
    if trace.request is None or not trace.hops or not any(isinstance(step, Captured) for step in trace.request.steps):
        return say("stays", **words)
    if trace.request.fate == "delivered":
        lost = trace.answer.hops[-1].netns if trace.answer is not None and trace.answer.hops else goal.netns
        return say("reply ends", at=lost, **words)
    return say("request ends", at=trace.hops[-1].netns, **words)


def _frame_address(answer: object, world: World) -> str | None:
    """The exercise that asks for the MAC address on a frame for a pod on another node."""
    trace = world.ping("pod-a", POD_C)
    if trace.request is None or trace.fate != "delivered":
        return say("nothing arrives", dst=POD_C)
    sent = next(step for step in trace.request.steps if isinstance(step, Captured))
    if str(answer).strip().lower() == sent.frame.dst:
        return None
    owner = _owner(str(answer).strip().lower(), world)
    return say("nobody's mac", answer=answer) if owner is None else say("another's mac", answer=answer, owner=owner)


def _owner(mac: str, world: World) -> str | None:
    owners = (f"{name} {device.name}" for name, netns in world.netns.items() for device in netns.devices.values()
              if device.mac == mac)
    return next(owners, None)


def _least_ttl(answer: object, world: World) -> str | None:
    """The exercise that asks for the smallest TTL with which a ping is answered."""
    if not isinstance(answer, int) or not 1 <= answer <= 255:
        return say("no ttl", answer=answer)
    trace = world.fork().ping("pod-a", POD_C, ttl=answer)
    if trace.fate != "delivered":
        return say("ttl too small", ttl=answer, at=trace.hops[-1].netns)
    if answer > 1 and world.fork().ping("pod-a", POD_C, ttl=answer - 1).fate == "delivered":
        return say("ttl too large", ttl=answer, less=answer - 1)
    return None


VALUES: dict[str, Callable[[object, World], str | None]] = {"03-1": _frame_address, "03-2": _least_ttl}
"""How the model finds what an exercise without goals asks for."""
