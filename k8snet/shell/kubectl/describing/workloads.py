"""Deployments, ReplicaSets and DaemonSets. Source: k8s.io/kubectl, pkg/describe, pkg/util/deployment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.controllers.revision import controls, is_same
from k8snet.kube.objects import (
    DaemonSet,
    DaemonSetStatus,
    Deployment,
    DeploymentStatus,
    DeploymentStrategy,
    LabelSelector,
    Object,
    ReplicaSet,
    ReplicaSetStatus,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.rest.tables.columns import pairs, selector
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import NONE, Page
from k8snet.shell.kubectl.describing.pods import controller_text, write_template
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.times import ZERO, stamp

PHASES = {"Running": "Running", "Pending": "Waiting", "Succeeded": "Succeeded", "Failed": "Failed"}
"""What a pod in a phase counts as."""


def describe_deployment(page: Page, deployment: Deployment, source: Source, told: Told) -> None:
    """A Deployment, and the ReplicaSets that it has."""
    about, spec, status = meta(deployment), known(deployment.spec), deployment.status or DeploymentStatus()
    told.ask()
    sets = _sets(deployment, source)
    _write_name(page, deployment)
    page.field("CreationTimestamp", stamp(about.creationTimestamp))
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    page.field("Selector", selector(spec.selector))
    _write_replicas(page, spec.replicas, status)
    _write_strategy(page, spec.strategy or DeploymentStrategy(), spec.minReadySeconds or 0)
    write_template(page, known(spec.template))
    _write_conditions(page, status.conditions)
    if sets:
        newest = next((rs for rs in sets if is_same(known(spec.template), known(known(rs.spec).template))), None)
        page.field("OldReplicaSets", _sets_text(rs for rs in sets if rs is not newest))
        page.field("NewReplicaSet", _sets_text([newest] if newest else []))


def _write_name(page: Page, obj: Object) -> None:
    page.field("Name", meta(obj).name)
    page.field("Namespace", meta(obj).namespace)


def _write_replicas(page: Page, wanted: int | None, status: DeploymentStatus) -> None:
    counts = {
        "desired": wanted, "updated": status.updatedReplicas, "total": status.replicas, "available": status.availableReplicas,
        "unavailable": status.unavailableReplicas,
    }  # fmt: skip
    page.field("Replicas", " | ".join(f"{count or 0} {word}" for word, count in counts.items()))


def _write_strategy(page: Page, strategy: DeploymentStrategy, ready_seconds: int) -> None:
    page.field("StrategyType", strategy.type or "")
    page.field("MinReadySeconds", ready_seconds)
    rolling = strategy.rollingUpdate
    if rolling is not None:
        page.field("RollingUpdateStrategy", f"{rolling.maxUnavailable} max unavailable, {rolling.maxSurge} max surge")


def _sets(deployment: Deployment, source: Source) -> list[ReplicaSet]:
    """A Deployment's own ReplicaSets, the oldest first; none if the server refuses to say."""
    try:
        found = source.list("ReplicaSet", meta(deployment).namespace, labels=selector(known(deployment.spec).selector))
    except ApiError:
        return []
    own = [rs for rs in found if controls(deployment, rs)]
    return sorted(own, key=lambda rs: (meta(rs).creationTimestamp or ZERO, meta(rs).name or ""))


def _sets_text(sets: Iterable[ReplicaSet]) -> str:
    texts = []
    for rs in sets:
        there, wanted = (rs.status.replicas if rs.status else 0) or 0, known(rs.spec).replicas
        texts.append(f"{meta(rs).name} ({there}/{wanted} replicas created)")
    return ", ".join(texts) or NONE


def _write_conditions(page: Page, conditions: Sequence[Any] | None) -> None:
    if conditions:
        page.line("Conditions:")
        page.row("Type", "Status", "Reason")
        page.row("----", "------", "------")
        for each in conditions:
            page.row(f"{each.type} ", each.status, each.reason or "")


# --- those that have pods -----------------------------------------------------------------------------------------


def describe_replicaset(page: Page, rs: ReplicaSet, source: Source, told: Told) -> None:
    """A ReplicaSet, and how its pods are."""
    about, spec, status = meta(rs), known(rs.spec), rs.status or ReplicaSetStatus(replicas=0)
    try:
        pods = _pods_text(rs, spec.selector, source)
    except ApiError as error:
        pods = f"error in fetching pods: {error}"
    _write_name(page, rs)
    page.field("Selector", selector(spec.selector) or NONE)
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    page.optional("Controlled By", controller_text(rs))
    page.field("Replicas", f"{status.replicas or 0} current / {spec.replicas} desired")
    page.field("Pods Status", pods)
    write_template(page, known(spec.template))
    _write_conditions(page, status.conditions)


def describe_daemonset(page: Page, daemon: DaemonSet, source: Source, told: Told) -> None:
    """A DaemonSet, on how many nodes it is, and how its pods are."""
    about, spec, status = meta(daemon), known(daemon.spec), daemon.status or DaemonSetStatus(0, 0, 0, 0)
    pods = _pods_text(daemon, spec.selector, source)
    template = known(spec.template)
    _write_name(page, daemon)
    page.field("Selector", selector(spec.selector))
    page.field("Node-Selector", pairs(template.spec.nodeSelector if template.spec else None))
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    page.line(f"Desired Number of Nodes Scheduled: {status.desiredNumberScheduled}")
    page.line(f"Current Number of Nodes Scheduled: {status.currentNumberScheduled}")
    page.line(f"Number of Nodes Scheduled with Up-to-date Pods: {status.updatedNumberScheduled or 0}")
    page.line(f"Number of Nodes Scheduled with Available Pods: {status.numberAvailable or 0}")
    page.line(f"Number of Nodes Misscheduled: {status.numberMisscheduled}")
    page.field("Pods Status", pods)
    write_template(page, template)


def _pods_text(owner: Object, wanted: LabelSelector, source: Source) -> str:
    """How many pods of its own there are, by phase."""
    counts: Counter[str] = Counter()
    for pod in source.list("Pod", meta(owner).namespace, labels=selector(wanted)):
        controller = controller_of(pod)
        if controller is not None and controller.uid == meta(owner).uid:
            counts[pod.status.phase if pod.status else ""] += 1
    return " / ".join(f"{counts[phase]} {word}" for phase, word in PHASES.items())
