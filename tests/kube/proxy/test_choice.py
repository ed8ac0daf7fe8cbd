"""Which endpoints a service port's traffic may go to: Kubernetes' own table, and what its decisions are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k8snet.kube.proxy.choice import choose
from k8snet.kube.proxy.facts import Endpoint, Endpoints, NodeFacts, ServicePort, in_order
from tests.conftest import GOLDEN

ZONE = "topology.kubernetes.io/zone"
Case = dict[str, Any]


def cases() -> list[Case]:
    file = GOLDEN / "kube-proxy-endpoint-selection.json"
    found: list[Case] = json.loads(file.read_text())["cases"] if file.is_file() else []
    return found


def node_of(case: Case) -> NodeFacts:
    return NodeFacts(name=case["node"]["name"] or "here", zone=(case["node"]["labels"] or {}).get(ZONE, ""))


def port_of(case: Case) -> ServicePort:
    said = case["service"]
    return ServicePort(
        "ns", "svc", "ns/svc:p80", "p80", "TCP", "10.96.0.20", 80, said["nodePort"],
        external_local=said["externalTrafficPolicyLocal"], internal_local=said["internalTrafficPolicyLocal"])  # fmt: skip


def endpoints_of(case: Case, node: NodeFacts) -> Endpoints:
    """The endpoints of a case. With the gate PreferSameTrafficDistribution off, nobody has read their hints for nodes."""
    is_on = case.get("preferSameTrafficDistributionFeature", True)
    given = [each if is_on else {**each, "nodeHints": None} for each in case["endpoints"] or ()]
    return in_order(endpoint_of(each, node) for each in given)


def endpoint_of(said: Case, node: NodeFacts) -> Endpoint:
    ip, _, port = said["endpoint"].rpartition(":")
    return Endpoint(
        said["endpoint"], ip, int(port), node.name if said["isLocal"] else "elsewhere", said["ready"], said["serving"],
        said["terminating"], frozenset(said.get("zoneHints") or ()), frozenset(said.get("nodeHints") or ()))  # fmt: skip


def texts(chosen: Endpoints | None) -> list[str] | None:
    return None if chosen is None else [each.text for each in chosen]


def texts_said(said: list[str] | None) -> list[str] | None:
    return None if said is None else sorted(said)


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_endpoints_are_those_that_kubernetes_chooses(case: Case) -> None:
    node, expected = node_of(case), case["expected"]
    choice = choose(port_of(case), endpoints_of(case, node), node)
    assert texts(choice.cluster) == texts_said(expected["cluster_endpoints"])
    assert texts(choice.local) == texts_said(expected["local_endpoints"])
    assert texts(choice.reachable) == texts_said(expected["all_reachable_endpoints"] or [])
    assert choice.exists is expected["has_any_endpoints"]


@pytest.mark.usefixtures("golden")
def test_all_cases_are_there() -> None:
    assert len(cases()) == 30


HERE, THERE = Endpoint("10.0.0.1:80", "10.0.0.1", 80, "here"), Endpoint("10.0.0.2:80", "10.0.0.2", 80, "there")
LOCAL_INSIDE, LOCAL_OUTSIDE = (True, False), (False, True)


@pytest.mark.parametrize(
    ("endpoints", "policies", "internal", "external", "refused"),
    [
        pytest.param((), (False, False), False, False, "has no endpoints", id="nobody: both are rejected"),
        pytest.param((THERE,), (False, False), True, True, "", id="somebody elsewhere: both are served"),
        pytest.param((THERE,), LOCAL_INSIDE, False, True, "has no local endpoints", id="nobody here: inside is dropped"),
        pytest.param((THERE,), LOCAL_OUTSIDE, True, False, "has no local endpoints", id="nobody here: outside is dropped"),
        pytest.param((HERE,), (True, True), True, True, "", id="somebody here: both are served"),
        pytest.param((), (True, True), False, False, "has no endpoints", id="nobody anywhere is rejected, whatever the policies"),
    ],
)
def test_what_becomes_of_traffic(
    endpoints: tuple[Endpoint, ...], policies: tuple[bool, bool], internal: bool, external: bool, refused: str
) -> None:
    port = ServicePort("ns", "svc", "ns/svc", "", "TCP", "10.96.0.20", 80, 30080,
                       internal_local=policies[0], external_local=policies[1])  # fmt: skip
    choice = choose(port, endpoints, NodeFacts(name="here"))
    assert (choice.internal, choice.external) == (internal, external)
    assert refused in ("", choice.refused)
    assert (choice.no_local_internal, choice.no_local_external) == (
        choice.exists and not internal, choice.exists and not external)  # fmt: skip


def test_a_hint_counts_only_where_all_have_one() -> None:
    hinted = Endpoint("10.0.0.1:80", "10.0.0.1", 80, "a", zone_hints=frozenset({"z1"}))
    port = ServicePort("ns", "svc", "ns/svc", "", "TCP", "10.96.0.20", 80)
    node = NodeFacts(name="here", zone="z1")
    assert choose(port, (hinted, THERE), node).cluster == (hinted, THERE)
    other = Endpoint("10.0.0.2:80", "10.0.0.2", 80, "b", zone_hints=frozenset({"z2"}))
    assert choose(port, (hinted, other), node).cluster == (hinted,)
