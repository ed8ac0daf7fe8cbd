"""kubectl events: what components have told of, in the order of time. With -w it ends with what there is.

Source: k8s.io/kubectl, pkg/cmd/events.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import KINDS, Event, Kind
from k8snet.kube.rest.durations import age
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT, OUTPUT_OTHERS
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import names
from k8snet.shell.kubectl.printing.columns import Aligner
from k8snet.shell.kubectl.printing.gosort import go_sorted
from k8snet.shell.kubectl.printing.json import Struct
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, kind_named
from k8snet.shell.kubectl.session import place, typed

TYPES = ("normal", "warning")
HEADS = "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"


def run(call: Call) -> None:
    """Print the events that are asked for."""
    fields = _about(call["for"]) if call["for"] else ""
    form = call["output"]
    if form:
        formats.check(form)
    types = [each.lower() for each in call["types"]]
    if set(types) - set(TYPES):
        raise CommandError("error: valid --types are Normal or Warning")
    namespace = None if call["all-namespaces"] else call.namespace
    asked = {"fieldSelector": fields, "limit": str(call["chunk-size"] or "")}
    items = call.session.request("GET", place(KINDS["Event"], namespace), asked)["items"]
    events = [(typed(item, KINDS["Event"]), item) for item in items if not types or str(item.get("type")).lower() in types]
    if not call["watch"]:
        if not events:
            call.line("No events found." if namespace is None else f"No events found in {namespace} namespace.")
            return
        events = go_sorted(events, lambda one, other: _when(one[0]) < _when(other[0]))
    if form:
        _print_objects(call, form, [item for _, item in events])
    else:
        _print_table(call, [event for event, _ in events])


# --- which events -------------------------------------------------------------------------------------------------


def _about(word: str) -> str:
    """The selector for the events of one object. CommandError."""
    if "/" not in word:
        raise CommandError("error: --for must be in resource/name form")
    if word.count("/") > 1:
        raise CommandError("error: arguments in resource/name form may not have more than one slash")
    resource, _, name = word.partition("/")
    try:
        kind: Kind = kind_named(resource)
    except CommandError as error:
        raise CommandError(str(error).removeprefix("error: ")) from error
    fields = {"kind": kind.kind, "apiVersion": kind.api_version, "name": name}
    return ",".join(f"involvedObject.{key}={value}" for key, value in fields.items()) if name else ""


def _when(event: Event) -> datetime:
    """The time that counts: when it was seen last."""
    seen = event.series.lastObservedTime if event.series else None
    when = seen or event.lastTimestamp or event.eventTime
    assert when is not None
    return when


# --- printing -----------------------------------------------------------------------------------------------------


def _print_table(call: Call, events: list[Event]) -> None:
    rows = ["" if call["no-headers"] or not events else ("NAMESPACE\t" if call["all-namespaces"] else "") + HEADS]
    rows += [_row(call, event) for event in events]
    aligner = Aligner()
    if call["watch"]:  # each row is written as it comes
        call.terminal.print("".join(aligner.align(text) for text in (f"{rows[0]}{rows[1]}", *rows[2:])) if rows[1:] else "")
    else:
        call.terminal.print(aligner.align("".join(rows)))


def _row(call: Call, event: Event) -> str:
    about = event.involvedObject
    cells = [_last_seen(event, call.session.now), event.type or "", event.reason or "", f"{about.kind}/{about.name}",
             (event.message or "").strip()]  # fmt: skip
    if call["all-namespaces"]:
        cells.insert(0, event.metadata.namespace or "")
    return "\t".join(cells) + "\n"


def _last_seen(event: Event, now: datetime) -> str:
    first = age(event.eventTime or event.firstTimestamp, now)
    if event.series is not None:
        return f"{age(event.series.lastObservedTime, now)} (x{event.series.count or 0} over {first})"
    return f"{age(event.lastTimestamp, now)} (x{event.count} over {first})" if (event.count or 0) > 1 else first


def _print_objects(call: Call, form: str, items: list[dict[str, Any]]) -> None:
    documents = [ordered({"kind": "Event", "apiVersion": "v1", **item}) for item in items]
    whole = Struct(kind="EventList", apiVersion="v1", metadata={}, items=documents)
    for document in documents if call["watch"] else [whole]:
        if form.lower() != "name":
            call.terminal.print(formats.text(form, document))
        elif call["watch"]:  # of a list kubectl prints no names, and does not say why
            call.terminal.print(names.text(document))


COMMAND = Command(
    "events", "events [-o FORMAT] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]", "List events.", run,
    flags=(ALL_NAMESPACES, *OUTPUT, flag("for"), flag("types", "list"), flag("w, watch", "bool"), flag("no-headers", "bool"),
           flag("chunk-size", "int", 500)),
    others=OUTPUT_OTHERS,
)  # fmt: skip
