"""kubectl rollout status: how far a rollout has come, told anew at each change until it is done.

Where nothing is left to do it is one line. Else the clock moves on (changes.py) until it is done or its deadline has passed.
Source: k8s.io/kubectl, pkg/polymorphichelpers/rollout_status.go,
pkg/cmd/rollout/rollout_status.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.controllers.revision import REVISION
from k8snet.kube.gowords import Unreadable, quoted, read_integer
from k8snet.kube.objects import Kind
from k8snet.shell.kubectl.changes import interrupted, versions
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.resources import wanted
from k8snet.shell.kubectl.visiting import Found, act_on

DEADLINE = "ProgressDeadlineExceeded"
TIMED_OUT = "error: timed out waiting for the condition"
NAMES = {"Deployment": "deployment", "DaemonSet": "daemon set"}


def run(call: Call) -> None:
    """Tell of each rollout that is meant, one after the other."""
    if not call.args and not call["filename"]:
        raise CommandError("error: required resource not specified")
    if call["revision"] < 0:
        raise CommandError(f"error: revision must be a positive integer: {call['revision']}")
    if not act_on(call, wanted(call), lambda found: _follow(call, found)):
        call.line(f"No resources found in {call.namespace} namespace.")


def _follow(call: Call, found: Found) -> None:
    for document in _versions(call, found):
        if document is None:
            raise CommandError("error: object has been deleted")
        line, done = status(found.kind, document, call["revision"])
        call.line(line)
        if done or not call["watch"]:
            return
    if call["timeout"]:
        raise CommandError(TIMED_OUT)
    if not call.session.paused:
        raise interrupted()


def _versions(call: Call, found: Found) -> Iterator[dict[str, Any] | None]:
    """The object as it is, and what becomes of it."""
    yield found.document
    yield from versions(call.session, found.kind, found.namespace, found.name, call["timeout"] or None)


def status(kind: Kind, document: dict[str, Any], revision: int = 0) -> tuple[str, bool]:
    """How far a rollout has come, and whether that is its end. CommandError if it has failed, or nothing can be said of it."""
    if kind.kind not in NAMES:
        name = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
        raise CommandError(f"error: no status viewer has been implemented for {name}")
    now = document.get("status") or {}
    if kind.kind == "DaemonSet":
        _check_strategy(document)
    else:
        _check_revision(document, revision)
    if (document["metadata"].get("generation") or 0) > (now.get("observedGeneration") or 0):
        return f"Waiting for {NAMES[kind.kind]} spec update to be observed...", False
    subject = f'{NAMES[kind.kind]} "{document["metadata"]["name"]}"'
    missing = _of_daemon_set(now) if kind.kind == "DaemonSet" else _of_deployment(subject, document["spec"], now)
    if missing:
        return f"Waiting for {subject} rollout to finish: {missing}...", False
    return f"{subject} successfully rolled out", True


def _check_strategy(document: dict[str, Any]) -> None:
    if (document["spec"].get("updateStrategy") or {}).get("type") != "RollingUpdate":
        raise CommandError("error: rollout status is only available for RollingUpdate strategy type")


def _check_revision(document: dict[str, Any], revision: int) -> None:
    if not revision:
        return
    try:
        running = read_integer((document["metadata"].get("annotations") or {}).get(REVISION, "0"))
    except Unreadable as error:
        name = document["metadata"]["name"]
        raise CommandError(f"error: cannot get the revision of deployment {quoted(name)}: {error}") from None
    if revision != running:
        raise CommandError(f"error: desired revision ({revision}) is different from the running revision ({running})")


def _of_deployment(subject: str, spec: dict[str, Any], now: dict[str, Any]) -> str:
    """What a Deployment waits for; empty if for nothing."""
    if any(each["type"] == "Progressing" and each.get("reason") == DEADLINE for each in now.get("conditions") or ()):
        raise CommandError(f"error: {subject} exceeded its progress deadline")
    wish, there = spec.get("replicas", 1), now.get("replicas", 0)
    updated, available = now.get("updatedReplicas", 0), now.get("availableReplicas", 0)
    if updated < wish:
        return f"{updated} out of {wish} new replicas have been updated"
    if there > updated:
        return f"{there - updated} old replicas are pending termination"
    return f"{available} of {updated} updated replicas are available" if available < updated else ""


def _of_daemon_set(now: dict[str, Any]) -> str:
    """The same for a DaemonSet."""
    wish, updated = now.get("desiredNumberScheduled", 0), now.get("updatedNumberScheduled", 0)
    available = now.get("numberAvailable", 0)
    if updated < wish:
        return f"{updated} out of {wish} new pods have been updated"
    return f"{available} of {wish} updated pods are available" if available < wish else ""
