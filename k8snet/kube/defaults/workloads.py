"""What Deployments, ReplicaSets and DaemonSets say nothing about. Source: pkg/apis/apps/v1/defaults.go."""

from __future__ import annotations

from k8snet.kube.defaults.filling import fill, fill_absent, within
from k8snet.kube.defaults.pods import template
from k8snet.kube.objects import (
    DaemonSet,
    DaemonSetSpec,
    DaemonSetUpdateStrategy,
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    ObjectMeta,
    PodSpec,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetSpec,
    RollingUpdateDaemonSet,
    RollingUpdateDeployment,
)  # fmt: skip


def deployment(obj: Deployment) -> Deployment:
    """A Deployment with its defaults."""
    return within(obj, "spec", _deployment_spec)


def _deployment_spec(spec: DeploymentSpec) -> DeploymentSpec:
    spec = fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy=DeploymentStrategy())
    return within(within(spec, "strategy", _strategy), "template", template)


def _strategy(strategy: DeploymentStrategy) -> DeploymentStrategy:
    strategy = fill(strategy, type="RollingUpdate")
    if strategy.type != "RollingUpdate":
        return strategy
    strategy = fill(strategy, rollingUpdate=RollingUpdateDeployment())
    return within(strategy, "rollingUpdate", lambda update: fill_absent(update, maxSurge="25%", maxUnavailable="25%"))


def replicaset(obj: ReplicaSet) -> ReplicaSet:
    """A ReplicaSet with its defaults."""
    return within(obj, "spec", _replicaset_spec)


def _replicaset_spec(spec: ReplicaSetSpec) -> ReplicaSetSpec:
    empty = PodTemplateSpec(metadata=ObjectMeta(), spec=PodSpec(containers=[]))
    return within(fill(spec, replicas=1, template=empty), "template", template)


def daemonset(obj: DaemonSet) -> DaemonSet:
    """A DaemonSet with its defaults."""
    return within(obj, "spec", _daemonset_spec)


def _daemonset_spec(spec: DaemonSetSpec) -> DaemonSetSpec:
    spec = fill(spec, revisionHistoryLimit=10, updateStrategy=DaemonSetUpdateStrategy())
    return within(within(spec, "updateStrategy", _update_strategy), "template", template)


def _update_strategy(strategy: DaemonSetUpdateStrategy) -> DaemonSetUpdateStrategy:
    strategy = fill(strategy, type="RollingUpdate")
    if strategy.type != "RollingUpdate":
        return strategy
    strategy = fill(strategy, rollingUpdate=RollingUpdateDaemonSet())
    return within(strategy, "rollingUpdate", lambda update: fill_absent(update, maxSurge=0, maxUnavailable=1))
