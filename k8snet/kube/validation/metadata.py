"""Metadata: names, labels, annotations, owners, finalizers; of new objects and of changed ones.

Sources: k8s.io/apimachinery, pkg/api/validation/objectmeta.go; pkg/apis/core/validation/validation.go for finalizers.
"""

from __future__ import annotations

from collections.abc import Mapping

from k8snet.kube.names import Rule, key_faults, label_faults, prefix_faults, value_faults
from k8snet.kube.objects import ObjectMeta, OwnerReference
from k8snet.kube.validation.errors import IMMUTABLE, Errors, all_invalid, forbidden, invalid, negative, required, too_long

MOST_ANNOTATED = 256 * 1024
"""So many bytes may an object's annotations have, keys and values together."""
FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
"""The finalizers that need no domain before their name."""
PATH = "metadata"


def of_new(about: ObjectMeta, rule: Rule, *, namespaced: bool) -> Errors:
    """What is wrong with a new object's metadata; ``rule`` says what is wrong with its name."""
    errors: Errors = []
    if about.generateName:
        errors += all_invalid(f"{PATH}.generateName", about.generateName, prefix_faults(rule, about.generateName))
    if about.name:
        errors += all_invalid(f"{PATH}.name", about.name, rule(about.name))
    else:
        errors.append(required(f"{PATH}.name", "name or generateName is required"))
    errors += _namespace(about.namespace, namespaced) + negative(f"{PATH}.generation", about.generation)
    return errors + _common(about, new=True)


def of_update(new: ObjectMeta, old: ObjectMeta) -> Errors:
    """What is wrong with the metadata of an object that is to replace another."""
    errors: Errors = []
    added = sorted(set(new.finalizers or ()) - set(old.finalizers or ()))
    if old.deletionTimestamp is not None and added:
        listed = ", ".join(f'"{each}"' for each in added)
        why = "no new finalizers can be added if the object is being deleted, found new finalizers"
        errors.append(forbidden(f"{PATH}.finalizers", f"{why} []string{{{listed}}}"))
    if not new.resourceVersion:
        errors.append(invalid(f"{PATH}.resourceVersion", "", "must be specified for an update"))
    errors += negative(f"{PATH}.generation", new.generation)
    if (new.generation or 0) < (old.generation or 0):
        errors.append(invalid(f"{PATH}.generation", new.generation or 0, "must not be decremented"))
    for name in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after and (before or after):
            errors.append(invalid(f"{PATH}.{name}", after, IMMUTABLE))
    return errors + _common(new, new=False)


def _common(about: ObjectMeta, *, new: bool) -> Errors:
    if not (about.labels or about.annotations or about.ownerReferences or about.finalizers):
        return []
    errors = label_errors(about.labels, f"{PATH}.labels") + annotation_errors(about.annotations, f"{PATH}.annotations")
    errors += _owners(about.ownerReferences or [])
    finalizers = about.finalizers or []
    if new:
        for finalizer in finalizers:
            errors += all_invalid(f"{PATH}.finalizers", finalizer, key_faults(finalizer))
        if "orphan" in finalizers and "foregroundDeletion" in finalizers:
            why = "finalizer orphan and foregroundDeletion cannot be both set"
            errors.append(invalid(f"{PATH}.finalizers", finalizers, why))
    for at, finalizer in enumerate(finalizers):
        errors += unqualified(f"{PATH}.finalizers[{at}]", finalizer)
    return errors


def unqualified(path: str, finalizer: str) -> Errors:
    """An error for a finalizer that has no domain and is none of Kubernetes' own."""
    if "/" in finalizer or finalizer in FINALIZERS:
        return []
    return [invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")]


def _namespace(namespace: str | None, namespaced: bool) -> Errors:
    if not namespaced:
        return [forbidden(f"{PATH}.namespace", "not allowed on this type")] if namespace else []
    return all_invalid(f"{PATH}.namespace", namespace, label_faults(namespace)) if namespace else [required(f"{PATH}.namespace")]


def label_errors(pairs: Mapping[str, str] | None, path: str) -> Errors:
    """What is wrong with labels."""
    errors: Errors = []
    for key, value in (pairs or {}).items():
        errors += all_invalid(path, key, key_faults(key)) + all_invalid(path, value, value_faults(value))
    return errors


def annotation_errors(pairs: Mapping[str, str] | None, path: str) -> Errors:
    """What is wrong with annotations: keys, in which upper case letters are allowed, and the size of all."""
    if not pairs:
        return []
    errors = [error for key in pairs for error in all_invalid(path, key, key_faults(key.lower()))]
    size = sum(len(key.encode(errors="replace")) + len(value.encode(errors="replace")) for key, value in pairs.items())
    return errors + ([too_long(path, MOST_ANNOTATED)] if size > MOST_ANNOTATED else [])


def _owners(references: list[OwnerReference]) -> Errors:
    errors: Errors = []
    path, controller = f"{PATH}.ownerReferences", ""
    for at, reference in enumerate(references):
        errors += _owner(reference, f"{path}[{at}]")
        if reference.controller:
            name = f"{reference.kind}/{reference.name}"
            if controller:
                found = f'Found "true" in references for {controller} and {name}'
                errors.append(invalid(path, references, f"Only one reference can have Controller set to true. {found}"))
            controller = controller or name
    return errors


def _owner(reference: OwnerReference, path: str) -> Errors:
    errors: Errors = []
    version = reference.apiVersion
    if not version:
        errors.append(required(f"{path}.apiVersion", "must not be empty"))
    elif version.count("/") > 1 or not version.rpartition("/")[2]:
        errors.append(invalid(f"{path}.apiVersion", version, "must be <group>/<version> or <version>"))
    for name in ("kind", "name", "uid"):
        if not getattr(reference, name):
            errors.append(required(f"{path}.{name}", "must not be empty"))
    if version == "v1" and reference.kind == "Event":
        errors.append(invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"))
    return errors
