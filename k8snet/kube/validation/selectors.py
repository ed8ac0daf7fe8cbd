"""Selectors by label, and terms that nodes must fit.

Sources: k8s.io/apimachinery, pkg/apis/meta/v1/validation/validation.go; pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from k8snet.kube.names import key_faults, subdomain_faults, value_faults
from k8snet.kube.objects import LabelSelector, LabelSelectorRequirement, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from k8snet.kube.validation.errors import Errors, all_invalid, forbidden, invalid, required
from k8snet.kube.validation.metadata import label_errors

NEEDED = "must be specified when `operator` is 'In' or 'NotIn'"
UNWANTED = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
NO_OPERATOR = "not a valid selector operator"


def label_selector(selector: LabelSelector | None, path: str) -> Errors:
    """What is wrong with a selector by labels."""
    if selector is None:
        return []
    errors = label_errors(selector.matchLabels, f"{path}.matchLabels")
    for at, each in enumerate(selector.matchExpressions or []):
        here = f"{path}.matchExpressions[{at}]"
        errors += _values(each, here) if each.operator in _SETS else [invalid(f"{here}.operator", each.operator, NO_OPERATOR)]
        errors += _key_and_values(each, here)
    return errors


_SETS = ("In", "NotIn", "Exists", "DoesNotExist")


def is_readable(selector: LabelSelector | None) -> bool:
    """Whether a selector can be asked at all (LabelSelectorAsSelector)."""
    return not label_selector(selector, "")


def _values(each: LabelSelectorRequirement | NodeSelectorRequirement, path: str) -> Errors:
    if each.operator in ("In", "NotIn"):
        return [] if each.values else [required(f"{path}.values", NEEDED)]
    return [forbidden(f"{path}.values", UNWANTED)] if each.values else []


def _key_and_values(each: LabelSelectorRequirement | NodeSelectorRequirement, path: str) -> Errors:
    errors = all_invalid(f"{path}.key", each.key, key_faults(each.key))
    for at, value in enumerate(each.values or []):
        errors += all_invalid(f"{path}.values[{at}]", value, value_faults(value))
    return errors


# --- nodes --------------------------------------------------------------------------------------------------------


def node_selector(selector: NodeSelector, path: str) -> Errors:
    """What is wrong with the terms of which a node must fit one."""
    terms = selector.nodeSelectorTerms
    if not terms:
        return [required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")]
    return [error for at, term in enumerate(terms) for error in node_term(term, f"{path}.nodeSelectorTerms[{at}]")]


def node_term(term: NodeSelectorTerm, path: str, *, strict: bool = True) -> Errors:
    """What is wrong with one term; ``strict`` looks at the values of labels too (not done for preferences)."""
    errors: Errors = []
    for at, each in enumerate(term.matchExpressions or []):
        errors += _expression(each, f"{path}.matchExpressions[{at}]", strict)
    for at, each in enumerate(term.matchFields or []):
        errors += _field(each, f"{path}.matchFields[{at}]")
    return errors


def _expression(each: NodeSelectorRequirement, path: str, strict: bool) -> Errors:
    if each.operator in _SETS:
        errors = _values(each, path)
    elif each.operator in ("Gt", "Lt"):
        one = len(each.values or []) == 1
        errors = [] if one else [required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")]
    else:
        errors = [invalid(f"{path}.operator", each.operator, NO_OPERATOR)]
    if strict:
        return errors + _key_and_values(each, path)
    return errors + all_invalid(f"{path}.key", each.key, key_faults(each.key))


def _field(each: NodeSelectorRequirement, path: str) -> Errors:
    errors: Errors = []
    values = each.values or []
    if each.operator not in ("In", "NotIn"):
        errors.append(invalid(f"{path}.operator", each.operator, NO_OPERATOR))
    elif len(values) != 1:
        why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(f"{path}.values", why))
    if each.key != "metadata.name":
        return [*errors, invalid(f"{path}.key", each.key, "not a valid field selector key")]
    for at, value in enumerate(values):
        errors += all_invalid(f"{path}.values[{at}]", value, subdomain_faults(value))
    return errors
