"""Histories of a small cluster for pictures and sentences: each function makes one, the same in each run.

This file is also the first cell of the notebooks that test_workflow.py opens in a browser.
"""

from __future__ import annotations

import copy
from typing import Any

from k8snet import Cluster
from k8snet.kube.history import History

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1.29", "ports": [{"name": "http", "containerPort": 80}]}]},
        },
    },
}  # fmt: skip


def pod(name: str, image: str, *command: str) -> dict[str, Any]:
    """A pod of its own."""
    container = {"name": "main", "image": image, **({"command": list(command)} if command else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


def running() -> Cluster:
    """Two nodes, and the Deployment with its three pods."""
    cluster = Cluster(nodes=2)
    cluster.apply(DEPLOYMENT)
    return cluster


def changed(**spec: Any) -> dict[str, Any]:
    """The Deployment with other fields."""
    other = copy.deepcopy(DEPLOYMENT)
    other["spec"] |= spec
    return other


def after(cluster: Cluster, *, apply: dict[str, Any] | None = None, seconds: float = 0.0) -> History:
    """What is written from now on: something is applied, time passes."""
    begin = len(cluster.history)
    if apply is not None:
        cluster.apply(apply)
    cluster.sleep(seconds)
    return cluster.history[begin:]


def born() -> History:
    """A cluster comes to life."""
    return Cluster(nodes=2).history


def deployed() -> History:
    """A Deployment is applied, and three pods come to run."""
    return after(Cluster(nodes=2), apply=DEPLOYMENT)


def scaled_up() -> History:
    """One pod more."""
    return after(running(), apply=changed(replicas=4))


def scaled_down() -> History:
    """Only one pod is left."""
    return after(running(), apply=changed(replicas=1))


def rolled() -> History:
    """Another image: a rolling update."""
    template = copy.deepcopy(DEPLOYMENT["spec"]["template"])
    template["spec"]["containers"][0]["image"] = "nginx:1.30"
    return after(running(), apply=changed(template=template))


def replaced() -> History:
    """A pod is deleted, and another one comes."""
    cluster = running()
    begin = len(cluster.history)
    cluster.delete("Pod", cluster.pods[0].name)
    return cluster.history[begin:]


def deleted() -> History:
    """The Deployment is deleted, and what it owns goes too."""
    cluster = running()
    begin = len(cluster.history)
    cluster.delete("Deployment", "web")
    return cluster.history[begin:]


def unplugged() -> History:
    """A node loses its power: its pods are evicted after five minutes, and come up elsewhere."""
    cluster = running()
    cluster.node("node1").stop()
    return after(cluster, seconds=400)


def cordoned() -> History:
    """A node is cordoned, and uncordoned again."""
    cluster = running()
    begin = len(cluster.history)
    for wish in (True, None):
        cluster.api.merge_patch("Node", "node1", {"spec": {"unschedulable": wish}}, "")
        cluster.settle()
    return cluster.history[begin:]


def crashing() -> History:
    """A container that ends at once, again and again."""
    return after(Cluster(nodes=1), apply=pod("crash", "busybox", "sh", "-c", "exit 1"), seconds=60)


def without_image() -> History:
    """An image that there is not."""
    return after(Cluster(nodes=1), apply=pod("nope", "nosuch:1"), seconds=60)


def without_node() -> History:
    """A pod for which no node has the room."""
    hungry = pod("hungry", "nginx")
    hungry["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "100"}}
    return after(Cluster(nodes=1), apply=hungry)


def everywhere() -> History:
    """A DaemonSet."""
    daemons = copy.deepcopy(DEPLOYMENT) | {"kind": "DaemonSet"}
    del daemons["spec"]["replicas"]
    return after(Cluster(nodes=2), apply=daemons)


def restarted() -> History:
    """A container's process is killed, then the pod's sandbox."""
    cluster = running()
    begin = len(cluster.history)
    cluster.pods[0].kill("nginx")
    cluster.pods[0].kill("pause")
    return cluster.history[begin:]


def emptied() -> History:
    """A namespace with a pod in it comes, and is deleted."""
    cluster = Cluster(nodes=1)
    begin = len(cluster.history)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    inside = pod("till", "nginx")
    inside["metadata"]["namespace"] = "shop"
    cluster.apply(inside)
    cluster.delete("Namespace", "shop")
    return cluster.history[begin:]


def relabelled() -> History:
    """A pod is given another label, which its ReplicaSet does not ask for, and its own one again."""
    cluster = running()
    begin = len(cluster.history)
    name = cluster.pods[0].name
    for label in ("other", "web"):
        cluster.api.merge_patch("Pod", name, {"metadata": {"labels": {"app": label}}})
        cluster.settle()
    return cluster.history[begin:]


HISTORIES = (
    born, deployed, scaled_up, scaled_down, rolled, replaced, deleted, unplugged, cordoned, crashing, without_image,
    without_node, everywhere, restarted, emptied, relabelled,
)  # fmt: skip
