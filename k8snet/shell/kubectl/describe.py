"""kubectl describe: of which objects, and what stands between them. What is said of each is in describing/."""

from __future__ import annotations

from k8snet.errors import CommandError
from k8snet.kube.objects import Kind, Object
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.describing import describe
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FILENAME, FILENAME_OTHERS, SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.visiting import Error, end

NOTHING_NAMED = ('error: You must specify the type of resource to describe. '
                 'Use "kubectl api-resources" for a complete list of supported resources.')
BETWEEN = "\n\n"


def run(call: Call) -> None:
    """Describe what is meant; what is not there is told at the end."""
    if not call.args and not call["filename"]:
        raise CommandError(NOTHING_NAMED)
    texts = list[str]()
    errors = list[Error]()
    for each in wanted(call):
        try:
            texts += _texts(call, each)
        except Refused as error:
            errors.append(error)
    call.terminal.print(BETWEEN.join(texts))
    end(errors)
    if not texts:
        where = "" if call["all-namespaces"] else f" in {call.namespace} namespace."
        call.line(f"No resources found{where}")


def _texts(call: Call, each: Named | All) -> list[str]:
    """What is said of the objects that are meant: by name, else by the beginning of a name, else by selector."""
    if isinstance(each, All):
        found = call.session.list(each.kind.kind, each.namespace, labels=each.labels)
        return [_one(call, each.kind, one, events=len(found) == 1) for one in found]
    try:
        one = call.session.get(each.kind.kind, each.name, each.namespace)
    except Refused as error:
        if error.reason != "NotFound" or (texts := _by_beginning(call, each)) is None:
            raise
        return texts
    return [_one(call, each.kind, one, events=True)]


def _by_beginning(call: Call, each: Named) -> list[str] | None:
    """Of all whose name begins so; None if there are none. Each text is a line longer than usual."""
    found = [one for one in call.session.list(each.kind.kind, each.namespace) if one.metadata.name.startswith(each.name)]
    return ["".join(f"{_one(call, each.kind, one, events=False)}\n" for one in found)] if found else None


def _one(call: Call, kind: Kind, obj: Object, *, events: bool) -> str:
    shown = call["show-events"] if call.given("show-events") else events
    return describe(call.session, kind, obj.metadata.namespace or "", obj.metadata.name, show_events=shown)


COMMAND = Command(
    "describe", "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    "Show details of a specific resource or group of resources.", run,
    flags=(FILENAME, SELECTOR, ALL_NAMESPACES, flag("show-events", "bool", default=True), flag("chunk-size", "int", 500)),
    others=FILENAME_OTHERS,
)  # fmt: skip
