"""The official types as Go structs: how each is read from JSON, and what its decoder says of a value that does not fit.

`struct` gives the reader of a type; it is built once, from the type's hints and the table of Go's types. Which document
is read as which type is decoding.py's matter. Source: sigs.k8s.io/json, internal/golang/encoding/json (decode.go,
kubernetes_patch.go); k8s.io/apimachinery, pkg/util/intstr, pkg/apis/meta/v1 (time.go, micro_time.go), pkg/api/resource.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec

from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.gowords import MICROSECONDS, SECONDS, Unreadable, check_base64, named, quoted, read_quantity, read_time
from k8snet.linux.fact import Fact

MOST_UNKNOWN = 100
"""So many unknown fields does the server tell at most."""


class Walk:
    """One decoding: where it is, and what it found."""

    __slots__ = ("path", "unknown", "wrong")

    def __init__(self) -> None:
        self.path: list[Field | int] = []
        self.unknown: list[str] = []
        self.wrong: str | None = None
        """The first value of a wrong type."""

    def add_unknown(self, key: str) -> None:
        """Note a field that the type at this place does not have. List indices are part of its path."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step.name}" for step in self.path)
        if len(self.unknown) < MOST_UNKNOWN:
            self.unknown.append(f"unknown field {quoted(f'{place}.{key}'[1:])}")

    def mismatch(self, value: Any, go: str, *, literal: bool = False) -> str:
        """Go's text for a value of the wrong type at this place. List indices are not part of its path."""
        fields = [step for step in self.path if not isinstance(step, int)]
        place = f"struct field {fields[-1].owner}.{'.'.join(field.name for field in fields)}" if fields else "value"
        return f"json: cannot unmarshal {named(value, literal=literal)} into Go {place} of type {go}"

    def note(self, wrong: str) -> None:
        """Keep the first error and go on."""
        if self.wrong is None:
            self.wrong = wrong


class Reader(Fact, frozen=True):
    """How values of one Go type are read: ``read`` gets what is not null, ``zero`` makes the value for what is.

    A value of a wrong type is noted, and reading goes on. What has a reader of its own in Go (a time, a quantity, an
    int-or-string) ends all of it: Unreadable.
    """

    go: str
    zero: Callable[[], Any]
    read: Callable[[Any, Walk], Any]
    exact: type | None = None
    """Values of exactly this Python type need no reading."""


class Field(Fact, frozen=True):
    """One field of a struct: its name in JSON and in Python, and the struct that an error names."""

    name: str
    attribute: str
    owner: str
    reader: Reader
    exact: type | None = None


@cache
def struct(kind: type[msgspec.Struct]) -> Reader:
    """The reader of one of the official types.

    >>> from k8snet.kube.objects import ServicePort
    >>> walk = Walk()
    >>> struct(ServicePort).read({"port": "http", "nodeprot": 30080}, walk).port
    0
    >>> walk.unknown, walk.wrong
    (['unknown field "nodeprot"'], 'json: cannot unmarshal string into Go struct field ServicePort.port of type int32')
    """
    owner, go = kind.__name__, f"v1.{kind.__name__}"
    fields: dict[str, Field] = {}
    filled: list[tuple[str, Callable[[], Any]]] = []

    def read(value: Any, walk: Walk) -> Any:
        if type(value) is not dict:
            walk.note(walk.mismatch(value, go))
            return read({}, walk)
        found: dict[str, Any] = {}
        for key in sorted(value):
            field, given = fields.get(key), value[key]
            if field is None:
                walk.add_unknown(key)
            elif type(given) is field.exact:
                found[field.attribute] = given
            elif given is not None:
                walk.path.append(field)
                found[field.attribute] = field.reader.read(given, walk)
                walk.path.pop()
        for attribute, zero in filled:
            if attribute not in found:
                found[attribute] = zero()
        return kind(**found)

    for info in msgspec.structs.fields(kind):
        reader = _reader(info.type, GO_TYPES.get(f"{owner}.{info.name}"))
        fields[info.encode_name] = Field(info.encode_name, info.name, owner, reader, reader.exact)
        if info.required or info.name in ("metadata", "spec"):
            filled.append((info.name, reader.zero))
    return Reader(go, lambda: read({}, Walk()), read)


def decoded(kind: type[msgspec.Struct], document: Any, walk: Walk | None = None) -> tuple[Any, Walk]:
    """The struct that a document describes, and what was found on the way; none if `Walk.wrong` says why it ended early."""
    walk = walk or Walk()
    try:
        return struct(kind).read(document, walk), walk
    except Unreadable as error:
        walk.wrong = str(error)
        return None, walk


# --- a reader for each type --------------------------------------------------------------------------------------


def _reader(hint: Any, go: str | None) -> Reader:
    """The reader for a type hint of the official types; ``go`` is the Go type where the hint does not tell it."""
    choices = [each for each in get_args(hint) if each is not type(None)] if get_origin(hint) in _UNIONS else [hint]
    if len(choices) == 2:
        return _INT_OR_STRING
    (choice,) = choices
    if get_origin(choice) is list:
        return _list(_reader(get_args(choice)[0], go))
    if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
        return struct(choice)
    return _ANYTHING if get_origin(choice) is dict else _PLAIN[choice](go)


_UNIONS = (Union, types.UnionType)


def _list(item: Reader) -> Reader:
    go = f"[]{item.go}"

    def read(value: Any, walk: Walk) -> list[Any]:
        if type(value) is not list:
            walk.note(walk.mismatch(value, go))
            return []
        found = []
        for index, each in enumerate(value):
            if type(each) is item.exact:
                found.append(each)
                continue
            walk.path.append(index)
            found.append(item.zero() if each is None else item.read(each, walk))
            walk.path.pop()
        return found

    return Reader(go, list, read)


def _map(go: str) -> Reader:
    item = _MAP_ITEMS[go]

    def read(value: Any, walk: Walk) -> dict[str, Any]:
        if type(value) is not dict:
            walk.note(walk.mismatch(value, go))
            return {}
        found = {}
        for key in sorted(value):
            each = value[key]
            found[key] = each if type(each) is item.exact else item.zero() if each is None else item.read(each, walk)
        return found

    return Reader(go, dict, read)


def _plain(python: type, go: str) -> Reader:
    """Text and truth values: JSON's own types."""

    def read(value: Any, walk: Walk) -> Any:
        if type(value) is not python:
            walk.note(walk.mismatch(value, go))
        return value

    return Reader(go, python, read, python)


def _integer(go: str) -> Reader:
    limit = 1 << 31 if go == "int32" else 1 << 63

    def read(value: Any, walk: Walk) -> int:
        whole = _whole(value)
        if whole is None or not -limit <= whole < limit:
            walk.note(walk.mismatch(value, go, literal=True))
            return 0
        return whole

    return Reader(go, int, read)


def _whole(value: Any) -> int | None:
    """A number without a fraction: ``1.0`` is 1 by the time that kubectl sends it."""
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


def _int_or_string(value: Any, walk: Walk) -> int | str:
    whole = value if type(value) is str else _whole(value)
    if whole is None or (type(whole) is int and not -1 << 31 <= whole < 1 << 31):
        raise Unreadable(walk.mismatch(value, "int32", literal=True))
    return whole


def _quantity(value: Any, walk: Walk) -> str:
    return read_quantity(value)


def _base64(value: Any, walk: Walk) -> str:
    if type(value) is not str:
        walk.note(walk.mismatch(value, "[]uint8"))
        return ""
    try:
        check_base64(value)
    except Unreadable as error:
        walk.note(str(error))
    return value


def _time(go: str | None) -> Reader:
    layout = MICROSECONDS if go == "v1.MicroTime" else SECONDS

    def read(value: Any, walk: Walk) -> datetime:
        if type(value) is not str:
            raise Unreadable(walk.mismatch(value, "string"))
        return read_time(value, layout)

    return Reader(go or "v1.Time", lambda: datetime(1, 1, 1, tzinfo=UTC), read)


_ANYTHING = Reader("object", dict, lambda value, walk: value)
"""runtime.RawExtension and v1.FieldsV1."""
_INT_OR_STRING = Reader("intstr.IntOrString", int, _int_or_string, str)
_QUANTITY = Reader("resource.Quantity", lambda: "0", _quantity)
_MAP_ITEMS = {
    "map[string]string": _plain(str, "string"),
    "v1.ResourceList": _QUANTITY,
    "map[string][]uint8": Reader("[]uint8", str, _base64),
}
_PLAIN: dict[Any, Callable[[str | None], Reader]] = {
    str: lambda go: _QUANTITY if go == "resource.Quantity" else _plain(str, go or "string"),
    bool: lambda go: _plain(bool, "bool"),
    int: lambda go: _integer(go or "int32"),
    datetime: _time,
    dict: lambda go: _map(go or "map[string]string"),
}
