"""How containers are stopped: SIGTERM, then SIGKILL for those that are still there when their time is up.

Source: the kubelet's kuberuntime_container.go (killContainer), and its order for sidecars, which go last.
"""

from __future__ import annotations

from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.runtime import KILLED
from k8snet.kube.sandbox import Container


def signal(turn: Turn, container: Container, message: str, grace: float) -> None:
    """Send a container SIGTERM, once. A process that heeds it ends, the others have ``grace`` seconds left."""
    stopping = turn.memory.stopping
    if container.id in stopping:
        stopping[container.id] = min(stopping[container.id], turn.now + grace)
        return
    turn.event("Killing", message)
    turn.more = True
    if container.does.heeds_term:
        turn.runtime.end(turn.key, container, container.does.term_code, turn.now)
    else:
        stopping[container.id] = turn.now + grace


def stop_all(turn: Turn, grace: float) -> bool:
    """Stop all containers of a pod, the sidecars after the others. True when none is left."""
    held = turn.held
    running = held.running if held is not None else []
    if not running:
        return True
    sidecars = {each.name for each in turn.spec.initContainers or () if each.restartPolicy == "Always"}
    for container in [each for each in running if each.name not in sidecars] or running:
        signal(turn, container, f"Stopping container {container.name}", grace)
    go_on(turn)
    return not running_now(turn)


def go_on(turn: Turn) -> None:
    """Kill whose time is up, and wait for the others."""
    stopping = turn.remembered.stopping
    if not stopping:
        return
    running = {each.id: each for each in running_now(turn)}
    for own, deadline in list(stopping.items()):
        container = running.get(own)
        if container is not None and not turn.due(deadline):
            turn.wait(deadline, idle=False)
            continue
        if container is not None:
            turn.runtime.end(turn.key, container, KILLED, turn.now)
            turn.more = True
        del stopping[own]


def running_now(turn: Turn) -> list[Container]:
    """The pod's containers that run."""
    held = turn.held
    return held.running if held is not None else []


def grace_of(turn: Turn) -> float:
    """The pod's own grace period, in seconds."""
    return float(turn.spec.terminationGracePeriodSeconds or 0)
