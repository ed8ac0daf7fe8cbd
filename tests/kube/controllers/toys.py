"""A cluster without nodes' programs: the controllers, and one toy in place of the scheduler and of all kubelets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from k8snet.kube import controllers
from k8snet.kube.api import EPOCH
from k8snet.kube.client import Client
from k8snet.kube.component import Again, Component, Feed
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.eligible import node_of
from k8snet.kube.decoding import decode
from k8snet.kube.history import Write
from k8snet.kube.objects import (
    Deployment,
    Lease,
    LeaseSpec,
    Namespace,
    NamespaceSpec,
    Node,
    Object,
    ObjectMeta,
    Pod,
    PodCondition,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.plane import Plane
from k8snet.kube.store import Key
from k8snet.linux import World

NODES = ("node1", "node2", "node3")


class Toy:
    """Binds pods in turn, makes them run and be ready at once, and lets them go when they are to be deleted.

    Pods whose image begins with ``bad`` never become ready; those with ``held`` wait until somebody calls `let_go`.
    """

    feeds: tuple[Feed, ...] = (("Pod", ""),)
    name = "toy"

    def __init__(self, client: Client) -> None:
        self.client = client
        self.bound = 0

    def concerns(self, write: Write) -> Iterable[Key]:
        return (write.key,) if write.after is not None else ()

    def everything(self) -> Iterable[Key]:
        return [(known(meta(pod).namespace), known(meta(pod).name)) for pod in self.client.api.store.all("Pod")]

    def reconcile(self, key: Key) -> Again | None:
        pod: Pod | None = self.client.find("Pod", key[1], key[0])
        if pod is None:
            return None
        if about_pods.is_terminating(pod):
            if known(pod.spec).nodeName:
                self.client.delete(pod, grace=0)
        elif not known(pod.spec).nodeName:
            self._bind(pod)
        elif known(pod.status).phase == "Pending":
            run(self.client, pod, ready=not image(pod).startswith("bad"))
        return None

    def _bind(self, pod: Pod) -> None:
        self.bound += 1
        node = node_of(pod) or NODES[self.bound % len(NODES)]
        if self.client.find("Node", node, "") is not None:
            self.client.bind(pod, node)


def run(client: Client, pod: Pod, *, ready: bool = True) -> Pod:
    """Report that a pod runs, and whether it is ready."""
    status = changed(known(pod.status), phase="Running")
    return set_ready(client, changed(pod, status=status), ready=ready)


def set_ready(client: Client, pod: Pod, *, ready: bool) -> Pod:
    """Report whether a pod is ready."""
    condition = PodCondition(type="Ready", status=str(ready), lastTransitionTime=client.time)
    after: Pod = client.update_status(about_pods.with_condition(pod, condition))
    return after


def fail(client: Client, pod: Pod) -> None:
    """Report that a pod has failed for good."""
    client.update_status(changed(pod, status=changed(known(pod.status), phase="Failed")))


def image(pod: Pod) -> str:
    """The image of a pod's only container."""
    return known(pod.spec).containers[0].image or ""


class Cluster:
    """A plane with nodes, the namespace default, all controllers, and the toy; ``user`` is who gives commands."""

    def __init__(self, nodes: Iterable[str] = NODES, cluster_cidr: str = "10.244.0.0/16") -> None:
        self.plane = Plane(World())
        self.user = self.plane.client("kubectl")
        for name in ("default", "other", "kube-node-lease"):
            self.user.create(Namespace(metadata=ObjectMeta(name=name), spec=NamespaceSpec()))
        self.controllers = [self.plane.add(agent) for agent in controllers.all_of(self.plane.client, cluster_cidr, 24)]
        self.toy = Toy(self.plane.client("toy"))
        self.plane.add(self.toy)
        for name in nodes:
            self.add_node(name)

    def add_node(self, name: str, *, kubelet: bool = True, **labels: str) -> Node:
        """A node whose kubelet has reported that it is ready, and (if there is one) is not silent in a lifetime."""
        conditions = [{"type": "Ready", "status": "True"}]
        document = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        node = decode(document | {"status": {"conditions": conditions}})
        made: Node = self.user.create(node)
        if kubelet:
            about = ObjectMeta(name=name, namespace="kube-node-lease")
            self.user.create(Lease(metadata=about, spec=LeaseSpec(renewTime=EPOCH + timedelta(days=1000))))
        return made

    def component(self, name: str) -> Component:
        """A controller by its name."""
        (found,) = self.plane.find(name)
        return found

    def settle(self) -> None:
        """Let all act."""
        self.plane.settle()

    def events(self, *reasons: str) -> list[str]:
        """What was told for these reasons, in order."""
        return [each.message for each in self.plane.api.happenings.values() if each.reason in reasons]

    def pods(self, **labels: str) -> list[Pod]:
        """The pods, by labels."""
        return list(self.user.list("Pod", "default", labels=labels or None))

    def names(self, kind: str, namespace: str | None = None) -> list[str]:
        """The names of all objects of a kind."""
        return [known(meta(each).name) for each in self.user.list(kind, namespace)]

    def deployment(self, name: str = "web") -> Deployment:
        """A Deployment as it is now."""
        found: Deployment = self.user.get("Deployment", name)
        return found

    def change(self, name: str = "web", *, image: str | None = None, **spec: Any) -> Deployment:
        """Change a Deployment's spec; ``image`` is that of its only container."""
        deployment = self.deployment(name)
        now = known(deployment.spec)
        if image is not None:
            pod = known(now.template.spec)
            container = changed(pod.containers[0], image=image)
            spec["template"] = changed(now.template, spec=changed(pod, containers=[container]))
        after: Deployment = self.user.update(changed(deployment, spec=changed(now, **spec)))
        return after

    def create(self, document: dict[str, Any]) -> Object:
        """Create what a manifest says."""
        return self.user.create(decode(document))
