"""JSON patches and merge patches: what they make of a document. Strategic merge patches are in strategic.py.

Plain dicts and lists; nothing that is handed in is changed. Sources: RFC 6902, RFC 6901, RFC 7386.
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import ApiError

Path = list[str]


class DoesNotApply(ValueError):
    """A patch that the document does not allow."""


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
    if not isinstance(operations, list):
        raise ApiError("json: cannot unmarshal object into Go value of type jsonpatch.Patch", reason="BadRequest")
    try:
        for operation in operations:
            document = _operate(document, operation)
    except (DoesNotApply, KeyError, TypeError) as error:
        raise ApiError("the server rejected our request due to an error in our request", reason="Invalid") from error
    return document


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    path = _path(operation["path"])
    match operation.get("op"):
        case "add":
            return _put(document, path, operation["value"], add=True)
        case "replace":
            _look(document, path)
            return _put(document, path, operation["value"], add=False)
        case "remove":
            return _without(document, path)
        case "copy":
            return _put(document, path, _look(document, _path(operation["from"])), add=True)
        case "move":
            origin = _path(operation["from"])
            return _put(_without(document, origin), path, _look(document, origin), add=True)
        case "test":
            if _look(document, path) != operation.get("value"):
                raise DoesNotApply(f"testing value {operation['path']} failed")
            return document
    raise DoesNotApply(f"unexpected kind: {operation.get('op')}")


def _path(text: str) -> Path:
    """The steps of a JSON pointer."""
    if text and not text.startswith("/"):
        raise DoesNotApply(f"no pointer: {text}")
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _look(document: Any, path: Path) -> Any:
    for step in path:
        document = document[_index(document, step)] if isinstance(document, list) else _field(document, step)
    return document


def _field(document: Any, step: str) -> Any:
    if not isinstance(document, dict) or step not in document:
        raise DoesNotApply(f"nothing at {step}")
    return document[step]


def _index(items: list[Any], step: str, *, beyond: bool = False) -> int:
    if step == "-" and beyond:
        return len(items)
    if not step.isdecimal() or int(step) >= len(items) + beyond:
        raise DoesNotApply(f"no index {step}")
    return int(step)


def _put(document: Any, path: Path, value: Any, *, add: bool) -> Any:
    """The document with a value at a path; into a list it is inserted, or put in place of what is there."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(document, list):
        at = _index(document, step, beyond=add and not rest)
        if rest:
            return [*document[:at], _put(document[at], rest, value, add=add), *document[at + 1 :]]
        return [*document[:at], value, *document[at + (not add) :]]
    if rest:
        return document | {step: _put(_field(document, step), rest, value, add=add)}
    if not isinstance(document, dict):
        raise DoesNotApply(f"nothing to add {step} to")
    return document | {step: value}


def _without(document: Any, path: Path) -> Any:
    if not path:
        return None
    step, rest = path[0], path[1:]
    if isinstance(document, list):
        at = _index(document, step)
        middle = [_without(document[at], rest)] if rest else []
        return [*document[:at], *middle, *document[at + 1 :]]
    inside = _field(document, step)
    if rest:
        return document | {step: _without(inside, rest)}
    return {key: each for key, each in document.items() if key != step}
