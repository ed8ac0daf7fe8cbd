"""A node with kube-proxy's rules and all who send or answer in one golden case, so that its packets can be sent.

    clients ── node ── endpoints        clients has the addresses of all who ask from elsewhere, endpoints those of all
                 └──── beyond           endpoints; beyond is where everything else goes, and nobody answers there

The addresses of a case lie in no subnets of their own, so each wire has routes to single addresses. Which endpoints are on this
node is a matter of the rules alone; it is a wire away either way.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.fixed_rules import serves_localhost
from k8snet.linux import World
from k8snet.linux.fact import changed
from k8snet.linux.steps import Judged, Matched
from k8snet.linux.trace import Trace
from tests.kube.proxy.golden import Case, node_facts, services

NODE_IP, ASKERS = "192.168.0.2", "198.18.0.1"
PATIENCE = 0.5
"""Seconds that a question waits; nothing here takes as long but silence."""
MARKS = "KUBE-MARK-MASQ"


class Came(NamedTuple):
    """What one packet came to: the endpoint or the rule's word, if any; whether it was marked; whom the endpoint saw."""

    to: str
    marked: bool
    seen_from: str


def rules(case: Case) -> str:
    """What kube-proxy writes for the case, without nfacct's counters, which are not modelled."""
    if "given_rules" in case:  # upstream's parser wants no quotes around comments, iptables does
        return re.sub(r'--comment (?!")(.*?) -', r'--comment "\1" -', case["given_rules"])
    facts = changed(node_facts(case["config"]), nfacct_counters=())
    return iptables.rules(services(case), case["endpointSlices"], facts)


def commands(case: Case) -> list[str]:
    """What else kube-proxy does on the node: its jumps, and the switch for node ports on localhost."""
    if "given_rules" in case:
        return []
    facts = node_facts(case["config"])
    return [*iptables.jumps(facts), *["sysctl -qw net.ipv4.conf.all.route_localnet=1"] * serves_localhost(facts)]


def build(case: Case) -> World:
    """The world of a case."""
    text, local = rules(case), local_ips(case)
    endpoints = sorted(set(re.findall(r"-p (\w+) -j DNAT --to-destination ([\d.]+):(\d+)", text)))
    homes = {ip for _, ip, _ in endpoints}
    askers = sorted({flow["sourceIP"] for flow in case["packet_flows"]} - homes - set(local))
    world = World(seed=1)
    for line in _wires(local):
        world.sh(line)
    for netns, dev, via, ips in (("clients", "eth0", f"via {ASKERS}", askers), ("endpoints", "pods", "", sorted(homes))):
        for ip in ips:
            if ip not in translated(case):
                world.sh(f"ip -n {netns} addr add {ip}/32 dev eth0")
            world.sh(f"ip -n node route add {ip} {via} dev {dev} {'onlink' if via else ''}")
    for ip in translated(case):
        world.sh(f"ip netns exec clients iptables -t nat -A POSTROUTING -s {ASKERS} -d {ip} -j SNAT --to-source {ip}")
    for proto, ip, port in endpoints:
        world.listen("endpoints", int(port), proto, f"{ip}:{port}", ip)
    for line in commands(case):
        world.sh(f"ip netns exec node {line}")
    world.sh("ip netns exec node iptables-restore --noflush --counters", stdin=text)
    return world


def local_ips(case: Case) -> list[str]:
    """The node's own IPv4 addresses, but 127.0.0.1."""
    return [ip for ip in case["config"]["localIPsForPacketFlows"] if ":" not in ip and ip != "127.0.0.1"]


def translated(case: Case) -> list[str]:
    """Addresses of packets to themselves that are not the node's: some other machine's SNAT made them so."""
    return sorted({flow["sourceIP"] for flow in case["packet_flows"] if flow["sourceIP"] == flow["destIP"]}
                  - {*local_ips(case), "127.0.0.1"})


def _wires(local: list[str]) -> list[str]:
    lines = [f"ip netns add {name}" for name in ("node", "clients", "endpoints", "beyond")]
    for name, dev in (("clients", "eth0"), ("endpoints", "pods"), ("beyond", "out")):
        lines += [f"ip link add {dev} netns node type veth peer name eth0 netns {name}",
                  f"ip -n {name} link set eth0 up", f"ip -n {name} link set lo up", f"ip -n node link set {dev} up"]
    lines += ["ip -n node link set lo up", *(f"ip -n node addr add {ip}/32 dev eth0" for ip in local),
              f"ip -n clients addr add {ASKERS}/32 dev eth0", "ip -n beyond addr add 198.18.1.1/32 dev eth0",
              f"ip -n node route add {ASKERS} dev eth0", "ip -n node route add default via 198.18.1.1 dev out onlink",
              "ip netns exec node sysctl -qw net.ipv4.ip_forward=1"]  # fmt: skip
    return lines + [f"ip -n {name} route add default via {NODE_IP} dev eth0 onlink" for name in ("clients", "endpoints")]


# --- questions ---------------------------------------------------------------------------------------------------


def ask(world: World, case: Case, flow: dict[str, Any]) -> list[Came]:
    """All that a packet of a flow could come to."""
    netns, source = _place(world, case, flow["sourceIP"], flow["destIP"])

    def connect(fork: World) -> Trace:
        return fork.connect(netns, flow["destIP"], flow["destPort"], proto=flow["protocol"].lower(), source=source,
                            timeout=PATIENCE)  # fmt: skip

    return [_came(outcome.trace) for outcome in world.outcomes(connect)]


def _place(world: World, case: Case, source: str, dst: str) -> tuple[str, str]:
    """From where a packet sets out that has this source when it reaches the rules, and the source it sets out with."""
    if source in (*local_ips(case), "127.0.0.1"):
        return "node", source
    if source == dst:
        return "clients", ASKERS
    owned = {str(address.ip) for device in world.netns["clients"].devices.values() for address in device.addresses}
    return ("clients" if source in owned else "endpoints"), source


def _came(trace: Trace) -> Came:
    """What the first packet came to, as the node's rules and the endpoint say it."""
    steps = [step for hop in trace.hops if hop.netns == "node" for step in hop.steps]
    matched = [step for step in steps if isinstance(step, Matched) and step.chain.startswith("KUBE-")]
    words = [step.target for step in matched if step.table == "filter" and step.target in ("ACCEPT", "DROP", "REJECT")]
    said = {step.verdict for step in steps if isinstance(step, Judged)} & {"DROP", "REJECT"}
    marked = any(step.chain == MARKS for step in matched)
    if trace.fate == "delivered" and trace.answered_by:
        assert not said
        return Came(trace.answered_by, marked, str(trace.seen_from).partition(":")[0])
    word = next((word for word in words if word in said or not said), "")
    assert {"REJECT": "refused", "DROP": "timeout"}.get(word, trace.fate) == trace.fate
    return Came(word, marked, "")
