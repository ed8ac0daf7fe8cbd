"""kubectl describe: of which objects, and what stands between them. What is said of each is in describing/."""

from __future__ import annotations

from k8snet.errors import ApiError, CommandError
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.describing import describe
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import ALL_NAMESPACES, FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import CHUNK, Error, end, fetched

NOTHING_NAMED = ('error: You must specify the type of resource to describe. '
                 'Use "kubectl api-resources" for a complete list of supported resources.')
BETWEEN = "\n\n"


def run(call: Call) -> None:
    """Describe what is meant; what is not there is told at the end."""
    if not call.args and not call["filename"]:
        raise CommandError(NOTHING_NAMED)
    found, errors = fetched(call, wanted(call), CHUNK)
    if len(call.args) == 2 and len(errors) == 1 and _is_missing(errors[0]):
        _by_beginning(call, errors)
        return
    shown = call["show-events"] if call.given("show-events") else len(found) == 1 and not errors
    texts = [describe(call.session, each.kind, each.namespace, each.name, show_events=shown) for each in found]
    call.terminal.print(BETWEEN.join(texts))
    end(errors)
    if not texts:
        where = "" if call["all-namespaces"] else f" in {call.namespace} namespace."
        call.line(f"No resources found{where}")


def _is_missing(error: Error) -> bool:
    return isinstance(error, ApiError) and error.reason == "NotFound"


def _by_beginning(call: Call, errors: list[Error]) -> None:
    """Describe all whose name begins as the last argument; if there are none, it is told what was not found."""
    kind, beginning = call.args
    if "," in kind:
        raise CommandError("error: you may only specify a single resource type")
    found, _ = fetched(call, wanted(call, [kind]), CHUNK) if "/" not in kind else ([], [])
    chosen = [each for each in found if each.name.startswith(beginning)]
    if not chosen:
        end(errors)
    for each in chosen:
        shown = call.given("show-events") and call["show-events"]
        call.line(describe(call.session, each.kind, each.namespace, each.name, show_events=shown))


COMMAND = Command(
    "describe", "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    "Show details of a specific resource or group of resources.", run,
    flags=(FILENAME, SELECTOR, ALL_NAMESPACES, flag("show-events", "bool", default=True), flag("chunk-size", "int", 500)),
    others=FILENAME_OTHERS,
)  # fmt: skip
