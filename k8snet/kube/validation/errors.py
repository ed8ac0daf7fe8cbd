"""Field errors as the API server words them, and the refusal that tells them all.

A value is shown as Go shows it: texts in quotes, numbers bare, and all else as the JSON of the server's own structs.
Sources: k8s.io/apimachinery, pkg/util/validation/field/errors.go; pkg/api/errors/errors.go (NewInvalid).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from k8snet.errors import ApiError
from k8snet.kube.gowords import quoted
from k8snet.kube.objects import LabelSelector, LabelSelectorRequirement, Object, OwnerReference, kind_of, meta

Errors = list[str]

NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"
_ORDER: dict[type, tuple[str, ...]] = {
    LabelSelector: ("matchLabels", "matchExpressions"),
    LabelSelectorRequirement: ("key", "operator", "values"),
    OwnerReference: ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"),
}
"""The order of fields in the server's structs, where an error shows one."""


def required(path: str, why: str = "") -> str:
    """A field that must be there."""
    return f"{path}: Required value{': ' if why else ''}{why}"


def invalid(path: str, value: Any, why: str) -> str:
    """A value that the field cannot have."""
    return f"{path}: Invalid value: {quoted(value) if isinstance(value, str) else shown(value)}: {why}"


def all_invalid(path: str, value: Any, faults: Iterable[str]) -> Errors:
    """One error for each fault of a value."""
    return [invalid(path, value, fault) for fault in faults]


def unsupported(path: str, value: Any, allowed: Iterable[str]) -> str:
    """A value that is none of those that there are."""
    return f"{path}: Unsupported value: {shown(value)}: supported values: {', '.join(map(quoted, allowed))}"


def duplicate(path: str, value: Any, why: str = "") -> str:
    """A value that is there already."""
    text = quoted(value) if isinstance(value, str) else shown(value)
    return f"{path}: Duplicate value: {text}{': ' if why else ''}{why}"


def not_found(path: str, value: str) -> str:
    """A name of something that is not there."""
    return f"{path}: Not found: {quoted(value)}"


def forbidden(path: str, why: str) -> str:
    """Something that may not be done."""
    return f"{path}: Forbidden: {why}"


def too_long(path: str, most: int) -> str:
    """A text that is too long; the server does not repeat it."""
    return f"{path}: Too long: may not be more than {most} bytes"


def negative(path: str, value: int | None) -> Errors:
    """An error for a number below 0."""
    return [invalid(path, value, NEGATIVE)] if value is not None and value < 0 else []


def one_of(path: str, value: str | None, allowed: Iterable[str]) -> Errors:
    """An error for a value that is absent or none of those that there are."""
    if not value:
        return [required(path)]
    return [] if value in allowed else [unsupported(path, value, allowed)]


def shown(value: Any) -> str:
    r"""A value as Go's encoding/json writes it.

    >>> print(shown(LabelSelector(matchExpressions=[], matchLabels={"app": "<web>"})), shown(None), shown(True))
    {"matchLabels":{"app":"\u003cweb\u003e"}} null true
    """
    text = json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if type(value) in _ORDER:
        fields = ((name, getattr(value, name)) for name in _ORDER[type(value)])
        return {name: _plain(each) for name, each in fields if each is not None and each != [] and each != {}}
    return msgspec.to_builtins(value)


def refusal(obj: Object, errors: Errors) -> ApiError:
    """The server's no to an object: all errors, each said once.

    >>> from k8snet.kube.objects import ObjectMeta, Pod
    >>> web = Pod(metadata=ObjectMeta(name="web"))
    >>> print(refusal(web, [required("spec.containers"), required("spec.containers")]))
    Pod "web" is invalid: spec.containers: Required value
    >>> error = refusal(web, [required("spec.containers"), required("spec.restartPolicy")])
    >>> print(error); error.causes
    Pod "web" is invalid: [spec.containers: Required value, spec.restartPolicy: Required value]
    ('spec.containers: Required value', 'spec.restartPolicy: Required value')
    """
    kind = kind_of(obj)
    about = meta(obj).name if obj.metadata else None
    return refusal_of(f"{kind.kind}.{kind.group}" if kind.group else kind.kind, about or "", errors)


def refusal_of(kind: str, name: str, errors: Errors) -> ApiError:
    """The same no to what is no object of the store, such as the options of a request.

    >>> print(refusal_of("Scale.autoscaling", "web", ["spec.replicas: Required value"]))
    Scale.autoscaling "web" is invalid: spec.replicas: Required value
    """
    once = tuple(dict.fromkeys(errors))
    text = once[0] if len(once) == 1 else f"[{', '.join(once)}]"
    return ApiError(f"{kind} {quoted(name)} is invalid: {text}", reason="Invalid", causes=once)
