"""kubectl port-forward: the way into a pod by its own localhost."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.errors import CommandError
from k8snet.kube.objects import ObjectMeta, Service, ServicePort, ServiceSpec
from tests.shell.verbs.beside import check, printed, workloads

REFUSALS = """
    port-forward
    port-forward pod/two
    port-forward pod/two 80 --pod-running-timeout=0
    port-forward nope 80
    port-forward done 80
    port-forward two http
    port-forward two 80:
    port-forward two a:80
    port-forward two 99999
    port-forward two 0
    port-forward deploy/nope 80
    port-forward two 80 --address=foo
    port-forward cm/cm 80
    port-forward node/node1 80
    port-forward pod two 80
    port-forward ports 53
    port-forward ports dns
    port-forward ports nope
    port-forward svc/kubernetes 443
    port-forward svc/web 81
    port-forward svc/web nope
    port-forward svc/web nope:http
    port-forward svc/web dns
    port-forward svc/web 53
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = workloads()
    ports = [{"name": "http", "containerPort": 80}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ports"},
                   "spec": {"containers": [{"name": "c", "image": "nginx", "ports": ports}]}})  # fmt: skip
    known = [ServicePort(name="http", port=8000, targetPort=80, protocol="TCP"), ServicePort(name="dns", port=53, protocol="UDP"),
             ServicePort(name="named", port=82, targetPort="nope", protocol="TCP")]  # fmt: skip
    server = cluster._assembly.plane.client("kube-apiserver")
    server.create(Service(metadata=ObjectMeta(name="web", namespace="default"), spec=ServiceSpec(
        clusterIP="10.96.0.7", clusterIPs=["10.96.0.7"], type="ClusterIP", selector={"app": "web"}, ports=known)))  # fmt: skip
    return cluster


def test_the_real_one_refuses_in_the_same_words(cluster: Cluster) -> None:
    check(cluster, REFUSALS)


FORWARDING = "Forwarding from 127.0.0.1:{0} -> {1}\nForwarding from [::1]:{0} -> {1}\n"


@pytest.mark.parametrize(("args", "text"), [
    ("two 80", FORWARDING.format(80, 80) + "Handling connection for 80\n"),
    ("pod/two 8080:80", FORWARDING.format(8080, 80) + "Handling connection for 8080\n"),
    ("deploy/web 8080:80", FORWARDING.format(8080, 80) + "Handling connection for 8080\n"),
    ("svc/web 8080:8000", FORWARDING.format(8080, 80) + "Handling connection for 8080\n"),
    ("svc/web http", FORWARDING.format(8000, 80) + "Handling connection for 8000\n"),
    ("svc/web :http", FORWARDING.format(40000, 80) + "Handling connection for 40000\n"),
    ("ports 8080:http", FORWARDING.format(8080, 80) + "Handling connection for 8080\n"),
    ("two :80 :81", FORWARDING.format(40000, 80) + FORWARDING.format(40001, 81) + "Handling connection for 40000\n"),
    ("two 8080:80 --address 0.0.0.0", "Forwarding from 0.0.0.0:8080 -> 80\nHandling connection for 8080\n"),
])  # fmt: skip
def test_what_is_printed(cluster: Cluster, args: str, text: str) -> None:
    assert cluster.fork().kubectl(f"port-forward {args}") == text


def test_the_connection_is_made_inside_the_pod(cluster: Cluster) -> None:
    trace = cluster.kubectl("port-forward two 8080:80").trace
    assert trace is not None
    assert trace.fate == "delivered"
    assert {hop.netns for packet in trace.packets for hop in packet.hops} == {cluster.pod("two").netns}
    assert {capture.device for capture in trace.captures} <= {"lo"}
    assert (trace.seen_from or "").startswith("127.0.0.1:")


def test_a_port_that_nobody_has(cluster: Cluster) -> None:
    said = cluster.kubectl("port-forward two 8080:81")
    *beginning, refusal, lost = said.splitlines()
    assert beginning[-1] == "Handling connection for 8080"
    assert refusal.startswith("E1101 00:0")
    assert '"An error occurred forwarding" err="error forwarding port 81 to pod ' in refusal
    assert "IPv4: dial tcp4 127.0.0.1:81: connect: connection refused" in refusal
    assert refusal.endswith('" localPort=8080 remotePort=81')
    assert (lost, said.code) == ("error: lost connection to pod", 1)
    assert said.trace is not None
    assert said.trace.fate == "refused"


def test_rules_of_the_node_and_a_policy_on_the_wire_are_passed_by(cluster: Cluster) -> None:
    """The pod cannot be reached from outside any more, and port-forward does not mind."""
    ours = cluster.fork()
    ours.pod("two").sh("ip link set eth0 down")
    trace = ours.kubectl("port-forward two 8080:80").trace
    assert trace is not None
    assert trace.fate == "delivered"


def test_the_way_leads_by_the_kubelet(cluster: Cluster) -> None:
    ours = cluster.fork()
    node = ours.pod("two").node
    ours.stop("kubelet", node=node.name)
    assert printed(ours, "port-forward two 80") == (
        f"error: error upgrading connection: unable to upgrade connection: error dialing backend: dial tcp {node.ip}:10250: "
        "connect: connection refused\n[1]\n")  # fmt: skip


def test_a_named_target_port_that_no_container_has(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="does not have a named port 'nope'"):
        cluster.kubectl("port-forward svc/web 82")
