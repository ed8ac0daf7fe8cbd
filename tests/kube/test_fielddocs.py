"""What the API says of its fields."""

from __future__ import annotations

import pytest

from k8snet.kube.fielddocs import ENUMS, FieldDoc, description, fields
from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.objects import (
    KINDS,
    ConfigMap,
    Container,
    ContainerPort,
    EmptyDirVolumeSource,
    Event,
    LabelSelector,
    ObjectMeta,
    Pod,
    PodSpec,
    ResourceRequirements,
    Secret,
    ServicePort,
    ServiceSpec,
)


def field(kind: type, name: str) -> FieldDoc:
    return next(each for each in fields(kind) if each.name == name)


@pytest.mark.parametrize(("kind", "name", "type_", "required"), [
    (Pod, "spec", "PodSpec", False),
    (PodSpec, "containers", "[]Container", True),
    (PodSpec, "nodeSelector", "map[string]string", False),
    (PodSpec, "overhead", "map[string]Quantity", False),
    (PodSpec, "hostNetwork", "boolean", False),
    (Container, "name", "string", True),
    (Container, "args", "[]string", False),
    (ContainerPort, "containerPort", "integer", True),
    (ServicePort, "targetPort", "IntOrString", False),
    (ResourceRequirements, "limits", "map[string]Quantity", False),
    (EmptyDirVolumeSource, "sizeLimit", "Quantity", False),
    (ObjectMeta, "creationTimestamp", "Time", False),
    (ObjectMeta, "labels", "map[string]string", False),
    (Event, "eventTime", "MicroTime", False),
    (Event, "involvedObject", "ObjectReference", True),
    (Secret, "data", "map[string]string", False),
    (ConfigMap, "data", "map[string]string", False),
    (LabelSelector, "matchExpressions", "[]LabelSelectorRequirement", False),
])  # fmt: skip
def test_types(kind: type, name: str, type_: str, required: bool) -> None:
    found = field(kind, name)
    assert (found.type, found.required) == (type_, required)


def test_what_can_be_looked_into() -> None:
    assert field(Pod, "spec").of is PodSpec
    assert field(PodSpec, "containers").of is Container
    assert field(Container, "name").of is None


@pytest.mark.parametrize(("kind", "name", "enum"), [
    (PodSpec, "restartPolicy", ("Always", "Never", "OnFailure")),
    (ContainerPort, "protocol", ("SCTP", "TCP", "UDP")),
    (ServiceSpec, "ipFamilies", ()),
    (Container, "image", ()),
])  # fmt: skip
def test_the_values_that_there_are(kind: type, name: str, enum: tuple[str, ...]) -> None:
    assert field(kind, name).enum == enum


def test_enumerations_are_sorted_and_of_types_that_there_are() -> None:
    assert all(list(values) == sorted(values) for values in ENUMS.values())
    assert ENUMS.keys() <= set(GO_TYPES.values())
    assert len(ENUMS["v1.Signal"]) == 65


def test_lines_become_paragraphs_again() -> None:
    text = field(ObjectMeta, "uid").description
    first, second = text.split("\n\n")
    assert first.endswith("and is not allowed to change on PUT operations.")
    assert second.startswith("Populated by the system. Read-only. More info: https://")
    assert "\n" not in first


def test_items_stay_on_lines_of_their_own() -> None:
    assert "\n* Kubernetes-defined prefixed names:\n  * 'kubernetes.io/h2c' - HTTP/2" in field(ServicePort,
        "appProtocol").description


def test_every_field_and_every_type_is_described() -> None:
    seen, left = set(), [kind.type for kind in KINDS.values()]
    while left:
        kind = left.pop()
        if kind in seen:
            continue
        seen.add(kind)
        assert description(kind)
        for each in fields(kind):
            assert each.description, (kind, each.name)
            assert each.description == each.description.strip()
            left += [each.of] if each.of is not None else []
    assert len(seen) > 200
