"""kubectl get: tables as the server makes them, or the objects themselves."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import Kind
from k8snet.shell.kubectl import formats, watching
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT_OTHERS, path
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import sorting, tables
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.session import JSON, TABLE
from k8snet.shell.kubectl.visiting import CHUNK, Error, ask, end

NOTHING_NAMED = (
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n'
    "error: Required resource not specified.\n"
    'Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\n'
    "See 'kubectl get -h' for help and examples"
)


def run(call: Call) -> None:
    """Get what is meant; what cannot be had is told at the end."""
    if call["raw"]:
        answer = call.session.request("GET", call["raw"])
        plain = isinstance(answer, str)
        call.terminal.print(answer if plain else json.dumps(answer, separators=(",", ":"), ensure_ascii=False) + "\n")
        return
    if not call.args and not call["filename"]:
        raise CommandError(NOTHING_NAMED)
    form = call["output"]
    name = formats.check(form, formats.OF_GET) if form else ""
    meant = wanted(call)
    if call["watch"] or call["watch-only"]:
        watching.run(call, meant)
    elif name in ("", "wide"):
        _print_tables(call, meant)
    else:
        _print_objects(call, meant, name)


# --- tables -------------------------------------------------------------------------------------------------------


def _print_tables(call: Call, meant: list[Named | All]) -> None:
    answers, errors = _ask(call, meant, TABLE)
    if call["sort-by"] and len(answers) > 1:  # real kubectl sorts the tables as if they were objects, and mostly fails
        sorting.objects(call["sort-by"], [answer for _, answer in answers])
    full = [(each, answer) for each, answer in answers if answer["rows"]]
    many = call["show-kind"] or len({each.kind for each in meant}) > 1
    texts = [_table(call, [answer for _, answer in group], kind, named=many)
             for kind, group in groupby(full, key=lambda pair: pair[0].kind)]
    call.terminal.print("\n".join(text for text in texts if text))
    end(errors)
    if not any(texts) and not call["ignore-not-found"]:
        where = "" if call["all-namespaces"] or not meant[0].kind.namespaced else f" in {call.namespace} namespace"
        call.line(f"No resources found{where}.")


def _table(call: Call, answers: list[dict[str, Any]], kind: Kind, *, named: bool) -> str:
    rows = [row for answer in answers for row in answer["rows"]]
    if call["sort-by"]:
        rows = sorting.rows(call["sort-by"], rows)
    return tables.text(
        answers[0] | {"rows": rows}, wide=call["output"] == "wide", headers=not call["no-headers"],
        namespace=call["all-namespaces"] and kind.namespaced, labels=call["label-columns"], show_labels=call["show-labels"],
        prefix=path(kind, "") if named else "",
    )  # fmt: skip


# --- objects ------------------------------------------------------------------------------------------------------


def _print_objects(call: Call, meant: list[Named | All], name: str) -> None:
    answers, errors = _ask(call, meant, JSON)
    single = len(meant) == 1 and isinstance(meant[0], Named)
    items = [item for _, answer in answers for item in _items(answer)]
    if call["sort-by"]:
        items = sorting.objects(call["sort-by"], items)
    if name == "name":
        for item in items:
            kind = next(each.kind for each in meant if each.kind.kind == item["kind"])
            call.line(path(kind, item["metadata"]["name"]))
    elif items or not (single or errors):
        whole = items[0] if single else {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}
        call.terminal.print(formats.text(call["output"], whole, formats.OF_GET, headers=not call["no-headers"]))
    end(errors)


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of an answer: itself, or those of a list, which leaves out what each of them is."""
    if "items" not in answer:
        return [answer]
    kind, version = answer["kind"].removesuffix("List"), answer["apiVersion"]
    return [{"apiVersion": version, "kind": kind, **item} for item in answer["items"]]


# --- requests -----------------------------------------------------------------------------------------------------


def _ask(call: Call, meant: list[Named | All], accept: str) -> tuple[list[tuple[Named | All, dict[str, Any]]], list[Error]]:
    answers, errors = [], list[Error]()
    whole = {"includeObject": "Object"} if call["sort-by"] and accept == TABLE else {}
    for each in meant:
        try:
            answers.append((each, ask(call, each, accept, limit=call["chunk-size"], **whole)))
        except Refused as error:
            if not (error.reason == "NotFound" and call["ignore-not-found"]):
                errors.append(error)
    return answers, errors


COMMAND = Command(
    "get", "get [(-o|--output=)json|yaml|name|wide|jsonpath=…|custom-columns=…] (TYPE[.VERSION][.GROUP] [NAME | -l label] …)",
    "Display one or many resources.", run,
    flags=(
        ALL_NAMESPACES, SELECTOR, FIELD_SELECTOR, FILENAME, flag("o, output"), flag("w, watch", "bool"),
        flag("watch-only", "bool"), flag("output-watch-events", "bool"), flag("show-labels", "bool"),
        flag("show-kind", "bool"), flag("no-headers", "bool"), flag("L, label-columns", "list"), flag("sort-by"),
        flag("ignore-not-found", "bool"), flag("chunk-size", "int", CHUNK), flag("raw"),
    ),
    others=(*FILENAME_OTHERS, *OUTPUT_OTHERS, "server-print", "subresource"),
)  # fmt: skip
