"""Pods and templates of pods: what the API server refuses, and which changes of a pod it takes.

A spec that was found right is remembered: pods of one template have one. Source: pkg/apis/core/validation/validation.go
(ValidatePodSpec, ValidatePodCreate, ValidatePodUpdate, ValidatePodTemplateSpec).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from k8snet.kube.names import label_faults, subdomain_faults
from k8snet.kube.objects import Container, Pod, PodSpec, PodTemplateSpec, Toleration, changed
from k8snet.kube.remembered import Remembered
from k8snet.kube.validation import containers, metadata, scheduling, security, volumes
from k8snet.kube.validation.errors import Errors, all_invalid, forbidden, invalid, one_of, required, unsupported

RESTARTS = ("Always", "OnFailure", "Never")
DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION = ("PreemptLowerPriority", "Never")
SYSTEMS = ("linux", "windows")
LONGEST = (1 << 31) - 1
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
UPDATES = ("pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
           "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
           "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")  # fmt: skip
"""The server adds a comparison of both specs, which the model leaves out."""
_NOTHING = PodSpec(containers=[])

_right: Remembered[bool] = Remembered()
"""Pods' specs that were found right."""
_right_containers: Remembered[set[str]] = Remembered()
"""Lists of containers that were found right, with the names of the volumes that they could mount: a DaemonSet's pods have
one list, and each a spec of its own."""


def pod(obj: Pod) -> Errors:
    """What is wrong with a pod, besides its metadata."""
    wishes = obj.spec or _NOTHING
    annotations = obj.metadata.annotations if obj.metadata else None
    errors = _deletion_cost(annotations, "metadata.annotations") if annotations else []
    return errors if _right.find(wishes) else errors + _found(wishes)


def _found(wishes: PodSpec) -> Errors:
    errors = spec(wishes, "spec", in_pod=True)
    if not errors:
        _right.keep(wishes, True)
    return errors


def template(obj: PodTemplateSpec, path: str) -> Errors:
    """What is wrong with a template."""
    about = obj.metadata
    errors: Errors = []
    if about is not None:
        errors += metadata.label_errors(about.labels, f"{path}.labels")
        errors += metadata.annotation_errors(about.annotations, f"{path}.annotations")
        errors += _deletion_cost(about.annotations, f"{path}.annotations")
    wishes = obj.spec or _NOTHING
    errors += spec(wishes, f"{path}.spec", in_pod=False)
    unwanted = [forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")]
    return errors + (unwanted if wishes.ephemeralContainers else [])


def spec(wishes: PodSpec, path: str, *, in_pod: bool) -> Errors:
    """What is wrong with the wishes of a pod, or of a template."""
    errors = [required(f"{path}.terminationGracePeriodSeconds")] if wishes.terminationGracePeriodSeconds is None else []
    known, wrong = volumes.volumes(wishes.volumes or [], f"{path}.volumes")
    initial = wishes.initContainers or []
    errors += wrong + _regular(wishes.containers, known, f"{path}.containers")
    errors += containers.initial(initial, wishes.containers, known, f"{path}.initContainers")
    if wishes.hostNetwork:
        errors += containers.on_host(wishes.containers, f"{path}.containers", in_pod=in_pod)
    errors += one_of(f"{path}.restartPolicy", wishes.restartPolicy, RESTARTS)
    errors += one_of(f"{path}.dnsPolicy", wishes.dnsPolicy, DNS)
    errors += metadata.label_errors(wishes.nodeSelector, f"{path}.nodeSelector")
    errors += security.of_pod(wishes, f"{path}.securityContext")
    errors += scheduling.affinity(wishes.affinity, f"{path}.affinity")
    errors += scheduling.spreading(wishes.topologySpreadConstraints or [], f"{path}.topologySpreadConstraints")
    errors += security.of_users(wishes, path) + _names(wishes, path)
    errors += tolerations(wishes.tolerations or [], path)
    errors += _rest(wishes, path)
    return errors + (_only_in_pods(wishes, path) if in_pod else [])


def _regular(given: list[Container], known: set[str], path: str) -> Errors:
    if _right_containers.find(given) == known:
        return []
    errors = containers.regular(given, known, path)
    if not errors:
        _right_containers.keep(given, known)
    return errors


def _names(wishes: PodSpec, path: str) -> Errors:
    errors: Errors = []
    for name in ("serviceAccountName", "nodeName"):
        text = getattr(wishes, name)
        errors += all_invalid(f"{path}.{name}", text, subdomain_faults(text)) if text else []
    deadline = wishes.activeDeadlineSeconds
    if deadline is not None and not 1 <= deadline <= LONGEST:
        errors.append(invalid(f"{path}.activeDeadlineSeconds", deadline, f"must be between 1 and {LONGEST}, inclusive"))
    for name in ("hostname", "subdomain"):
        text = getattr(wishes, name)
        errors += all_invalid(f"{path}.{name}", text, label_faults(text)) if text else []
    return errors


def tolerations(given: Sequence[Toleration], path: str) -> Errors:
    """What is wrong with all of a pod's tolerations."""
    places = enumerate(given)
    return [error for at, each in places for error in scheduling.toleration(each, f"{path}.tolerations[{at}]")]


def _rest(wishes: PodSpec, path: str) -> Errors:
    errors: Errors = []
    for name in ("priorityClassName", "runtimeClassName"):
        text = getattr(wishes, name)
        errors += all_invalid(f"{path}.{name}", text, subdomain_faults(text)) if text else []
    policy = wishes.preemptionPolicy
    errors += one_of(f"{path}.preemptionPolicy", policy, PREEMPTION) if policy is not None else []
    system = wishes.os
    if system is not None and not system.name:
        errors.append(required(f"{path}.os.name", "cannot be empty"))
    elif system is not None and system.name not in SYSTEMS:
        errors.append(unsupported(f"{path}.os", system.name, SYSTEMS))
    return errors


def _only_in_pods(wishes: PodSpec, path: str) -> Errors:
    errors = containers.trimmed(wishes.containers, f"{path}.containers")
    return errors + containers.trimmed(wishes.initContainers or [], f"{path}.initContainers")


def created(obj: Pod) -> Errors:
    """What is wrong with a new pod beyond what `pod` says."""
    is_debugged = obj.spec is not None and obj.spec.ephemeralContainers
    return [forbidden("spec.ephemeralContainers", "cannot be set on create")] if is_debugged else []


def _deletion_cost(annotations: Mapping[str, str] | None, path: str) -> Errors:
    text = (annotations or {}).get(DELETION_COST)
    if text is None or (re.fullmatch("-?[1-9][0-9]{0,9}|0", text) and -LONGEST - 1 <= int(text) <= LONGEST):
        return []
    return [invalid(f"{path}[{DELETION_COST}]", text, "must be a 32bit integer")]


# --- changes ------------------------------------------------------------------------------------------------------


def update(new: Pod, old: Pod) -> Errors:
    """What is wrong with a change of a pod: nearly all that it wishes stays as it was."""
    now, was = new.spec or _NOTHING, old.spec or _NOTHING
    if now is was:
        return []
    for name in ("containers", "initContainers"):
        if len(getattr(now, name) or ()) != len(getattr(was, name) or ()):
            return [forbidden(f"spec.{name}", "pod updates may not add or remove containers")]
    errors: Errors = []
    before, after = was.activeDeadlineSeconds, now.activeDeadlineSeconds
    if after is not None and before is not None and before < after:
        return [invalid("spec.activeDeadlineSeconds", after, "must be less than or equal to previous value")]
    if after is None and before is not None:
        errors.append(invalid("spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value"))
    errors += _kept_tolerations(now.tolerations or [], was.tolerations or [])
    return errors if _with_fixed(now, was) == was else [*errors, forbidden("spec", UPDATES)]


def _kept_tolerations(now: list[Toleration], was: list[Toleration]) -> Errors:
    """An error if a toleration is gone or another; for how long it holds may change."""
    kinds = [changed(each, tolerationSeconds=None) for each in now]
    if all(changed(each, tolerationSeconds=None) in kinds for each in was):
        return []
    return [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")]


def _with_fixed(now: PodSpec, was: PodSpec) -> PodSpec:
    """A spec in which all that may change is as it was."""
    seconds = was.terminationGracePeriodSeconds
    allowed = seconds is not None and seconds < 0 and now.terminationGracePeriodSeconds == 1
    return changed(
        now, containers=_with_images(now.containers, was.containers),
        initContainers=now.initContainers and _with_images(now.initContainers, was.initContainers or []),
        activeDeadlineSeconds=was.activeDeadlineSeconds, tolerations=was.tolerations, schedulingGates=was.schedulingGates,
        terminationGracePeriodSeconds=seconds if allowed else now.terminationGracePeriodSeconds,
    )  # fmt: skip


def _with_images(now: Sequence[Container], was: Sequence[Container]) -> list[Container]:
    return [changed(each, image=before.image) for each, before in zip(now, was, strict=True)]


