"""Where the API server is: the endpoints of the Service ``kubernetes``, which it writes itself.

No controller has a part in it. The Service has no selector, and the Endpoints say that they are not to be mirrored. Sources:
pkg/controlplane/reconcilers (lease.go, endpointsadapter.go).
"""

from __future__ import annotations

from k8snet.kube.controllers.endpoints.mirroring import SKIP
from k8snet.kube.controllers.endpoints.packing import SERVICE_NAME
from k8snet.kube.objects import (
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    ObjectMeta,
    SubsetPort,
)  # fmt: skip

NAME, NAMESPACE = "kubernetes", "default"
PORT_NAME, PORT = "https", 6443


def endpoints(ip: str) -> tuple[Endpoints, EndpointSlice]:
    """What an API server at an address writes about itself."""
    subset = EndpointSubset(addresses=[EndpointAddress(ip=ip)], ports=[SubsetPort(name=PORT_NAME, port=PORT, protocol="TCP")])
    one = Endpoint(addresses=[ip], conditions=EndpointConditions(ready=True))
    return (
        Endpoints(metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels={SKIP: "true"}), subsets=[subset]),
        EndpointSlice(
            metadata=ObjectMeta(name=NAME, namespace=NAMESPACE, labels={SERVICE_NAME: NAME}), addressType="IPv4",
            endpoints=[one], ports=[EndpointPort(name=PORT_NAME, port=PORT, protocol="TCP")],
        ),
    )  # fmt: skip
