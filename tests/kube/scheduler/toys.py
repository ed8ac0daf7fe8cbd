"""A cluster whose only component is the scheduler: nodes and pods in few words, and what became of them."""

from __future__ import annotations

from typing import Any

from k8snet.kube.decoding import decode
from k8snet.kube.objects import Namespace, ObjectMeta, changed, known, meta
from k8snet.kube.plane import Plane
from k8snet.kube.scheduler import Scheduler
from k8snet.linux import World

ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"


class Toy:
    """An API server and the scheduler; nothing runs anywhere."""

    def __init__(self, *nodes: str, **how: Any) -> None:
        self.plane = Plane(World())
        self.client = self.plane.client("kubectl", apart=True)
        self.namespace("default")
        self.scheduler = Scheduler(self.plane.client("kube-scheduler"))
        self.component = self.plane.add(self.scheduler)
        for name in nodes:
            self.node(name, **how)

    def namespace(self, name: str, **labels: str) -> None:
        self.client.create(Namespace(metadata=ObjectMeta(name=name, labels=labels or None)))

    def node(self, name: str, *, cpu: str = "4", memory: str = "8Gi", pods: int = 110, zone: str = "", taints: Any = (),
             labels: dict[str, str] | None = None, unschedulable: bool = False, **others: str) -> None:
        labels = {HOSTNAME: name} | ({ZONE: zone} if zone else {}) | (labels or {})
        allocatable = {"cpu": cpu, "memory": memory, "pods": str(pods)}
        allocatable |= {key.replace("__", "/"): value for key, value in others.items()}
        spec: dict[str, Any] = {"taints": [taint(each) for each in taints]} if taints else {}
        if unschedulable:
            spec["unschedulable"] = True
        self.client.create(decode({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": spec,
            "status": {"allocatable": allocatable, "capacity": allocatable},
        }))  # fmt: skip

    def change_node(self, name: str, **spec: Any) -> None:
        node = self.client.get("Node", name)
        self.client.update(changed(node, spec=changed(node.spec, **spec)))

    def pod(self, name: str, *, cpu: str = "", memory: str = "", labels: dict[str, str] | None = None, namespace: str = "default",
            requests: dict[str, str] | None = None, ports: Any = (), **spec: Any) -> None:
        requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value} | (requests or {})
        container: dict[str, Any] = {"name": "c", "image": "nginx"}
        if requests:
            limits = {key: value for key, value in requests.items() if "/" in key}  # what cannot be shared needs a limit
            container["resources"] = {"requests": requests} | ({"limits": limits} if limits else {})
        if ports:
            container["ports"] = list(ports)
        metadata = {"name": name, "namespace": namespace, "labels": labels or {}}
        spec = {"containers": [container], **spec}
        self.client.create(decode({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))

    def replicas(self, name: str, number: int, **spec: Any) -> None:
        """A ReplicaSet and its pods, as its controller would make them."""
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
        rs = decode({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name},
            "spec": {"replicas": number, "selector": {"matchLabels": labels}, "template": template},
        })  # fmt: skip
        made = self.client.create(rs)
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": meta(made).uid, "controller": True}
        for index in range(number):
            metadata = {"name": f"{name}-{index}", "labels": labels, "ownerReferences": [owner]}
            self.client.create(decode({
                "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec},
            }))  # fmt: skip

    def settle(self) -> Toy:
        self.plane.settle()
        return self

    def where(self, name: str, namespace: str = "default") -> str | None:
        node: str | None = self.client.get("Pod", name, namespace).spec.nodeName
        return node

    def placed(self, *names: str) -> list[str | None]:
        self.settle()
        return [self.where(name) for name in names]

    def message(self, name: str, namespace: str = "default") -> str | None:
        """Why a pod fits nowhere, by its condition."""
        self.settle()
        conditions = known(self.client.get("Pod", name, namespace).status).conditions or []
        for each in conditions:
            if each.type == "PodScheduled" and each.status == "False":
                assert each.reason == "Unschedulable"
                text: str | None = each.message
                return text
        return None

    def events(self, name: str) -> list[tuple[str, str, str, int]]:
        """What was told of a pod: type, reason, message, how often."""
        found = [each for each in self.client.list("Event") if each.involvedObject.name == name]
        return [(each.type, each.reason, each.message, each.count) for each in found]


def taint(text: str) -> dict[str, str]:
    """``key=value:Effect`` as kubectl has it."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})
