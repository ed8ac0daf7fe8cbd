"""kubectl get -w: the table that somebody would have seen who had watched from the cluster's beginning.

In a model where nothing happens while one waits, a watch that begins now would show nothing; so this one tells the history:
a row for each write, with the ages of that moment. The real one begins with the list of what is there.
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.emitting import path
from k8snet.shell.kubectl.printing import tables
from k8snet.shell.kubectl.resources import All, Named
from k8snet.shell.kubectl.session import TABLE, place


def run(call: Call, meant: list[Named | All]) -> None:
    """Print the rows. CommandError for several kinds at once; NotModelled for forms that are no tables."""
    if len({each.kind for each in meant}) > 1 or len(meant) > 1:
        raise CommandError("error: you may only specify a single resource type")
    if call["output"] not in ("", "wide"):
        raise NotModelled(f"kubectl get -w -o {call['output']}", known="the table, -o wide")
    each = meant[0]
    events = [event for event in _events(call, each) if event["type"] != "BOOKMARK"]
    if not events:
        return
    rows = [row for event in events for row in _rows(call, event)]
    heads = [event["object"].get("columnDefinitions") for event in events]
    columns = next(head for head in heads if head)
    if call["output-watch-events"]:
        columns = [{"name": "Event", "type": "string", "priority": 0}, *columns]
    answer = {"columnDefinitions": columns, "rows": rows}
    call.terminal.print(tables.text(
        answer, wide=call["output"] == "wide", headers=not call["no-headers"], namespace=call["all-namespaces"],
        labels=call["label-columns"], show_labels=call["show-labels"], prefix=path(each.kind, "") if call["show-kind"] else "",
    ))  # fmt: skip


def _rows(call: Call, event: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = event["object"]["rows"]
    if not call["output-watch-events"]:
        return rows
    return [row | {"cells": [event["type"], *row["cells"]]} for row in rows]


def _events(call: Call, each: Named | All) -> list[dict[str, Any]]:
    fields = f"metadata.name={each.name}" if isinstance(each, Named) else each.fields
    labels = "" if isinstance(each, Named) else each.labels
    asked = {"fieldSelector": fields, "labelSelector": labels, "resourceVersion": "0", "watch": "true"}
    answer = call.session.request("GET", place(each.kind, each.namespace), asked, accept=TABLE)
    found: list[dict[str, Any]] = answer
    return found
