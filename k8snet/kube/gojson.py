"""JSON as kubectl reads it: a stream of objects, and Go's words for what is not JSON.

Python's json does the reading; its errors are put as encoding/json puts them. Duplicate keys are kept in mind (`Doubled`),
because Go's strict decoding tells them. Sources: Go's encoding/json, scanner.go; sigs.k8s.io/json.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from k8snet.errors import NotModelled
from k8snet.kube.gowords import Unreadable

DEEPEST = 200
"""So many objects and arrays may lie in one another. Go allows 10,000; no API object has more than thirty."""
UNEXPECTED_END = "unexpected EOF"
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]')
"""Strings and brackets."""


class Doubled(dict[str, Any]):
    """An object in which a key is given more than once; the last value counts."""

    keys_twice: tuple[str, ...] = ()


def read_value(text: str, position: int) -> tuple[Any, int]:
    """The value that begins at ``position``, and where it ends."""
    try:
        return _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise Unreadable(_explained(text, error)) from None


def check_depth(text: str) -> None:
    """Refuse what is nested too deep, before Python's reader calls itself for each level."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    depth = 0
    for mark in _MARKS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark[0], 0)
        if depth > DEEPEST:
            raise NotModelled(f"a manifest nested deeper than {DEEPEST}", known="less")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled, names = Doubled(found), [name for name, _ in pairs]
    doubled.keys_twice = tuple(sorted({name for name in names if names.count(name) > 1}))
    return doubled


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < 21 else _fraction(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotModelled(f"the number {digits}", known="numbers that fit a float of 64 bits")
    return value


def _constant(word: str) -> NoReturn:
    letter = word.lstrip("-")[0]
    where = "in numeric literal" if word[0] == "-" else "looking for beginning of value"
    raise Unreadable(f"invalid character '{letter}' {where}")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant)

# --- errors ------------------------------------------------------------------------------------------------------

_WHERE = {
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Invalid control character at": "in string literal",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
}
_LITERALS = ("true", "false", "null")


def _explained(text: str, error: json.JSONDecodeError) -> str:
    """Go's error for the place where Python stopped; its offset counts the bytes up to and with the bad one."""
    place, where = error.pos, _WHERE.get(error.msg.rstrip(": "), "")
    if error.msg.startswith("Illegal trailing comma"):  # Python 3.13 stops at the comma, Go at what follows
        place += len(text[place:]) - len(text[place + 1 :].lstrip(" \t\r\n"))
    elif error.msg.startswith("Invalid \\escape"):
        place, where = place + 1, "in string escape code"
    elif error.msg.startswith("Invalid \\uXXXX"):
        place, where = _beyond(text, place, r"[0-9a-fA-F]"), "in \\u hexadecimal character escape"
    elif error.msg == "Expecting ',' delimiter":
        where = "after object key:value pair" if _enclosing(text[:place]) == "{" else "after array element"
    elif error.msg == "Expecting value":
        place, where = _in_literal(text, place)
    if place >= len(text) or error.msg.startswith("Unterminated string"):
        return UNEXPECTED_END
    return f"json: offset {len(text[: place + 1].encode(errors='replace'))}: invalid character {_letter(text[place])} {where}"


def _letter(letter: str) -> str:
    return {"'": r"'\''", '"': "'\"'"}.get(letter) or repr(letter)


def _beyond(text: str, place: int, letters: str) -> int:
    match = re.compile(f"u?{letters}*").match(text, place)
    return match.end() if match else place


def _in_literal(text: str, place: int) -> tuple[int, str]:
    """Where a value that is none goes wrong: at its first letter, or inside what begins like a literal."""
    literal = next((word for word in _LITERALS if text[place : place + 1] == word[0]), None)
    if text[place : place + 1] == "-":
        return place + 1, "in numeric literal"
    if literal is None:
        return place, "looking for beginning of value"
    right = next(count for count, letter in enumerate(literal) if text[place + count : place + count + 1] != letter)
    return place + right, f"in literal {literal} (expecting {_letter(literal[right])})"


def _enclosing(text: str) -> str:
    """The bracket that is open at the end of a text."""
    opened = [""]
    for mark in _MARKS.findall(text):
        if mark in ("{", "["):
            opened.append(mark)
        elif mark in ("}", "]"):
            opened.pop()
    return opened[-1]
