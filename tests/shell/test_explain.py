"""kubectl explain: pages and refusals as kubectl 1.37 prints them; the texts are the API's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet import Cluster
from k8snet.errors import CommandError, NotModelled
from k8snet.kube.fielddocs import fields
from k8snet.kube.objects import KINDS
from k8snet.serve import serve
from k8snet.shell.kubectl.command import Call, Terminal
from k8snet.shell.kubectl.explain import COMMAND, explain, run, wrapped
from tests.shell import real

PORTS = """\
KIND:       Pod
VERSION:    v1

FIELD: ports <[]ContainerPort>


DESCRIPTION:
    List of ports to expose from the container. Not specifying a port here DOES
    NOT prevent that port from being exposed. Any port which is listening on the
    default "0.0.0.0" address inside a container will be accessible from the
    network. Modifying this array with strategic merge patch may corrupt the
    data. For more information See
    https://github.com/kubernetes/kubernetes/issues/108255. Cannot be updated.
    ContainerPort represents a network port in a single container.
____
FIELDS:
  containerPort	<integer> -required-
    Number of port to expose on the pod's IP address. This must be a valid port
    number, 0 < x < 65536.

  hostIP	<string>
    What host IP to bind the external port to.

  hostPort	<integer>
    Number of port to expose on the host. If specified, this must be a valid
    port number, 0 < x < 65536. If HostNetwork is specified, this must match
    ContainerPort. Most containers do not need this.

  name	<string>
    If specified, this must be an IANA_SVC_NAME and unique within the pod. Each
    named port in a pod must have a unique name. Name for the port that can be
    referred to by services.

  protocol	<string>
  enum: SCTP, TCP, UDP
    Protocol for port. Must be UDP, TCP, or SCTP. Defaults to "TCP".


""".replace("____", "    ")
STRATEGY = """\
GROUP:      apps
KIND:       Deployment
VERSION:    v1

FIELD: strategy <DeploymentStrategy>


DESCRIPTION:
    The deployment strategy to use to replace existing pods with new ones.
    DeploymentStrategy describes how to replace existing pods with new ones.
____
FIELDS:
  rollingUpdate	<RollingUpdateDeployment>
    maxSurge	<IntOrString>
    maxUnavailable	<IntOrString>
  type	<string>
  enum: Recreate, RollingUpdate

""".replace("____", "    ")
PROTOCOL = """\
KIND:       Service
VERSION:    v1

FIELD: protocol <string>
ENUM:
    SCTP
    TCP
    UDP

DESCRIPTION:
    The IP protocol for this port. Supports "TCP", "UDP", and "SCTP". Default is
    TCP.
____

""".replace("____", "    ")
TARGET = """\
KIND:       Service
VERSION:    v1

FIELD: nodePort <integer>


DESCRIPTION:
""".splitlines()


def shown(line: str) -> tuple[str, str]:
    """What stands on the screen after `kubectl explain LINE`, and the error below it."""
    terminal = Terminal()
    session: Any = SimpleNamespace(terminal=terminal)  # explain sends no request
    try:
        run(Call(COMMAND, "kubectl explain", COMMAND.read(line.split(" ") if line else [], "kubectl explain"), session, ""))
    except CommandError as error:
        return terminal.text, str(error)
    return terminal.text, ""


@pytest.mark.parametrize("path", ["pod.spec.containers.ports", "po.spec.containers.ports", "Pod.spec.containers.ports.",
                                  "pods.spec['containers'].ports", "pods..spec.containers.ports"])
def test_a_page(path: str) -> None:
    assert explain(path) == PORTS
    assert shown(path) == (PORTS, "")


@pytest.mark.parametrize("line", ["deploy.spec.strategy --recursive", "deployments.apps.spec.strategy -R",
                                  "deploy.spec.strategy -R --max-depth=2", "deploy.spec.strategy -R --api-version=apps/v1"])
def test_fields_of_fields(line: str) -> None:
    assert shown(line) == (STRATEGY, "")


def test_only_so_deep() -> None:
    assert "maxSurge" not in explain("deploy.spec.strategy", recursive=True, max_depth=1)


def test_the_values_of_a_field() -> None:
    assert explain("svc.spec.ports.protocol") == PROTOCOL
    assert '\n  enum: "", BlockDevice, CharDevice, Directory, ....\n' in explain("pod.spec.volumes.hostPath")


def test_a_plain_field_has_no_fields() -> None:
    page = explain("svc.spec.ports.nodePort")
    assert page.splitlines()[: len(TARGET)] == TARGET
    assert page.endswith("\n    \n\n")
    assert "FIELDS" not in page


POD = "KIND:       Pod\nVERSION:    v1\n\n"
FIRST_NODE = "error: invalid jsonpath syntax, first node must be field node"


REFUSALS = [
    ("", "", 'error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of '
             "supported resources."),
    ("pod spec", "", "error: We accept only this format: explain RESOURCE"),
    ("foo", "", 'the server doesn\'t have a resource type "foo"'),
    ("foo.bar", "", 'the server doesn\'t have a resource type "foo"'),
    ('"pods"', "", 'the server doesn\'t have a resource type "\\"pods\\""'),
    ("pod/web", "", 'the server doesn\'t have a resource type "pod/web"'),
    ("pod.foo", POD, 'error: field "foo" does not exist'),
    ("pod.foo.bar", POD, 'error: field "bar" does not exist'),
    ("pod.spec.containers.name.x", POD, 'error: field "x" does not exist'),
    ("pod.metadata.labels['a.b/c']", POD, 'error: field "b/c" does not exist'),
    ("pod.metadata.labels.a\\.b", POD, 'error: field "a.b" does not exist'),
    ("deploy.apps", f"GROUP:      apps\n{POD.replace('Pod', 'Deployment')}", 'error: field "apps" does not exist'),
    ("pods.spec.containers[0]", "", FIRST_NODE),
    ("pods.spec..containers", "", FIRST_NODE),
    ("pod..spec", "", FIRST_NODE),
    (".pods", "", FIRST_NODE),
    ("deploy.*", "", FIRST_NODE),
    ("pods.*", "", "error: unrecognized character in action: U+002A '*'"),
    ("pods[", "", "error: unterminated array"),
    ("pods}", "", "error: must pass in 1 jsonpath string"),
    (".", "", "error: a resource must be present, got: /, Resource="),
    ("deploy.spec[0] --api-version=apps/v1", "", "error: invalid jsonpath syntax, all nodes must be field nodes"),
    ("pod --api-version=apps/v1", "", "error: GVR (apps/v1, Resource=pods) not found in OpenAPI schema"),
    ("deploy --api-version=apps/v2", "", 'error: couldn\'t find resource for "apps/v2, Resource=deployments"'),
    ("deploy --api-version=apps/v1/x", "", "error: unexpected GroupVersion string: apps/v1/x"),
    ("pod -o json", "", "error: unrecognized format: json"),
    ("pod --max-depth=1", "", "error: --max-depth requires --recursive"),
    ("pod -R --max-depth=-1", "", "error: --max-depth must be non-negative"),
]


@pytest.mark.parametrize(("line", "heading", "error"), REFUSALS)
def test_refusals(line: str, heading: str, error: str) -> None:
    assert shown(line) == (heading, error)


def test_what_is_not_modelled_says_so() -> None:
    with pytest.raises(NotModelled, match="openapiv2"):
        explain("pod", output="plaintext-openapiv2")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_page_with_all_its_fields(kind: str) -> None:
    page = explain(KINDS[kind].resource, recursive=True)
    for each in fields(KINDS[kind].type):
        assert f"\n  {each.name}\t<" in page


@given(st.text(alphabet="ab \n", max_size=60), st.integers(min_value=2, max_value=20))
def test_wrapping_keeps_the_words_and_the_width(text: str, limit: int) -> None:
    lines = wrapped(text, limit).split("\n")
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert len(line) <= limit or len(line.split()) == 1


PAGES = [
    *(f"{kind.resource} -R" for kind in KINDS.values()), *KINDS, "po.spec", "pod.spec.containers.livenessProbe", "pod.metadata",
    "pod.metadata.creationTimestamp", "pod.metadata.managedFields.fieldsV1", "pod.metadata.labels", "node.status.capacity",
    "svc.spec.ports.targetPort", "svc.spec.type", "pod.spec.volumes.hostPath.type", "ev.eventTime", "secret.data",
    "rs -R --max-depth=1", "pods.spec -R --max-depth=2", "deployments.apps.spec", "deploy --api-version=apps/v1",
]  # fmt: skip


def test_the_real_one_prints_the_same() -> None:
    binary = real.kubectl("1.37")
    with serve(Cluster(nodes=1)) as served:
        for line in PAGES:
            assert real.run(binary, served, f"explain {line}") == (*shown(line), 0)
        for line, heading, error in REFUSALS:
            assert real.run(binary, served, ["explain", *line.split()]) == (heading, f"{error}\n", 1)
