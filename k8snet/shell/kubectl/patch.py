"""kubectl patch: a change of one object, as JSON or YAML on the command line."""

from __future__ import annotations

import json
import re
from typing import Any

from k8snet.errors import ApiError, CommandError
from k8snet.kube import goyaml, strategic
from k8snet.kube.gowords import Unreadable
from k8snet.kube.rest import bodies, patching
from k8snet.kube.rest.http import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, wanted
from k8snet.shell.kubectl.visiting import Found, act_on

UNREADABLE = {"merge": "Invalid JSON Patch", "strategic": "invalid JSON document"}
"""What kubectl says of a patch that it cannot read, where it does not ask the server; of JSON patches it says what is wrong."""
TYPES = {"json": JSON_PATCH, "merge": MERGE_PATCH, "strategic": STRATEGIC_PATCH}


def run(call: Call) -> None:
    """Patch what is meant."""
    check_flags(call, late=True)
    if not call["patch"]:
        raise CommandError("error: must specify --patch or --patch-file containing the contents of the patch")
    if call["type"] not in TYPES:
        raise CommandError(f'error: --type must be one of [json merge strategic], not "{call["type"]}"')
    change = _read(call["patch"])
    act_on(call, wanted(call, names_needed=True), lambda found: _patch(call, found, change))


def _read(text: str) -> str:
    """What to send: what begins as JSON does as it is, whatever it may be, and YAML as JSON. CommandError."""
    if text.lstrip().startswith("{"):
        return text
    try:
        return json.dumps(goyaml.read(text))
    except Unreadable as error:
        why = str(error).removeprefix("error converting YAML to JSON: ")
        raise CommandError(f'error: unable to parse "{text}": {why}') from error


def _patch(call: Call, found: Found, change: str) -> None:
    if dry_run(call) == "client":
        after = _locally(found, change, call["type"])
    else:
        after = call.session.request("PATCH", found.place, query(call), change, content_type=TYPES[call["type"]])
    emit(call, after, "patched (no change)" if after == found.document else "patched", says_dry=False)


def _locally(found: Found, change: str, how: str) -> dict[str, Any]:
    """What becomes of an object without the server. CommandError."""
    try:
        patch = bodies.read_json(change)
    except Unreadable as error:
        syntax = re.sub(r"^json: offset \d+: ", "", str(error))
        raise CommandError(f"error: {UNREADABLE.get(how, syntax)}") from error
    if how == "merge" and isinstance(patch, list):
        raise CommandError("error: json: cannot unmarshal array into Go value of type unstructured.detector")
    if how != "json" and not isinstance(patch, dict):
        raise CommandError(f"error: {UNREADABLE[how]}")
    after: dict[str, Any]
    try:
        if how == "strategic":
            after = strategic.merged(found.document, patch, found.kind.type)
        else:
            after = (patching.operated if how == "json" else patching.merged)(found.document, patch)
    except (ApiError, patching.DoesNotApply) as error:
        raise CommandError(f"error: {error}") from error
    return after


COMMAND = Command(
    "patch", "patch (-f FILENAME | TYPE NAME) [-p PATCH]", "Update fields of a resource.", run,
    flags=(FILENAME, *CHANGES, flag("p, patch"), flag("type", default="strategic")),
    others=(*FILENAME_OTHERS, "local", "patch-file", "record", "subresource", *OUTPUT_OTHERS),
)  # fmt: skip
