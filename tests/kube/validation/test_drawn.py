"""Whatever can be decoded can be defaulted, checked and validated: errors in words, and no exception."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings

from k8snet.errors import ApiError, NotModelled
from k8snet.kube import effect
from k8snet.kube.defaults import with_defaults
from k8snet.kube.objects import Object, copy, to_dict
from k8snet.kube.validation import refusal, validate, validate_update
from tests.kube.drawn_objects import objects


@given(objects())
def test_validation_never_raises(obj: Object) -> None:
    errors = validate(obj)
    assert all(": " in error for error in errors)
    assert refusal(obj, errors).causes == tuple(dict.fromkeys(errors))


@given(objects("Pod", "Deployment", "DaemonSet"), objects("Pod"))
@settings(max_examples=50)
def test_nor_for_changes(obj: Object, other: Object) -> None:
    pairs = [(obj, copy(obj)), *([(other, obj)] if type(obj) is type(other) else [])]
    for new, old in pairs:
        assert all(": " in error for error in validate_update(new, old))


@given(objects())
def test_defaults_fill_in_only_once_and_change_nothing(obj: Object) -> None:
    before = msgspec.msgpack.encode(obj)
    with suppress(ApiError):
        filled = with_defaults(obj)
        assert with_defaults(filled) is filled
        assert with_defaults(copy(filled)) == filled
    assert msgspec.msgpack.encode(obj) == before


@given(objects("Pod", "Deployment", "ReplicaSet", "DaemonSet"))
@settings(max_examples=50)
def test_defaulted_objects_are_validated_too(obj: Object) -> None:
    with suppress(ApiError):
        validate(with_defaults(obj))


@given(objects())
def test_what_is_not_taken_is_said(obj: Object) -> None:
    with suppress(NotModelled):
        effect.check(obj)


@given(objects("Pod"))
@settings(max_examples=30)
def test_a_right_spec_stays_right(pod: Object) -> None:
    first = validate(pod)
    assert validate(pod) == first
    assert validate(copy(pod)) == first, to_dict(pod)


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "Node", "ConfigMap"])
def test_an_object_without_anything_has_errors(kind: str) -> None:
    from k8snet.kube.decoding import decode
    from k8snet.kube.objects import KINDS

    errors = validate(with_defaults(decode({"apiVersion": KINDS[kind].api_version, "kind": kind})))
    assert errors[0] == "metadata.name: Required value: name or generateName is required"
