"""What a pod wishes of its node: affinity, tolerations, spreading. Source: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from k8snet.kube.names import key_faults, label_faults, value_faults
from k8snet.kube.objects import (
    Affinity,
    LabelSelector,
    NodeAffinity,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    Toleration,
    TopologySpreadConstraint,
)
from k8snet.kube.validation import selectors
from k8snet.kube.validation.errors import Errors, all_invalid, duplicate, forbidden, invalid, required, unsupported

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
NOT_POSITIVE = "must be greater than zero"


def toleration(each: Toleration, path: str) -> Errors:
    """What is wrong with a toleration."""
    errors = all_invalid(f"{path}.key", each.key, key_faults(each.key)) if each.key else []
    operator, effect = each.operator or "", each.effect or ""
    if not each.key and operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        errors.append(invalid(f"{path}.operator", operator, why))
    if each.tolerationSeconds is not None and effect != "NoExecute":
        errors.append(invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if operator in ("", "Equal"):
        faults = value_faults(each.value or "")
        errors += [invalid(f"{path}.operator", each.value or "", ";".join(faults))] if faults else []
    elif operator != "Exists":
        errors.append(unsupported(f"{path}.operator", operator, ("Equal", "Exists")))
    elif each.value:
        errors.append(invalid(f"{path}.operator", each.value, "value must be empty when `operator` is 'Exists'"))
    return errors + ([unsupported(f"{path}.effect", effect, EFFECTS)] if effect and effect not in EFFECTS else [])


# --- affinity -----------------------------------------------------------------------------------------------------


def affinity(wishes: Affinity | None, path: str) -> Errors:
    """What is wrong with a pod's affinities."""
    if wishes is None:
        return []
    errors = _to_nodes(wishes.nodeAffinity, f"{path}.nodeAffinity") if wishes.nodeAffinity else []
    errors += _to_pods(wishes.podAffinity, f"{path}.podAffinity") if wishes.podAffinity else []
    return errors + (_to_pods(wishes.podAntiAffinity, f"{path}.podAntiAffinity") if wishes.podAntiAffinity else [])


def _to_nodes(wishes: NodeAffinity, path: str) -> Errors:
    hard = wishes.requiredDuringSchedulingIgnoredDuringExecution
    errors = selectors.node_selector(hard, f"{path}.{REQUIRED}") if hard else []
    for at, each in enumerate(wishes.preferredDuringSchedulingIgnoredDuringExecution or []):
        here = f"{path}.{PREFERRED}[{at}]"
        errors += _weight(each.weight, here) + selectors.node_term(each.preference, f"{here}.preference", strict=False)
    return errors


def _to_pods(wishes: PodAffinity | PodAntiAffinity, path: str) -> Errors:
    errors: Errors = []
    for at, term in enumerate(wishes.requiredDuringSchedulingIgnoredDuringExecution or []):
        errors += _term(term, f"{path}.{REQUIRED}[{at}]")
    for at, each in enumerate(wishes.preferredDuringSchedulingIgnoredDuringExecution or []):
        here = f"{path}.{PREFERRED}[{at}]"
        errors += _weight(each.weight, here) + _term(each.podAffinityTerm, f"{here}.podAffinityTerm")
    return errors


def _weight(weight: int, path: str) -> Errors:
    return [] if 1 <= weight <= 100 else [invalid(f"{path}.weight", weight, "must be in the range 1-100")]


def _term(term: PodAffinityTerm, path: str) -> Errors:
    errors = selectors.label_selector(term.labelSelector, f"{path}.labelSelector")
    errors += selectors.label_selector(term.namespaceSelector, f"{path}.namespaceSelector")
    for name in term.namespaces or []:
        errors += all_invalid(f"{path}.namespace", name, label_faults(name))
    own, others = term.matchLabelKeys or [], term.mismatchLabelKeys or []
    errors += _own_keys(own, term.labelSelector, f"{path}.matchLabelKeys")
    errors += _own_keys(others, term.labelSelector, f"{path}.mismatchLabelKeys")
    for at, key in enumerate(own):
        if key in others:
            errors.append(invalid(f"{path}.matchLabelKeys[{at}]", key, "exists in both matchLabelKeys and mismatchLabelKeys"))
    errors += [] if term.topologyKey else [required(f"{path}.topologyKey", "can not be empty")]
    return errors + all_invalid(f"{path}.topologyKey", term.topologyKey, key_faults(term.topologyKey))


def _own_keys(keys: list[str], selector: LabelSelector | None, path: str) -> Errors:
    """Keys of the pod's own labels, whose values the selector asks for as well."""
    if keys and selector is None:
        return [forbidden(path, "must not be specified when labelSelector is not set")]
    return [error for at, key in enumerate(keys) for error in all_invalid(f"{path}[{at}]", key, key_faults(key))]


# --- spreading ----------------------------------------------------------------------------------------------------


def spreading(constraints: list[TopologySpreadConstraint], path: str) -> Errors:
    """What is wrong with the wish to be spread."""
    errors: Errors = []
    for at, each in enumerate(constraints):
        here = f"{path}[{at}]"
        errors += [] if each.maxSkew > 0 else [invalid(f"{here}.maxSkew", each.maxSkew, NOT_POSITIVE)]
        errors += [] if each.topologyKey else [required(f"{here}.topologyKey", "can not be empty")]
        if each.whenUnsatisfiable not in ("DoNotSchedule", "ScheduleAnyway"):
            allowed = ("DoNotSchedule", "ScheduleAnyway")
            errors.append(unsupported(f"{here}.whenUnsatisfiable", each.whenUnsatisfiable, allowed))
        kind = (each.topologyKey, each.whenUnsatisfiable)
        if any((other.topologyKey, other.whenUnsatisfiable) == kind for other in constraints[at + 1 :]):
            errors.append(duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{kind[0]}, {kind[1]}}}"))
        errors += _details(each, here) + selectors.label_selector(each.labelSelector, f"{here}.labelSelector")
    return errors


def _details(each: TopologySpreadConstraint, path: str) -> Errors:
    errors: Errors = []
    if each.minDomains is not None:
        errors += [] if each.minDomains > 0 else [invalid(f"{path}.minDomains", each.minDomains, NOT_POSITIVE)]
        if each.whenUnsatisfiable != "DoNotSchedule":
            why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {each.whenUnsatisfiable}"
            errors.append(invalid(f"{path}.minDomains", each.minDomains, why))
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = getattr(each, name)
        if policy is not None and policy not in ("Honor", "Ignore"):
            errors.append(unsupported(f"{path}.{name}", policy, ("Honor", "Ignore")))
    selector, keys = each.labelSelector, each.matchLabelKeys or []
    errors += _own_keys(keys, selector, f"{path}.matchLabelKeys")
    asked = {*(selector.matchLabels or ()), *(one.key for one in selector.matchExpressions or ())} if selector else set()
    for at, key in enumerate(keys):
        if key in asked:
            errors.append(invalid(f"{path}.matchLabelKeys[{at}]", key, "exists in both matchLabelKeys and labelSelector"))
    return errors
