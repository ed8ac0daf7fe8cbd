"""What the package promises to its readers, as they would type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet import Cluster, lab, show
from k8snet.kube.objects import to_dict
from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.linux import World

SERVICE = """\
*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-DEMO - [0:0]
:KUBE-SEP-ONE - [0:0]
:KUBE-SEP-TWO - [0:0]
-A PREROUTING -m comment --comment "service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -m comment --comment "demo cluster IP" -m tcp -p tcp -d 10.96.0.10 --dport 80 -j KUBE-SVC-DEMO
-A KUBE-SVC-DEMO -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-ONE
-A KUBE-SVC-DEMO -j KUBE-SEP-TWO
-A KUBE-SEP-ONE -m tcp -p tcp -j DNAT --to-destination 10.1.1.2:4000
-A KUBE-SEP-TWO -m tcp -p tcp -j DNAT --to-destination 10.1.2.2:4000
COMMIT
"""


@pytest.fixture
def w() -> World:
    world = World(seed=1)
    for line in (Path(__file__).parent / "twin" / "figure.sh").read_text().splitlines():
        if line and not line.startswith("#"):
            world.sh(line)
    world.sh("ip netns exec node-a sysctl -w net.ipv4.ip_forward=1")
    world.listen("pod-b", 4000, proto="tcp", name="pod-b")
    world.listen("pod-d", 4000, proto="tcp", name="pod-d")
    return world


def test_a_connection_and_all_that_can_be_asked_of_it(w: World, tmp_path: Path) -> None:
    t = w.connect("pod-a", "10.1.2.2", 4000)
    assert (t.fate, t.reason, t.errno, t.icmp) == ("delivered", None, None, None)
    assert (t.answered_by, t.seen_from) == ("pod-d", "10.1.1.1:40000")
    assert [(c.netns, c.device, c.direction) for c in t.captures][:2] == [("pod-a", "eth0", "out"), ("node-a", "veth0", "in")]
    assert t.hops[0].steps
    assert t.rewrites == []
    assert t.answer is not None
    assert "answered by pod-d" in str(t)
    assert len(show.frame(t)) == len(t.captures)
    show.topology(w)
    show.path(t)
    show.graph(w)
    show.pcap(t, tmp_path / "t.pcap")
    assert w.ping("pod-a", "10.1.2.2", ttl=64).fate == "delivered"


def test_a_service_is_a_rule(w: World) -> None:
    w.sh("ip netns exec node-a iptables-restore --noflush", stdin=SERVICE)
    t = w.connect("pod-a", "10.96.0.10", 80)
    assert t.answered_by in ("pod-b", "pod-d")
    assert [(str(step.before.dst), step.before.dport) for step in t.rewrites] == [("10.96.0.10", 80)]
    assert t.answer is not None
    assert [step.target for step in t.answer.rewrites] == ["reply"]
    assert any("--to-destination" in rule for rule in t.hop("node-a").rules)
    assert "dst=10.96.0.10" in w.sh("ip netns exec node-a conntrack -L")


def test_all_that_chance_could_do(w: World) -> None:
    w.sh("ip netns exec node-a iptables-restore --noflush", stdin=SERVICE)
    outcomes = w.outcomes(lambda world: world.connect("pod-a", "10.96.0.10", 80))
    shares = {outcome.trace.answered_by: outcome.share for outcome in outcomes}
    assert shares == {"pod-b": pytest.approx(0.5), "pod-d": pytest.approx(0.5)}


def test_step_by_step(w: World) -> None:
    stepper = show.stepper(w.connect("pod-a", "10.1.2.2", 4000))
    data, _ = stepper._repr_mimebundle_()
    assert data.keys() >= {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert len(stepper) > 100


@pytest.mark.usefixtures("kernel")
def test_the_kernel_agrees(w: World) -> None:
    t = w.connect("pod-a", "10.1.2.2", 4000)
    comparison = lab.compare(w, t)
    assert comparison.differences == []
    assert comparison.agrees


MANIFESTS = Path(__file__).parents[1] / "notebooks" / "manifests"


def test_a_cluster_as_it_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    from k8snet import Cluster

    monkeypatch.chdir(MANIFESTS.parents[1])
    c = Cluster(nodes=2)
    c.apply(Path("notebooks/manifests/deployment.yaml").read_text(encoding="utf-8"))
    c.apply("notebooks/manifests/fr-bk.yaml")
    containers = [{"name": "one", "image": "nginx"}]
    doc = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {"containers": containers}}
    with c.paused():
        c.apply(doc)
        c.step()
        c.step()
    c.settle()
    assert len(c.history) > 50
    assert c.fork().now == c.now
    c.stop("kube-scheduler")
    c.start("kube-scheduler")
    c.stop("kubelet", node="node1")
    c.start("kubelet", node="node1")
    p = c.pod("web-…")
    assert p.ip is not None
    assert p.ip in p.sh("ip addr")
    assert [each.name for each in p.containers] == ["pause", "nginx"]
    assert p.connect("10.244.1.3", 80).fate == "delivered"
    c.node("node2").stop()
    assert "node2" not in c.world.netns


def test_the_figure_as_it_is_typed() -> None:
    from k8snet import Cluster

    f = Cluster.figure()
    assert next((pod.name, pod.ip, pod.node.name) for pod in f.pods) == ("pod-a", "10.1.1.1", "node-a")


@pytest.mark.usefixtures("kernel")
def test_the_kernel_agrees_with_a_cluster() -> None:
    from k8snet import Cluster

    f = Cluster.figure()
    trace = f.pod("pod-a").connect("10.1.2.2", 4000)
    assert lab.compare(f, trace).differences == []


def test_kubernetes_spoken() -> None:
    from k8snet import Cluster

    c = Cluster(nodes=2)
    yaml_text = (Path(__file__).parents[1] / "notebooks" / "manifests" / "deployment.yaml").read_text(encoding="utf-8")
    assert c.kubectl("apply -f -", stdin=yaml_text) == "deployment.apps/web created\n"
    assert c.kubectl("get pods -o wide").splitlines()[0].split()[:6] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]
    assert c.kubectl("get pod nope", check=False).code == 1
    assert c.node("node1").sh("crictl ps").startswith("CONTAINER ")
    assert c.node("node1").sh("lsns -t net").splitlines()[0].split() == [
        "NS", "TYPE", "NPROCS", "PID", "USER", "NETNSID", "NSFS", "COMMAND"]
    show.cluster(c)
    show.pod(c.pod("web-…"))
    show.sequence(c.history[-9:])
    show.workflow(c)


def test_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    c = Cluster(nodes=2)
    c.apply("notebooks/manifests/web.yaml")
    t = c.pod("client").curl("http://10.96.0.20")
    assert t.fate == "delivered"
    assert [rewrite.target for rewrite in t.rewrites] == ["DNAT"]
    assert any("KUBE-SERVICES" in str(rule) for rule in t.hop("node1").rules)
    assert [round(outcome.share, 2) for outcome in c.pod("client").outcomes("http://10.96.0.20")] == [0.33] * 3
    assert c.external.curl("http://172.18.0.11:30080").fate == "delivered"
    assert "default/web cluster IP" in c.node("node1").sh("iptables-save -t nat")
    c.stop("kube-proxy", node="node1")

    node = NodeFacts("node1", "172.18.0.11", "10.244.0.0/16")
    services, slices = c.api.list("Service"), c.api.list("EndpointSlice")
    text = iptables.rules(services, slices, node)
    assert text == iptables.rules([to_dict(each) for each in services], [to_dict(each) for each in slices], node)
    assert "-d 10.96.0.20 --dport 80 -j KUBE-SVC-" in text
