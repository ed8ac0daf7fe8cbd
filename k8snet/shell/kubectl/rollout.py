"""kubectl rollout: the family, and the verbs of it that change a workload's template or stop its rollout.

How a rollout goes is told in rollout_status.py, its revisions in rollout_history.py. Source: k8s.io/kubectl, pkg/cmd/rollout,
pkg/polymorphichelpers (objectrestarter.go, objectpauser.go, objectresumer.go).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.shell.kubectl import rollout_history, rollout_status
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import DRY_RUN, FIELD_MANAGER, OUTPUT, OUTPUT_OTHERS, check_flags, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import Error, Found, end, fetched

RESTARTED = "kubectl.kubernetes.io/restartedAt"
Patch = dict[str, Any]


def check_named(call: Call) -> None:
    """Refuse a command line that names nothing."""
    if not call.args and not call["filename"]:
        raise CommandError("error: required resource not specified")


# --- restart, pause, resume ---------------------------------------------------------------------------------------


def _restart(call: Call, found: Found) -> Patch | str:
    """The patch, or why there is none. The time is in whole seconds, so two restarts at once are one."""
    if found.kind.kind not in ("Deployment", "DaemonSet"):
        return "restarting is not supported"
    if found.kind.kind == "Deployment" and found.document["spec"].get("paused"):
        return "can't restart paused deployment (run rollout resume first)"
    now = f"{call.session.now:%Y-%m-%dT%H:%M:%SZ}"
    notes = (found.document["spec"]["template"].get("metadata") or {}).get("annotations") or {}
    same = notes.get(RESTARTED) == now
    return {} if same else {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}


def _pause(call: Call, found: Found) -> Patch | str:
    if found.kind.kind != "Deployment":
        return "pausing is not supported"
    return "is already paused" if found.document["spec"].get("paused") else {"spec": {"paused": True}}


def _resume(call: Call, found: Found) -> Patch | str:
    if found.kind.kind != "Deployment":
        return "resuming is not supported"
    return {"spec": {"paused": None}} if found.document["spec"].get("paused") else "is not paused"


def _changing(make: Callable[[Call, Found], Patch | str], done: str) -> Callable[[Call], None]:
    """A verb that sends each object a patch."""

    def run(call: Call) -> None:
        check_named(call)
        check_flags(call, late=True)
        found, errors = fetched(call, wanted(call))
        if not found and not errors:
            call.line(f"No resources found in {call.namespace} namespace.")
        for each in found:
            _change(call, each, make(call, each), done, errors)
        end(errors)

    return run


def _change(call: Call, found: Found, patch: Patch | str, done: str, errors: list[Error]) -> None:
    if isinstance(patch, str):
        errors.append(f'error: {found.kind.resource} "{found.name}" {patch}')
        return
    if not patch:
        errors.append(f"failed to create patch for {found.name}: if restart has already been triggered within the past second, "
                      "please wait before attempting to trigger another")
        return
    try:
        after = call.session.request("PATCH", found.place, query(call), patch, content_type=STRATEGIC_PATCH)
    except Refused as error:
        errors.append(f"failed to patch: {error.status['message']}")
    else:
        emit(call, ordered(after), done)


# --- the family ---------------------------------------------------------------------------------------------------

SELECTING = (FILENAME, SELECTOR)


def _change_command(name: str, about: str, run: Callable[[Call], None]) -> Command:
    return Command(name, f"rollout {name} RESOURCE [options]", about, run, flags=(*SELECTING, *OUTPUT, FIELD_MANAGER),
                   others=(*FILENAME_OTHERS, *OUTPUT_OTHERS))  # fmt: skip


NAMED = "(TYPE NAME | TYPE/NAME) [options]"
COMMAND = Command(
    "rollout", "rollout SUBCOMMAND", "Manage the rollout of one or many resources.",
    subcommands=(
        Command("history", f"rollout history {NAMED}", "View rollout history", rollout_history.show,
                flags=(*SELECTING, *OUTPUT, flag("revision", "int")), others=(*FILENAME_OTHERS, *OUTPUT_OTHERS)),
        _change_command("pause", "Mark the provided resource as paused", _changing(_pause, "paused")),
        _change_command("restart", "Restart a resource", _changing(_restart, "restarted")),
        _change_command("resume", "Resume a paused resource", _changing(_resume, "resumed")),
        Command("status", f"rollout status {NAMED}", "Show the status of the rollout", rollout_status.run,
                flags=(*SELECTING, flag("revision", "int"), flag("timeout", "duration"), flag("w, watch", "bool", default=True)),
                others=FILENAME_OTHERS),
        Command("undo", f"rollout undo {NAMED}", "Undo a previous rollout", rollout_history.undo,
                flags=(*SELECTING, *OUTPUT, DRY_RUN, flag("to-revision", "int")), others=(*FILENAME_OTHERS, *OUTPUT_OTHERS)),
    ),
)  # fmt: skip
