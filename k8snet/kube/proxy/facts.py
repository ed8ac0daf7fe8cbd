"""What kube-proxy knows of its node, of the ports that Services open, and of the endpoints behind them.

Small facts without a decision in them. They are made at the door (door.py) from API objects, so whoever writes rules, in
whichever mode, never sees an API object. A service port is known by its name, as upstream writes it in comments and hashes.
Source: kubernetes pkg/proxy (serviceport.go, endpoint.go, types.go), cmd/kube-proxy's flags.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.linux.fact import Fact

IPV4, IPV6 = "IPv4", "IPv6"
INVALID_COUNTER = "ct_state_invalid_dropped_pkts"
LOCALHOST_COUNTER = "localhost_nps_accepted_pkts"


class NodeFacts(Fact, frozen=True):
    """A node, and the flags of its kube-proxy. One kube-proxy writes one family's rules: ``ip_family``."""

    name: str = ""
    ip: str = ""
    cluster_cidr: str | None = None
    """Where pods' addresses come from, by which it knows its own pods' traffic; None: it cannot tell (no local detector)."""
    zone: str = ""
    """The node's label topology.kubernetes.io/zone."""
    addresses: tuple[str, ...] = ()
    """All addresses of the node's devices; those inside ``node_port_addresses`` answer for node ports."""
    ip_family: str = IPV4
    masquerade_all: bool = False
    masquerade_bit: int = 14
    node_port_addresses: tuple[str, ...] = ()
    """Ranges; none means that node ports answer on all addresses."""
    localhost_node_ports: bool = True
    random_fully: bool = True
    """Whether its iptables knows ``MASQUERADE --random-fully``."""
    conntrack_tcp_liberal: bool = False
    """Whether the kernel's net.netfilter.nf_conntrack_tcp_be_liberal is on."""
    nfacct_counters: tuple[str, ...] = ()
    """Counters of the kernel's nfacct subsystem that rules may count in."""

    @property
    def mark(self) -> str:
        """The masquerade mark as rules write it.

        >>> NodeFacts().mark
        '0x4000'
        """
        return f"{1 << self.masquerade_bit:#x}"


class ServicePort(Fact, frozen=True):
    """One port of one Service, in one IP family."""

    namespace: str
    service: str
    name: str
    """``namespace/service:port``, or ``namespace/service`` if the port has no name."""
    port_name: str
    protocol: str
    """``TCP``, ``UDP`` or ``SCTP``."""
    cluster_ip: str
    port: int
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_ips: tuple[str, ...] = ()
    source_ranges: tuple[str, ...] = ()
    affinity_seconds: int = 0
    """How long a client stays with its endpoint; 0: there is no session affinity."""
    external_local: bool = False
    """Whether externalTrafficPolicy: Local holds."""
    internal_local: bool = False
    health_check_node_port: int = 0

    @property
    def is_externally_accessible(self) -> bool:
        """Whether it answers under another address than its ClusterIP."""
        return bool(self.node_port or self.load_balancer_ips or self.external_ips)

    @property
    def uses_cluster_endpoints(self) -> bool:
        """Whether some of its traffic may go to endpoints of any node."""
        return not self.internal_local or self.is_externally_accessible

    @property
    def uses_local_endpoints(self) -> bool:
        """Whether some of its traffic goes to endpoints of this node alone."""
        return self.internal_local or (self.external_local and self.is_externally_accessible)

    @property
    def has_source_ranges(self) -> bool:
        """Whether its load balancer's addresses are open for some sources only."""
        return bool(self.load_balancer_ips and self.source_ranges)


class Endpoint(Fact, frozen=True):
    """An address and a port behind a service port. ``text`` is ``ip:port``, or ``[ip]:port``: by it endpoints are known."""

    text: str
    ip: str
    port: int
    node: str = ""
    """The node that it is on; empty if nobody says."""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zone_hints: frozenset[str] = frozenset()
    node_hints: frozenset[str] = frozenset()


Endpoints = tuple[Endpoint, ...]


def in_order(endpoints: Iterable[Endpoint]) -> Endpoints:
    """Endpoints in kube-proxy's order: that of their texts, so ``10.0.0.10:80`` comes before ``10.0.0.9:80``."""
    return tuple(sorted(endpoints, key=lambda each: each.text))
