"""Packets between pods that the real CNI plugins wired on the real kernel, and that ours wired in the model: the same answers.

Two nodes with a cable between them, two pods on the first, one on the second, and a client on the first node's other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from k8snet.kube.cni.spec import PortMapping, Sandbox
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect, Ping
from tests.conftest import require
from tests.kube.cni.plugins_twin import Twin, missing
from tests.twin.network import SOON, agree, wire

PODS = {"pod-a": "node1", "pod-b": "node1", "pod-c": "node2"}
HOSTS = [
    "ip netns add pod-a", "ip netns add pod-b", "ip netns add pod-c", "ip netns add client", "ip -n client link set lo up",
    *wire("node1", "eth0", "172.18.0.11/16", "node2", "eth0", "172.18.0.12/16"),
    *wire("node1", "eth1", "192.0.2.1/24", "client", "eth0", "192.0.2.100/24"),
    "ip -n client route add default via 192.0.2.1", "ip -n node2 route add default via 172.18.0.11",
    "ip -n node1 route add 10.244.2.0/24 via 172.18.0.12", "ip -n node2 route add 10.244.1.0/24 via 172.18.0.11",
]  # fmt: skip
SPARE_THE_CLUSTER = [
    "iptables -t nat -N IP-MASQ-AGENT", "iptables -t nat -A POSTROUTING -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT",
    "iptables -t nat -A IP-MASQ-AGENT -d 10.244.0.0/16 -j RETURN", "iptables -t nat -A IP-MASQ-AGENT -j MASQUERADE",
]  # fmt: skip
"""The node's own rules where the plugin does not masquerade, as kindnet and ip-masq-agent make them."""


def conflist(node: str, **more: Any) -> dict[str, Any]:
    """The network of one node; its files lie apart, as both nodes' plugins have one disk on the real side."""
    ipam = {"type": "host-local", "subnet": f"10.244.{node[-1]}.0/24", "dataDir": f"/var/lib/cni/{node}"}
    bridge = {"type": "bridge", "isDefaultGateway": True, "ipam": ipam} | more
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "k8snet", "plugins": [bridge, portmap]}


@pytest.fixture
def twin(kernel: None) -> Iterator[Twin]:
    require("kernel", missing())
    with Twin("node1", "node2") as made:
        made.both(*HOSTS)
        yield made


def wired(twin: Twin, **more: Any) -> Twin:
    """The three pods connected; pod-a has host ports; everybody listens."""
    ports = (PortMapping(8080, 80), PortMapping(5353, 53, "udp"), PortMapping(8081, 80, host_ip="192.0.2.1"))
    for pod, node in PODS.items():
        sandbox = Sandbox(f"c-{pod}", pod, port_mappings=ports if pod == "pod-a" else ())
        model, real = twin.add(conflist(node, **more), sandbox, node)
        assert model == real
    for pod in (*PODS, "client"):
        twin.listen(pod, 80)
        twin.listen(pod, 53, "udp")
    return twin


def tcp(netns: str, dst: str, port: int = 80, proto: str = "tcp") -> Connect:
    return Connect(netns, Ip(dst), port, proto, timeout=SOON)


QUESTIONS: list[tuple[Connect | Ping, str | None]] = [
    (Ping("pod-a", Ip("10.244.1.3"), timeout=SOON), None),
    (tcp("pod-a", "10.244.1.3"), "10.244.1.2"),
    (tcp("node1", "10.244.1.2"), "10.244.1.1"),
    (tcp("client", "192.0.2.1", 8080), "192.0.2.100"),
    (tcp("client", "192.0.2.1", 8081), "192.0.2.100"),
    (tcp("client", "172.18.0.11", 8080), "192.0.2.100"),
    (tcp("client", "172.18.0.11", 8081), None),
    (tcp("client", "192.0.2.1", 5353, "udp"), "192.0.2.100"),
    (tcp("node1", "127.0.0.1", 8080), "10.244.1.1"),
    (tcp("node1", "172.18.0.11", 8080), "172.18.0.11"),
    (tcp("pod-b", "172.18.0.11", 8080), "10.244.1.1"),
    (tcp("pod-c", "172.18.0.11", 8080), "10.244.2.2"),
]
"""What is asked, and whom the app sees, whatever the plugin masquerades; None: it does not come to that."""


@pytest.mark.parametrize("hairpin", [True, False], ids=["hairpin", "no hairpin"])
def test_answers_are_the_same(twin: Twin, hairpin: bool) -> None:
    wired(twin, hairpinMode=hairpin)
    for question, seen in QUESTIONS:
        model, real = twin.ask(question)
        assert (question, model) == (question, real)
        assert (question, model.seen_from) == (question, seen)
    model, real = twin.ask(tcp("pod-a", "172.18.0.11", 8080))
    assert model == real
    assert model.fate == ("delivered" if hairpin else "timeout")


def test_ip_masq_hides_pods_from_pods_of_other_nodes(twin: Twin) -> None:
    wired(twin, ipMasq=True)
    for question, seen in ((tcp("pod-a", "10.244.1.3"), "10.244.1.2"), (tcp("pod-a", "192.0.2.100"), "192.0.2.1"),
                           (tcp("pod-a", "10.244.2.2"), "172.18.0.11"), (tcp("pod-c", "10.244.1.2"), "172.18.0.12")):
        model, real = twin.ask(question)
        assert (question, model.seen_from) == (question, seen)
        assert model == real


def test_a_rule_of_the_nodes_own_spares_the_cluster(twin: Twin) -> None:
    wired(twin)
    twin.both(*(f"ip netns exec {node} {line}" for node in ("node1", "node2") for line in SPARE_THE_CLUSTER))
    for question, seen in ((tcp("pod-a", "10.244.1.3"), "10.244.1.2"), (tcp("pod-a", "192.0.2.100"), "192.0.2.1"),
                           (tcp("pod-a", "10.244.2.2"), "10.244.1.2"), (tcp("pod-c", "10.244.1.2"), "10.244.2.2")):
        model, real = twin.ask(question)
        assert (question, model.seen_from) == (question, seen)
        assert model == real


def test_our_commands_make_the_same_network_on_the_real_kernel(twin: Twin) -> None:
    wired(twin, ipMasq=True, hairpinMode=True)
    ping = Ping("pod-a", Ip("10.244.1.3"), timeout=SOON)
    questions: list[Connect | Ping] = [ping, tcp("client", "192.0.2.1", 8080), tcp("pod-a", "10.244.2.2")]
    for question in questions:
        twin.ask(question)
        assert twin.trace is not None
        agree(twin.lab.model, twin.trace, "delivered")
