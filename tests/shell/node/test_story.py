"""Who holds a pod's network: what a person finds with crictl, lsns and nsenter, and what the kubelet makes of what is killed."""

from __future__ import annotations

import json

import pytest

from k8snet import Cluster
from k8snet.cluster import Node
from k8snet.errors import CommandError
from tests.kube.plain import pod_document

SLEEPER = {"name": "helper", "image": "busybox:1.37", "command": ["sleep", "infinity"]}
SERVER = {"name": "web", "image": "nginx:1.29"}


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply(pod_document("web", containers=[SERVER, SLEEPER]))
    return cluster


@pytest.fixture
def node(cluster: Cluster) -> Node:
    return cluster.pod("web").node


def pause(node: Node) -> int:
    """The pid of the one pause that runs."""
    return int(node.sh("ps -C pause -o pid="))


def column(node: Node, line: str) -> list[str]:
    return [row.split()[-1] for row in node.sh(line).splitlines()]


def test_pause_and_both_containers_are_in_one_network_namespace(cluster: Cluster, node: Node) -> None:
    first = pause(node)
    rows = [row.split(maxsplit=3) for row in node.sh("lsns -n -t net -o NS,NPROCS,PID,NSFS").splitlines()]
    assert rows[0][0] == "4026531840"
    assert rows[1][1:3] == ["3", str(first)]
    assert rows[1][3] == f"/run/netns/{node.sh('ls /run/netns').strip()}"
    links = [node.sh(f"readlink /proc/{pid}/ns/net") for pid in (first, first + 1, first + 2)]
    assert set(links) == {f"net:[{rows[1][0]}]\n"}
    mounts = {node.sh(f"readlink /proc/{pid}/ns/mnt") for pid in (first, first + 1, first + 2)}
    assert len(mounts) == 3
    assert node.sh(f"nsenter -t {first + 2} -n ip addr") == cluster.pod("web").sh("ip addr")
    assert node.sh(f"nsenter --net={rows[1][3]} hostname -I") == "10.244.1.2 \n"
    assert node.sh(f"nsenter -t {first} -n curl -s localhost").trace is not None


def test_a_killed_server_is_started_again_and_the_address_stays(cluster: Cluster, node: Node) -> None:
    pid, ip, netns = pause(node), cluster.pod("web").ip, node.sh("ls -i /run/netns")
    node.sh(f"kill -9 {pid + 1}")
    assert column(node, "crictl ps -q --name web") != column(node, "crictl ps -q --state exited")
    assert cluster.pod("web").object.status.containerStatuses[0].restartCount == 1
    assert (pause(node), cluster.pod("web").ip, node.sh("ls -i /run/netns")) == (pid, ip, netns)


def test_who_has_no_handler_does_not_heed_sigterm_as_process_1(cluster: Cluster, node: Node) -> None:
    pid = pause(node)
    node.sh(f"kill {pid + 2}")
    assert node.sh(f"ps -p {pid + 2} -o args=") == "sleep infinity\n"
    node.sh(f"kill {pid + 1}")
    restarted = cluster.pod("web").object.status.containerStatuses
    assert [(each.name, each.restartCount) for each in restarted] == [("web", 1), ("helper", 0)]


def test_pause_killed_by_hand_is_pause_killed_by_the_handle(cluster: Cluster, node: Node) -> None:
    other = cluster.fork()
    node.sh(f"kill -9 {pause(node)}")
    other.pod("web").kill("pause")
    assert cluster.pod("web").ip == other.pod("web").ip == "10.244.1.3"
    assert cluster.api.get("Pod", "web") == other.api.get("Pod", "web")
    assert [row.split()[-5:-1] for row in node.sh("crictl pods").splitlines()[1:]] == [
        ["Ready", "web", "default", "1"], ["NotReady", "web", "default", "0"],
    ]  # fmt: skip


def test_between_pause_and_the_kubelet_the_namespace_is_still_there(cluster: Cluster, node: Node) -> None:
    first, path = pause(node), node.sh("ls /run/netns")
    with cluster.paused():
        node.sh(f"kill -9 {first}")
        assert node.sh("ls /run/netns") == path
        row = node.sh("lsns -n -t net -o NPROCS,PID,NSFS").splitlines()[1].split()
        assert row == ["2", str(first + 1), f"/run/netns/{path.strip()}"]
        assert "10.244.1.2/24" in node.sh(f"nsenter --net=/run/netns/{path.strip()} ip addr show eth0")
        with pytest.raises(CommandError, match=f"cannot open /proc/{first}/ns/net"):
            node.sh(f"nsenter -t {first} -n ip addr")
        assert "NotReady" in node.sh("crictl pods")
    cluster.settle()
    assert node.sh("ls /run/netns") not in ("", path)


def test_with_shared_processes_all_end_with_pause() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply(pod_document("web", shareProcessNamespace=True, containers=[SERVER, SLEEPER]))
    node = cluster.node("node1")
    pid = pause(node)
    assert node.sh("lsns -n -t pid -o NPROCS,PID").splitlines()[1].split() == ["3", str(pid)]
    node.sh(f"kill {pid + 2}")
    assert [each.exit_code for each in cluster.pod("web").containers] == [0, 0, 0]
    assert cluster.pod("web").object.status.containerStatuses[1].restartCount == 1, "it is not process 1: SIGTERM ends it"
    with cluster.paused():
        node.sh(f"kill -9 {pid}")
        assert node.sh("crictl ps -q") == ""


def test_the_hosts_network_has_no_netns_of_its_own() -> None:
    node = Cluster(nodes=1).node("control-plane")
    assert node.sh("ls /run/netns") == ""
    assert len(node.sh("lsns -n -t net").splitlines()) == 1
    assert len(node.sh("lsns -n -t uts").splitlines()) == 1
    assert len(node.sh("lsns -n -t ipc").splitlines()) == 5
    assert node.sh("ls /etc/kubernetes/manifests").splitlines() == [
        "etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml",
    ]  # fmt: skip
    own = node.sh("crictl pods -q --name kube-apiserver").strip()
    found = json.loads(node.sh(f"crictl inspectp {own}"))
    assert found["status"]["linux"]["namespaces"]["options"]["network"] == "NODE"


@pytest.mark.parametrize("verb", ["stopp", "stop"])
def test_what_is_stopped_by_hand_is_started_again(cluster: Cluster, node: Node, verb: str) -> None:
    pods = verb == "stopp"
    own = node.sh("crictl pods -q" if pods else "crictl ps -q --name web").strip()
    assert node.sh(f"crictl {verb} {own[:7]}") == (f"Stopped sandbox {own[:7]}\n" if pods else f"{own[:7]}\n")
    assert node.sh("crictl pods -q --state ready" if pods else "crictl ps -q --name web").strip() not in ("", own)
    assert cluster.pod("web").ip == ("10.244.1.3" if pods else "10.244.1.2")


def test_stopping_with_time(cluster: Cluster, node: Node) -> None:
    helper = node.sh("crictl ps -q --name helper").strip()
    before = cluster.now
    node.sh(f"crictl stop -t 5 {helper}")
    assert cluster.now == before + 5, "sleep does not heed SIGTERM, so its time had to pass"
    ended = json.loads(node.sh(f"crictl inspect {helper}"))
    assert ended["status"]["exitCode"] == 137


def test_removing(cluster: Cluster, node: Node) -> None:
    own = node.sh("crictl pods -q").strip()
    with pytest.raises(CommandError, match="is running, please stop it first"):
        node.sh(f"crictl rmp {own}")
    with pytest.raises(CommandError, match="is running, please stop it first"):
        node.sh(f"crictl rm {node.sh('crictl ps -q --name web').strip()}")
    node.sh(f"crictl rmp --force {own}")
    assert cluster.pod("web").ip == "10.244.1.3"
    assert cluster.pod("web").object.status.phase == "Running"


def test_the_kubelet_is_a_service(cluster: Cluster, node: Node) -> None:
    assert node.sh("systemctl is-active kubelet") == "active\n"
    node.sh("systemctl stop kubelet")
    stopped = node.sh("systemctl status kubelet")
    assert (stopped.code, "Active: inactive (dead)" in stopped) == (3, True)
    assert node.sh("ps -C kubelet").code == 1
    node.sh(f"kill -9 {pause(node)}")
    assert cluster.pod("web").ip == "10.244.1.2", "nobody has noticed"
    node.sh("systemctl start kubelet.service")
    assert cluster.pod("web").ip == "10.244.1.3"


def test_a_reboot_begins_anew(cluster: Cluster, node: Node) -> None:
    node.stop()
    with pytest.raises(CommandError, match="Cannot open network namespace"):
        node.sh("crictl ps")
    node.start()
    assert node.sh("crictl pods --state ready").splitlines()[1].split()[-2] == "1"
    assert node.sh("lsns -n -t net -o NPROCS").split()[1] == "3"


def test_other_lines_are_the_worlds(node: Node) -> None:
    assert node.sh("hostname") == f"{node.name}\n"
    assert "10.244.1.1/24" in node.sh("/usr/sbin/ip addr show cni0")
    missing = node.sh("kubctl get pods", check=False)
    assert (str(missing), missing.code) == ("sh: 1: kubctl: not found", 127)
    assert node.sh("cat /proc/sys/net/ipv4/ip_forward") == "1\n"
    assert node.sh(f"nsenter -t {pause(node)} -n cat /proc/sys/net/ipv4/ip_forward") == "0\n"


def test_nothing_that_only_looks_leaves_a_trace(cluster: Cluster, node: Node) -> None:
    before = len(cluster.world.log), len(cluster.history), cluster.now
    for line in ("crictl ps", "lsns", "ps -ef", "ls -l /run/netns", "crictl info"):
        assert node.sh(line) == node.sh(line)
    assert (len(cluster.world.log), len(cluster.history), cluster.now) == before
