"""What lesson 02 asks for: pause, the network namespace, and who is in it."""

from __future__ import annotations

from typing import Any

from k8snet.cluster import Cluster, Pod
from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.course.judges.looking import pod_of, unready
from k8snet.errors import CommandError

NODE, FAR = "node1", "node2"
BARE, PRIVATE_PORT, OUTSIDE = "10.244.1.2", 8080, "192.0.2.100"
TOGETHER = 2


def _pause_of_green(answer: object, cluster: Any) -> str | None:
    """The exercise that asks for the process number of one pod's pause."""
    green = pod_of(cluster, "green")
    if green is None:
        return say("no pod", name="green")
    given = str(answer).strip()
    return None if given == str(green.containers[0].pid) else _who(given, cluster)


def _who(given: str, cluster: Cluster) -> str:
    """Whose number that is on node1."""
    for pod in cluster.pods:
        for each in pod.containers:
            if pod.node.name == NODE and each.state == "running" and given == str(each.pid):
                key = "02 another pause" if each.name == "pause" else "02 a container"
                return say(key, answer=given, pod=pod.name, container=each.name)
    comm = cluster.node(NODE).sh(f"ps -o comm= -p {given}", check=False).strip() if given.isdecimal() else ""
    return say("02 another process" if comm else "02 no process", answer=given, comm=comm)


def _address_without_containers(answer: object, cluster: Any) -> str | None:
    """The exercise in which an address is to outlive all containers of its pod."""
    web = pod_of(cluster, "web")
    if web is None:
        return say("no pod", name="web")
    running = [each.name for each in web.containers if each.state == "running" and each.name != "pause"]
    if running:
        return say("02 runs", names=", ".join(running))
    fate = cluster.node(FAR).ping(web.ip).fate if web.ip else "no address"
    return None if fate == "delivered" else say("02 no answer to pings", ip=web.ip, fate=fate)


def _way_out(answer: object, cluster: Any) -> str | None:
    """The exercise that mends a pod whose image has no tools."""
    bare = pod_of(cluster, "bare")
    if bare is None:
        return say("no pod", name="bare")
    if bare.ip != BARE:
        return say("02 another address", ip=bare.ip)
    for asker in (NODE, FAR):
        trace = cluster.node(asker).connect(BARE, 80)
        if trace.fate != "delivered":
            came = trace.request is not None and trace.request.fate == "delivered"
            return say("02 answers lost" if came else "02 requests lost", asker=asker, fate=trace.fate)
    fate = _fate_of_ping(bare, OUTSIDE)
    return None if fate == "delivered" else say("02 one way", dst=OUTSIDE, fate=fate)


def _fate_of_ping(pod: Pod, dst: str) -> str:
    try:
        return pod.ping(dst).fate
    except CommandError as refusal:
        return str(refusal)


def _sees_the_server(answer: object, cluster: Any) -> str | None:
    """The exercise in which one container is to see the processes of the other."""
    web = pod_of(cluster, "web")
    if web is None:
        return say("no pod", name="web")
    if not any(each.name == "helper" and each.state == "running" for each in web.containers):
        return say("02 no helper")
    seen = str(web.exec("ps", container="helper", check=False)).splitlines()[1:]
    if any("nginx" in line for line in seen):
        return None
    return say("02 sees", seen=", ".join(line.split(maxsplit=3)[-1] for line in seen))


def _private(answer: object, cluster: Any) -> str | None:
    """The exercise that builds a pod whose server is for the pod alone."""
    private = pod_of(cluster, "private")
    if private is None:
        return say("no pod", name="private")
    if fault := unready(private):
        return fault
    if len(private.object.spec.containers) < TOGETHER:
        return say("02 alone")
    fate = private.connect("127.0.0.1", PRIVATE_PORT).fate
    if fate != "delivered":
        return say("02 not on localhost", fate=fate)
    reached = cluster.node(FAR).connect(private.ip, PRIVATE_PORT).fate == "delivered"
    return say("02 in public", asker=FAR) if reached else None


JUDGES: dict[str, Judge] = {
    "02-1": _pause_of_green, "02-2": _address_without_containers, "02-3": _way_out, "02-4": _sees_the_server, "02-5": _private,
}  # fmt: skip
