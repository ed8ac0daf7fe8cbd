"""JSONPath templates: what they print, and what kubectl says of those that it cannot read or do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import CommandError
from k8snet.kube.goformat import syntax
from k8snet.shell.kubectl.printing import jsonpath
from k8snet.shell.kubectl.printing.jsonpath_syntax import Unparsable, parse
from tests.shell.printing.asking import gizmo, printed

PODS = [
    {"name": "a", "labels": {"app": "web"}, "phase": "Running", "n": 1, "ready": True,
     "c": [{"i": "x", "p": 80}, {"i": "y", "p": 443}]},
    {"name": "b", "phase": "Pending", "n": 2, "ready": False, "c": [{"i": "z", "p": 53}]},
    {"name": "c", "phase": "Failed", "n": 10, "ready": False, "f": 2.5, "c": []},
    {"name": "d", "phase": "Running", "n": 10, "none": None, "c": [{"i": "lost"}]},
]  # fmt: skip
SPEC = {"pods": PODS, "l": [1, 2, 3, 4, 5], "ll": [[1, 2], [3]], "m": {"b": 1, "a": [True, None, "<x>"]}, "s": "text", "z": None,
        "t": True, "f": 1234567.5, "a.b": "dot", "a b": "space"}  # fmt: skip
DOCUMENT = gizmo(SPEC, **{"app.kubernetes.io/name": "web"})

PRINTED = [
    ("", ""),
    ("text\n", "text\n"),
    ("{.metadata.name}", "it"),
    ("{ .metadata.name }", "it"),
    ("{$.metadata.name}", "it"),
    ("{@.metadata.name}", "it"),
    ("a{.spec.s}b{.spec.t}", "atextbtrue"),
    ("{.spec.pods[*].name}", "a b c d"),
    ("{.spec.pods[1]}", '{"c":[{"i":"z","p":53}],"n":2,"name":"b","phase":"Pending","ready":false}'),
    ('{range .spec.pods[*]}{.name}{"\\t"}{.phase}{"\\n"}{end}', "a\tRunning\nb\tPending\nc\tFailed\nd\tRunning\n"),
    ("{range .spec.pods[*]}{.name}:{range .c[*]}{.i},{end};{end}!", "a:x,y,;b:z,;c:;d:lost,;!"),
    ("{range .spec.nope[*]}{.name}{end}none", "none"),
    ("{range .spec.l[*]}{@}|{end}", "1|2|3|4|5|"),
    ("{range .spec.l[0:2]}{.nope}-", "---"),
    ('{.spec.pods[?(@.phase=="Running")].name}', "a d"),
    ("{.spec.pods[?(@.phase=='Running')].name}", "a d"),
    ('{.spec.pods[?(@.phase!="Running")].name}', "b c"),
    ("{.spec.pods[?(@.n<2)].name}", "a"),
    ("{.spec.pods[?(@.n<=2)].name}", "a b"),
    ("{.spec.pods[?(@.n>2)].name}", "c d"),
    ("{.spec.pods[?(@.n>=2)].name}", "b c d"),
    ("{.spec.pods[?(@.f>2.0)].name}", "c"),
    ("{.spec.pods[?(@.ready==true)].name}", "a"),
    ("{.spec.pods[?(@.labels)].name}", "a"),
    ("{.spec.pods[?(@.labels.app)].name}", "a"),
    ("{.spec.pods[?(@.none)].name}", "d"),
    ("{.spec.l[?(@>3)]}", "4 5"),
    ("{.spec.l[0]}{.spec.l[-1]}{.spec.l[-2]}", "154"),
    ("{.spec.l[1:3]}", "2 3"),
    ("{.spec.l[:2]}", "1 2"),
    ("{.spec.l[3:]}", "4 5"),
    ("{.spec.l[-2:]}", "4 5"),
    ("{.spec.l[0:5:2]}", "1 3 5"),
    ("{.spec.l[0,2,-1]}", "1 3 5"),
    ("{.spec.l[]}", "1"),
    ("{.spec.l[2:2]}", ""),
    ("{.spec.ll[*][0]}", "1 3"),
    ("{.spec.pods[*].c[*].i}", "x y z"),
    ("{.spec['s']}", "text"),
    ("{.spec['s','t']}", "text true"),
    ("{.spec['a.b']}", ""),
    ("{.spec['a\\.b']}", "dot"),
    ("{.spec.a\\.b}{.spec.a\\ b}", "dotspace"),
    ("{.metadata.labels.app\\.kubernetes\\.io/name}", "web"),
    ("{..i}", "x y z lost"),
    ("{.spec.pods..p}", "80 443 53"),
    ("{.spec.m}", '{"a":[true,null,"\\u003cx\\u003e"],"b":1}'),
    ("{.spec.ll}", "[[1,2],[3]]"),
    ("{.spec.z}", "null"),
    ("{.spec.z.x}{.spec.z[0]}", ""),
    ("{.spec.f}", "1.2345675e+06"),
    ("{.spec.nope}", ""),
    ("{.spec.s.*}", "116 101 120 116"),
    ("{'a\\'b'}{\"\\u00e9\\x41\\101\\n\"}", "a'béAA\n"),
    ("{1}{-1}{1.5}{true}", "1-11.5true"),
    ("{9223372036854775807} {9223372036854775808}", "9223372036854775807 9.223372036854776e+18"),
]


@pytest.mark.parametrize(("template", "expected"), PRINTED)
def test_what_is_printed(template: str, expected: str) -> None:
    assert jsonpath.text(template, DOCUMENT) == expected


UNPARSABLE = [
    ("{.a", "unclosed action"),
    ("{", "unclosed action"),
    ("{.a\nb}", "unclosed action"),
    ("{|}", "unrecognized character in action: U+007C '|'"),
    ("{,}", "unrecognized character in action: U+002C ','"),
    ("{\v}", "unrecognized character in action: U+000B"),
    ("{..*}", "unrecognized character in action: U+002A '*'"),
    ("{{.a}}", "unrecognized character in action: U+007B '{'"),
    ('{.a[?(@.b=="x" && @.c==1)]}', "unrecognized character in action: U+0026 '&'"),
    ('{.a[?(@.b=="x" || @.c==1)]}', "unrecognized character in action: U+007C '|'"),
    ("{....a}", "invalid multiple recursive descent"),
    ("{.a[0}", "unterminated array"),
    ("{.a[x]}", "invalid array index x"),
    ("{.a[ 0 ]}", "invalid array index  0 "),
    ("{.a[-]}", "array index - is not a number"),
    ("{.a[?(@.b)}", "unclosed array expect ]"),
    ("{.a[?(@.b}", "unterminated filter"),
    ('{"a}', "unterminated quoted string"),
    ('{"\\q"}', 'unquote string "\\q" error invalid syntax'),
    ("{\"a\\'b\"}", "unquote string \"a\\'b\" error invalid syntax"),
    ("{1.2.3}", "cannot parse number 1.2.3"),
    (f"{{{'9' * 5000}}}", f"cannot parse number {'9' * 5000}"),
    ("{.a[9223372036854775808]}", "array index 9223372036854775808 is not a number"),
    (f"{{.a[{'9' * 5000}]}}", f"array index {'9' * 5000} is not a number"),
    ("{-}", "cannot parse number -"),
]


@pytest.mark.parametrize(("template", "why"), UNPARSABLE)
def test_what_cannot_be_read(template: str, why: str) -> None:
    with pytest.raises(CommandError) as caught:
        jsonpath.text(template, DOCUMENT)
    assert str(caught.value) == f"error: error parsing jsonpath {template}, {why}"


UNDOABLE = [
    ("{.spec.l[5]}", "array index out of bounds: index 5, length 5"),
    ("{.spec.l[-6]}", "array index out of bounds: index -1, length 5"),
    ("{.spec.l[0:9]}", "array index out of bounds: index 8, length 5"),
    ("{.spec.l[3:2]}", "starting index 3 is greater than ending index 2"),
    ("{.spec.l[0:2:0]}", "step must be > 0"),
    ("{.spec.s[0]}", "string is not array or slice"),
    ("{.spec.m[0]}", "map[string]interface {} is not array or slice"),
    ("{.spec.f[0]}", "float64 is not array or slice"),
    ("{.spec.m[?(@.a)]}", "map[a:[true <nil> <x>] b:1] is not array or slice and cannot be filtered"),
    ("{.spec.z[?(@.a)]}", "<nil> is not array or slice and cannot be filtered"),
    ("{.spec.pods[?(@.n==1.0)]}", "incompatible types for comparison"),
    ("{.spec.pods[?(@.n=='1')]}", "incompatible types for comparison"),
    ("{.spec.pods[?(@.c==1)]}", "invalid type for comparison"),
    ("{.spec.pods[?(@.none==1)]}", "invalid type for comparison"),
    ("{.spec.pods[?(@.ready<true)]}", "invalid type for comparison"),
    ("{.spec.pods[?(@.c[*].p==1)]}", "can only compare one element at a time"),
    ("{.spec.pods[?(@.phase==Running)]}", "unrecognized identifier Running"),
    ("{.spec.pods[?(@.phase='Running')]}", "unrecognized filter operator ="),
    ("{foo}", "unrecognized identifier foo"),
    ("{end}", "not in range, nothing to end"),
]


@pytest.mark.parametrize(("template", "why"), UNDOABLE)
def test_what_cannot_be_done(template: str, why: str) -> None:
    with pytest.raises(CommandError) as caught:
        jsonpath.text(template, DOCUMENT)
    assert str(caught.value) == (
        f'error: error executing jsonpath "{template}": Error executing template: {why}. Printing more information for debugging '
        f"the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{syntax(DOCUMENT)}\n\n"
    )


def test_a_missing_key_may_be_forbidden() -> None:
    with pytest.raises(CommandError, match="nope is not found"):
        jsonpath.text("{.spec.nope}", DOCUMENT, allow_missing=False)


def test_as_json() -> None:
    assert jsonpath.text("{.spec.ll[*]}-{.spec.nope}", DOCUMENT, as_json=True) == (
        '[\n    [\n        1,\n        2\n    ],\n    [\n        3\n    ]\n]\n[\n    "-"\n]\n[]\n'
    )


@given(st.text("{}[]()?@$.,:*'\"\\ -+=<>!0123456789abrnged\n"))
def test_any_text_can_be_read_or_is_refused(template: str) -> None:
    with suppress(Unparsable):
        assert isinstance(parse(template), tuple)


@given(st.text(), st.text())
def test_a_name_can_be_escaped(before: str, name: str) -> None:
    escaped = "".join(f"\\{sign}" for sign in name if sign != "\\")
    text = before.replace("{", "")
    assert jsonpath.text(f"{text}{{.{escaped}}}", {name.replace("\\", ""): 1}) == f"{text}1" or "*" in name or not escaped


ALL: list[str] = [template for template, *_ in (*PRINTED, *UNPARSABLE, *UNDOABLE) if template]


@pytest.mark.parametrize("template", ALL)
def test_kubectl_says_the_same(template: str) -> None:
    assert said(template) == printed(DOCUMENT, f"jsonpath={template}")


def said(template: str) -> tuple[str, str]:
    try:
        return jsonpath.text(template, DOCUMENT), ""
    except CommandError as error:
        return "", f"{error}\n"


def as_json(template: str) -> Any:
    return jsonpath.text(template, DOCUMENT, as_json=True)


@pytest.mark.parametrize("template", ["{.spec.pods[*].c}-{.spec.nope}", "{range .spec.l[*]}{@}{end}", "{.spec.m}"])
def test_kubectl_says_the_same_as_json(template: str) -> None:
    assert printed(DOCUMENT, f"jsonpath-as-json={template}") == (as_json(template), "")
