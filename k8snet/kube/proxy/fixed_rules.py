"""What iptables mode writes whatever Services there are: the fixed rules, and the jumps from the kernel's own chains.

Source: pkg/proxy/iptables/proxier.go (iptablesJumpChains, syncProxyRules); pkg/proxy/util/nodeport_addresses.go.
"""

from __future__ import annotations

import ipaddress

from k8snet.kube.proxy.addresses import inside, is_of, plain_range
from k8snet.kube.proxy.facts import INVALID_COUNTER, IPV4, IPV6, LOCALHOST_COUNTER, NodeFacts

SERVICES, NODE_PORTS, EXTERNAL_SERVICES = "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES"
FORWARD, PROXY_FIREWALL, NODE_FIREWALL = "KUBE-FORWARD", "KUBE-PROXY-FIREWALL", "KUBE-FIREWALL"
POSTROUTING, MARK_MASQ, CANARY = "KUBE-POSTROUTING", "KUBE-MARK-MASQ", "KUBE-PROXY-CANARY"

NEW = "-m conntrack --ctstate NEW "
JUMPS = (
    ("filter", "INPUT", EXTERNAL_SERVICES, NEW, "kubernetes externally-visible service portals"),
    ("filter", "FORWARD", EXTERNAL_SERVICES, NEW, "kubernetes externally-visible service portals"),
    ("filter", "INPUT", NODE_PORTS, "", "kubernetes health check service ports"),
    ("filter", "FORWARD", SERVICES, NEW, "kubernetes service portals"),
    ("filter", "OUTPUT", SERVICES, NEW, "kubernetes service portals"),
    ("filter", "FORWARD", FORWARD, "", "kubernetes forwarding rules"),
    ("filter", "INPUT", PROXY_FIREWALL, NEW, "kubernetes load balancer firewall"),
    ("filter", "OUTPUT", PROXY_FIREWALL, NEW, "kubernetes load balancer firewall"),
    ("filter", "FORWARD", PROXY_FIREWALL, NEW, "kubernetes load balancer firewall"),
    ("nat", "OUTPUT", SERVICES, "", "kubernetes service portals"),
    ("nat", "PREROUTING", SERVICES, "", "kubernetes service portals"),
    ("nat", "POSTROUTING", POSTROUTING, "", "kubernetes postrouting rules"),
    ("filter", "INPUT", NODE_FIREWALL, "", ""),
    ("filter", "OUTPUT", NODE_FIREWALL, "", ""),
)
"""Table, chain, chain to jump to, condition, comment. The last two are kubelet's too, and have no comment."""
LAST = '"kubernetes service nodeports; NOTE: this must be the last rule in this chain"'
EVERYWHERE = {IPV4: "0.0.0.0/0", IPV6: "::/0"}


def jumps(node: NodeFacts) -> tuple[str, ...]:
    """The commands of a full sync, in kube-proxy's order: the canary's chains, then for each jump its chain and its rule.

    A chain is made with ``-N`` unless it is there, and a rule put first with ``-I`` unless ``-C`` finds it, so the later
    stands before the earlier. Whoever runs them must look first: `look` gives the question that goes before a command.
    """
    tool = "ip6tables" if node.ip_family == IPV6 else "iptables"
    commands = [f"{tool} -t {table} -N {CANARY}" for table in ("mangle", "nat", "filter")]
    for table, chain, target, condition, comment in JUMPS:
        note = f'-m comment --comment "{comment}" ' if comment else ""
        commands.append(f"{tool} -t {table} -N {target}")
        commands.append(f"{tool} -t {table} -I {chain} {condition}{note}-j {target}")
    return tuple(dict.fromkeys(commands))


def look(command: str) -> str:
    """The command that succeeds if the work of one of the `jumps` is done already.

    >>> look("iptables -t nat -N KUBE-SERVICES"), look("iptables -t nat -I OUTPUT -j KUBE-SERVICES")
    ('iptables -t nat -S KUBE-SERVICES', 'iptables -t nat -C OUTPUT -j KUBE-SERVICES')
    """
    tool, _, table, verb, rest = command.split(" ", 4)
    return f"{tool} -t {table} {'-S' if verb == '-N' else '-C'} {rest}"


# --- node ports --------------------------------------------------------------------------------------------------


def node_port_ranges(node: NodeFacts) -> tuple[str, ...]:
    """The ranges whose addresses answer for node ports, in the node's family; all of it if none was given."""
    given = tuple(plain_range(text) for text in node.node_port_addresses if is_of(node.ip_family, text))
    everywhere = EVERYWHERE[node.ip_family]
    return given if given and everywhere not in given else (everywhere,)


def serves_localhost(node: NodeFacts) -> bool:
    """Whether node ports answer on 127.0.0.1: the flag alone is not enough. It takes net.ipv4.conf.all.route_localnet=1."""
    loopback = any(inside("127.0.0.1", text) for text in node_port_ranges(node))
    return node.localhost_node_ports and node.ip_family == IPV4 and loopback


def counts_localhost(node: NodeFacts) -> bool:
    """Whether packets to node ports on localhost are counted, by rules of their own."""
    return serves_localhost(node) and LOCALHOST_COUNTER in node.nfacct_counters


def node_port_ips(node: NodeFacts) -> tuple[str, ...] | None:
    """The addresses that answer for node ports; None: all local ones do."""
    ranges = node_port_ranges(node)
    if ranges == (EVERYWHERE[node.ip_family],):
        return None
    mine = [ip for ip in node.addresses if is_of(node.ip_family, ip) and any(inside(ip, text) for text in ranges)]
    return tuple(ip for ip in mine if serves_localhost(node) or not ipaddress.ip_address(ip).is_loopback)


def to_node_ports(node: NodeFacts) -> str:
    """The end of nat's KUBE-SERVICES: what was for no Service's address may be for a node port."""
    ips = node_port_ips(node)
    if ips is None:
        but = " ! -d ::1/128" if node.ip_family == IPV6 else "" if serves_localhost(node) else " ! -d 127.0.0.0/8"
        ways = [f"-m addrtype --dst-type LOCAL{but}"]
    else:
        ways = [f"-d {ip}" for ip in ips]
    return "".join(f"-A {SERVICES} -m comment --comment {LAST} {way} -j {NODE_PORTS}\n" for way in ways)


# --- fixed rules -------------------------------------------------------------------------------------------------


def filter_chains(node: NodeFacts) -> dict[str, str]:
    """The filter table's top-level chains, each with its fixed rules."""
    chains = dict.fromkeys((NODE_PORTS, SERVICES, EXTERNAL_SERVICES, PROXY_FIREWALL), "")
    chains[FORWARD] = _forward(node)
    if serves_localhost(node):
        # route_localnet lets neighbours send to 127.0.0.1 from outside; https://issue.k8s.io/90259
        chains[NODE_FIREWALL] = (
            f'-A {NODE_FIREWALL} -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8'
            " -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n")
    return chains


def _forward(node: NodeFacts) -> str:
    """Packets that conntrack cannot place would leave untranslated, so they are dropped; Services' packets may pass."""
    counted = f" -m nfacct --nfacct-name {INVALID_COUNTER}" if INVALID_COUNTER in node.nfacct_counters else ""
    invalid = "" if node.conntrack_tcp_liberal else f"-A {FORWARD} -m conntrack --ctstate INVALID{counted} -j DROP\n"
    return (
        f'{invalid}-A {FORWARD} -m comment --comment "kubernetes forwarding rules" -m mark --mark {node.mark}/{node.mark}'
        f' -j ACCEPT\n-A {FORWARD} -m comment --comment "kubernetes forwarding conntrack rule"'
        " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")


def nat_chains(node: NodeFacts) -> dict[str, str]:
    """The nat table's top-level chains, each with its fixed rules; what `to_node_ports` says comes after all Services."""
    fully = " --random-fully" if node.random_fully else ""
    return {
        NODE_PORTS: "",
        SERVICES: "",
        MARK_MASQ: f"-A {MARK_MASQ} -j MARK --or-mark {node.mark}\n",
        POSTROUTING: (
            f"-A {POSTROUTING} -m mark ! --mark {node.mark}/{node.mark} -j RETURN\n"
            f"-A {POSTROUTING} -j MARK --xor-mark {node.mark}\n"
            f'-A {POSTROUTING} -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE{fully}\n'),
    }  # fmt: skip
