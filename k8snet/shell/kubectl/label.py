"""kubectl label and kubectl annotate: ``key=value`` sets, ``key-`` takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from k8snet.errors import CommandError
from k8snet.kube.names import value_faults
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create import check_output
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import Refused, several
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import Error, Found, end, visit

MERGE = "application/merge-patch+json"
Wishes = dict[str, str | None]


def _run(call: Call, field: str, word: str) -> None:
    args = [each for each in call.args if not _is_change(each)]
    wishes = _wishes([each for each in call.args if _is_change(each)], word)
    if not (args or call["filename"]):
        raise CommandError("error: one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not wishes and not call["list"]:
        raise CommandError(f"error: at least one {word} update is required")
    check_output(call)
    errors = list[Error]()
    for each in visit(call, wanted(call, args, names_needed=True)):
        try:
            if isinstance(each, Found):
                _change(call, each, field, wishes)
            else:
                errors.append(each)
        except Refused as error:
            errors.append(error)
    end(errors)


def _is_change(word: str) -> bool:
    return "=" in word or word.endswith("-")


def _wishes(words: list[str], word: str) -> Wishes:
    wishes: Wishes = {}
    for each in words:
        key, equals, value = each.partition("=")
        wish = value if equals else None
        key = key if equals else each[:-1]
        if key in wishes and wishes[key] != wish and None in (wishes[key], wish):
            article = "a" if word == "label" else "an"
            raise CommandError(f"error: can not both modify and remove {article} {word} in the same command")
        if word == "label" and (faults := list(value_faults(value))):
            raise CommandError(f'error: invalid label value: "{each}": {"; ".join(faults)}')
        wishes[key] = wish
    return wishes


def _change(call: Call, each: Found, field: str, wishes: Wishes) -> None:
    about = each.document["metadata"]
    there: Mapping[str, str] = about.get(field) or {}
    if call["list"]:
        for name in sorted(there):
            call.line(f"{name}={there[name]}")
        return
    if not call["overwrite"]:
        _refuse_overwriting(there, wishes, field)
    for key, value in wishes.items():
        if value is None and key not in there and field == "labels":
            call.line(f'label "{key}" not found.')
    changes = {key: value for key, value in wishes.items() if there.get(key) != value}
    after = each.document | {"metadata": {**about, field: {**there, **changes}}}
    if dry_run(call) != "client" and (changes or field == "annotations"):
        after = call.session.request("PATCH", each.place, query(call), {"metadata": {field: changes}}, content_type=MERGE)
    emit(call, after, _outcome(field, wishes, changes))


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
    return "unlabeled" if all(value is None for value in changes.values()) else "labeled"


def _command(name: str, field: str, word: str) -> Command:
    run: Callable[[Call], None] = lambda call: _run(call, field, word)  # noqa: E731 one for each field
    return Command(
        name, f"{name} [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
        f"Update the {field} on a resource.", run,
        flags=(FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, *CHANGES, flag("all", "bool"), flag("overwrite", "bool"),
               flag("list", "bool")),
        others=(*FILENAME_OTHERS, "local", "resource-version", *OUTPUT_OTHERS),
    )  # fmt: skip


LABEL, ANNOTATE = _command("label", "labels", "label"), _command("annotate", "annotations", "annotation")
