"""The tables of Deployments, ReplicaSets and DaemonSets. Source: pkg/printers/internalversion, printers.go."""

from __future__ import annotations

from datetime import datetime

from k8snet.kube.objects import (
    Container,
    DaemonSet,
    DaemonSetSpec,
    DaemonSetStatus,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    PodSpec,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    known,
    meta,
)
from k8snet.kube.rest.tables.columns import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    Cell,
    Column,
    age_of,
    integer,
    names_and_images,
    pairs,
    selector,
    wide,
)

DEPLOYMENT = (
    NAME,
    Column("Ready", "Number of the pod with ready state"),
    Column("Up-to-date", (DeploymentStatus, "updatedReplicas")),
    Column("Available", (DeploymentStatus, "availableReplicas")),
    AGE,
    CONTAINERS,
    IMAGES,
    wide("Selector", (DeploymentSpec, "selector")),
)
REPLICASET = (
    NAME,
    integer("Desired", (ReplicaSetSpec, "replicas")),
    integer("Current", (ReplicaSetStatus, "replicas")),
    integer("Ready", (ReplicaSetStatus, "readyReplicas")),
    AGE,
    CONTAINERS,
    IMAGES,
    wide("Selector", (ReplicaSetSpec, "selector")),
)
DAEMONSET = (
    NAME,
    integer("Desired", (DaemonSetStatus, "desiredNumberScheduled")),
    integer("Current", (DaemonSetStatus, "currentNumberScheduled")),
    integer("Ready", (DaemonSetStatus, "numberReady")),
    integer("Up-to-date", (DaemonSetStatus, "updatedNumberScheduled")),
    integer("Available", (DaemonSetStatus, "numberAvailable")),
    Column("Node Selector", (PodSpec, "nodeSelector")),
    AGE,
    CONTAINERS,
    IMAGES,
    wide("Selector", (DaemonSetSpec, "selector")),
)


def deployment(obj: Deployment, now: datetime) -> tuple[Cell, ...]:
    """A Deployment's cells. Of these three kinds it is the one that leaves an empty selector's cell empty."""
    spec, status = known(obj.spec), obj.status or DeploymentStatus()
    return (meta(obj).name or "", f"{status.readyReplicas or 0}/{spec.replicas or 0}", status.updatedReplicas or 0,
            status.availableReplicas or 0, age_of(obj, now), *names_and_images(_containers(spec.template)),
            selector(spec.selector))  # fmt: skip


def replicaset(obj: ReplicaSet, now: datetime) -> tuple[Cell, ...]:
    """A ReplicaSet's cells."""
    spec, status = known(obj.spec), obj.status or ReplicaSetStatus(replicas=0)
    return (meta(obj).name or "", spec.replicas or 0, status.replicas, status.readyReplicas or 0, age_of(obj, now),
            *names_and_images(_containers(spec.template)), selector(spec.selector) or NONE)  # fmt: skip


def daemonset(obj: DaemonSet, now: datetime) -> tuple[Cell, ...]:
    """A DaemonSet's cells."""
    spec = known(obj.spec)
    status = obj.status or DaemonSetStatus(0, 0, 0, 0)
    chosen = spec.template.spec.nodeSelector if spec.template.spec else None
    return (meta(obj).name or "", status.desiredNumberScheduled, status.currentNumberScheduled, status.numberReady,
            status.updatedNumberScheduled or 0, status.numberAvailable or 0, pairs(chosen), age_of(obj, now),
            *names_and_images(_containers(spec.template)), selector(spec.selector) or NONE)  # fmt: skip


TABLES = {"Deployment": (DEPLOYMENT, deployment), "ReplicaSet": (REPLICASET, replicaset), "DaemonSet": (DAEMONSET, daemonset)}


def _containers(template: PodTemplateSpec | None) -> list[Container]:
    return template.spec.containers if template and template.spec else []
