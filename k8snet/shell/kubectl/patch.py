"""kubectl patch: a change of one object, as JSON or YAML on the command line."""

from __future__ import annotations

from typing import Any

import yaml

from k8snet.errors import CommandError
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create import check_output
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, Named, wanted

TYPES = {"json": "application/json-patch+json", "merge": "application/merge-patch+json",
         "strategic": "application/strategic-merge-patch+json"}  # fmt: skip


def run(call: Call) -> None:
    """Patch what is meant."""
    if call["type"] not in TYPES:
        raise CommandError(f'error: --type must be one of [json merge strategic], not "{call["type"]}"')
    if not call["patch"]:
        raise CommandError("error: must specify --patch or --patch-file containing the contents of the patch")
    check_output(call)
    change = _read(call["patch"])
    for each in wanted(call, names_needed=True):
        if isinstance(each, Named):
            _patch(call, each, change)


def _read(text: str) -> Any:
    """What to send: what looks like JSON as it is, whatever it may be, and YAML read."""
    if text.lstrip().startswith(("{", "[")):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CommandError(f'error: unable to parse "{text}": {error}') from error


def _patch(call: Call, each: Named, change: Any) -> None:
    before = call.session.fetch(each.kind, each.name, each.namespace)
    after = before
    if dry_run(call) != "client":
        where = each.kind.path(each.namespace, each.name)
        after = call.session.request("PATCH", where, query(call), change, content_type=TYPES[call["type"]])
    same = before["metadata"].get("resourceVersion") == after["metadata"].get("resourceVersion") and dry_run(call) == "none"
    emit(call, after, "patched (no change)" if same else "patched", says_dry=False)


COMMAND = Command(
    "patch", "patch (-f FILENAME | TYPE NAME) [-p PATCH]", "Update fields of a resource.", run,
    flags=(FILENAME, *CHANGES, flag("p, patch"), flag("type", default="strategic")),
    others=(*FILENAME_OTHERS, "local", "patch-file", "subresource", *OUTPUT_OTHERS),
)  # fmt: skip
