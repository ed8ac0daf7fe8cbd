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
from k8snet.linux.steps import Awaited, Captured, Routed
from k8snet.linux.trace import Hop

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
    if goal.silent:
        return say("still answers", netns=goal.netns, dst=goal.dst) if trace.fate == "delivered" else None
    if trace.fate != "delivered":
        return _lost(goal, trace)
    if goal.avoids and goal.avoids in [hop.netns for hop in trace.hops]:
        return say("crosses", netns=goal.netns, dst=goal.dst, avoids=goal.avoids)
    return None


# --- a packet that got lost ---------------------------------------------------------------------------------------


def _lost(goal: Goal, trace: Trace) -> str:
    """Where the request, or the answer to it, came to an end, and what that machine lacks."""
    words = {"netns": goal.netns, "dst": goal.dst, "fate": trace.fate}
    request, answer = trace.request, trace.answer
    if request is not None and request.fate == "delivered" and answer is not None and answer.hops:
        return say("reply lost", end=_end(answer.hops[-1], trace), **words)
    return say("request lost", end=_end(trace.hops[-1], trace), **words)


def _end(last: Hop, trace: Trace) -> str:
    """What became of a packet in the namespace where its way ended."""
    for step in reversed(last.steps):
        if isinstance(step, Awaited):
            asked = any(each.netns == last.netns and each.device == step.device for each in trace.captures)
            return say("unanswered" if asked else "no carrier", at=last.netns, device=step.device, ip=step.ip)
        if isinstance(step, Routed) and step.lookup.errno is not None:
            return say("no route", at=last.netns, dst=step.dst)
    return say("ends", at=last.netns)


# --- exercises that ask for a value -------------------------------------------------------------------------------


def _source_of_answer(answer: object, world: World) -> str | None:
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


VALUES: dict[str, Callable[[object, World], str | None]] = {"03-1": _source_of_answer}
"""How the model finds what an exercise without goals asks for."""
