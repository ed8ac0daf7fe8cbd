"""kubectl apply -f: create what is not there, patch what is, and note in an annotation what was applied."""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube import strategic
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, VALIDATE, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.patching import LAST_APPLIED, annotated, apply_patch, fresh, without_nulls
from k8snet.shell.kubectl.printing.json import Struct, compact
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, Named, from_files
from k8snet.shell.kubectl.session import place
from k8snet.shell.kubectl.visiting import Error, ask, end, message

MANAGER = "kubectl-client-side-apply"


def run(call: Call) -> None:
    """Apply the objects of files, one after another; what is refused is told at the end."""
    if call.args:
        raise call.misused(f"Unexpected args: [{' '.join(call.args)}]")
    if not call["filename"]:
        raise CommandError("error: must specify one of -f and -k")
    check_flags(call, late=True)
    if not call["overwrite"]:
        raise NotModelled("kubectl apply --overwrite=false", known="--overwrite")
    objects = from_files(call)
    if not objects:
        raise CommandError("error: no objects passed to apply")
    errors: list[Error] = [each for each in objects if not isinstance(each, Named)]
    documents = list[dict[str, Any]]()
    for each in objects:
        if not isinstance(each, Named):
            continue
        try:
            document, outcome = _apply(call, each)
            documents.append(document)
            if call["output"] in ("", "name"):
                emit(call, document, outcome)
        except (Refused, CommandError) as error:
            errors.append(error)
    end(errors)
    if call["output"] not in ("", "name"):
        whole = documents[0] if len(documents) == 1 else Struct(kind="List", apiVersion="v1", metadata={}, items=documents)
        emit(call, whole, "")


def _apply(call: Call, each: Named) -> tuple[dict[str, Any], str]:
    """Apply one object: what it is then, and what has been done."""
    if not each.name and (beginning := ((each.document or {}).get("metadata") or {}).get("generateName")):
        raise CommandError(f"error: from {beginning}: cannot use generate name with apply")
    try:
        live = ask(call, each)
    except CommandError as error:
        raise CommandError(f"error: error when retrieving current configuration of:\n{_where(each)}\n"
                           f'from server for: "{each.origin}": {message(error)}') from error
    except Refused as error:
        if error.reason != "NotFound":
            raise error.when("retrieving current configuration of:", each.origin) from None
        return _create(call, each), "created"
    return _patch(call, each, live)


def _create(call: Call, each: Named) -> dict[str, Any]:
    made: dict[str, Any] = without_nulls(annotated(each.placed))
    if dry_run(call) != "client":
        asked = query(call, fieldManager=call["field-manager"] or MANAGER)
        try:
            made = call.session.request("POST", place(each.kind, each.namespace), asked, fresh(made))
        except Refused as error:
            raise error.when("creating", each.origin) from None
    return made


def _patch(call: Call, each: Named, live: dict[str, Any]) -> tuple[dict[str, Any], str]:
    subject = f"{each.kind.plural}/{each.name}"
    if LAST_APPLIED not in (live["metadata"].get("annotations") or {}):
        call.line(
            f"Warning: resource {subject} is missing the {LAST_APPLIED} annotation which is required by "
            "kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create "
            "--save-config or kubectl apply. "
            "The missing annotation will be patched automatically.")
    if live["metadata"].get("deletionTimestamp"):
        call.line(f"Warning: Detected changes to resource {each.name} which is currently being deleted.")
    try:
        patch = apply_patch(each.placed, live, each.kind)
    except CommandError as error:
        raise CommandError(f"error: {_applying(each)}{message(error)}") from None
    if not patch:
        return live, "unchanged"
    if dry_run(call) == "client":
        after = strategic.merged(live, patch, each.kind.type)
    else:
        asked = query(call, fieldManager=call["field-manager"] or MANAGER)
        try:
            where = place(each.kind, each.namespace, each.name)
            after = call.session.request("PATCH", where, asked, patch, content_type=STRATEGIC_PATCH)
        except Refused as error:
            raise error.told(_applying(each, patch)) from None
    return after, "configured"


def _applying(each: Named, patch: dict[str, Any] | None = None) -> str:
    """What was being done when a patch failed, or even its making."""
    text = "" if patch is None else compact(patch)
    return (f'error when applying patch:\n{text}\nto:\n{_where(each)}\nfor: "{each.origin}": '
            f'error when patching "{each.origin}": ')


def _where(each: Named) -> str:
    """An object as apply names it where something goes wrong."""
    version = each.kind.api_version if each.kind.group else f"/{each.kind.api_version}"
    return (f'Resource: "{version}, Resource={each.kind.plural}", GroupVersionKind: "{version}, Kind={each.kind.kind}"\n'
            f'Name: "{each.name}", Namespace: "{each.namespace}"')


COMMAND = Command(
    "apply", "apply -f FILENAME", "Apply a configuration to a resource by file name or stdin.", run,
    flags=(FILENAME, SELECTOR, *CHANGES, VALIDATE, flag("overwrite", "bool", default=True)),
    others=("all", "record", "cascade", "force", "force-conflicts", "grace-period", "openapi-patch", "prune", "prune-allowlist",
            *FILENAME_OTHERS, "server-side", "subresource", "timeout", "wait", *OUTPUT_OTHERS,
            "edit-last-applied", "set-last-applied", "view-last-applied"),
)  # fmt: skip
