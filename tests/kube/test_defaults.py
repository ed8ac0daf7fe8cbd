"""What the API server fills in: where a manifest says nothing, and only there. Sources: the files defaults.go, and admission."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.errors import ApiError
from k8snet.kube.decoding import decode
from k8snet.kube.defaults import with_defaults
from k8snet.kube.defaults.pods import pull_policy
from k8snet.kube.objects import Object, Pod, changed, meta, to_dict

PATIENCE = [
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for name in ("not-ready", "unreachable")
]
CONTAINER = {"name": "web", "image": "nginx:1.29"}
FILLED = CONTAINER | {
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
SPEC = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
"""What pods and templates have in common."""
ADMITTED = {
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "serviceAccount": "default",
    "serviceAccountName": "default",
    "tolerations": PATIENCE,
}
"""What pods alone have."""


def document(kind: str, **parts: Any) -> dict[str, Any]:
    version = "apps/v1" if kind in ("Deployment", "ReplicaSet", "DaemonSet") else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, **parts}


def filled(kind: str, **parts: Any) -> dict[str, Any]:
    return to_dict(with_defaults(decode(document(kind, **parts))))


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = filled("Pod", spec={"containers": [CONTAINER | (container or {})], **spec})["spec"]
    return found


def only(container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = pod(container, **spec)["containers"][0]
    return found


def test_a_pod() -> None:
    assert pod() == {"containers": [FILLED], **SPEC, **ADMITTED}


def test_what_is_said_stays() -> None:
    said: dict[str, Any] = {
        "restartPolicy": "Never",
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 0,
        "priority": 0,
        "serviceAccountName": "me",
        "enableServiceLinks": False,
        "schedulerName": "mine",
    }
    assert pod(**said) == {"containers": [FILLED], **SPEC, **ADMITTED, **said, "serviceAccount": "me"}


def test_an_empty_text_is_nothing_said() -> None:
    assert pod({"imagePullPolicy": ""}, restartPolicy="", serviceAccountName="") == pod()


def test_a_template_gets_less() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER], "hostNetwork": True}}
    found = filled("ReplicaSet", spec={"selector": {"matchLabels": {"app": "web"}}, "template": template})["spec"]
    assert found["template"]["spec"] == {"containers": [FILLED], "hostNetwork": True, **SPEC}
    assert found["replicas"] == 1


def test_a_deployment() -> None:
    found = filled("Deployment", spec={"replicas": 0, "selector": {}, "template": {}})["spec"]
    del found["template"], found["selector"]
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    assert found == {"replicas": 0, "strategy": strategy, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        pytest.param({"type": "Recreate"}, {"type": "Recreate"}, id="recreate"),
        pytest.param(
            {"rollingUpdate": {"maxSurge": 0}},
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}},
            id="zero is said",
        ),
        pytest.param({"type": "Else"}, {"type": "Else"}, id="unknown"),
    ],
)
def test_a_deployments_strategy(strategy: dict[str, Any], expected: dict[str, Any]) -> None:
    assert filled("Deployment", spec={"selector": {}, "template": {}, "strategy": strategy})["spec"]["strategy"] == expected


def test_a_daemonset() -> None:
    found = filled("DaemonSet", spec={"selector": {}, "template": {}})["spec"]
    assert found["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert (found["revisionHistoryLimit"], "replicas" in found) == (10, False)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.29", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/nginx:1.29", "IfNotPresent"),
        (f"nginx@sha256:{'a' * 64}", "IfNotPresent"),
        (f"nginx:latest@sha256:{'a' * 64}", "Always"),
        ("registry.k8s.io/e2e-test-images/agnhost:2.53", "IfNotPresent"),
        ("Nginx", "IfNotPresent"),
        ("", "IfNotPresent"),
        ("nginx:a b", "IfNotPresent"),
        ("ghcr.io/Org/app", "IfNotPresent"),
    ],
)
def test_whether_an_image_is_pulled_each_time(image: str, policy: str) -> None:
    assert pull_policy(image) == policy
    assert (
        with_defaults(decode(document("Pod", spec={"containers": [{"name": "a", "image": image}]})))
        .spec.containers[0]
        .imagePullPolicy
        == policy
    )


PROBE = {"periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {"livenessProbe": {"tcpSocket": {"port": 80}}}, {"livenessProbe": {"tcpSocket": {"port": 80}, **PROBE}}, id="probe"
        ),
        pytest.param(
            {"readinessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 0, "failureThreshold": 1}},
            {"readinessProbe": {"httpGet": {"port": "http", "path": "/", "scheme": "HTTP"}, **PROBE, "failureThreshold": 1}},
            id="http",
        ),
        pytest.param({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "TCP"}]}, id="port"),
        pytest.param(
            {"resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": "0.1"}}},
            {"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"}}},
            id="resources",
        ),
        pytest.param({"resources": {"requests": {"cpu": "0.0001"}}}, {"resources": {"requests": {"cpu": "1m"}}}, id="rounded up"),
        pytest.param(
            {"env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]},
            {"env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP", "apiVersion": "v1"}}}]},
            id="field",
        ),
    ],
)
def test_containers(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert only(given) == FILLED | expected
    initial = pod(initContainers=[CONTAINER | given | {"name": "before"}])["initContainers"][0]
    assert initial == FILLED | expected | {"name": "before"}


def test_ports_in_the_hosts_network_are_the_hosts() -> None:
    ports = only({"ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 82}]}, hostNetwork=True)["ports"]
    assert [port["hostPort"] for port in ports] == [80, 82]


@pytest.mark.parametrize(
    ("given", "added"),
    [
        pytest.param([], PATIENCE, id="none"),
        pytest.param([{"operator": "Exists"}], [], id="all"),
        pytest.param([{"operator": "Exists", "effect": "NoSchedule"}], PATIENCE, id="another effect"),
        pytest.param(
            [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
            PATIENCE[1:],
            id="one of them",
        ),
    ],
)
def test_patience_with_nodes(given: list[dict[str, Any]], added: list[dict[str, Any]]) -> None:
    assert pod(tolerations=given).get("tolerations", []) == [*given, *added]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, {"emptyDir": {}}, id="nothing"),
        pytest.param({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}, id="secret"),
        pytest.param(
            {"configMap": {"name": "c", "defaultMode": 0}}, {"configMap": {"name": "c", "defaultMode": 0}}, id="mode is said"
        ),
        pytest.param({"hostPath": {"path": "/"}}, {"hostPath": {"path": "/", "type": ""}}, id="host"),
        pytest.param(
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}},
            id="projected",
        ),
    ],
)
def test_volumes(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert pod(volumes=[{"name": "v", **given}])["volumes"] == [{"name": "v", **expected}]


# --- admission ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "number"), [("system-cluster-critical", 2000000000), ("system-node-critical", 2000001000)])
def test_priority_classes_that_every_cluster_has(name: str, number: int) -> None:
    assert pod(priorityClassName=name)["priority"] == number


def test_a_priority_is_not_set_by_hand() -> None:
    words = (
        'pods "web" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission '
        "controller computed 0 from the given PriorityClass name"
    )
    with pytest.raises(ApiError) as error:
        pod(priority=5)
    assert (str(error.value), error.value.reason) == (words, "Forbidden")


# --- others -------------------------------------------------------------------------------------------------------


def test_a_namespace() -> None:
    assert filled("Namespace")["metadata"]["labels"] == {"kubernetes.io/metadata.name": "web"}
    assert (
        meta(with_defaults(decode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "a-"}}))).labels is None
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"podCIDR": "10.244.1.0/24"}, ["10.244.1.0/24"]),
        ({"podCIDRs": ["10.244.1.0/24"]}, ["10.244.1.0/24"]),
        ({"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.2.0/24"]}, ["10.244.1.0/24"]),
        ({}, None),
    ],
)
def test_a_nodes_ranges_are_told_twice(spec: dict[str, Any], expected: list[str] | None) -> None:
    found = filled("Node", spec=spec).get("spec", {})
    assert found.get("podCIDRs") == expected
    assert found.get("podCIDR") == (expected[0] if expected else None)


def test_what_may_be_used_of_a_node() -> None:
    status = filled("Node", status={"capacity": {"cpu": "4", "memory": "4194304Ki"}})["status"]
    assert status == {"capacity": {"cpu": "4", "memory": "4Gi"}, "allocatable": {"cpu": "4", "memory": "4Gi"}}


def test_a_service() -> None:
    assert filled("Service", spec={"ports": [{"port": 80}]})["spec"] == {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
    }


def test_a_secrets_text() -> None:
    found = filled("Secret", stringData={"a": "hi"}, data={"a": "eA==", "b": "eQ=="})
    assert (found["type"], found["data"], "stringData" in found) == ("Opaque", {"a": "aGk=", "b": "eQ=="}, False)


# --- nothing is copied --------------------------------------------------------------------------------------------


def one(**spec: Any) -> Object:
    return with_defaults(decode(document("Pod", spec={"containers": [CONTAINER], **spec})))


def test_what_lacks_nothing_is_the_same_object() -> None:
    obj = one(hostNetwork=True, volumes=[{"name": "v"}], initContainers=[CONTAINER | {"name": "i"}])
    assert with_defaults(obj) is obj


def test_pods_of_one_template_share_all_of_it() -> None:
    raw = decode(document("Pod", spec={"containers": [CONTAINER]}))
    first, second = (with_defaults(Pod(metadata=meta(raw), spec=raw.spec)) for _ in range(2))
    assert first.spec is second.spec


def test_pods_of_a_defaulted_template_share_its_containers() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}}
    replicaset = with_defaults(decode(document("ReplicaSet", spec={"selector": {}, "template": template})))
    assert with_defaults(replicaset) is replicaset
    spec = replicaset.spec.template.spec
    made = with_defaults(Pod(metadata=meta(replicaset), spec=changed(spec, nodeName="node1")))
    assert made.spec.containers is spec.containers
