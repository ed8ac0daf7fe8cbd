"""JSON patches and merge patches: what they make of a document. Strategic merge patches are in strategic.py.

Plain dicts and lists; nothing that is handed in is changed. JSON patches are those of the library that API server and kubectl
use, which is less strict than the RFC: a field need not be there to be replaced, and a missing value is null. Sources: RFC 6902,
RFC 6901, RFC 7386; gopkg.in/evanphx/json-patch.v4, patch.go.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.gowords import Unreadable, named, quoted, read_integer

MISSING = "missing value"


class DoesNotApply(ValueError):
    """A patch that the document does not allow, in the library's words; the API server does not repeat them."""


def merged(document: Any, patch: Any) -> Any:
    """What a merge patch makes of a document: null takes away, lists are replaced.

    >>> merged({"a": 1, "b": {"c": 1, "d": 2}}, {"a": None, "b": {"c": 3}})
    {'b': {'c': 3, 'd': 2}}
    """
    if not isinstance(patch, dict):
        return patch
    found = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def patched(document: Any, operations: Any) -> Any:
    """What the operations of a JSON patch make of a document. ApiError (Invalid) if one of them does not apply.

    >>> patched({"a": [1, 2]}, [{"op": "add", "path": "/a/-", "value": 3}, {"op": "remove", "path": "/a/0"}])
    {'a': [2, 3]}
    """
    try:
        return operated(document, operations)
    except DoesNotApply as error:
        raise ApiError("the server rejected our request due to an error in our request", reason="Invalid") from error


def operated(document: Any, operations: Any) -> Any:
    """The same; DoesNotApply. ApiError (BadRequest) for what is no JSON patch."""
    wrong = next((each for each in operations if not isinstance(each, dict)), None) if isinstance(operations, list) else None
    if not isinstance(operations, list) or wrong is not None:
        value, kind = (operations, "Patch") if wrong is None else (wrong, "Operation")
        raise ApiError(f"json: cannot unmarshal {named(value)} into Go value of type jsonpatch.{kind}", reason="BadRequest")
    found = deepcopy(document)
    for operation in operations:
        found = _operate(found, operation)
    return found


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    kind, path, value = operation.get("op", "unknown"), operation.get("path"), operation.get("value")
    if kind not in ("add", "remove", "replace", "move", "copy", "test"):
        raise DoesNotApply(f"Unexpected kind: {kind}")
    if not isinstance(path, str):
        raise DoesNotApply(f"{kind} operation failed to decode path: {MISSING}")
    if path == "" and kind in ("replace", "test"):
        return _whole(document, kind, value)
    place = _place(document, path)
    match kind:
        case "add":
            _add(_there(place, f"add operation does not apply: doc is missing path: {quoted(path)}"), value, path)
        case "remove":
            _remove(_there(place, f"remove operation does not apply: doc is missing path: {quoted(path)}"), "remove", path)
        case "replace":
            _replace(_there(place, f"replace operation does not apply: doc is missing path: {path}"), value, path)
        case "test":
            _test(_there(place, f"test operation does not apply: is missing path: {path}"), value, path)
        case _:
            _transfer(document, kind, operation.get("from"), path)
    return document


def _whole(document: Any, kind: str, value: Any) -> Any:
    if kind == "test" and document != value:
        raise DoesNotApply("testing value  failed: test failed")
    return value


Place = tuple[Any, str]
"""A map or a list, and a key or an index in it."""


def _place(document: Any, path: str) -> Place | None:
    """Where a JSON pointer leads; None if what should hold it is not there."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
    if len(steps) < 2:
        return None
    for step in steps[1:-1]:
        try:
            document = _value((document, step))
        except DoesNotApply:
            return None
        if not isinstance(document, dict | list):
            return None
    return document, steps[-1]


def _there(place: Place | None, otherwise: str) -> Place:
    if place is None:
        raise DoesNotApply(f"{otherwise}: {MISSING}")
    return place


def _value(place: Place) -> Any:
    """What is at a place; nothing, where a map has no such key."""
    inside, key = place
    return inside[_index(inside, key)] if isinstance(inside, list) else inside.get(key)


def _index(items: list[Any], key: str, *, beyond: bool = False) -> int:
    """An index, which counts from the end if it is negative."""
    try:
        size, at = len(items) + beyond, read_integer(key, "Atoi")
    except Unreadable as error:
        raise DoesNotApply(f"value was not a proper array index: '{key}': {error}" if beyond else str(error)) from None
    if not -size <= at < size:
        raise DoesNotApply(f"Unable to access invalid index: {at}: invalid index referenced")
    return at % size


def _add(place: Place, value: Any, path: str, doing: str = "add") -> None:
    inside, key = place
    if isinstance(inside, dict):
        inside[key] = value
    elif key == "-":
        inside.append(value)
    else:
        try:
            inside.insert(_index(inside, key, beyond=True), value)
        except DoesNotApply as error:
            raise DoesNotApply(f"error in {doing} for path: '{path}': {error}") from None


def _remove(place: Place, doing: str, path: str) -> None:
    inside, key = place
    error = f"error in {doing} for path: '{path}'"
    if isinstance(inside, dict):
        if key not in inside:
            raise DoesNotApply(f"{error}: Unable to remove nonexistent key: {key}: {MISSING}")
        del inside[key]
        return
    try:
        del inside[_index(inside, key)]
    except DoesNotApply as fault:
        raise DoesNotApply(f"{error}: {fault}") from None


def _replace(place: Place, value: Any, path: str) -> None:
    inside, key = place
    if isinstance(inside, dict):
        inside[key] = value
        return
    try:
        inside[_index(inside, key)] = value
    except DoesNotApply:
        raise DoesNotApply(f"Object to be patched is missing field ({path}: {MISSING})") from None


def _test(place: Place, value: Any, path: str) -> None:
    if _value(place) != value:
        raise DoesNotApply(f"testing value {path} failed: test failed")


def _transfer(document: Any, kind: str, origin: Any, path: str) -> None:
    """Move or copy what is at a place to another."""
    if not isinstance(origin, str):
        raise DoesNotApply(f"{kind} operation failed to decode from: operation, missing from field: {MISSING}")
    begin = _there(_place(document, origin), f"{kind} operation does not apply: doc is missing from path: {origin}")
    value = deepcopy(_value(begin))
    if kind == "move":
        _remove(begin, kind, begin[1])
    end = _place(document, path)
    _add(_there(end, f"{kind} operation does not apply: doc is missing destination path: {path}"), value, path, kind)
