"""The objects that a command line means, as the server has them; and how several errors are told at the end.

Source: k8s.io/cli-runtime, pkg/resource/visitor.go (ContinueOnErrorVisitor); k8s.io/kubectl, pkg/cmd/util/helpers.go (checkErr,
MultipleErrors): one error is told with ``error: `` before it, several are told without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from k8snet.errors import ApiError, CommandError, K8snetError, NotModelled
from k8snet.kube.objects import KINDS, Kind, Object
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.emitting import path
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import All, Named
from k8snet.shell.kubectl.session import JSON, place, typed

CHUNK = 500
"""So many objects does kubectl ask for at once."""
PREFIX = "error: "
Error = str | K8snetError
"""An error in words of kubectl's own, without the prefix; or one that has all its words."""


class Faults(CommandError):
    """Several things that are wrong with one object, as kubectl tells them in one line; ``each`` are the parts."""

    def __init__(self, each: Sequence[str]) -> None:
        distinct = list(dict.fromkeys(each))
        super().__init__(distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]")
        self.each = list(each)


class Found(Fact, frozen=True):
    """One object, as JSON has it."""

    kind: Kind
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        name: str = self.document["metadata"]["name"]
        return name

    @property
    def namespace(self) -> str:
        """Its namespace; empty if it has none."""
        namespace: str = self.document["metadata"].get("namespace") or ""
        return namespace

    @property
    def shown(self) -> str:
        """As most verbs name it: ``deployment.apps/web``."""
        return path(self.kind, self.name)

    @property
    def place(self) -> str:
        """Where the API server has it."""
        return self.kind.path(self.namespace, self.name)


def visit(call: Call, meant: Sequence[Named | All], limit: int = 0) -> Iterator[Found | K8snetError]:
    """What is meant, one object after the other; in place of one that cannot be had, the error.

    ``limit``: so many objects are asked for at once, 0 if the verb asks for all.
    """
    for each in meant:
        try:
            answer = _ask(call, each, limit)
        except (ApiError, CommandError) as error:
            yield error
        else:
            kind = each.kind
            yield from (Found(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **document}) for document in answer)


def _ask(call: Call, each: Named | All, limit: int = 0) -> list[dict[str, Any]]:
    answer = ask(call, each, limit=limit)
    return [answer] if isinstance(each, Named) else answer["items"]


def selected(call: Call, kind: Kind, namespace: str | None, labels: str) -> list[Object]:
    """The objects of a namespace (None: of all) that a selector chooses, of the official type. ApiError."""
    return [typed(each, kind) for each in _ask(call, All(kind, namespace, labels))]


def ask(call: Call, each: Named | All, accept: str = JSON, *, limit: int = CHUNK, **more: str) -> Any:
    """The server's answer for what is meant: an object, or a list; a table, if that is accepted. ApiError, CommandError."""
    if isinstance(each, Named):
        return _one(call, each, accept, more)
    query = {"fieldSelector": each.fields, "labelSelector": each.labels, "limit": str(limit or "")}
    try:
        return call.session.request("GET", place(each.kind, each.namespace), query | more, accept=accept)
    except Refused as error:
        if error.reason not in ("BadRequest", "NotFound"):
            raise
        version = each.kind.api_version if each.kind.group else f"/{each.kind.api_version}"
        raise error.told(f'Unable to find "{version}, Resource={each.kind.plural}" that match label selector "{each.labels}", '
                         f'field selector "{each.fields}": ') from None


def _one(call: Call, each: Named, accept: str, query: dict[str, str]) -> Any:
    """An object; where there is none, kubectl looks whether there is such a namespace at all (Info.Get)."""
    try:
        return call.session.request("GET", place(each.kind, each.namespace, each.name), query, accept=accept)
    except Refused as error:
        if error.reason != "NotFound" or not each.kind.namespaced or each.namespace == "default":
            raise
        call.session.fetch(KINDS["Namespace"], each.namespace, "")
        raise


def act_on(call: Call, meant: Sequence[Named | All], act: Callable[[Found], None]) -> int:
    """Do something with each object that is meant, and return how many there are; what goes wrong is told at the end."""
    errors, count = list[Error](), 0
    for each in visit(call, meant):
        count += 1
        try:
            if not isinstance(each, Found):
                raise each
            act(each)
        except K8snetError as error:
            errors.append(error)
    end(errors)
    return count


def fetched(call: Call, meant: Sequence[Named | All], limit: int = 0) -> tuple[list[Found], list[Error]]:
    """All that is meant, and the errors for what cannot be had."""
    found, errors = list[Found](), list[Error]()
    for each in visit(call, meant, limit):
        (found.append(each) if isinstance(each, Found) else errors.append(each))
    return found, errors


def only(call: Call, meant: Sequence[Named | All]) -> list[Found]:
    """All that is meant, for verbs that do nothing if one of them cannot be had. ApiError."""
    found = list[Found]()
    for each in visit(call, meant):
        if not isinstance(each, Found):
            raise each
        found.append(each)
    return found


def refused(errors: Sequence[Error]) -> K8snetError:
    r"""What kubectl says at its end of these errors; there is at least one.

    >>> print(refused(["a thing"])), print(refused(["a thing", CommandError("error: another")]))
    error: a thing
    a thing
    another
    (None, None)
    """
    special = next((each for each in errors if isinstance(each, NotModelled)), None)
    if special is not None:
        return special
    if len(errors) > 1:
        return CommandError("\n".join(map(message, errors)))
    [error] = errors
    if isinstance(error, Faults):
        return refused(error.each)
    if not isinstance(error, str):
        return error
    return CommandError((error if error.startswith(PREFIX) else PREFIX + error).removesuffix("\n"))


def message(error: Error) -> str:
    """An error's words where it is one of several."""
    if isinstance(error, Refused):
        return error.on_one_line
    return error if isinstance(error, str) else str(error).removeprefix(PREFIX)


def end(errors: Sequence[Error]) -> None:
    """End a verb that has done what it could. The errors that are left, as one."""
    if errors:
        raise refused(errors)
