"""Deployments, ReplicaSets and DaemonSets. Sources: pkg/apis/apps/validation/validation.go; pkg/registry/apps for what may
not change.
"""

from __future__ import annotations

from typing import Any

from k8snet.kube import labels
from k8snet.kube.names import percent_faults
from k8snet.kube.objects import (
    DaemonSet,
    DaemonSetUpdateStrategy,
    Deployment,
    DeploymentStrategy,
    LabelSelector,
    Object,
    PodSpec,
    PodTemplateSpec,
    ReplicaSet,
    RollingUpdateDaemonSet,
    RollingUpdateDeployment,
)  # fmt: skip
from k8snet.kube.validation import pods
from k8snet.kube.validation.errors import IMMUTABLE, Errors, all_invalid, forbidden, invalid, negative, required, unsupported
from k8snet.kube.validation.selectors import is_readable, label_selector

_NO_TEMPLATE = PodTemplateSpec(spec=PodSpec(containers=[]))


def deployment(obj: Deployment) -> Errors:
    """What is wrong with a Deployment's wishes."""
    spec = obj.spec
    errors = negative("spec.replicas", spec.replicas) + _selector(spec.selector)
    errors += _template_of(spec.selector, spec.template) + _strategy(spec.strategy or DeploymentStrategy())
    errors += negative("spec.minReadySeconds", spec.minReadySeconds)
    errors += negative("spec.revisionHistoryLimit", spec.revisionHistoryLimit)
    deadline = spec.progressDeadlineSeconds
    errors += negative("spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= (spec.minReadySeconds or 0):
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors


def replicaset(obj: ReplicaSet) -> Errors:
    """What is wrong with a ReplicaSet's wishes."""
    spec = obj.spec
    errors = negative("spec.replicas", spec.replicas) + negative("spec.minReadySeconds", spec.minReadySeconds)
    return errors + _selector(spec.selector) + _template_of(spec.selector, spec.template or _NO_TEMPLATE)


def daemonset(obj: DaemonSet) -> Errors:
    """What is wrong with a DaemonSet's wishes."""
    spec = obj.spec
    selector, template = _given(spec.selector), spec.template
    errors = label_selector(selector, "spec.selector") + _matching(selector, template)
    if selector is not None and _is_empty(selector):
        errors.append(invalid("spec.selector", selector, "empty selector is invalid for daemonset"))
    errors += pods.template(template, "spec.template") + _forever(template, "DaemonSet")
    errors += negative("spec.minReadySeconds", spec.minReadySeconds)
    errors += _update_strategy(spec.updateStrategy or DaemonSetUpdateStrategy())
    return errors + negative("spec.revisionHistoryLimit", spec.revisionHistoryLimit)


def update(new: Object, old: Object) -> Errors:
    """The selector stays what it was."""
    now, was = new.spec.selector, old.spec.selector
    return [] if now == was else [invalid("spec.selector", now, IMMUTABLE)]


# --- selector and template ----------------------------------------------------------------------------------------


def _given(selector: LabelSelector | None) -> LabelSelector | None:
    """A selector, or None if there is none: what a manifest leaves out is decoded as one without anything in it."""
    return None if selector == LabelSelector() else selector


def _is_empty(selector: LabelSelector) -> bool:
    return not (selector.matchLabels or selector.matchExpressions)


def _selector(given: LabelSelector | None) -> Errors:
    selector = _given(given)
    if selector is None:
        return [required("spec.selector")]
    if _is_empty(selector):
        return [invalid("spec.selector", selector, "empty selector is invalid for deployment")]
    return label_selector(selector, "spec.selector")


def _template_of(given: LabelSelector | None, template: PodTemplateSpec) -> Errors:
    """What is wrong with a template whose pods the selector has to find; with a selector that cannot be asked, that."""
    selector = _given(given)
    if not is_readable(selector):
        return [invalid("spec.selector", selector, "invalid label selector")]
    return _matching(selector, template) + pods.template(template, "spec.template") + _forever(template, "ReplicaSet")


def _matching(selector: LabelSelector | None, template: PodTemplateSpec) -> Errors:
    own = template.metadata.labels if template.metadata else None
    if not is_readable(selector) or labels.matches(selector, own):
        return []
    return [invalid("spec.template.metadata.labels", own, "`selector` does not match template `labels`")]


def _forever(template: PodTemplateSpec, kind: str) -> Errors:
    """Pods of a controller always run."""
    spec, path = template.spec or PodSpec(containers=[]), "spec.template.spec"
    policy = spec.restartPolicy or ""
    errors = [] if policy == "Always" else [unsupported(f"{path}.restartPolicy", policy, ("Always",))]
    if spec.activeDeadlineSeconds is not None:
        errors.append(forbidden(f"{path}.activeDeadlineSeconds", f"activeDeadlineSeconds in {kind} is not Supported"))
    return errors


# --- strategies ---------------------------------------------------------------------------------------------------


def _strategy(strategy: DeploymentStrategy) -> Errors:
    path, update = "spec.strategy", strategy.rollingUpdate
    if strategy.type == "Recreate":
        why = "may not be specified when strategy `type` is 'Recreate'"
        return [] if update is None else [forbidden(f"{path}.rollingUpdate", why)]
    if strategy.type != "RollingUpdate":
        shown = {"Type": strategy.type or "", "RollingUpdate": _shown(update)}
        return [unsupported(path, shown, ("Recreate", "RollingUpdate"))]
    if update is None:
        return [required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")]
    path = f"{path}.rollingUpdate"
    errors = _share(update.maxUnavailable, f"{path}.maxUnavailable") + _share(update.maxSurge, f"{path}.maxSurge")
    if _count(update.maxUnavailable) == 0 and _count(update.maxSurge) == 0:
        errors.append(invalid(f"{path}.maxUnavailable", update.maxUnavailable or 0, "may not be 0 when `maxSurge` is 0"))
    return errors + _at_most_all(update.maxUnavailable, f"{path}.maxUnavailable")


def _update_strategy(strategy: DaemonSetUpdateStrategy) -> Errors:
    path, update = "spec.updateStrategy", strategy.rollingUpdate
    if strategy.type == "OnDelete":
        return []
    if strategy.type != "RollingUpdate":
        shown = {"Type": strategy.type or "", "RollingUpdate": _shown(update)}
        return [unsupported(path, shown, ("RollingUpdate", "OnDelete"))]
    if update is None:
        return [required(f"{path}.rollingUpdate")]
    path = f"{path}.rollingUpdate"
    errors = _share(update.maxUnavailable, f"{path}.maxUnavailable") + _share(update.maxSurge, f"{path}.maxSurge")
    errors += _at_most_all(update.maxUnavailable, f"{path}.maxUnavailable") + _at_most_all(update.maxSurge, f"{path}.maxSurge")
    fewer, more = _count(update.maxUnavailable) != 0, _count(update.maxSurge) != 0
    if fewer and more:
        errors.append(invalid(f"{path}.maxSurge", update.maxSurge or 0, "may not be set when maxUnavailable is non-zero"))
    elif not fewer and not more:
        errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _shown(update: RollingUpdateDeployment | RollingUpdateDaemonSet | None) -> dict[str, Any] | None:
    """As the server's own struct has it."""
    return None if update is None else {"MaxUnavailable": update.maxUnavailable or 0, "MaxSurge": update.maxSurge or 0}


def _share(value: int | str | None, path: str) -> Errors:
    """What is wrong with a number of pods, or a percentage of them."""
    return all_invalid(path, value, percent_faults(value)) if isinstance(value, str) else negative(path, value)


def _at_most_all(value: int | str | None, path: str) -> Errors:
    wrong = isinstance(value, str) and _count(value) > 100
    return [invalid(path, value, "must not be greater than 100%")] if wrong else []


def _count(value: int | str | None) -> int:
    """The number in a number or a percentage; 0 for other texts."""
    if isinstance(value, str):
        digits = value.removesuffix("%")
        return int(digits[:19]) if digits.isdecimal() and digits.isascii() else 0
    return value or 0
