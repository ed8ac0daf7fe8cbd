"""The variables by which containers know Services: those that there were when they started."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet import Cluster
from k8snet.kube.kubelet.links import variables
from k8snet.kube.objects import Namespace, Object, ObjectMeta, Service, ServicePort, ServiceSpec
from tests.kube.plain import pod_document

HOST = "WEB_SERVICE_HOST"
AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"


def service(name: str = "web", namespace: str = "default", **spec: Any) -> dict[str, Any]:
    spec = {"ports": [{"port": 80}], "clusterIP": "10.96.0.20"} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def seen(cluster: Cluster, pod: str = "client") -> dict[str, str]:
    lines = cluster.pod(pod).exec("env").splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(nodes=1)


def client(name: str = "client", **spec: Any) -> dict[str, Any]:
    return pod_document(name, "nicolaka/netshoot", **({"containers": [box()]} | spec))


def box(**fields: Any) -> dict[str, Any]:
    return {"name": "box", "image": "nicolaka/netshoot", "command": ["sleep", "infinity"], **fields}


def test_all_that_is_told_of_a_service() -> None:
    ports = [ServicePort(name="http", port=80, protocol="TCP"), ServicePort(name="dns-1", port=53, protocol="UDP")]
    obj = Service(metadata=ObjectMeta(name="my-web"), spec=ServiceSpec(clusterIP="10.96.0.20", ports=ports))
    assert [f"{name}={value}" for name, value in variables(obj)] == [
        "MY_WEB_SERVICE_HOST=10.96.0.20", "MY_WEB_SERVICE_PORT=80", "MY_WEB_SERVICE_PORT_HTTP=80",
        "MY_WEB_SERVICE_PORT_DNS_1=53", "MY_WEB_PORT=tcp://10.96.0.20:80", "MY_WEB_PORT_80_TCP=tcp://10.96.0.20:80",
        "MY_WEB_PORT_80_TCP_PROTO=tcp", "MY_WEB_PORT_80_TCP_PORT=80", "MY_WEB_PORT_80_TCP_ADDR=10.96.0.20",
        "MY_WEB_PORT_53_UDP=udp://10.96.0.20:53", "MY_WEB_PORT_53_UDP_PROTO=udp", "MY_WEB_PORT_53_UDP_PORT=53",
        "MY_WEB_PORT_53_UDP_ADDR=10.96.0.20",
    ]  # fmt: skip


def test_who_starts_later_knows_it(cluster: Cluster) -> None:
    """The container that was there before the Service never hears of it."""
    cluster.apply(client("early"))
    cluster.apply(service())
    cluster.apply(client("late"))
    assert HOST not in seen(cluster, "early")
    assert seen(cluster, "late")[HOST] == "10.96.0.20"


def test_a_service_that_goes_stays_in_the_variables(cluster: Cluster) -> None:
    cluster.apply(service())
    cluster.apply(client())
    cluster.kubectl("delete svc web")
    assert seen(cluster)[HOST] == "10.96.0.20"


@pytest.mark.parametrize(
    ("spec", "own", "apis"),
    [
        pytest.param({}, True, True, id="told"),
        pytest.param({"enableServiceLinks": False}, False, True, id="not told, but of the API server"),
    ],
)
def test_links_can_be_left_out(cluster: Cluster, spec: dict[str, Any], own: bool, apis: bool) -> None:
    cluster.apply(service())
    cluster.apply(client(**spec))
    assert (HOST in seen(cluster), "KUBERNETES_SERVICE_HOST" in seen(cluster)) == (own, apis)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(service(namespace="shop"), id="another namespace"),
        pytest.param(service(clusterIP="None"), id="headless"),
        pytest.param(service(type="ExternalName", externalName="example.com", clusterIP="", ports=[]), id="a name"),
    ],
)
def test_of_these_nobody_is_told(cluster: Cluster, other: Object) -> None:
    cluster.api.create(Namespace(metadata=ObjectMeta(name="shop")))
    cluster.apply(other)
    cluster.apply(client())
    assert HOST not in seen(cluster)


def test_ones_own_variables_come_first(cluster: Cluster) -> None:
    cluster.apply(service())
    env = [{"name": HOST, "value": "mine"}, {"name": "URL", "value": f"http://$({HOST}):$(WEB_SERVICE_PORT)"}]
    cluster.apply(client(containers=[box(env=env)]))
    assert {name: seen(cluster)[name] for name in (HOST, "URL")} == {HOST: "mine", "URL": "http://mine:80"}


def test_a_command_line_may_speak_of_them(cluster: Cluster) -> None:
    cluster.apply(service())
    echo = {"name": "echo", "image": "busybox", "command": ["echo", f"$({HOST})"]}
    shell = {"name": "shell", "image": "busybox", "command": ["sh", "-c", f"echo ${HOST}"]}
    cluster.apply(client(containers=[echo, shell], restartPolicy="Never"))
    assert [str(cluster.kubectl(f"logs client -c {name}")).strip() for name in ("echo", "shell")] == ["10.96.0.20", "10.96.0.20"]
