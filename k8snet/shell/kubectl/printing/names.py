"""Names: ``-o name``, and the lines that say what has become of an object: ``deployment.apps/web created``.

Source: k8s.io/cli-runtime, pkg/printers/name.go; k8s.io/kubectl, pkg/cmd/util/helpers.go (PrintFlagsWithDryRunStrategy).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8snet.errors import CommandError

DRY = {"none": "", "client": " (dry run)", "server": " (server dry run)"}
"""How a line ends that tells of a dry run, by what --dry-run says."""


def name(document: Mapping[str, Any]) -> str:
    """An object as kubectl names it.

    >>> name({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}})
    'pod/web'
    >>> name({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}})
    'deployment.apps/web'
    """
    kind, version = document.get("kind", ""), document.get("apiVersion", "")
    if not kind:
        raise CommandError("error: missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type")
    group = version.rpartition("/")[0]
    known = (document.get("metadata") or {}).get("name") or "<unknown>"
    return f"{kind.lower()}{f'.{group}' if group else ''}/{known}"


def text(document: Mapping[str, Any]) -> str:
    """A line for the object, or for each one of a List."""
    items = document.get("items", [document])
    return "".join(f"{name(each)}\n" for each in items)


def done(document: Mapping[str, Any], operation: str, dry_run: str = "none") -> str:
    r"""The line that says what was done; ``dry_run`` is none, client or server.

    >>> done({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}, "created", "server")
    'pod/web created (server dry run)\n'
    """
    return f"{name(document)} {operation}{DRY[dry_run]}\n"
