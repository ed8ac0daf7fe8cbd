"""kubectl delete: it sends DELETE, tells so, and waits until the objects are gone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from k8snet.errors import CommandError
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT_OTHERS, dry_run, path
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.visiting import Error, ask, end

CASCADES = {"background": "Background", "true": "Background", "foreground": "Foreground", "orphan": "Orphan", "false": "Orphan"}
FORCED = ("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. "
          "The resource may continue to run on the cluster indefinitely.")


def run(call: Call) -> None:
    """Delete what is meant; what is not there is told at the end."""
    grace, cascade = _grace(call), _cascade(call)
    if call["output"] not in ("", "name"):
        raise CommandError(f'error: unexpected -o output mode: {call["output"]}. We only support \'-o name\'')
    if call["all"] and not call.args:
        raise CommandError("error: at least one resource must be specified to use a selector")
    errors = list[Error]()
    if grace == 0 and call["force"]:
        call.line(FORCED)
    deleted = list[Named]()
    for each in wanted(call, names_needed=True):
        try:
            for found in _found(call, each):
                deleted.append(found)
                _delete(call, found, grace, cascade)
        except Refused as error:
            if not (error.reason == "NotFound" and (call["ignore-not-found"] or isinstance(each, All))):
                errors.append(error)
    if call["wait"] and dry_run(call) == "none":
        _look_again(call, deleted)
    end(errors)
    if not deleted and not call["ignore-not-found"]:
        call.line("No resources found")


def _grace(call: Call) -> int:
    grace: int = call["grace-period"]
    if call["now"]:
        if call.given("grace-period"):
            raise CommandError("error: --now and --grace-period cannot be specified together")
        return 1
    if grace == 0 and not call["force"]:
        return 1
    if call["force"] and grace > 0:
        raise CommandError("error: --force and --grace-period greater than 0 cannot be specified together")
    return 0 if call["force"] else grace


def _cascade(call: Call) -> str:
    value = call["cascade"]
    if value not in CASCADES:
        raise CommandError(f'error: invalid cascade value ({value}). Must be "background", "foreground", or "orphan"')
    return CASCADES[value]


def _found(call: Call, each: Named | All) -> list[Named]:
    if isinstance(each, Named):
        return [each]
    items = ask(call, each)["items"]
    return [Named(each.kind, item["metadata"]["name"], item["metadata"].get("namespace") or "") for item in items]


def _delete(call: Call, each: Named, grace: int, cascade: str) -> None:
    options: dict[str, Any] = {"propagationPolicy": cascade}
    if grace >= 0:
        options["gracePeriodSeconds"] = grace
    if dry_run(call) != "client":
        server = {"dryRun": ["All"]} if dry_run(call) == "server" else {}
        asked = {"dryRun": "All"} if server else {}
        call.session.request("DELETE", each.kind.path(each.namespace, each.name), asked, options | server)
    call.line(_told(call, each, forced=grace == 0))


def _look_again(call: Call, deleted: list[Named]) -> None:
    """Real kubectl asks for each object whether it is gone, and waits otherwise; here all that waiting could do is done."""
    for each in deleted:
        with suppress(Refused):
            call.session.fetch(each.kind, each.name, each.namespace)


def _told(call: Call, each: Named, *, forced: bool) -> str:
    if call["output"] == "name":
        return path(each.kind, each.name)
    resource = f"{each.kind.kind.lower()}{f'.{each.kind.group}' if each.kind.group else ''}"
    where = f" from {each.namespace} namespace" if each.kind.namespaced else ""
    dry = {"none": "", "client": " (dry run)", "server": " (server dry run)"}[dry_run(call)]
    return f'{resource} "{each.name}"{" force" if forced else ""} deleted{where}{dry}'


COMMAND = Command(
    "delete", "delete ([-f FILENAME] | TYPE [(NAME | -l label | --all)]) [options]",
    "Delete resources by file names, stdin, resources and names, or by resources and label selector.", run,
    flags=(FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, flag("all", "bool"), flag("o, output"), flag("now", "bool"),
           flag("force", "bool"), flag("grace-period", "int", -1), flag("cascade", default="background", bare="background"),
           flag("ignore-not-found", "bool"), flag("wait", "bool", default=True), flag("timeout", "duration"),
           flag("dry-run", default="none", bare="unchanged")),
    others=("interactive", "i", "raw", *FILENAME_OTHERS, *OUTPUT_OTHERS),
)  # fmt: skip
