"""The node lifecycle controller: it notices that a kubelet is silent, and marks nodes on which no pods should be.

A kubelet renews its Lease all the time, so the controller does not watch Leases: it looks at a node when that changes, and
when its Lease would be too old. Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go. Not here: zones, and
that Kubernetes taints few nodes at a time, and none if all are gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.conditions import OF_KUBELET, READY, condition, deserved, tainted
from k8snet.kube.controllers.controller import Controller
from k8snet.kube.objects import Lease, Node, NodeCondition, NodeSpec, NodeStatus, PodCondition, changed, known, meta
from k8snet.kube.store import Key

NAME = "node-lifecycle-controller"
GRACE, FIRST_GRACE = 50, 60
"""So many seconds may pass without a sign from a kubelet, and until the first one (nodeMonitorGracePeriod, …Startup…)."""
LEASES = "kube-node-lease"


def controller(client: Client) -> Controller:
    """The controller."""
    return Controller(NAME, client, "Node", reconcile)


def reconcile(client: Client, key: Key) -> Again | None:
    """Look at one node: is its kubelet alive, and is it tainted as its conditions say?"""
    node = client.find("Node", key[1], "")
    if node is None:
        return None
    left = _deadline(client, node) - client.time
    if left <= timedelta(0):
        node = _declare_silent(client, node)
    spec = node.spec or NodeSpec()
    taints = tainted(spec.taints or (), deserved(node), client.time)
    if taints != (spec.taints or []):
        client.patch(changed(node, spec=changed(spec, taints=taints or None)))
    return Again(left.total_seconds(), idle=True) if left > timedelta(0) else None


def _deadline(client: Client, node: Node) -> datetime:
    """When silence will have lasted too long: counted from the Lease's renewal or the last report, whichever is later."""
    lease: Lease | None = client.find("Lease", known(meta(node).name), LEASES)
    ready = condition(node, READY)
    signs = [lease.spec.renewTime if lease is not None and lease.spec else None, ready.lastHeartbeatTime if ready else None]
    heard = max((sign for sign in signs if sign is not None), default=None)
    if ready is None or heard is None:
        began = known(meta(node).creationTimestamp)
        return max(heard or began, began) + timedelta(seconds=FIRST_GRACE)
    return heard + timedelta(seconds=GRACE)


def _declare_silent(client: Client, node: Node) -> Node:
    """Say of all that the kubelet reports that it is not known any more, and that nothing there is ready."""
    ready = condition(node, READY)
    was_ready = ready is not None and ready.status == "True"
    status = node.status or NodeStatus()
    conditions = _unknown(node, client.time)
    if conditions != (status.conditions or []):
        node = client.update_status(changed(node, status=changed(status, conditions=conditions)))
    if was_ready:
        client.event(node, "NodeNotReady", f"Node {meta(node).name} status is now: NodeNotReady")
    _declare_pods_unready(client, known(meta(node).name))
    return node


def _unknown(node: Node, time: datetime) -> list[NodeCondition]:
    there = [*((node.status.conditions if node.status else None) or ())]
    never = [type_ for type_ in OF_KUBELET if condition(node, type_) is None]
    said = [_silent(each, time) if each.type in OF_KUBELET and each.status != "Unknown" else each for each in there]
    return said + [
        NodeCondition(
            type=type_, status="Unknown", reason="NodeStatusNeverUpdated", message="Kubelet never posted node status.",
            lastHeartbeatTime=meta(node).creationTimestamp, lastTransitionTime=time,
        )
        for type_ in never
    ]  # fmt: skip


def _silent(old: NodeCondition, time: datetime) -> NodeCondition:
    text = "Kubelet stopped posting node status."
    return changed(old, status="Unknown", reason="NodeStatusUnknown", message=text, lastTransitionTime=time)


def _declare_pods_unready(client: Client, node: str) -> None:
    """What runs on a silent node may not be there any more: it gets no more connections."""
    for pod in client.pods_on(node):
        if about_pods.is_ready(pod):
            old: PodCondition = known(about_pods.condition(pod, READY))
            client.update_status(about_pods.with_condition(pod, changed(old, status="False", lastTransitionTime=client.time)))
            client.event(pod, "NodeNotReady", "Node is not ready", "Warning")
