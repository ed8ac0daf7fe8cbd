"""kubectl expose, create service, set selector, run --expose: what they make.

They stand beside the real ones in test_expose_against_real.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from k8snet import Cluster
from k8snet.errors import CommandError, K8snetError
from k8snet.shell.kubectl.create_service import COMMAND
from k8snet.shell.kubectl.expose import labels_of


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster(nodes=1)
    c.kubectl("create deployment web --image=nginx")
    return c


def made(cluster: Cluster, name: str = "web") -> dict[str, Any]:
    spec = cluster.api.get("Service", name).spec
    return {"type": spec.type, "selector": spec.selector,
            "ports": [(port.name, port.protocol, port.port, port.targetPort) for port in spec.ports or ()]}  # fmt: skip


MADE: list[Any] = [
    pytest.param("expose deploy web --port=80", "service/web exposed\n", "web",
                 {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [(None, "TCP", 80, 80)]}, id="expose"),
    pytest.param("expose deploy web --port=80,443 --target-port=http --protocol=UDP --name=front",
                 "service/front exposed\n", "front",
                 {"type": "ClusterIP", "selector": {"app": "web"},
                  "ports": [("port-1", "UDP", 80, "http"), ("port-2", "UDP", 443, "http")]}, id="several ports"),
    pytest.param("create service nodeport web --tcp=80:8080", "service/web created\n", "web",
                 {"type": "NodePort", "selector": {"app": "web"}, "ports": [("80-8080", "TCP", 80, 8080)]}, id="create service"),
    pytest.param("run box --image=nginx --port=80 --expose", "pod/box created\nservice/box created\n", "box",
                 {"type": "ClusterIP", "selector": {"run": "box"}, "ports": [(None, "TCP", 80, 80)]}, id="run --expose"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "text", "name", "found"), MADE)
def test_what_they_make(cluster: Cluster, line: str, text: str, name: str, found: dict[str, Any]) -> None:
    assert cluster.kubectl(line) == text
    assert made(cluster, name) == found


def test_endpoints_follow(cluster: Cluster) -> None:
    cluster.kubectl("expose deploy web --port=80")
    assert "10.244.1.2:80" in cluster.kubectl("describe service web")
    cluster.kubectl("set selector service web app=nobody")
    assert "10.244.1.2:80" not in cluster.kubectl("describe service web")


def test_of_several_objects_the_first_ones_selector_is_everyones(cluster: Cluster) -> None:
    """So does the real one: it keeps what it has found out."""
    cluster.kubectl("create deployment db --image=nginx")
    cluster.kubectl("expose deploy web db --port=80")
    assert made(cluster, "db")["selector"] == {"app": "web"}


REFUSED: list[Any] = [
    pytest.param("expose deploy web", "error: couldn't find port via --port flag or introspection", id="no port"),
    pytest.param("expose node node1 --port=80", "error: cannot expose a Node", id="a node"),
    pytest.param("expose deploy none --port=80", 'Error from server (NotFound): deployments.apps "none" not found', id="no such"),
    pytest.param("create service clusterip web", "error: at least one tcp port specifier must be provided", id="no tcp"),
    pytest.param("run box --image=nginx --expose", "error: --port must be set when exposing a service", id="run without a port"),
    pytest.param("set selector deploy web a=b", "error: setting a selector is only supported for Services", id="no Service"),
]


@pytest.mark.parametrize(("line", "text"), REFUSED)
def test_what_is_refused_changes_nothing(cluster: Cluster, line: str, text: str) -> None:
    written = len(cluster.history)
    with pytest.raises(K8snetError) as refused:
        cluster.kubectl(line)
    assert (str(refused.value), len(cluster.history)) == (text, written)


@pytest.mark.parametrize(("text", "why"), [
    pytest.param("a", "unexpected label spec: a", id="no value"),
    pytest.param("a=b=c", "unexpected label spec: a=b=c", id="two values"),
    pytest.param("=b", "unexpected empty label key", id="no key"),
])
def test_labels_in_a_flag(text: str, why: str) -> None:
    assert labels_of("a=b,c=") == {"a": "b", "c": ""}
    with pytest.raises(CommandError, match=why):
        labels_of(text)


def test_there_are_four_types() -> None:
    assert [each.name for each in COMMAND.subcommands] == ["clusterip", "nodeport", "loadbalancer", "externalname"]
