"""``-o json``: objects as Go's encoding/json writes them, keys in order, four spaces for each level.

What HTML would take for markup is escaped, as Go does unless it is told not to. Source: Go's encoding/json.
"""

from __future__ import annotations

from json.encoder import py_encode_basestring
from typing import Any

from k8snet.kube.gowords import number

INDENT = " " * 4
ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""How Go writes what HTML or JavaScript would take for something else."""


class Struct(dict[str, Any]):
    """An object whose fields stand in the order of a Go struct, where a map's are sorted by name."""


def plain(value: Any) -> Any:
    """The same as maps, as whoever searches it wants to have it.

    >>> type(plain([Struct(a=Struct())])[0]["a"]).__name__
    'dict'
    """
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def json_text(document: Any) -> str:
    r"""An object, or a List of them, with a line's end.

    >>> print(json_text({"kind": "Pod", "metadata": {}, "args": ["<a>", 1.0, None]}), end="")
    {
        "args": [
            "\u003ca\u003e",
            1,
            null
        ],
        "kind": "Pod",
        "metadata": {}
    }
    """
    return _indented(document, "\n") + "\n"


def compact(value: Any) -> str:
    r"""A value on one line, without spaces.

    >>> compact({"b": [True], "a": "x&y"})
    '{"a":"x\\u0026y","b":[true]}'
    """
    match value:
        case dict():
            return "{" + ",".join(f"{_string(key)}:{compact(value[key])}" for key in _keys(value)) + "}"
        case list():
            return "[" + ",".join(map(compact, value)) + "]"
    return _scalar(value)


def _indented(value: Any, line: str) -> str:
    """A value whose lines, but for the first, begin with ``line``."""
    inner = line + INDENT
    match value:
        case dict() if value:
            return "{" + ",".join(f"{inner}{_string(key)}: {_indented(value[key], inner)}" for key in _keys(value)) + line + "}"
        case list() if value:
            return "[" + ",".join(f"{inner}{_indented(each, inner)}" for each in value) + line + "]"
    return compact(value)


def _keys(value: dict[str, Any]) -> list[str]:
    return list(value) if isinstance(value, Struct) else sorted(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return _string(value) if isinstance(value, str) else number(value)


def _string(text: str) -> str:
    return str(py_encode_basestring(text)).translate(ESCAPED)
