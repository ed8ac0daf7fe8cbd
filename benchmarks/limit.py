"""Kubernetes' tested limit, 5,000 nodes, 150,000 pods and 10,000 Services, from manifests: ``python -m benchmarks.limit``.

Against a networkx graph with as many vertices, and against plain dicts that hold the same manifests. It takes minutes and
gigabytes, so it stands apart from the other figures.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from time import perf_counter
from typing import Any

NODES, PODS, SERVICES = 5_000, 150_000, 10_000


def main() -> None:
    """Print a Markdown table; each row is measured in a process of its own, so that memory is its own."""
    nodes, pods, services = (int(word) for word in sys.argv[1:4]) if len(sys.argv) > 3 else (NODES, PODS, SERVICES)
    print(f"| {nodes:,} nodes, {pods:,} pods, {services:,} Services | seconds | MB |")
    print("| --- | --- | --- |")
    for act in (dicts, graph, cluster):
        with get_context("spawn").Pool(1) as pool:
            for what, seconds, megabytes in pool.apply(measured, (act, nodes, pods, services)):
                print(f"| {what} | {seconds:.2f} | {megabytes:,.0f} |", flush=True)


Row = tuple[str, float, float]
Act = Callable[[int, int, int], Iterator[str]]


def measured(act: Act, nodes: int, pods: int, services: int) -> list[Row]:
    """What each part took, and how much memory there was then beyond that of the process before."""
    before, start, rows = _megabytes(), perf_counter(), []
    gc.disable()
    try:
        for what in act(nodes, pods, services):
            rows.append((what, perf_counter() - start, _megabytes() - before))
            start = perf_counter()
    finally:
        gc.enable()
    return rows


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def dicts(nodes: int, pods: int, services: int) -> Iterator[str]:
    """A dict for each manifest."""
    held: list[dict[str, Any]] = [{"kind": "Node", "metadata": {"name": f"node{number}"}} for number in range(nodes)]
    held += [{"kind": "Pod", "metadata": {"name": f"web-{number}", "labels": {"app": "web"}},
              "spec": {"nodeName": f"node{number % nodes}", "containers": [{"name": "web", "image": "nginx"}]}}
             for number in range(pods)]
    held += [_service(number) for number in range(services)]
    yield "plain dicts of the manifests"
    assert len(held) == nodes + pods + services


def graph(nodes: int, pods: int, services: int) -> Iterator[str]:
    """A networkx graph: a vertex for each pod, node and Service, an edge from each pod to its node and to its Service."""
    import networkx

    star: networkx.Graph[str] = networkx.Graph()
    star.add_edges_from((f"web-{number}", f"node{number % nodes}") for number in range(pods))
    star.add_edges_from((f"web-{number}", f"service-{number % services}") for number in range(pods))
    yield "a networkx graph with as many vertices"
    assert len(star) == nodes + pods + services


def cluster(nodes: int, pods: int, services: int) -> Iterator[str]:
    """The cluster, and first connections from one pod to another on another node, by its address and by a Service's."""
    from k8snet import Cluster

    made = Cluster(nodes=nodes)
    yield "k8snet: the nodes have registered"
    made.apply([_deployment(number, pods // services) for number in range(services)])
    yield "k8snet: the pods of a Deployment for each Service run, and say so"
    made.apply([_service(number) for number in range(services)])
    yield "k8snet: the Services have addresses and endpoints, and kube-proxies have heard of them"
    first, *_, last = [pod for pod in made.api.api.store.all("Pod", "default") if pod.status.phase == "Running"]
    trace = made.pod(first.metadata.name).connect(last.status.podIP, 80)
    assert trace.fate == "delivered"
    yield "k8snet: a first connection, whose machines boot for it"
    address = made.api.get("Service", f"web-{services - 1}").spec.clusterIP
    assert made.pod(first.metadata.name).connect(address, 80).fate == "delivered"
    yield "k8snet: a first connection to a Service"


def _deployment(number: int, replicas: int) -> dict[str, Any]:
    labels = {"app": f"web-{number}"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"web-{number}"}, "spec": spec}


def _service(number: int) -> dict[str, Any]:
    spec = {"selector": {"app": f"web-{number}"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"web-{number}"}, "spec": spec}


if __name__ == "__main__":
    main()
