"""Objects in protobuf, as the real kubectl sends what it makes up itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.fielddocs import fields
from k8snet.kube.objects import KINDS, ConfigMap, Deployment, Pod, Secret
from k8snet.kube.rest import protobuf
from k8snet.kube.rest.protobuf import Malformed, message
from k8snet.kube.rest.protodecoding import MAGIC, MEDIA, document
from k8snet.kube.rest.protonumbers import INLINE, NUMBERS
from tests.kube.rest.asking import CONFIGMAPS, PODS, House

NOT_IN_PROTOBUF = {("NodeSystemInfo", "runningInUserNamespace"), *((kind, name) for kind in KINDS for name in ("apiVersion",
    "kind"))}
"""Fields that the types have and the messages have not: a kind's are in the envelope."""


def integer(number: int, value: int) -> bytes:
    """A field with an integer."""
    return protobuf._varint(number << 3) + protobuf._varint(value % (1 << 64))


def sent(kind: str, raw: bytes, version: str = "v1") -> bytes:
    return MAGIC + message((1, message((1, version), (2, kind))), (2, raw))


def types() -> dict[str, Any]:
    """All types that occur in the kinds, by name."""
    found: dict[str, Any] = {}
    left = [kind.type for kind in KINDS.values()]
    while left:
        kind = left.pop()
        if kind.__name__ not in found:
            found[kind.__name__] = kind
            left += [field.of for field in fields(kind) if field.of is not None]
    return found


@pytest.mark.parametrize(("name", "kind"), types().items(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_field_has_a_number(name: str, kind: Any) -> None:
    numbered = {each.name for each in NUMBERS[name].values()}
    inlined = {each.name for field in numbered & INLINE.keys() for each in NUMBERS[INLINE[field]].values()}
    own = {field.name for field in fields(kind)}
    assert own - numbered - inlined - {field for owner, field in NOT_IN_PROTOBUF if owner == name} == set()
    assert numbered - own <= INLINE.keys()


def test_a_deployment() -> None:
    container = message((1, "web"), (2, "nginx"), (3, "a"), (3, "b"), (5, ""))
    container += message((6, integer(3, 80) + integer(2, 0) + message((4, "TCP"))))
    container += message((10, message((1, message((2, message((2, integer(1, 0) + integer(2, 8080)))))))))
    template = message((1, message((11, message((1, "app"), (2, "web"))))), (2, message((2, container)) + integer(4, 0)))
    surge = message((1, "RollingUpdate"), (2, message((1, integer(1, 1) + message((3, "25%"))))))
    raw = message((1, message((1, "web"), (8, b""))), (2, integer(1, 0) + message((3, template), (4, surge))), (3, b""))
    assert document(sent("Deployment", raw, "apps/v1"), Deployment) == {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {},
        "spec": {
            "replicas": 0,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [
                {"name": "web", "image": "nginx", "command": ["a", "b"], "ports": [{"containerPort": 80, "protocol": "TCP"}],
                 "livenessProbe": {"httpGet": {"port": 8080}}}]}},
        },
    }


def test_a_secret_is_base64_in_json() -> None:
    raw = message((2, message((1, "a"), (2, b"\x00\xff"))), (3, "Opaque"))
    assert document(sent("Secret", raw), Secret)["data"] == {"a": "AP8="}


def test_times_quantities_and_negative_numbers() -> None:
    when = message((8, message((1, integer(1, 1_793_491_200)[1:]))))
    metadata = message((1, "a")) + message((8, integer(1, 1_793_491_200)))
    resources = message((2, message((1, "cpu"), (2, message((1, "500m"))))))
    raw = message((1, metadata), (2, integer(5, -1) + message((2, message((1, "a"), (8, resources))))))
    found = document(sent("Pod", raw), Pod)
    assert when
    assert found["metadata"]["creationTimestamp"] == "2026-11-01T00:00:00Z"
    assert found["spec"]["activeDeadlineSeconds"] == -1
    assert found["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "500m"}}


@pytest.mark.parametrize("data", [b"", b"{}", b"k8s\x00\x0a\x05a", b"k8s\x00\x0b", b"k8s\x00" + b"\xff" * 11, sent("ConfigMap",
    integer(1, 5))])
def test_what_is_no_object(house: House, data: bytes) -> None:
    with pytest.raises(Malformed):
        document(data, ConfigMap)
    answer = house.ask("POST", CONFIGMAPS, data, content_type=MEDIA)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


def test_a_field_without_a_name_is_not_taken(house: House) -> None:
    answer = house.ask("POST", CONFIGMAPS, sent("ConfigMap", message((77, "x"))), content_type=MEDIA)
    assert (answer.status, answer.body["message"][:46]) == (501, "not modelled: field 77 of ConfigMap in protobu")


def test_an_object_and_its_deletion(house: House) -> None:
    raw = message((1, message((1, "a"))), (2, message((1, "x"), (2, "y"))))
    answer = house.ask("POST", CONFIGMAPS, sent("ConfigMap", raw), content_type=f"{MEDIA}; charset=utf-8")
    assert (answer.status, answer.body["data"]) == (201, {"x": "y"})
    name = house.pods[0]
    options = sent("DeleteOptions", integer(1, 0) + message((2, message((1, "other")))))
    assert house.ask("DELETE", f"{PODS}/{name}", options, content_type=MEDIA).status == 409
    options = sent("DeleteOptions", integer(1, 0))
    assert house.ask("DELETE", f"{PODS}/{name}", options, content_type=MEDIA).status == 200
    assert name not in house.pods


@given(st.lists(st.tuples(st.integers(1, 5000), st.binary(max_size=300)), max_size=5))
def test_a_message_is_read_as_it_was_written(parts: list[tuple[int, bytes]]) -> None:
    assert list(protobuf.fields(message(*parts))) == parts


@given(st.integers(1, 5000), st.integers(0, (1 << 64) - 1))
def test_an_integer_is_read_as_it_was_written(number: int, value: int) -> None:
    assert list(protobuf.fields(integer(number, value))) == [(number, value)]


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        list(protobuf.fields(data))
