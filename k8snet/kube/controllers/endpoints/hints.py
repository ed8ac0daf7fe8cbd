"""Hints: by which zones and nodes an endpoint should be used, where a Service asks for what is near.

Each ready endpoint is for its own zone, with ``PreferSameNode`` for its own node too; kube-proxy makes of that what it can.
Source: k8s.io/endpointslice, trafficdist/trafficdist.go; KEP-4444, KEP-3015.
"""

from __future__ import annotations

from k8snet.kube.objects import Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone, changed

SAME_NODE = "PreferSameNode"
NEAR = ("PreferClose", "PreferSameZone", SAME_NODE)
"""What ``trafficDistribution`` may say."""


def hinted(one: EndpointSlice, distribution: str | None) -> EndpointSlice:
    """A slice with the hints that its endpoints should have; the same slice, if they have them."""
    before = one.endpoints or []
    after = [_hinted(each, distribution) for each in before]
    return one if all(a is b for a, b in zip(after, before, strict=True)) else changed(one, endpoints=after)


def _hinted(endpoint: Endpoint, distribution: str | None) -> Endpoint:
    if distribution not in NEAR:
        return endpoint if endpoint.hints is None else changed(endpoint, hints=None)
    if endpoint.conditions is None or not endpoint.conditions.ready:
        return endpoint
    hints = _of(endpoint, for_node=distribution == SAME_NODE)
    return endpoint if endpoint.hints == hints else changed(endpoint, hints=hints)


def _of(endpoint: Endpoint, *, for_node: bool) -> EndpointHints | None:
    zones = [ForZone(name=endpoint.zone)] if endpoint.zone else None
    nodes = [ForNode(name=endpoint.nodeName)] if endpoint.nodeName and for_node else None
    return EndpointHints(forZones=zones, forNodes=nodes) if zones or nodes else None
