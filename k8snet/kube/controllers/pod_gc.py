"""The pod garbage collector: pods that nobody else will ever clean up.

Keys: ``("", node)`` is a node that may be gone, any other key is a pod. Source: pkg/controller/podgc/gc_controller.go.
Not here: the taint node.kubernetes.io/out-of-service.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of
from k8snet.kube.history import Write
from k8snet.kube.objects import Pod, PodCondition, changed, known, meta
from k8snet.kube.store import Key

NAME = "pod-garbage-collector"
QUARANTINE = 40.0
"""So many seconds a node has to have been gone."""
THRESHOLD = 12500
"""So many pods that have ended are kept."""


class PodGc(Controller):
    """The controller; since when which node is gone, and which pods have ended."""

    def __init__(self, client: Client, threshold: int = THRESHOLD) -> None:
        super().__init__(NAME, client, "Pod", self.look_at, {"Pod": self.pod_written, "Node": self.node_written})
        self.threshold = threshold
        self.gone: dict[str, float] = {}
        self.ended: dict[Key, None] = {}

    def pod_written(self, write: Write) -> Iterable[Key]:
        """A pod was written: has it ended, or is it for a node that is not there?"""
        pod = write.after
        if pod is None or not about_pods.is_finished(pod):
            self.ended.pop(write.key, None)
        elif write.key not in self.ended:
            self.ended[write.key] = None
            return (write.key,) if len(self.ended) > self.threshold else NOTHING
        return self._places(pod) if pod is not None and (write.before is None or _has_moved(write.before, pod)) else NOTHING

    def node_written(self, write: Write) -> Iterable[Key]:
        """A node is gone, or is back."""
        return (write.key,) if write.after is None or write.name in self.gone else NOTHING

    def everything(self) -> Iterable[Key]:
        """After a start: the nodes that pods are bound to and that are not there; and all pods that have ended."""
        super().everything()
        keys: dict[Key, None] = {}
        for pod in self.client.api.store.all("Pod"):
            keys |= dict.fromkeys(self._places(pod))
            if about_pods.is_finished(pod):
                self.ended[key_of(pod)] = None
        return [*keys, *([next(iter(self.ended))] if len(self.ended) > self.threshold else [])]

    def forget(self) -> None:
        """Begin anew."""
        self.gone, self.ended = {}, {}

    def _places(self, pod: Pod) -> tuple[Key, ...]:
        node = known(pod.spec).nodeName
        if not node:
            return (key_of(pod),) if about_pods.is_terminating(pod) else NOTHING
        return (("", node),) if self.client.find("Node", node, "") is None else NOTHING

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one node, or at one pod."""
        if not key[0]:
            return self._look_at_node(client, key[1])
        pod = client.find("Pod", key[1], key[0])
        if pod is not None and about_pods.is_terminating(pod) and not known(pod.spec).nodeName:
            client.delete(pod, grace=0)
        self._thin_out(client)
        return None

    def _look_at_node(self, client: Client, node: str) -> Again | None:
        pods = client.pods_on(node)
        if client.find("Node", node, "") is not None or not pods:
            self.gone.pop(node, None)
            return None
        left = self.gone.setdefault(node, client.now) + QUARANTINE - client.now
        if left > 0:
            return Again(left, idle=True)
        for pod in pods:
            _remove(client, pod)
        del self.gone[node]
        return None

    def _thin_out(self, client: Client) -> None:
        """Delete the oldest of the pods that have ended and are too many."""
        surplus = len(self.ended) - self.threshold
        if surplus <= 0:
            return
        found = [client.find("Pod", key[1], key[0]) for key in self.ended]
        ended = [pod for pod in found if pod is not None and not about_pods.is_terminating(pod)]
        for pod in sorted(ended, key=lambda pod: (known(meta(pod).creationTimestamp), key_of(pod)))[:surplus]:
            client.delete(pod, grace=0)


def _has_moved(before: Pod, pod: Pod) -> bool:
    """Whether a pod has been bound, or is to be deleted."""
    if known(before.spec).nodeName != known(pod.spec).nodeName:
        return True
    return about_pods.is_terminating(before) != about_pods.is_terminating(pod)


def _remove(client: Client, pod: Pod) -> None:
    """Delete a pod whose node is gone: nobody there will say that it has ended."""
    if not about_pods.is_finished(pod):
        because = PodCondition(
            type="DisruptionTarget", status="True", reason="DeletionByPodGC", message="PodGC: node no longer exists",
            lastTransitionTime=client.time,
        )  # fmt: skip
        pod = about_pods.with_condition(pod, because)
        pod = client.update_status(changed(pod, status=changed(known(pod.status), phase="Failed")))
    client.delete(pod, grace=0)
