"""--sort-by: which comes first, what cannot be sorted, and that all is in Go's order to the last tie."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import CommandError
from k8snet.shell.kubectl.printing import names, sorting
from k8snet.shell.kubectl.printing.gosort import go_sorted
from tests.shell.printing.asking import ask
from tests.shell.printing.canned import listing, serving, table


def item(name: str, **spec: Any) -> dict[str, Any]:
    return {"kind": "Gizmo", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


ITEMS = [
    item("b", n=20, f=0.5, q="100m", w="b", at="2026-11-01T00:00:05Z", some=1, mixed=1, t=True, c=[1]),
    item("a", n=3, f=1.5, q="1", w="B", at="2026-11-01T00:00:02Z", mixed="s", t=False, nil=None, c=[0]),
    item("c", n=100, f=-2.5, q="1Ki", w="a", at="2026-11-01T00:00:03Z", some=0, mixed=2.5, nil=1, c=[]),
]
SORTED = [
    (".metadata.name", "abc"),
    ("metadata.name", "abc"),
    ("{.metadata.name}", "abc"),
    ("{metadata.name}", "abc"),
    (".spec.n", "abc"),
    (".spec.f", "cba"),
    (".spec.q", "bac"),
    (".spec.w", "acb"),
    (".spec.at", "acb"),
    (".spec.some", "acb"),
    (".spec.nil", "bac"),
    (".kind", "bac"),
]


def order(path: str) -> str:
    return "".join(each["metadata"]["name"] for each in sorting.objects(path, ITEMS))


@pytest.mark.parametrize(("path", "expected"), SORTED)
def test_objects(path: str, expected: str) -> None:
    assert order(path) == expected


FORMS = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
UNSORTABLE = "Field {path} in *unstructured.Unstructured is an unsortable type: interface, err: {why}"
GIVEN = '&unstructured.Unstructured{Object:map[string]interface {}{"apiVersion":"v1", "kind":"Gizmo", "metadata":'
REFUSED = [
    (".nope", 'error: couldn\'t find any field with path "{.nope}" in the list of objects', 1),
    ("{.a", f"error: unexpected path string, expected a {FORMS}", 1),
    (".spec.c[x]", "error: invalid array index x", 1),
    (".spec.c[5]", "error: array index out of bounds: index 5, length 1", 1),
    (".spec.t", UNSORTABLE.format(path="{.spec.t}", why="unsortable type: bool"), 1),
    (".spec.c", UNSORTABLE.format(path="{.spec.c}", why="unsortable type: []interface {}"), 1),
    (".spec", UNSORTABLE.format(path="{.spec}", why="unsortable type: map[string]interface {}"), 1),
    (".spec.mixed", UNSORTABLE.format(path="{.spec.mixed}", why="unsortable interface: interface"), 1),
    (".spec.c[0]", f"Failed to get i values for {GIVEN}", 255),
]


@pytest.mark.parametrize(("path", "words", "code"), REFUSED)
def test_objects_that_cannot_be_sorted(path: str, words: str, code: int) -> None:
    with pytest.raises(CommandError) as caught:
        order(path)
    assert str(caught.value).startswith(words)
    assert caught.value.code == code


def test_nothing_to_sort() -> None:
    assert sorting.objects(".nope", []) == sorting.rows(".nope", []) == []
    assert sorting.rows(".nope", [{"cells": [1], "object": {}}]) == [{"cells": [1], "object": {}}]


ROWS = [{"cells": [each["metadata"]["name"]], "object": each} for each in ITEMS]


@pytest.mark.parametrize(("path", "expected"), [*SORTED, (".nope", ""), ("{.a", ""), (".spec.c[0]", ""), (".spec.c[x]", "")])
def test_rows(path: str, expected: str) -> None:
    assert "".join(row["cells"][0] for row in sorting.rows(path, ROWS)) == expected


def test_rows_that_cannot_be_sorted() -> None:
    with pytest.raises(sorting.Unsortable) as caught:
        sorting.rows(".spec.t", ROWS)
    assert caught.value.source == "sorter.go:375"


@given(st.lists(st.integers(0, 30), max_size=400))
def test_go_sorts(things: list[int]) -> None:
    assert go_sorted(things, lambda one, other: one < other) == sorted(things)


@given(st.lists(st.integers(), max_size=12))
def test_a_few_things_stay_in_order_where_they_are_equal(things: list[int]) -> None:
    pairs = list(enumerate(things))
    assert go_sorted(pairs, lambda one, other: one[1] < other[1]) == sorted(pairs, key=lambda pair: pair[1])


# --- the real one ------------------------------------------------------------------------------------------------


def without_stamp(complaint: str) -> str:
    return re.sub(r"^F\d{4} \S+ +\d+ sorter\.go:\d+\] ", "", complaint)


def said(path: str) -> tuple[str, str]:
    try:
        return "".join(f"gizmo/{name}\n" for name in order(path)), ""
    except CommandError as error:
        return "", f"{error}\n"


def test_kubectl_sorts_objects_likewise() -> None:
    with serving({"gizmos": listing(ITEMS)}) as url:
        for path in [*(path for path, _ in SORTED), *(path for path, _, _ in REFUSED)]:
            stdout, stderr = ask("get", "gizmos", "-o", "name", f"--sort-by={path}", url=url)
            assert (stdout, without_stamp(stderr)) == said(path)


def test_kubectl_sorts_rows_likewise() -> None:
    column = {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}
    with serving({"gizmos": table([column], ROWS)}) as url:
        for path in [path for path, _ in SORTED] + [".nope", "{.a", ".spec.c[0]", ".spec.c[x]"]:
            stdout, _ = ask("get", "gizmos", "--no-headers", f"--sort-by={path}", url=url)
            assert stdout == "".join(f"{row['cells'][0]}\n" for row in sorting.rows(path, ROWS))


@pytest.mark.parametrize(("count", "values"), [(13, 2), (40, 3), (49, 99), (60, 5), (120, 10), (300, 2), (700, 99), (1000, 20)])
def test_kubectl_breaks_ties_likewise(count: int, values: int) -> None:
    drawn = random.Random(count)
    made = [item(f"g{place}", **({"v": drawn.randrange(values)} if drawn.random() < 0.9 else {})) for place in range(count)]
    with serving({"gizmos": listing(made)}) as url:
        stdout, _ = ask("get", "gizmos", "-o", "name", "--sort-by=.spec.v", url=url)
    assert stdout == names.text({"items": sorting.objects(".spec.v", made)})
