"""Objects in protobuf become the documents that they would be in JSON.

The envelope names the kind; a message's fields are found by their numbers (protonumbers.py). What is empty is left out, as Go
leaves it out of JSON. Sources: k8s.io/apimachinery, pkg/runtime/serializer/protobuf; pkg/runtime (types.go, Unknown).
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from k8snet.errors import NotModelled
from k8snet.kube.fielddocs import FieldDoc, fields
from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.gowords import MICROSECONDS, SECONDS, time_text
from k8snet.kube.rest import protobuf
from k8snet.kube.rest.protobuf import Malformed
from k8snet.kube.rest.protonumbers import INLINE, NUMBERS

MEDIA = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
"""How a body begins."""
_START = datetime(1970, 1, 1, tzinfo=UTC)


def document(data: bytes, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The document in a body that holds an object of a type. Malformed; NotModelled for fields that the type has not.

    >>> from k8snet.kube.objects import Namespace
    >>> named = protobuf.message((1, protobuf.message((1, "shop"))))
    >>> document(MAGIC + protobuf.message((1, protobuf.message((1, "v1"), (2, "Namespace"))), (2, named)), Namespace)
    {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'shop'}}
    """
    if not data.startswith(MAGIC):
        raise Malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    envelope = dict(protobuf.fields(data[len(MAGIC) :]))
    about = {number: _text(value) for number, value in protobuf.fields(_bytes(envelope.get(1, b"")))}
    found = {name: about[number] for number, name in ((1, "apiVersion"), (2, "kind")) if about.get(number)}
    return found | _message(_bytes(envelope.get(2, b"")), kind.__name__, kind)


def _message(data: bytes, name: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """A message as a document; ``name`` is the message's, ``kind`` the type whose fields those are."""
    known, found = {field.name: field for field in fields(kind)}, dict[str, Any]()
    for number, value in protobuf.fields(data):
        numbered = NUMBERS[name].get(number)
        if numbered is None:
            known_ones = ", ".join(each.name for each in NUMBERS[name].values())
            raise NotModelled(f"field {number} of {name} in protobuf", known=known_ones)
        if numbered.name in INLINE:
            found |= _message(_bytes(value), INLINE[numbered.name], kind)
        elif (field := known.get(numbered.name)) is not None:
            _take(found, field, kind, value, keeps_zero=numbered.keeps_zero)
    return found


def _take(found: dict[str, Any], field: FieldDoc, kind: type[msgspec.Struct], value: int | bytes, *, keeps_zero: bool) -> None:
    if field.container == "map[string]":
        entry = dict(protobuf.fields(_bytes(value)))
        is_base64 = GO_TYPES.get(f"{kind.__name__}.{field.name}") == "map[string][]uint8"
        inside = _bytes(entry.get(2, b""))
        found.setdefault(field.name, {})[_text(entry.get(1, b""))] = (
            base64.b64encode(inside).decode() if is_base64 else _value(field, inside))
    elif field.container:
        found.setdefault(field.name, []).append(_value(field, value))
    elif (read := _value(field, value)) is not None and (keeps_zero or read not in (0, False, "")):
        found[field.name] = read


def _value(field: FieldDoc, value: int | bytes) -> Any:
    """A single value; None: nothing was meant."""
    if field.of is not None:
        return _message(_bytes(value), field.of.__name__, field.of)
    match field.base:
        case "boolean":
            return bool(value)
        case "integer":
            return _signed(value)
        case "string":
            return _text(value)
    inside = dict(protobuf.fields(_bytes(value)))
    match field.base:
        case "Quantity":
            return _text(inside.get(1, b""))
        case "IntOrString":
            return _text(inside.get(3, b"")) if inside.get(1) else _signed(inside.get(2, 0))
        case "Time" | "MicroTime":
            return _time(inside, field.base) if inside else None
    return None


def _time(inside: dict[int, int | bytes], base: str) -> str:
    when = _START + timedelta(seconds=_signed(inside.get(1, 0)), microseconds=_signed(inside.get(2, 0)) // 1000)
    return time_text(when, MICROSECONDS if base == "MicroTime" else SECONDS)


def _signed(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise Malformed("proto: wrong wireType")
    return value - (1 << 64) if value >= 1 << 63 else value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise Malformed("proto: wrong wireType")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode("utf-8", errors="replace")
