"""What lesson 01 asks for: pods, and ports on one host."""

from __future__ import annotations

from typing import Any

from k8snet.cluster import Pod
from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.course.judges.looking import first, pod_of, pods_of, ready_of, too_few, unready
from k8snet.linux.packet import Packet
from k8snet.linux.steps import Captured

DOOR = ("192.0.2.10", 8080)
"""The published port of the Docker host."""
REPLICAS, TOGETHER = 3, 2


def _source_at_the_client(answer: object, world: Any) -> str | None:
    """The exercise that asks from which address and port a published port's answer comes to the client."""
    asked = f"{DOOR[0]}:{DOOR[1]}"
    trace = world.connect("client", *DOOR)
    if trace.answer is None or trace.fate != "delivered":
        return say("01 no reply", asked=asked)
    seen = [step.packet for step in trace.answer.steps if isinstance(step, Captured) and isinstance(step.packet, Packet)]
    inside, last = (f"{packet.src}:{packet.sport}" for packet in (seen[0], seen[-1]))
    given = str(answer).strip()
    if given == last:
        return None
    return say("01 inside" if given == inside else "01 nobody", answer=given, asked=asked)


def _one_node(answer: object, cluster: Any) -> str | None:
    """The exercise that wants all pods of web on one node, each with its port 80."""
    if (few := too_few(cluster, "web", REPLICAS)) is not None:
        return few
    pods = ready_of(cluster, "web")
    nodes = sorted({pod.node.name for pod in pods})
    if len(nodes) > 1:
        return say("01 spread", name="web", nodes=" and ".join(nodes))
    return first(_silent(pod, 80) for pod in pods)


def _two_ports(answer: object, cluster: Any) -> str | None:
    """The exercise in which two containers of a pod are to live together."""
    pods = pods_of(cluster, "site")
    if not pods:
        return say("too few", name="site", found=0, wanted=1)
    return first(_apart(pod, 80, 8080) for pod in pods)


def _duo(answer: object, cluster: Any) -> str | None:
    """The exercise that builds a pod of two containers, without a containerPort."""
    pod = pod_of(cluster, "duo")
    if pod is None:
        return say("no pod", name="duo")
    if any(container.ports for container in pod.object.spec.containers):
        return say("01 declared", name="duo")
    return _apart(pod, 80, 8080)


def _apart(pod: Pod, *ports: int) -> str | None:
    """What keeps two containers of a pod from each having a port of its own."""
    count = len(pod.object.spec.containers)
    if count != TOGETHER:
        return say("01 containers", name=pod.name, found=count)
    return unready(pod) or first(_silent(pod, port) for port in ports)


def _silent(pod: Pod, port: int) -> str | None:
    """What the control plane's machine hears from a port of a pod; None if it is an answer."""
    trace = pod.cluster.node("control-plane").connect(str(pod.ip), port)
    if trace.fate == "delivered":
        return None
    return say("01 silent", name=pod.name, ip=pod.ip, port=port, fate=trace.fate)


JUDGES: dict[str, Judge] = {"01-1": _source_at_the_client, "01-2": _one_node, "01-3": _two_ports, "01-5": _duo}
