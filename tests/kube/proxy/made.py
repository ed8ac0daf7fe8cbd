"""Services and EndpointSlices for rows of our own, as plain dicts with no more than a row has to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from k8snet.kube.proxy.facts import NodeFacts

Manifest = dict[str, Any]

NODE = NodeFacts(name="node1", ip="172.18.0.11", cluster_cidr="10.244.0.0/16", addresses=("127.0.0.1", "172.18.0.11"))


def service(name: str = "web", ip: str = "10.96.0.20", *, status: Manifest | None = None, **spec: Any) -> Manifest:
    """A Service of the namespace default; without ``ports`` its port is 80, which has no name."""
    whole = {"clusterIP": ip, "ports": [{"port": 80}], **spec}
    return {"metadata": {"namespace": "default", "name": name}, "spec": whole, "status": status or {}}


def endpoint(ip: str, node: str = "node1", *, zones: Iterable[str] = (), **conditions: bool) -> Manifest:
    """An endpoint on a node, with hints for zones."""
    hints = {"forZones": [{"name": zone} for zone in zones]}
    return {"addresses": [ip], "nodeName": node, "conditions": conditions, "hints": hints}


def slice_of(
    *endpoints: Manifest | str, of: str = "web", name: str = "", port: int = 80, protocol: str = "TCP",
    labels: Mapping[str, str] = {},
) -> Manifest:  # fmt: skip
    """An EndpointSlice of a Service; an endpoint may be its address alone."""
    found = [endpoint(each) if isinstance(each, str) else each for each in endpoints]
    return {
        "metadata": {"namespace": "default", "name": name or f"{of}-1", "labels": {"kubernetes.io/service-name": of, **labels}},
        "addressType": "IPv6" if any(":" in each["addresses"][0] for each in found) else "IPv4",
        "endpoints": found, "ports": [{"port": port, "protocol": protocol}],
    }  # fmt: skip


def balanced(*ips: str, mode: str | None = None) -> Manifest:
    """The status of a Service whose load balancer has these addresses."""
    return {"loadBalancer": {"ingress": [{"ip": ip} | ({"ipMode": mode} if mode else {}) for ip in ips]}}


def rules_of(text: str, chain: str) -> list[str]:
    """The rules that are appended to a chain, less its name."""
    start = f"-A {chain} "
    return [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]


def declared(text: str) -> list[str]:
    """The chains of a text, those of both tables."""
    return [line.split()[0][1:] for line in text.splitlines() if line.startswith(":")]
