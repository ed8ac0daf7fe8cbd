"""What lesson 05 asks for: from kubectl apply to a running pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8snet.cluster import Cluster, Pod
from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.course.judges.looking import first, pods_of, too_few
from k8snet.errors import ApiError
from k8snet.kube.objects import meta

SCHEDULER = "kube-scheduler"
SSD_NODE = "node2"
LASTING = ("part-of", "shop")
"""The label that the pods of fr and bk are to have."""
BUILT, PORT = "microservice1", 4000


def _unscheduled(answer: object, cluster: Any) -> str | None:
    """The exercise that asks which pod never met the scheduler."""
    name = str(answer).strip().removeprefix("pod/")
    if name not in [pod.name for pod in cluster.pods]:
        return say("05 no pod", name=name)
    if name in [write.name for write in cluster.history.by(SCHEDULER)]:
        return say("05 bound", name=name, node=cluster.pod(name).node.name)
    return None


def _homeless(answer: object, cluster: Any) -> str | None:
    """The exercise in which two pods find no node; the Deployment is to stay as it is."""
    deployment = _deployment(cluster, "db")
    if deployment is None:
        return say("05 no deployment", name="db")
    if deployment.spec.template.spec.nodeSelector != {"disk": "ssd"}:
        return say("05 other selector", name="db")
    return first(map(_misplaced, pods_of(cluster, "db"))) or too_few(cluster, "db", 2)


def _stopped(answer: object, cluster: Any) -> str | None:
    """The exercise in which a ReplicaSet gets no pods, as its controller is stopped."""
    if _deployment(cluster, "api") is None:
        return say("05 no deployment", name="api")
    sets = [each for each in cluster.api.list("ReplicaSet", "default") if (meta(each).labels or {}).get("app") == "api"]
    if not sets:
        return say("05 no replicaset", name="api")
    pods = pods_of(cluster, "api")
    if len(pods) < sets[0].spec.replicas:
        return say("05 nobody makes pods", name=meta(sets[0]).name, wanted=sets[0].spec.replicas, found=len(pods))
    if (few := too_few(cluster, "api", 3)) is not None:
        return few
    return None if _heir(cluster, pods[0]) is not None else say("05 not replaced", name=pods[0].name)


def _labelled(answer: object, cluster: Any) -> str | None:
    """The exercise that wants a label on all pods of two Deployments, and on those to come."""
    return first(_labelled_of(cluster, name, count) for name, count in (("fr", 3), ("bk", 2)))


def _built(answer: object, cluster: Any) -> str | None:
    """The exercise that writes a Deployment from a description."""
    deployment = _deployment(cluster, BUILT)
    if deployment is None:
        return say("05 no deployment", name=BUILT)
    return first(_departures(deployment)) or too_few(cluster, BUILT, 2) or first(map(_silent, pods_of(cluster, BUILT)))


# --- what is wrong with one of them -------------------------------------------------------------------------------


def _misplaced(pod: Pod) -> str | None:
    """Why a pod has no node, or that it has another than the one with the SSD."""
    node = pod.object.spec.nodeName
    if node:
        return None if node == SSD_NODE else say("05 wrong node", name=pod.name, node=node)
    told = [each.message for each in pod.object.status.conditions or () if each.type == "PodScheduled"]
    if not told:
        return say("05 nobody scheduled", name=pod.name)
    return say("05 no node", name=pod.name, message=told[0].partition(" preemption:")[0])


def _labelled_of(cluster: Cluster, name: str, count: int) -> str | None:
    """Why the pods of one Deployment lack the label, or will lack it."""
    deployment = _deployment(cluster, name)
    if deployment is None:
        return say("05 no deployment", name=name)
    bare = [pod for pod in pods_of(cluster, name) if not _has_label(pod)]
    if bare:
        above = LASTING in (meta(deployment).labels or {}).items()
        return say("05 label on deployment" if above else "05 no label", name=name, pod=bare[0].name)
    if (few := too_few(cluster, name, count)) is not None:
        return few
    pod = pods_of(cluster, name)[0]
    heir = _heir(cluster, pod)
    if heir is None:
        return say("05 not replaced", name=pod.name)
    return None if _has_label(heir) else say("05 label does not last", pod=pod.name, heir=heir.name)


def _departures(deployment: Any) -> Iterator[str]:
    """Where a Deployment is not as it was described."""
    wanted = {"app": BUILT, "tier": "front"}
    labels = deployment.spec.template.metadata.labels
    selector = deployment.spec.selector.matchLabels
    if deployment.spec.replicas != 2:
        yield say("05 replicas", name=BUILT, found=deployment.spec.replicas, wanted=2)
    if labels != wanted:
        yield say("05 labels", name=BUILT, found=_pairs(labels), wanted=_pairs(wanted))
    if selector != {"app": BUILT}:
        yield say("05 selector", name=BUILT, found=_pairs(selector), wanted=_pairs({"app": BUILT}))


def _silent(pod: Pod) -> str | None:
    """Why a pod does not answer on the port."""
    trace = pod.cluster.node("node1").connect(pod.ip or "", PORT)
    return None if trace.fate == "delivered" else say("05 silent", pod=pod.name, ip=pod.ip, fate=trace.fate)


# --- looking ------------------------------------------------------------------------------------------------------


def _deployment(cluster: Cluster, name: str) -> Any:
    """A Deployment of the namespace default, or None."""
    try:
        return cluster.api.get("Deployment", name, "default")
    except ApiError:
        return None


def _heir(cluster: Cluster, pod: Pod) -> Pod | None:
    """The pod that comes in the place of another, when that one is deleted from a copy of the cluster."""
    copy = cluster.fork()
    before = {each.name for each in copy.pods}
    copy.delete("Pod", pod.name)
    return next((each for each in copy.pods if each.name not in before), None)


def _has_label(pod: Pod) -> bool:
    return LASTING in (meta(pod.object).labels or {}).items()


def _pairs(labels: dict[str, str] | None) -> str:
    return ", ".join(f"{key}: {value}" for key, value in sorted((labels or {}).items())) or "none"


JUDGES: dict[str, Judge] = {"05-1": _unscheduled, "05-2": _homeless, "05-3": _stopped, "05-4": _labelled, "05-5": _built}
