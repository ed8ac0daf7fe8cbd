"""kubectl get: tables as the server makes them, or the objects themselves."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.gowords import quoted
from k8snet.kube.objects import Kind
from k8snet.shell.kubectl import formats, watching
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT_OTHERS, path
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import names, sorting, tables
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import (
    ALL_NAMESPACES,
    FIELD_SELECTOR,
    FILENAME,
    FILENAME_OTHERS,
    SELECTOR,
    All,
    Named,
    is_single,
    wanted,
)
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
    _check_flags(call)
    if call["raw"]:
        answer = call.session.request("GET", call["raw"])
        plain = isinstance(answer, str)
        call.terminal.print(answer if plain else json.dumps(answer, separators=(",", ":"), ensure_ascii=False) + "\n")
        return
    meant = wanted(call)
    if call["watch"] or call["watch-only"]:
        watching.run(call, meant)
    elif call["output"] in ("", "wide"):
        _print_tables(call, meant)
    else:
        _print_objects(call, meant)


def _check_flags(call: Call) -> None:
    """Refuse what does not fit together."""
    watches = call["watch"] or call["watch-only"]
    if call["raw"] and call.args:
        raise CommandError("error: arguments may not be passed when --raw is specified")
    if not (call.args or call["filename"] or call["raw"] or watches):
        raise CommandError(NOTHING_NAMED)
    if call["raw"] and (watches or call["selector"]):
        raise CommandError("error: --raw may not be specified with other flags that filter the server request or alter the "
                           "output")
    if call["raw"] and call["output"]:
        raise CommandError("error: --raw and --output are mutually exclusive")
    if call["raw"] and not call["raw"].startswith("/"):
        raise CommandError(f"error: --raw must be a valid URL path: parse {quoted(call['raw'])}: invalid URI for request")
    form = call["output"]
    if call["show-labels"] and form not in ("", "wide"):
        raise CommandError(f"error: --show-labels option cannot be used with {form} printer")
    if call["label-columns"] and "custom-columns" in form:
        raise CommandError(f"error: --label-columns option cannot be used with {form} printer")
    if call["output-watch-events"] and not watches:
        raise CommandError("error: --output-watch-events option can only be used with --watch or --watch-only")


# --- tables -------------------------------------------------------------------------------------------------------


def _print_tables(call: Call, meant: list[Named | All]) -> None:
    answers, errors = _ask(call, meant, TABLE)
    if call["sort-by"] and len(answers) > 1:  # real kubectl sorts the tables as if they were objects, and mostly fails
        sorting.objects(call["sort-by"], [answer for _, answer in answers])
    full = [(each, answer) for each, answer in answers if answer["rows"]]
    many = call["show-kind"] or len({each.kind for each, _ in answers}) > 1
    texts = [_table(call, [answer for _, answer in group], kind, named=many)
             for kind, group in groupby(full, key=lambda pair: pair[0].kind)]
    call.terminal.print("\n".join(text for text in texts if text))
    end(errors)
    if not any(texts) and not call["ignore-not-found"]:
        namespaced = not call["all-namespaces"] and all(each.kind.namespaced for each, _ in answers)
        call.line(f"No resources found in {call.namespace} namespace." if namespaced else "No resources found")


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


def _print_objects(call: Call, meant: list[Named | All]) -> None:
    answers, errors = _ask(call, meant, JSON)
    single = is_single(call, meant)
    items = [item for _, answer in answers for item in _items(answer)]
    if (single and errors) or not (items or not call["ignore-not-found"]):
        end(errors)
        return
    formats.check(call["output"], formats.OF_GET)
    try:
        if single and len(items) == 1:
            _print(call, items[0])
        else:
            items = sorting.objects(call["sort-by"], items) if call["sort-by"] else items
            _print(call, {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
    except CommandError as error:
        errors.append(error)
    end(errors)


def _print(call: Call, whole: dict[str, Any]) -> None:
    if call["output"].lower() == "name":
        call.terminal.print(names.text(whole))
    else:
        call.terminal.print(formats.text(call["output"], whole, formats.OF_GET, headers=not call["no-headers"]))


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
        except (Refused, CommandError) as error:
            if not (isinstance(error, Refused) and error.reason == "NotFound" and call["ignore-not-found"]):
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
