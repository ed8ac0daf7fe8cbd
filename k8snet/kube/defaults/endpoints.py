"""What Endpoints and EndpointSlices say nothing about. Sources: pkg/apis/core/v1/defaults.go, pkg/apis/discovery/v1/defaults.go.

And what a slice may not say through this version of the API: ``deprecatedTopology`` is dropped (pkg/registry/discovery).
"""

from __future__ import annotations

from k8snet.kube.defaults.filling import fill, fill_absent, within_each
from k8snet.kube.objects import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    SubsetPort,
    changed,
)  # fmt: skip


def endpoints(obj: Endpoints) -> Endpoints:
    """Endpoints: a port of which nothing is said is one of TCP."""
    return within_each(obj, "subsets", _subset)


def _subset(subset: EndpointSubset) -> EndpointSubset:
    return within_each(subset, "ports", _subset_port)


def _subset_port(port: SubsetPort) -> SubsetPort:
    return fill(port, protocol="TCP")


def endpoint_slice(obj: EndpointSlice) -> EndpointSlice:
    """An EndpointSlice: a port without a name has an empty one; of an endpoint's state nothing need be said."""
    return within_each(within_each(obj, "ports", _port), "endpoints", _endpoint)


def _port(port: EndpointPort) -> EndpointPort:
    return fill_absent(port, name="", protocol="TCP")


def _endpoint(endpoint: Endpoint) -> Endpoint:
    endpoint = fill_absent(endpoint, conditions=EndpointConditions())
    return endpoint if endpoint.deprecatedTopology is None else changed(endpoint, deprecatedTopology=None)
