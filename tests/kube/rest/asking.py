"""A small cluster behind its REST face, and short ways to ask it."""

from __future__ import annotations

import json
from typing import Any

from k8snet.kube import site
from k8snet.kube.assembly import Assembly
from k8snet.kube.decoding import decode
from k8snet.kube.manifest import parse_named
from k8snet.kube.rest import Request, Response, Rest
from k8snet.launch import shipped

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class House:
    """A cluster of one worker with a Deployment of three pods, called ``web``."""

    def __init__(self) -> None:
        self.assembly = Assembly(site.standard(1))
        self.plane = self.assembly.plane
        self.plane.settle()
        for document, origin in parse_named(shipped() / "manifests" / "deployment.yaml"):
            self.plane.client("kubectl").create(decode(document, origin))
        self.plane.settle()

    @property
    def rest(self) -> Rest:
        return self.assembly.rest

    def ask(self, method: str, path: str, body: Any = "", **how: Any) -> Response:
        """Send a request; a body that is no text is sent as JSON."""
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.rest.handle(Request(method, path, body=text, **how))

    def get(self, path: str, **how: Any) -> Any:
        """GET what is there."""
        answer = self.ask("GET", path, **how)
        assert answer.status == 200, answer.body
        return answer.body

    @property
    def pods(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.get(PODS)["items"]]


def pod(name: str = "a", **spec: Any) -> dict[str, Any]:
    """A pod's manifest."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"name": "a",
        "image": "nginx"}], **spec}}


def configmap(name: str = "a", **data: str) -> dict[str, Any]:
    """A ConfigMap's manifest."""
    return {"metadata": {"name": name}, "data": data}
