"""Rows of our own, which need no golden file: what a Service's fields come to in iptables' rules."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from k8snet.kube import objects
from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import IPV6, LOCALHOST_COUNTER, NodeFacts
from k8snet.linux.fact import changed
from tests.kube.proxy.made import NODE, Manifest, balanced, endpoint, rules_of, service, slice_of

HASH = "LOLE4ISW44XBNF3G"
"""Of ``default/webtcp``: every cluster with a Service web has it."""


def text(*things: Manifest, node: NodeFacts = NODE) -> str:
    """The rules for Services and slices in any order."""
    services = [each for each in things if "spec" in each]
    return iptables.rules(services, [each for each in things if "spec" not in each], node)


def test_a_service_and_its_endpoints_in_full() -> None:
    whole = text(service(), slice_of("10.244.2.3", "10.244.1.2"))
    chain = f"KUBE-SVC-{HASH}"
    first, second = (rule.split()[-1] for rule in rules_of(whole, chain)[1:])
    captured = '-m comment --comment "default/web cluster IP" -m tcp -p tcp -d 10.96.0.20 --dport 80'
    assert rules_of(whole, "KUBE-SERVICES")[0] == f"{captured} -j {chain}"
    assert rules_of(whole, chain) == [
        f"{captured} ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ",
        '-m comment --comment "default/web -> 10.244.1.2:80" -m statistic --mode random --probability 0.5000000000 -j ' + first,
        '-m comment --comment "default/web -> 10.244.2.3:80" -j ' + second,
    ]  # fmt: skip
    assert rules_of(whole, second) == [
        "-m comment --comment default/web -s 10.244.2.3 -j KUBE-MARK-MASQ",
        "-m comment --comment default/web -m tcp -p tcp -j DNAT --to-destination 10.244.2.3:80",
    ]


def test_objects_and_plain_dicts_give_the_same() -> None:
    things = (service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]), slice_of(endpoint("10.244.1.2", ready=False)))
    as_objects = iptables.rules(
        [msgspec.convert(things[0], objects.Service)], [msgspec.convert(things[1], objects.EndpointSlice)], NODE)  # fmt: skip
    assert as_objects == text(*things)
    assert "default/web has no endpoints" in as_objects


def test_the_order_of_what_it_is_given_does_not_matter() -> None:
    things = [service(f"s{number}", f"10.96.0.{number}") for number in range(1, 5)]
    slices = [slice_of(f"10.244.1.{number}", of=f"s{number}") for number in range(1, 5)]
    assert text(*things, *slices) == text(*things[::-1], *slices[::-1])


def test_a_services_name_is_compared_as_text() -> None:
    """``a-b/x`` comes before ``a/x``, as a dash does before a slash."""
    things = [service() | {"metadata": {"namespace": namespace, "name": "x"}} for namespace in ("a", "a-b")]
    comments = [rule.split('"')[1] for rule in text(*things).splitlines() if "has no endpoints" in rule]
    assert comments == ["a-b/x has no endpoints", "a/x has no endpoints"]


@pytest.mark.parametrize("protocol", ["UDP", "SCTP"])
def test_other_protocols(protocol: str) -> None:
    whole = text(service(ports=[{"port": 53, "protocol": protocol}]), slice_of("10.244.1.2", port=5353, protocol=protocol))
    low = protocol.lower()
    assert f"-m {low} -p {low} -d 10.96.0.20 --dport 53 -j" in rules_of(whole, "KUBE-SERVICES")[0]
    assert f"-m {low} -p {low} -j DNAT --to-destination 10.244.1.2:5353" in whole


def test_one_name_for_two_protocols_has_two_chains() -> None:
    ports = [{"name": "dns", "port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    slices = [slice_of("10.244.1.2", name=protocol, port=53, protocol=protocol) for protocol in ("UDP", "TCP")]
    for each in slices:
        each["ports"][0]["name"] = "dns"
    whole = text(service(ports=ports), *slices)
    assert len({rule.split()[-1] for rule in rules_of(whole, "KUBE-SERVICES")[:2]}) == 2


BALANCED: dict[str, Any] = {
    "type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}], "loadBalancerSourceRanges": ["192.0.2.0/24"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("ranges", "sources"),
    [
        pytest.param(["192.0.2.0/24"], ["192.0.2.0/24"], id="a range"),
        pytest.param([" 192.0.2.77/024"], ["192.0.2.0/24"], id="blanks, host bits and zeros"),
        pytest.param(["172.18.0.0/16"], ["172.18.0.0/16", "198.51.100.7"], id="the node is in it, so that address may come"),
        pytest.param(["2001:db8::/64"], None, id="the other family's ranges are none"),
    ],
)
def test_source_ranges(ranges: list[str], sources: list[str] | None) -> None:
    spec = {**BALANCED, "loadBalancerSourceRanges": ranges}
    whole = text(service(**spec, status=balanced("198.51.100.7")), slice_of("10.244.1.2"))
    allowed = [rule.split(" -s ")[1].split()[0] for rule in rules_of(whole, f"KUBE-FW-{HASH}")[:-1]]
    assert allowed == (sources or [])
    assert len(rules_of(whole, "KUBE-PROXY-FIREWALL")) == bool(sources)


def test_an_address_is_captured_unless_its_load_balancer_is_a_proxy() -> None:
    for mode, count in ((None, 1), ("VIP", 1), ("Proxy", 0)):
        whole = text(service(**BALANCED, status=balanced("198.51.100.7", mode=mode)), slice_of("10.244.1.2"))
        assert whole.count("-d 198.51.100.7 --dport 80 -j KUBE-FW-") == count


def test_affinity() -> None:
    whole = text(service(sessionAffinity="ClientIP"), slice_of("10.244.1.2", "10.244.1.3"))
    rules = rules_of(whole, f"KUBE-SVC-{HASH}")[1:]
    assert [rule.split(" -m ")[1].split()[0] for rule in rules[:3]] == ["recent", "recent", "statistic"]
    assert "--rcheck --seconds 10800 --reap" in rules[0]
    assert whole.count("--set -m tcp -p tcp -j DNAT") == 2


def test_traffic_policies_local() -> None:
    spec: dict[str, Any] = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}], "externalTrafficPolicy": "Local"}
    away = text(service(**spec, internalTrafficPolicy="Local"), slice_of(endpoint("10.244.2.3", "node2")))
    assert "no local endpoints" in rules_of(away, "KUBE-SERVICES")[0]
    (refusal,) = rules_of(away, "KUBE-EXTERNAL-SERVICES")
    assert refusal.startswith('-m comment --comment "default/web has no local endpoints" -m addrtype --dst-type LOCAL ')
    assert refusal.endswith("-m tcp -p tcp --dport 30080 -j DROP")
    ways = [f"KUBE-SVC-{HASH}", "KUBE-MARK-MASQ", f"KUBE-SVC-{HASH}"]
    assert [rule.split()[-1] for rule in rules_of(away, f"KUBE-EXT-{HASH}")] == ways
    here = text(service(**spec), slice_of(endpoint("10.244.2.3", "node2"), "10.244.1.2"))
    assert [rule.split()[-1] for rule in rules_of(here, f"KUBE-EXT-{HASH}")] == [*ways, f"KUBE-SVL-{HASH}"]
    assert len(rules_of(here, f"KUBE-SVL-{HASH}")) == 1


# --- the node ----------------------------------------------------------------------------------------------------

LOCAL = "-m addrtype --dst-type LOCAL"


@pytest.mark.parametrize(
    ("facts", "ways"),
    [
        pytest.param({}, [LOCAL], id="all addresses"),
        pytest.param({"localhost_node_ports": False}, [f"{LOCAL} ! -d 127.0.0.0/8"], id="but localhost"),
        pytest.param({"node_port_addresses": ("172.18.0.0/16", "0.0.0.0/0")}, [LOCAL], id="a range of all"),
        pytest.param({"node_port_addresses": ("172.18.0.0/16",)}, ["-d 172.18.0.11"], id="a range"),
        pytest.param({"node_port_addresses": ("127.0.0.0/8",)}, ["-d 127.0.0.1"], id="localhost alone"),
        pytest.param({"node_port_addresses": ("127.0.0.0/8",), "localhost_node_ports": False}, [], id="localhost, which is off"),
        pytest.param({"node_port_addresses": ("2001:db8::/64",)}, [LOCAL], id="ranges of the other family"),
        pytest.param({"ip_family": IPV6}, [f"{LOCAL} ! -d ::1/128"], id="IPv6"),
    ],
)
def test_where_node_ports_answer(facts: dict[str, Any], ways: list[str]) -> None:
    last = [rule for rule in rules_of(text(node=changed(NODE, **facts)), "KUBE-SERVICES") if "must be the last" in rule]
    assert [rule.split('chain" ')[1].removesuffix(" -j KUBE-NODEPORTS") for rule in last] == ways


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        pytest.param({}, 1, id="on"),
        pytest.param({"localhost_node_ports": False}, 0, id="off"),
        pytest.param({"node_port_addresses": ("172.18.0.0/16",)}, 0, id="not among the ranges"),
        pytest.param({"node_port_addresses": ("172.18.0.0/16", "127.0.0.1/32")}, 1, id="among the ranges"),
        pytest.param({"ip_family": IPV6}, 0, id="never in IPv6"),
    ],
)
def test_localhost_is_guarded_where_node_ports_answer_there(facts: dict[str, Any], rules: int) -> None:
    node = changed(NODE, nfacct_counters=(LOCALHOST_COUNTER,), **facts)
    ip, pod = ("fd00::20", "fd00:1::2") if node.ip_family == IPV6 else ("10.96.0.20", "10.244.1.2")
    whole = text(service(ip=ip, type="NodePort", ports=[{"port": 80, "nodePort": 30080}]), slice_of(pod), node=node)
    assert len(rules_of(whole, "KUBE-FIREWALL")) == rules
    assert len(rules_of(whole, "KUBE-NODEPORTS")) == 1 + rules


def test_masquerading() -> None:
    things = (service(), slice_of("10.244.1.2"))
    for facts, end in (({"masquerade_all": True}, "--dport 80 -j KUBE-MARK-MASQ"),
                       ({"masquerade_bit": 3}, "! -s 10.244.0.0/16 -j KUBE-MARK-MASQ")):  # fmt: skip
        assert rules_of(text(*things, node=changed(NODE, **facts)), f"KUBE-SVC-{HASH}")[0].endswith(end)
    assert "--or-mark 0x8\n" in text(node=changed(NODE, masquerade_bit=3))
    assert len(rules_of(text(*things, node=changed(NODE, cluster_cidr=None)), f"KUBE-SVC-{HASH}")) == 1


def test_ipv6_has_brackets() -> None:
    both = service(ip="10.96.0.20", clusterIPs=["10.96.0.20", "FD00::20"])
    whole = text(both, slice_of("fd00:1::2"), node=changed(NODE, ip_family=IPV6))
    assert "-d fd00::20 --dport 80" in whole
    assert "--to-destination [fd00:1::2]:80" in whole


# --- the jumps ---------------------------------------------------------------------------------------------------


ORDER = """
filter INPUT KUBE-EXTERNAL-SERVICES, filter FORWARD KUBE-EXTERNAL-SERVICES, filter INPUT KUBE-NODEPORTS,
filter FORWARD KUBE-SERVICES, filter OUTPUT KUBE-SERVICES, filter FORWARD KUBE-FORWARD, filter INPUT KUBE-PROXY-FIREWALL,
filter OUTPUT KUBE-PROXY-FIREWALL, filter FORWARD KUBE-PROXY-FIREWALL, nat OUTPUT KUBE-SERVICES, nat PREROUTING KUBE-SERVICES,
nat POSTROUTING KUBE-POSTROUTING, filter INPUT KUBE-FIREWALL, filter OUTPUT KUBE-FIREWALL
"""


def test_jumps_are_made_in_kube_proxys_order() -> None:
    jumps = iptables.jumps(NODE)
    words = [command.split() for command in jumps if " -I " in command]
    assert jumps[:3] == tuple(f"iptables -t {table} -N KUBE-PROXY-CANARY" for table in ("mangle", "nat", "filter"))
    assert [f"{each[2]} {each[4]} {each[-1]}" for each in words] == " ".join(ORDER.split()).split(", ")
    services = '-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'
    assert f"iptables -t filter -I FORWARD {services}" in jumps
    assert "iptables -t filter -I INPUT -j KUBE-FIREWALL" in jumps
    assert iptables.jumps(changed(NODE, ip_family=IPV6))[0].startswith("ip6tables ")


def test_a_chain_is_made_once_and_before_what_jumps_to_it() -> None:
    made: set[tuple[str, str]] = set()
    for command in iptables.jumps(NODE):
        _, _, table, verb, *_, chain = command.split()
        assert ((table, chain) in made) is (verb == "-I")
        made.add((table, chain))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        pytest.param(service(ip="10.96.0"), "not an IPv4 address: '10.96.0'", id="address"),
        pytest.param(service(loadBalancerSourceRanges=["192.0.2.0"]), "invalid CIDR address: 192.0.2.0", id="range"),
        pytest.param(service(ports=[{}]), "Object missing required field `port`", id="shape"),
    ],
)
def test_what_is_no_address_is_refused_and_changes_nothing(bad: Manifest, words: str) -> None:
    book = iptables.Rules(NODE)
    book.sync()
    with pytest.raises((ValueError, msgspec.ValidationError), match=words):
        book.set_service(("default", "web"), bad)
    assert not book.has_changed


def test_a_node_may_be_a_plain_dict() -> None:
    facts: dict[str, Any] = {"name": "node1", "ip": "172.18.0.11", "cluster_cidr": "10.244.0.0/16", "masquerade_all": True}
    assert iptables.rules([], [], facts) == iptables.rules([], [], NodeFacts(**facts))
    with pytest.raises(TypeError, match="clusterCIDR"):
        iptables.rules([], [], {"name": "node1", "clusterCIDR": "10.244.0.0/16"})
