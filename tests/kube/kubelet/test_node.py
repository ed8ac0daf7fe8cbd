"""The node's object, the network plugin, host ports and the host's network, admission, static pods, names."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.kubelet import Capacity
from k8snet.kube.kubelet.static import HASH, MIRROR
from k8snet.kube.objects import Container, ObjectMeta, Pod, PodSpec, known, meta
from tests.kube.kubelet.house import House, condition, state

NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: "
    "cni plugin not initialized"
)
IN_USE = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"


def node_condition(house: House, type_: str) -> tuple[str, str | None, str | None]:
    conditions = house.user.get("Node", "node1", "").status.conditions
    return next((each.status, each.reason, each.message) for each in conditions if each.type == type_)


def web(**container: Any) -> dict[str, Any]:
    return {"containers": [{"name": "web", "image": "nginx:1.29"} | container]}


# --- the node -----------------------------------------------------------------------------------------------------


def test_a_node_registers_and_is_ready_when_the_network_is() -> None:
    house = House(configured=False)
    node = house.user.get("Node", "node1", "")
    assert node_condition(house, "Ready") == ("False", "KubeletNotReady", NOT_READY)
    assert [(each.type, each.address) for each in node.status.addresses] == [
        ("InternalIP", "172.18.0.11"), ("Hostname", "node1"), ("ExternalIP", "198.51.100.11"),
    ]  # fmt: skip
    assert [each.key for each in node.spec.taints] == ["node.kubernetes.io/not-ready"]
    assert (node.metadata.labels["kubernetes.io/hostname"], node.status.capacity["pods"]) == ("node1", "110")
    info = node.status.nodeInfo
    assert (info.kubeletVersion, info.containerRuntimeVersion, info.osImage) == (
        "v1.37.0", "containerd://2.2.0", "Debian GNU/Linux 12 (bookworm)",
    )  # fmt: skip
    house.give_range("node1", "10.244.1.0/24")
    assert node_condition(house, "Ready") == ("True", "KubeletReady", "kubelet is posting ready status")
    assert house.reasons("node1") == ["Starting", "NodeReady"]
    assert house.events("NodeReady", name="node1") == ["Node node1 status is now: NodeReady"]


def test_the_lease_is_renewed_while_time_passes() -> None:
    house = House()
    lease = house.user.get("Lease", "node1", "kube-node-lease")
    assert (lease.spec.holderIdentity, lease.spec.leaseDurationSeconds) == ("node1", 40)
    house.plane.settle()
    assert house.world.now < 1
    house.run()
    house.plane.sleep(35)
    assert [round(each.now) for each in house.plane.api.history.of("Lease", "node1")] == [0, 10, 20, 30]


def test_a_node_that_somebody_deletes_is_not_made_anew_until_the_kubelet_starts() -> None:
    house = House()
    house.user.delete(house.user.get("Node", "node1", ""))
    house.plane.sleep(60)
    assert house.user.find("Node", "node1", "") is None


def test_pods_wait_for_the_network_but_not_those_of_the_host() -> None:
    house = House(configured=False)
    house.create("on-host", "registry.k8s.io/pause:3.10", hostNetwork=True)
    pod = house.run()
    assert (state(pod).reason, condition(pod, "PodReadyToStartContainers")) == ("ContainerCreating", "False")
    assert house.events("NetworkNotReady") == [f"network is not ready: {NOT_READY}"]
    assert known(house.pod("on-host").status).phase == "Running"
    house.give_range("node1", "10.244.1.0/24")
    assert known(house.pod().status).podIP == "10.244.1.2"


def test_no_address_is_left() -> None:
    """A /30 has room for the bridge and one pod; the next one waits until that goes."""
    house = House(length=30)
    house.run("first")
    pod = house.run()
    (text,) = house.events("FailedCreatePodSandBox")
    assert text.startswith('Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "')
    assert 'plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: ' in text
    assert (known(pod.status).phase, state(pod).reason) == ("Pending", "ContainerCreating")
    assert "web" not in house.world.netns
    house.plane.sleep(15)
    told = next(each for each in house.plane.api.happenings.values() if each.reason == "FailedCreatePodSandBox")
    assert told.count == 2
    house.delete("first")
    house.plane.sleep(10)
    assert known(house.pod().status).podIP == "10.244.1.2"


# --- ports of the host --------------------------------------------------------------------------------------------


def test_a_host_port_leads_to_the_pod_and_goes_with_it() -> None:
    house = House()
    house.run(**web(ports=[{"containerPort": 80, "hostPort": 8080}]))
    assert house.ask("172.18.0.11", 8080, node="external") == "web"
    house.delete()
    house.plane.settle()
    assert house.ask("172.18.0.11", 8080, node="external") == "refused"


def test_a_pod_on_the_hosts_network_has_the_hosts_address() -> None:
    house = House()
    pod = house.run(hostNetwork=True, **web())
    assert (known(pod.status).podIP, known(pod.status).hostIP) == ("172.18.0.11", "172.18.0.11")
    assert (house.ask("172.18.0.11", node="external"), "web" in house.world.netns) == ("web", False)
    assert house.kubelet.runtime.netns_of(("default", "web")) == "node1"
    house.delete()
    house.plane.settle()
    assert (house.ask("172.18.0.11", node="external"), "node1" in house.world.netns) == ("refused", True)


def test_two_on_the_hosts_network_want_one_port() -> None:
    house = House()
    house.run("first", hostNetwork=True, **web())
    pod = house.run(hostNetwork=True, **web())
    assert (state(pod).reason, house.container().log[-1]) == ("CrashLoopBackOff", IN_USE)


def test_a_program_of_the_node_has_the_port() -> None:
    house = House()
    house.world.listen("node1", 80)
    house.run(hostNetwork=True, **web())
    assert (house.container().exit_code, house.container().log[-1]) == (1, IN_USE)


# --- admission ----------------------------------------------------------------------------------------------------


def test_a_pod_that_does_not_fit_is_rejected() -> None:
    house = House(capacity=Capacity(pods=1))
    house.run("first")
    pod = house.run()
    text = "Node didn't have enough resource: pods, requested: 1, used: 1, capacity: 1"
    assert (known(pod.status).phase, known(pod.status).reason, known(pod.status).message) == (
        "Failed", "OutOfpods", f"Pod was rejected: {text}",
    )  # fmt: skip
    assert house.events("OutOfpods") == [text]
    house.delete("first")
    house.plane.settle()
    assert known(house.run("third").status).phase == "Running"


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        pytest.param({"hostPort": 80}, {"hostPort": 80}, False, id="the same"),
        pytest.param({"hostPort": 80}, {"hostPort": 81}, True, id="another port"),
        pytest.param({"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}, True, id="another protocol"),
        pytest.param({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, True, id="another address"),
        pytest.param({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, False, id="all addresses"),
    ],
)
def test_host_ports_that_meet(first: dict[str, Any], second: dict[str, Any], fits: bool) -> None:
    house = House()
    house.run("first", **web(ports=[{"containerPort": 80} | first]))
    pod = house.run(**web(ports=[{"containerPort": 80} | second]))
    if fits:
        assert known(pod.status).phase == "Running"
        return
    assert (known(pod.status).phase, known(pod.status).reason) == ("Failed", "NodePorts")
    assert known(pod.status).message == (
        "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
    )


# --- static pods and names ----------------------------------------------------------------------------------------


def static() -> Pod:
    """A static pod that listens on the host."""
    spec = PodSpec(containers=[Container(name="front", image="nginx:1.29", imagePullPolicy="IfNotPresent")], hostNetwork=True)
    return Pod(metadata=ObjectMeta(name="front", namespace="kube-system"), spec=spec)


def test_a_static_pod_is_mirrored_and_runs_whatever_becomes_of_the_mirror() -> None:
    house = House(static_pods=(static(),))
    pod = house.pod("front-node1", "kube-system")
    about = meta(pod)
    notes, (owner,) = known(about.annotations), known(about.ownerReferences)
    assert (notes[HASH], owner.kind, owner.name) == (notes[MIRROR], "Node", "node1")
    assert (known(pod.status).phase, house.ask("172.18.0.11")) == ("Running", "front-node1")
    own = house.held("front-node1", namespace="kube-system").containers[0].id
    house.user.delete(pod)
    house.plane.settle()
    again = house.pod("front-node1", "kube-system")
    assert (meta(again).uid != about.uid, known(again.status).phase) == (True, "Running")
    assert house.held("front-node1", namespace="kube-system").containers[0].id == own


def test_names_of_network_namespaces() -> None:
    house = House()
    house.run()
    house.run(namespace="shop")
    house.run("node1")
    house.run("router")
    own = set(house.world.netns) - {"underlay", "external"}
    assert own == {"web", "shop_web", "node1", "default_node1", "router", "default_router"}
