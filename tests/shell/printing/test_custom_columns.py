"""Columns of one's own: what they show, and what kubectl says where it cannot read them."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest

from k8snet.errors import CommandError
from k8snet.shell.kubectl.printing import custom_columns
from tests.shell.printing.asking import ask
from tests.shell.printing.canned import listing, serving

ITEMS: list[dict[str, Any]] = [
    {"metadata": {"name": "web", "namespace": "default", "labels": {"app": "x"}},
     "spec": {"n": 3, "f": 1e21, "t": True, "l": [1, 2], "m": {"x": 1, "y": [None]}, "e": "", "lines": "a\nb",
              "color": "\x1b[1m\r", "c": [{"i": "nginx", "p": 80}, {"i": "busybox"}]}},
    {"metadata": {"name": "kubernetes", "namespace": "default"}, "spec": {"z": None, "c": []}},
]  # fmt: skip
LIST = listing(ITEMS)

SHOWN = [
    ("NAME:.metadata.name", "NAME\nweb\nkubernetes\n"),
    ("NAME:metadata.name,N:{.spec.n},T:{spec.t}",
     "NAME         N        T\nweb          3        true\nkubernetes   <none>   <none>\n"),
    ("I:.spec.c[*].i,B:.metadata.name", "I               B\nnginx,busybox   web\n<none>          kubernetes\n"),
    ("M:.spec.m,L:.spec.l", "M                    L\nmap[x:1 y:[<nil>]]   [1 2]\n<none>               <none>\n"),
    ("F:.spec.f,E:.spec.e,Z:.spec.z", "F        E        Z\n1e+21             <none>\n<none>   <none>   <nil>\n"),
    ("C:.spec.color,L:.spec.lines", "C         L\n^[[1m\\r   a\nb\n<none>    <none>\n"),
    ('P:.spec.c[?(@.i=="nginx")].p', "P\n80\n<none>\n"),
    ("A:..i", "A\nnginx,busybox\n<none>\n"),
    (":.metadata.name", "\nweb\nkubernetes\n"),
    ("N:", "N\n<none>\n<none>\n"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), SHOWN)
def test_columns(spec: str, expected: str) -> None:
    assert custom_columns.text(spec, LIST) == expected


def test_without_headers_and_for_one_object() -> None:
    assert custom_columns.text("NAME:.metadata.name,N:.spec.n", LIST["items"][0], headers=False) == "web   3\n"


PATH = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
REFUSED = [
    ("", "error: custom-columns format specified but no custom columns given"),
    ("NAME", "error: unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"),
    ("NAME:.metadata.name,", "error: unexpected custom-columns spec: , expected <header>:<json-path-expr>"),
    ("A:{.a", f"error: unexpected path string, expected a {PATH}"),
    ("A:{.a}{.b}", f"error: unexpected path string, expected a {PATH}"),
    ("N:.metadata.name,A:.spec.c[x]", "N     A\nerror: invalid array index x"),
    ("N:.metadata.name,A:.spec.c[0].i", "N     A\nweb   nginx\nerror: array index out of bounds: index 0, length 0"),
    ("A:.spec.n[0]", "A\nerror: int64 is not array or slice"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED)
def test_what_cannot_be_shown(spec: str, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        custom_columns.text(spec, LIST)
    assert str(caught.value) == words


FORM = "Expected format is one line of space separated headers, one line of space separated column specs."
FILES = [
    ("A B\nmetadata.name {.spec.n}\n", "A            B\nweb          3\nkubernetes   <none>\n"),
    ("  A \n\t.metadata.name\nmore", "A\nweb\nkubernetes\n"),
    ("", f"error: invalid template, missing header line. {FORM}"),
    ("A\n", f"error: invalid template, missing spec line. {FORM}"),
    ("A B\n.x\n", "error: number of headers (2) and field specifications (1) don't match"),
]


def by_file(template: str) -> str:
    try:
        return custom_columns.text_by_file(template, LIST)
    except CommandError as error:
        return str(error)


@pytest.mark.parametrize(("template", "expected"), FILES)
def test_columns_from_a_file(template: str, expected: str) -> None:
    assert by_file(template) == expected


def said(spec: str, **options: Any) -> str:
    try:
        return custom_columns.text(spec, LIST, **options)
    except CommandError as error:
        return f"{error}\n"


def test_kubectl_shows_the_same() -> None:
    with serving({"gizmos": LIST}) as url:
        for spec, _ in (*SHOWN, *REFUSED):
            assert "".join(ask("get", "gizmos", "-o", f"custom-columns={spec}", url=url)) == said(spec)
            words = ("get", "gizmos", "--no-headers", "-o", f"custom-columns={spec}")
            assert "".join(ask(*words, url=url)) == said(spec, headers=False)


def test_kubectl_shows_the_same_by_a_file() -> None:
    with serving({"gizmos": LIST}) as url, tempfile.NamedTemporaryFile("w+") as file:
        for template, _ in FILES:
            file.seek(0)
            file.truncate()
            file.write(template)
            file.flush()
            asked = "".join(ask("get", "gizmos", "-o", f"custom-columns-file={file.name}", url=url))
            assert asked.strip() == by_file(template).strip()
