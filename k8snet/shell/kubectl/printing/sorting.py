"""``--sort-by``: the order in which kubectl shows objects, or the rows of a table, by what lies at a path.

Numbers by their size, text as quantities where both are some, else by its letters; what has nothing there comes first. What is of
two types, or neither number nor text, cannot be sorted, and kubectl ends there. Source: k8s.io/kubectl, pkg/cmd/get/sorter.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube import quantity
from k8snet.kube.goformat import syntax, type_name
from k8snet.kube.gowords import quoted
from k8snet.shell.kubectl.printing import jsonpath
from k8snet.shell.kubectl.printing.custom_columns import relaxed
from k8snet.shell.kubectl.printing.gosort import go_sorted
from k8snet.shell.kubectl.printing.jsonpath_syntax import Template, Unparsable, parse


class Unsortable(CommandError):
    """What kubectl's logger tells before it ends, behind a stamp of its own: the letter F, the time and ``source``."""

    def __init__(self, text: str, *, source: str, code: int = 1) -> None:
        super().__init__(text, code=code)
        self.source = source


def objects(path: str, items: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Objects in order. CommandError if none of them has anything at the path, or if that cannot be compared.

    Where one command gets several tables, kubectl sorts these as if they were objects, before it sorts the rows of each.

    >>> pods = [{"metadata": {"name": name}} for name in ("b", "a")]
    >>> [pod["metadata"]["name"] for pod in objects(".metadata.name", pods)]
    ['a', 'b']
    """
    whole = relaxed(path)
    try:
        template = parse(whole)
        if items and not any(_values(template, item) for item in items):
            raise CommandError(f'error: couldn\'t find any field with path "{whole}" in the list of objects')
    except (Unparsable, jsonpath.Unfound) as error:
        raise CommandError(f"error: {error}") from None

    def found(item: Any, which: str) -> list[Any]:
        try:
            return _values(template, item)
        except jsonpath.Unfound as error:
            shown = f"&unstructured.Unstructured{{Object:{syntax(item)}}}"
            text = f"Failed to get {which} values for {shown} using {whole} (&errors.errorString{{s:{quoted(str(error))}}})"
            raise Unsortable(text, source="sorter.go:310", code=255) from None

    def less(one: Any, other: Any) -> bool:
        named = f"{whole} in *unstructured.Unstructured"
        return _comes_first(found(one, "i"), found(other, "j"), named, "sorter.go:329")

    return go_sorted(items, less)


def rows(path: str, table: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The rows of a Table in order, by the objects that they come with.

    If that cannot be done, kubectl loses the error on the way, and shows no rows at all: ``No resources found``.

    >>> rows(".spec.nope", [{"cells": [name], "object": {}} for name in "ab"])
    []
    """
    if len(table) < 2:
        return list(table)
    try:
        whole = _path(path)
        keyed = [(_values(parse(whole), row["object"]), row) for row in table]
    except (Unparsable, jsonpath.Unfound):
        return []
    if not any(values for values, _ in keyed):
        return []

    def less(one: tuple[list[Any], Any], other: tuple[list[Any], Any]) -> bool:
        return _comes_first(one[0], other[0], f"{whole} in [][][]reflect.Value", "sorter.go:375")

    return [row for _, row in go_sorted(keyed, less)]


def _path(path: str) -> str:
    try:
        return relaxed(path)
    except CommandError:
        return path


def _values(template: Template, obj: Mapping[str, Any]) -> list[Any]:
    found = jsonpath.find(template, obj)
    return found[0] if found else []


def _comes_first(one: list[Any], other: list[Any], path: str, source: str) -> bool:
    """Whether what was found in one object comes first; nothing comes before anything, and before nothing too."""
    if not one or not other:
        return not one
    try:
        return _less(one[0], other[0])
    except TypeError as error:
        text = f"Field {path} is an unsortable type: interface, err: {error}"
        raise Unsortable(text, source=source) from None


def _less(one: Any, other: Any) -> bool:
    """Whether a value comes first. TypeError if that cannot be said."""
    if one is None or other is None:
        return one is None and other is not None
    if type(one) not in (int, float, str):
        raise TypeError(f"unsortable type: {type_name(one)}")
    if type(one) is not type(other):
        raise TypeError("unsortable interface: interface")
    if isinstance(one, str) and (ours := _amount(one)) is not None and (theirs := _amount(other)) is not None:
        return ours < theirs
    less: bool = one < other
    return less


def _amount(text: str) -> Fraction | None:
    """What a text says as a quantity; None if it is none."""
    try:
        return quantity.amount(text)
    except ValueError:
        return None
