"""JSON as kubectl writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.shell.kubectl.printing.json import compact, json_text
from tests.shell.printing.asking import gizmo, printed

VALUES: list[tuple[Any, str]] = [
    ({}, "{}"),
    ([], "[]"),
    (None, "null"),
    (True, "true"),
    (1.0, "1"),
    (0.00001234, "0.00001234"),
    (1e-7, "1e-7"),
    (1e20, "100000000000000000000"),
    (1e21, "1e+21"),
    ("<a href='x'>&</a>", '"\\u003ca href=\'x\'\\u003e\\u0026\\u003c/a\\u003e"'),
    ("\u2028\u2029", '"\\u2028\\u2029"'),
    ("\b\f\n\r\t\x00\x1b\x7f", '"\\b\\f\\n\\r\\t\\u0000\\u001b\x7f"'),
    ('"\\/', '"\\"\\\\/"'),
    ("é 日本 😀", '"é 日本 😀"'),
]


@pytest.mark.parametrize(("value", "written"), VALUES)
def test_values(value: Any, written: str) -> None:
    assert compact(value) == written
    assert json_text({"k": value}) == f'{{\n    "k": {written}\n}}\n'


def test_collections() -> None:
    assert json_text({"b": [1, {"c": []}], "a": {"é": 1, "z": 2}}) == (
        '{\n    "a": {\n        "z": 2,\n        "é": 1\n    },\n    "b": [\n        1,\n        {\n            "c": []\n'
        "        }\n    ]\n}\n"
    )


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))  # fmt: skip
def test_python_gives_it_back(value: Any) -> None:
    assert json.loads(json_text(value), parse_int=float) == json.loads(compact(value), parse_int=float) == value


def test_kubectl_writes_the_same() -> None:
    document = gizmo([value for value, _ in VALUES])
    assert printed(document, "json") == (json_text(document), "")
