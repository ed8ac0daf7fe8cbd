"""All else: every field of an object by its name in words, as kubectl describes kinds that it has no describer for.

The names are the fields' own, taken apart at their capitals. Source: k8s.io/kubectl, pkg/describe (genericDescriber,
smartLabelFor); github.com/fatih/camelcase for where a name is taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from k8snet.kube.goformat import printed
from k8snet.kube.objects import Object
from k8snet.kube.rest.wire import document
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import Page
from k8snet.shell.kubectl.describing.settings import write_head
from k8snet.shell.kubectl.describing.source import Source

ELSEWHERE = frozenset(f".metadata.{field}" for field in ("managedFields", "name", "namespace", "labels", "annotations"))
"""What stands in the head, and what is not shown."""
ACRONYMS = ("API", "URL", "UID", "GUID")


def describe_any(page: Page, obj: Object, source: Source, told: Told) -> None:
    """An object of any kind."""
    write_head(page, obj)
    _write(page, document(obj), 0, "")


def _write(page: Page, content: Mapping[str, Any], level: int, path: str) -> None:
    for field, value in sorted(content.items()):
        if f"{path}.{field}" in ELSEWHERE:
            continue
        if not isinstance(value, dict | list):
            page.field(label(field), printed(value), level)
            continue
        page.line(f"{label(field)}:", level)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _write(page, each, level + 1, f"{path}.{field}")
            else:
                page.line(printed(each), level + 1)


# --- names --------------------------------------------------------------------------------------------------------

_RUNS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|-+")
"""Capitals up to the one that begins a word; a word; a hyphen."""


def label(field: str) -> str:
    """A field's name in words. Names with digits or dots stay as they are.

    >>> [label(name) for name in ("apiVersion", "leaseDurationSeconds", "podCIDRs", "uid", "app-name", "v1")]
    ['API Version', 'Lease Duration Seconds', 'Pod CIDRs', 'UID', 'App - Name', 'v1']
    """
    if not re.fullmatch(r"[A-Za-z-]+", field):
        return field
    return " ".join(map(_word, _joined(_RUNS.findall(field))))


def _joined(parts: list[str]) -> list[str]:
    """An acronym and the word with a capital behind it are one: CID, Rs are CIDRs."""
    found: list[str] = []
    closed = True
    for part in parts:
        if not closed and part[0].isupper():
            found[-1] += part
            closed = True
        else:
            found.append(part)
            closed = not (len(part) > 1 and part == part.upper())
    return found


def _word(part: str) -> str:
    if part.upper() in ACRONYMS:
        return part.upper()
    return part[:1].upper() + part[1:] if part == part.lower() else part
