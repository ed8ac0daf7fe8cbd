"""On which nodes a DaemonSet's pods belong. Source: pkg/controller/daemon (NodeShouldRunDaemonPod, daemon/util)."""

from __future__ import annotations

from typing import NamedTuple

from k8snet.kube.controllers.conditions import NOT_READY, PREFIX, UNREACHABLE, UNSCHEDULABLE
from k8snet.kube.controllers.taint_eviction import tolerates
from k8snet.kube.objects import (
    Affinity,
    Node,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Pod,
    PodSpec,
    Toleration,
    changed,
    known,
    meta,
)  # fmt: skip

BY_NAME = "metadata.name"
TOLERATED = (
    (NOT_READY, "NoExecute"), (UNREACHABLE, "NoExecute"), (f"{PREFIX}disk-pressure", "NoSchedule"),
    (f"{PREFIX}memory-pressure", "NoSchedule"), (f"{PREFIX}pid-pressure", "NoSchedule"), (UNSCHEDULABLE, "NoSchedule"),
)  # fmt: skip
"""What all pods of DaemonSets tolerate."""
TOLERATED_BY_HOST_NETWORK = (f"{PREFIX}network-unavailable", "NoSchedule")


class Verdict(NamedTuple):
    """Whether a node should get a pod, and whether one that is there may stay."""

    runs: bool
    stays: bool


def spec_with_tolerations(spec: PodSpec) -> PodSpec:
    """The spec of a DaemonSet's pods, but for the node; all of them share it."""
    wanted = [*TOLERATED, *([TOLERATED_BY_HOST_NETWORK] if spec.hostNetwork else [])]
    ours = [Toleration(key=key, operator="Exists", effect=effect) for key, effect in wanted]
    return changed(spec, tolerations=[*(each for each in spec.tolerations or () if each not in ours), *ours])


def spec_for(spec: PodSpec, node: str) -> PodSpec:
    """The spec of the pod for one node: the scheduler is asked to bind it there and nowhere else."""
    requirement = NodeSelectorRequirement(key=BY_NAME, operator="In", values=[node])
    required = NodeSelector(nodeSelectorTerms=[NodeSelectorTerm(matchFields=[requirement])])
    affinity = spec.affinity or Affinity()
    for_node = changed(affinity.nodeAffinity or NodeAffinity(), requiredDuringSchedulingIgnoredDuringExecution=required)
    return changed(spec, affinity=changed(affinity, nodeAffinity=for_node))


def node_of(pod: Pod) -> str | None:
    """The node that a DaemonSet's pod is on, or is for."""
    spec = known(pod.spec)
    if spec.nodeName:
        return spec.nodeName
    affinity = spec.affinity.nodeAffinity if spec.affinity else None
    required = affinity.requiredDuringSchedulingIgnoredDuringExecution if affinity else None
    for term in required.nodeSelectorTerms if required else ():
        for field in term.matchFields or ():
            if field.key == BY_NAME and field.values:
                return field.values[0]
    return None


def verdict(spec: PodSpec, node: Node) -> Verdict:
    """What becomes of a pod with this spec (`spec_with_tolerations`) on a node."""
    if (spec.nodeName and spec.nodeName != meta(node).name) or not _is_selected(spec, node):
        return Verdict(runs=False, stays=False)
    taints = (node.spec.taints if node.spec else None) or ()
    repelling = [each for each in taints if not any(tolerates(toleration, each) for toleration in spec.tolerations or ())]
    effects = {each.effect for each in repelling}
    return Verdict(runs=not effects & {"NoSchedule", "NoExecute"}, stays="NoExecute" not in effects)


def _is_selected(spec: PodSpec, node: Node) -> bool:
    labels = meta(node).labels or {}
    if not (spec.nodeSelector or {}).items() <= labels.items():
        return False
    affinity = spec.affinity.nodeAffinity if spec.affinity else None
    required = affinity.requiredDuringSchedulingIgnoredDuringExecution if affinity else None
    return required is None or any(_fits(term, node) for term in required.nodeSelectorTerms)


def _fits(term: NodeSelectorTerm, node: Node) -> bool:
    if not (term.matchExpressions or term.matchFields):
        return False
    labels, fields = meta(node).labels or {}, {BY_NAME: known(meta(node).name)}
    return all(_holds(each, labels) for each in term.matchExpressions or ()) and all(
        _holds(each, fields) for each in term.matchFields or ()
    )


def _holds(requirement: NodeSelectorRequirement, values: dict[str, str]) -> bool:
    """Whether a requirement holds (k8s.io/component-helpers, nodeaffinity); Gt and Lt compare whole numbers."""
    value, asked = values.get(requirement.key), requirement.values or []
    match requirement.operator:
        case "In":
            return value in asked
        case "NotIn":
            return value not in asked
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return _compares(requirement.operator, value, asked)


def _compares(operator: str, value: str | None, asked: list[str]) -> bool:
    try:
        number, limit = int(value or ""), int(asked[0])
    except (ValueError, IndexError):
        return False
    return number > limit if operator == "Gt" else number < limit
