"""kubectl wait: until objects are as they are to be, or gone, or time is up. The cluster's clock moves on meanwhile (changes.py).

In a paused cluster nobody acts, so there what does not hold already is not waited for. Source: k8s.io/kubectl, pkg/cmd/wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from k8snet.errors import ApiError, CommandError, K8snetError
from k8snet.kube.goformat import printed
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.changes import versions
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT, OUTPUT_OTHERS, check_flags, emit
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import jsonpath, jsonpath_syntax
from k8snet.shell.kubectl.printing.custom_columns import relaxed
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, FILENAME_OTHERS, SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.visiting import Error, Found, end, visit

WEEK = 168 * 3600.0
TIMED_OUT = "error: timed out waiting for the condition"
EXAMPLE = "--for=jsonpath='{.status.readyReplicas}'=3"
Document = dict[str, Any]
Holds = Callable[[Document], bool]


class Condition(Fact, frozen=True):
    """One thing to wait for: ``create``, ``delete``, or that something ``holds`` of an object."""

    word: str
    holds: Holds | None = None


def run(call: Call) -> None:
    """Wait for all that is meant, one after the other; the time that is given is for all of it."""
    check_flags(call)
    conditions = _conditions(call["for"])
    seconds = WEEK if call["timeout"] < 0 else call["timeout"]
    until = call.session.assembly.plane.world.now + seconds
    if any(each.word == "create" for each in conditions):
        _await_creation(call, until)
    errors, count = list[Error](), 0
    gone = any(each.word == "delete" for each in conditions)
    for found in visit(call, _meant(call)):
        try:
            if not isinstance(found, Found):
                raise found
            count += 1
            _await_all(call, found, conditions, until)
        except K8snetError as error:
            if not (gone and isinstance(error, ApiError) and error.reason == "NotFound"):
                errors.append(error)
    if not count and not errors and not gone:
        raise CommandError("error: no matching resources found")
    end(errors)


def _meant(call: Call) -> Sequence[Named | All]:
    return wanted(call, names_needed=not call["all"])


# --- what to wait for ---------------------------------------------------------------------------------------------


def _conditions(words: Sequence[str]) -> list[Condition]:
    """The conditions that the flags name. CommandError."""
    if not words:
        raise CommandError("error: unrecognized condition: []")
    return [_condition(word) for word in words]


def _condition(word: str) -> Condition:
    if word.lower() in ("create", "delete"):
        return Condition(word.lower())
    if word.startswith("condition="):
        name, _, value = word.removeprefix("condition=").partition("=")
        return Condition("condition", _has_condition(name, value if "=" in word.removeprefix("condition=") else "true"))
    if word.startswith("jsonpath="):
        return Condition("jsonpath", _at_path(*_path_and_value(word.removeprefix("jsonpath="))))
    raise CommandError(f'error: unrecognized condition: "{word}"')


def _has_condition(name: str, value: str) -> Holds:
    def holds(document: Document) -> bool:
        status = document.get("status") or {}
        for each in status.get("conditions") or ():
            if each.get("type", "").casefold() != name.casefold() or "status" not in each:
                continue
            observed = each.get("observedGeneration", status.get("observedGeneration"))
            if observed is not None and observed < document["metadata"].get("generation", 0):
                return False
            return bool(each["status"].casefold() == value.casefold())
        return False

    return holds


def _path_and_value(text: str) -> tuple[str, str | None]:
    """A JSONPath, and the value that is to be there; None: any. A ``=`` parts them, ``==`` is the path's own."""
    parts = [each.replace("\0", "==") for each in text.replace("==", "\0").split("=")]
    if len(parts) > 2:
        raise CommandError(f"error: jsonpath wait format must be {EXAMPLE} or --for=jsonpath='{{.status.readyReplicas}}'")
    path = relaxed(parts[0])
    value = parts[1].strip("'\"") if parts[1:] else None
    if value == "":
        raise CommandError(f"error: jsonpath wait has to have a value after equal sign, like {EXAMPLE}")
    if not path:
        raise CommandError("error: jsonpath expression cannot be empty")
    return path, value


def _at_path(path: str, value: str | None) -> Holds:
    try:
        template = jsonpath_syntax.parse(path)
    except jsonpath_syntax.Unparsable as error:
        raise CommandError(f"error: {error}") from error

    def holds(document: Document) -> bool:
        try:
            results = jsonpath.find(template, document)
        except jsonpath.Unfound as error:
            raise CommandError(f"error: {error}") from error
        if not results or not results[0]:
            return False
        if len(results) > 1:
            raise CommandError("error: given jsonpath expression matches more than one list")
        if len(results[0]) > 1:
            raise CommandError("error: given jsonpath expression matches more than one value")
        [found] = results[0]
        if value is None:
            return True
        if isinstance(found, dict | list):
            raise CommandError("error: jsonpath leads to a nested object or list which is not supported")
        return printed(found).strip() == value.strip()

    return holds


# --- waiting ------------------------------------------------------------------------------------------------------


def _left(call: Call, until: float) -> float:
    return until - call.session.assembly.plane.world.now


def _await_creation(call: Call, until: float) -> None:
    """Wait until there is something of what is meant."""
    plane = call.session.assembly.plane
    while True:
        found = list(visit(call, _meant(call)))
        for each in found:
            if not isinstance(each, Found) and not (isinstance(each, Refused) and each.reason == "NotFound"):
                raise each
        if found and all(isinstance(each, Found) for each in found):
            return
        if plane.paused or _left(call, until) <= 0:
            raise CommandError(TIMED_OUT)
        plane.sleep(min(0.5, _left(call, until)))


def _await_all(call: Call, found: Found, conditions: Sequence[Condition], until: float) -> None:
    for each in conditions:
        if each.word == "create":
            document = found.document
        elif each.word == "delete":
            document = _await_end(call, found, until)
        else:
            assert each.holds is not None
            document = _await_one(call, found, each.holds, until)
        emit(call, document, "condition met")


def _await_one(call: Call, found: Found, holds: Holds, until: float) -> Document:
    if call["timeout"] and _left(call, until) <= 0:  # those before have used it up
        raise _out_of_time(call, found)
    for document in _seen(call, found, until):
        if document is not None and holds(document):
            return document
    raise _out_of_time(call, found)


def _seen(call: Call, found: Found, until: float) -> Iterator[Document | None]:
    """The object as it is now, and what becomes of it. ApiError (NotFound) if it is not there to begin with."""
    yield call.session.fetch(found.kind, found.name, found.namespace)
    yield from versions(call.session, found.kind, found.namespace, found.name, max(0.0, _left(call, until)))


def _await_end(call: Call, found: Found, until: float) -> Document:
    try:
        for document in _seen(call, found, until):
            if document is None:
                return found.document
    except Refused as error:
        if error.reason != "NotFound":
            raise
        return found.document
    raise _out_of_time(call, found)


def _out_of_time(call: Call, found: Found) -> CommandError:
    subject = f"{found.kind.plural}/{found.name}"
    return CommandError(f"{TIMED_OUT} on {subject}" if call["timeout"] else f"error: condition not met for {subject}")


COMMAND = Command(
    "wait",
    "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) "
    "[--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
    "Wait for a specific condition on one or many resources.", run,
    flags=(FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES, *OUTPUT, flag("all", "bool"), flag("for", "array"),
           flag("timeout", "duration", 30.0)),
    others=("local", *FILENAME_OTHERS, *OUTPUT_OTHERS),
)  # fmt: skip
