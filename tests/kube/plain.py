"""Manifests that tests write, and an API server of their own whose clock they turn."""

from __future__ import annotations

from typing import Any

from k8snet.kube.api import Api
from k8snet.kube.client import Client
from k8snet.kube.decoding import decode
from k8snet.kube.history import Write
from k8snet.kube.objects import Namespace, Object, ObjectMeta


class Server:
    """An API server with the namespace default; ``now`` is its clock, ``told`` what watchers would hear."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[Write] = []
        self.api = Api(lambda: self.now, self.told.append)
        self.client("kube-apiserver").create(Namespace(metadata=ObjectMeta(name="default")))

    def client(self, who: str = "kubectl", *, apart: bool = True) -> Client:
        """The server in somebody's name; by default that of a person, who gets copies."""
        return Client(self.api, who, apart=apart)


def pod(name: str = "web", image: str = "nginx", *, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A pod with one container."""
    return decode(pod_document(name, image, labels=labels, **spec))


def pod_document(name: str = "web", image: str = "nginx", *, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """The same as a manifest."""
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    spec = {"containers": [{"name": name, "image": image}]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def deployment_document(name: str = "web", replicas: int = 3, image: str = "nginx", **spec: Any) -> dict[str, Any]:
    """A Deployment whose pods are labelled ``app: NAME``."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template} | spec
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
