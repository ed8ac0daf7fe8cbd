"""kubectl delete: it sends DELETE, tells so, and waits until the objects are gone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from k8snet.errors import CommandError
from k8snet.shell.kubectl.changes import interrupted, versions
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT_OTHERS, dry_run, path
from k8snet.shell.kubectl.flags import TYPES, flag
from k8snet.shell.kubectl.printing.names import DRY
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.session import place
from k8snet.shell.kubectl.visiting import Error, ask, end, message

CASCADES = ("background", "foreground", "orphan")
UNSET = -1
"""The grace period, where the pods' own is meant."""
CLUSTER_WIDE = "Warning: deleting cluster-scoped resources, not scoped to the provided namespace"
FORCED = ("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. "
          "The resource may continue to run on the cluster indefinitely.")


def run(call: Call) -> None:
    """Delete what is meant; what is not there is told at the end."""
    cascade, grace = _cascade(call), _grace(call)
    dry_run(call)
    meant = wanted(call, names_needed=True, every=call["all"])
    if call["force"] and grace > 0:
        raise CommandError("error: --force and --grace-period greater than 0 cannot be specified together")
    if call["output"] not in ("", "name"):
        raise CommandError(f'error: unexpected -o output mode: {call["output"]}. We only support \'-o name\'')
    selects = call["all"] or call["selector"] or call["field-selector"]
    ignores = call["ignore-not-found"] if call.given("ignore-not-found") else selects
    errors = list[Error]()
    if grace == 0 and call["force"]:
        call.line(FORCED)
    count, deleted = 0, list[tuple[Named, str]]()
    for each in meant:
        origin = "" if isinstance(each, All) else each.origin
        try:
            for found in _found(call, each):
                count += 1
                deleted.append((found, _delete(call, found, grace, cascade)))
        except CommandError as error:
            errors.append(f'error when deleting "{origin}": {message(error)}' if origin else error)
        except Refused as error:
            if not (error.reason == "NotFound" and ignores):
                errors.append(error.when("deleting", origin) if origin else error)
    end(errors)
    if not count:
        call.line("No resources found")
    if call["wait"] and dry_run(call) == "none":
        for gone, uid in deleted:
            _await_end(call, gone, uid)


def _grace(call: Call) -> int:
    grace: int = call["grace-period"]
    if call["now"]:
        if grace != UNSET:
            raise CommandError("error: --now and --grace-period cannot be specified together")
        grace = 1
    return max(grace, 0) if call["force"] else grace or 1


def _cascade(call: Call) -> str:
    """How what belongs to the objects is deleted, as the API has it. CommandError."""
    value: str = call["cascade"]
    with suppress(ValueError):
        value = "background" if TYPES["bool"](value) else "orphan"
        call.line(f"warning: --cascade={call['cascade']} is deprecated (boolean value) and can be replaced with "
                  f"--cascade={value}.")
    if value not in CASCADES:
        raise CommandError(f'error: invalid cascade value ({value}). Must be "background", "foreground", or "orphan"')
    return value.capitalize()


def _found(call: Call, each: Named | All) -> list[Named]:
    if isinstance(each, Named):
        return [each]
    items = ask(call, each)["items"]
    return [Named(each.kind, item["metadata"]["name"], item["metadata"].get("namespace") or "") for item in items]


def _delete(call: Call, each: Named, grace: int, cascade: str) -> str:
    """Delete an object, and tell so; returns its uid, if it was asked for."""
    in_one = call.given("namespace") and not call["all-namespaces"]
    if in_one and not each.kind.namespaced and CLUSTER_WIDE not in call.terminal.text:
        call.line(CLUSTER_WIDE)
    options: dict[str, Any] = {"propagationPolicy": cascade}
    where, answer = place(each.kind, each.namespace, each.name), dict[str, Any]()
    if grace >= 0:
        options["gracePeriodSeconds"] = grace
    if dry_run(call) != "client":
        server = {"dryRun": ["All"]} if dry_run(call) == "server" else {}
        asked = {"dryRun": "All"} if server else {}
        answer = call.session.request("DELETE", where, asked, options | server)
    call.line(_told(call, each, forced=grace == 0))
    uid: str = ((answer.get("details") or answer.get("metadata") or {}).get("uid")) or ""
    return uid


def _await_end(call: Call, each: Named, uid: str) -> None:
    """Wait until that very object is gone; one of its name that comes after it is another. CommandError when time is up."""
    with suppress(Refused):
        there = call.session.fetch(each.kind, each.name, each.namespace)
        if there["metadata"]["uid"] != uid:
            return
        later = versions(call.session, each.kind, each.namespace, each.name, max(0.0, call["timeout"]) or None)
        if call.session.paused or any(document is None for document in later):
            return
        if call["timeout"] > 0:
            raise CommandError(f"error: timed out waiting for the condition on {each.kind.plural}/{each.name}")
        raise interrupted()


def _told(call: Call, each: Named, *, forced: bool) -> str:
    if call["output"] == "name":
        return path(each.kind, each.name)
    resource = f"{each.kind.kind.lower()}{f'.{each.kind.group}' if each.kind.group else ''}"
    where = f" from {each.namespace} namespace" if each.kind.namespaced else ""
    return f'{resource} "{each.name}"{" force" if forced else ""} deleted{where}{DRY[dry_run(call)]}'


COMMAND = Command(
    "delete", "delete ([-f FILENAME] | TYPE [(NAME | -l label | --all)]) [options]",
    "Delete resources by file names, stdin, resources and names, or by resources and label selector.", run,
    flags=(FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, flag("all", "bool"), flag("o, output"), flag("now", "bool"),
           flag("force", "bool"), flag("grace-period", "int", UNSET), flag("cascade", default="background", bare="background"),
           flag("ignore-not-found", "bool"), flag("wait", "bool", default=True), flag("timeout", "duration"),
           flag("dry-run", default="none", bare="unchanged")),
    others=("interactive", "i", "raw", *FILENAME_OTHERS, *OUTPUT_OTHERS),
)  # fmt: skip
