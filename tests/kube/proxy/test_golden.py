"""kube-proxy's rules for Kubernetes' own cases: the whole text, to the letter and in the order in which its tests compare it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.door import key_of
from k8snet.kube.proxy.service_rules import probability
from tests.conftest import GOLDEN
from tests.kube.proxy.golden import Case, cases, node_facts, services
from tests.kube.proxy.made import NODE, rules_of

CASES = cases(GOLDEN) if GOLDEN.is_dir() else {}
FACTS = json.loads((GOLDEN / "kube-proxy-iptables.json").read_text()) if GOLDEN.is_dir() else {}
REPEATED = ("TestSyncProxyRulesRepeated", "v1.28/TestSyncProxyRulesRepeated")
AFTER_A_REFUSAL = ("#step9", "#step10")
"""Steps in which a partial sync was refused, so that a full one follows."""

pytestmark = pytest.mark.usefixtures("golden")


def having(field: str, scope: str | None = None) -> list[Any]:
    found = [case for case in CASES.values() if case.get(field) is not None]
    return [pytest.param(case, id=case["name"]) for case in found if scope in (None, case.get("expected_rules_scope"))]


def text_of(case: Case) -> str:
    return iptables.rules(services(case), case["endpointSlices"], node_facts(case["config"]))


def test_all_cases_are_there() -> None:
    fields = ("expected_rules", "expected_chain", "expected_metrics", "expected_load_balancer_rule")
    assert (len(CASES), *(len(having(field)) for field in fields)) == (129, 54, 12, 7, 6)
    assert len(having("expected_rules", "complete")) + len(syncs()) - 2 == 54  # both first syncs are among the complete


@pytest.mark.parametrize("case", having("expected_rules", "complete"))
def test_the_rules_are_kube_proxys(case: Case) -> None:
    assert text_of(case) == case["expected_rules"]


@pytest.mark.parametrize("case", having("expected_chain"))
def test_a_chain_is_kube_proxys(case: Case) -> None:
    expected = case["expected_chain"]
    table = text_of(case).split("COMMIT\n")[("filter", "nat").index(expected["table"])]
    assert rules_of(table, expected["chain"]) == [rule.split(" ", 2)[2] for rule in expected["rules"]]


@pytest.mark.parametrize("case", having("expected_load_balancer_rule"))
def test_a_load_balancers_address_has_rules_unless_it_is_a_proxys(case: Case) -> None:
    expected = case["expected_load_balancer_rule"]
    captured = [rule for rule in rules_of(text_of(case), expected["chain"]) if f"-d {expected['destination']} " in rule]
    assert bool(captured) is expected["present"]


@pytest.mark.parametrize("case", having("expected_metrics"))
def test_ports_without_local_endpoints_are_counted(case: Case) -> None:
    book = hearing(case)
    book.sync()
    expected = case["expected_metrics"]
    assert book.no_local_endpoints == (expected["no_local_endpoints_internal"], expected["no_local_endpoints_external"])


def hearing(case: Case) -> iptables.Rules:
    book = iptables.Rules(node_facts(case["config"]))
    hear(book, {}, case)
    return book


def hear(book: iptables.Rules, before: Case, after: Case) -> None:
    """What happened between two cases, or what there is in the first."""
    for field, setter in (("services", book.set_service), ("endpointSlices", book.set_slice)):
        old, new = ({key_of(each): each for each in case.get(field, ())} for case in (before, after))
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                setter(key, new.get(key))


# --- one kube-proxy, sync by sync --------------------------------------------------------------------------------


def syncs() -> list[tuple[str, str]]:
    found = [name for name, case in CASES.items() if name.split("#")[0] in REPEATED and case["expected_rules"]]
    return [(name.split("#")[0], name) for name in found]


@pytest.mark.parametrize("test", REPEATED)
def test_each_sync_sends_what_kube_proxy_sends(test: str) -> None:
    mine = [CASES[name] for of, name in syncs() if of == test]
    assert len(mine) == 9
    book = iptables.Rules(node_facts(mine[0]["config"]))
    before: Case = {}
    for case in mine:
        hear(book, before, case)
        if case["name"].endswith(AFTER_A_REFUSAL):
            book.sync()
            book.failed()
        sent = book.sync(again=not case["sync"]["changed_services"])
        assert sent == case["expected_rules"], case["name"]
        before = case


# --- small tables ------------------------------------------------------------------------------------------------


def test_probabilities_are_written_as_kube_proxy_does() -> None:
    table = FACTS["probabilities"]["table"]
    assert {number: probability(int(number)) for number in table} == table


def many(name: str, port: str, number: int, count: int) -> tuple[Case, Case]:
    """A Service, and a slice of it with ``count`` endpoints."""
    namespace, service = name.split("/")
    about = {"namespace": namespace, "name": service, "labels": {"kubernetes.io/service-name": service}}
    ports = [{"name": port, "port": number, "protocol": "TCP"}]
    endpoints = [{"addresses": [f"10.{namespace[2:]}.{each >> 8}.{each & 255}"]} for each in range(count)]
    spec = {"clusterIP": f"172.30.0.4{namespace[2:]}", "ports": ports}
    return {"metadata": about, "spec": spec}, {
        "metadata": about, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}  # fmt: skip


def test_a_large_cluster_has_no_comments_at_endpoints() -> None:
    facts = FACTS["large_cluster_mode"]
    assert facts["endpoint_threshold"] == iptables.LARGE
    first, third = facts["lines"][0], facts["lines"][2]
    assert (first["endpoint"], third["endpoint"]) == ("10.0.0.0:80",) * 2
    for line in (first, third):
        pairs = [many("ns1/svc1", "p80", 80, 1), many("ns2/svc2", "p8080", 8080, line["total_endpoints"] - 1)]
        pairs[0][1]["endpoints"] = [{"addresses": ["10.0.0.0"]}]
        text = iptables.rules([pair[0] for pair in pairs], [pair[1] for pair in pairs], NODE)
        assert line["line"] in text.splitlines()
        assert ("->" in text) is (line["total_endpoints"] <= iptables.LARGE)
