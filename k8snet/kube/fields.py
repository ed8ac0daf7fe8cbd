"""Selection by fields: ``kubectl get pods --field-selector status.phase!=Running,spec.nodeName=node1``.

Each kind has a few fields by which the API server can select; all others are refused. Sources: k8s.io/apimachinery,
pkg/fields/selector.go; pkg/apis/core/v1/conversion.go (AddFieldLabelConversionFunc) and pkg/registry for what a field's text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.objects import Object, kind_of

Filter = Callable[[Object], bool]

OWN = ("metadata.name", "metadata.namespace")
FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (*OWN, "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    "Node": ("metadata.name", "spec.unschedulable"),
    "Namespace": ("metadata.name", "status.phase"),
    "Secret": (*OWN, "type"),
    "Service": (*OWN, "spec.clusterIP", "spec.type"),
    "Event": (*OWN, "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
              "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
              "reportingComponent", "source", "type"),
}  # fmt: skip
"""By which fields a kind can be listed; all others by name and namespace."""
_TRUTHS = ("spec.hostNetwork", "spec.unschedulable")
_ALIASES = {"spec.host": "spec.nodeName"}
"""Old clients' names for fields of pods."""


def matches_fields(text: str, obj: Object) -> bool:
    """Whether an object has these fields. ApiError (BadRequest) for text that cannot be read, and for other fields.

    >>> from k8snet.kube.objects import Pod, PodStatus
    >>> matches_fields("status.phase!=Running", Pod(status=PodStatus(phase="Pending")))
    True
    >>> matches_fields("spec.image=nginx", Pod())
    Traceback (most recent call last):
    k8snet.errors.ApiError: field label not supported: spec.image
    """
    return compile_fields(text, kind_of(obj).kind)(obj)


@lru_cache(maxsize=512)
def compile_fields(text: str, kind: str) -> Filter:
    """A function that says whether an object of one kind is selected."""
    terms = []
    for term in sorted(re.findall(r"(?:[^,\\]|\\.|\\$)+", text, re.DOTALL)):
        found = re.match(r"(.*?)(!=|==|=)(.*)", term, re.DOTALL)
        if found is None:
            raise ApiError(f"invalid selector: '{text}'; can't understand '{term}'", reason="BadRequest")
        path, sign, wanted = found.groups()
        terms.append((path, sign != "!=", _unescaped(wanted)))
    readers = [(_reader(kind, path), equal, wanted) for path, equal, wanted in terms]
    return lambda obj: all((read(obj) == wanted) == equal for read, equal, wanted in readers)


def _unescaped(text: str) -> str:
    """A value without the backslashes that protect commas, equals signs and backslashes in it."""
    for found in re.finditer(r"\\(.?)|[,=]", text, re.DOTALL):
        if found[0] in (",", "="):
            raise ApiError(f"invalid field selector: unescaped character in value: {ord(found[0])}", reason="BadRequest")
        if found[1] not in ("\\", ",", "=") or not found[1]:
            raise ApiError(f"invalid field selector: invalid escape sequence: {found[0]}", reason="BadRequest")
    return re.sub(r"\\(.)", r"\1", text)


def _reader(kind: str, path: str) -> Callable[[Object], str]:
    """A function that reads a field as text."""
    path = _ALIASES.get(path, path) if kind == "Pod" else path
    if path not in FIELDS.get(kind, OWN):
        raise ApiError(f"field label not supported: {path}", reason="BadRequest")
    steps = path.split(".")

    def read(obj: Any) -> str:
        for step in steps:
            obj = getattr(obj, step, None)
        if path in _TRUTHS:
            return "true" if obj else "false"
        if path == "status.podIPs":
            return ",".join(each.ip for each in obj or ())
        return obj.component or "" if path == "source" and obj else obj or ""

    return read
