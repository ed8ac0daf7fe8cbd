"""What verbs that change objects print: ``pod/web created``, or the object in the form that ``-o`` asks for; and dry runs.

Source: k8s.io/cli-runtime, pkg/printers/name.go; k8s.io/kubectl, pkg/cmd/util/helpers.go (GetDryRunStrategy).
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import Kind
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import names

OUTPUT = (flag("o, output"),)
OUTPUT_OTHERS = ("template", "allow-missing-template-keys", "show-managed-fields")
DRY_RUN = flag("dry-run", default="none", bare="unchanged")
BARE = "--dry-run is deprecated and can be replaced with --dry-run=client."
FIELD_MANAGER = flag("field-manager")
"""It is taken and has no effect: the model keeps no managedFields."""
VALIDATE = flag("validate", default="strict", bare="strict")
CHANGES = (*OUTPUT, DRY_RUN, FIELD_MANAGER)
"""The flags of nearly all verbs that change something."""


def dry_run(call: Call) -> str:
    """``none``, ``client`` or ``server``. CommandError for anything else."""
    value: str = call["dry-run"]
    if value == "unchanged":
        if BARE not in call.terminal.text:
            call.line(f"{call.session.stamp('helpers.go:714', 'W')} {BARE}")
        return "client"
    if value not in ("none", "client", "server"):
        raise CommandError(f'error: Invalid dry-run value ({value}). Must be "none", "server", or "client".')
    return value


def query(call: Call, **more: str) -> dict[str, str]:
    """The query of a request that changes something: dryRun if it is to change nothing."""
    server = {"dryRun": "All"} if call.has("dry-run") and dry_run(call) == "server" else {}
    manager = {"fieldManager": call["field-manager"] or f"kubectl-{call.path.split()[1]}"} if call.has("field-manager") else {}
    return {**server, **manager, **more}


def emit(call: Call, document: dict[str, Any], operation: str, *, says_dry: bool = True) -> None:
    """Print what has become of an object: in words, or as ``-o`` asks. ``says_dry``: it is told that a dry run was one."""
    form = call["output"] if call.has("output") else ""
    if form in ("", "name"):
        how = dry_run(call) if call.has("dry-run") and says_dry else "none"
        call.terminal.print(names.text(document) if form == "name" else names.done(document, operation, how))
    else:
        call.terminal.print(formats.text(form, document))


def path(kind: Kind, name: str) -> str:
    """An object as kubectl names it: ``pod/web``, ``deployment.apps/web``."""
    return f"{kind.kind.lower()}{f'.{kind.group}' if kind.group else ''}/{name}"
