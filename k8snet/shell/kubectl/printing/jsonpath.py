"""``-o jsonpath=…``: a template, and what an object has at its paths.

Each path yields values; they are printed with spaces between them, maps and lists as JSON. ``{range …}`` repeats what follows for
each value, up to ``{end}``. Go goes through a map in no order at all; here it is the keys' own. Errors come as kubectl prints
them. Sources: k8s.io/client-go, util/jsonpath/jsonpath.go; k8s.io/cli-runtime, pkg/printers/jsonpath.go.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.goformat import printed, type_name
from k8snet.kube.goformat import syntax as go_syntax
from k8snet.kube.gowords import quoted
from k8snet.shell.kubectl.printing import jsonpath_syntax as syntax
from k8snet.shell.kubectl.printing.json import compact, json_text
from k8snet.shell.kubectl.printing.jsonpath_syntax import Path, Template, Unparsable

Values = list[Any]


class Unfound(ValueError):
    """A path that leads nowhere in an object; the text says why."""


def text(template: str, document: Any, *, as_json: bool = False, allow_missing: bool = True) -> str:
    r"""What a template says of an object, or of a List. CommandError in kubectl's words if it cannot be read or done.

    >>> pods = {"items": [{"metadata": {"name": name}} for name in ("a", "b")]}
    >>> text('{range .items[*]}{.metadata.name}{"\\n"}{end}{.items[*].metadata.name}', pods)
    'a\nb\na b'
    >>> text("{.items[5]}", {"items": [1, 2, 3]})
    Traceback (most recent call last):
    k8snet.errors.CommandError: error: error executing jsonpath "{.items[5]}": Error executing template: array index out of ...
    """
    parts = parsed(template)
    try:
        results = find(parts, document, allow_missing=allow_missing)
    except Unfound as error:
        raise CommandError(_debugging(template, document, error)) from None
    return "".join(json_text(each) if as_json else " ".join(map(_shown, each)) for each in results)


def parsed(template: str) -> Template:
    """A template that can be read. CommandError if it cannot."""
    try:
        return syntax.parse(template)
    except Unparsable as error:
        raise CommandError(f"error: error parsing jsonpath {template}, {error}") from None


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return compact(value)
    return "null" if value is None else printed(value)


def _debugging(template: str, document: Any, error: Unfound) -> str:
    told = f"Error executing template: {error}. Printing more information for debugging the template:\n"
    given = f"\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{go_syntax(document)}\n\n"
    return f"error: error executing jsonpath {quoted(template)}: {told}{given}"


def find(template: Template, document: Any, *, allow_missing: bool = True) -> list[Values]:
    """What each part of a template yields. `Unfound` if one of them cannot be done.

    >>> find(syntax.parse("{.a[*]}{.b}"), {"a": [1, 2]})
    [[1, 2], []]
    """
    return _Search(template, allow_missing=allow_missing).results([document], 0)


class _Nothing:
    """What a range without values hands to the parts in it, which are gone through all the same."""


_NOTHING = _Nothing()


class _Search:
    """One walk through a template, which may pass some of its parts several times."""

    def __init__(self, template: Template, *, allow_missing: bool) -> None:
        self._template = template
        self._allow_missing = allow_missing
        self._ranges = 0
        """So many ranges are open."""
        self._ended = -1
        """Which part was the last ``{end}``."""

    def results(self, here: Values, start: int) -> list[Values]:
        """What the parts from ``start`` on yield, to the end of the range that they are in."""
        found: list[Values] = []
        at = start
        while at < len(self._template):
            part = self._template[at]
            values = [part.text] if isinstance(part, syntax.Text) else self._walk(here, part)
            words = () if isinstance(part, syntax.Text) else [step.name for step in part if isinstance(step, syntax.Word)]
            if "end" in words:
                self._ended = at
                break
            if "range" in words:
                found += self._range(values, at + 1)
                at = max(at, self._ended)
            else:
                found.append(values)
            at += 1
        return found

    def _range(self, values: Values, start: int) -> list[Values]:
        self._ranges += 1
        repeated = [part for value in values for part in self.results([value], start)]
        if not values:
            self.results([_NOTHING], start)
        self._ranges -= 1
        return repeated

    def _walk(self, values: Values, path: Path) -> Values:
        for step in path:
            values = self._step(values, step)
        return values

    def _step(self, values: Values, step: syntax.Step) -> Values:
        match step:
            case syntax.Text():
                return [step.text]
            case syntax.Number() | syntax.Truth():
                return [step.value for _ in values]
            case syntax.Field():
                return self._field(values, step.name)
            case syntax.Wildcard():
                return [each for value in values for each in _children(value)]
            case syntax.Recursive():
                return [each for value in values for each in _descent(value)]
            case syntax.Slice():
                return _slices(values, step)
            case syntax.Union():
                return [each for path in step.paths for each in self._walk(values, path)]
            case syntax.Filter():
                return [each for value in values for each in self._filtered(value, step)]
            case syntax.Word():
                return self._word(values, step.name)

    def _word(self, values: Values, name: str) -> Values:
        if name == "end" and not self._ranges:
            raise Unfound("not in range, nothing to end")
        if name not in ("range", "end"):
            raise Unfound(f"unrecognized identifier {name}")
        return values if name == "range" else []

    def _field(self, values: Values, name: str) -> Values:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self._allow_missing:
            raise Unfound(f"{name} is not found")
        return found

    def _filtered(self, value: Any, step: syntax.Filter) -> Iterator[Any]:
        if not isinstance(value, list):
            shown = "<invalid reflect.Value>" if value is _NOTHING else printed(value)
            raise Unfound(f"{shown} is not array or slice and cannot be filtered")
        for each in value:
            if self._fits(each, step):
                yield each

    def _fits(self, value: Any, step: syntax.Filter) -> bool:
        try:
            lefts = self._walk([value], step.left)
        except Unfound:
            if step.operator == "exists":
                return False
            raise
        if step.operator == "exists" or not lefts:
            return bool(lefts)
        _check_single(lefts)
        rights = self._walk([value], step.right)
        if not rights:
            return False
        _check_single(rights)
        return compared(lefts[0], step.operator, rights[0])


def _check_single(values: Values) -> None:
    if len(values) > 1:
        raise Unfound("can only compare one element at a time")


def _children(value: Any) -> Values:
    """What lies directly in a value; of text, its bytes."""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, str):
        return list(value.encode())
    return value if isinstance(value, list) else []


def _descent(value: Any) -> Iterator[Any]:
    """A value in which others lie, and all such values in it."""
    children = _children(value)
    if children:
        yield value
        for child in children:
            yield from _descent(child)


def _slices(values: Values, step: syntax.Slice) -> Values:
    """The parts of several lists. Behind a list of which nothing is wanted, an empty one say, the others are not looked at."""
    found: Values = []
    for value in values:
        if value is None:
            continue
        first, end = _bounds(value, step)
        if first == end:
            break
        found += value[first : end : step.step or 1]
    return found


def _bounds(value: Any, step: syntax.Slice) -> tuple[int, int]:
    if not isinstance(value, list):
        raise Unfound(f"{type_name(value)} is not array or slice")
    size = len(value)
    first = step.first or 0
    end = size if step.end is None else step.end
    first += size * (first < 0)
    end += size * (end < 0 or (end == 0 and step.single))
    if first == end:
        return first, end
    for bound, index in ((0 <= first < size, first), (0 <= end <= size, end - 1)):
        if not bound:
            raise Unfound(f"array index out of bounds: index {index}, length {size}")
    if first > end:
        raise Unfound(f"starting index {first} is greater than ending index {end}")
    if step.step is not None and step.step <= 0:
        raise Unfound("step must be > 0")
    return first, end


# --- comparing ---------------------------------------------------------------------------------------------------

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_COMPARABLE = (bool, int, float, str)


def compared(left: Any, sign: str, right: Any) -> bool:
    """Whether a comparison holds. Only what is of one type can be compared, and truth values only for being equal.

    >>> compared(3, ">=", 2), compared("a", "<", "b")
    (True, True)
    >>> compared("1", "==", 1)
    Traceback (most recent call last):
    k8snet.shell.kubectl.printing.jsonpath.Unfound: incompatible types for comparison
    """
    if sign not in _OPERATORS:
        raise Unfound(f"unrecognized filter operator {sign}")
    if type(left) not in _COMPARABLE or type(right) not in _COMPARABLE:
        raise Unfound("invalid type for comparison")
    if type(left) is not type(right):
        raise Unfound("incompatible types for comparison")
    if isinstance(left, bool) and sign not in ("==", "!="):
        raise Unfound("invalid type for comparison")
    return _OPERATORS[sign](left, right)
