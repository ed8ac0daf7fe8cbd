"""Which parts of a manifest are kept without an effect in the model, and which the model does not take.

Two published lists, not a judgement; docs/not-modelled.md prints them. What would mislead if it were kept in silence is
refused with NotModelled, before anything is stored; the rest is kept, and shows when the object is read. Neither list says
what the API server refuses: that is validation's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from k8snet.errors import NotModelled
from k8snet.kube import images
from k8snet.kube.defaults.admission import PRIORITIES
from k8snet.kube.objects import Container, DaemonSet, Deployment, EnvVar, Object, Pod, PodSpec, Probe, ReplicaSet, Service, Volume
from k8snet.kube.remembered import Remembered

WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.automountServiceAccountToken", "spec.dnsPolicy", "spec.hostIPC", "spec.hostUsers", "spec.imagePullSecrets",
        "spec.os", "spec.preemptionPolicy", "spec.priority", "spec.priorityClassName",
        "spec.securityContext", "spec.serviceAccountName", "spec.volumes", "spec.containers[*].livenessProbe.httpGet.httpHeaders",
        "spec.containers[*].livenessProbe.terminationGracePeriodSeconds", "spec.containers[*].resources.limits",
        "spec.containers[*].securityContext", "spec.containers[*].stdin", "spec.containers[*].stdinOnce",
        "spec.containers[*].terminationMessagePath", "spec.containers[*].terminationMessagePolicy", "spec.containers[*].tty",
        "spec.containers[*].volumeMounts", "spec.containers[*].workingDir",
    ),
    "Service": ("spec.externalName", "spec.loadBalancerClass", "spec.loadBalancerIP", "spec.ports[*].appProtocol"),
    "Node": ("spec.configSource", "spec.externalID", "spec.providerID"),
    "ConfigMap": ("data", "binaryData"),
    "Secret": ("data", "type"),
    "ServiceAccount": ("secrets", "imagePullSecrets", "automountServiceAccountToken"),
}  # fmt: skip
"""Fields that the API server keeps and on which nobody acts. A pod's are those of templates, its containers' those of init
containers, and a liveness probe's those of all probes."""

POD: Mapping[str, str] = {
    "activeDeadlineSeconds": "a pod that is deleted",
    "dnsConfig": "dnsPolicy",
    "evictionResponders": "",
    "hostAliases": "addresses",
    "hostPID": "shareProcessNamespace",
    "hostname": "the pod's name",
    "hostnameOverride": "the pod's name",
    "overhead": "the containers' requests",
    "readinessGates": "readinessProbe",
    "resourceClaims": "",
    "resources": "the containers' requests",
    "runtimeClassName": "one runtime",
    "schedulingGates": "nodeSelector, affinity",
    "schedulingGroup": "",
    "setHostnameAsFQDN": "the pod's name",
    "subdomain": "addresses",
}
"""Fields of a pod that the model does not take, and what there is instead."""
CONTAINER: Mapping[str, str] = {
    "envFrom": "env with values",
    "lifecycle": "command, args",
    "resizePolicy": "a new pod",
    "restartPolicyRules": "the pod's restartPolicy",
    "volumeDevices": "volumeMounts",
}
"""The same for a container."""
VOLUMES = ("configMap", "downwardAPI", "emptyDir", "hostPath", "projected", "secret")
"""Volumes that may be declared: every node has them. The others need something outside of it."""
PROBES = ("exec", "httpGet", "tcpSocket")
IN_PROBES = ("cat", "test")
"""What an exec probe may run besides the programs of all images: they ask for files, and there are none."""
BY_ZONES = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
"""Annotations of a Service that ask for hints by zone, in the old way."""

_taken: Remembered[bool] = Remembered()
"""Pods' specs without any of these, by identity."""


def check(obj: Object) -> None:
    """NotModelled if an object asks for something that would be kept in silence and mislead.

    >>> from k8snet.kube.objects import HostAlias
    >>> check(Pod(spec=PodSpec(containers=[], hostAliases=[HostAlias(ip="10.0.0.1")])))
    Traceback (most recent call last):
    k8snet.errors.NotModelled: not modelled: spec.hostAliases (known: addresses)
    """
    if isinstance(obj, Pod):
        _check(obj.spec, "spec")
    elif isinstance(obj, Deployment | ReplicaSet | DaemonSet):
        template = obj.spec.template
        _check(template.spec if template else None, "spec.template.spec")
    elif isinstance(obj, Service):
        _check_annotations(obj.metadata.annotations if obj.metadata else None)


def _check_annotations(annotations: Mapping[str, str] | None) -> None:
    """Hints by the share of each zone's CPU are not there; what a Service asks for in its spec is."""
    for name in BY_ZONES:
        if (annotations or {}).get(name) in ("Auto", "auto"):
            raise NotModelled(f"metadata.annotations: {name}: {(annotations or {})[name]}", known="spec.trafficDistribution")


def _check(spec: PodSpec | None, path: str) -> None:
    if spec is not None and not _taken.find(spec):
        _check_pod(spec, path)
        _taken.keep(spec, True)


def _check_pod(spec: PodSpec, path: str) -> None:
    _refuse(spec, POD, path)
    if spec.priorityClassName and spec.priorityClassName not in PRIORITIES:
        raise NotModelled(f"{path}.priorityClassName: {spec.priorityClassName}", known=", ".join(PRIORITIES))
    if spec.securityContext is not None and spec.securityContext.sysctls:
        raise NotModelled(f"{path}.securityContext.sysctls", known="sysctl on a node")
    if spec.os is not None and spec.os.name == "windows":
        raise NotModelled(f"{path}.os: windows", known="linux")
    for volume in spec.volumes or []:
        _check_volume(volume, path)
    for name, policies in (("containers", ()), ("initContainers", ("Always",))):
        for at, container in enumerate(getattr(spec, name) or []):
            _check_container(container, policies, f"{path}.{name}[{at}]")


def _check_volume(volume: Volume, path: str) -> None:
    for kind in volume.__struct_fields__:
        if kind not in ("name", *VOLUMES) and getattr(volume, kind) is not None:
            raise NotModelled(f"{path}.volumes: {kind}", known=", ".join(VOLUMES))


def _check_container(container: Container, policies: Sequence[str], path: str) -> None:
    _refuse(container, CONTAINER, path)
    _check_command(container, container.command, container.args)
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe: Probe | None = getattr(container, name)
        if probe is not None:
            _check_probe(container, probe, f"{path}.{name}")
    if container.restartPolicy in ("Always", "Never", "OnFailure") and container.restartPolicy not in policies:
        raise NotModelled(f"{path}.restartPolicy: {container.restartPolicy}", known="the pod's restartPolicy, and sidecars")
    for at, variable in enumerate(container.env or []):
        _check_variable(variable, f"{path}.env[{at}]")


def _check_command(container: Container, command: Sequence[str] | None, args: Sequence[str] | None = None) -> None:
    """What the program does must be known now: when the kubelet starts it, it is too late to say no."""
    values = {each.name: each.value or "" for each in container.env or []}
    images.run(container.image or "", command, args, values)


def _check_probe(container: Container, probe: Probe, path: str) -> None:
    if probe.grpc is not None:
        raise NotModelled(f"{path}.grpc", known=", ".join(PROBES))
    if probe.exec is not None:
        program = (probe.exec.command or [""])[0].rpartition("/")[2]
        if program not in images.PROGRAMS and program not in IN_PROBES:
            raise NotModelled(f"{path}.exec: {program}", known=", ".join([*images.PROGRAMS, *IN_PROBES]))
        if program not in IN_PROBES:
            _check_command(container, probe.exec.command)
    names = [each.name for each in container.ports or []]
    for handler in (probe.httpGet, probe.tcpSocket):
        if handler is not None and isinstance(handler.port, str) and handler.port not in names and not handler.port.isdecimal():
            raise NotModelled(f"{path}: the port {handler.port!r}", known="a number, or the name of one of the container's ports")


def _check_variable(variable: EnvVar, path: str) -> None:
    source = variable.valueFrom
    for kind in source.__struct_fields__ if source is not None else ():
        if getattr(source, kind) is not None:
            raise NotModelled(f"{path}.valueFrom.{kind}", known="value")


def _refuse(part: Any, refused: Mapping[str, str], path: str) -> None:
    for name, instead in refused.items():
        if getattr(part, name):
            raise NotModelled(f"{path}.{name}", known=instead)
