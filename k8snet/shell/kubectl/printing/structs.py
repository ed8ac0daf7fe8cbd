"""Objects whose fields stand in the order of Go's structs, in which kubectl prints what it has as such: ``-o json``.

That is so where it makes an object up or changes one itself; what it only hands on is a map, whose keys are sorted. The order
is that in which protonumbers.py lists a message's fields, since these are made from the structs.
"""

from __future__ import annotations

from typing import Any

import msgspec

from k8snet.kube.fielddocs import FieldDoc, fields
from k8snet.kube.objects import KINDS
from k8snet.kube.rest.protonumbers import fields_of
from k8snet.shell.kubectl.printing.json import Struct


def ordered(document: dict[str, Any]) -> Struct:
    """An object of one of the model's kinds, as a struct of structs.

    >>> list(ordered({"apiVersion": "v1", "kind": "ConfigMap", "data": {}, "metadata": {"namespace": "shop", "name": "a"}}))
    ['kind', 'apiVersion', 'metadata', 'data']
    """
    kind = KINDS[document["kind"]].type
    return Struct({"kind": document["kind"], "apiVersion": document["apiVersion"], **_struct(document, kind)})


def _struct(value: dict[str, Any], kind: type[msgspec.Struct]) -> Struct:
    known = {field.name: field for field in fields(kind)}
    names = [*(each.name for each in fields_of(kind.__name__) if each.name in value), *value]
    return Struct({name: _value(value[name], known.get(name)) for name in names})


def _value(value: Any, field: FieldDoc | None) -> Any:
    if field is None or field.of is None or not value:
        return value
    if field.container == "[]":
        return [_struct(each, field.of) for each in value]
    return value if field.container else _struct(value, field.of)
