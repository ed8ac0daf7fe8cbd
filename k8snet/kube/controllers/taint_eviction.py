"""The taint eviction controller: pods go from a node whose NoExecute taints they do not tolerate, or not for longer.

It looks at a whole node at a time, as all its pods depend on the same taints. How long a pod is tolerated counts from when
that was first seen. Source: pkg/controller/tainteviction/taint_eviction.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.controller import NOTHING, Controller
from k8snet.kube.history import Write
from k8snet.kube.objects import Node, Pod, PodCondition, Taint, Toleration, known, meta
from k8snet.kube.store import Key

NAME = "taint-eviction-controller"
FOREVER = float("inf")


class TaintEviction(Controller):
    """The controller, and since when it has been counting for which pod (by node, then uid)."""

    def __init__(self, client: Client) -> None:
        super().__init__(NAME, client, "Node", self.look_at, {"Node": self.node_written, "Pod": self.pod_written})
        self.since: dict[str, dict[str, float]] = {}

    def node_written(self, write: Write) -> Iterable[Key]:
        """A node was written: look at it, if it has such taints or had some."""
        tainted = any(node is not None and evicting(node) for node in (write.before, write.after))
        return (write.key,) if tainted else NOTHING

    def pod_written(self, write: Write) -> Iterable[Key]:
        """A pod was written: look at its node, if that has such taints."""
        name = write.after.spec.nodeName if write.after is not None else None
        node = self.client.find("Node", name, "") if name else None
        return (("", known(name)),) if node is not None and evicting(node) else NOTHING

    def forget(self) -> None:
        """Begin to count anew."""
        self.since.clear()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one node: evict who has to go, and say when the next one will have to."""
        node = client.find("Node", key[1], "")
        taints = evicting(node) if node is not None else []
        counting, now = self.since.pop(key[1], {}), client.now
        if not taints:
            self._call_off(client, key[1], counting)
            return None
        kept, waits = self._go_through(client, key[1], taints, counting, now)
        self.since[key[1]] = kept
        return Again(min(waits), idle=True) if waits else None

    def _go_through(self, client: Client, node: str, taints: Sequence[Taint], counting: dict[str, float],
                    now: float) -> tuple[dict[str, float], list[float]]:
        """Evict those whose time is up; since when the others are counted, and how long they may still stay."""
        kept: dict[str, float] = {}
        waits: list[float] = []
        for pod in client.pods_on(node):
            patience = FOREVER if about_pods.is_terminating(pod) else tolerated_for(pod, taints)
            since = counting.get(known(meta(pod).uid), now)
            if since + patience <= now:
                evict(client, pod)
            elif patience < FOREVER:
                kept[known(meta(pod).uid)] = since
                waits.append(since + patience - now)
        return kept, waits

    def _call_off(self, client: Client, node: str, counting: dict[str, float]) -> None:
        for pod in client.pods_on(node) if counting else ():
            if meta(pod).uid in counting and not about_pods.is_terminating(pod):
                client.event(pod, "TaintManagerEviction", f"Cancelling deletion of Pod {meta(pod).namespace}/{meta(pod).name}")


def evict(client: Client, pod: Pod) -> None:
    """Tell why, note it on the pod, and delete it."""
    client.event(pod, "TaintManagerEviction", f"Marking for deletion Pod {meta(pod).namespace}/{meta(pod).name}")
    because = PodCondition(
        type="DisruptionTarget", status="True", reason="DeletionByTaintManager", lastTransitionTime=client.time,
        message="Taint manager: deleting due to NoExecute taint",
    )  # fmt: skip
    client.delete(client.update_status(about_pods.with_condition(pod, because)))


def evicting(node: Node) -> list[Taint]:
    """A node's NoExecute taints."""
    return [taint for taint in (node.spec.taints if node.spec else None) or () if taint.effect == "NoExecute"]


def tolerated_for(pod: Pod, taints: Sequence[Taint]) -> float:
    """For how many seconds a pod may stay on a node with these taints; 0: not at all.

    >>> tolerated_for(Pod(), [Taint(key="k", effect="NoExecute")])
    0.0
    """
    tolerations = (pod.spec.tolerations if pod.spec else None) or []
    used = [[each for each in tolerations if tolerates(each, taint)] for taint in taints]
    if not all(used):
        return 0.0
    seconds = [each.tolerationSeconds for some in used for each in some if each.tolerationSeconds is not None]
    return float(max(0, min(seconds))) if seconds else FOREVER


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration is for this taint (k8s.io/component-helpers, ToleratesTaint)."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in (None, "", "Equal"):
        return bool(toleration.key) and (toleration.value or "") == (taint.value or "")
    return toleration.operator == "Exists"
