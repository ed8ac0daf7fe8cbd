"""Tables: what kubectl makes of a Table, the API server's answer to ``kubectl get``.

The server says which columns there are and what stands in them; here they are chosen (those of priority 1 only for ``-o wide``),
joined by columns for the namespace and for labels, and laid out. Source: k8s.io/cli-runtime, pkg/printers/tableprinter.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from k8snet.kube.goformat import printed
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.printing.columns import Aligner

Table = Mapping[str, Any]
FLUSH = 100
"""After so many rows kubectl writes what it has."""
_BREAKS = "\f\n\r"


class Options(Fact, frozen=True):
    """What one may ask of a table besides its own columns. ``prefix`` stands before each name: ``pod/``."""

    wide: bool = False
    headers: bool = True
    namespace: bool = False
    labels: tuple[str, ...] = ()
    show_labels: bool = False
    prefix: str = ""


def text(table: Table, *, labels: Sequence[str] = (), **options: Any) -> str:
    """A table laid out; nothing if it has no rows. For the other options see `Options`.

    >>> columns = [{"name": "Name", "type": "string", "format": "name"}, {"name": "Node", "type": "string", "priority": 1}]
    >>> rows = [{"cells": ["web", "node1"], "object": {"metadata": {"namespace": "default", "labels": {"app": "web"}}}}]
    >>> print(text({"columnDefinitions": columns, "rows": rows}, namespace=True, labels=["app"], prefix="pod/"), end="")
    NAMESPACE   NAME      APP
    default     pod/web   web
    """
    chosen = Options(labels=tuple(labels), **options)
    if not table["rows"]:
        return ""
    columns, rows = _decorated(table, chosen)
    shown = [place for place, column in enumerate(columns) if chosen.wide or not column.get("priority")]
    aligner = Aligner()
    return "".join(map(aligner.align, _flushes(_lines(columns, rows, shown, headers=chosen.headers), FLUSH + chosen.headers)))


def _flushes(lines: Iterator[str], first: int) -> Iterator[str]:
    """Lines, as many at a time as kubectl writes; the header goes with the first."""
    kept: list[str] = []
    for line in lines:
        kept.append(line)
        if len(kept) == first:
            yield "".join(kept)
            kept, first = [], FLUSH
    yield "".join(kept)


# --- more columns ------------------------------------------------------------------------------------------------


def _decorated(table: Table, options: Options) -> tuple[list[Mapping[str, Any]], list[list[Any]]]:
    """The columns and cells, with those for namespace and labels."""
    columns = list(table["columnDefinitions"])
    names = [place for place, each in enumerate(columns) if (each.get("format"), each.get("type")) == ("name", "string")]
    before = [{"name": "Namespace"}] if options.namespace else []
    after = [{"name": label.rpartition("/")[2]} for label in options.labels] + [{"name": "Labels"}] * options.show_labels
    whole = [*before, *columns, *after]
    return whole, [_cells(row, names[:1], len(whole), options) for row in table["rows"]]


def _cells(row: Mapping[str, Any], names: list[int], width: int, options: Options) -> list[Any]:
    cells = list(row["cells"])
    for name in names if options.prefix else ():
        cells[name] = f"{options.prefix}{printed(cells[name])}"
    metadata = (row.get("object") or {}).get("metadata")
    if metadata is None:
        return _unknown(cells, width, options)
    labels = metadata.get("labels") or {}
    added = [labels.get(label, "") for label in options.labels]
    if options.show_labels:
        added.append(",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>")
    return [*[metadata.get("namespace", "")] * options.namespace, *cells, *added]


def _unknown(cells: list[Any], width: int, options: Options) -> list[Any]:
    """The cells of a row without an object. Of those that are missing kubectl adds half: it counts what it has just added."""
    if not (options.namespace or options.labels or options.show_labels or options.prefix):
        return cells
    cells = [*[None] * options.namespace, *cells]
    return [*cells, *[None] * ((width - len(cells) + 1) // 2)]


# --- lines -------------------------------------------------------------------------------------------------------


def _lines(columns: Sequence[Mapping[str, Any]], rows: Sequence[list[Any]], shown: list[int], *, headers: bool) -> Iterator[str]:
    """The lines before they are aligned; cells of the first one are filled up to the longest of their column, in bytes.

    The longest cell is measured whole, even where only its beginning is shown.
    """
    longest = {place: max((len(_plain(row[place]).encode()) for row in rows if place < len(row)), default=0) for place in shown}
    last = shown[-1]
    if headers:
        yield _line(_filled(columns[place]["name"].upper(), longest[place], last=place == last) for place in shown)
    for number, row in enumerate(rows):
        least = longest if not headers and number == 0 else dict.fromkeys(longest, 0)
        yield _line(_cell(row[place], least[place], last=place == last) for place in shown if place < len(row))


def _line(cells: Iterable[str]) -> str:
    return "\t".join(cells) + "\n"


def _plain(cell: Any) -> str:
    return "" if cell is None else printed(cell)


def _cell(cell: Any, width: int, *, last: bool) -> str:
    """A cell as it is shown: its first line, and nothing that a terminal would obey."""
    plain = _plain(cell)
    end = min((place for sign in _BREAKS if (place := plain.find(sign)) >= 0), default=None)
    first = plain if end is None else f"{plain[:end]}..."
    shown = first.replace("\x1b", "^[")
    return shown if last else shown + " " * (width - len(plain.encode()))


def _filled(name: str, width: int, *, last: bool) -> str:
    return name if last else name + " " * (width - len(name.encode()))
