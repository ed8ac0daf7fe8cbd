"""Which pod, and which of its containers, `kubectl exec`, `logs` and `port-forward` mean.

They take a pod's name, or ``TYPE/NAME`` of something that selects pods, of which one is picked. Source: k8s.io/kubectl,
pkg/polymorphichelpers, pkg/util/podutils (ActivePods, ByLogging), pkg/cmd/util/podcmd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.api import EPOCH
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.objects import KINDS, Container, LabelSelector, Object, Pod, PodCondition, PodSpec, known, meta
from k8snet.kube.rest.kubelets import NO_ROUTE, PORT, REFUSED
from k8snet.kube.rest.tables.columns import selector
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import Named, wanted
from k8snet.shell.kubectl.session import typed
from k8snet.shell.kubectl.visiting import ask, selected

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
PHASES = ("Running", "Unknown", "Pending")
"""In the order in which they are preferred; what has ended counts as the first."""
NO_POD = "error: timed out waiting for the condition"
WITH_SELECTOR = ("Deployment", "ReplicaSet", "DaemonSet")
Order = Callable[[Pod], Any]


def running_timeout(default: float) -> Any:
    """The flag for how long to wait until there is a pod at all."""
    return flag("pod-running-timeout", "duration", default)


def check_timeout(call: Call) -> None:
    """Refuse a flag `running_timeout` that lets no time."""
    if call["pod-running-timeout"] <= 0:
        raise call.misused("--pod-running-timeout must be higher than zero")


def meant(call: Call, word: str) -> Object:
    """The object that ``NAME`` (a pod's) or ``TYPE/NAME`` means, of the official type. CommandError, ApiError."""
    [named] = wanted(call, [word] if "/" in word else ["pods", word])
    assert isinstance(named, Named)
    return typed(ask(call, named), named.kind)


# --- pods ---------------------------------------------------------------------------------------------------------


def pods_of(call: Call, obj: Object, doing: str, order: Order) -> list[Pod]:
    """The pod that an object is, or the pods that it selects, the preferred ones first; there is at least one.

    ``doing`` begins the refusal of what selects no pods. If there are none, time passes until there are. CommandError.
    """
    if isinstance(obj, Pod):
        return [obj]
    labels, namespace, plane = _labels(obj, doing), meta(obj).namespace, call.session.assembly.plane
    left: float = call["pod-running-timeout"]
    while not (found := selected(call, KINDS["Pod"], namespace, labels)):
        if plane.paused or left <= 0:
            raise CommandError(NO_POD)
        plane.sleep(min(1.0, left))
        left -= 1
    return sorted(found, key=order)


def _labels(obj: Object, doing: str) -> str:
    name, kind = meta(obj).name, obj.kind
    if kind in WITH_SELECTOR:
        return selector(known(obj.spec).selector)
    if kind != "Service":
        raise CommandError(f"error: {doing} *v1.{kind}: selector for *v1.{kind} not implemented")
    chosen = known(obj.spec).selector
    if not chosen:
        raise CommandError(f"error: {doing} *v1.Service: invalid service '{name}': Service is defined without a selector")
    return selector(LabelSelector(matchLabels=dict(chosen)))


def for_attaching(pod: Pod) -> Any:
    """The order of preference of `kubectl exec` and `port-forward`."""
    going = meta(pod).deletionTimestamp
    return (*_first(pod), going is not None, -_seconds(going) if going else 0.0, _ready_since(pod), _restarts(pod), _age(pod))


def for_logging(pod: Pod) -> Any:
    """The order of preference of `kubectl logs`."""
    return (*_first(pod), _ready_since(pod), -_restarts(pod), _age(pod))


def _first(pod: Pod) -> tuple[bool, int, bool]:
    """What counts most: that a pod is on a node, that it runs, that it is ready."""
    phase = (pod.status.phase if pod.status else None) or ""
    return not known(pod.spec).nodeName, PHASES.index(phase) if phase in PHASES else 0, _ready(pod) is None


def _ready(pod: Pod) -> PodCondition | None:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return next((each for each in conditions if each.type == "Ready" and each.status == "True"), None)


def _ready_since(pod: Pod) -> float:
    ready = _ready(pod)
    return _seconds(ready.lastTransitionTime) if ready is not None and ready.lastTransitionTime else 0.0


def _restarts(pod: Pod) -> int:
    return max((each.restartCount for each in (pod.status.containerStatuses if pod.status else None) or ()), default=0)


def _age(pod: Pod) -> float:
    made = meta(pod).creationTimestamp
    return _seconds(made) if made else float("inf")


def _seconds(when: datetime) -> float:
    return (when - EPOCH).total_seconds()


# --- containers ---------------------------------------------------------------------------------------------------


def names(pod: Pod) -> str:
    """All containers of a pod, as refusals list them."""
    spec = known(pod.spec)
    kinds = ((spec.containers, ""), (spec.ephemeralContainers, " (ephem)"), (spec.initContainers, " (init)"))
    return ", ".join(f"{each.name}{mark}" for containers, mark in kinds for each in containers or ())


def all_of(spec: PodSpec) -> list[tuple[str, Any]]:
    """All containers of a pod, each with the field that it is in, in the order in which they are searched by name."""
    fields: Iterable[tuple[str, Any]] = (
        ("containers", spec.containers), ("initContainers", spec.initContainers),
        ("ephemeralContainers", spec.ephemeralContainers),
    )  # fmt: skip
    return [(field, each) for field, containers in fields for each in containers or ()]


def container_named(pod: Pod, name: str) -> Container:
    """A pod's container of that name. CommandError."""
    found: Container | None = next((each for _, each in all_of(known(pod.spec)) if each.name == name), None)
    if found is None:
        raise CommandError(f"error: container {name} is not valid for pod {meta(pod).name} out of: {names(pod)}")
    return found


def defaulted(call: Call, pod: Pod, *, quiet: bool = False) -> str:
    """The container that is meant where none is named: the first, and it is said that it is. CommandError."""
    spec = known(pod.spec)
    first = spec.containers[0].name
    if len(all_of(spec)) > 1 and not quiet:
        call.line(f'Defaulted container "{first}" out of: {names(pod)}')
    return first


def preset(pod: Pod) -> str:
    """The container that an annotation names as the one that is meant; empty if none does."""
    notes: Mapping[str, str] = meta(pod).annotations or {}
    return notes.get(DEFAULT_CONTAINER, "")


# --- the kubelet --------------------------------------------------------------------------------------------------


def kubelet_of(call: Call, pod: Pod) -> Kubelet:
    """The kubelet that has a pod, to which the API server connects. CommandError if it cannot."""
    assembly, node = call.session.assembly, known(pod.spec).nodeName
    if not node:
        raise not_upgraded(f"pod {meta(pod).name} does not have a host assigned")
    if node not in assembly.kubelets:
        raise not_upgraded(f"error dialing backend: dial tcp: lookup {node}: no such host")
    running = all(each.running for each in assembly.plane.find("kubelet", node))
    if node in assembly.off or not running:
        why = NO_ROUTE if node in assembly.off else REFUSED
        raise not_upgraded(f"error dialing backend: dial tcp {assembly.site.place(node).ip}:{PORT}: {why}")
    return assembly.kubelets[node]


def not_upgraded(why: str) -> CommandError:
    """The refusal where a connection was not to become a stream."""
    return CommandError(f"error: unable to upgrade connection: {why}")
