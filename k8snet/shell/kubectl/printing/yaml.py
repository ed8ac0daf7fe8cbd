"""``-o yaml``: objects as sigs.k8s.io/yaml writes them: go-yaml v2 in block style, keys in a natural order, lists not indented.

Text is written plainly where it would be read as the same text again, else in quotes, and in a literal block if it has several
lines. A line that is longer than 80 columns is broken at a space. PyYAML's emitter does most of it likewise; what differs are the
conditions, so here it is written out. Sources: go.yaml.in/yaml/v2, encode.go, resolve.go, sorter.go, emitterc.go.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.goformat import decimal
from k8snet.kube.gowords import number
from k8snet.shell.kubectl.printing.scalars import Style, Writer, style_of

STEP = 2
LONGEST_KEY = 128
"""A longer key, in bytes, is written behind a question mark."""


def yaml_text(document: Any) -> str:
    """An object, or a List of them, with a line's end.

    >>> print(yaml_text({"kind": "Pod", "on": "yes", "args": ["a: b", 1, ""], "labels": {}}), end="")
    args:
    - 'a: b'
    - 1
    - ""
    kind: Pod
    labels: {}
    "on": "yes"
    """
    writer = Writer()
    if isinstance(document, dict | list) and document:
        _block(document, 0, writer)
    else:
        _inline(document, 0, writer)
    return writer.text()


def _block(value: dict[str, Any] | list[Any], indent: int, writer: Writer, *, begun: bool = False) -> None:
    """A collection, each entry on a line of its own; of one that has ``begun``, the first entry stands on the line at hand."""
    entries: Iterator[Any] = iter(sorted(value, key=NATURAL) if isinstance(value, dict) else value)
    for place, entry in enumerate(entries):
        if place or not begun:
            writer.line(indent)
        if isinstance(value, dict):
            _pair(entry, value[entry], indent, writer)
        else:
            writer.put("-")
            _item(entry, indent, writer)


def _item(value: Any, indent: int, writer: Writer) -> None:
    """What stands behind a dash, or behind the colon of a long key."""
    writer.put(" ")
    if isinstance(value, dict | list) and value:
        _block(value, indent + STEP, writer, begun=True)
    else:
        _inline(value, indent + STEP, writer)


def _pair(key: str, value: Any, indent: int, writer: Writer) -> None:
    if "\n" in key or len(key.encode()) > LONGEST_KEY or any(sign in key for sign in "\u2028\u2029\r"):
        writer.put("? ")
        _inline(key, indent + STEP, writer)
        writer.line(indent)
        writer.put(":")
        _item(value, indent, writer)
        return
    writer.scalar(_checked(key), style_of(key, plain=_is_text(key), key=True), indent + STEP, may_break=False)
    writer.put(":")
    if isinstance(value, dict) and value:
        _block(value, indent + STEP, writer)
    elif isinstance(value, list) and value:
        _block(value, indent, writer)
    else:
        writer.put(" ")
        _inline(value, indent + STEP, writer)


_REFUSED = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")


def _checked(text: str) -> str:
    """Text that comes through; kubectl writes JSON, and reads that as YAML, which has no place for some signs."""
    if _REFUSED.search(text):
        raise CommandError("error: yaml: control characters are not allowed")
    if "\x85" in text:
        raise NotModelled("the sign U+0085 in -o yaml", known="-o json")
    return text


def _inline(value: Any, indent: int, writer: Writer) -> None:
    """What needs no lines of its own: a scalar, or an empty collection."""
    match value:
        case dict():
            writer.put("{}")
        case list():
            writer.put("[]")
        case str():
            writer.scalar(_checked(value), style_of(value, plain=_is_text(value)), indent)
        case _:
            writer.scalar(_word(value), Style.PLAIN, indent)


def _word(value: Any) -> str:
    """Null, a truth value or a number; a number has been JSON in between, so what is whole and not too large is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = number(value)
    whole = int(text) if text.lstrip("-").isdigit() else 1 << 64
    return str(whole) if -(1 << 63) <= whole < 1 << 64 else decimal(float(text))


# --- what would not be read as text ------------------------------------------------------------------------------

_TRUTH = ["y", "yes", "n", "no", "true", "false", "on", "off"]
_NUMBERS = [".nan", ".NaN", ".NAN", *(f"{sign}{word}" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))]
_WORDS = frozenset(["", "~", "null", "Null", "NULL", *_NUMBERS])
_WORDS |= {form for word in _TRUTH for form in (word, word.capitalize(), word.upper())}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_TIME = re.compile(r"(\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?", re.ASCII)
_ZONE = re.compile(r"Z|[-+](\d\d):(\d\d)", re.ASCII)


def _is_text(text: str) -> bool:
    """Whether YAML 1.1 reads a plain scalar as text: not as a truth value, null, a number or a time."""
    if text in _WORDS:
        return False
    if text[0] not in "+-.0123456789":
        return True
    plain = text.replace("_", "")
    if text[0] == ".":
        return not _is_float(_BETWEEN_DIGITS.sub("", text))
    return not (_is_time(text) or _is_integer(plain) or _is_float(plain) or _BASE_60.fullmatch(text))


def _is_integer(text: str) -> bool:
    """Whether it is an integer of 64 bits, in one of Go's notations."""
    found = _INTEGER.fullmatch(text)
    if found is None:
        return False
    sign, *digits = found.groups()
    try:
        value = next(int(each, base) for each, base in zip(digits, (16, 2, 8, 10), strict=True) if each)
    except ValueError:  # Python does not read so many digits
        return False
    return value <= 1 << 63 if sign == "-" else value < 1 << 64


def _is_float(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and abs(float(text)) != float("inf")


def _is_time(text: str) -> bool:
    """Whether it is a date, or a date and a time of day; with ``T`` between them there must be a zone, else there may be none."""
    date = _DATE.match(text)
    if date is None:
        return False
    year, month, day = map(int, date.groups())
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 4, month)[1]:
        return False
    sign, rest = text[date.end() : date.end() + 1], text[date.end() + 1 :]
    time = _TIME.match(rest)
    if not sign or time is None or sign not in "Tt ":
        return not sign
    hour, minute, second = map(int, time.groups())
    zone = _ZONE.fullmatch(rest, time.end())
    zoned = zone is not None and int(zone[1] or 0) <= 24 and int(zone[2] or 0) <= 60
    return hour < 24 and minute < 60 and second < 60 and (time.end() == len(rest) if sign == " " else zoned)


# --- the order of keys -------------------------------------------------------------------------------------------


def _compared(one: str, other: str) -> int:
    """Less than 0 if a key comes first: letters last, numbers by what they are worth, everything else by its code."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left == right:
            continue
        if left.isalpha() or right.isalpha():
            both = left.isalpha() and right.isalpha()
            return (-1 if left < right else 1) if both else (1 if left.isalpha() else -1)
        before = re.search(r"\d*\Z", one[:place])
        lead = "1" if "0" in (left, right) and before and before[0].strip("0") else ""
        ours, theirs = _digits(one, place), _digits(other, place)
        for mine, yours in ((int(lead + ours or 0), int(lead + theirs or 0)), (len(ours), len(theirs)), (left, right)):
            if mine != yours:
                return -1 if mine < yours else 1  # type: ignore[operator]
    return len(one) - len(other)


def _digits(text: str, place: int) -> str:
    found = re.compile(r"\d*").match(text, place)
    return found[0] if found else ""


NATURAL = cmp_to_key(_compared)
