"""YAML as kubectl writes it. What each scalar looks like was read off kubectl 1.37, and is compared with it again where it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from k8snet.errors import CommandError, NotModelled
from k8snet.kube import goyaml
from k8snet.shell.kubectl.printing.yaml import yaml_text
from tests.shell.printing.asking import gizmo, printed

SCALARS = [
    ("web", "web"),
    ("", '""'),
    (" a", "' a'"),
    ("a ", "'a '"),
    ("a b", "a b"),
    ("true", '"true"'),
    ("True", '"True"'),
    ("tRUE", "tRUE"),
    ("yes", '"yes"'),
    ("NO", '"NO"'),
    ("on", '"on"'),
    ("Off", '"Off"'),
    ("y", '"y"'),
    ("N", '"N"'),
    ("null", '"null"'),
    ("nULL", "nULL"),
    ("~", '"~"'),
    ("~/x", "~/x"),
    ("<<", "<<"),
    ("=", "="),
    ("1", '"1"'),
    ("1.0", '"1.0"'),
    ("-1", '"-1"'),
    ("+1", '"+1"'),
    ("0777", '"0777"'),
    ("0o7", '"0o7"'),
    ("08", '"08"'),
    ("0x1f", '"0x1f"'),
    ("0xg", "0xg"),
    ("0b11", '"0b11"'),
    ("1_000", '"1_000"'),
    ("_1", "_1"),
    ("1e3", '"1e3"'),
    ("1e", "1e"),
    ("1e400", "1e400"),
    (".5", '".5"'),
    (".1_0", '".1_0"'),
    (".5_", ".5_"),
    (".", "."),
    ("1.5.2", "1.5.2"),
    ("10.96.0.10", "10.96.0.10"),
    (".inf", '".inf"'),
    ("nan", "nan"),
    ("18446744073709551616", '"18446744073709551616"'),
    ("0x1ffffffffffffffffff", "0x1ffffffffffffffffff"),
    ("100m", "100m"),
    ("1Gi", "1Gi"),
    ("80:30080/TCP", "80:30080/TCP"),
    ("12:30:45", '"12:30:45"'),
    ("1:60", "1:60"),
    ("::1", "::1"),
    ("fe80::", "'fe80::'"),
    ("2026-11-01", '"2026-11-01"'),
    ("2026-11-01T00:00:00Z", '"2026-11-01T00:00:00Z"'),
    ("2026-11-01T00:00:00", "2026-11-01T00:00:00"),
    ("2026-11-01 00:00:00", '"2026-11-01 00:00:00"'),
    ("2026-1-1", '"2026-1-1"'),
    ("2026-02-30", "2026-02-30"),
    ("2026-11-01T1:2:3.5+01:00", '"2026-11-01T1:2:3.5+01:00"'),
    ("a: b", "'a: b'"),
    ("a:b", "a:b"),
    ("a:", "'a:'"),
    (":a", ":a"),
    ("a #b", "'a #b'"),
    ("a#b", "a#b"),
    ("#a", "'#a'"),
    ("- a", "'- a'"),
    ("-a", "-a"),
    ("---", "'---'"),
    ("--", "--"),
    ("? a", "'? a'"),
    ("?a", "?a"),
    ("&a", "'&a'"),
    ("*", "'*'"),
    ("!a", "'!a'"),
    ("|", "'|'"),
    (">", "'>'"),
    ("%a", "'%a'"),
    ("@a", "'@a'"),
    ("`a", "'`a'"),
    ("{}", "'{}'"),
    ("[a]", "'[a]'"),
    ("a,b", "a,b"),
    ("a{b}", "a{b}"),
    ("it's", "it's"),
    ("'a", "'''a'"),
    ('"a"', "'\"a\"'"),
    ('a"b', 'a"b'),
    ("C:\\x", "C:\\x"),
    ("a\tb", '"a\\tb"'),
    ("a\rb", '"a\\rb"'),
    ("\x00", '"\\0"'),
    ("\x1b[0m", '"\\e[0m"'),
    ("é", "é"),
    ("日本語", "日本語"),
    ("😀", '"\\U0001F600"'),
    ("\ufeffa", '"\\uFEFF\\x61"'),
    ("a\ufeff", '"a\\uFEFF"'),
    ("\xa0", "\xa0"),
    ("a\nb", "|-\n    a\n    b"),
    ("a\n", "|\n    a"),
    ("a\n\n", "|+\n    a\n"),
    ("a\n\nb\n", "|\n    a\n\n    b"),
    ("\na", "|2-\n\n    a"),
    (" a\nb", "|2-\n     a\n    b"),
    ("a\n b", "|-\n    a\n     b"),
    ("a \nb", '"a \\nb"'),
    ("a\nb ", '"a\\nb "'),
    ("a\n\tb", '"a\\n\\tb"'),
    ("w" * 100, "w" * 100),
    ("wort " * 20 + "x", "wort " * 15 + "wort\n    " + "wort " * 4 + "x"),
    ("a: " + "wort " * 20 + "x", "'a: " + "wort " * 14 + "wort\n    " + "wort " * 5 + "x'"),
    ("\t" + "wort " * 20 + "x", '"\\t' + "wort " * 14 + "wort\n    " + "wort " * 5 + 'x"'),
    ("two  " * 20 + "x", "two  " * 20 + "x"),
]


@pytest.mark.parametrize(("text", "written"), SCALARS)
def test_text(text: str, written: str) -> None:
    assert yaml_text({"spec": {"k": text}}) == f"spec:\n  k: {written}\n"


NUMBERS: list[tuple[Any, str]] = [
    (None, "null"), (True, "true"), (False, "false"), (0, "0"), (-1, "-1"), (1.0, "1"), (-0.0, "0"), (1.5, "1.5"),
    (123456.5, "123456.5"), (1234567.5, "1.2345675e+06"), (1e20, "1e+20"), (1e21, "1e+21"), (0.0001, "0.0001"),
    (0.00001, "1e-05"),
    (2**63 - 1, "9223372036854775807"), (2**64, "1.8446744073709552e+19"), ({}, "{}"), ([], "[]"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), NUMBERS)
def test_other_values(value: Any, written: str) -> None:
    assert yaml_text({"k": value}) == f"k: {written}\n"


def test_collections() -> None:
    document = {"b": [{"x": 1, "y": [1, 2]}, [3, [4]], {}, []], "a": {"d": {"e": None}, "c": [{"f": {"g": "h"}}]}}
    assert yaml_text(document) == (
        "a:\n  c:\n  - f:\n      g: h\n  d:\n    e: null\nb:\n- x: 1\n  \"y\":\n  - 1\n  - 2\n- - 3\n  - - 4\n- {}\n- []\n"
    )


def test_a_list_of_objects() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    document = {"kind": "List", "items": [pod], "apiVersion": "v1", "metadata": {"resourceVersion": ""}}
    assert yaml_text(document) == (
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\nkind: List\nmetadata:\n"
        '  resourceVersion: ""\n'
    )


def test_long_keys_stand_behind_a_question_mark() -> None:
    assert yaml_text({"x" * 128: 1}) == "x" * 128 + ": 1\n"
    assert yaml_text({"x" * 129: {"a": [1]}}) == f"? {'x' * 129}\n: a:\n  - 1\n"
    assert yaml_text({"a\nb": 1}) == "? |-\n  a\n  b\n: 1\n"


KEYS = [
    ["a1", "a2", "a10"],
    ["a0", "a00", "a1", "a01"],
    ["-a", ".a", "_a", "1.1", "1.10", "A", "a", "aB", "ab"],
    ["app", "app.kubernetes.io", "app.kubernetes.io/name", "appx"],
    ["10.0.0.2", "10.0.0.10"],
]


@pytest.mark.parametrize("keys", KEYS)
def test_keys_are_in_their_natural_order(keys: list[str]) -> None:
    assert list(yaml.safe_load(yaml_text(dict.fromkeys(reversed(keys), "x")))) == keys


@pytest.mark.parametrize("sign", ["\x7f", "\x80", "\ufffe"])
def test_signs_that_kubectl_cannot_write(sign: str) -> None:
    with pytest.raises(CommandError, match=r"^error: yaml: control characters are not allowed$"):
        yaml_text({"a": f"x{sign}"})


def test_a_sign_that_kubectl_loses() -> None:
    with pytest.raises(NotModelled):
        yaml_text({"a": "x\x85y"})


SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(0x7F, 0xA0)), "\ufffe", "\uffff"])
TEXTS = st.text(SIGNS) | st.text("ab1 0:#-'\"\n\t,.é{}[]&*!|>?_xT%@`\\~+eE\u2028") | st.text("ab  \n", min_size=70, max_size=300)
FINITE = st.floats(-1e15, 1e15)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
@example({"a": "\u2028", "b": "x\u2028 y", "c": "\n\u2029"})
def test_our_own_reader_gives_it_back(document: dict[str, Any]) -> None:
    assert goyaml.read(yaml_text(document)) == document


@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=5))
def test_pyyaml_gives_it_back(document: dict[str, Any]) -> None:
    written = yaml_text(document)
    assert yaml.load(written, Loader=yaml.BaseLoader) == document
    assert any(_other_reading(each) for each in _texts(document)) or yaml.safe_load(written) == document


def _texts(document: dict[str, Any]) -> list[str]:
    return [*document, *(each for values in document.values() for each in values)]


def _other_reading(text: str) -> bool:
    """What PyYAML reads otherwise than go-yaml: ``=`` and ``<<`` are more than text to it, and so are some numbers."""
    return text in ("=", "<<") or text[:1] in "0123456789+-."


def test_kubectl_writes_the_same() -> None:
    spec: dict[str, Any] = {f"s{place:03}": text for place, (text, _) in enumerate(SCALARS)}
    spec |= {f"v{place:03}": value for place, (value, _) in enumerate(NUMBERS)}
    spec |= {"lists": [[text] for text, _ in SCALARS], "long": {"x" * 129: {"a": [1]}, "a\nb": 1}}
    spec |= {f"keys{place}": dict.fromkeys(keys, 1) for place, keys in enumerate(KEYS)}
    document = gizmo(spec)
    assert printed(document, "yaml") == (yaml_text(document), "")


@pytest.mark.parametrize("sign", ["\x7f", "\ufffe"])
def test_kubectl_cannot_write_them_either(sign: str) -> None:
    assert printed(gizmo(f"x{sign}"), "yaml")[1] == "error: yaml: control characters are not allowed\n"
