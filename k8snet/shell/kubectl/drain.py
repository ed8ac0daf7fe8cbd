"""kubectl cordon, uncordon and drain: no new pods on a node, or none at all.

Drain asks the API server to evict the pods that may go (evictable.py), and waits until they are gone. Where nobody acts, because
the cluster is paused, it ends before that. Source: k8s.io/kubectl, pkg/cmd/drain, pkg/drain (drain.go, cordon.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from k8snet.errors import CommandError, K8snetError
from k8snet.kube import labels
from k8snet.kube.objects import KINDS, Pod, meta
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.shell.kubectl.changes import LONGEST, interrupted
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import DRY_RUN, dry_run, query
from k8snet.shell.kubectl.evictable import chosen
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing import names
from k8snet.shell.kubectl.printing.names import DRY
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import SELECTOR, All, Named, wanted
from k8snet.shell.kubectl.session import Session
from k8snet.shell.kubectl.visiting import Faults, Found, only

GLANCE = 1.0
"""So often, in seconds, it is looked whether the pods are gone."""
CHATTY = 2
"""From this -v on it is told that an eviction begins."""


# --- nodes --------------------------------------------------------------------------------------------------------


def _nodes(call: Call) -> list[Found]:
    """The nodes that are meant. CommandError."""
    if not call.args and not call.given("selector"):
        raise call.misused(f"USAGE: {call.command.name} NODE [flags]")
    if call.args and call["selector"]:
        raise call.misused("cannot specify both a node name and a --selector option")
    if call["selector"]:
        return only(call, [All(KINDS["Node"], None, call["selector"])])
    named = [each for word in call.args for each in _named(call, word)]
    if len({each.kind for each in named}) > 1:
        raise CommandError("error: you may only specify a single resource type")
    found = only(call, named)
    for each in found:
        if each.kind.kind != "Node":
            version, group = each.kind.api_version.rpartition("/")[2], each.kind.group
            raise CommandError(f'error: expected resource of type node, got "{group}/{version}, Resource={each.kind.plural}"')
    return found


def _named(call: Call, word: str) -> Sequence[Named | All]:
    return [Named(KINDS["Node"], word, "")] if "/" not in word else wanted(call, [word])


def _cordon(call: Call, nodes: Sequence[Found], how: str, *, on: bool) -> None:
    """Let no new pods come to nodes, or let them come again."""
    word = "cordoned" if on else "uncordoned"
    for node in nodes:
        there = bool(node.document["spec"].get("unschedulable")) == on
        try:
            if not there and how != "client":
                body = {"spec": {"unschedulable": True if on else None}}
                call.session.request("PATCH", node.place, query(call), body, content_type=STRATEGIC_PATCH)
        except Refused as error:
            call.line(f'error: unable to {word.removesuffix("ed")} node "{node.name}": {error.status["message"]}')
        else:
            call.terminal.print(names.done(node.document, f"{'already ' if there else ''}{word}", how))


# --- draining -----------------------------------------------------------------------------------------------------


def _drain(call: Call) -> None:
    """Cordon the nodes, then empty them one after the other."""
    if call["pod-selector"]:
        _check_selector(call["pod-selector"])
    nodes, how = _nodes(call), dry_run(call)
    _cordon(call, nodes, how, on=True)
    errors: dict[str, Faults] = {}
    for node in nodes:
        try:
            if _empty(call, node.name, how):
                call.terminal.print(names.done(node.document, "drained", how))
        except Faults as error:
            call.line(f'error: unable to drain node "{node.name}" due to error: {error}, continuing command...')
            errors[node.name] = error
    if errors:
        call.line("There are pending nodes to be drained:")
        for name in errors:
            call.line(f" {name}")
        all_of = list(errors.values())
        raise CommandError("\n".join(all_of[0].each if len(all_of) == 1 else map(str, all_of)))


def _check_selector(text: str) -> None:
    try:
        labels.compile(text)
    except K8snetError as error:
        raise CommandError("error: --pod-selector=<pod_selector> must be a valid label selector") from error


def _empty(call: Call, node: str, how: str) -> bool:
    """Take a node's pods from it; False if they stay, because nobody acts. Faults with all that went wrong."""
    pods = chosen(call, node)
    with _at_once(call.session):
        asked, faults = _ask(call, pods, how)
    if how != "none":
        return True
    pending = _await(call, asked)
    if pending and call.session.paused:
        return False
    faults += [f'error when waiting for pod "{meta(pod).name}" in namespace "{meta(pod).namespace}" to terminate: '
               "context deadline exceeded" for pod in pending]
    if faults:
        call.line(f'There are pending pods in node "{node}" when an error occurred: {Faults(faults)}')
        for pod in pending:
            call.line(f"pod/{meta(pod).name}")
        raise Faults(faults)
    return True


@contextmanager
def _at_once(session: Session) -> Iterator[None]:
    """All requests inside are sent before anybody reacts to the first, as kubectl sends them."""
    plane = session.assembly.plane
    before, plane.paused = plane.paused, True
    try:
        yield
    finally:
        plane.paused = before
        plane.settle_unless_paused()


def _ask(call: Call, pods: Sequence[Pod], how: str) -> tuple[list[Pod], list[str]]:
    """Ask for each pod's end: which are to be waited for, and what has been refused."""
    evicts = not call["disable-eviction"]
    if pods and evicts and how != "client":
        call.session.request("GET", "/api/v1")  # it tells whether pods can be evicted at all
    for pod in pods if evicts or how == "client" else ():
        _begin(call, pod, "eviction" if how == "none" else "")
        call.line(f"evicting pod {meta(pod).namespace}/{meta(pod).name}{DRY[how]}")
    asked, faults = list[Pod](), list[str]()
    for pod in pods if how != "client" else ():
        try:
            _end(call, pod)
            asked.append(pod)
        except Refused as error:
            if error.reason != "NotFound":
                name, namespace = meta(pod).name, meta(pod).namespace
                faults.append(f'error when evicting pods/"{name}" -n "{namespace}": {error.status["message"]}')
        else:
            _begin(call, pod, "" if evicts or how != "none" else "deletion")
    return asked, faults


def _begin(call: Call, pod: Pod, what: str) -> None:
    """Tell that something begins, to those who want to hear more."""
    if what and call.session.verbosity >= CHATTY:
        call.line(f"pod/{meta(pod).name} {what} started")


def _end(call: Call, pod: Pod) -> None:
    name, namespace, grace = meta(pod).name, meta(pod).namespace, call["grace-period"]
    options = {"gracePeriodSeconds": grace} if grace >= 0 else {}
    if dry_run(call) == "server":
        options["dryRun"] = ["All"]
    if call["disable-eviction"]:
        call.session.request("DELETE", KINDS["Pod"].path(namespace, name), query(call), options)
        return
    about = {"name": name, "namespace": namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": about, "deleteOptions": options}
    call.session.request("POST", KINDS["Pod"].path(namespace, name, "eviction"), body=body)


def _await(call: Call, pods: Sequence[Pod]) -> list[Pod]:
    """Wait until pods are gone, and tell so of each; those that are still there when time is up."""
    plane, word = call.session.assembly.plane, "deleted" if call["disable-eviction"] else "evicted"
    end, pending = plane.world.now + (call["timeout"] or LONGEST), list(pods)
    while True:
        still = [pod for pod in pending if _is_there(call, pod)]
        for pod in pending:
            if pod not in still:
                call.line(f"pod/{meta(pod).name} {word}")
        pending = still
        if not pending or plane.paused:
            return pending
        if plane.world.now >= end:
            if not call["timeout"]:
                raise interrupted()
            return pending
        plane.sleep(min(GLANCE, end - plane.world.now))


def _is_there(call: Call, pod: Pod) -> bool:
    try:
        found = call.session.get("Pod", meta(pod).name or "", meta(pod).namespace or "")
    except Refused as error:
        if error.reason != "NotFound":
            raise
        return False
    return meta(found).uid == meta(pod).uid


# --- the verbs ----------------------------------------------------------------------------------------------------


def _mark(call: Call) -> None:
    nodes = _nodes(call)
    _cordon(call, nodes, dry_run(call), on=call.command.name == "cordon")


CORDON = Command("cordon", "cordon NODE [options]", "Mark node as unschedulable", _mark, flags=(SELECTOR, DRY_RUN))
UNCORDON = Command("uncordon", "uncordon NODE [options]", "Mark node as schedulable", _mark, flags=(SELECTOR, DRY_RUN))
DRAIN = Command(
    "drain", "drain NODE [options]", "Drain node in preparation for maintenance", _drain,
    flags=(
        SELECTOR, DRY_RUN, flag("force", "bool"), flag("ignore-daemonsets", "bool"), flag("delete-emptydir-data", "bool"),
        flag("grace-period", "int", -1), flag("timeout", "duration"), flag("pod-selector"), flag("disable-eviction", "bool"),
    ),
    others=("chunk-size", "skip-wait-for-delete-timeout"),
)  # fmt: skip
