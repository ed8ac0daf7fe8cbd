"""What the model does not take, and the published list of what it keeps without an effect."""

from __future__ import annotations

import re
from typing import Any, get_args, get_origin

import msgspec
import pytest

from k8snet.errors import NotModelled
from k8snet.kube import effect
from k8snet.kube.decoding import decode
from k8snet.kube.objects import KINDS


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "a", "image": "nginx", **(container or {})}], **spec},
    }


def template(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "a"},
        "spec": {"selector": {}, "template": {"spec": {"containers": [], **spec}}},
    }


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(pod(activeDeadlineSeconds=5), "spec.activeDeadlineSeconds", id="deadline"),
        pytest.param(pod(hostAliases=[{"ip": "10.0.0.1"}]), "spec.hostAliases", id="hosts"),
        pytest.param(pod(runtimeClassName="gvisor"), "spec.runtimeClassName", id="runtime"),
        pytest.param(pod(schedulingGates=[{"name": "a"}]), "spec.schedulingGates", id="gates"),
        pytest.param(pod(priorityClassName="high"), "spec.priorityClassName: high", id="priority"),
        pytest.param(pod(os={"name": "windows"}), "spec.os: windows", id="windows"),
        pytest.param(
            pod(securityContext={"sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}]}),
            "spec.securityContext.sysctls",
            id="sysctls",
        ),
        pytest.param(
            pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]),
            "spec.volumes: persistentVolumeClaim",
            id="claim",
        ),
        pytest.param(pod({"lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}), "spec.containers[0].lifecycle", id="lifecycle"),
        pytest.param(pod({"restartPolicy": "Never"}), "spec.containers[0].restartPolicy: Never", id="restart"),
        pytest.param(pod({"livenessProbe": {"grpc": {"port": 1}}}), "spec.containers[0].livenessProbe.grpc", id="grpc"),
        pytest.param(pod({"envFrom": [{"configMapRef": {"name": "c"}}]}), "spec.containers[0].envFrom", id="envFrom"),
        pytest.param(
            pod({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}),
            "spec.containers[0].env[0].valueFrom.secretKeyRef",
            id="secret",
        ),
        pytest.param(
            pod(initContainers=[{"name": "i", "restartPolicy": "OnFailure"}]),
            "spec.initContainers[0].restartPolicy: OnFailure",
            id="init",
        ),
        pytest.param(template(hostname="a"), "spec.template.spec.hostname", id="template"),
    ],
)
def test_not_taken(document: dict[str, Any], words: str) -> None:
    with pytest.raises(NotModelled) as error:
        effect.check(decode(document))
    assert error.value.asked == words


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(pod(), id="plain"),
        pytest.param(pod(volumes=[{"name": "v", "emptyDir": {}}], hostPID=False, readinessGates=[]), id="nothing asked"),
        pytest.param(pod(initContainers=[{"name": "i", "restartPolicy": "Always"}]), id="sidecar"),
        pytest.param(pod(priorityClassName="system-node-critical"), id="a priority that every cluster has"),
        pytest.param(pod(ephemeralContainers=[{"name": "e"}]), id="validation's matter"),
        pytest.param({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, id="another kind"),
    ],
)
def test_taken(document: dict[str, Any]) -> None:
    effect.check(decode(document))


def field(kind: type[msgspec.Struct], name: str) -> Any:
    """The type of a field; lists are looked through."""
    hint = {info.encode_name: info.type for info in msgspec.structs.fields(kind)}[name]
    inner = next((each for each in get_args(hint) if each is not type(None)), hint) if get_origin(hint) is not list else hint
    return get_args(inner)[0] if get_origin(inner) is list else inner


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in effect.WITHOUT_EFFECT.items() for path in paths])
def test_the_list_names_fields_that_there_are(kind: str, path: str) -> None:
    found: Any = KINDS[kind].type
    for step in re.sub(r"\[\*\]", "", path).split("."):
        found = field(found, step)


def test_no_field_is_on_both_lists() -> None:
    kept = set(effect.WITHOUT_EFFECT["Pod"])
    assert not kept & {f"spec.{name}" for name in effect.POD}
    assert not kept & {f"spec.containers[*].{name}" for name in effect.CONTAINER}
    assert list(effect.WITHOUT_EFFECT["Pod"]) == sorted(kept, key=lambda path: ("[*]" in path, path))
