"""What is told of endpoints: who writes down which pods are behind a Service, and why."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.kube import behind, narrate
from k8snet.kube.history import History, Write
from k8snet.kube.objects import Endpoint, EndpointConditions, EndpointSlice
from k8snet.kube.reactions import reactions


@pytest.fixture(scope="module")
def served() -> History:
    """A Service is made before its pod; then this is deleted, and at last the Service."""
    cluster = Cluster(nodes=2)
    start = len(cluster.history)
    cluster.kubectl("create service clusterip web --tcp=80")
    cluster.kubectl("create deployment web --image=nginx --replicas=1")
    cluster.kubectl("scale deployment web --replicas=0")
    cluster.kubectl("delete service web")
    return cluster.history[start:]


def of(writes: History, kind: str) -> list[str]:
    return [narrate.sentence(write) for write in writes.of(kind)]


def test_each_write_of_endpoints_has_its_sentence(served: History) -> None:
    name = served.of("EndpointSlice")[0].name
    assert of(served, "EndpointSlice") == [
        f"endpointslice-controller makes EndpointSlice {name} for Service web: no endpoints yet",
        f"endpointslice-controller writes into EndpointSlice {name}: 10.244.1.2 is not ready",
        f"endpointslice-controller writes into EndpointSlice {name}: 10.244.1.2 is ready",
        f"endpointslice-controller writes into EndpointSlice {name}: 10.244.1.2 is to go but still serves",
        f"endpointslice-controller writes into EndpointSlice {name}: 10.244.1.2 serves no more",
        f"endpointslice-controller writes into EndpointSlice {name}: 10.244.1.2 is out",
        f"generic-garbage-collector deletes EndpointSlice {name}, because its owner Service web is deleted",
    ]
    assert of(served, "Endpoints") == [
        "endpoint-controller makes Endpoints web: no endpoints yet",
        "endpoint-controller writes into Endpoints web: 10.244.1.2 is not ready",
        "endpoint-controller writes into Endpoints web: 10.244.1.2 is ready",
        "endpoint-controller writes into Endpoints web: 10.244.1.2 is out",
        "endpoint-controller deletes Endpoints web",
    ]


def test_each_is_the_answer_to_what_a_pod_or_the_service_did(served: History) -> None:
    answered = {reaction.effect: served[reaction.news] for reaction in reactions(served)}
    news = {kind: [_short(answered.get(at)) for at, write in enumerate(served) if write.kind == kind] for kind in behind.KINDS}
    assert news == {
        "EndpointSlice": ["Service.made", "Pod.reported", "Pod.reported.ready", "Pod.marked.surplus", "Pod.reported.unready",
                          "Pod.gone.stopped", "Service.gone"],
        "Endpoints": ["Service.made", "Pod.reported", "Pod.reported.ready", "Pod.marked.surplus", "Service.gone"],
    }


def _short(write: Write | None) -> str | None:
    return narrate.key(write) if write is not None else None


def test_of_many_endpoints_some_are_told() -> None:
    endpoints = [Endpoint(addresses=[f"10.1.1.{number}"], conditions=EndpointConditions(ready=True)) for number in range(1, 8)]
    told = behind.news_of(None, EndpointSlice(addressType="IPv4", endpoints=endpoints))
    assert [each.facts for each in told[-2:]] == [{"ip": "10.1.1.4"}, {"count": 3}]
