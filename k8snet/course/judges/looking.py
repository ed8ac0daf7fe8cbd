"""What the judges of several lessons look for: a pod by its name, the pods of an app, and whether they are ready."""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.cluster import Cluster, Pod
from k8snet.course.data import say
from k8snet.errors import ApiError
from k8snet.kube.objects import meta


def first(faults: Iterable[str | None]) -> str | None:
    """The first that is a fault; None if there is none.

    >>> first([None, "no pod", "no node"])
    'no pod'
    """
    return next((fault for fault in faults if fault is not None), None)


def pod_of(cluster: Cluster, name: str) -> Pod | None:
    """The pod of that name, if it is there."""
    try:
        return cluster.pod(name)
    except ApiError:
        return None


def pods_of(cluster: Cluster, app: str) -> list[Pod]:
    """The pods with a label app of this value, without those that are on their way out."""
    pods = [pod for pod in cluster.pods if (meta(pod.object).labels or {}).get("app") == app]
    return [pod for pod in pods if meta(pod.object).deletionTimestamp is None]


def ready_of(cluster: Cluster, app: str) -> list[Pod]:
    """Those of them that are ready."""
    return [pod for pod in pods_of(cluster, app)
            if any(each.type == "Ready" and each.status == "True" for each in pod.object.status.conditions or ())]  # fmt: skip


def too_few(cluster: Cluster, app: str, wanted: int) -> str | None:
    """That not as many of them are ready as should be; None if as many are."""
    found = len(ready_of(cluster, app))
    return None if found == wanted else say("too few", name=app, found=found, wanted=wanted)


def unready(pod: Pod) -> str | None:
    """The first container of a pod that is not ready, and its last words, or for what it waits; None if all are."""
    status = pod.object.status
    if not status.containerStatuses:
        return say("waits", name=pod.name, why=status.phase)
    down = next((each for each in status.containerStatuses if not each.ready), None)
    if down is None:
        return None
    log = pod.cluster.kubectl(f"logs {pod.name} -c {down.name}", check=False)
    if not log.code:
        return say("not ready", name=pod.name, container=down.name, said=log.splitlines()[-1] if log else "nothing")
    return say("waits", name=pod.name, why=f"{down.name}, {down.state.waiting.reason}" if down.state.waiting else down.name)
