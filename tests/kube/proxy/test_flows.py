"""The golden packet flows, through the real packet path: each packet is sent, and comes where kube-proxy's own tests say.

Upstream's tracer walks the rules by itself, and names every endpoint that chance could choose, and whether any way to one of them
marks the packet. Here `World.outcomes` tries them all. Besides, what an endpoint sees must be the asker, or if the packet was
marked, the node: the tracer cannot ask that. All flows hold. Where the tracer's packet could not be on a real wire: a pod that
connects to 127.0.0.1 asks itself, and so meets none of the node's rules.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from k8snet.errors import NotModelled
from k8snet.linux import World
from tests.conftest import GOLDEN
from tests.kube.proxy import flow_world
from tests.kube.proxy.golden import Case, cases

CASES = cases(GOLDEN) if GOLDEN.is_dir() else {}
FLOWS = [(case["name"], number) for case in CASES.values() for number, _ in enumerate(case["packet_flows"])]
IPV6 = {name for name, case in CASES.items() if case["config"]["ipFamily"] == "IPv6"}

pytestmark = pytest.mark.usefixtures("golden")


@cache
def world_of(name: str) -> World:
    """The world of a case; questions go to forks of it."""
    return flow_world.build(CASES[name])


def rows(ipv6: bool) -> list[Any]:
    return [pytest.param(name, number, id=f"{name}: {CASES[name]['packet_flows'][number]['name']}")
            for name, number in FLOWS if (name in IPV6) is ipv6]  # fmt: skip


def test_there_are_as_many_flows() -> None:
    assert (len(FLOWS), len(rows(ipv6=True))) == (449, 15)
    assert sum(name.startswith("v1.28/") for name, _ in FLOWS) == 203


@pytest.mark.parametrize(("name", "number"), rows(ipv6=False))
def test_a_packet_comes_where_kube_proxys_tests_say(name: str, number: int) -> None:
    case, flow = CASES[name], CASES[name]["packet_flows"][number]
    came = flow_world.ask(world_of(name), case, flow)
    assert sorted({each.to for each in came} - {""}) == sorted(flow["expected_output"])
    assert any(each.marked for each in came) is flow["masq"]
    for each in came:
        assert not each.seen_from or _is_seen_as_it_should(each, case, flow)


def _is_seen_as_it_should(came: flow_world.Came, case: Case, flow: dict[str, Any]) -> bool:
    return came.seen_from in flow_world.local_ips(case) if came.marked else came.seen_from == flow["sourceIP"]


@pytest.mark.parametrize(("name", "number"), rows(ipv6=True))
def test_ipv6_is_not_modelled(name: str, number: int) -> None:
    flow = CASES[name]["packet_flows"][number]
    with pytest.raises(NotModelled, match="IPv6"):
        World().connect("root", flow["destIP"], flow["destPort"])
