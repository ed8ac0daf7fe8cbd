"""What kubectl makes up without a server, compared with the real one: each ``--dry-run=client``, and its own refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from k8snet import Cluster
from k8snet.serve import Served, serve
from tests.shell import real

MADE = [
    "create deployment web --image=nginx",
    "create deployment web --image=nginx --replicas=3 --port=80",
    "create deployment web --image=registry.k8s.io/e2e-test-images/agnhost:2.53 -r 2 -- /agnhost netexec",
    "create deployment web --image=nginx --image=busybox:1.36 --port=8080",
    "create deploy web --image=nginx -n shop",
    "create namespace shop",
    "create ns shop",
    "create configmap settings --from-literal=colour=blue --from-literal=size=3",
    "create cm settings",
    "create secret generic pass --from-literal=word=abc --type=Opaque",
    "create serviceaccount robot",
    "run web --image=nginx",
    "run web --image=nginx --port=80 --env=A=b --env=EMPTY= -l app=web,tier=front --annotations=note=x",
    "run box --image=busybox --restart=Never --command -- sleep infinity",
    "run box --image=busybox --restart=OnFailure --image-pull-policy=IfNotPresent -- echo hello",
]
FORMS = ["-o yaml", "-o json", "-o name", "", "-o jsonpath={.metadata.name}", "-o jsonpath={.metadata.labels}"]
BY_ITSELF = [
    "get --foo", "get -z pods", "get pods -o", "get pods --output", "foo", "gte pods", "scale deploy web --replicas=x",
    "scale deploy web", "scale --replicas=2", "get", "run", "run x", "create deployment", "create deployment web", "create foo",
    "label pods", "label pods web", "annotate pod web", "delete", "describe", "apply", "apply x", "create", "create namespace",
    "create configmap", "create ns a b", "delete --all", "get pods -v=x", "--bogus", "get pods --all-namespaces=x",
    "scale deploy a --replicas=-1", "create deployment web --image=nginx --dry-run=foo", "run x --image= --dry-run=client",
    "run x --image=' a' --dry-run=client", "run w --image=nginx --env=A --dry-run=client", "run w --image=nginx --port=x",
    "run w --image=nginx --restart=Foo", "run w --image=nginx -l foo", "run w --image=nginx --image-pull-policy=foo",
    "create cm x --from-literal=a --dry-run=client", "create cm x --from-literal=a=b --from-literal=a=1",
    "create deployment w x --image=n", "create secret foo", "create secret generic", "create cm x --from-file=/nonexistent",
    "create cm x --from-literal=a_/b=c", "create -f /nonexistent.yaml", "apply -f /nonexistent.yaml",
    "create deployment w --image=a --image=b -- sleep", "create deployment w --image=a -o wide --dry-run=client",
    "create deployment w --image=a -o foo --dry-run=client", "create deployment w --image=a -o jsonpath --dry-run=client",
    "run w --image=nginx -it --dry-run=client", "getpods", "get pods -n", "-n", "scale deploy web --replicas",
]  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(nodes=1)


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Iterator[Served]:
    """Real kubectl asks a server what a pod is called before it makes one up."""
    with serve(cluster.fork()) as served:
        yield served


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("line", MADE)
def test_what_is_made_up(cluster: Cluster, served: Served, line: str, form: str) -> None:
    before, separator, behind = line.partition(" -- ")
    whole = f"{before} --dry-run=client {form}{separator}{behind}"
    assert cluster.kubectl(whole) == real.run(real.kubectl("1.37"), served, whole).stdout


SINCE_1_20 = {"creationTimestamp": "1.20 writes `creationTimestamp: null` where there is none; since 1.35 it is left out"}
"""What has changed in what kubectl makes up, and since when."""


@pytest.mark.parametrize("line", MADE)
def test_what_debian_s_kubectl_makes_up(cluster: Cluster, served: Served, line: str) -> None:
    before, separator, behind = line.partition(" -- ")
    whole = f"{before} --dry-run=client -o yaml{separator}{behind}"
    old = real.run(real.kubectl("1.20"), served, whole).stdout
    lines = [each for each in old.splitlines() if each.strip() != "creationTimestamp: null"]
    assert cluster.kubectl(whole).splitlines() == lines


@pytest.mark.parametrize("line", BY_ITSELF)
def test_what_it_refuses_by_itself(cluster: Cluster, line: str) -> None:
    ours = cluster.kubectl(line, check=False)
    out, err, code = real.run(real.kubectl("1.37"), None, line)
    assert (ours, ours.code) == (re.sub(r"(?m)^[EW]\d{4} .*\n", "", out + err), code)
