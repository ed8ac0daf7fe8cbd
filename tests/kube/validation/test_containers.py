"""Containers: names, images, ports, environment, mounts, resources, probes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.validation.saying import CONTAINER, LABEL, NEGATIVE, PORTS, said_of_container, said_of_pod

HANDLER = {"tcpSocket": {"port": 80}}
ONE_HANDLER = "Forbidden: may not specify more than 1 handler type"
PORT_NAME = ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)", "must contain at least one letter (a-z)"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        pytest.param({}, [], id="right"),
        pytest.param({"name": ""}, ["name: Required value"], id="no name"),
        pytest.param({"name": "Web"}, [f'name: Invalid value: "Web": {LABEL}'], id="name"),
        pytest.param({"image": ""}, ["image: Required value"], id="no image"),
        pytest.param(
            {"image": " nginx"}, ['image: Invalid value: " nginx": must not have leading or trailing whitespace'], id="image"
        ),
        pytest.param(
            {"imagePullPolicy": "Sometimes"},
            ['imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'],
            id="pulling",
        ),
        pytest.param(
            {"terminationMessagePolicy": "No"},
            ['terminationMessagePolicy: Unsupported value: "No": supported values: "File", "FallbackToLogsOnError"'],
            id="messages",
        ),
        pytest.param(
            {"restartPolicy": "always"},
            ['restartPolicy: Unsupported value: "always": supported values: "Always", "Never", "OnFailure"'],
            id="restart",
        ),
    ],
)
def test_containers(fields: dict[str, Any], errors: list[str]) -> None:
    assert said_of_container(**fields) == errors


@pytest.mark.parametrize(
    ("ports", "errors"),
    [
        pytest.param([{"containerPort": 80}, {"containerPort": 80}], [], id="one port twice"),
        pytest.param([{}], ["ports[0].containerPort: Required value"], id="none"),
        pytest.param([{"containerPort": 65536}], [f"ports[0].containerPort: Invalid value: 65536: {PORTS}"], id="too high"),
        pytest.param([{"containerPort": -1}], [f"ports[0].containerPort: Invalid value: -1: {PORTS}"], id="negative"),
        pytest.param(
            [{"containerPort": 80, "hostPort": 70000}], [f"ports[0].hostPort: Invalid value: 70000: {PORTS}"], id="host"
        ),
        pytest.param(
            [{"containerPort": 80, "protocol": "tcp"}],
            ['ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
            id="protocol",
        ),
        pytest.param(
            [{"containerPort": 80, "name": "HTTP"}],
            [f'ports[0].name: Invalid value: "HTTP": {why}' for why in PORT_NAME],
            id="name",
        ),
        pytest.param(
            [{"containerPort": 80, "name": "a-name-that-is-too-long"}],
            ['ports[0].name: Invalid value: "a-name-that-is-too-long": must be no more than 15 characters'],
            id="long name",
        ),
        pytest.param(
            [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}],
            ['ports[1].name: Duplicate value: "a"'],
            id="same name",
        ),
        pytest.param(
            [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}],
            ['ports[1].hostPort: Duplicate value: "TCP//80"'],
            id="same host port",
        ),
        pytest.param(
            [{"containerPort": 80, "hostPort": 80}, {"containerPort": 80, "hostPort": 80, "protocol": "UDP"}],
            [],
            id="another protocol",
        ),
    ],
)
def test_ports(ports: list[dict[str, Any]], errors: list[str]) -> None:
    assert said_of_container(ports=ports) == errors


def test_ports_in_the_hosts_network_are_the_same_there() -> None:
    ports = [{"containerPort": 80, "hostPort": 81}]
    assert said_of_pod({"ports": ports}, hostNetwork=True) == [
        "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
    ]


@pytest.mark.parametrize(
    ("variable", "errors"),
    [
        pytest.param({"name": "A.b-c 1", "value": ""}, [], id="nearly any name"),
        pytest.param({"name": ""}, ["env[0].name: Required value"], id="no name"),
        pytest.param(
            {"name": "A=B"},
            [
                'env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of '
                "printable ASCII characters other than '='"
            ],
            id="equals sign",
        ),
        pytest.param({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}, [], id="label"),
        pytest.param(
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.image"}}},
            [
                'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.image": error converting fieldPath: field '
                "label not supported: "
                "spec.image"
            ],
            id="field",
        ),
        pytest.param(
            {"name": "A", "valueFrom": {}},
            [
                'env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, '
                "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            ],
            id="from nothing",
        ),
        pytest.param(
            {"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ['env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
            id="two values",
        ),
        pytest.param(
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}},
            ["env[0].valueFrom.secretKeyRef.key: Required value"],
            id="no key",
        ),
    ],
)
def test_environment(variable: dict[str, Any], errors: list[str]) -> None:
    assert said_of_container(env=[variable]) == errors


@pytest.mark.parametrize(
    ("mounts", "errors"),
    [
        pytest.param([{"name": "v", "mountPath": "/a"}], [], id="right"),
        pytest.param([{"name": "w", "mountPath": "/a"}], ['volumeMounts[0].name: Not found: "w"'], id="no such volume"),
        pytest.param([{"name": "v"}], ["volumeMounts[0].mountPath: Required value"], id="no path"),
        pytest.param(
            [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a"}],
            ['volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
            id="twice",
        ),
        pytest.param(
            [{"name": "v", "mountPath": "/a", "subPath": "/b"}],
            ['volumeMounts.subPath: Invalid value: "/b": must be a relative path'],
            id="absolute",
        ),
        pytest.param(
            [{"name": "v", "mountPath": "/a", "subPath": "b/../c"}],
            ["volumeMounts.subPath: Invalid value: \"b/../c\": must not contain '..'"],
            id="upwards",
        ),
    ],
)
def test_mounts(mounts: list[dict[str, Any]], errors: list[str]) -> None:
    found = said_of_pod({"volumeMounts": mounts}, volumes=[{"name": "v", "emptyDir": {}}])
    assert [error.removeprefix("spec.containers[0].") for error in found] == errors


@pytest.mark.parametrize(
    ("resources", "errors"),
    [
        pytest.param({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, [], id="right"),
        pytest.param(
            {"limits": {"cpu": "1"}, "requests": {"cpu": "1500m"}},
            ['resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1'],
            id="more than the limit",
        ),
        pytest.param({"requests": {"cpu": "-1"}}, [f'resources.requests[cpu]: Invalid value: "-1": {NEGATIVE}'], id="negative"),
        pytest.param(
            {"requests": {"gpu": "1"}},
            [
                'resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
                'resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
            ],
            id="unknown",
        ),
        pytest.param(
            {"requests": {"pods": "1"}},
            ['resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers'],
            id="not of containers",
        ),
        pytest.param(
            {"requests": {"example.com/gpu": "1"}},
            ["resources.limits: Required value: Limit must be set for non overcommitable resources"],
            id="without a limit",
        ),
        pytest.param(
            {"limits": {"example.com/gpu": "2"}, "requests": {"example.com/gpu": "1"}},
            ['resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2'],
            id="not the limit",
        ),
        pytest.param(
            {"limits": {"example.com/gpu": "500m"}},
            [
                'resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
                'resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer',
            ],
            id="no whole",
        ),
        pytest.param(
            {"limits": {"hugepages-2Mi": "2Mi"}}, ["resources: Forbidden: HugePages require cpu or memory"], id="huge pages"
        ),
    ],
)
def test_resources(resources: dict[str, Any], errors: list[str]) -> None:
    assert said_of_container(resources=resources) == errors


@pytest.mark.parametrize(
    ("probe", "errors"),
    [
        pytest.param(HANDLER, [], id="right"),
        pytest.param({}, [": Required value: must specify a handler type"], id="no handler"),
        pytest.param({**HANDLER, "exec": {"command": ["true"]}}, [f".tcpSocket: {ONE_HANDLER}"], id="two handlers"),
        pytest.param({"exec": {}}, [".exec.command: Required value"], id="no command"),
        pytest.param({"httpGet": {"port": 0}}, [f".httpGet.port: Invalid value: 0: {PORTS}"], id="port"),
        pytest.param(
            {"httpGet": {"port": "80"}},
            ['.httpGet.port: Invalid value: "80": must contain at least one letter (a-z)'],
            id="port's name",
        ),
        pytest.param(
            {"httpGet": {"port": 80, "scheme": "http"}},
            ['.httpGet.scheme: Unsupported value: "http": supported values: "HTTP", "HTTPS"'],
            id="scheme",
        ),
        pytest.param({**HANDLER, "periodSeconds": -1}, [f".periodSeconds: Invalid value: -1: {NEGATIVE}"], id="negative"),
    ],
)
@pytest.mark.parametrize("name", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_probes(name: str, probe: dict[str, Any], errors: list[str]) -> None:
    assert said_of_container(**{name: probe}) == [f"{name}{error}" for error in errors]


def test_one_success_brings_a_container_to_life() -> None:
    probe = {**HANDLER, "successThreshold": 2}
    assert said_of_container(livenessProbe=probe, startupProbe=probe, readinessProbe=probe) == [
        "livenessProbe.successThreshold: Invalid value: 2: must be 1",
        "startupProbe.successThreshold: Invalid value: 2: must be 1",
    ]


@pytest.mark.parametrize(
    ("context", "errors"),
    [
        pytest.param({"runAsUser": 1000, "allowPrivilegeEscalation": False}, [], id="right"),
        pytest.param({"runAsUser": -1}, ["runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"], id="user"),
    ],
)
def test_security(context: dict[str, Any], errors: list[str]) -> None:
    assert said_of_container(securityContext=context) == [f"securityContext.{error}" for error in errors]


# --- several ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param({"containers": []}, ["spec.containers: Required value"], id="none"),
        pytest.param({"containers": [CONTAINER, CONTAINER]}, ['spec.containers[1].name: Duplicate value: "web"'], id="same name"),
        pytest.param(
            {"initContainers": [CONTAINER]}, ['spec.initContainers[0].name: Duplicate value: "web"'], id="same name before"
        ),
        pytest.param(
            {"initContainers": [CONTAINER | {"name": "a", "readinessProbe": HANDLER, "lifecycle": {}}]},
            [
                f"spec.initContainers[0].{name}: Forbidden: may not be set for init containers without restartPolicy=Always"
                for name in ("lifecycle", "readinessProbe")
            ],
            id="probe of what ends",
        ),
        pytest.param(
            {"initContainers": [CONTAINER | {"name": "a", "restartPolicy": "Always", "readinessProbe": HANDLER}]},
            [],
            id="probe of a sidecar",
        ),
        pytest.param(
            {"containers": [CONTAINER | {"name": name, "ports": [{"containerPort": 80, "hostPort": 80}]} for name in "ab"]},
            ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
            id="one port of the host",
        ),
    ],
)
def test_several(spec: dict[str, Any], errors: list[str]) -> None:
    assert said_of_pod(**spec) == errors
