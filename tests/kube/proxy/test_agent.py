"""kube-proxy at work in a cluster: what it watches, what it writes into its node's kernel, and what that does to packets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from k8snet import Cluster
from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.launch import shipped

WEB = shipped() / "manifests" / "web.yaml"
VIP, OUTSIDE_URL = "http://10.96.0.20", "http://172.18.0.11:30080"
ECHO: dict[str, Any] = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "echo"},
    "spec": {"clusterIP": "10.96.0.30", "selector": {"app": "echo"}, "ports": [{"port": 53, "protocol": "UDP"}]},
}


def udp_pod(name: str) -> dict[str, Any]:
    """A pod that answers datagrams on port 53."""
    container = {"name": "echo", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
                 "args": ["netexec", "--udp-port=53"]}  # fmt: skip
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "echo"}},
            "spec": {"nodeName": "node1", "containers": [container]}}  # fmt: skip


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply(WEB)
    return cluster


def nat(cluster: Cluster, node: str) -> str:
    """A node's nat table without what changes with time."""
    return "\n".join(line for line in cluster.node(node).sh("iptables-save -t nat").splitlines() if line[0] != "#")


def answers(outcomes: list[Any]) -> Counter[str]:
    """Who answers, in how many of a thousand cases; or how else it ends."""
    found: Counter[str] = Counter()
    for outcome in outcomes:
        found[outcome.trace.answered_by or outcome.trace.fate] += round(1000 * outcome.share)
    return found


def test_a_node_holds_what_the_pure_function_says(cluster: Cluster) -> None:
    node = NodeFacts("node1", "172.18.0.11", "10.244.0.0/16")
    text = iptables.rules(cluster.api.list("Service"), cluster.api.list("EndpointSlice"), node)
    other = cluster.fork().node("node1")
    before = other.sh("iptables-save")
    other.sh("iptables-restore --noflush", text)
    assert other.sh("iptables-save") == before


def test_from_anywhere_each_pod_answers_as_often(cluster: Cluster) -> None:
    pods = [pod.name for pod in cluster.pods if pod.name.startswith("web")]
    askers = [(cluster.pod("client"), VIP), (cluster.node("node1"), VIP), (cluster.node("control-plane"), VIP),
              (cluster.pod(pods[0]), VIP), (cluster.external, OUTSIDE_URL), (cluster.external, "http://198.51.100.12:30080"),
              (cluster.node("node2"), OUTSIDE_URL), (cluster.node("node1"), "http://127.0.0.1:30080")]  # fmt: skip
    for asker, url in askers:
        assert answers(asker.outcomes(url)) == dict.fromkeys(pods, 333), (asker.netns, url)


@pytest.mark.parametrize(
    ("asker", "url", "seen_from"),
    [
        pytest.param("client", VIP, {"client"}, id="a pod is seen as itself"),
        pytest.param("external", OUTSIDE_URL, {"node1"}, id="who comes by a node port is seen as the node"),
        pytest.param("web-…", VIP, {"web-…", "10.244.1.1"}, id="who reaches himself is seen as the bridge"),
    ],
)
def test_whom_the_pod_sees(cluster: Cluster, asker: str, url: str, seen_from: set[str]) -> None:
    one = cluster.external if asker == "external" else cluster.pod(asker)
    own = {who: {cluster.pod(who).ip or ""} for who in ("client", "web-…")} | {"node1": {"172.18.0.11", "10.244.1.1"}}
    allowed = {address for who in seen_from for address in own.get(who, {who})}
    seen = {(outcome.trace.seen_from or "").partition(":")[0] for outcome in one.outcomes(url)}
    assert seen <= allowed


def test_a_stopped_one_leaves_old_services_working_and_new_ones_not(cluster: Cluster) -> None:
    before = nat(cluster, "node1")
    cluster.stop("kube-proxy", node="node1")
    cluster.kubectl("create service clusterip other --tcp=80 --clusterip=10.96.0.21")
    cluster.kubectl("set selector service other app=web")
    assert nat(cluster, "node1") == before
    assert cluster.pod("client").curl(VIP).fate == "delivered"
    assert cluster.node("node2").curl("http://10.96.0.21").fate == "delivered"
    assert cluster.node("node1").curl("http://10.96.0.21").fate != "delivered"
    cluster.start("kube-proxy", node="node1")
    assert cluster.node("node1").curl("http://10.96.0.21").fate == "delivered"


def test_a_slow_one_sends_to_pods_that_are_gone(cluster: Cluster) -> None:
    cluster.slow("kube-proxy", 60, node="node1")
    before = nat(cluster, "node1")
    cluster.kubectl("scale deployment web --replicas=1")
    cluster.sleep(5)
    assert nat(cluster, "node1") == before
    assert "unreachable" in answers(cluster.node("node1").outcomes(VIP))
    assert set(answers(cluster.node("node2").outcomes(VIP))) == {cluster.pod("web-…").name}
    cluster.sleep(60)
    assert set(answers(cluster.node("node1").outcomes(VIP))) == {cluster.pod("web-…").name}


def test_chains_that_nobody_needs_are_gone(cluster: Cluster) -> None:
    empty = Cluster(nodes=2)
    cluster.kubectl("delete service web")
    assert nat(cluster, "node1") == nat(empty, "node1")


@pytest.mark.parametrize("change", ["delete service web", "scale deployment web --replicas=1"])
def test_a_started_one_finds_what_another_has_left(cluster: Cluster, change: str) -> None:
    other = cluster.fork()
    cluster.stop("kube-proxy")
    for each in (cluster, other):
        each.kubectl(change)
    cluster.start("kube-proxy")
    assert nat(cluster, "node1") == nat(other, "node1")


def test_flushed_tables_are_written_anew_when_the_canary_is_missed(cluster: Cluster) -> None:
    node, before = cluster.node("node1"), nat(cluster, "node1")
    for line in ("iptables -t nat -F", "iptables -t nat -X"):
        node.sh(line)
    assert node.curl(VIP).fate != "delivered"
    cluster.sleep(31)
    after = nat(cluster, "node1")
    assert {line for line in before.splitlines() if "KUBE" in line} == {line for line in after.splitlines() if "KUBE" in line}


def test_a_node_that_boots_again_has_its_rules_again(cluster: Cluster) -> None:
    cluster.node("node2").stop()
    cluster.node("node2").start()
    cluster.sleep(10)
    assert cluster.node("node2").curl(VIP).fate == "delivered"


def test_no_endpoints_is_a_refusal_at_once(cluster: Cluster) -> None:
    cluster.kubectl("scale deployment web --replicas=0")
    trace = cluster.pod("client").curl(VIP)
    assert trace.fate == "refused"
    assert "has no endpoints" in str(trace.reason)


def test_no_local_endpoints_is_a_drop(cluster: Cluster) -> None:
    cluster.kubectl("scale deployment web --replicas=1")
    cluster.kubectl("""patch service web -p '{"spec":{"externalTrafficPolicy":"Local"}}'""")
    there = cluster.pod("web-…").node
    other = next(node for node in cluster.nodes if node.name not in (there.name, "control-plane"))
    assert cluster.external.curl(f"http://{there.ip}:30080").fate == "delivered"
    trace = cluster.external.curl(f"http://{other.ip}:30080")
    assert (trace.fate, "has no local endpoints" in str(trace.reason)) == ("timeout", True)


def test_a_datagram_sticks_to_its_endpoint_until_that_is_gone_and_kube_proxy_forgets_it() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply([ECHO, udp_pod("echo-1"), {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client"},
                   "spec": {"nodeName": "node1", "containers": [{"name": "t", "image": "nicolaka/netshoot",
                                                                 "command": ["sleep", "infinity"]}]}}])  # fmt: skip
    client = cluster.pod("client")
    ask = {"proto": "udp", "sport": 5353}
    assert client.connect("10.96.0.30", 53, **ask).answered_by == "echo-1"
    cluster.apply(udp_pod("echo-2"))
    assert {client.connect("10.96.0.30", 53, **ask).answered_by for _ in range(8)} == {"echo-1"}
    cluster.kubectl("delete pod echo-1")
    assert client.connect("10.96.0.30", 53, **ask).answered_by == "echo-2"


def test_one_sync_a_second_writes_all_that_came_meanwhile(cluster: Cluster) -> None:
    def restores() -> int:
        return sum("node1 iptables-restore --noflush" in str(line) for line in cluster.world.log)

    cluster.sleep(5)
    begin, before = cluster.now, restores()
    for number in range(5):
        cluster.apply(ECHO | {"metadata": {"name": f"echo-{number}"}, "spec": {"ports": [{"port": 53, "protocol": "UDP"}]}})
    assert (cluster.now - begin, restores() - before) == (4.0, 5)
    cluster.sleep(5)
    begin, before = cluster.now, restores()
    cluster.apply([ECHO | {"metadata": {"name": f"more-{number}"}, "spec": {"ports": [{"port": 53, "protocol": "UDP"}]}}
                   for number in range(5)])  # fmt: skip
    assert (cluster.now - begin, restores() - before) == (0.0, 1)


def test_what_the_kernel_refuses_is_tried_again(cluster: Cluster) -> None:
    node = cluster.node("node1")
    stale = next(word for word in node.sh("iptables -t nat -S KUBE-NODEPORTS").split() if word.startswith("KUBE-EXT-"))
    node.sh("iptables -t nat -N MINE")
    node.sh(f"iptables -t nat -A MINE -j {stale}")
    before = nat(cluster, "node1")
    cluster.kubectl("delete service web")
    assert nat(cluster, "node1") == before
    node.sh("iptables -t nat -F MINE")
    cluster.sleep(31)
    assert "default/web" not in nat(cluster, "node1")


def test_in_a_large_cluster_a_machine_has_its_rules_when_it_is_touched() -> None:
    cluster = Cluster(nodes=70)
    cluster.apply(WEB)
    client = cluster.pod("client")
    assert set(cluster.world.netns) == {"underlay", "router", "external"}
    assert len({outcome.trace.answered_by for outcome in client.outcomes(VIP)}) == 3
    client.curl(VIP)
    cluster.kubectl("scale deployment web --replicas=1")
    for asker in (client, cluster.node("node60"), cluster.node("node61")):
        assert {outcome.trace.answered_by for outcome in asker.outcomes(VIP)} == {cluster.pod("web-…").name}


def test_in_a_large_cluster_too_a_node_that_boots_again_has_its_rules_again() -> None:
    cluster = Cluster(nodes=70)
    cluster.apply(WEB)
    node = cluster.node("node60")
    assert node.curl(VIP).fate == "delivered"
    cluster.kubectl("annotate service web touched=yes")
    node.stop()
    node.start()
    assert node.curl(VIP).fate == "delivered"
