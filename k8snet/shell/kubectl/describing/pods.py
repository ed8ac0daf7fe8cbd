"""Pods, and the pod templates of workloads. Source: k8s.io/kubectl, pkg/describe (describePod, DescribePodTemplate)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.objects import Object, ObjectMeta, Pod, PodSpec, PodStatus, PodTemplateSpec, known, meta
from k8snet.kube.rest.durations import age
from k8snet.kube.strategy import quality
from k8snet.shell.kubectl.describing import containers, volumes
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import NONE, Page
from k8snet.shell.kubectl.describing.placing import write_spread, write_tolerations
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.times import stamp

FINISHED = ("Failed", "Succeeded")


def describe_pod(page: Page, pod: Pod, source: Source, told: Told) -> None:
    """All of a pod."""
    about, spec, status = meta(pod), known(pod.spec), pod.status or PodStatus()
    _write_who(page, about, spec, status)
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    _write_phase(page, about, status, source.now)
    _write_profile(page, spec)
    _write_addresses(page, status)
    page.optional("Controlled By", controller_text(pod))
    page.optional("NominatedNodeName", status.nominatedNodeName)
    _write_containers(page, pod, spec, status)
    conditions = {each.type: each.status for each in status.conditions or []}
    _write_conditions(page, "Readiness Gates", {gate.conditionType: conditions.get(gate.conditionType, NONE)
                                                for gate in spec.readinessGates or []})  # fmt: skip
    _write_conditions(page, "Conditions", conditions)
    volumes.write(page, spec.volumes)
    page.field("QoS Class", status.qosClass or quality(spec))
    page.labels("Node-Selectors", spec.nodeSelector)
    write_tolerations(page, "Tolerations", spec.tolerations)
    write_spread(page, spec.topologySpreadConstraints)
    _write_group(page, spec)


def _write_who(page: Page, about: ObjectMeta, spec: PodSpec, status: PodStatus) -> None:
    page.field("Name", about.name)
    page.field("Namespace", about.namespace)
    if spec.priority is not None:
        page.field("Priority", spec.priority)
    page.optional("Priority Class Name", spec.priorityClassName)
    page.optional("Runtime Class Name", spec.runtimeClassName)
    page.optional("Service Account", spec.serviceAccountName)
    page.field("Node", f"{spec.nodeName}/{status.hostIP or ''}" if spec.nodeName else NONE)
    if status.startTime is not None:
        page.field("Start Time", stamp(status.startTime))


def _write_phase(page: Page, about: ObjectMeta, status: PodStatus, now: datetime) -> None:
    if about.deletionTimestamp is not None and status.phase not in FINISHED:
        page.field("Status", f"Terminating (lasts {age(about.deletionTimestamp, now)})")
        page.field("Termination Grace Period", f"{about.deletionGracePeriodSeconds or 0}s")
    else:
        page.field("Status", status.phase or "")
    page.optional("Reason", status.reason)
    page.optional("Message", status.message)


def _write_profile(page: Page, spec: PodSpec) -> None:
    profile = spec.securityContext.seccompProfile if spec.securityContext else None
    if profile is not None:
        page.field("SeccompProfile", profile.type)
        if profile.type == "Localhost":
            page.field("LocalhostProfile", profile.localhostProfile)


def _write_addresses(page: Page, status: PodStatus) -> None:
    page.field("IP", status.podIP or "")
    if not status.podIPs:
        page.field("IPs", NONE)
        return
    page.line("IPs:")
    for each in status.podIPs:
        page.field("IP", each.ip, 1)


def _write_containers(page: Page, pod: Pod, spec: PodSpec, status: PodStatus) -> None:
    if spec.resources is not None:
        page.line("Resources:")
        containers.write_resources(page, spec.resources, 1)
    if spec.initContainers:
        containers.write(page, "Init Containers", spec.initContainers, status.initContainerStatuses, pod)
    containers.write(page, "Containers", spec.containers, status.containerStatuses, pod)
    if spec.ephemeralContainers:
        containers.write(page, "Ephemeral Containers", spec.ephemeralContainers, status.ephemeralContainerStatuses, pod)


def _write_conditions(page: Page, title: str, conditions: Mapping[str, str]) -> None:
    if conditions:
        page.line(f"{title}:")
        page.row("Type", "Status")
        for name, status in conditions.items():
            page.row(f"{name} ", f"{status} ")


def _write_group(page: Page, spec: PodSpec, indent: str = "") -> None:
    if spec.schedulingGroup is not None:
        page.line(f"{indent}SchedulingGroup:")
        page.field("PodGroupName", spec.schedulingGroup.podGroupName, 1)


def controller_text(obj: Object) -> str:
    """Who controls an object, as Kind/name; empty if nobody does."""
    owner = controller_of(obj)
    return f"{owner.kind}/{owner.name}" if owner is not None else ""


def write_template(page: Page, template: PodTemplateSpec) -> None:
    """The template from which a workload makes its pods."""
    about, spec = template.metadata or ObjectMeta(), template.spec or PodSpec(containers=[])
    page.line("Pod Template:")
    page.labels("  Labels", about.labels)
    if about.annotations:
        page.annotations("  Annotations", about.annotations)
    page.optional("Service Account", spec.serviceAccountName, 1)
    if spec.initContainers:
        containers.write(page, "Init Containers", spec.initContainers)
    containers.write(page, "Containers", spec.containers)
    volumes.write(page, spec.volumes, "  ")
    write_spread(page, spec.topologySpreadConstraints, "  ")
    page.optional("Priority Class Name", spec.priorityClassName, 1)
    page.labels("  Node-Selectors", spec.nodeSelector)
    write_tolerations(page, "  Tolerations", spec.tolerations)
    _write_group(page, spec, "  ")
