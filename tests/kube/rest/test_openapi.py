"""The published schema: enough for clients, and true to the types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from k8snet.kube.fielddocs import fields
from k8snet.kube.objects import KINDS
from k8snet.kube.rest.openapi import PROTOBUF, version_2, version_3
from k8snet.kube.rest.openapi.schemas import name_of
from k8snet.kube.rest.protobuf import fields as proto_fields
from tests.kube.rest.asking import House

V1 = version_3("v1")["components"]["schemas"]
APPS = version_3("apps/v1")["components"]["schemas"]
CORE = "io.k8s.api.core.v1."


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_index_leads_to_the_documents(shown: House) -> None:
    paths = shown.get("/openapi/v3")["paths"]
    assert set(paths) == {"api/v1", "apis/apps/v1", "apis/discovery.k8s.io/v1", "apis/coordination.k8s.io/v1"}
    for each in paths.values():
        assert shown.get(each["serverRelativeURL"])["openapi"] == "3.0.0"


@pytest.mark.parametrize("document", [*map(version_3, ("v1", "apps/v1")), version_2()])
def test_each_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found["description"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_each_kind_says_what_it_is(kind: Any) -> None:
    schema = version_3(kind.api_version)["components"]["schemas"][name_of(kind.type)]
    group, _, version = kind.api_version.rpartition("/")
    assert schema["x-kubernetes-group-version-kind"] == [{"group": group, "kind": kind.kind, "version": version}]
    assert set(schema["properties"]) == {field.name for field in fields(kind.type)}
    assert version_2()["definitions"][name_of(kind.type)]["properties"].keys() == schema["properties"].keys()


@pytest.mark.parametrize(("schemas", "place", "expected"), [
    (V1, "PodSpec.containers", {"type": "array", "items": {"$ref": f"#/components/schemas/{CORE}Container"},
                                "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}),
    (V1, "PodSpec.terminationGracePeriodSeconds", {"type": "integer", "format": "int64"}),
    (V1, "ContainerPort.containerPort", {"type": "integer", "format": "int32"}),
    (V1, "ContainerPort.protocol", {"type": "string", "enum": ["SCTP", "TCP", "UDP"]}),
    (V1, "Secret.data", {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}}),
    (V1, "Pod.spec", {"allOf": [{"$ref": f"#/components/schemas/{CORE}PodSpec"}]}),
    (V1, "ResourceRequirements.limits", {"type": "object", "additionalProperties": {
        "$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"}}),
    (APPS, "DeploymentSpec.strategy", {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy"}],
                                       "x-kubernetes-patch-strategy": "retainKeys"}),
])  # fmt: skip
def test_a_field(schemas: dict[str, Any], place: str, expected: dict[str, Any]) -> None:
    owner, _, name = place.partition(".")
    schema = dict(next(each for key, each in schemas.items() if key.endswith(f".{owner}"))["properties"][name])
    assert schema.pop("description")
    assert schema == expected


def test_what_is_required(shown: House) -> None:
    assert V1[f"{CORE}Container"]["required"] == ["name"]
    assert "required" not in V1[f"{CORE}Pod"]


@pytest.mark.parametrize("path", [kind.path("{namespace}", "{name}") for kind in KINDS.values()])
def test_patch_says_that_the_server_validates(path: str) -> None:
    patch = version_2()["paths"][path]["patch"]
    assert {"fieldValidation", "dryRun"} <= {each["name"] for each in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"]["kind"] in KINDS


@pytest.mark.parametrize("accept", PROTOBUF)
def test_old_clients_get_protobuf(shown: House, accept: str) -> None:
    answer = shown.ask("GET", "/openapi/v2", accept=accept)
    assert answer.content_type == PROTOBUF[1]
    found = dict(proto_fields(answer.body))
    definitions = found[9]
    assert found[1] == b"2.0"
    assert isinstance(definitions, bytes)
    names = [dict(proto_fields(each))[1] for _, each in proto_fields(definitions) if isinstance(each, bytes)]
    assert b"io.k8s.api.core.v1.Pod" in names
    assert len(names) == len(version_2()["definitions"])
