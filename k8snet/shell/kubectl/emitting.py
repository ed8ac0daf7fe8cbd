"""What verbs that change objects print: ``pod/web created``, or the object in the form that ``-o`` asks for; and dry runs.

Source: k8s.io/cli-runtime, pkg/printers/name.go; k8s.io/kubectl, pkg/cmd/util/helpers.go (GetDryRunStrategy).
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.gowords import quoted
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
SAVE_CONFIG = flag("save-config", "bool")
VALIDATE = flag("validate", default="strict", bare="strict")
VALIDATIONS = {"true": "Strict", "strict": "Strict", "warn": "Warn", "false": "Ignore", "ignore": "Ignore"}
"""What --validate may say, and how the server's parameter fieldValidation says it."""
CHANGES = (*OUTPUT, DRY_RUN, FIELD_MANAGER)
"""The flags of nearly all verbs that change something."""


def check_flags(call: Call, *, late: bool = False) -> None:
    """Refuse an unknown ``--dry-run``, ``-o`` or ``--validate`` before anything is changed.

    ``late``: each object has a printer of its own, so that a wrong ``-o`` is only told where there is something to print.
    """
    if call.has("dry-run"):
        dry_run(call)
    call.shares_printer = not late
    try:
        if call["output"]:
            formats.check(call["output"])
    except CommandError:
        if not late:
            raise
    if call.has("validate") and call["validate"] not in VALIDATIONS:
        raise CommandError(f"error: invalid - validate option {quoted(call['validate'])}; "
                           "must be one of: strict (or true), warn, ignore (or false)")


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
    """The query of a request that changes something: dryRun if it is to change nothing, and what becomes of unknown fields."""
    server = {"dryRun": "All"} if call.has("dry-run") and dry_run(call) == "server" else {}
    manager = {"fieldManager": call["field-manager"] or f"kubectl-{call.verb}"} if call.has("field-manager") else {}
    strict = {"fieldValidation": VALIDATIONS[call["validate"]]} if call.has("validate") else {}
    return {**server, **manager, **strict, **more}


def emit(call: Call, document: dict[str, Any], operation: str, *, says_dry: bool = True) -> None:
    """Print what has become of an object: in words, or as ``-o`` asks. ``says_dry``: it is told that a dry run was one."""
    form = call["output"] if call.has("output") else ""
    if form in ("", "name"):
        how = dry_run(call) if call.has("dry-run") and says_dry else "none"
        call.terminal.print(names.text(document) if form == "name" else names.done(document, operation, how))
    else:
        text = formats.text(form, document)
        call.terminal.print(f"---\n{text}" if call.shares_printer and call.printed and form.lower() == "yaml" else text)
        call.printed += 1


def path(kind: Kind, name: str) -> str:
    """An object as kubectl names it: ``pod/web``, ``deployment.apps/web``."""
    return f"{kind.kind.lower()}{f'.{kind.group}' if kind.group else ''}/{name}"
