"""Values as Go's fmt prints them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.goformat import decimal, printed, syntax, type_name

FLOATS = [(0.0, "0"), (-0.0, "-0"), (1.0, "1"), (1.5, "1.5"), (-2.25, "-2.25"), (100000.0, "100000"), (999999.5, "999999.5"),
          (1e6, "1e+06"), (123456789.25, "1.2345678925e+08"), (1e21, "1e+21"), (1e100, "1e+100"), (0.0001, "0.0001"),
          (0.00001234, "1.234e-05"), (5e-324, "5e-324")]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), FLOATS)
def test_floats(value: float, written: str) -> None:
    assert decimal(value) == printed(value) == syntax(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(value: float) -> None:
    assert float(decimal(value)) == value


VALUES: list[tuple[Any, str, str]] = [
    (None, "<nil>", "interface {}(nil)"),
    (True, "true", "true"),
    (-3, "-3", "-3"),
    ("a b", "a b", '"a b"'),
    ('"\n', '"\n', '"\\"\\n"'),
    ([], "[]", "[]interface {}{}"),
    ([1, "x", [None]], "[1 x [<nil>]]", '[]interface {}{1, "x", []interface {}{interface {}(nil)}}'),
    ({"b": 1, "a": {}}, "map[a:map[] b:1]", 'map[string]interface {}{"a":map[string]interface {}{}, "b":1}'),
]


@pytest.mark.parametrize(("value", "shown", "written"), VALUES)
def test_values(value: Any, shown: str, written: str) -> None:
    assert (printed(value), syntax(value)) == (shown, written)


def test_types() -> None:
    values: list[Any] = [None, True, 1, 1.5, "", [], {}]
    assert [type_name(each) for each in values] == [
        "<nil>", "bool", "int64", "float64", "string", "[]interface {}", "map[string]interface {}",
    ]  # fmt: skip
