"""Pods with addresses, and Services for them, in a cluster without kubelets: what the tests of endpoints begin with."""

from __future__ import annotations

from typing import Any

from k8snet.kube.decoding import decode
from k8snet.kube.objects import (
    Endpoints,
    EndpointSlice,
    Pod,
    PodCondition,
    PodIP,
    PodStatus,
    Service,
    changed,
    known,
    meta,
)  # fmt: skip
from tests.kube.controllers.toys import Cluster

HTTP = {"port": 80, "targetPort": 8080}


def cluster_of(*zones: str) -> Cluster:
    """A cluster whose nodes n1, n2, … are in these zones, and where nobody but the tests runs pods."""
    cluster = Cluster(nodes=())
    cluster.component("toy").stop()
    for number, zone in enumerate(zones or ("",), 1):
        cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {
            "name": f"n{number}", "labels": {"topology.kubernetes.io/zone": zone} if zone else {}}})  # fmt: skip
    cluster.settle()
    return cluster


def service(cluster: Cluster, name: str = "web", *, labels: dict[str, str] | None = None, **spec: Any) -> Service:
    """Make a Service; by default one for the pods with the label ``app`` of its name, by port 80."""
    document = {"selector": {"app": name}, "ports": [HTTP], **spec}
    made: Service = cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels or {}},
                                    "spec": document})  # fmt: skip
    cluster.settle()
    return made


def pod(cluster: Cluster, name: str, ip: str = "", *, app: str = "web", node: str = "n1", ready: bool = True, settle: bool = True,
        **spec: Any) -> Pod:
    """Make a pod that runs on a node and has an address, if any is given."""
    container = {"name": "main", "image": "nginx", "ports": spec.pop("ports", [])}
    made: Pod = cluster.user.create(decode({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"containers": [container], **spec}}))  # fmt: skip
    made = cluster.user.bind(made, node)
    if ip:
        made = stands(cluster, made, ip=ip, ready=ready)
    if settle:
        cluster.settle()
    return made


def stands(cluster: Cluster, one: Pod, *, ip: str | None = None, ready: bool = True, phase: str = "Running") -> Pod:
    """Report how a pod stands, as its kubelet would; its address stays, if no other one is given."""
    status = known(now(cluster, one).status)
    ip = ip or status.podIP
    condition = PodCondition(type="Ready", status=str(ready), lastTransitionTime=cluster.user.time)
    fresh: PodStatus = changed(status, phase=phase, podIP=ip, podIPs=[PodIP(ip=ip)] if ip else None, conditions=[condition])
    after: Pod = cluster.user.update_status(changed(now(cluster, one), status=fresh))
    return after


def now(cluster: Cluster, one: Pod) -> Pod:
    """A pod as it is now."""
    found: Pod = cluster.user.get("Pod", known(meta(one).name), meta(one).namespace or "default")
    return found


def slices(cluster: Cluster, name: str = "web") -> list[EndpointSlice]:
    """A Service's slices, in the order in which they were made."""
    return list(cluster.user.labelled("EndpointSlice", "default", {"kubernetes.io/service-name": name}))


def endpoints(cluster: Cluster, name: str = "web") -> Endpoints | None:
    """The Endpoints of a Service's name."""
    found: Endpoints | None = cluster.user.find("Endpoints", name)
    return found


def told(cluster: Cluster, name: str = "web") -> list[tuple[str, str]]:
    """A Service's endpoints, each with its address and the conditions that are true, in short: ``ready serving``."""
    found = []
    for each in (each for one in slices(cluster, name) for each in one.endpoints or ()):
        conditions = known(each.conditions)
        words = [word for word in ("ready", "serving", "terminating") if getattr(conditions, word)]
        found.append((known(each.addresses)[0], " ".join(words)))
    return found


def only(cluster: Cluster, name: str = "web") -> EndpointSlice:
    """A Service's only slice."""
    (found,) = slices(cluster, name)
    return found


def change(cluster: Cluster, name: str = "web", **spec: Any) -> None:
    """Change a Service's spec."""
    found: Service = cluster.user.get("Service", name)
    cluster.user.update(changed(found, spec=changed(known(found.spec), **spec)))
    cluster.settle()
