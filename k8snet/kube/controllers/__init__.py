"""The controllers of kube-controller-manager: each keeps one thing about the cluster as it should be.

Each is a file of its own, and none knows of the others: they meet in what the API server holds. What all have in common is
in controller.py; tally.py, claim.py, pods.py and conditions.py are what several of them ask.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.kube.client import Client
from k8snet.kube.component import Agent
from k8snet.kube.controllers import (
    daemonset,
    deployment,
    garbage_collector,
    namespace,
    node_ipam,
    node_lifecycle,
    pod_gc,
    replicaset,
    taint_eviction,
)
from k8snet.kube.controllers.endpoints import legacy, mirroring, slices
from k8snet.kube.controllers.revision import template_of_revision

__all__ = ["all_of", "template_of_revision"]


def all_of(client_for: Callable[[str], Client], cluster_cidr: str = "10.244.0.0/16", node_mask: int = 24) -> list[Agent]:
    """All controllers, in the order in which kube-controller-manager registers them; but those of endpoints come last.

    So they have their turn between who deletes a pod and the kubelet that ends it, as in reality, where it takes them
    milliseconds: a pod that is to go, and still serves, is seen as such.

    ``client_for`` gives each a client in its own name. ``cluster_cidr`` is the range of all pods, of which each node gets
    a part with a prefix of ``node_mask`` bits.
    """
    return [
        pod_gc.PodGc(client_for(pod_gc.NAME)),
        namespace.Namespaces(client_for(namespace.NAME)),
        namespace.service_accounts(client_for(namespace.SERVICE_ACCOUNTS)),
        garbage_collector.GarbageCollector(client_for(garbage_collector.NAME)),
        daemonset.DaemonSets(client_for(daemonset.NAME)),
        deployment.Deployments(client_for(deployment.NAME)),
        replicaset.ReplicaSets(client_for(replicaset.NAME)),
        node_ipam.NodeIpam(client_for(node_ipam.NAME), cluster_cidr, node_mask),
        node_lifecycle.controller(client_for(node_lifecycle.NAME)),
        taint_eviction.TaintEviction(client_for(taint_eviction.NAME)),
        legacy.EndpointsController(client_for(legacy.NAME)),
        slices.EndpointSlices(client_for(slices.NAME)),
        mirroring.Mirroring(client_for(mirroring.NAME)),
    ]
