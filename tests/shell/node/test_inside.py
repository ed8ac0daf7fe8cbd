"""Commands inside containers: what an image has, what it sees, and what it can end."""

from __future__ import annotations

import re

import pytest

from k8snet import Cluster
from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.shell.node import NotStarted, execute
from tests.kube.plain import pod_document

CONTAINERS = [
    {"name": "web", "image": "nginx:1.29", "env": [{"name": "COLOUR", "value": "blue"}]},
    {"name": "helper", "image": "busybox:1.37", "command": ["sleep", "infinity"]},
    {"name": "shell", "image": "nicolaka/netshoot", "command": ["sleep", "infinity"]},
    {"name": "bare", "image": "traefik/whoami", "args": ["--port", "8080"]},
]

API = """\
KUBERNETES_SERVICE_HOST=10.96.0.1
KUBERNETES_SERVICE_PORT=443
KUBERNETES_SERVICE_PORT_HTTPS=443
KUBERNETES_PORT=tcp://10.96.0.1:443
KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443
KUBERNETES_PORT_443_TCP_PROTO=tcp
KUBERNETES_PORT_443_TCP_PORT=443
KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1
"""
"""What each container is told of the API server's Service."""


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.apply(pod_document("web", containers=CONTAINERS))
    return cluster


RUNS = [
    ("web", "hostname", "web\n"), ("helper", "hostname -i", "10.244.1.2\n"), ("web", "hostname -I", "10.244.1.2 \n"),
    ("web", "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOSTNAME=web\nCOLOUR=blue\n" + API
     + "HOME=/root\n"),
    ("web", "printenv COLOUR", "blue\n"), ("web", "id", "uid=0(root) gid=0(root) groups=0(root)\n"),
    ("helper", "whoami", "root\n"),
    ("helper", "id", "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n"), ("helper", "id -u", "0\n"),
    ("helper", "ps", "PID   USER     TIME  COMMAND\n    1 root      0:00 sleep infinity\n    2 root      0:00 ps\n"),
    ("web", "cat /etc/hostname", "web\n"), ("web", "/bin/cat /proc/1/comm", "nginx\n"),
    ("web", "cat /etc/resolv.conf",
     "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"),
    ("helper", "ls /", "bin\ndev\netc\nhome\nlib\nlib64\nproc\nroot\nsys\ntmp\nusr\nvar\n"),
    ("web", "curl -s -o /dev/null -w %{http_code} localhost", "200"),
    ("shell", "curl -s -o /dev/null -w %{http_code} localhost:8080", "200"),
    ("web", "sh -c 'echo $COLOUR; true && echo yes; false || echo no'", "blue\nyes\nno\n"),
    ("web", "sh -c 'hostname > /dev/null; echo ${HOSTNAME}'", "web\n"),
    ("helper", "sh -c 'exit 0'", ""), ("helper", "sh", ""), ("helper", "true", ""),
    ("helper", "cat /proc/sys/net/ipv4/ip_forward", "0\n"), ("web", "kill -0 1", None), ("helper", "kill -0 1", ""),
]  # fmt: skip


@pytest.mark.parametrize(("container", "line", "text"), RUNS)
def test_what_is_printed(cluster: Cluster, container: str, line: str, text: str | None) -> None:
    output = cluster.pod("web").exec(line, container=container, check=False)
    assert text is None or (str(output), output.code) == (text, 0)


def test_hosts(cluster: Cluster) -> None:
    lines = cluster.pod("web").exec("cat /etc/hosts").splitlines()
    assert (lines[0], lines[-1]) == ("# Kubernetes-managed hosts file.", "10.244.1.2\tweb")


def test_the_network_is_one_and_the_rest_is_not(cluster: Cluster) -> None:
    pod = cluster.pod("web")
    links = {kind: {str(pod.exec(f"readlink /proc/1/ns/{kind}", container=name)) for name in ("web", "helper", "shell")}
             for kind in ("net", "uts", "ipc", "mnt", "pid")}  # fmt: skip
    assert {kind: len(those) for kind, those in links.items()} == {"net": 1, "uts": 1, "ipc": 1, "mnt": 3, "pid": 3}


MISSING = [
    ("web", "ps", 'exec: "ps": executable file not found in $PATH'),
    ("web", "ip addr", 'exec: "ip": executable file not found in $PATH'),
    ("web", "kill 1", 'exec: "kill": executable file not found in $PATH'),
    ("bare", "sh", 'exec: "sh": executable file not found in $PATH'),
    ("web", "/bin/nope", 'exec: "/bin/nope": stat /bin/nope: no such file or directory'),
]  # fmt: skip


@pytest.mark.parametrize(("container", "line", "why"), MISSING)
def test_what_the_image_lacks(cluster: Cluster, container: str, line: str, why: str) -> None:
    with pytest.raises(NotStarted) as refused:
        cluster.pod("web").exec(line, container=container)
    text = (r'failed to exec in container: failed to start exec "[0-9a-f]{64}": '
            r"OCI runtime exec failed: exec failed: unable to start container process: ")  # fmt: skip
    assert re.fullmatch(text + re.escape(f"{why}: unknown"), str(refused.value))
    assert refused.value.code == 127


@pytest.mark.parametrize(("container", "line", "text", "code"), [
    ("web", "sh -c 'ps'", "sh: 1: ps: not found\n", 127), ("helper", "sh -c 'nope; true'", "sh: nope: not found\n", 0),
    ("web", "bash -c nope", "bash: line 1: nope: command not found\n", 127), ("web", "sh -c 'exit 3'", "", 3),
    ("web", "sh -c 'exit 300'", "", 44),
    ("helper", "sh -c 'kill 99'", "kill: can't kill pid 99: No such process\n", 1), ("helper", "false", "", 1),
])  # fmt: skip
def test_exit_codes(cluster: Cluster, container: str, line: str, text: str, code: int) -> None:
    output = cluster.pod("web").exec(line, container=container)
    assert (str(output), output.code) == (text, code)


@pytest.mark.parametrize("line", ["cat /etc/passwd", "ls /etc", "sh -c 'ls | cat'", "sh x.sh", "wget -qO- localhost",
                                  "env -i true",
                                  "sh -c 'echo x > /tmp/x'", "ps -o pid", "vi", "sh -c 'echo $(id)'", "sh -c 'exit x'",
                                  f"sh -c 'exit {'9' * 5000}'"])  # fmt: skip
def test_what_is_not_modelled(cluster: Cluster, line: str) -> None:
    with pytest.raises(NotModelled):
        cluster.pod("web").exec(line, container="helper")


def restarts(cluster: Cluster) -> dict[str, int]:
    return {each.name: each.restartCount for each in cluster.pod("web").object.status.containerStatuses}


def test_process_1_is_not_killed_from_inside(cluster: Cluster) -> None:
    pod = cluster.pod("web")
    pod.exec("kill -9 1", container="helper")
    pod.exec("kill 1", container="helper")
    pod.exec("sh -c 'kill -9 1'")
    assert restarts(cluster)["helper"] == restarts(cluster)["web"] == 0
    pod.exec("sh -c 'kill 1'")
    assert restarts(cluster)["web"] == 1, "nginx has a handler for SIGTERM"


def test_in_a_shared_pid_namespace_others_are_seen_and_killed() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply(pod_document("web", shareProcessNamespace=True,
                               containers=[{"name": "web", "image": "nginx:1.29-alpine"}, CONTAINERS[1]]))
    pod = cluster.pod("web")
    assert pod.exec("ps", container="helper").splitlines()[1:4] == [
        "    1 65535     0:00 /pause", "    2 root      0:00 nginx: master process nginx -g daemon off;",
        "    3 root      0:00 sleep infinity",
    ]  # fmt: skip
    pod.exec("kill -9 2", container="helper")
    assert restarts(cluster) == {"helper": 0, "web": 1}
    pod.exec("kill 3", container="web")
    assert restarts(cluster) == {"helper": 1, "web": 1}


def test_a_pod_is_entered_with_the_nodes_tools(cluster: Cluster) -> None:
    pod = cluster.pod("web")
    assert "10.244.1.2/24" in pod.sh("ip addr"), "nginx' image has no ip, but the node has"
    assert "LISTEN" in pod.sh("ss -tln")
    assert pod.sh("hostname") == "web\n"
    assert pod.sh("nope", check=False).code == 127
    with pytest.raises(NotStarted):
        pod.sh("ps")


def test_who_is_not_there(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match=r'container not found \("nope"\)'):
        cluster.pod("web").exec("true", container="nope")
    cluster.apply(pod_document("once", restartPolicy="Never", containers=[{"name": "once", "image": "busybox",
                                                                           "command": ["true"]}]))
    with pytest.raises(NotStarted, match="container is in CONTAINER_EXITED state"):
        cluster.pod("once").exec("true")


def test_execute_is_what_kubectl_exec_calls(cluster: Cluster) -> None:
    kubelet = cluster._assembly.kubelets["node1"]
    assert execute(kubelet, ("default", "web"), "web", ["cat"], stdin="said\n") == "said\n"
    with pytest.raises(NotStarted, match="no command specified"):
        execute(kubelet, ("default", "web"), "web", [])


def test_crictl_exec_and_nsenter_go_the_same_way(cluster: Cluster) -> None:
    node = cluster.node("node1")
    helper = node.sh("crictl ps -q --name helper").strip()
    assert node.sh(f"crictl exec {helper[:5]} hostname") == "web\n"
    assert node.sh(f"crictl exec -it {helper[:5]} false").endswith("command terminated with exit code 1\n")
    with pytest.raises(CommandError,
                       match=r"FATA\[0000\] execing command in container: Internal error occurred: .*not found in \$PATH"):
        node.sh(f"crictl exec {helper[:5]} curl x")
    pid = node.sh("ps -o pid= -C sleep").split()[0]
    assert node.sh(f"nsenter -t {pid} -a hostname") == "web\n"
    assert node.sh(f"nsenter -t {pid} -n hostname") == "node1\n"
    assert node.sh(f"nsenter -t {pid} -u hostname") == "web\n"
    with pytest.raises(CommandError, match="nsenter: failed to execute curl: No such file or directory"):
        node.sh(f"nsenter -t {pid} -m curl x")
