"""The iptables rules of one service port: those that capture its packets, and the chains that they go through then.

A packet is captured in a chain that all Services share, goes on to KUBE-SVC (endpoints anywhere) or KUBE-SVL (endpoints
on this node), if it came from outside by way of KUBE-EXT (and KUBE-FW, where only some sources may come in), and ends in
the KUBE-SEP of one endpoint. Source: pkg/proxy/iptables/proxier.go (syncProxyRules, writeServiceToEndpointRules).
"""

from __future__ import annotations

from k8snet.kube.proxy.addresses import inside
from k8snet.kube.proxy.choice import Choice
from k8snet.kube.proxy.facts import LOCALHOST_COUNTER, Endpoints, NodeFacts, ServicePort
from k8snet.kube.proxy.fixed_rules import (
    EXTERNAL_SERVICES,
    MARK_MASQ,
    NODE_PORTS,
    PROXY_FIREWALL,
    SERVICES,
    counts_localhost,
)
from k8snet.kube.proxy.names import EXTERNAL, FIREWALL, LOCAL, SERVICE, endpoint_chain, port_hash
from k8snet.linux.fact import Fact

CAPTURING = (
    ("filter", NODE_PORTS), ("filter", SERVICES), ("filter", EXTERNAL_SERVICES), ("filter", PROXY_FIREWALL),
    ("nat", NODE_PORTS), ("nat", SERVICES),
)  # fmt: skip
"""Table and chain of the rules that all Services' ports have together."""


class Style(Fact, frozen=True):
    """What a node's facts come to in the rules of every service port."""

    node_ip: str
    local: str
    """The match for sources that are pods; empty if there is no telling."""
    masquerade_all: bool
    counts_localhost: bool
    commented: bool
    """Whether endpoints' rules have comments: in large clusters they would cost too much."""


def style(node: NodeFacts, *, large: bool) -> Style:
    """The style of a node's rules."""
    local = f"-s {node.cluster_cidr}" if node.cluster_cidr else ""
    return Style(node.ip, local, node.masquerade_all, counts_localhost(node), not large)


class Block(Fact, frozen=True):
    """All rules of one service port: a text for each of the CAPTURING chains, and chains of its own with their texts."""

    captures: tuple[str, str, str, str, str, str]
    chains: dict[str, str]
    no_local_internal: bool = False
    no_local_external: bool = False


class Written:
    """A service port while its rules are being written: its choice of endpoints, and words that rules share."""

    __slots__ = ("choice", "ends", "external", "firewall", "internal", "port", "proto", "service", "style", "to")

    def __init__(self, port: ServicePort, choice: Choice, style: Style) -> None:
        self.port, self.choice, self.style = port, choice, style
        self.proto = port.protocol.lower()
        self.to = f"-m {self.proto} -p {self.proto}"
        hashed = port_hash(port.name, self.proto)
        self.service, self.external = SERVICE + hashed, EXTERNAL + hashed
        self.internal = (LOCAL if port.internal_local else SERVICE) + hashed
        self.firewall = FIREWALL + hashed if choice.exists and port.has_source_ranges else ""
        self.ends = {each.text: endpoint_chain(port.name, self.proto, each.text) for each in choice.reachable}

    def at(self, ip: str) -> str:
        """The match for packets to an address of the Service."""
        return f"{self.to} -d {ip} --dport {self.port.port}"


def block(port: ServicePort, choice: Choice, style: Style) -> Block:
    """All rules of a service port, for this choice of endpoints."""
    written = Written(port, choice, style)
    return Block(_captures(written), _chains(written), choice.no_local_internal, choice.no_local_external)


# --- rules in the chains that all share --------------------------------------------------------------------------


def _captures(written: Written) -> tuple[str, str, str, str, str, str]:
    port, choice = written.port, written.choice
    name, at, refused = port.name, written.at(port.cluster_ip), ""
    services = node_ports = outside = ""
    if choice.internal:
        services = f'-A {SERVICES} -m comment --comment "{name} cluster IP" {at} -j {written.internal}\n'
    else:
        refused = f"-A {SERVICES} {_refusal(written, at)}"
    if port.is_externally_accessible:
        if choice.exists:
            services += _external_captures(written)
            node_ports = _node_port_captures(written)
        if not choice.external:
            outside = _external_refusals(written)
    return _health_check(port), refused, outside, _firewall_drops(written), node_ports, services


def _refusal(written: Written, match: str) -> str:
    verdict = "DROP" if written.choice.exists else "REJECT"
    return f'-m comment --comment "{written.port.name} {written.choice.refused}" {match} -j {verdict}\n'


def _external_captures(written: Written) -> str:
    start = f'-A {SERVICES} -m comment --comment "{written.port.name}'
    balanced = written.firewall or written.external
    return "".join([
        *(f'{start} external IP" {written.at(ip)} -j {written.external}\n' for ip in written.port.external_ips),
        *(f'{start} loadbalancer IP" {written.at(ip)} -j {balanced}\n' for ip in written.port.load_balancer_ips),
    ])  # fmt: skip


def _node_port_captures(written: Written) -> str:
    port = written.port
    if not port.node_port:
        return ""
    start, end = f"-A {NODE_PORTS} -m comment --comment {port.name} {written.to}", f"-j {written.external}\n"
    counted = f"-d 127.0.0.0/8 --dport {port.node_port} -m nfacct --nfacct-name {LOCALHOST_COUNTER}"
    first = f"{start} {counted} {end}" if written.style.counts_localhost else ""
    return f"{first}{start} --dport {port.node_port} {end}"


def _external_refusals(written: Written) -> str:
    port = written.port
    matches = [written.at(ip) for ip in (*port.external_ips, *port.load_balancer_ips)]
    if port.node_port:
        matches.append(f"-m addrtype --dst-type LOCAL {written.to} --dport {port.node_port}")
    return "".join(f"-A {EXTERNAL_SERVICES} {_refusal(written, match)}" for match in matches)


def _firewall_drops(written: Written) -> str:
    if not written.firewall:
        return ""
    comment = f'-m comment --comment "{written.port.name} traffic not accepted by {written.firewall}"'
    ips = written.port.load_balancer_ips
    return "".join(f"-A {PROXY_FIREWALL} {comment} {written.at(ip)} -j DROP\n" for ip in ips)


def _health_check(port: ServicePort) -> str:
    if not port.health_check_node_port:
        return ""
    comment = f'-m comment --comment "{port.name} health check node port"'
    return f"-A {NODE_PORTS} {comment} -m tcp -p tcp --dport {port.health_check_node_port} -j ACCEPT\n"


# --- chains of its own -------------------------------------------------------------------------------------------


def _chains(written: Written) -> dict[str, str]:
    port, choice = written.port, written.choice
    chains = _ends(written)
    if choice.exists and port.is_externally_accessible:
        chains[written.external] = _external(written)
    if written.firewall:
        chains[written.firewall] = _firewall(written)
    local = written.service.replace(SERVICE, LOCAL, 1)
    for chain, endpoints in ((written.service, choice.cluster), (local, choice.local)):
        if endpoints:
            first = _masquerade(written) if chain == written.internal and choice.internal else ""
            chains[chain] = first + _to_endpoints(written, chain, endpoints)
    return chains


def _masquerade(written: Written) -> str:
    """Who comes to the ClusterIP and is no pod must get its answer from this node."""
    port, style = written.port, written.style
    if not style.masquerade_all and not style.local:
        return ""
    unless = "" if style.masquerade_all else f" ! {style.local}"
    comment = f'-m comment --comment "{port.name} cluster IP"'
    return f"-A {written.internal} {comment} {written.at(port.cluster_ip)}{unless} -j {MARK_MASQ}\n"


def _external(written: Written) -> str:
    """From outside: to any node's endpoints only with this node's address; pods and the node itself are as inside."""
    port, chain, start = written.port, written.external, f"-A {written.external} -m comment --comment"
    if not port.external_local:
        return (f'{start} "masquerade traffic for {port.name} external destinations" -j {MARK_MASQ}\n'
                f"-A {chain} -j {written.service}\n")  # fmt: skip
    local, end = written.style.local, f"{port.name} external destinations"
    from_pods = f'{start} "pod traffic for {end}" {local} -j {written.service}\n' if local else ""
    others = f"-A {chain} -j {written.service.replace(SERVICE, LOCAL, 1)}\n" if written.choice.external else ""
    return (
        f'{from_pods}{start} "masquerade LOCAL traffic for {end}" -m addrtype --src-type LOCAL -j {MARK_MASQ}\n'
        f'{start} "route LOCAL traffic for {end}" -m addrtype --src-type LOCAL -j {written.service}\n{others}')


def _firewall(written: Written) -> str:
    """Who may come in. The node itself comes with the load balancer's address, where that is an address of the node."""
    port = written.port
    start = f'-A {written.firewall} -m comment --comment "{port.name} loadbalancer IP"'
    sources = list(port.source_ranges)
    if any(inside(written.style.node_ip, text) for text in port.source_ranges):
        sources += port.load_balancer_ips
    comment = f'"other traffic to {port.name} will be dropped by {PROXY_FIREWALL}"'
    return (
        "".join(f"{start} -s {source} -j {written.external}\n" for source in sources)
        + f"-A {written.firewall} -m comment --comment {comment}\n")


def _to_endpoints(written: Written, chain: str, endpoints: Endpoints) -> str:
    """One of the endpoints: where a client has been before, or by chance, each as likely as the other."""
    name, seconds, left = written.port.name, written.port.affinity_seconds, len(endpoints)
    sticky, chances = [], []
    for each in endpoints:
        end = written.ends[each.text]
        comment = f' -m comment --comment "{name} -> {each.text}"' if written.style.commented else ""
        if seconds:
            sticky.append(f"-A {chain}{comment} -m recent --name {end} --rcheck --seconds {seconds} --reap -j {end}\n")
        by_chance = f" -m statistic --mode random --probability {probability(left)}" if left > 1 else ""
        chances.append(f"-A {chain}{comment}{by_chance} -j {end}\n")
        left -= 1
    return "".join(sticky) + "".join(chances)


def probability(left: int) -> str:
    """How likely a rule must match when it and those behind it are ``left`` together.

    >>> [probability(left) for left in (3, 2)]
    ['0.3333333333', '0.5000000000']
    """
    return f"{1 / left:.10f}"


def _ends(written: Written) -> dict[str, str]:
    """A chain for each endpoint. Who would reach itself gets another source address, or it would answer itself directly."""
    comment = f" -m comment --comment {written.port.name}" if written.style.commented else ""
    is_sticky, to = bool(written.port.affinity_seconds), written.to
    ends = {}
    for each in written.choice.reachable:
        end = written.ends[each.text]
        sticky = f" -m recent --name {end} --set" if is_sticky else ""
        ends[end] = (
            f"-A {end}{comment} -s {each.ip} -j {MARK_MASQ}\n"
            f"-A {end}{comment}{sticky} {to} -j DNAT --to-destination {each.text}\n")
    return ends
