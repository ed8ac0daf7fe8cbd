"""kubectl label and kubectl annotate: ``key=value`` sets, ``key-`` takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from k8snet.errors import CommandError
from k8snet.kube.names import value_faults
from k8snet.kube.rest.http import MERGE_PATCH
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import several
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, is_single, wanted
from k8snet.shell.kubectl.visiting import Found, act_on

Wishes = dict[str, str | None]


def _run(call: Call, field: str, word: str) -> None:
    args, changes = resources_and_changes(call.args, word)
    wishes = _wishes(changes, word)
    _check(call)
    if not (args or call["filename"]):
        raise CommandError("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not wishes and not call["list"]:
        raise CommandError(f"error: at least one {word} update is required")
    meant = wanted(call, args, names_needed=not call["all"])
    single = is_single(call, meant)
    act_on(call, meant, lambda each: _change(call, each, field, wishes, single=single))


def resources_and_changes(args: Sequence[str], word: str) -> tuple[list[str], list[str]]:
    """The words that name objects, and behind them those that change something, ``key=value`` or ``key-``. CommandError."""
    resources, changes = list[str](), list[str]()
    for each in args:
        if ("=" in each and each[0] != "=") or (each.endswith("-") and each != "-"):
            changes.append(each)
        elif changes:
            raise CommandError(f"error: all resources must be specified before {word} changes: {each}")
        else:
            resources.append(each)
    return resources, changes


def _check(call: Call) -> None:
    if call["list"] and call["output"]:
        raise CommandError("error: --list and --output may not be specified together")
    check_flags(call, late=call.command is LABEL)
    for name in ("selector", "field-selector"):
        if call["all"] and call[name]:
            raise CommandError(f"error: cannot set --all and --{name} at the same time")


def _wishes(words: list[str], word: str) -> Wishes:
    wishes: Wishes = {}
    both = list[str]()
    for each in words:
        key, equals, value = each.partition("=")
        wish = value if equals else None
        key = key if equals else each[:-1]
        if key in wishes and wishes[key] != wish and None in (wishes[key], wish):
            both.append(key)
        if word == "label" and "=" in (value if equals else ""):
            raise CommandError(f"error: invalid label spec: {each}")
        if word == "label" and (faults := list(value_faults(value))):
            raise CommandError(f'error: invalid label value: "{each}": {"; ".join(faults)}')
        wishes[key] = wish
    if both:
        which = "a label" if word == "label" else "the following annotation(s)"
        names = "" if word == "label" else f": {', '.join(both)}"
        raise CommandError(f"error: can not both modify and remove {which} in the same command{names}")
    return wishes


def _change(call: Call, each: Found, field: str, wishes: Wishes, *, single: bool) -> None:
    about = each.document["metadata"]
    there: Mapping[str, str] = about.get(field) or {}
    sends = not call["list"] and dry_run(call) != "client"
    for key, value in wishes.items():
        if value is None and key not in there and field == "labels" and sends:
            call.line(f'label "{key}" not found.')
    if not call["overwrite"]:
        _refuse_overwriting(there, wishes, field)
    left = {key: value for key, value in {**there, **wishes}.items() if value is not None}
    if call["list"]:
        _list(call, each, field, left, single=single)
        return
    changes = {key: value for key, value in wishes.items() if there.get(key) != value}
    local = each.document | {"metadata": {**about, field: left}}
    after = local
    if sends and (changes or field == "annotations"):
        after = call.session.request("PATCH", each.place, query(call), {"metadata": {field: changes}}, content_type=MERGE_PATCH)
    emit(call, after if field == "annotations" else local, _outcome(field, wishes, changes))


def _list(call: Call, each: Found, field: str, pairs: Mapping[str, str], *, single: bool) -> None:
    if not single:
        call.line(f"Listing {field} for {each.kind.kind}.{each.kind.group}/{each.name}:")
    for name in sorted(pairs):
        call.line(f"{'' if single else ' '}{name}={pairs[name]}")


def _refuse_overwriting(there: Mapping[str, str], wishes: Wishes, field: str) -> None:
    kept = [(key, value) for key, value in wishes.items() if value is not None and there.get(key, value) != value]
    if not kept:
        return
    if field == "labels":
        raise CommandError(several("error: ", [f"'{key}' already has a value ({there[key]}), and --overwrite is false"
                                               for key, _ in kept]))
    already = "; ".join(f"'{key}' already has a value ({there[key]})" for key, _ in kept)
    raise CommandError(f"error: --overwrite is false but found the following declared annotation(s): {already}")


def _outcome(field: str, wishes: Wishes, changes: Wishes) -> str:
    if field == "annotations":
        return "annotated"
    if not changes:
        return "not labeled"
    gone = [value is None for value in changes.values()]
    return "modified" if any(gone) and not all(gone) else "unlabeled" if any(gone) else "labeled"


def _command(name: str, field: str, word: str) -> Command:
    run: Callable[[Call], None] = lambda call: _run(call, field, word)  # noqa: E731 one for each field
    return Command(
        name, f"{name} [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
        f"Update the {field} on a resource.", run,
        flags=(FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, *CHANGES, flag("all", "bool"), flag("overwrite", "bool"),
               flag("list", "bool")),
        others=(*FILENAME_OTHERS, "local", "record", "resource-version", *OUTPUT_OTHERS),
    )  # fmt: skip


LABEL, ANNOTATE = _command("label", "labels", "label"), _command("annotate", "annotations", "annotation")
