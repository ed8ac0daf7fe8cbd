"""Which endpoints a service port's traffic may go to, and what becomes of it when there are none: the same in every mode.

Traffic of policy Cluster goes to **cluster** endpoints, anywhere; traffic of policy Local to **local** ones, on this
node. Internal traffic comes to the ClusterIP, external traffic to all other addresses, and each has its own policy.
Source: pkg/proxy/topology.go (CategorizeEndpoints, topologyModeFromHints).
"""

from __future__ import annotations

from k8snet.kube.proxy.facts import Endpoint, Endpoints, NodeFacts, ServicePort, in_order
from k8snet.linux.fact import Fact


class Choice(Fact, frozen=True):
    """What one node does with one service port. ``cluster`` and ``local`` are None where the port has no use for them."""

    cluster: Endpoints | None
    local: Endpoints | None
    reachable: Endpoints
    """Both together, each endpoint once: those that need rules of their own on this node."""
    exists: bool
    """Whether the Service can be answered at all, be it by another node."""
    internal: bool
    """Whether internal traffic has somewhere to go."""
    external: bool

    @property
    def refused(self) -> str:
        """Why traffic with nowhere to go is refused, in kube-proxy's words."""
        return "has no local endpoints" if self.exists else "has no endpoints"

    @property
    def no_local_internal(self) -> bool:
        """Whether the metric sync_proxy_rules_no_local_endpoints_total counts this port under ``internal``."""
        return self.exists and not self.internal

    @property
    def no_local_external(self) -> bool:
        """The same under ``external``."""
        return self.exists and not self.external


def choose(port: ServicePort, endpoints: Endpoints, node: NodeFacts) -> Choice:
    """The endpoints of a service port, as this node sees them. They come sorted, and stay so."""
    cluster = _cluster(endpoints, node) if port.uses_cluster_endpoints else None
    local = _local(endpoints, node) if port.uses_local_endpoints else None
    exists = bool(cluster) or (local is not None and any(each.ready or _is_leaving(each) for each in endpoints))
    return Choice(
        cluster, local, _union(cluster or (), local or ()), exists,
        internal=exists and (bool(local) or not port.internal_local),
        external=exists and (bool(local) or not port.external_local),
    )  # fmt: skip


def _cluster(endpoints: Endpoints, node: NodeFacts) -> Endpoints:
    """All that are ready, or those of them that hints prefer; if none is, those that still serve while they leave."""
    ready = tuple([each for each in endpoints if each.ready])
    return _hinted(ready, node) if ready else tuple([each for each in endpoints if _is_leaving(each)])


def _local(endpoints: Endpoints, node: NodeFacts) -> Endpoints:
    """The same on this node. Hints do not matter: nobody else could answer."""
    here = [each for each in endpoints if each.node == node.name]
    return tuple([each for each in here if each.ready]) or tuple([each for each in here if _is_leaving(each)])


def _is_leaving(endpoint: Endpoint) -> bool:
    return endpoint.serving and endpoint.terminating


def _hinted(ready: Endpoints, node: NodeFacts) -> Endpoints:
    """Those that are hinted for this node, or else for its zone. A hint counts only where every endpoint has one."""
    if all(each.node_hints for each in ready):
        near = tuple([each for each in ready if node.name in each.node_hints])
        if near:
            return near
    if node.zone and all(each.zone_hints for each in ready):
        near = tuple([each for each in ready if node.zone in each.zone_hints])
        if near:
            return near
    return ready


def _union(cluster: Endpoints, local: Endpoints) -> Endpoints:
    if not local or cluster == local:
        return cluster
    known = {each.text: each for each in (*cluster, *local)}
    return in_order(known.values()) if cluster else local
