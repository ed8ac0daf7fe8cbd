"""The objects that kubectl makes up itself, for `create deployment`, `run` and the like: as its own structs print them.

Fields that a Go struct always writes are there though empty: ``strategy: {}``, ``status: {}``. Source: k8s.io/kubectl,
pkg/cmd/create and pkg/cmd/run; compared with kubectl 1.37's ``--dry-run=client -o yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

Document = dict[str, Any]


def deployment(name: str, images: Sequence[str], *, replicas: int = 1, port: int = -1, command: Sequence[str] = ()) -> Document:
    """`kubectl create deployment`: the command and the port are the first container's."""
    labels = {"app": name}
    own: Document = {"command": list(command)} if command else {}
    if port >= 0:
        own["ports"] = [{"containerPort": port}]
    containers = [{"name": container_name(image), "image": image, "resources": {}, **({} if number else own)}
                  for number, image in enumerate(images)]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, "strategy": {}}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": name, "labels": labels}, "spec": spec,
            "status": {}}


def container_name(image: str) -> str:
    """The name of a container that nobody named: the image's, without registry, tag and digest.

    Where a sign had to be replaced, kubectl adds five letters by chance; here they are the same for the same image.

    >>> container_name("registry.k8s.io/e2e-test-images/agnhost:2.53"), container_name("my_image@sha256:00")[:9]
    ('agnhost', 'my-image-')
    """
    last = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    clean = re.sub("[_.]", "-", last)
    return clean if clean == last else f"{clean}-{sha256(image.encode()).hexdigest()[:5]}"


def pod(name: str, *, labels: Mapping[str, str], annotations: Mapping[str, str], restart: str, container: Document) -> Document:
    """`kubectl run`: fields of the container that are empty are left out."""
    own = {"name": name, "resources": {}, **{key: value for key, value in container.items() if value}}
    about: Document = {"name": name, "labels": dict(labels) or {"run": name}}
    if annotations:
        about["annotations"] = dict(annotations)
    spec = {"containers": [own], "restartPolicy": restart, "dnsPolicy": "ClusterFirst"}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": about, "spec": spec, "status": {}}


def service(name: str, *, labels: Mapping[str, str], selector: Mapping[str, str], ports: Sequence[Document],
            more: Mapping[str, Any]) -> Document:
    """`kubectl expose`, `create service`, `run --expose`: ``more`` of the spec, of which what is empty is left out."""
    about: Document = {"name": name, **({"labels": dict(labels)} if labels else {})}
    spec = {"selector": dict(selector), **{key: each for key, each in {"ports": list(ports), **more}.items() if each}}
    return {"kind": "Service", "apiVersion": "v1", "metadata": about, "spec": spec, "status": {"loadBalancer": {}}}


def namespace(name: str) -> Document:
    """`kubectl create namespace`."""
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}, "spec": {}, "status": {}}


def service_account(name: str) -> Document:
    """`kubectl create serviceaccount`."""
    return {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": name}}


def config_map(name: str, data: Mapping[str, str]) -> Document:
    """`kubectl create configmap`."""
    filled = {"data": dict(data)} if data else {}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, **filled}


def secret(name: str, data: Mapping[str, str], type_: str) -> Document:
    """`kubectl create secret generic`: ``data`` in base64."""
    kind: Document = {"type": type_} if type_ else {}
    filled = {"data": dict(data)} if data else {}
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name}, **filled, **kind}


def placed(document: Document, namespace: str) -> Document:
    """The same object in a namespace."""
    return document | {"metadata": {**(document.get("metadata") or {}), "namespace": namespace}}
