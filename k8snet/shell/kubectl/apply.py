"""kubectl apply -f: create what is not there, patch what is, and note in an annotation what was applied."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create import LAST_APPLIED, annotated, check_output
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, VALIDATE, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.patching import apply_patch
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, Named, from_files
from k8snet.shell.kubectl.visiting import Error, end

STRATEGIC = "application/strategic-merge-patch+json"
MANAGER = "kubectl-client-side-apply"


def run(call: Call) -> None:
    """Apply the objects of files, one after another; what is refused is told at the end."""
    if call.args:
        raise call.misused(f"Unexpected args: [{' '.join(call.args)}]")
    if not call["filename"]:
        raise CommandError("error: must specify one of -f and -k")
    check_output(call)
    objects = from_files(call)
    if not objects:
        raise CommandError("error: no objects passed to apply")
    errors = list[Error]()
    for each in objects:
        try:
            _apply(call, each)
        except (Refused, CommandError) as error:
            errors.append(error)
    end(errors)


def _apply(call: Call, each: Named) -> None:
    document = _with_namespace(each)
    if not each.name:
        raise CommandError(f"error: error when retrieving current configuration of:\n{_where(each)}\n"
                           f'from server for: "{each.origin}": resource name may not be empty')
    try:
        live = call.session.fetch(each.kind, each.name, each.namespace)
    except Refused as error:
        if error.reason != "NotFound":
            raise error.when("retrieving current configuration of:", each.origin) from None
        _create(call, each, document)
        return
    _patch(call, each, document, live)


def _create(call: Call, each: Named, document: dict[str, Any]) -> None:
    made = annotated(document)
    if dry_run(call) != "client":
        asked = query(call, fieldManager=call["field-manager"] or MANAGER, fieldValidation="Strict")
        try:
            made = call.session.request("POST", each.kind.path(each.namespace), asked, made)
        except Refused as error:
            _look_at_namespace(call, each, error)
            raise error.when("creating", each.origin) from None
    emit(call, made, "created")


def _look_at_namespace(call: Call, each: Named, error: Refused) -> None:
    """Real kubectl asks whether it is the namespace that is missing, to say no more than the server has said."""
    if error.reason == "NotFound":
        with suppress(Refused):
            call.session.fetch(KINDS["Namespace"], each.namespace, "")


def _patch(call: Call, each: Named, document: dict[str, Any], live: dict[str, Any]) -> None:
    subject = f"{each.kind.plural}/{each.name}"
    if LAST_APPLIED not in (live["metadata"].get("annotations") or {}):
        call.line(
            f"Warning: resource {subject} is missing the {LAST_APPLIED} annotation which is required by "
            "kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create "
            "--save-config or kubectl apply. "
            "The missing annotation will be patched automatically.")
    if live["metadata"].get("deletionTimestamp"):
        call.line(f"Warning: Detected changes to resource {each.name} which is currently being deleted.")
    patch = apply_patch(document, live)
    if not patch:
        emit(call, live, "unchanged")
        return
    after = live
    if dry_run(call) != "client":
        asked = query(call, fieldManager=call["field-manager"] or MANAGER, fieldValidation="Strict")
        try:
            after = call.session.request("PATCH", each.kind.path(each.namespace, each.name), asked, patch, content_type=STRATEGIC)
        except Refused as error:
            raise _applying(error, each, patch) from None
    emit(call, after, "configured")


def _applying(error: Refused, each: Named, patch: dict[str, Any]) -> Refused:
    text = json.dumps(patch, separators=(",", ":"), sort_keys=True)
    return error.told(f'error when applying patch:\n{text}\nto:\n{_where(each)}\nfor: "{each.origin}": '
                      f'error when patching "{each.origin}": ')


def _where(each: Named) -> str:
    """An object as apply names it where something goes wrong."""
    version = each.kind.api_version if each.kind.group else f"/{each.kind.api_version}"
    return (f'Resource: "{version}, Resource={each.kind.plural}", GroupVersionKind: "{version}, Kind={each.kind.kind}"\n'
            f'Name: "{each.name}", Namespace: "{each.namespace}"')


def _with_namespace(each: Named) -> dict[str, Any]:
    document = each.document or {}
    if not each.kind.namespaced:
        return document
    return document | {"metadata": {**(document.get("metadata") or {}), "namespace": each.namespace}}


COMMAND = Command(
    "apply", "apply -f FILENAME", "Apply a configuration to a resource by file name or stdin.", run,
    flags=(FILENAME, SELECTOR, *CHANGES, VALIDATE, flag("overwrite", "bool", default=True)),
    others=("all", "cascade", "force", "force-conflicts", "grace-period", "openapi-patch", "prune", "prune-allowlist",
            *FILENAME_OTHERS, "server-side", "subresource", "timeout", "wait", *OUTPUT_OTHERS,
            "edit-last-applied", "set-last-applied", "view-last-applied"),
)  # fmt: skip
