"""Whether a pod may be on this node at all: asked once, when the kubelet first sees it.

The scheduler asks more, and before; this is for pods whose nodeName somebody has set by hand. Source: the kubelet's
lifecycle/predicate.go.
"""

from __future__ import annotations

from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import PodSpec, changed, known
from k8snet.kube.store import Key

HostPort = tuple[str, str, int]
"""Address (empty: all), protocol, port."""
ANYWHERE = ("", "0.0.0.0")


class Admitted:
    """Who has been let in, and which ports of the host each has. ``most`` is how many pods there may be."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.pods: dict[Key, tuple[HostPort, ...]] = {}
        self._with_ports: dict[Key, None] = {}

    def let_in(self, key: Key, spec: PodSpec) -> None:
        """Count a pod."""
        ports = self.pods[key] = host_ports(spec)
        if ports:
            self._with_ports[key] = None

    def let_go(self, key: Key) -> None:
        """Count it no longer."""
        self.pods.pop(key, None)
        self._with_ports.pop(key, None)

    def refusal(self, key: Key, spec: PodSpec) -> tuple[str, str] | None:
        """Why a pod may not be here: reason and message; None: it may."""
        if len(self.pods) >= self.most and key not in self.pods:
            room = f"requested: 1, used: {len(self.pods)}, capacity: {self.most}"
            return "OutOfpods", f"Node didn't have enough resource: pods, {room}"
        wanted = host_ports(spec)
        others = [port for other in self._with_ports if other != key for port in self.pods[other]] if wanted else []
        if any(_meet(one, other) for one in wanted for other in others):
            return "NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
        return None


def admit(turn: Turn) -> bool:
    """Let a pod in, or reject it: then it has failed, and is not looked at any more."""
    admitted = turn.kubelet.admitted
    if turn.key in admitted.pods:
        return True
    refusal = None if turn.is_static or known(turn.pod.status).startTime else admitted.refusal(turn.key, turn.spec)
    if refusal is None:
        admitted.let_in(turn.key, turn.spec)
        return True
    reason, text = refusal
    turn.event(reason, text, "Warning")
    status = changed(
        known(turn.pod.status), phase="Failed", reason=reason, message=f"Pod was rejected: {text}", startTime=turn.client.time
    )
    turn.client.update_status(changed(turn.pod, status=status))
    return False


def host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """The ports of the host that a pod asks for."""
    return tuple(
        (port.hostIP or "", port.protocol or "TCP", port.hostPort)
        for container in spec.containers for port in container.ports or () if port.hostPort
    )  # fmt: skip


def _meet(one: HostPort, other: HostPort) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or one[0] in ANYWHERE or other[0] in ANYWHERE)
