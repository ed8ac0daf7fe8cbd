"""crictl: its tables and documents, as cri-tools prints them. The real one is not here: these are its forms, written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k8snet import Cluster
from k8snet.cluster import Node
from k8snet.errors import CommandError, NotModelled
from k8snet.shell.node.columns import tabbed
from k8snet.shell.node.crictl.lists import duration
from k8snet.shell.node.spaces import pinned
from tests.kube.plain import pod_document

HELPER = {"name": "helper", "image": "busybox:1.37", "command": ["sleep", "infinity"],
          "env": [{"name": "COLOUR", "value": "blue"}]}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.apply(pod_document("web", labels={"app": "web"}, containers=[{"name": "web", "image": "nginx:1.29"}, HELPER]))
    cluster.sleep(61)
    once = {"name": "once", "image": "busybox", "command": ["echo", "done"]}
    cluster.apply(pod_document("once", restartPolicy="Never", containers=[once]))
    cluster.sleep(60 * 4 - 1)
    return cluster


@pytest.fixture
def node(cluster: Cluster) -> Node:
    return cluster.node("node1")


def ids(node: Node, line: str) -> list[str]:
    return node.sh(f"crictl {line} -q").split()


def test_pods(node: Node) -> None:
    once, web = ids(node, "pods")
    assert node.sh("crictl pods").splitlines() == [
        "POD ID              CREATED             STATE               NAME                "
        "NAMESPACE           ATTEMPT             RUNTIME",
        f"{once[:13]}       3 minutes ago       NotReady            once                "
        "default             0                   (default)",
        f"{web[:13]}       5 minutes ago       Ready               web                 "
        "default             0                   (default)",
    ]


def test_containers(node: Node) -> None:
    helper, web = ids(node, "ps")
    sandbox = ids(node, "pods --name web")[0][:13]
    lines = node.sh("crictl ps").splitlines()
    assert lines[0] == ("CONTAINER           IMAGE               CREATED             STATE               NAME                "
                        "ATTEMPT             POD ID              POD                 NAMESPACE")  # fmt: skip
    images = [line.split()[1] for line in lines[1:]]
    assert [line.split()[-3:] for line in lines[1:]] == [[sandbox, "web", "default"]] * 2
    assert [len(image) for image in images] == [13, 13]
    assert lines[1] == (f"{helper[:13]}       {images[0]}       5 minutes ago       Running             helper              "
                        f"0                   {sandbox}       web                 default")  # fmt: skip
    assert web[:13] in lines[2]


@pytest.mark.parametrize(("line", "names"), [
    ("ps", ["helper", "web"]), ("ps -a", ["once", "helper", "web"]), ("ps --state exited", ["once"]), ("ps --name ^w", ["web"]),
    ("ps --name=e -a", ["once", "helper", "web"]), ("ps --latest", ["once"]), ("ps -n 2", ["once", "helper"]),
    ("ps --label io.kubernetes.container.name=web", ["web"]), ("ps --namespace kube-system", []), ("ps -aq --pod nope", []),
    ("ps --state running -a", ["helper", "web"]), ("ps -l --state running", ["once"]), ("ps -al", ["once"]),
])  # fmt: skip
def test_which_containers(node: Node, line: str, names: list[str]) -> None:
    lines = node.sh(f"crictl {line}").splitlines()[1:]
    assert [each.split()[6] for each in lines] == names


@pytest.mark.parametrize(("line", "names"), [
    ("pods", ["once", "web"]), ("pods --state ready", ["web"]), ("pods -s NotReady", ["once"]), ("pods --label app=web", ["web"]),
    ("pods --label app=web --label app=x", []), ("pods --name ^on --namespace default", ["once"]), ("pods -l", ["once"]),
    ("pods --namespace other", []),
])  # fmt: skip
def test_which_pods(node: Node, line: str, names: list[str]) -> None:
    assert [each.split()[5] for each in node.sh(f"crictl {line}").splitlines()[1:]] == names


def test_no_trunc(node: Node) -> None:
    sandbox = ids(node, "pods --name web")[0]
    assert node.sh("crictl pods --no-trunc --name web").splitlines()[1].split()[0] == sandbox
    row = node.sh("crictl ps --no-trunc --name web").splitlines()[1].split()
    assert (row[0], row[1][:7], len(row[1]), row[8]) == (ids(node, "ps --name web")[0], "sha256:", 71, sandbox)


@pytest.mark.parametrize(("seconds", "words"), [
    (0.99, "Less than a second"), (1.5, "1 second"), (2, "2 seconds"), (119.9, "About a minute"), (120, "2 minutes"),
    (3599, "59 minutes"), (3600, "About an hour"), (5399, "About an hour"), (5400, "2 hours"), (47.4 * 3600, "47 hours"),
    (47.5 * 3600, "2 days"), (13.9 * 86400, "13 days"), (14 * 86400, "2 weeks"), (61 * 86400, "2 months"),
    (730 * 86400, "2 years"),
])  # fmt: skip
def test_ages(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_column_is_as_wide_as_its_longest_cell_and_three_more() -> None:
    assert tabbed([["A", "B", "C"], ["x" * 18, "y", "z"]]) == f"{'A':21}{'B':20}C\n{'x' * 18:21}{'y':20}z\n"


def test_images(node: Node) -> None:
    lines = node.sh("crictl images").splitlines()
    assert lines[0].split() == ["IMAGE", "TAG", "IMAGE", "ID", "SIZE"]
    assert [line.split()[:2] for line in lines[1:]] == [
        ["docker.io/library/busybox", "1.37"], ["docker.io/library/busybox", "latest"], ["docker.io/library/nginx", "1.29"],
        ["registry.k8s.io/pause", "3.10.1"],
    ]  # fmt: skip
    shown = node.sh("crictl ps --name web").splitlines()[1].split()[1]
    assert node.sh("crictl images nginx:1.29").splitlines()[1].split()[2] == shown


def document(node: Node, line: str) -> Any:
    return json.loads(node.sh(f"crictl {line}"))


def test_a_sandbox(cluster: Cluster, node: Node) -> None:
    own = ids(node, "pods --name web")[0]
    found = document(node, f"inspectp {own[:5]}")
    sandbox = cluster._assembly.kubelets["node1"].runtime.pods["default", "web"].sandboxes[0]
    assert found["status"]["id"] == own
    assert found["status"]["network"] == {"additionalIps": [], "ip": cluster.pod("web").ip}
    assert found["status"]["labels"]["app"] == "web"
    assert found["status"]["createdAt"] == "2026-11-01T00:00:00Z"
    assert found["info"]["pid"] == sandbox.pause.pid
    assert found["info"]["runtimeSpec"]["linux"]["namespaces"][-1] == {"path": f"/var/run/netns/{pinned(sandbox)}",
                                                                       "type": "network"}
    assert node.sh("ls /run/netns") == f"{pinned(sandbox)}\n"
    ended = document(node, f"inspectp {ids(node, 'pods --name once')[0]}")
    assert (ended["status"]["state"], ended["info"]["pid"], ended["info"]["netNamespaceClosed"]) == ("SANDBOX_NOTREADY", 0, True)


def test_a_container_enters_the_namespaces_of_pause(node: Node) -> None:
    pause = document(node, f"inspectp {ids(node, 'pods --name web')[0]}")["info"]["pid"]
    found = document(node, f"inspect {ids(node, 'ps --name helper')[0]}")
    entered = {each["type"]: each.get("path") for each in found["info"]["runtimeSpec"]["linux"]["namespaces"]}
    assert entered == {"pid": None, "ipc": f"/proc/{pause}/ns/ipc", "uts": f"/proc/{pause}/ns/uts", "mount": None,
                       "network": f"/proc/{pause}/ns/net", "cgroup": None}  # fmt: skip
    envs = found["info"]["config"]["envs"]
    assert envs[:2] == [{"key": "COLOUR", "value": "blue"}, {"key": "KUBERNETES_SERVICE_HOST", "value": "10.96.0.1"}]
    assert found["status"]["state"] == "CONTAINER_RUNNING"
    once = document(node, f"inspect -q {ids(node, 'ps --state exited')[0]}")
    assert (once["status"]["exitCode"], once["status"]["reason"], list(once)) == (0, "Completed", ["status"])


def test_lists_as_json_and_yaml(node: Node) -> None:
    own = ids(node, "ps --name web")[0]
    listed = document(node, "ps --name web -o json")["containers"]
    assert [(each["id"], each["state"], each["createdAt"]) for each in listed] == [(own, "CONTAINER_RUNNING",
                                                                                    "1793491200000000000")]
    assert list(listed[0])[:4] == ["id", "podSandboxId", "metadata", "image"]
    assert node.sh("crictl pods --name web -o yaml").startswith("items:\n- annotations:\n")
    assert [each["repoTags"] for each in document(node, "images -o json")["images"]][-1] == ["registry.k8s.io/pause:3.10.1"]


def test_info_tells_whether_the_network_is_ready(node: Node) -> None:
    assert document(node, "info")["cniconfig"]["Networks"][1]["IFName"] == "eth0"
    cluster = Cluster(nodes=1)
    cluster.stop("cni-agent", "node1")
    del cluster.node("node1").files["/etc/cni/net.d/10-bridge.conflist"]
    conditions = document(cluster.node("node1"), "info -q")["status"]["conditions"]
    assert conditions[1] == {"message": "Network plugin returns error: cni plugin not initialized",
                             "reason": "NetworkPluginNotReady",
                             "status": False, "type": "NetworkReady"}  # fmt: skip


def test_version_and_logs(node: Node) -> None:
    assert node.sh("crictl version").splitlines() == [
        "Version:  0.1.0", "RuntimeName:  containerd", "RuntimeVersion:  v2.2.0", "RuntimeApiVersion:  v1",
    ]  # fmt: skip
    assert node.sh("crictl --version") == "crictl version v1.37.0\n"
    assert node.sh(f"crictl logs {ids(node, 'ps --state exited')[0][:8]}") == "done\n"


NONE = "rpc error: code = NotFound desc = an error occurred when try to find"


@pytest.mark.parametrize(("line", "text"), [
    ("inspect nope", f'FATA[0000] getting the status of the container "nope": {NONE} container "nope": not found'),
    ("inspectp nope", f'FATA[0000] getting the pod sandbox status for "nope": {NONE} sandbox: not found'),
    ("logs nope", f'FATA[0000] {NONE} container "nope": not found'),
    ("logs", "FATA[0000] ID cannot be empty"),
    ("exec nope ls", f'FATA[0000] execing command in container: {NONE} container "nope": not found'),
    ("pods --state up", "FATA[0000] --state should be ready or notready"),
    ("ps --state up", "FATA[0000] --state should be one of created, running, exited or unknown"),
    ("pods --label app", "FATA[0000] incorrectly formatted label: app"),
    ("ps -o wide", 'FATA[0000] unsupported output format "wide"'),
    ("ps --nope", "FATA[0000] flag provided but not defined: -nope"),
    ("ps --name", "FATA[0000] flag needs an argument: --name"),
    ("nope", "No help topic for 'nope'"),
    ("rm nope", f'ERRO[0000] {NONE} container "nope": not found\nFATA[0000] unable to remove container(s)'),
])  # fmt: skip
def test_refusals(node: Node, line: str, text: str) -> None:
    with pytest.raises(CommandError) as refused:
        node.sh(f"crictl {line}")
    assert str(refused.value) == text


def test_stopping_what_is_not_there_is_no_error(node: Node) -> None:
    assert node.sh("crictl stop nope") == "nope\n"
    assert node.sh("crictl stopp nope") == "Stopped sandbox nope\n"


def test_flags_behind_a_word_are_words(node: Node) -> None:
    own = ids(node, "ps --name web")[0]
    with pytest.raises(CommandError, match='getting the status of the container "-o"'):
        node.sh(f"crictl inspect {own} -o yaml")


def test_an_id_that_is_too_short(node: Node) -> None:
    first = [each[0] for each in ids(node, "ps -a")]
    twice = next((each for each in first if first.count(each) > 1), None)
    if twice is not None:
        with pytest.raises(NotModelled):
            node.sh(f"crictl inspect {twice}")
