"""What a pod says nothing about, and a template of pods.

Some defaults are for pods alone: enableServiceLinks, requests from limits, ports of the host, and all of admission.py.
Source: pkg/apis/core/v1/defaults.go; pkg/util/parsers and github.com/distribution/reference for image names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from k8snet.kube.defaults import admission
from k8snet.kube.defaults.filling import amounts, each, fill, fill_counts, within, within_each
from k8snet.kube.objects import (
    Container,
    ContainerPort,
    EmptyDirVolumeSource,
    EnvVar,
    Pod,
    PodSecurityContext,
    PodSpec,
    PodTemplateSpec,
    Probe,
    ResourceRequirements,
    Volume,
    changed,
    meta,
)  # fmt: skip
from k8snet.kube.remembered import Remembered

FILE_MODE = 0o644
TOKEN_SECONDS = 3600
_NO_CONTEXT = PodSecurityContext()
_NO_RESOURCES = ResourceRequirements()
_CONTAINERS = ("initContainers", "containers")

_specs: Remembered[PodSpec] = Remembered()
"""Pods' filled specs by what they were made of: pods of one template have one."""


def pod(obj: Pod) -> Pod:
    """A pod with its defaults."""
    spec = obj.spec
    if spec is None:
        return obj
    if spec.priority:
        admission.check(meta(obj).name or "" if obj.metadata else "", spec)
    filled = _specs.find(spec)
    if filled is None:
        filled = _specs.keep(spec, admission.admitted(_pod_only(pod_spec(spec))))
        _specs.keep(filled, filled)
    return obj if filled is spec else changed(obj, spec=filled)


def template(obj: PodTemplateSpec) -> PodTemplateSpec:
    """A template with its defaults."""
    return within(obj, "spec", pod_spec)


def pod_spec(spec: PodSpec) -> PodSpec:
    """What a pod and a template have in common."""
    spec = fill(
        spec, restartPolicy="Always", dnsPolicy="ClusterFirst", terminationGracePeriodSeconds=30,
        schedulerName="default-scheduler", securityContext=_NO_CONTEXT,
    )  # fmt: skip
    account = spec.serviceAccountName or spec.serviceAccount
    spec = fill(spec, serviceAccountName=account, serviceAccount=account) if account else spec
    for name in _CONTAINERS:
        spec = within(spec, name, _filled)
    return within_each(spec, "volumes", _volume)


def _pod_only(spec: PodSpec) -> PodSpec:
    spec = fill(spec, enableServiceLinks=True)
    for name in _CONTAINERS:
        spec = within_each(spec, name, _requests)
        spec = within_each(spec, name, _host_ports) if spec.hostNetwork else spec
    return spec


def _requests(container: Container) -> Container:
    """What is limited and not asked for is asked for as well."""
    return within(container, "resources", lambda resources: _as_limited(resources) if resources.limits else resources)


def _as_limited(resources: ResourceRequirements) -> ResourceRequirements:
    asked, limits = resources.requests or {}, resources.limits or {}
    missing = {name: amount for name, amount in limits.items() if name not in asked}
    return changed(resources, requests=asked | missing) if missing else resources


def _host_ports(container: Container) -> Container:
    return within_each(container, "ports", lambda port: fill_counts(port, hostPort=port.containerPort))


# --- containers ---------------------------------------------------------------------------------------------------

_lists: Remembered[list[Container]] = Remembered()
"""Filled lists of containers by what they were made of: a DaemonSet's pods have one, and each a spec of its own."""


def _filled(given: list[Container]) -> list[Container]:
    filled = _lists.find(given)
    if filled is None:
        filled = _lists.keep(given, each(given, _container) or given)
        _lists.keep(filled, filled)
    return filled


def _container(container: Container) -> Container:
    container = fill(
        container, imagePullPolicy=pull_policy(container.image or ""), terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File", resources=_NO_RESOURCES,
    )  # fmt: skip
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        container = within(container, name, _probe)
    container = within_each(container, "ports", _port)
    container = within_each(container, "env", _variable)
    return within(container, "resources", _written)


def _port(port: ContainerPort) -> ContainerPort:
    return fill(port, protocol="TCP")


def _written(resources: ResourceRequirements) -> ResourceRequirements:
    return within(within(resources, "limits", amounts), "requests", amounts)


def _probe(probe: Probe) -> Probe:
    probe = fill_counts(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    return within(probe, "httpGet", lambda get: fill(get, path="/", scheme="HTTP"))


def _variable(variable: EnvVar) -> EnvVar:
    return within(variable, "valueFrom", lambda source: within(source, "fieldRef", lambda ref: fill(ref, apiVersion="v1")))


_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PART = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_PART}(?:\.{_PART})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_NAME}(?:/{_NAME})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>@{_DIGEST})?", re.ASCII,
)  # fmt: skip
"""An image's name. Source: github.com/distribution/reference, regexp.go."""


@lru_cache(maxsize=1024)
def pull_policy(image: str) -> str:
    """``Always`` for an image with the tag ``latest`` or with none, else ``IfNotPresent``; also for what is no image's name.

    >>> pull_policy("nginx"), pull_policy("localhost:5000/nginx:1.29"), pull_policy("Nginx")
    ('Always', 'IfNotPresent', 'IfNotPresent')
    """
    found = REFERENCE.fullmatch(image)
    if found is None:
        return "IfNotPresent"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


# --- volumes ------------------------------------------------------------------------------------------------------


def _volume(volume: Volume) -> Volume:
    if all(getattr(volume, name) is None for name in volume.__struct_fields__ if name != "name"):
        return changed(volume, emptyDir=EmptyDirVolumeSource())
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        volume = within(volume, name, lambda source: fill(source, defaultMode=FILE_MODE))
    volume = within(volume, "projected", lambda source: within_each(source, "sources", _projection))
    return within(volume, "hostPath", lambda source: source if source.type is not None else changed(source, type=""))


def _projection(source: Any) -> Any:
    return within(source, "serviceAccountToken", lambda token: fill(token, expirationSeconds=TOKEN_SECONDS))


