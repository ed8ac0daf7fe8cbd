"""What `kubectl apply` and ``--save-config`` note in an annotation, and what they send to create or change an object.

How a patch comes about is in threeway.py. Source: k8s.io/kubectl, pkg/cmd/apply (patcher.go), pkg/util/apply.go.
"""

from __future__ import annotations

import json
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import Kind
from k8snet.shell.kubectl.printing.json import Struct, compact
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.threeway import three_way_patch

Document = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def annotated(document: Document) -> Document:
    """A document that says in an annotation what it was, for the next `kubectl apply`; a struct stays one."""
    about, typed = document.get("metadata") or {}, isinstance(document, Struct)
    notes = {key: value or "" for key, value in (about.get("annotations") or {}).items() if key != LAST_APPLIED}
    plain = document if typed else document | {"metadata": {**about, "annotations": notes}}
    marked = document | {"metadata": {**about, "annotations": {**notes, LAST_APPLIED: f"{compact(plain)}\n"}}}
    return ordered(marked) if typed else marked


def fresh(document: Document) -> Document:
    """A document as it is sent to be created: whatever version it says it is of, there is none yet."""
    about = {key: value for key, value in (document.get("metadata") or {}).items() if key != "resourceVersion"}
    return document | {"metadata": about}


def without_nulls(value: Any) -> Any:
    """A document without the fields that are null: `kubectl apply` does not send them where it creates something.

    >>> without_nulls({"a": None, "b": [{"c": None, "d": 1}]})
    {'b': [{'d': 1}]}
    """
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def apply_patch(manifest: Document, live: Document, kind: Kind) -> Document:
    """What `kubectl apply` sends for a manifest where ``live`` is there; empty if there is nothing to change.

    CommandError if the annotation, which anybody may write, holds no object.
    """
    wish = annotated(manifest)
    return three_way_patch(_last(wish, live), wish, live, kind.type)


def _last(wish: Document, live: Document) -> Document:
    """What was applied the last time."""
    noted = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED) or "{}"
    try:
        last = json.loads(noted)
    except ValueError:
        last = noted
    if not isinstance(last, dict | None):
        raise CommandError(f"error: creating patch with:\noriginal:\n{noted}\nmodified:\n{compact(wish)}\n\n"
                           f"current:\n{compact(live)}\n\nfor: invalid JSON document")
    return last or {}
