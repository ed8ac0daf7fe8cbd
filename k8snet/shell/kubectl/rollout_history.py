"""kubectl rollout history and undo: the revisions of a Deployment, which its ReplicaSets remember.

A DaemonSet's are in ControllerRevisions, which the model does not keep. Source: k8s.io/kubectl, pkg/polymorphichelpers
(history.go, rollback.go), pkg/cmd/rollout.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.controllers.revision import HASH, NOT_COPIED, REVISION, controls
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.objects import KINDS, Deployment, Kind, ObjectMeta, PodTemplateSpec, ReplicaSet, changed, known, meta, to_dict
from k8snet.kube.rest.http import JSON_PATCH
from k8snet.kube.rest.tables.columns import selector
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.describing.page import Page
from k8snet.shell.kubectl.describing.pods import write_template
from k8snet.shell.kubectl.describing.tabwriter import align
from k8snet.shell.kubectl.emitting import check_flags, dry_run, emit, query
from k8snet.shell.kubectl.patching import LAST_APPLIED
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import wanted
from k8snet.shell.kubectl.visiting import Found, act_on, selected

CAUSE = "kubernetes.io/change-cause"
WORKLOADS = ("ReplicaSet", "DaemonSet", "Pod")
"""The kinds for which kubectl says that nobody has written this; for the others, that it does not even know how to ask."""
Revisions = dict[int, ReplicaSet]


def _check_named(call: Call) -> None:
    if not call.args and not call["filename"]:
        raise CommandError("error: required resource not specified")


def _check_kind(kind: Kind, who: str) -> None:
    """Refuse what has no revisions; ``who`` is the part of kubectl that would have to know."""
    if kind.kind == "DaemonSet":
        raise NotModelled("the revisions of a DaemonSet", known="those of Deployments")
    if kind.kind == "Deployment":
        return
    name = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    if kind.kind in WORKLOADS:
        raise CommandError(f'error: no {who} has been implemented for "{name}"')
    asked = "history" if who == "history viewer" else who
    raise CommandError(f'error: error retrieving {asked} for "{name}", no visitor method exists for {{{kind.group} {kind.kind}}}')


def revisions(call: Call, found: Found, warn: Callable[[str], None]) -> tuple[Deployment, Revisions]:
    """A Deployment, asked for once more, and its ReplicaSets by their revision, the oldest first; ``warn`` of others."""
    deployment: Deployment = call.session.get("Deployment", found.name, found.namespace)
    sets = selected(call, KINDS["ReplicaSet"], found.namespace, selector(known(deployment.spec).selector))
    own = dict[int, ReplicaSet]()
    for rs in filter(partial(controls, deployment), sets):
        try:
            own[read_integer((meta(rs).annotations or {}).get(REVISION, "0"))] = rs
        except Unreadable as error:
            warn(f"unable to get revision from replicaset {meta(rs).name} for deployment {found.name} in namespace "
                 f"{found.namespace}: {error}")
    return deployment, dict(sorted(own.items()))


# --- history ------------------------------------------------------------------------------------------------------


def show(call: Call) -> None:
    """Print the revisions, or one of them in full."""
    _check_named(call)
    if call["revision"] < 0:
        raise CommandError(f"error: revision must be a positive integer: {call['revision']}")
    check_flags(call)
    act_on(call, wanted(call), partial(_show, call))


def _show(call: Call, found: Found) -> None:
    _check_kind(found.kind, "history viewer")
    _, sets = revisions(call, found, lambda why: call.line(f"{call.session.stamp('history.go:114', 'W')} {why}"))
    if call["output"]:
        _print_sets(call, sets)
        return
    number = call["revision"]
    text = _history(sets, number)
    call.line(f"{found.shown} {f'with revision #{number}' if number else ''}\n{text}")


def _print_sets(call: Call, sets: Revisions) -> None:
    chosen = [_of(sets, call["revision"])] if call["revision"] else list(sets.values())
    documents = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", **to_dict(rs)} for rs in chosen]
    for at, document in enumerate(documents):
        if at and call["output"] == "yaml":
            call.line("---")
        _print(call, document)


def _print(call: Call, document: dict[str, Any]) -> None:
    if call["output"] == "name":
        emit(call, document, "")
    else:
        call.terminal.print(formats.text(call["output"], ordered(document)))


def _history(sets: Revisions, number: int) -> str:
    if not sets:
        return "No rollout history found."
    if number:
        return template_text(_with_cause(_of(sets, number)))
    rows = [f"{each}\t{(meta(rs).annotations or {}).get(CAUSE) or '<none>'}\n" for each, rs in sets.items()]
    return align(f"REVISION\tCHANGE-CAUSE\n{''.join(rows)}")


def _of(sets: Revisions, number: int) -> ReplicaSet:
    if number not in sets:
        raise CommandError("error: unable to find the specified revision")
    return sets[number]


def template_text(template: PodTemplateSpec) -> str:
    """A template as `kubectl describe` tells it, but with its tabs."""
    page = Page()
    write_template(page, template)
    return page.tabbed()


def _with_cause(rs: ReplicaSet) -> PodTemplateSpec:
    """A ReplicaSet's template, with the reason for it among its annotations."""
    template, cause = known(known(rs.spec).template), (meta(rs).annotations or {}).get(CAUSE)
    if not cause:
        return template
    about = template.metadata or ObjectMeta()
    return changed(template, metadata=changed(about, annotations={**(about.annotations or {}), CAUSE: cause}))


# --- undo ---------------------------------------------------------------------------------------------------------


def undo(call: Call) -> None:
    """Give workloads the template of an older revision."""
    _check_named(call)
    check_flags(call, late=True)
    act_on(call, wanted(call), partial(_undo, call))


def _undo(call: Call, found: Found) -> None:
    if LAST_APPLIED in (found.document["metadata"].get("annotations") or {}):
        call.line(f"Warning: resource {found.kind.plural}/{found.name} was previously managed with 'kubectl apply'. "
                  f"Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future "
                  "'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.")
    _check_kind(found.kind, "rollbacker")
    deployment, sets = revisions(call, found, lambda why: None)  # kubectl says nothing here
    rs = _wanted_revision(call, deployment, sets)
    if dry_run(call) == "client":
        emit(call, ordered(found.document), template_text(known(known(rs.spec).template)))
        return
    if known(deployment.spec).paused:
        raise CommandError("error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' "
                           "and try again")
    template = _without_hash(to_dict(known(known(rs.spec).template)))
    if template == _without_hash(to_dict(known(known(deployment.spec).template))):
        emit(call, ordered(found.document), f"skipped rollback (current template already matches revision {call['to-revision']})")
        return
    _roll_back(call, found, template, rs)
    emit(call, ordered(found.document), "rolled back")


def _wanted_revision(call: Call, deployment: Deployment, sets: Revisions) -> ReplicaSet:
    number = call["to-revision"]
    if number in sets and number:
        return sets[number]
    if number:
        raise CommandError(f"error: unable to find specified revision {number} in history")
    if len(sets) < 2:
        raise CommandError(f'error: no rollout history found for deployment "{meta(deployment).name}"')
    return list(sets.values())[-2]


def _without_hash(template: dict[str, Any]) -> dict[str, Any]:
    about = dict(template.get("metadata") or {})
    about["labels"] = {name: value for name, value in (about.get("labels") or {}).items() if name != HASH}
    return template | {"metadata": about}


def _roll_back(call: Call, found: Found, template: dict[str, Any], rs: ReplicaSet) -> None:
    notes = {key: value for key, value in (found.document["metadata"].get("annotations") or {}).items() if key in NOT_COPIED}
    notes |= {key: value for key, value in (meta(rs).annotations or {}).items() if key not in NOT_COPIED}
    patch = [{"op": "replace", "path": "/spec/template", "value": template},
             {"op": "replace", "path": "/metadata/annotations", "value": notes}]  # fmt: skip
    try:
        call.session.request("PATCH", found.place, query(call), patch, content_type=JSON_PATCH)
    except Refused as error:
        raise CommandError(f"error: failed restoring revision {call['to-revision']}: {error.status['message']}") from error
