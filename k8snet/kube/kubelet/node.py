"""The node's own object: how the kubelet registers it, whether it is ready, and the Lease that says that it is alive.

Source: the kubelet's kubelet_node_status.go, nodestatus/setters.go; k8s.io/component-helpers, apimachinery/lease.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import md5

from k8snet.kube.client import Client
from k8snet.kube.kubelet.worker import NETWORK_NOT_READY
from k8snet.kube.objects import (
    DaemonEndpoint,
    Lease,
    LeaseSpec,
    Node,
    NodeAddress,
    NodeCondition,
    NodeDaemonEndpoints,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
    ObjectMeta,
    OwnerReference,
    Taint,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.site import Place
from k8snet.linux.fact import Fact

LEASES = "kube-node-lease"
RENEWED_EVERY, LEASE_SECONDS = 10.0, 40
VERSION, RUNTIME_VERSION = "v1.37.0", "containerd://2.2.0"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
NOT_READY = "node.kubernetes.io/not-ready"
ENDPOINTS = NodeDaemonEndpoints(kubeletEndpoint=DaemonEndpoint(Port=10250))
"""Where the API server finds the kubelet: the port that logs and exec go to."""
FINE = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
"""What a kubelet reports of its machine, which here never lacks anything: type, reason, message."""


class Capacity(Fact, frozen=True):
    """How much a machine has."""

    cpu: str = "8"
    memory: str = "32Gi"
    pods: int = 110

    @property
    def amounts(self) -> dict[str, str]:
        """By resource."""
        return {"cpu": self.cpu, "ephemeral-storage": "100Gi", "memory": self.memory, "pods": str(self.pods)}


def new_node(place: Place, capacity: Capacity, boots: int, time: datetime, *, network: bool) -> Node:
    """The node as its kubelet registers it."""
    labels = {
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": place.name, "kubernetes.io/os": "linux",
    }  # fmt: skip
    taints = [Taint(key=NOT_READY, effect="NoSchedule")]
    if place.control_plane:
        labels[CONTROL_PLANE] = ""
        taints.insert(0, Taint(key=CONTROL_PLANE, effect="NoSchedule"))
    annotations = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    ranges = [place.pod_cidr] if place.pod_cidr else None
    node = Node(metadata=ObjectMeta(name=place.name, labels=labels, annotations=annotations),
                spec=NodeSpec(taints=taints, podCIDR=place.pod_cidr, podCIDRs=ranges))  # fmt: skip
    return changed(node, status=status_of(node, place, capacity, boots, time, network=network))


def status_of(node: Node, place: Place, capacity: Capacity, boots: int, time: datetime, *, network: bool) -> NodeStatus:
    """The node's status as it is now; what others report in it stays."""
    before = node.status or NodeStatus()
    addresses = [NodeAddress(type="InternalIP", address=place.ip), NodeAddress(type="Hostname", address=place.name)]
    if place.public:
        addresses.append(NodeAddress(type="ExternalIP", address=place.public))
    return changed(
        before, capacity=capacity.amounts, allocatable=capacity.amounts, addresses=addresses,
        conditions=_conditions(before, time, network=network), daemonEndpoints=ENDPOINTS, nodeInfo=_system(place.name, boots),
    )  # fmt: skip


def _conditions(before: NodeStatus, time: datetime, *, network: bool) -> list[NodeCondition]:
    ready = ("True", "KubeletReady", "kubelet is posting ready status")
    ready = ready if network else ("False", "KubeletNotReady", NETWORK_NOT_READY)
    said = {type_: ("False", reason, message) for type_, reason, message in FINE} | {"Ready": ready}
    there = {each.type: each for each in before.conditions or ()}
    made = []
    for type_, (status, reason, message) in said.items():
        old = there.pop(type_, None)
        if old is not None and (old.status, old.reason, old.message) == (status, reason, message):
            made.append(old)
            continue
        since = old.lastTransitionTime if old is not None and old.status == status else time
        made.append(NodeCondition(type=type_, status=status, reason=reason, message=message, lastTransitionTime=since,
                                  lastHeartbeatTime=time))  # fmt: skip
    return [*there.values(), *made]


def is_ready(node: Node) -> bool:
    """Whether a node's Ready condition is True."""
    return any((each.type, each.status) == ("Ready", "True") for each in (node.status.conditions if node.status else None) or ())


@lru_cache(maxsize=1 << 14)
def _system(name: str, boots: int) -> NodeSystemInfo:
    return NodeSystemInfo(
        architecture="amd64", bootID=_id(f"{name} boot {boots}"), containerRuntimeVersion=RUNTIME_VERSION,
        kernelVersion="6.1.0-40-amd64", kubeProxyVersion="", kubeletVersion=VERSION, machineID=_id(name).replace("-", ""),
        operatingSystem="linux", osImage="Debian GNU/Linux 12 (bookworm)", systemUUID=_id(f"{name} system"),
    )  # fmt: skip


def _id(text: str) -> str:
    digits = md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def renew_lease(client: Client, node: Node) -> None:
    """Say that the kubelet is alive; the Lease is made if there is none."""
    name = known(meta(node).name)
    there: Lease | None = client.find("Lease", name, LEASES)
    if there is not None:
        client.update(changed(there, spec=changed(there.spec or LeaseSpec(), renewTime=client.time)))
        return
    owner = OwnerReference(apiVersion="v1", kind="Node", name=name, uid=known(meta(node).uid))
    spec = LeaseSpec(holderIdentity=name, leaseDurationSeconds=LEASE_SECONDS, renewTime=client.time)
    client.create(Lease(metadata=ObjectMeta(name=name, namespace=LEASES, ownerReferences=[owner]), spec=spec))
