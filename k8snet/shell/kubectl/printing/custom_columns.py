"""``-o custom-columns=…``: a table whose columns are JSONPaths of one's own.

The paths may be written without braces and without the first dot. What has nothing at a path shows ``<none>``. Whatever goes
wrong in an object stops the table there: what came before it has been printed.
Source: k8s.io/kubectl, pkg/cmd/get/customcolumn.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.goformat import printed
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.printing import jsonpath
from k8snet.shell.kubectl.printing.columns import Aligner
from k8snet.shell.kubectl.printing.jsonpath_syntax import Template, Unparsable, parse

_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
_FORM = "Expected format is one line of space separated headers, one line of space separated column specs."


class Column(Fact, frozen=True):
    """A header, and a path in full: ``{.metadata.name}``."""

    header: str
    path: str


def text(spec: str, document: Any, *, headers: bool = True) -> str:
    """The table of an object, or of a List, for columns ``HEADER:path,…``. CommandError in kubectl's words.

    >>> pod = {"metadata": {"name": "web"}, "spec": {}}
    >>> print(text("NAME:.metadata.name,NODE:spec.nodeName", pod), end="")
    NAME   NODE
    web    <none>
    """
    return laid_out(columns(spec), document, headers=headers)


def text_by_file(template: str, document: Any) -> str:
    r"""The same where a file says in two lines what the headers and the paths are; ``--no-headers`` has no effect then.

    >>> print(text_by_file("NAME NODE\nmetadata.name spec.nodeName\n", {"metadata": {"name": "web"}}), end="")
    NAME   NODE
    web    <none>
    """
    return laid_out(columns_by_file(template), document)


def columns(spec: str) -> list[Column]:
    """The columns of ``HEADER:path,HEADER:path``."""
    if not spec:
        raise CommandError("error: custom-columns format specified but no custom columns given")
    found = []
    for part in spec.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise CommandError(f"error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        found.append(Column(header, relaxed(path)))
    return found


def columns_by_file(template: str) -> list[Column]:
    """The columns of a file's first two lines."""
    lines = template.split("\n")
    for place, what in enumerate(("header", "spec")):
        if len(lines) <= place or lines[place:] == [""]:
            raise CommandError(f"error: invalid template, missing {what} line. {_FORM}")
    names, paths = lines[0].split(), lines[1].split()
    if len(names) != len(paths):
        raise CommandError(f"error: number of headers ({len(names)}) and field specifications ({len(paths)}) don't match")
    return [Column(name, relaxed(path)) for name, path in zip(names, paths, strict=True)]


def relaxed(path: str) -> str:
    """A path in full, however it was written.

    >>> relaxed("metadata.name"), relaxed("{.metadata.name}")
    ('{.metadata.name}', '{.metadata.name}')
    """
    found = _RELAXED.fullmatch(path)
    if found is None and path:
        forms = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        raise CommandError(f"error: unexpected path string, expected a {forms}")
    return f"{{.{found[1] or found[2]}}}" if found else ""


def laid_out(chosen: Sequence[Column], document: Any, *, headers: bool = True) -> str:
    """The table, one line for each object."""
    lines = ["\t".join(each.header for each in chosen) + "\n"] * headers
    items = document["items"] if isinstance(document.get("items"), list) else [document]
    try:
        templates = [parse(each.path) for each in chosen]
        for item in items:
            lines.append("\t".join(_cell(template, item) for template in templates) + "\n")
    except (Unparsable, jsonpath.Unfound) as error:
        raise CommandError(f"{Aligner().align(''.join(lines))}error: {error}") from None
    return Aligner().align("".join(lines))


def _cell(template: Template, item: Any) -> str:
    parts = jsonpath.find(template, item)
    values = [printed(value).replace("\x1b", "^[").replace("\r", "\\r") for part in parts for value in part]
    return ",".join(["<none>"] * (not parts or not parts[0]) + values)
