"""Nodes and namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.validation.saying import KEY, NEGATIVE, VALUE, made, said, said_of_change

FIXED = 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'


@pytest.mark.parametrize(
    ("taints", "errors"),
    [
        pytest.param([{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}], [], id="right"),
        pytest.param([{"key": "a b", "effect": "NoSchedule"}], [f'[0].key: Invalid value: "a b": {KEY}'], id="key"),
        pytest.param(
            [{"key": "a", "value": "b c", "effect": "NoSchedule"}], [f'[0].value: Invalid value: "b c": {VALUE}'], id="value"
        ),
        pytest.param([{"key": "a"}], ["[0].effect: Required value"], id="no effect"),
        pytest.param(
            [{"key": "a", "effect": "Never"}],
            ['[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'],
            id="effect",
        ),
        pytest.param(
            [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "value": "b", "effect": "NoSchedule"}],
            [
                '[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be '
                "unique by key and "
                "effect pair"
            ],
            id="twice",
        ),
    ],
)
def test_taints(taints: list[dict[str, Any]], errors: list[str]) -> None:
    assert said("Node", spec={"taints": taints}) == [f"metadata.taints{error}" for error in errors]
    assert said_of_change(made("Node", spec={"taints": taints}), made("Node")) == [f"metadata.taints{error}" for error in errors]


@pytest.mark.parametrize(
    ("ranges", "errors"),
    [
        pytest.param(["10.244.1.0/24"], [], id="right"),
        pytest.param(["10.244.1.0/24", "fd00::/64"], [], id="both families"),
        pytest.param(
            ["10.244.1.0"],
            ['spec.podCIDRs[0]: Invalid value: "10.244.1.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
            id="no range",
        ),
        pytest.param(
            ["10.244.1.0/24", "10.244.2.0/24"],
            [
                'spec.podCIDRs: Invalid value: ["10.244.1.0/24","10.244.2.0/24"]: may specify no more than one CIDR for '
                "each IP family"
            ],
            id="two",
        ),
    ],
)
def test_pod_ranges(ranges: list[str], errors: list[str]) -> None:
    assert said("Node", spec={"podCIDRs": ranges}) == errors


def test_a_nodes_pod_range_is_given_once() -> None:
    bare, given = made("Node"), made("Node", spec={"podCIDR": "10.244.1.0/24"})
    assert said_of_change(given, bare) == []
    assert said_of_change(made("Node", spec={"podCIDR": "10.244.2.0/24"}), given) == [FIXED]
    assert said_of_change(bare, given) == [FIXED]


def test_a_nodes_provider_is_named_once() -> None:
    old, new = made("Node", spec={"providerID": "a"}), made("Node", spec={"providerID": "b"})
    assert said_of_change(new, old) == [
        'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ]


def test_a_nodes_resources() -> None:
    assert said("Node", status={"capacity": {"cpu": "-1", "pods": "1500m"}}) == [
        f"status.{name}.{what}"
        for name in ("capacity", "allocatable")
        for what in (f'cpu: Invalid value: "-1": {NEGATIVE}', 'pods: Invalid value: "1500m": must be an integer')
    ]


def test_an_address_is_told_once() -> None:
    address = {"type": "InternalIP", "address": "172.18.0.11"}
    node = made("Node", status={"addresses": [address, address]})
    assert said_of_change(node, node) == [
        'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"172.18.0.11"}',
    ]


def test_a_namespaces_finalizers() -> None:
    words = 'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    assert said("Namespace", spec={"finalizers": ["kubernetes", "mine"]}) == [words]
