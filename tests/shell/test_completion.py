"""What Tab offers on kubectl's command line, and in a manifest."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.serve import serve
from k8snet.shell.kubectl import manifest_keys
from k8snet.shell.kubectl.command import Terminal
from k8snet.shell.kubectl.completion import complete
from k8snet.shell.kubectl.kubeconfig import Kubeconfig
from k8snet.shell.kubectl.session import Session
from tests.shell import real

TWO = """\
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: team}
spec:
  initContainers: [{name: first, image: busybox}]
  containers: [{name: web, image: nginx}, {name: log, image: busybox}]
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """Pods in two namespaces, one of a Deployment."""
    cluster = Cluster(nodes=2, name="east")
    for line in ("run web --image=nginx", "run db --image=nginx", "create namespace team",
                 "create deployment shop --image=nginx -n team"):
        cluster.kubectl(line)
    cluster.kubectl("apply -f -", TWO)
    return cluster


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> Session:
    """What kubectl sees of it, and that there is another cluster."""
    other = Cluster(nodes=1, name="west")
    return Session(Kubeconfig([cluster._context, other._context]), cluster._context, Terminal())


def offered(session: Session | None, line: str) -> list[str]:
    """What may become of the last word of a line."""
    *words, last = line.split(" ")
    return complete(session, words, last)


@pytest.mark.parametrize(("line", "found"), [
    ("ge", ["get"]),
    ("nope", []),
    ("rollout st", ["status"]),
    ("create na", ["namespace"]),
    ("get rep", ["replicaset", "replicasets"]),
    ("get sv", ["svc"]),
    ("get pods,sv", ["pods,svc"]),
    ("get al", ["all"]),
    ("get po we", ["web"]),
    ("get pods web ", ["db"]),
    ("get pods/", ["pods/db", "pods/web"]),
    ("get po/d", ["po/db"]),
    ("get deploy -n team ", ["shop"]),
    ("-n team get deploy ", ["shop"]),
    ("get deploy --namespace=team s", ["shop"]),
    ("get pods -nteam t", ["two"]),
    ("get foo ", []),
    ("get foo/", []),
    ("describe node node", ["node1", "node2"]),
    ("get pods -n te", ["team"]),
    ("get pods --namespace=te", ["--namespace=team"]),
    ("get pods -o js", ["json", "jsonpath", "jsonpath-as-json", "jsonpath-file"]),
    ("get pods --output=w", ["--output=wide"]),
    ("get pods --all-n", ["--all-namespaces"]),
    ("rollout history --rev", ["--revision"]),
    ("get pods --n", ["--namespace", "--no-headers"]),
    ("version -", ["--client", "--context", "--help", "--namespace", "--output", "--v", "-h", "-n", "-o"]),
    ("get pods --context ", ["east", "west"]),
    ("get pods --context=w", ["--context=west"]),
    ("get pods --context=west ", []),
    ("config use-context w", ["west"]),
    ("logs -n team two -c ", ["first", "log", "web"]),
    ("logs -n team pod/two -c l", ["log"]),
    ("logs -c ", []),
    ("logs nope -c ", []),
    ("exec w", ["web"]),
    ("exec dep", ["deployments/"]),
    ("exec web -- ", []),
    ("exec web ", []),
    ("scale deploy -n team s", ["shop"]),
    ("scale ", ["--replicas", "deployment", "replicaset"]),
    ("apply --dry-run=c", ["--dry-run=client"]),
    ("taint no", ["node", "nodes"]),
    ("taint node node1", ["node1"]),
    ("drain node", ["node1", "node2"]),
])
def test_the_command_line(session: Session, line: str, found: list[str]) -> None:
    assert offered(session, line) == found


def test_every_kind_is_offered_once_before_a_letter_is_typed(session: Session) -> None:
    found = offered(session, "get ")
    assert {"pods", "nodes", "deployments", "services"} <= set(found)
    assert not {"pod", "po", "svc"} & set(found)


@pytest.mark.parametrize(("line", "found"), [
    ("get pod", ["pod", "pods"]), ("get pods ", []), ("get pods -n ", []), ("logs x -c ", []),
])
def test_without_a_cluster_only_what_kubectl_knows(line: str, found: list[str]) -> None:
    assert offered(None, line) == found


@pytest.mark.parametrize(("line", "found"), [
    ("explain pod.spec.contai", ["pod.spec.containers"]),
    ("explain svc.spec.ports.node", ["svc.spec.ports.nodePort"]),
    ("explain pod.nope.", []),
    ("explain foo.", []),
    ("explain deploym", ["deployment", "deployments"]),
    ("explain pod ", []),
])
def test_the_paths_of_explain(line: str, found: list[str]) -> None:
    assert offered(None, line) == found


ASKED = [
    "get pods ", "get pods w", "get po/", "get deploy -n team ", "get pods -n ", "-n ", "logs w", "exec w", "describe node ",
    "cordon ", "drain node", "taint nodes ", "rollout ", "config use-context ", "scale --replicas=2 -n team deploy/",
    "label pods ", "delete pod/w", "patch deploy -n team ", "get pods --out",
]  # fmt: skip


def test_the_real_one_offers_the_same(cluster: Cluster) -> None:
    """The names of objects are the same; of kinds and verbs the model offers what it knows, and kinds by more names."""
    alone, binary = Session(cluster._kubeconfig, cluster._context, Terminal()), real.kubectl("1.37")
    with serve(cluster) as served:
        for line in ASKED:
            printed = real.run(binary, served, ["__complete", *line.split(" ")]).stdout
            theirs = {each.partition("\t")[0] for each in printed.splitlines() if not each.startswith(":")}
            assert set(offered(alone, line)) == theirs, line


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        ports:
        - containerPort: 80
          {}
        {}
      {}
---
kind: Service
spec:
  ports:
    - port: 80
      {}
  {}
"""


def keys(text: str) -> list[str]:
    """What is offered at the place of the ``|`` in a manifest."""
    lines = text.splitlines()
    row = next(number for number, line in enumerate(lines) if "|" in line)
    column = lines[row].index("|")
    lines[row] = lines[row].replace("|", "")
    return manifest_keys.complete(lines, row, column)


@pytest.mark.parametrize(("place", "typed", "found"), [
    (0, "host|", ["hostIP:", "hostPort:"]),
    (0, "containerP|", []),
    (1, "ima|", ["image:", "imagePullPolicy:"]),
    (1, "na|", []),
    (2, "nodeS|", ["nodeSelector:"]),
    (2, "- na|", ["name:"]),
    (2, "containers|", []),
    (3, "target|", ["targetPort:"]),
    (3, "por|", []),
    (4, "sel|", ["selector:"]),
])
def test_keys_of_a_manifest(place: int, typed: str, found: list[str]) -> None:
    texts = ["", "", "", "", ""]
    texts[place] = typed
    assert keys(DEPLOYMENT.format(*texts)) == found


@pytest.mark.parametrize(("text", "found"), [
    ("a|", ["apiVersion:"]),
    ("|\nkind: Pod", ["apiVersion:", "metadata:", "spec:", "status:"]),
    ("kind: Dep|", ["Deployment"]),
    ("apiVersion: apps/v1\nkind: |", ["DaemonSet", "Deployment", "ReplicaSet"]),
    ("apiVersion: |\nkind: Deployment", ["apps/v1"]),
    ("kind: Pod\nmetadata:\n  labels:\n    a|", []),
    ("kind: Pod\nspec:\n  nope:\n    a|", []),
    ("kind: Pod\nspec:\n  containers:\n    - name: a\n      image: nginx # | here", []),
    ("kind: Pod\nspec:\n  hostn|\n  hostNetwork: true", ["hostname:", "hostnameOverride:"]),
    ("kind: Pod\nspec:\n  hostNe|\n  hostNetwork: true", []),
    ("kind: Pod\nspec:\n  containers:\n  - name: a\n    image: nginx\n  - im|", ["image:", "imagePullPolicy:"]),
    ("kind: Foo\nspec:\n  a|", []),
])
def test_places_in_a_manifest(text: str, found: list[str]) -> None:
    assert keys(text) == found
