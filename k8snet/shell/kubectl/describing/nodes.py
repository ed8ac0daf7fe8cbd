"""Nodes, and what the pods on them request. Source: k8s.io/kubectl, pkg/describe (describeNode, describeNodeResource)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from k8snet.errors import ApiError
from k8snet.kube.objects import Lease, Node, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo, Pod, known, meta
from k8snet.kube.quantity import canonical, read
from k8snet.kube.rest.durations import age
from k8snet.kube.rest.tables.nodes import roles
from k8snet.shell.kubectl.describing import amounts
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import NONE, UNSET, Page
from k8snet.shell.kubectl.describing.placing import write_taints
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.times import stamp

LEASES = "kube-node-lease"
"""The namespace of the leases by which nodes say that they are alive."""
NOT_FINISHED = "status.phase!=Succeeded,status.phase!=Failed"
STANDARD = ("cpu", "memory", "ephemeral-storage")
SYSTEM = {
    "Machine ID": "machineID", "System UUID": "systemUUID", "Boot ID": "bootID", "Kernel Version": "kernelVersion",
    "OS Image": "osImage", "Operating System": "operatingSystem", "Architecture": "architecture",
    "Container Runtime Version": "containerRuntimeVersion", "Kubelet Version": "kubeletVersion",
}  # fmt: skip


def describe_node(page: Page, node: Node, source: Source, told: Told) -> None:
    """All of a node."""
    about, spec, status = meta(node), node.spec or NodeSpec(), node.status or NodeStatus()
    pods = source.list("Pod", None, fields=f"spec.nodeName={about.name},{NOT_FINISHED}")
    told.ask()
    page.field("Name", about.name)
    page.field("Roles", ",".join(roles(node)) or NONE)
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    page.field("CreationTimestamp", stamp(about.creationTimestamp))
    write_taints(page, spec.taints)
    page.field("Unschedulable", str(bool(spec.unschedulable)).lower())
    _write_lease(page, known(about.name), source)
    _write_conditions(page, status.conditions or [])
    page.line("Addresses:")
    for address in status.addresses or []:
        page.field(address.type, address.address, 1)
    _write_amounts(page, "Capacity", status.capacity)
    _write_amounts(page, "Allocatable", status.allocatable)
    _write_system(page, status.nodeInfo)
    page.optional("PodCIDR", spec.podCIDR)
    page.optional("PodCIDRs", ",".join(spec.podCIDRs or []))
    page.optional("ProviderID", spec.providerID)
    _write_pods(page, pods, status, source.now)


def _write_lease(page: Page, name: str, source: Source) -> None:
    try:
        lease: Lease = source.get("Lease", name, LEASES)
    except ApiError as error:
        page.field("Lease", f"Failed to get lease: {error}")
        return
    spec = lease.spec
    page.line("Lease:")
    page.field("HolderIdentity", UNSET if spec is None or spec.holderIdentity is None else spec.holderIdentity, 1)
    page.field("AcquireTime", stamp(spec.acquireTime) if spec and spec.acquireTime else UNSET, 1)
    page.field("RenewTime", stamp(spec.renewTime) if spec and spec.renewTime else UNSET, 1)


def _write_conditions(page: Page, conditions: Sequence[NodeCondition]) -> None:
    if not conditions:
        return
    page.line("Conditions:")
    page.row("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
    page.row("----", "------", "-----------------", "------------------", "------", "-------")
    for each in conditions:
        page.row(f"{each.type} ", f"{each.status} ", f"{stamp(each.lastHeartbeatTime)} ", f"{stamp(each.lastTransitionTime)} ",
                 f"{each.reason or ''} ", each.message or "")  # fmt: skip


def _write_amounts(page: Page, title: str, written: Mapping[str, str] | None) -> None:
    if written:
        page.line(f"{title}:")
        for name, amount in sorted(written.items()):
            page.field(name, canonical(amount), 1)


def _write_system(page: Page, info: NodeSystemInfo | None) -> None:
    page.line("System Info:")
    for title, field in SYSTEM.items():
        page.field(title, getattr(info, field) if info else "", 1)


# --- pods ---------------------------------------------------------------------------------------------------------


def _write_pods(page: Page, pods: Sequence[Pod], status: NodeStatus, now: datetime) -> None:
    have = {name: read(amount) for name, amount in (status.allocatable or status.capacity or {}).items()}
    page.field("Non-terminated Pods", f"({len(pods)} in total)")
    heads = ("Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age")
    page.row(*heads)
    page.row(*("-" * len(head) for head in heads))
    for pod in pods:
        both = amounts.requests(pod, reported=True), amounts.limits(pod, reported=True)
        shares = [_share(name, part, have) for name in ("cpu", "memory") for part in both]
        page.row(meta(pod).namespace, meta(pod).name, "", *shares, age(meta(pod).creationTimestamp, now))
    _write_total(page, amounts.total(map(amounts.requests, pods)), amounts.total(map(amounts.limits, pods)), have)


def _write_total(page: Page, requests: amounts.Amounts, limits: amounts.Amounts, have: amounts.Amounts) -> None:
    page.line("Allocated resources:")
    page.line("(Total limits may be over 100 percent, i.e., overcommitted.)", 1)
    heads = ("Resource", "Requests", "Limits")
    page.row(*heads)
    page.row(*("-" * len(head) for head in heads))
    huge = sorted(name for name in have if name.startswith(amounts.HUGE))
    for name in (*STANDARD, *huge):
        page.row(name, *(_part(name, each, have) for each in (requests, limits)))
    for name in sorted(set(have) - {*STANDARD, *huge, "pods"}):
        page.row(name, requests.get(name, amounts.ZERO), limits.get(name, amounts.ZERO))


def _part(name: str, part: amounts.Amounts, have: amounts.Amounts) -> str:
    """As `_share`, but a part of nothing is 0% here."""
    return _share(name, part, have) if have.get(name, amounts.ZERO).value else f"{part.get(name, amounts.ZERO)} (0%)"


def _share(name: str, part: amounts.Amounts, have: amounts.Amounts) -> str:
    return amounts.share(name, part.get(name, amounts.ZERO), have.get(name, amounts.ZERO))
