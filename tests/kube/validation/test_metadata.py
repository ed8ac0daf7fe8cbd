"""Metadata of new and of changed objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8snet.kube.objects import ObjectMeta, changed, meta
from k8snet.kube.validation import refusal
from tests.kube.validation.saying import KEY, LABEL, NEGATIVE, SUBDOMAIN, VALUE, made, said, said_of_change

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1"}


@pytest.mark.parametrize(
    ("kind", "metadata", "errors"),
    [
        pytest.param("ConfigMap", {"name": "Web"}, [f'metadata.name: Invalid value: "Web": {SUBDOMAIN}'], id="name"),
        pytest.param(
            "ConfigMap", {"name": ""}, ["metadata.name: Required value: name or generateName is required"], id="no name"
        ),
        pytest.param(
            "Namespace", {"name": "a.b"}, ['metadata.name: Invalid value: "a.b": must not contain dots'], id="namespace"
        ),
        pytest.param(
            "Service",
            {"name": "1-A"},
            [f'metadata.name: Invalid value: "1-A": {LABEL}', "spec.ports: Required value"],
            id="service",
        ),
        pytest.param(
            "ConfigMap",
            {"generateName": "Web-"},
            [f'metadata.generateName: Invalid value: "Web-": {SUBDOMAIN}'],
            id="generateName",
        ),
        pytest.param("ConfigMap", {"generateName": "web-"}, [], id="generateName ends with a dash"),
        pytest.param("ConfigMap", {"namespace": "A"}, [f'metadata.namespace: Invalid value: "A": {LABEL}'], id="its namespace"),
        pytest.param("Node", {"generation": -1}, [f"metadata.generation: Invalid value: -1: {NEGATIVE}"], id="generation"),
        pytest.param("ConfigMap", {"labels": {"a b": "c"}}, [f'metadata.labels: Invalid value: "a b": {KEY}'], id="label's key"),
        pytest.param(
            "ConfigMap", {"labels": {"a": "b c"}}, [f'metadata.labels: Invalid value: "b c": {VALUE}'], id="label's value"
        ),
        pytest.param("ConfigMap", {"annotations": {"Example.com/A": "any text"}}, [], id="annotation in upper case"),
        pytest.param(
            "ConfigMap", {"annotations": {"a b": ""}}, [f'metadata.annotations: Invalid value: "a b": {KEY}'], id="annotation"
        ),
        pytest.param(
            "ConfigMap",
            {"annotations": {"a": "x" * 262144}},
            ["metadata.annotations: Too long: may not be more than 262144 bytes"],
            id="annotations' size",
        ),
        pytest.param("ConfigMap", {"finalizers": ["orphan", "example.com/a"]}, [], id="finalizers"),
        pytest.param(
            "ConfigMap",
            {"finalizers": ["mine"]},
            [
                'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it '
                "fully qualified",
            ],
            id="finalizer without a domain",
        ),
        pytest.param(
            "ConfigMap",
            {"finalizers": ["orphan", "foregroundDeletion"]},
            [
                'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and '
                "foregroundDeletion cannot be "
                "both set"
            ],
            id="finalizers that contradict",
        ),
        pytest.param("ConfigMap", {"ownerReferences": [OWNER]}, [], id="owner"),
        pytest.param(
            "ConfigMap",
            {"ownerReferences": [{"apiVersion": "a/b/c"}]},
            [
                'metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>',
                "metadata.ownerReferences[0].kind: Required value: must not be empty",
                "metadata.ownerReferences[0].name: Required value: must not be empty",
                "metadata.ownerReferences[0].uid: Required value: must not be empty",
            ],
            id="owner without a name",
        ),
        pytest.param(
            "ConfigMap",
            {"ownerReferences": [OWNER | {"controller": True}, OWNER | {"controller": True, "name": "b"}]},
            [
                'metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"1",'
                '"controller":true},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"b","uid":"1","controller":true}]: Only '
                'one reference can have Controller set to true. Found "true" in references for ReplicaSet/web and ReplicaSet/b'
            ],
            id="two controllers",
        ),
    ],
)
def test_new_objects(kind: str, metadata: dict[str, Any], errors: list[str]) -> None:
    assert said(kind, metadata) == errors


GONE = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        pytest.param({}, {"labels": {"a": "b"}}, [], id="labels"),
        pytest.param({}, {"labels": {"a": "b c"}}, [f'metadata.labels: Invalid value: "b c": {VALUE}'], id="bad labels"),
        pytest.param({}, {"name": "other"}, ['metadata.name: Invalid value: "other": field is immutable'], id="name"),
        pytest.param({"uid": "1"}, {"uid": "2"}, ['metadata.uid: Invalid value: "2": field is immutable'], id="uid"),
        pytest.param(
            {},
            {"resourceVersion": ""},
            ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
            id="version",
        ),
        pytest.param(
            {"generation": 2},
            {"generation": 1},
            ["metadata.generation: Invalid value: 1: must not be decremented"],
            id="generation",
        ),
        pytest.param(
            {"deletionTimestamp": GONE},
            {"finalizers": ["example.com/a"]},
            [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found "
                "new finalizers "
                '[]string{"example.com/a"}'
            ],
            id="finalizers",
        ),
    ],
)
def test_changes(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    there = made("ConfigMap")
    old = changed(there, metadata=changed(meta(there), **before))
    new = changed(old, metadata=changed(meta(old), **after))
    assert said_of_change(new, old) == errors


def test_a_refusal() -> None:
    obj = made("Deployment", spec={"selector": {}, "template": {}})
    error = refusal(
        changed(obj, metadata=ObjectMeta(name='a"b')), ["a: Required value", "b: Required value", "a: Required value"]
    )
    assert str(error) == r'Deployment.apps "a\"b" is invalid: [a: Required value, b: Required value]'
    assert (error.reason, error.code, error.causes) == ("Invalid", 1, ("a: Required value", "b: Required value"))


@pytest.mark.parametrize(
    ("kind", "parts", "errors"),
    [
        pytest.param(
            "ConfigMap",
            {"data": {"a b": ""}},
            [
                'data[a b]: Invalid value: "a b": a valid config key must consist of '
                "alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
                "validation is '[-._a-zA-Z0-9]+')"
            ],
            id="key",
        ),
        pytest.param(
            "ConfigMap",
            {"data": {"a": ""}, "binaryData": {"a": ""}},
            ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
            id="twice",
        ),
        pytest.param(
            "Secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}, ["data[tls.key]: Required value"], id="tls"
        ),
        pytest.param(
            "Secret", {"data": {"a": "A" * (1 << 21)}}, ["data: Too long: may not be more than 1048576 bytes"], id="size"
        ),
    ],
)
def test_what_is_only_kept(kind: str, parts: dict[str, Any], errors: list[str]) -> None:
    assert said(kind, **parts) == errors


def test_what_is_immutable_stays() -> None:
    old = made("ConfigMap", data={"a": "b"}, immutable=True)
    why = "Forbidden: field is immutable when `immutable` is set"
    assert said_of_change(changed(old, data={}, immutable=False), old) == [f"immutable: {why}", f"data: {why}"]
    secret = made("Secret")
    assert said_of_change(changed(secret, type="mine"), secret) == ['type: Invalid value: "mine": field is immutable']
