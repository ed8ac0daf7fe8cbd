"""A cluster as its reader holds it: the promises of the handles, and what must hold whatever happens to it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from k8snet import Cluster
from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.kube.objects import meta, to_dict
from tests.kube.plain import deployment_document, pod_document


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(nodes=2)


def addresses(cluster: Cluster) -> dict[str, str]:
    """The addresses that the plugins' files hold as given away, with the node each is on."""
    found = {}
    for node in cluster.nodes:
        for path in node.files:
            last = path.rpartition("/")[2]
            if path.startswith("/var/lib/cni/networks/pod-network/") and last[0].isdigit():
                found[last] = node.name
    return found


def netns(cluster: Cluster) -> set[str]:
    """The network namespaces of pods."""
    machines = {"underlay", "router", "external", *(node.name for node in cluster.nodes)}
    return set(cluster.world.netns) - machines


# --- promises -----------------------------------------------------------------------------------------------------


def test_the_standard_addresses(cluster: Cluster) -> None:
    assert [(node.name, node.ip) for node in cluster.nodes] == [
        ("control-plane", "172.18.0.10"), ("node1", "172.18.0.11"), ("node2", "172.18.0.12"),
    ]  # fmt: skip
    assert [each.spec.podCIDR for each in cluster.api.list("Node")] == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]
    assert cluster.api.get("Service", "kubernetes").spec.clusterIP == "10.96.0.1"
    namespaces = [meta(each).name for each in cluster.api.list("Namespace")]
    assert namespaces == ["default", "kube-node-lease", "kube-public", "kube-system"]
    external = [a.address for a in cluster.api.get("Node", "node1").status.addresses if a.type == "ExternalIP"]
    assert external == ["198.51.100.11"]


def test_a_deployment_comes_up_and_its_pods_answer(cluster: Cluster) -> None:
    assert str(cluster.apply(deployment_document())) == "deployment.apps/web created\n"
    first, second, third = cluster.pods
    assert {each.node.name for each in cluster.pods} == {"node1", "node2"}
    assert [each.name for each in first.containers] == ["pause", "web"]
    assert cluster.pod("web-…").name == first.name
    for other in (second, third):
        trace = first.connect(other.ip or "", 80)
        assert (trace.fate, trace.answered_by) == ("delivered", other.name)
        assert trace.seen_from == f"{first.ip}:{40000 + (other is third)}", "nobody translates between pods"
    assert cluster.node("node1").connect(first.ip or "", 80).fate == "delivered"
    assert str(first.ip) in first.sh("ip addr")


def test_who_leaves_the_cluster_has_its_nodes_address(cluster: Cluster) -> None:
    cluster.apply(pod_document())
    cluster.world.listen("external", 8080)
    trace = cluster.pod("web").connect("192.0.2.100", 8080)
    assert trace.seen_from == "198.51.100.11:40000"
    assert [str(step.after.src) for step in trace.rewrites] == ["172.18.0.11", "198.51.100.11"]


def test_a_public_address_leads_to_its_node(cluster: Cluster) -> None:
    container = {"name": "web", "image": "nginx", "ports": [{"containerPort": 80, "hostPort": 8080}]}
    cluster.apply(pod_document(containers=[container]))
    node = cluster.pod("web").node
    for address in (node.ip, "198.51.100.11"):
        trace = cluster.external.connect(address, 8080)
        assert (trace.answered_by, trace.seen_from and trace.seen_from.split(":")[0]) == ("web", "192.0.2.100")


def test_the_figure() -> None:
    figure = Cluster.figure()
    assert [(pod.name, pod.ip, pod.node.name) for pod in figure.pods] == [
        ("pod-a", "10.1.1.1", "node-a"), ("pod-b", "10.1.1.2", "node-a"),
        ("pod-c", "10.1.2.1", "node-b"), ("pod-d", "10.1.2.2", "node-b"),
    ]  # fmt: skip
    assert [(node.name, node.ip) for node in figure.nodes] == [("node-a", "10.100.0.2"), ("node-b", "10.100.0.3")]
    assert "10.1.2.0/24 via 10.100.0.3 dev eth0" in figure.world.sh("ip -n router route")
    assert "inet 10.1.1.254/24" in figure.node("node-a").sh("ip addr show cni0")
    trace = figure.pod("pod-a").connect("10.1.2.1", 4000)
    assert (trace.fate, trace.answered_by) == ("delivered", "pod-c")
    assert [hop.netns for hop in trace.hops if hop.netns != "underlay"] == ["pod-a", "node-a", "router", "node-b", "pod-c"]
    assert [each.name for each in figure.pod("pod-a").containers] == ["pause", "server", "sidecar"]


def test_paused_nothing_moves_but_by_step(cluster: Cluster) -> None:
    with cluster.paused():
        cluster.apply(pod_document())
        assert cluster.pod("web").ip is None
        assert [(write.who, write.path.rpartition("/")[2]) for write in cluster.step()] == [("kube-scheduler", "binding")]
        assert [write.who for write in cluster.step()] == ["kubelet"]
        assert cluster.pod("web").ip == "10.244.1.2"
        assert cluster.pod("web").object.status.phase == "Pending", "the sandbox is there, the container not yet"
    cluster.settle()
    assert cluster.pod("web").object.status.phase == "Running"
    assert cluster.step() == []


def test_nothing_is_changed_if_one_document_is_bad(cluster: Cluster) -> None:
    before = len(cluster.history)
    with pytest.raises(ApiError, match="is invalid"):
        cluster.apply([pod_document("good"), pod_document("Bad")])
    with pytest.raises(ApiError, match=r'unknown field "spec\.prots"'):
        cluster.apply([pod_document("good"), pod_document(prots=[])])
    assert len(cluster.history) == before
    assert cluster.pods == []


def test_apply_again_is_unchanged_and_a_change_is_configured(cluster: Cluster) -> None:
    cluster.apply(deployment_document(replicas=2))
    before = len(cluster.history)
    assert str(cluster.apply(deployment_document(replicas=2))) == "deployment.apps/web unchanged\n"
    assert len(cluster.history) == before
    assert str(cluster.apply(deployment_document(replicas=4))) == "deployment.apps/web configured\n"
    assert len(cluster.pods) == 4


def test_without_a_component_its_work_waits(cluster: Cluster) -> None:
    for program in ("deployment-controller", "replicaset-controller", "kube-scheduler", "kubelet"):
        name = program.split("-")[0] + "-x"
        cluster.stop(program)
        cluster.apply(deployment_document(name, replicas=1))
        waiting = [pod for pod in cluster.pods if pod.name.startswith(name) and pod.ip]
        assert waiting == [], program
        cluster.start(program)
        assert [pod.name for pod in cluster.pods if pod.name.startswith(name) and pod.ip], program


def test_old_pods_go_on_without_the_control_plane(cluster: Cluster) -> None:
    cluster.apply(deployment_document())
    cluster.stop("kube-controller-manager")
    cluster.stop("kube-scheduler")
    cluster.stop("kubelet", node="node1")
    first, second, _ = cluster.pods
    assert first.connect(second.ip or "", 80).fate == "delivered"


@pytest.mark.parametrize("ask", [lambda c: c.stop("etcd"), lambda c: c.stop("kubelet", node="nope"), lambda c: c.start("nobody"),
                                 lambda c: Cluster(routes="sky")])  # fmt: skip
def test_what_there_is_not_is_said(cluster: Cluster, ask: Any) -> None:
    with pytest.raises(NotModelled):
        ask(cluster)


def test_a_container_dies_and_the_address_stays(cluster: Cluster) -> None:
    cluster.apply(pod_document())
    pod = cluster.pod("web")
    before = pod.ip
    pod.kill("web")
    assert pod.ip == before
    assert pod.object.status.containerStatuses[0].restartCount == 1
    assert pod.object.status.containerStatuses[0].lastState.terminated.exitCode == 137


def test_pause_dies_and_all_is_new(cluster: Cluster) -> None:
    cluster.apply(pod_document())
    pod = cluster.pod("web")
    before = pod.ip
    pod.kill("pause")
    assert pod.ip not in (None, before)
    assert list(addresses(cluster)) == [pod.ip]
    assert cluster.node("node1").connect(pod.ip or "", 80).fate == "delivered"


def test_a_node_loses_its_power_and_gets_it_back(cluster: Cluster) -> None:
    cluster.apply(deployment_document(replicas=4))
    lost = [pod.name for pod in cluster.pods if pod.node.name == "node2"]
    assert lost
    cluster.node("node2").stop()
    assert cluster.node("node1").ping("172.18.0.12").fate == "unreachable"
    cluster.sleep(60)
    ready = {each.type: each.status for each in cluster.api.get("Node", "node2").status.conditions}
    assert ready["Ready"] == "Unknown"
    assert len(cluster.pods) == 4, "they are given five minutes"
    cluster.sleep(300)
    assert len([pod for pod in cluster.pods if pod.node.name == "node1"]) == 4
    cluster.node("node2").start()
    assert {pod.node.name for pod in cluster.pods} == {"node1"}
    assert set(addresses(cluster)) == {pod.ip for pod in cluster.pods}
    assert netns(cluster) == {pod.netns for pod in cluster.pods}


def test_a_node_that_comes_back_soon_runs_its_pods_anew(cluster: Cluster) -> None:
    cluster.apply(deployment_document(replicas=4))
    before = {pod.name: pod.ip for pod in cluster.pods}
    cluster.node("node2").stop()
    cluster.node("node2").start()
    for pod in cluster.pods:
        assert (pod.ip == before[pod.name]) == (pod.node.name == "node1")
        assert cluster.node("node1").connect(pod.ip or "", 80).fate == "delivered"


def test_an_image_that_is_missing(cluster: Cluster) -> None:
    cluster.apply(pod_document(image="nginxx:1"))
    waiting = cluster.pod("web").object.status.containerStatuses[0].state.waiting
    assert (waiting.reason, cluster.pod("web").object.status.phase) == ("ImagePullBackOff", "Pending")
    assert cluster.pod("web").ip


def test_the_last_address_is_given_away() -> None:
    cluster = Cluster(nodes=1)
    cidr = cluster.api.get("Node", "node1").spec.podCIDR
    files = cluster.node("node1").files
    for last in range(2, 255):
        files[f"/var/lib/cni/networks/pod-network/{cidr.rpartition('.')[0]}.{last}"] = "somebody\r\neth0"
    cluster.apply(pod_document())
    (failed,) = [each for each in cluster.api.list("Event") if each.reason == "FailedCreatePodSandBox"]
    assert "no IP addresses available in range set: 10.244.1.1-10.244.1.254" in failed.message
    assert netns(cluster) == set()
    del files["/var/lib/cni/networks/pod-network/10.244.1.77"]
    cluster.sleep(15)
    assert cluster.pod("web").ip == "10.244.1.77"


def test_two_containers_on_one_port(cluster: Cluster) -> None:
    twice = [{"name": "a", "image": "nginx"}, {"name": "b", "image": "nginx"}]
    cluster.apply(pod_document(containers=twice))
    first, second = cluster.pod("web").object.status.containerStatuses
    assert first.ready
    assert (second.ready, second.state.waiting.reason) == (False, "CrashLoopBackOff")
    assert "Address already in use" in cluster.pod("web").containers[2].log[-1]


def test_a_deletion_takes_as_long_as_the_process_wants(cluster: Cluster) -> None:
    cluster.apply([pod_document("quick"), pod_document("stubborn", "busybox", containers=[
        {"name": "main", "image": "busybox", "command": ["sleep", "infinity"]}])])  # fmt: skip
    cluster.delete("Pod", "quick")
    assert cluster.now < 1
    cluster.delete("Pod", "stubborn")
    assert 30 <= cluster.now < 31
    assert cluster.pods == []
    assert addresses(cluster) == {}
    assert netns(cluster) == set()


def test_a_readiness_probe_is_asked_over_the_network(cluster: Cluster) -> None:
    def probed(name: str, port: int) -> dict[str, Any]:
        probe = {"httpGet": {"port": port}, "initialDelaySeconds": 3}
        return pod_document(name, containers=[{"name": "web", "image": "nginx", "readinessProbe": probe}])

    cluster.apply([probed("right", 80), probed("wrong", 81)])
    assert cluster.now >= 3
    ready = {pod.name: pod.object.status.containerStatuses[0].ready for pod in cluster.pods}
    assert ready == {"right": True, "wrong": False}
    messages = [each.message for each in cluster.api.list("Event") if each.reason == "Unhealthy"]
    address = cluster.pod("wrong").ip
    assert messages == [
        f'Readiness probe failed: Get "http://{address}:81/": dial tcp {address}:81: connect: connection refused'
    ]
    assert cluster.world.traces == [], "nobody watches the kubelet's questions"


def test_a_fork_goes_its_own_way(cluster: Cluster) -> None:
    cluster.apply(deployment_document())
    other = cluster.fork()
    other.delete("Deployment", "web")
    assert (len(other.pods), len(cluster.pods)) == (0, 3)
    assert other.world is not cluster.world
    assert len(netns(cluster)) == 3
    other.apply(pod_document("new"))
    assert other.pod("new").ip
    cluster.sleep(20)
    assert cluster.now > other.now


def test_each_run_is_the_same_run() -> None:
    stories = []
    for _ in range(2):
        cluster = Cluster(nodes=2)
        cluster.apply(deployment_document())
        cluster.node("node1").stop()
        cluster.sleep(400)
        stories.append((str(cluster.history), str(cluster.world.log)))
    assert stories[0] == stories[1]


def test_nobody_changes_an_object_in_place(cluster: Cluster) -> None:
    """What the history holds is what was written: components share objects, and make others in place of them."""
    seen: list[tuple[Any, Any]] = []
    api = cluster._assembly.plane.api
    tell = api._tell
    api._tell = lambda write: (seen.append((write.after, copy.deepcopy(write.after))), tell(write))[1]  # type: ignore[func-returns-value]
    cluster.apply(deployment_document())
    cluster.apply(deployment_document(replicas=1, image="nginx:1.29"))
    cluster.node("node2").stop()
    cluster.sleep(400)
    cluster.delete("Deployment", "web")
    assert len(seen) > 50
    assert all(now is None or to_dict(now) == to_dict(then) for now, then in seen)


def test_in_a_large_cluster_machines_boot_when_they_are_touched() -> None:
    cluster = Cluster(nodes=80)
    cluster.apply(deployment_document(replicas=160))
    assert all(pod.ip for pod in cluster.pods)
    assert set(cluster.world.netns) == {"underlay", "router", "external"}
    first, last = cluster.pods[0], next(pod for pod in cluster.pods if pod.node.name != cluster.pods[0].node.name)
    trace = first.connect(last.ip or "", 80)
    assert (trace.fate, trace.answered_by) == ("delivered", last.name)
    awake = {node.name for node in cluster.nodes} & set(cluster.world.netns)
    assert awake == {first.node.name, last.node.name}


# --- whatever happens ---------------------------------------------------------------------------------------------


IMAGES = ("nginx", "nginx:1.29", "busybox", "nope")


class Storm(RuleBasedStateMachine):
    """Any sequence of what can happen to a cluster settles, leaks nothing, and leaves each running pod one address."""

    @initialize()
    def begin(self) -> None:
        self.cluster = Cluster(nodes=2)
        self.number = 0

    @rule(replicas=st.integers(0, 4), name=st.sampled_from("ab"), image=st.sampled_from(IMAGES))
    def apply(self, replicas: int, name: str, image: str) -> None:
        self.cluster.apply(deployment_document(name, replicas, image))

    @rule(grace=st.sampled_from([None, 0]), at=st.integers(0, 9))
    def delete_a_pod(self, grace: int | None, at: int) -> None:
        if self.cluster.pods:
            self.cluster.delete("Pod", self.cluster.pods[at % len(self.cluster.pods)].name, grace=grace)

    @rule(name=st.sampled_from("ab"), propagation=st.sampled_from(["Background", "Foreground", "Orphan"]))
    def delete_a_deployment(self, name: str, propagation: str) -> None:
        if self.cluster.api.find("Deployment", name) is not None:
            self.cluster.delete("Deployment", name, propagation=propagation)

    @rule(what=st.sampled_from(["pause", "container"]), at=st.integers(0, 9))
    def kill(self, what: str, at: int) -> None:
        bound = [pod for pod in self.cluster.pods if pod.object.spec.nodeName]
        running = [pod for pod in bound if [each.state for each in pod.containers[:2]] == ["running"] * 2]
        if running:
            pod = running[at % len(running)]
            pod.kill("pause" if what == "pause" else pod.containers[1].name)

    @rule(node=st.sampled_from(["node1", "node2"]))
    def power(self, node: str) -> None:
        handle = self.cluster.node(node)
        (handle.start if node in self.cluster._assembly.off else handle.stop)()

    @rule(program=st.sampled_from(["kubelet", "kube-scheduler", "replicaset-controller", "cni-agent"]))
    def restart(self, program: str) -> None:
        self.cluster.stop(program)
        self.cluster.start(program)

    @rule(seconds=st.sampled_from([5, 61, 400]))
    def wait(self, seconds: int) -> None:
        self.cluster.sleep(seconds)

    @invariant()
    def nothing_leaks(self) -> None:
        if not hasattr(self, "cluster"):
            return
        cluster, off = self.cluster, self.cluster._assembly.off
        kubelets = cluster._assembly.kubelets
        on = {name: [each.sandbox for each in kubelet.runtime.pods.values() if each.sandbox is not None and each.sandbox.place]
              for name, kubelet in kubelets.items() if name not in off}
        sandboxes = [each for held in on.values() for each in held]
        assert netns(cluster) == {each.netns for each in sandboxes}
        given = {address for address, node in addresses(cluster).items() if node not in off}
        assert given == {each.ip for each in sandboxes}
        for node in set(kubelets) - off:
            bridge = cluster.world.netns[node].devices.get("cni0")
            ports = len(bridge.ports) if bridge is not None else 0  # type: ignore[attr-defined]
            assert ports == len(on[node])

    @invariant()
    def each_running_pod_has_one_address(self) -> None:
        if not hasattr(self, "cluster"):
            return
        off = self.cluster._assembly.off
        running = [pod for pod in self.cluster.pods if pod.object.status.phase == "Running"]
        shown = [pod.ip for pod in running if pod.node.name not in off]
        assert None not in shown
        assert len(set(shown)) == len(shown)

    @invariant()
    def all_is_quiet(self) -> None:
        if hasattr(self, "cluster"):
            assert self.cluster.step() == []


Storm.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None,
                                   suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
TestStorm = Storm.TestCase


def test_a_machine_that_is_on_or_off_stays_so() -> None:
    cluster = Cluster(nodes=1)
    node = cluster.node("node1")
    node.start()
    assert node.sh("hostname") == "node1\n"
    node.stop()
    node.stop()
    node.start()
    assert node.sh("hostname") == "node1\n"


@pytest.mark.parametrize("noted", ["x", "[1]", "3"])
def test_an_annotation_that_holds_no_object_ends_an_apply(noted: str) -> None:
    cluster = Cluster(nodes=1)
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
    cluster.apply(settings)
    cluster.kubectl(f"annotate cm settings --overwrite kubectl.kubernetes.io/last-applied-configuration={noted}")
    with pytest.raises(CommandError, match="invalid JSON document"):
        cluster.apply(settings)
