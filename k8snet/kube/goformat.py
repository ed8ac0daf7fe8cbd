"""Values as Go's fmt prints them: ``%v`` for people and ``%#v`` for Go programmers.

kubectl lets the latter be seen where a JSONPath template fails, and the API server the former where a patch does. A value is what
JSON has: None, a truth value, a number, text, a list or a dict. Source: Go's fmt and strconv; the names of types are those of
k8s.io/apimachinery's unstructured objects.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from k8snet.kube.gowords import quoted

_TYPES = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}", dict: "map[string]interface {}"}
LARGEST = 6
"""A float with so many digits before its point has an exponent."""


def type_name(value: Any) -> str:
    """The Go type of a value of an object.

    >>> type_name({}), type_name(1), type_name(None)
    ('map[string]interface {}', 'int64', '<nil>')
    """
    return _TYPES.get(type(value), "<nil>")


def decimal(value: float) -> str:
    """A float in as few digits as tell it (``%v``, and strconv's format ``g``); a whole one from a million on with an exponent.

    >>> decimal(1.5), decimal(1.0), decimal(1234567.25), decimal(1e-05), decimal(1e21)
    ('1.5', '1', '1.23456725e+06', '1e-05', '1e+21')
    """
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    assert isinstance(exponent, int)
    places, power = "".join(map(str, digits)), len(digits) + exponent - 1
    minus = "-" if sign else ""
    if value and not -4 <= power < LARGEST:
        rest = f".{places[1:]}" if places[1:] else ""
        return f"{minus}{places[0]}{rest}e{power:+03d}"
    return minus + format(abs(Decimal(f"{places}e{exponent}")), "f")


def printed(value: Any) -> str:
    """A value as ``%v`` prints it.

    >>> printed({"b": [1, None], "a": "x y"}), printed(None), printed(True)
    ('map[a:x y b:[1 <nil>]]', '<nil>', 'true')
    """
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case float():
            return decimal(value)
        case list():
            return f"[{' '.join(map(printed, value))}]"
        case dict():
            return f"map[{' '.join(f'{key}:{printed(value[key])}' for key in sorted(value))}]"
    return str(value)


def syntax(value: Any) -> str:
    """A value as ``%#v`` prints it.

    >>> syntax({"a": ["x", None]})
    'map[string]interface {}{"a":[]interface {}{"x", interface {}(nil)}}'
    """
    match value:
        case None:
            return "interface {}(nil)"
        case str():
            return quoted(value)
        case list():
            return f"[]interface {{}}{{{', '.join(map(syntax, value))}}}"
        case dict():
            return f"map[string]interface {{}}{{{', '.join(f'{quoted(key)}:{syntax(value[key])}' for key in sorted(value))}}}"
    return printed(value)
