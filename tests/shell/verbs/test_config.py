"""kubectl config: contexts, and the one that is meant. The real one reads a file with the same in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from k8snet import Cluster
from k8snet.errors import NotModelled
from k8snet.linux.tools import split
from k8snet.shell.kubectl.kubeconfig import Context, Kubeconfig
from k8snet.shell.kubectl.program import kubectl
from tests.shell import real

FILE = """\
apiVersion: v1
kind: Config
current-context: blue
clusters:
- {name: blue, cluster: {server: "https://172.18.0.10:6443", certificate-authority-data: YWJj}}
- {name: red, cluster: {server: "https://172.18.0.10:6443", certificate-authority-data: YWJj}}
users:
- {name: kubernetes-admin, user: {client-certificate-data: YWJj, client-key-data: YWJj}}
contexts:
- {name: blue, context: {cluster: blue, user: kubernetes-admin}}
- {name: red, context: {cluster: red, user: kubernetes-admin, namespace: shop}}
"""
LINES = [
    "config get-contexts", "config get-contexts -o name", "config get-contexts red", "config get-contexts red blue",
    "config get-contexts nope red", "config get-contexts nope", "config get-contexts nope nope2", "config get-contexts -o wide",
    "config get-contexts --no-headers", "config current-context", "config current-context a", "config use-context nope",
    "config use-context ''", "config use-context red", "config current-context", "config use blue", "config set-context",
    "config set-context --current", "config set-context --current x", "config set-context --current --namespace=shop",
    "config get-contexts", "config view --minify", "config set-context --current --namespace=", "config get-contexts",
    "config set-context dev --cluster=blue --user=kubernetes-admin -n dev", "config set-context dev --namespace=test",
    "config get-contexts", "config use-context dev", "config view", "config get-users", "config get-users a",
    "config view -o json", "config view -o name", "config view a", "config view -o 'jsonpath={.current-context}'",
    "config view -o wide", "config view --minify --context=red -o jsonpath={..namespace}", "config foo",
]  # fmt: skip


@pytest.fixture(scope="module")
def clusters() -> list[Cluster]:
    return [Cluster(nodes=1, name="blue"), Cluster(nodes=1, name="red")]


def _kubeconfig(clusters: list[Cluster]) -> Kubeconfig:
    namespaces = {"blue": "", "red": "shop"}
    return Kubeconfig(Context(each.name, each._assembly, namespaces[each.name]) for each in clusters)


def test_the_real_one_prints_the_same(clusters: list[Cluster], tmp_path: Path) -> None:
    binary, ours = real.kubectl("1.37"), _kubeconfig(clusters)
    (tmp_path / "config").write_text(FILE)
    environment = real._environment(str(tmp_path), str(tmp_path / "config"))
    for line in LINES:
        said = kubectl(ours, line, check=False)
        ran = subprocess.run([binary, *split(line)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=environment, timeout=real.SECONDS, check=False)  # fmt: skip
        assert (line, _in_order(line, said), said.code) == (line, _in_order(line, ran.stdout), ran.returncode)


def _in_order(line: str, text: str) -> str:
    """What is complained of comes before a table or after it, as the buffers will."""
    return "\n".join(sorted(text.splitlines())) if "nope red" in line else text


TABLE = """\
CURRENT   NAME   CLUSTER   AUTHINFO           NAMESPACE
*         blue   blue      kubernetes-admin   {blue}
          red    red       kubernetes-admin   shop
"""


def test_the_namespace_of_a_context_is_the_one_that_is_meant(clusters: list[Cluster]) -> None:
    ours = _kubeconfig(clusters)
    assert kubectl(ours, "config get-contexts") == TABLE.format(blue="")
    assert kubectl(ours, "get pods") == "No resources found in default namespace.\n"
    kubectl(ours, "config set-context --current --namespace=kube-public")
    assert kubectl(ours, "config get-contexts") == TABLE.format(blue="kube-public")
    assert kubectl(ours, "get pods") == "No resources found in kube-public namespace.\n"
    assert kubectl(ours, "get pods -n default") == "No resources found in default namespace.\n"


def test_another_context_is_another_cluster(clusters: list[Cluster]) -> None:
    ours = _kubeconfig([each.fork() for each in clusters])
    kubectl(ours, "create ns shop --context red")
    assert kubectl(ours, "config use-context red") == 'Switched to context "red".\n'
    assert kubectl(ours, "get ns shop -o name") == "namespace/shop\n"
    assert kubectl(ours, "get ns shop --context=blue", check=False).code == 1


def test_a_fork_of_a_cluster_keeps_its_namespace() -> None:
    cluster = Cluster(nodes=1)
    cluster.kubectl("config set-context --current -n kube-system")
    assert cluster.fork().kubectl("get pods etcd-control-plane -o name") == "pod/etcd-control-plane\n"


@pytest.mark.parametrize("line", [
    "config set-context dev", "config set-context --current --cluster=green", "config set-context --current --user=me",
    "config delete-context red", "config rename-context red green", "config view --raw",
])  # fmt: skip
def test_there_are_no_other_clusters_and_users(clusters: list[Cluster], line: str) -> None:
    with pytest.raises(NotModelled):
        kubectl(_kubeconfig(clusters), line)
