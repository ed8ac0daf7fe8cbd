"""Label selectors: which objects are meant, by their labels; and the text that ``kubectl get -l`` takes.

A selector is compiled once into a function that looks at labels, since it is asked of many objects. No selector selects
nothing, an empty one everything. Selection by fields is in fields.py. Sources: k8s.io/apimachinery,
pkg/labels/selector.go; pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from k8snet.errors import ApiError
from k8snet.kube.fields import Filter, matches_fields
from k8snet.kube.gowords import quoted
from k8snet.kube.names import Faults, key_faults, value_faults
from k8snet.kube.objects import LabelSelector
from k8snet.linux.fact import Fact

__all__ = ["Filter", "Fits", "Labels", "Requirement", "Wanted", "compile", "matches", "matches_fields", "parse", "requirements"]

Labels = Mapping[str, str]
Wanted = LabelSelector | Labels | str | None
Fits = Callable[[Labels], bool]


class Requirement(Fact, frozen=True):
    """One condition. ``operator`` is In, NotIn, Exists or DoesNotExist, and in a text also Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        """Whether labels meet it. What has no such label is in no set, and neither above nor below a number."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        have, bound = _integer(value), _integer(self.values[0] if self.values else None)
        if have is None or bound is None:
            return False
        return have > bound if self.operator == "Gt" else have < bound


def _integer(text: str | None) -> int | None:
    """A number of 64 bits as Go reads it (strconv.ParseInt)."""
    if text is None or not re.fullmatch(r"[+-]?[0-9]+", text):
        return None
    number = int(text) if len(text) < 25 else 1 << 64
    return number if -(1 << 63) <= number < 1 << 63 else None


def matches(selector: Wanted, labels: Labels | None) -> bool:
    """Whether a selector selects these labels; no selector selects nothing, an empty one everything.

    >>> matches({"app": "web"}, {"app": "web", "tier": "front"}), matches(None, {}), matches(LabelSelector(), {})
    (True, False, True)
    """
    return compile(selector)(labels or {})


def compile(selector: Wanted) -> Fits:  # noqa: A001 as re.compile
    """A function that says whether labels are selected. ApiError if the selector's text cannot be read."""
    if selector is None:
        return _nothing
    conditions = requirements(selector)
    if not conditions:
        return _everything
    pairs = {each.key: each.values[0] for each in conditions if each.operator == "In" and len(each.values) == 1}
    if len(pairs) < len(conditions):
        return lambda labels: all(each.holds(labels) for each in conditions)
    if len(pairs) == 1:
        ((key, value),) = pairs.items()
        return lambda labels: labels.get(key) == value
    items = pairs.items()
    return lambda labels: items <= labels.items()


def _nothing(labels: Labels) -> bool:
    return False


def _everything(labels: Labels) -> bool:
    return True


def requirements(selector: LabelSelector | Labels | str) -> tuple[Requirement, ...]:
    """All conditions of a selector."""
    if isinstance(selector, str):
        return parse(selector)
    pairs = selector if isinstance(selector, Mapping) else selector.matchLabels or {}
    more = [] if isinstance(selector, Mapping) else selector.matchExpressions or []
    equal = (Requirement(key, "In", (value,)) for key, value in pairs.items())
    return (*equal, *(Requirement(each.key, each.operator, tuple(each.values or ())) for each in more))


# --- text ---------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[ \t\r\n]*(?:(==|!=|[=<>!(),])|([^ \t\r\n=!(),><\0]+))?")
_OPERATORS = {"in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}
_EXPECTED = "in, notin, =, ==, !=, gt, lt"


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[Requirement, ...]:
    """The conditions of a selector as one types it behind ``kubectl get -l``.

    ApiError (BadRequest) in the server's words if it cannot be read.

    >>> parse("app=web,tier!=db,!old")[1]
    Requirement(key='tier', operator='NotIn', values=('db',))
    >>> parse("app in (a,b")
    Traceback (most recent call last):
    k8snet.errors.ApiError: unable to parse requirement: found '', expected: ',' or ')'
    """
    reader, found = _Reader(text), []
    while not reader.at_end():
        if not (reader.is_word() or reader.peek() == "!"):
            raise _unreadable(f"found '{reader.peek()}', expected: !, identifier, or 'end of string'")
        found.append(_requirement(reader))
        after = reader.next()
        if after not in ("", ","):
            raise _unreadable(f"found '{after}', expected: ',' or 'end of string'")
        if after == "," and not (reader.is_word() or reader.peek() == "!"):
            raise _unreadable(f"found '{reader.peek()}', expected: identifier after ','")
    return tuple(found)


class _Reader:
    """The words and signs of a text, one after the other; at its end there is the empty text."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, bool]] = []
        self._at = 0
        position = 0
        while found := _TOKEN.match(text, position):
            sign, word = found.groups()
            if not (sign or word):
                break
            self._tokens.append((sign or word, bool(word)))
            position = found.end()

    def peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def is_word(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1]

    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token


def _requirement(reader: _Reader) -> Requirement:
    absent = reader.peek() == "!" and bool(reader.next())
    if not reader.is_word():
        raise _failed(f"found '{reader.peek()}', expected: identifier")
    key = reader.next()
    _check(key_faults(key), "<nil>", key)
    if reader.peek() in ("", ","):
        return Requirement(key, "DoesNotExist" if absent else "Exists")
    if absent:
        raise _unreadable(f"found '{reader.peek()}', expected: ',' or 'end of string'")
    sign = reader.next()
    if sign not in _OPERATORS:
        raise _failed(f"found '{sign}', expected: {_EXPECTED}")
    values = _values(reader) if sign in ("in", "notin") else {_value(reader)}
    for at, value in enumerate(sorted(values)):
        if sign in ("<", ">") and _integer(value) is None:
            why = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _failed(f"values[{at}]: Invalid value: {quoted(value)}: {why}")
        _check(value_faults(value), f"values[{at}][{key}]", value)
    return Requirement(key, _OPERATORS[sign], tuple(sorted(values)))


def _value(reader: _Reader) -> str:
    if reader.peek() in ("", ","):
        return ""
    if not reader.is_word():
        raise _failed(f"found '{reader.peek()}', expected: identifier")
    return reader.next()


def _values(reader: _Reader) -> set[str]:
    """A list of values in brackets; what is left out between commas is the empty value."""
    if reader.peek() != "(":
        raise _failed(f"found '{reader.peek()}' expected: '('")
    reader.next()
    if not (reader.is_word() or reader.peek() in (",", ")")):
        raise _failed(f"found '{reader.peek()}', expected: ',', ')' or identifier")
    values = set()
    while True:
        values.add(reader.next() if reader.is_word() else "")
        if reader.peek() == ")":
            reader.next()
            return values
        if reader.peek() != ",":
            raise _failed(f"found '{reader.peek()}', expected: ',' or ')'")
        reader.next()
        if not (reader.is_word() or reader.peek() in (",", ")")):
            raise _failed(f"found '{reader.peek()}', expected: ',', or identifier")


def _check(faults: Faults, path: str, text: str) -> None:
    if faults:
        raise _failed(f"{path}: Invalid value: {quoted(text)}: {'; '.join(faults)}")


def _failed(why: str) -> ApiError:
    return _unreadable(f"unable to parse requirement: {why}")


def _unreadable(why: str) -> ApiError:
    return ApiError(why, reason="BadRequest")
