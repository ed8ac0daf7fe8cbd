"""The containers of a pod, or of a template: what they run, how they are, what they are given.

Source: k8s.io/kubectl, pkg/describe (describeContainers and what it calls), pkg/util/resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from k8snet.kube.gowords import quoted
from k8snet.kube.objects import (
    Container,
    ContainerPort,
    ContainerState,
    ContainerStatus,
    EnvVar,
    EnvVarSource,
    HTTPGetAction,
    Pod,
    Probe,
    ResourceRequirements,
    VolumeMount,
    meta,
)  # fmt: skip
from k8snet.kube.quantity import canonical
from k8snet.shell.kubectl.describing.amounts import field_value
from k8snet.shell.kubectl.describing.page import NONE, Page
from k8snet.shell.kubectl.describing.times import stamp

KEPT_IN_PATHS = "$&+,/:;=@~"
"""What Go leaves as it is in a URL's path, besides letters and digits."""


def write(page: Page, title: str, containers: Sequence[Any], statuses: Iterable[ContainerStatus] | None = None,
          pod: Pod | None = None) -> None:
    """All containers of one sort (ephemeral ones have a type of their own, with the same fields).

    Those of a template stand one level deeper and belong to no ``pod``.
    """
    states = {status.name: status for status in statuses or ()}
    page.line(f"{'' if pod else '  '}{title}:{'' if containers else f' {NONE}'}")
    for container in containers:
        page.line(f"{'' if pod else ' '}{container.name}:", 1)
        _write_one(page, container, states.get(container.name), pod)


def _write_one(page: Page, container: Container, status: ContainerStatus | None, pod: Pod | None) -> None:
    _write_image(page, container, status)
    _write_ports(page, container.ports or [])
    _write_profile(page, container)
    _write_words(page, "Command", container.command)
    _write_words(page, "Args", container.args)
    if status is not None:
        _write_status(page, status)
    write_resources(page, container.resources, 2)
    for name, probe in (("Liveness", container.livenessProbe), ("Readiness", container.readinessProbe),
                        ("Startup", container.startupProbe)):  # fmt: skip
        if probe is not None:
            page.field(name, probe_text(probe), 2)
    _write_sources(page, container)
    _write_environment(page, container, pod)
    _write_mounts(page, container)


def _write_image(page: Page, container: Container, status: ContainerStatus | None) -> None:
    if status is not None:
        page.field("Container ID", status.containerID or "", 2)
    page.field("Image", container.image or "", 2)
    if status is not None:
        page.field("Image ID", status.imageID or "", 2)


def _write_ports(page: Page, ports: Sequence[ContainerPort]) -> None:
    own = [(port.containerPort, port) for port in ports]
    of_host = [(port.hostPort or 0, port) for port in ports]
    for title, numbers in (("Port", own), ("Host Port", of_host)):
        text = ", ".join(f"{number}/{port.protocol}" + (f" ({port.name})" if port.name else "") for number, port in numbers)
        page.field(title + ("s" if "," in text else ""), text or NONE, 2)


def _write_profile(page: Page, container: Container) -> None:
    profile = container.securityContext.seccompProfile if container.securityContext else None
    if profile is not None:
        page.field("SeccompProfile", profile.type, 2)
        if profile.type == "Localhost":
            page.field("LocalhostProfile", profile.localhostProfile, 3)


def _write_words(page: Page, title: str, words: Sequence[str] | None) -> None:
    if words:
        page.line(f"{title}:", 2)
        for word in words:
            for line in word.split("\n"):
                page.line(line, 3)


# --- how it is ----------------------------------------------------------------------------------------------------


def _write_status(page: Page, status: ContainerStatus) -> None:
    _write_state(page, "State", status.state or ContainerState())
    if status.lastState is not None and status.lastState.terminated is not None:
        _write_state(page, "Last State", status.lastState)
    page.field("Ready", "True" if status.ready else "False", 2)
    page.field("Restart Count", status.restartCount, 2)


def _write_state(page: Page, title: str, state: ContainerState) -> None:
    if state.running is not None:
        page.field(title, "Running", 2)
        page.field("Started", stamp(state.running.startedAt), 3)
    elif state.terminated is not None and state.waiting is None:
        ended = state.terminated
        page.field(title, "Terminated", 2)
        page.optional("Reason", ended.reason, 3)
        page.optional("Message", ended.message, 3)
        page.field("Exit Code", ended.exitCode, 3)
        page.optional("Signal", ended.signal, 3)
        page.field("Started", stamp(ended.startedAt), 3)
        page.field("Finished", stamp(ended.finishedAt), 3)
    else:
        page.field(title, "Waiting", 2)
        page.optional("Reason", state.waiting.reason if state.waiting else None, 3)


def write_resources(page: Page, resources: ResourceRequirements | None, level: int) -> None:
    """Limits and requests, by resource."""
    for title, amounts in (("Limits", resources.limits), ("Requests", resources.requests)) if resources else ():
        if amounts:
            page.line(f"{title}:", level)
        for name, amount in sorted((amounts or {}).items()):
            page.field(name, canonical(amount), level + 1)


# --- probes -------------------------------------------------------------------------------------------------------


def probe_text(probe: Probe) -> str:
    """What a probe asks, and how often.

    >>> probe_text(Probe(httpGet=HTTPGetAction(port=80, path="/", scheme="HTTP"), timeoutSeconds=1, periodSeconds=10,
    ...                  successThreshold=1, failureThreshold=3))
    'http-get http://:80/ delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3'
    """
    seconds = (probe.initialDelaySeconds, probe.timeoutSeconds, probe.periodSeconds)
    delay, timeout, period, success, failure = (each or 0 for each in (*seconds, probe.successThreshold, probe.failureThreshold))
    often = f"delay={delay}s timeout={timeout}s period={period}s successThreshold={success} failureThreshold={failure}"
    return f"{_question(probe)} {often}"


def _question(probe: Probe) -> str:
    if probe.exec is not None:
        return f"exec [{' '.join(probe.exec.command or [])}]"
    if probe.httpGet is not None:
        return f"http-get {_url(probe.httpGet)}"
    if probe.tcpSocket is not None:
        return f"tcp-socket {probe.tcpSocket.host or ''}:{probe.tcpSocket.port}"
    return f"grpc <pod>:{probe.grpc.port} {probe.grpc.service or ''}" if probe.grpc is not None else "unknown"


def _url(ask: HTTPGetAction) -> str:
    host, path = ask.host or "", quote(ask.path or "", safe=KEPT_IN_PATHS)
    place = f"[{host}]:{ask.port}" if ":" in host else f"{host}:{ask.port}"
    return f"{(ask.scheme or '').lower()}://{place}{'' if path[:1] in ('', '/') else '/'}{path}"


# --- what it is given ---------------------------------------------------------------------------------------------


def _write_sources(page: Page, container: Container) -> None:
    if not container.envFrom:
        return
    page.line("Environment Variables from:", 2)
    for each in container.envFrom:
        kind = "ConfigMap" if each.configMapRef is not None else "Secret"
        ref: Any = each.configMapRef or each.secretRef
        prefix = f" with prefix '{each.prefix}'" if each.prefix else ""
        page.row(ref.name or "", f"{kind}{prefix}", _optional(ref), level=3)


def _write_environment(page: Page, container: Container, pod: Pod | None) -> None:
    if not container.env:
        page.field("Environment", NONE, 2)
        return
    page.line("Environment:", 2)
    for variable in container.env:
        if variable.valueFrom is not None:
            _write_reference(page, variable, variable.valueFrom, container, pod)
            continue
        first, *others = (variable.value or "").split("\n")
        page.field(variable.name, first, 3)
        for line in others:
            page.row("", line, level=3)


def _write_reference(page: Page, variable: EnvVar, source: EnvVarSource, container: Container, pod: Pod | None) -> None:
    if source.fieldRef is not None:
        field = source.fieldRef
        page.field(variable.name, f"{_own(pod, field.fieldPath)} ({field.apiVersion or ''}:{field.fieldPath})", 3)
    elif source.resourceFieldRef is not None:
        part = source.resourceFieldRef
        page.field(variable.name, f"{field_value(part.resource, part.divisor, container)} ({part.resource})", 3)
    elif source.secretKeyRef is not None:
        _write_key(page, variable, source.secretKeyRef, "in secret")
    elif source.configMapKeyRef is not None:
        _write_key(page, variable, source.configMapKeyRef, "of config map")


def _write_key(page: Page, variable: EnvVar, ref: Any, where: str) -> None:
    page.row(f"{variable.name}:", f"<set to the key '{ref.key}' {where} '{ref.name or ''}'>", _optional(ref), level=3)


def _own(pod: Pod | None, path: str) -> str:
    """A field of the pod. kubectl looks up these two, and none in a template."""
    about = meta(pod) if pod is not None else None
    return {"metadata.name": about.name, "metadata.namespace": about.namespace}.get(path) or "" if about else ""


def _optional(ref: Any) -> str:
    return f"Optional: {str(bool(ref.optional)).lower()}"


def _write_mounts(page: Page, container: Container) -> None:
    mounts = sorted(container.volumeMounts or [], key=lambda mount: mount.mountPath)
    if mounts:
        page.line("Mounts:", 2)
    else:
        page.field("Mounts", NONE, 2)
    for mount in mounts:
        page.line(f"{mount.mountPath} from {mount.name} ({_flags(mount)})", 3)
    if container.volumeDevices:
        page.row("Devices:", *([] if mounts else [NONE]), level=2)
        for device in sorted(container.volumeDevices, key=lambda device: device.devicePath):
            page.line(f"{device.devicePath} from {device.name}", 3)


def _flags(mount: VolumeMount) -> str:
    return ("ro" if mount.readOnly else "rw") + (f",path={quoted(mount.subPath)}" if mount.subPath else "")
