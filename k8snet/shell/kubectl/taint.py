"""kubectl taint: ``key=value:Effect`` puts a taint on nodes, ``key:Effect-`` and ``key-`` take it off.

Source: k8s.io/kubectl, pkg/cmd/taint (taint.go, utils.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.names import key_faults, value_faults
from k8snet.kube.objects import KINDS
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, VALIDATE, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.resources import SELECTOR, All, Named, kind_named
from k8snet.shell.kubectl.visiting import Faults, Found, act_on

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


class Taint(Fact, frozen=True):
    """A taint; without an effect it is all those of its key."""

    key: str
    value: str = ""
    effect: str = ""

    def __str__(self) -> str:
        value = f"={self.value}" if self.value else ""
        return f"{self.key}{value}:{self.effect}" if self.effect else f"{self.key}{value}"

    def meets(self, other: Taint) -> bool:
        """Whether the other one has the same key and effect."""
        return (self.key, self.effect) == (other.key, other.effect)

    def document(self) -> dict[str, str]:
        """As JSON has it."""
        fields = {"effect": self.effect, "key": self.key, "value": self.value}
        return {name: value for name, value in fields.items() if value}


def run(call: Call) -> None:
    """Put the taints on, or take them off."""
    resources, words = _split(call.args)
    dry_run(call)
    if not resources:
        raise CommandError("error: one or more resources must be specified as <resource> <name>")
    if not words:
        raise CommandError("error: at least one taint update is required")
    wanted, unwanted = _taints(call, words)
    _check(call, resources, wanted, unwanted)
    check_flags(call, late=True)
    act_on(call, _nodes(call, resources[1:]), lambda found: _change(call, found, wanted, unwanted))


# --- the command line ---------------------------------------------------------------------------------------------


def _split(args: Iterable[str]) -> tuple[list[str], list[str]]:
    """The words that name nodes, and those that say which taints."""
    resources, taints = list[str](), list[str]()
    for word in args:
        if "=" in word or ":" in word or word.endswith("-"):
            taints.append(word)
        elif taints:
            raise CommandError(f"error: all resources must be specified before taint changes: {word}")
        else:
            resources.append(word)
    return resources, taints


def _taints(call: Call, words: Iterable[str]) -> tuple[list[Taint], list[Taint]]:
    """The taints to put on and those to take off. CommandError."""
    wanted, unwanted = list[Taint](), list[Taint]()
    for word in words:
        taint = _taint(call, word.removesuffix("-"))
        if word.endswith("-"):
            unwanted.append(Taint(taint.key, effect=taint.effect))
            continue
        if not taint.effect:
            raise call.misused(f"invalid taint spec: {word}")
        if any(taint.meets(each) for each in wanted):
            shown = f"{{{taint.key} {taint.value} {taint.effect} <nil>}}"
            raise call.misused(f"duplicated taints with the same key and effect: {shown}")
        wanted.append(taint)
    return wanted, unwanted


def _taint(call: Call, text: str) -> Taint:
    """One taint: KEY=VALUE:EFFECT, KEY:EFFECT or KEY."""
    left, *effects = text.split(":")
    if len(effects) > 1:
        raise call.misused(f"invalid taint spec: {text}")
    if effects and effects[0] not in EFFECTS:
        raise call.misused(f"invalid taint effect: {effects[0]}, unsupported taint effect")
    key, *values = left.split("=") if effects else [left]
    if len(values) > 1:
        raise call.misused(f"invalid taint spec: {text}")
    if values and (faults := list(value_faults(values[0]))):
        raise call.misused(f"invalid taint spec: {text}, {'; '.join(faults)}")
    if faults := list(key_faults(key)):
        raise call.misused(f"invalid taint spec: {text}, {'; '.join(faults)}")
    return Taint(key, values[0] if values else "", effects[0] if effects else "")


def _check(call: Call, resources: Sequence[str], wanted: Sequence[Taint], unwanted: Sequence[Taint]) -> None:
    word = resources[0].lower()
    try:
        kind = kind_named(word)
    except CommandError as error:
        raise CommandError(str(error).removeprefix("error: ")) from error
    if kind.kind != "Node":
        raise CommandError(f"error: invalid resource type {word}, only node types are supported")
    both = [f"{off.key}={off.effect}" for on in wanted for off in unwanted
            if on.key == off.key and off.effect in ("", on.effect)]
    if both:
        raise CommandError("error: can not both modify and remove the following taint(s) in the same command: " + ", ".join(both))
    if call["all"] and call["selector"]:
        raise CommandError("error: setting 'all' parameter with a non empty selector is prohibited")
    if not call["all"] and not call["selector"] and len(resources) < 2:
        raise CommandError("error: at least one resource name must be specified since 'all' parameter is not set")


def _nodes(call: Call, names: Sequence[str]) -> list[Named | All]:
    if call["all"] or call["selector"]:
        return [All(KINDS["Node"], None, call["selector"])]
    return [Named(KINDS["Node"], name, "") for name in names]


# --- the change ---------------------------------------------------------------------------------------------------


def _change(call: Call, found: Found, wanted: Sequence[Taint], unwanted: Sequence[Taint]) -> None:
    if call["output"]:
        formats.check(call["output"])
    there = [Taint(each["key"], each.get("value", ""), each["effect"]) for each in found.document["spec"].get("taints") or ()]
    taken = [taint.key for taint in wanted for each in there if each.meets(taint)]
    if taken and not call["overwrite"]:
        raise CommandError(f"error: node {found.name} already has {','.join(taken)} taint(s) with same effect(s) "
                           "and --overwrite is false")
    left, operation = reorganized(there, wanted, unwanted)
    operation = "modified" if call["overwrite"] else operation
    after = _of(found, left, there)
    if dry_run(call) != "client":
        taints = [each.document() for each in left] or None
        body = {} if left == there else {"spec": {"taints": taints}}
        manager = call["field-manager"] or "kubectl-taint"
        asked = query(call, fieldManager=manager)
        after = call.session.request("PATCH", found.place, asked, body, content_type=STRATEGIC_PATCH)
    _print(call, after, operation)


def reorganized(there: Sequence[Taint], wanted: Sequence[Taint], unwanted: Sequence[Taint]) -> tuple[list[Taint], str]:
    """The taints as they are to be, and the word for what is done. CommandError if one that is to go is not there.

    The word is kubectl's, which counts: nothing more than there was is called untainted.

    >>> old = [Taint("old", "1", "NoSchedule")]
    >>> print(reorganized(old, [], [Taint("old")]), reorganized(old, [Taint("new", "", "NoExecute")], [])[1])
    ([], 'untainted') tainted
    """
    new = [*wanted, *(each for each in there if not any(each.meets(taint) for taint in wanted))]
    added, removed, missing = len(new) != len(there), False, list[str]()
    for gone in unwanted:
        kept = [each for each in new if not (each.meets(gone) if gone.effect else each.key == gone.key)]
        removed = len(kept) != len(new)
        if not removed:
            missing.append(f'taint "{gone}" not found')
        new = kept
    if missing:
        raise Faults(missing)
    return new, "modified" if added and removed else "tainted" if added else "untainted"


def _of(found: Found, taints: Sequence[Taint], there: Sequence[Taint]) -> dict[str, Any]:
    spec = {name: value for name, value in found.document["spec"].items() if name != "taints"}
    return found.document | {"spec": spec | ({"taints": [each.document() for each in taints]} if taints else {})}


def _print(call: Call, document: dict[str, Any], operation: str) -> None:
    """That a run was dry, kubectl forgets to say here."""
    if call["output"]:
        emit(call, document if dry_run(call) == "client" else ordered(document), operation)
    else:
        call.line(f"node/{document['metadata']['name']} {operation}")


COMMAND = Command(
    "taint", "taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
    "Update the taints on one or more nodes.", run,
    flags=(SELECTOR, *CHANGES, VALIDATE, flag("all", "bool"), flag("overwrite", "bool")),
    others=OUTPUT_OTHERS,
)  # fmt: skip
