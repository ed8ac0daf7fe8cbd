"""YAML as go-yaml v2 reads it, and its errors.

Rows come from its sources, tag v2.4.4: unmarshalErrorTests in decode_test.go word for word, resolve.go for scalars,
parser.fail in decode.go for the numbers of lines.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from k8snet.kube import goyaml
from k8snet.kube.gowords import Unreadable
from k8snet.kube.goyaml import chunks, read


def refusal(text: str) -> str:
    """Why a text is no document."""
    with pytest.raises(Unreadable) as caught:
        read(text)
    return str(caught.value)


# --- what YAML means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [
    ("yes", True), ("Off", False), ("y", True), ("~", None), ("", None), ("null", None), ("nUll", "nUll"),
    ("2026-11-01", "2026-11-01"), ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"), ("10:30", "10:30"),
    ("1", 1), ("+1", 1), ("-1_000", -1000), ("0x1F", 31), ("0b11", 3), ("017", 15), ("0o17", 15), ("08", 8.0),
    ("18446744073709551615", 18446744073709551615), ("18446744073709551616", 18446744073709551616.0),
    ("1.0", 1.0), (".5", 0.5), ("1e3", 1000.0), ("1e999", "1e999"), (".", "."), ("1.2.3", "1.2.3"), ("<<", "<<"),
    ("'1'", "1"), ('"yes"', "yes"), ("!!str 1", "1"), ("!!float 1", 1.0), ("!!binary aGk=", "hi"), ("!x 1", "1"),
])  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    found = read(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "key"), [("1", "1"), ("yes", "true"), ("1.5", "1.5"), ("'yes'", "yes"), ("on", "true")])
def test_keys_become_text(text: str, key: str) -> None:
    assert read(f"{{{text}: x}}") == {key: "x"}


@pytest.mark.parametrize(("text", "value"), [
    pytest.param("a: &x {k: 1}\nb: *x", {"a": {"k": 1}, "b": {"k": 1}}, id="alias"),
    pytest.param("a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}", {"a": {"k": 1, "l": 1}, "b": {"k": 2, "l": 1}}, id="merge"),
    pytest.param("a: &x {k: 1}\nb: {k: 2, <<: *x}", {"a": {"k": 1}, "b": {"k": 1}}, id="what is merged later wins"),
    pytest.param("a: {<<: [{k: 1}, {k: 2, l: 2}]}", {"a": {"k": 1, "l": 2}}, id="the first of several wins"),
])  # fmt: skip
def test_anchors(text: str, value: dict[str, Any]) -> None:
    assert read(text) == value


# --- what is no YAML ---------------------------------------------------------------------------------------------

BOMB = "a: &a [00,00,00,00,00,00,00,00,00]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n" for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(("text", "words"), [
    pytest.param("v: !!float 'error'", "cannot decode !!str `error` as a !!float", id="tag"),
    pytest.param("v: [A,", "line 1: did not find expected node content", id="a parser's line is one short"),
    pytest.param("v:\n- [A,", "line 2: did not find expected node content", id="but not at the end"),
    pytest.param("a:\n- b: *,", "line 2: did not find expected alphabetic or numeric character", id="alias without a name"),
    pytest.param("a: *b\n", "unknown anchor 'b' referenced", id="anchor"),
    pytest.param("b: *a\na: &a {c: 1}", "unknown anchor 'a' referenced", id="anchor later"),
    pytest.param("a: &a\n  b: *a\n", "anchor 'a' value contains itself", id="recursion"),
    pytest.param("a: &x null\n<<:\n- *x\nb: &x {}\n", "map merge requires map or sequence of maps as the value", id="merge"),
    pytest.param("value: -", "block sequence entries are not allowed in this context", id="no line where it is the first"),
    pytest.param("a: !!binary ==", "!!binary value contains invalid base64 data", id="binary"),
    pytest.param("{[.]}", 'invalid map key: []interface {}{"."}', id="list as key"),
    pytest.param("{{.}}", 'invalid map key: map[interface {}]interface {}{".":interface {}(nil)}', id="template"),
    pytest.param("a:\n  1:\nb\n  2:", "line 4: could not find expected ':'", id="key without colon"),
    pytest.param(BOMB, "document contains excessive aliasing", id="alias bomb"),
    pytest.param("a: 1\nb: c: d\n", "line 2: mapping values are not allowed in this context", id="two colons"),
    pytest.param("a: b: c\n", "mapping values are not allowed in this context", id="two colons on line 1"),
    pytest.param("kind: Pod\nmetadata:\n  name: x\n   labels: y\n", "line 4: mapping values are not allowed in this context",
                 id="indent"),
    pytest.param("a:\n  b: 1\n c: 2\n", "line 2: did not find expected key", id="a key between two levels"),
    pytest.param("a:\n  - x\n  y: 1\n", "line 2: did not find expected '-' indicator", id="a key in a list"),
    pytest.param("a: [1,2\nb: 3\n", "line 1: did not find expected ',' or ']'", id="bracket"),
    pytest.param("a:\n\t- b\n", "line 2: found character that cannot start any token", id="tab"),
    pytest.param("a: 1\n\tb: 2\n", "line 2: found a tab character that violates indentation", id="tab in text"),
    pytest.param("a: 'x\n", "line 2: found unexpected end of stream", id="quote"),
    pytest.param("a: x\x01", "control characters are not allowed", id="control character"),
    pytest.param("a: 1\nb: 2\na: 3\nc: {x: 1, x: 1}\n", 'unmarshal errors:\n  line 3: key "a" already set in map\n'
                 '  line 4: key "x" already set in map', id="twice"),
    pytest.param("1: a\n1: b\n", "unmarshal errors:\n  line 2: key 1 already set in map", id="a number twice"),
])  # fmt: skip
def test_bad_yaml(text: str, words: str) -> None:
    assert refusal(text) == f"error converting YAML to JSON: yaml: {words}"


@pytest.mark.parametrize("text", [
    "a: 1\nb: c: d\n", "v:\n- [A,\n", "a:\n\t- b\n", "a:\n  b: 1\n c: 2\n", "a:\n  - x\n  y: 1\n", "a: [1,2\nb: 3\n", "a: x\x01",
    "a:\n- b: *,", "value: -", 'a: "\\q"', "{a: 1\n", "a: {x: 1\nb: 3\n", "a: @x", "a: !<x\n", "a: !x!y z\n", "a: 'x\n",
    "- a\nb: 1\n",
])  # fmt: skip
def test_without_libyaml_the_words_are_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = refusal(text)
    monkeypatch.setattr(goyaml, "LOADER", yaml.SafeLoader)
    assert refusal(text) == first


@pytest.mark.parametrize(("text", "found"), [
    pytest.param("", [], id="nothing"), pytest.param("\n\n", [], id="empty lines"),
    pytest.param("---\na\n", [(1, "---\na\n")], id="the first dashes belong to the first document"),
    pytest.param("a\n---\nb\n---\n", [(1, "a\n"), (3, "b\n")], id="two"),
    pytest.param("a\r\n--- # c\r\n  ---\n", [(1, "a\n"), (3, "  ---\n")], id="only at the line's beginning"),
])  # fmt: skip
def test_chunks(text: str, found: list[tuple[int, str]]) -> None:
    assert [(chunk.line, chunk.text) for chunk in chunks(text)] == found
