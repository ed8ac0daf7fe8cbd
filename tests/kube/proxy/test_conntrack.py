"""Which entries of the connection table go after a sync: those of UDP that would lead nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import IPV6
from k8snet.linux.fact import changed
from tests.kube.proxy.made import NODE, Manifest, balanced, endpoint, service, slice_of

DNS: dict[str, Any] = {"ports": [{"port": 53, "protocol": "UDP"}]}
OPEN: dict[str, Any] = {
    "type": "LoadBalancer", "ports": [{"port": 53, "protocol": "UDP", "nodePort": 30053}], "externalIPs": ["198.51.100.1"],
    "status": balanced("203.0.113.1"),
}  # fmt: skip
IP = "10.96.0.20"


def behind(*endpoints: Manifest | str, protocol: str = "UDP") -> Manifest:
    return slice_of(*endpoints, port=53, protocol=protocol)


def test_a_first_sync_clears_what_came_while_nobody_wrote_rules() -> None:
    book = iptables.Rules(NODE)
    book.set_service(("default", "web"), service(**DNS))
    book.set_slice(("default", "web-1"), behind("10.244.1.2"))
    book.sync()
    assert book.stale_udp() == (f"conntrack -D --orig-dst {IP} -p udp",)


LEAVING = endpoint("10.244.1.2", ready=False, serving=True, terminating=True)
TO_IT = f"conntrack -D --orig-dst {IP} --dst-nat 10.244.1.2 -p udp"


@pytest.mark.parametrize(
    ("spec", "before", "after", "cleared"),
    [
        pytest.param(DNS, ["10.244.1.2"], ["10.244.1.2"], [], id="nothing changed"),
        pytest.param(DNS, ["10.244.1.2"], ["10.244.1.2", "10.244.1.3"], [], id="one more"),
        pytest.param(DNS, [], ["10.244.1.2"], [f"conntrack -D --orig-dst {IP} -p udp"], id="the first one"),
        pytest.param(DNS, [LEAVING], ["10.244.1.3"], [f"conntrack -D --orig-dst {IP} -p udp"], id="the first ready one"),
        pytest.param(DNS, ["10.244.1.2", "10.244.1.3"], ["10.244.1.3"], [TO_IT], id="one less"),
        pytest.param(DNS, ["10.244.1.2"], [], [TO_IT], id="none left"),
        pytest.param(DNS, ["10.244.1.2"], [LEAVING], [TO_IT], id="no longer ready"),
        pytest.param(DNS, [LEAVING], [], [], id="who was not ready is not missed"),
        pytest.param(OPEN, [], ["10.244.1.2"], [
            f"conntrack -D --orig-dst {IP} -p udp", "conntrack -D --orig-dst 198.51.100.1 -p udp",
            "conntrack -D --orig-dst 203.0.113.1 -p udp", "conntrack -D -p udp --dport 30053",
        ], id="the first one, of a Service that is open to the outside"),
        pytest.param(OPEN, ["10.244.1.2", "10.244.1.3"], ["10.244.1.3"], [
            "conntrack -D -p udp --dport 30053 --dst-nat 10.244.1.2", TO_IT,
            "conntrack -D --orig-dst 198.51.100.1 --dst-nat 10.244.1.2 -p udp",
            "conntrack -D --orig-dst 203.0.113.1 --dst-nat 10.244.1.2 -p udp",
        ], id="one less, of such a Service"),
    ],
)  # fmt: skip
def test_a_change_of_endpoints(spec: dict[str, Any], before: list[Any], after: list[Any], cleared: list[str]) -> None:
    book = iptables.Rules(NODE)
    book.set_service(("default", "web"), service(**spec))
    book.set_slice(("default", "web-1"), behind(*before))
    book.sync()
    book.set_slice(("default", "web-1"), behind(*after))
    book.sync(again=True)
    assert book.stale_udp() == tuple(cleared)


@pytest.mark.parametrize(
    ("spec", "cleared"),
    [
        pytest.param(None, [f"conntrack -D --orig-dst {IP} -p udp"], id="the Service is gone"),
        pytest.param({"ports": [{"port": 53}]}, [f"conntrack -D --orig-dst {IP} -p udp"], id="its UDP port is gone"),
        pytest.param({"ports": [{"port": 54, "protocol": "UDP"}]}, [], id="its port has another number"),
    ],
)
def test_a_change_of_the_service(spec: dict[str, Any] | None, cleared: list[str]) -> None:
    book = iptables.Rules(NODE)
    book.set_service(("default", "web"), service(**DNS))
    book.set_slice(("default", "web-1"), behind("10.244.1.2"))
    book.sync()
    book.set_service(("default", "web"), service(**spec) if spec else None)
    book.sync()
    assert book.stale_udp() == tuple(cleared)


def test_tcp_is_left_alone() -> None:
    book = iptables.Rules(NODE)
    book.set_service(("default", "web"), service(ports=[{"port": 53}]))
    for endpoints in (["10.244.1.2"], ["10.244.1.3"]):
        book.set_slice(("default", "web-1"), behind(*endpoints, protocol="TCP"))
        book.sync()
        assert book.stale_udp() == ()


def test_ipv6_says_so() -> None:
    book = iptables.Rules(changed(NODE, ip_family=IPV6))
    book.set_service(("default", "web"), service(ip="fd00::20", **DNS))
    book.set_slice(("default", "web-1"), behind("fd00:1::2"))
    book.sync()
    assert book.stale_udp() == ("conntrack -D --orig-dst fd00::20 -p udp -f ipv6",)
