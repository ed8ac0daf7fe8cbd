"""kubectl set selector: give a Service another selector, which takes the place of the one that it has.

Source: k8s.io/kubectl, pkg/cmd/set/set_selector.go; k8s.io/apimachinery, pkg/apis/meta/v1/helpers.go (ParseToLabelSelector).
"""

from __future__ import annotations

import re
from typing import Any

from k8snet.errors import ApiError, CommandError
from k8snet.kube import labels
from k8snet.kube.gowords import quoted
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, wanted
from k8snet.shell.kubectl.visiting import Found, visit

ABOVE = {"Gt": "gt", "Lt": "lt"}
"""Operators that no object's selector has, as they are named."""


def run(call: Call) -> None:
    """Set the selector of what is meant, up to the first that has none."""
    if call.has("dry-run"):
        dry_run(call)
    chosen = _read(call.args[-1]) if call.args else None
    check_flags(call)
    if chosen is None:
        raise CommandError("error: one selector is required")
    for each in visit(call, wanted(call, call.args[:-1], names_needed=not call["all"], every=call["all"])):
        if not isinstance(each, Found):
            raise each
        _change(call, each, chosen)


def _read(text: str) -> tuple[labels.Requirement, ...]:
    try:
        found = labels.parse(text)
    except ApiError as error:
        raise CommandError(f'error: couldn\'t parse the selector string "{text}": {error}') from None
    for each in found:
        if each.operator in ABOVE:
            raise CommandError(f"error: {quoted(ABOVE[each.operator])} isn't supported in label selectors")
        if each.operator == "NotIn" and re.search(rf"(^|,)\s*{re.escape(each.key)}\s*!=", text):
            raise CommandError('error: "!=" is not a valid label selector operator')
    return found


def _change(call: Call, found: Found, chosen: tuple[labels.Requirement, ...]) -> None:
    if found.kind.kind != "Service":
        raise CommandError("error: setting a selector is only supported for Services")
    terms = [each for each in chosen if not _is_equal(each, call.args[-1])]
    if terms:
        shown = " ".join(f"{{{each.key} {each.operator} [{' '.join(each.values)}]}}" for each in terms)
        raise CommandError(f"error: match expression [{shown}] not supported on this object")
    new = {each.key: each.values[0] for each in chosen}
    if dry_run(call) == "client":
        spec = {key: value for key, value in found.document["spec"].items() if key != "selector"}
        emit(call, ordered(found.document | {"spec": spec | ({"selector": new} if new else {})}), "selector updated")
        return
    manager = call["field-manager"] or "kubectl-set"
    after = call.session.request("PATCH", found.place, query(call, fieldManager=manager), _patch(found, new),
                                 content_type=STRATEGIC_PATCH)
    emit(call, ordered(after), "selector updated")


def _is_equal(each: labels.Requirement, text: str) -> bool:
    """Whether a condition was written ``key=value``, and not as a set with one value."""
    as_set = re.search(rf"(^|,)\s*{re.escape(each.key)}\s+in\s*\(", text)
    return each.operator == "In" and len(each.values) == 1 and not as_set


def _patch(found: Found, new: dict[str, str]) -> dict[str, Any]:
    """What is other than it was."""
    old = found.document["spec"].get("selector") or {}
    if not new:
        return {"spec": {"selector": None}} if old else {}
    gone: dict[str, str | None] = {key: None for key in old if key not in new}
    differs = gone | {key: value for key, value in new.items() if old.get(key) != value}
    return {"spec": {"selector": differs}} if differs else {}


COMMAND = Command(
    "selector", "set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    "Set the selector on a resource", run, flags=(FILENAME, *CHANGES, flag("all", "bool")),
    others=("local", "record", "resource-version", *FILENAME_OTHERS, *OUTPUT_OTHERS),
)  # fmt: skip
