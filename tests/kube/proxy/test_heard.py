"""The endpoints behind each port, as they follow from EndpointSlices: Kubernetes' own table, and what counts as a change."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from k8snet.kube.proxy.door import key_of
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.heard import Heard
from tests.conftest import GOLDEN
from tests.kube.proxy.made import NODE, endpoint, service, slice_of

Case = dict[str, Any]
Expected = list[dict[str, Any]]


def table() -> dict[str, Any]:
    file = GOLDEN / "kube-proxy-endpoints-map.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {"cases": [], "nodeName": ""}
    return found


TABLE = table()
HEADLESS = {"service.kubernetes.io/headless": ""}


def expected_of(rows: Expected) -> dict[tuple[str, ...], list[tuple[str, bool]]]:
    return {
        (row["namespace"], row["name"], row["port"], row["protocol"]): [
            (each["endpoint"], each["isLocal"]) for each in row["endpoints"]]
        for row in rows if row["endpoints"]
    }  # fmt: skip


def known_to(heard: Heard) -> dict[tuple[str, ...], list[tuple[str, bool]]]:
    """All endpoints of a Heard that nobody has asked yet."""
    return {
        (*change.service, *port): [(each.text, each.node == TABLE["nodeName"]) for each in endpoints]
        for change in heard.take() for port, endpoints in change.after.endpoints.items()
    }  # fmt: skip


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_the_endpoints_behind_each_port(case: Case) -> None:
    heard = Heard(NodeFacts(name=TABLE["nodeName"]))
    previous = [each for each in case["previous_endpoint_slices"] if each]
    for each in previous:
        heard.set_slice(key_of(each), each)
    assert known_to(deepcopy(heard)) == expected_of(case["expected_previous"])
    for old, new in zip(case["previous_endpoint_slices"], case["current_endpoint_slices"], strict=True):
        heard.set_slice(key_of(new or old), new)
    whole = known_to(heard)
    assert whole == expected_of(case["expected_current"])
    ready: dict[str, set[str]] = {}
    for (namespace, name, *_), endpoints in whole.items():
        ready.setdefault(f"{namespace}/{name}", set()).update(text.rpartition(":")[0] for text, is_local in endpoints if is_local)
    assert {name: len(ips) for name, ips in ready.items() if ips} == case["expected_local_ready_endpoints"]


@pytest.mark.usefixtures("golden")
def test_all_cases_are_there() -> None:
    assert len(TABLE["cases"]) == 15


# --- what counts as a change -------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Heard:
    """One Service with an endpoint, all of it taken."""
    heard = Heard(NODE)
    heard.set_service(("default", "web"), service())
    heard.set_slice(("default", "web-1"), slice_of("10.244.1.2"))
    heard.take()
    return heard


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda heard: heard.set_service(("default", "web"), service(selector={"app": "web"})), id="a selector"),
        pytest.param(lambda heard: heard.set_slice(("default", "web-1"), slice_of("10.244.1.2")), id="the same slice once more"),
        pytest.param(lambda heard: heard.set_service(("default", "other"), None), id="a Service that never was"),
        pytest.param(lambda heard: heard.set_slice(("default", "other"), None), id="a slice that never was"),
        pytest.param(lambda heard: heard.set_service(("default", "headless"), service("headless", "None")), id="a headless one"),
        pytest.param(
            lambda heard: heard.set_service(("default", "far"), service("far", type="ExternalName", externalName="a.example")),
            id="an ExternalName"),
        pytest.param(
            lambda heard: heard.set_slice(("default", "x"), slice_of("10.244.1.9", labels=HEADLESS)),
            id="endpoints of a headless one"),
        pytest.param(lambda heard: heard.set_slice(("default", "six"), slice_of("fd00::1")), id="the other family"),
    ],
)  # fmt: skip
def test_no_change_for_kube_proxy(heard: Heard, change: Any) -> None:
    change(heard)
    assert not heard.has_changed
    assert heard.take() == []


def test_a_slice_may_change_its_owner(heard: Heard) -> None:
    heard.set_slice(("default", "web-1"), slice_of("10.244.1.2", of="other"))
    assert [(change.service[1], bool(change.after.endpoints)) for change in heard.take()] == [("other", True), ("web", False)]


@pytest.mark.parametrize("nodes", [("node1", "node2"), ("node2", "node1")])
def test_of_two_equal_endpoints_the_local_one_is_believed(nodes: tuple[str, str]) -> None:
    heard = Heard(NODE)
    for number, node in enumerate(nodes):
        heard.set_slice(("default", f"web-{number}"), slice_of(endpoint("10.244.1.2", node), name=f"web-{number}"))
    (change,) = heard.take()
    assert [(each.text, each.node) for each in change.after.endpoints["", "TCP"]] == [("10.244.1.2:80", "node1")]


def test_a_copy_hears_for_itself(heard: Heard) -> None:
    other = deepcopy(heard)
    other.set_slice(("default", "web-2"), slice_of("10.244.1.3", name="web-2"))
    assert (heard.has_changed, other.has_changed) == (False, True)
    assert heard.take() == []
    (change,) = other.take()
    assert [each.ip for each in change.after.endpoints["", "TCP"]] == ["10.244.1.2", "10.244.1.3"]
