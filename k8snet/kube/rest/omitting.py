"""What Go leaves out of JSON (``omitempty``) is as if it had never been said: empty lists, maps and texts, 0 and false.

That is so for fields that the API does not demand, and of which a zero says no more than nothing; where it does, the field is a
pointer in Go (protonumbers.py). So ``hostNetwork: false`` in a manifest is gone in what the server keeps.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from k8snet.kube.fielddocs import FieldDoc, fields
from k8snet.kube.rest.protonumbers import fields_of

TEXT_POINTERS = ("Endpoint", "EndpointPort", "LeaseSpec")
"""Types whose texts are pointers too, which no number tells."""
_PLAIN = {"string": "", "integer": 0, "boolean": False}


def omitted(document: Any, kind: type[msgspec.Struct]) -> Any:
    """A document of a type without what Go would leave out; what does not fit the type is left as it is.

    >>> from k8snet.kube.objects import Pod
    >>> omitted({"metadata": {"labels": {}}, "spec": {"hostNetwork": False, "priority": 0, "containers": []}}, Pod)
    {'metadata': {}, 'spec': {'priority': 0, 'containers': []}}
    """
    if not isinstance(document, dict):
        return document
    known, pointers = {field.name: field for field in fields(kind)}, _pointers(kind.__name__)
    found = {}
    for name, value in document.items():
        field = known.get(name)
        kept = field is None or field.required or name in pointers or (value == "" and kind.__name__ in TEXT_POINTERS)
        if kept or field is None or not _is_empty(value, field):
            found[name] = _inside(value, field)
    return found


def _is_empty(value: Any, field: FieldDoc) -> bool:
    if field.container:
        return bool(value == ({} if field.container.startswith("map") else []))
    zero = _PLAIN.get(field.base)
    return zero is not None and type(value) is type(zero) and bool(value == zero)


def _inside(value: Any, field: FieldDoc | None) -> Any:
    if field is None or field.of is None or not value:
        return value
    if field.container == "[]" and isinstance(value, list):
        return [omitted(each, field.of) for each in value]
    return value if field.container else omitted(value, field.of)


@cache
def _pointers(message: str) -> frozenset[str]:
    """The fields of a message whose zero says something."""
    return frozenset(each.name for each in fields_of(message) if each.keeps_zero)
