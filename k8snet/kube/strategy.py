"""What the API server does to an object of its own accord between a request and the store, by kind of object.

Which parts of a request count (the wishes or the status), what goes up with a generation, and what a deletion leaves
behind. Source: the files strategy.go of pkg/registry, and k8s.io/apiserver, registry/rest/delete.go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from k8snet.kube.objects import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Namespace,
    NamespaceSpec,
    NamespaceStatus,
    Node,
    Object,
    ObjectMeta,
    Pod,
    PodCondition,
    PodSpec,
    PodStatus,
    ReplicaSet,
    changed,
    known,
    meta,
)  # fmt: skip

GENERATIONS = (Deployment, ReplicaSet, DaemonSet, Pod, EndpointSlice)
"""The kinds that count how often their wishes have changed."""
FINALIZER = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def for_create(obj: Object) -> Object:
    """A new object's status is nobody's wish; a node's own kubelet reports one when it registers."""
    if isinstance(obj, Pod):
        return changed(obj, status=PodStatus(phase="Pending", qosClass=quality(known(obj.spec)) if obj.spec else None))
    if isinstance(obj, Namespace):
        return changed(obj, status=NamespaceStatus(phase="Active"), spec=NamespaceSpec(finalizers=["kubernetes"]))
    return obj if isinstance(obj, Node) or getattr(obj, "status", None) is None else changed(obj, status=None)


def for_update(obj: Object, before: Object) -> Object:
    """An update's wishes, with the status and the marks that only the server sets as they were."""
    old, new = meta(before), meta(obj)
    kept = changed(
        new, uid=old.uid, creationTimestamp=old.creationTimestamp, generation=old.generation, namespace=old.namespace,
        deletionTimestamp=old.deletionTimestamp, deletionGracePeriodSeconds=old.deletionGracePeriodSeconds,
        resourceVersion=old.resourceVersion,
    )  # fmt: skip
    kept = old if kept == old else kept
    return changed(obj, metadata=kept, status=before.status) if hasattr(before, "status") else changed(obj, metadata=kept)


def first_generation(obj: Object) -> int | None:
    """What a new object's generation is."""
    return 1 if isinstance(obj, GENERATIONS) else None


def with_generation(after: Object, before: Object) -> Object:
    """Count up if the wishes are others than before."""
    if not isinstance(after, GENERATIONS) or _wishes(after) == _wishes(before):
        return after
    return changed(after, metadata=changed(meta(after), generation=(meta(before).generation or 0) + 1))


def _wishes(obj: Object) -> Any:
    """What counts for the generation; an EndpointSlice has no spec, and its labels count."""
    if isinstance(obj, EndpointSlice):
        return obj.endpoints, obj.ports, meta(obj).labels
    return obj.spec


def bound(pod: Pod, node: str, time: datetime) -> Pod:
    """A pod on its node, and the condition that says so."""
    status = known(pod.status)
    others = [each for each in status.conditions or [] if each.type != "PodScheduled"]
    scheduled = PodCondition(type="PodScheduled", status="True", lastTransitionTime=time, observedGeneration=meta(pod).generation)
    return changed(pod, spec=changed(known(pod.spec), nodeName=node), status=changed(status, conditions=[*others, scheduled]))


def quality(spec: PodSpec) -> str:
    """The quality of service class: by what all containers ask for and are limited to (core/v1/helper/qos)."""
    resources = [each.resources for each in [*spec.containers, *(spec.initContainers or [])]]
    asked = [each for each in resources if each is not None and (each.requests or each.limits)]
    if not asked:
        return "BestEffort"
    limited = all(each.limits and {"cpu", "memory"} <= each.limits.keys() for each in asked)
    full = limited and len(asked) == len(resources) and all((each.requests or each.limits) == each.limits for each in asked)
    return "Guaranteed" if full else "Burstable"


# --- deletion -----------------------------------------------------------------------------------------------------


def marked(obj: Object, time: datetime, grace: int | None, propagation: str) -> Object | None:
    """What a deletion leaves: the object with its marks; None: nothing; the same object: it was marked before."""
    about = meta(obj)
    finalizers = list(about.finalizers or [])
    if propagation in FINALIZER and FINALIZER[propagation] not in finalizers and about.deletionTimestamp is None:
        finalizers.append(FINALIZER[propagation])
    seconds = _grace(obj, grace)
    if not (finalizers or seconds or isinstance(obj, Namespace)):
        return None
    if about.deletionTimestamp is not None and seconds >= (about.deletionGracePeriodSeconds or 0):
        return obj
    ends = (about.deletionTimestamp or time) if not isinstance(obj, Pod) else time + timedelta(seconds=seconds)
    metadata = changed(about, deletionTimestamp=ends, deletionGracePeriodSeconds=seconds, finalizers=finalizers or None)
    after = changed(obj, metadata=metadata)
    return changed(after, status=NamespaceStatus(phase="Terminating")) if isinstance(obj, Namespace) else after


def _grace(obj: Object, wanted: int | None) -> int:
    """How many seconds a pod may take to end; no time for one that runs nowhere (any more)."""
    if not isinstance(obj, Pod):
        return 0
    spec, status = known(obj.spec), known(obj.status)
    if not spec.nodeName or status.phase in ("Succeeded", "Failed"):
        return 0
    return known(spec.terminationGracePeriodSeconds) if wanted is None else wanted


def is_finished(obj: Object) -> bool:
    """Whether an object that is to be deleted has nobody left to wait for."""
    about: ObjectMeta = meta(obj)
    if about.deletionTimestamp is None or about.finalizers:
        return False
    if isinstance(obj, Namespace):
        return not (obj.spec and obj.spec.finalizers)
    return not (isinstance(obj, Pod) and about.deletionGracePeriodSeconds)
