"""What admission plugins add to a pod: a service account, a priority, and patience with nodes that fail.

The plugins look at pods only, never at templates. Sources: plugin/pkg/admission/serviceaccount, priority,
defaulttolerationseconds; pkg/apis/scheduling for the two priority classes that every cluster has.
"""

from __future__ import annotations

from k8snet.errors import ApiError
from k8snet.kube.defaults.filling import fill
from k8snet.kube.objects import PodSpec, Toleration, changed

PATIENCE = 300
"""For so many seconds a pod stays bound to a node that is not ready or not reachable."""
PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""The priority classes that every cluster has; all other pods have priority 0."""
_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def admitted(spec: PodSpec) -> PodSpec:
    """A pod's wishes with what the plugins add."""
    spec = fill(spec, serviceAccountName="default", priority=priority(spec), preemptionPolicy="PreemptLowerPriority")
    spec = fill(spec, serviceAccount=spec.serviceAccountName)
    there = spec.tolerations or []
    added = [_patience(key) for key in _TAINTS if not _tolerates(there, key)]
    return changed(spec, tolerations=[*there, *added]) if added else spec


def priority(spec: PodSpec) -> int:
    """The number behind the name of a priority class."""
    return PRIORITIES.get(spec.priorityClassName or "", 0)


def check(name: str, spec: PodSpec) -> None:
    """ApiError (Forbidden) for a pod that sets its priority by itself."""
    if spec.priority not in (None, priority(spec)):
        why = f"the integer value of priority ({spec.priority}) must not be provided in pod spec; priority admission controller"
        computed = f"{why} computed {priority(spec)} from the given PriorityClass name"
        raise ApiError(f'pods "{name}" is forbidden: {computed}', reason="Forbidden")


def _tolerates(tolerations: list[Toleration], key: str) -> bool:
    return any((one.key or key) == key and (one.effect or "NoExecute") == "NoExecute" for one in tolerations)


def _patience(key: str) -> Toleration:
    return Toleration(key=key, operator="Exists", effect="NoExecute", tolerationSeconds=PATIENCE)
