"""Tables as kubectl lays them out, by rows and against kubectl itself, which is served tables that no real server sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.shell.kubectl.printing.columns import Aligner
from k8snet.shell.kubectl.printing.tables import text
from tests.shell.printing.asking import ask
from tests.shell.printing.canned import serving, table

NAME = {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}


def column(name: str, priority: int = 0) -> dict[str, Any]:
    return {"name": name, "type": "string", "format": "", "description": "", "priority": priority}


COLUMNS = [NAME, column("Ready"), column("Port(s)"), column("Age"), column("Node", 1)]


def row(*cells: Any, namespace: str = "default", **labels: str) -> dict[str, Any]:
    metadata = {"name": str(cells[0]), "namespace": namespace, **({"labels": labels} if labels else {})}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return {"cells": list(cells), "object": partial}


ROWS = [row("web", "1/1", "80/TCP", "5s", "node1", app="web", tier="front"),
        row("kubernetes", 0, None, "10m", "<none>", namespace="kube-system")]  # fmt: skip
LAID_OUT: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    ({}, (), "NAME         READY   PORT(S)   AGE\nweb          1/1     80/TCP    5s\nkubernetes   0                 10m\n"),
    ({"wide": True}, ("-o", "wide"),
     "NAME         READY   PORT(S)   AGE   NODE\n"
     "web          1/1     80/TCP    5s    node1\n"
     "kubernetes   0                 10m   <none>\n"),
    ({"headers": False}, ("--no-headers",), "web          1/1   80/TCP   5s\nkubernetes   0              10m\n"),
    ({"namespace": True}, ("-A",),
     "NAMESPACE     NAME         READY   PORT(S)   AGE\n"
     "default       web          1/1     80/TCP    5s\n"
     "kube-system   kubernetes   0                 10m\n"),
    ({"labels": ["app", "example.com/tier"]}, ("-L", "app,example.com/tier"),
     "NAME         READY   PORT(S)   AGE   APP   TIER\n"
     "web          1/1     80/TCP    5s    web   \n"
     "kubernetes   0                 10m         \n"),
    ({"show_labels": True}, ("--show-labels",),
     "NAME         READY   PORT(S)   AGE   LABELS\n"
     "web          1/1     80/TCP    5s    app=web,tier=front\n"
     "kubernetes   0                 10m   <none>\n"),
    ({"prefix": "gizmo/"}, ("--show-kind",),
     "NAME               READY   PORT(S)   AGE\n"
     "gizmo/web          1/1     80/TCP    5s\n"
     "gizmo/kubernetes   0                 10m\n"),
    ({"namespace": True, "headers": False, "wide": True, "show_labels": True, "labels": ["app"], "prefix": "gizmo/"},
     ("-A", "--no-headers", "-o", "wide", "--show-labels", "-L", "app", "--show-kind"),
     "default       gizmo/web          1/1   80/TCP   5s    node1    web   app=web,tier=front\n"
     "kube-system   gizmo/kubernetes   0              10m   <none>         <none>\n"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "expected"), [(options, expected) for options, _, expected in LAID_OUT])
def test_a_table(options: dict[str, Any], expected: str) -> None:
    assert text(table(COLUMNS, ROWS), **options) == expected


CELLS = [
    ("one\ntwo", "one..."),
    ("one\rtwo", "one..."),
    ("one\ftwo", "one..."),
    ("\nx", "..."),
    ("\x1b[31mred", "^[[31mred"),
    ("a\tb", "a     b"),
    (None, ""),
    (True, "true"),
    (1.5, "1.5"),
    (1e6, "1e+06"),
    (["a", 1], "[a 1]"),
]


@pytest.mark.parametrize(("cell", "expected"), CELLS)
def test_a_cell(cell: Any, expected: str) -> None:
    assert text(table([NAME, column("X")], [row("web", cell)]), headers=False) == f"web   {expected}\n"


def test_no_rows_no_header() -> None:
    assert text(table(COLUMNS, [])) == ""


def test_a_name_that_is_not_ascii_takes_more_room() -> None:
    assert text(table([NAME, column("X")], [row("éé", "x"), row("web", "y")])) == "NAME   X\néé     x\nweb    y\n"
    assert text(table([NAME, column("X")], [row("é" * 6, "x"), row("web", "y")])) == (
        "NAME           X\néééééé         x\nweb            y\n"
    )


ODD = [
    [row("éé", "日本", "😀", "é" * 9), row("web", "1", "2", "3", "4", "5")],
    [row("web", "a\tb", "x\ny" * 3, "\x1b[1m"), row("w", "a\vb", "f\ff", "r\rr", "")],
    [row("only"), row("web", 1, True, None, 1e9)],
    [{"cells": ["no", "object"], "object": None}, row("web", "x", app="é")],
    [row(f"pod-{n}", "x" * (n % 13), "a\tb" if 95 < n < 105 else "y", n, "é" * (n % 5)) for n in range(230)],
]
CASES = [ROWS, [row("web", cell, "2", "3", cell) for cell, _ in CELLS], *ODD]


@pytest.mark.parametrize("rows", CASES)
def test_kubectl_lays_it_out_likewise(rows: list[Any]) -> None:
    answer = table(COLUMNS, rows)
    with serving({"gizmos": answer}) as url:
        for options, words, _ in LAID_OUT:
            assert ask("get", "gizmos", *words, url=url) == (text(answer, **options), "")


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=9)


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=9))
def test_columns_begin_below_one_another(rows: list[list[str]]) -> None:
    lines = Aligner().align("".join("\t".join(cells) + "\n" for cells in rows)).split("\n")[:-1]
    starts = [max(max(len(cells[place]) for cells in rows) + 3, 6) for place in (0, 1)]
    for cells, line in zip(rows, lines, strict=True):
        assert line == cells[0].ljust(starts[0]) + cells[1].ljust(starts[1]) + cells[2]


def test_a_line_without_tabs_ends_the_columns_and_their_widths_stay() -> None:
    aligner = Aligner()
    assert aligner.align("a long one\tx\n\na\ty\n") == "a long one   x\n\na            y\n"
    assert aligner.align("b\tz\tw\n") == "b            z     w\n"
    assert aligner.align("") == ""
