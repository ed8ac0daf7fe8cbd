"""Whether an exercise is done: what is still wrong, in terms of the network, or None.

An exercise with goals gets the learner's world, and packets are sent on a fork of it. One on a cluster gets the learner's
cluster, and any other a value; these are judged by a function of their own (judges/), on a fork too.
"""

from __future__ import annotations

from k8snet.cluster import Cluster
from k8snet.course import docker_host, figure
from k8snet.course.data import Goal, say, task
from k8snet.course.judges import JUDGES
from k8snet.errors import CommandError, K8snetError
from k8snet.linux import Trace, World
from k8snet.linux.steps import Awaited, Routed
from k8snet.linux.trace import Hop

WORLDS = {"figure": figure.whole, "figure_server": figure.with_server, "docker_host": docker_host.whole}
"""What an exercise without a cluster may begin with."""


def find_fault(key: str, answer: object, given: World | Cluster | None = None) -> str | None:
    """What is wrong with an answer; None if nothing is. ``given`` is where a value was found. KeyError for an unknown key."""
    goals = task(key).goals
    if task(key).changes_cluster:
        if not isinstance(answer, Cluster):
            return say("no cluster")
        fork = answer.fork()
        return _judged(key, fork, fork)
    if goals:
        if not isinstance(answer, World):
            return say("no world")
        return next((fault for goal in goals if (fault := _missed(goal, answer)) is not None), None)
    if answer is None:
        return say("no answer")
    return _judged(key, answer, begun(key) if given is None else given.fork())


def _judged(key: str, answer: object, given: World | Cluster) -> str | None:
    """What the judge says; where it cannot even look, why: a pod has no node, a machine is off."""
    try:
        return JUDGES[key](answer, given)
    except K8snetError as refusal:
        return str(refusal)


def begun(key: str) -> World | Cluster:
    """The world or the cluster of an exercise, with what is broken in it."""
    own = task(key)
    if not own.on_cluster:
        world = WORLDS[own.world]()
        for line in own.broken:
            world.sh(line)
        return world
    cluster = Cluster()
    for line in own.broken:
        do(cluster, line)
    return cluster


def do(cluster: Cluster, line: str) -> None:
    """Do one line of the course's data to a cluster: ``kubectl …`` (what follows its first line is its input), ``stop PROGRAM``,
    ``start PROGRAM``, or ``node1: COMMAND``, a command on that node, which may be ``stop PROGRAM``.
    """
    first, _, rest = line.partition("\n")
    if first.startswith("kubectl "):
        cluster.kubectl(first, rest)
        return
    node, colon, command = first.partition(": ") if ": " in first else ("", "", first)
    word, _, program = command.partition(" ")
    if word in ("stop", "start"):
        (cluster.stop if word == "stop" else cluster.start)(program, node)
    elif colon:
        cluster.node(node).sh(command)
    else:
        raise ValueError(f"neither kubectl, stop, start nor NODE: COMMAND: {line!r}")


def _missed(goal: Goal, world: World) -> str | None:
    """Why a goal is not reached."""
    try:
        trace = _ask(goal, world.fork())
    except CommandError as refusal:
        return str(refusal)
    if goal.silent:
        return say("still answers", netns=goal.netns, dst=goal.dst) if trace.fate == "delivered" else None
    if trace.fate == "refused":
        return say("refused", netns=goal.netns, dst=goal.dst, port=goal.port, at=trace.hops[-1].netns)
    if trace.fate != "delivered":
        return _lost(goal, trace)
    if goal.by and trace.answered_by != goal.by:
        return say("another answers", netns=goal.netns, dst=goal.dst, port=goal.port, found=trace.answered_by, by=goal.by)
    if goal.avoids and goal.avoids in [hop.netns for hop in trace.hops]:
        return say("crosses", netns=goal.netns, dst=goal.dst, avoids=goal.avoids)
    return None


def _ask(goal: Goal, world: World) -> Trace:
    """The question of a goal."""
    return world.connect(goal.netns, goal.dst, goal.port) if goal.port else world.ping(goal.netns, goal.dst)


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
