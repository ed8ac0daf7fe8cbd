"""Worlds with kube-proxy's rules, and traces through them. The file is also run in a notebook, so it needs the package alone.

The text is what kube-proxy in iptables mode has a kernel list, for the course's figure and a few Services; it stands here
whole, so that pictures of it are judged without whatever writes such rules.
"""

from __future__ import annotations

from k8snet.course.figure import whole
from k8snet.linux import Trace, World

FILTER = """\
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -j KUBE-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.40/32 -p tcp -m comment --comment "default/empty has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""  # noqa: E501 - as the kernel lists them

NAT = """\
*nat
:KUBE-EXT-LOLE4ISW44XBNF3G - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-4BPEYRO4DUK4H4HI - [0:0]
:KUBE-SEP-72AF6CGLYZWW3MSN - [0:0]
:KUBE-SEP-AQ2BJBLM5I4W3KQA - [0:0]
:KUBE-SEP-EA2TXUBRX5B7IICN - [0:0]
:KUBE-SEP-EZ64ZTW72BMS2TAX - [0:0]
:KUBE-SEP-FLA6ZWRAF6LRM7MU - [0:0]
:KUBE-SEP-IVUYEBKMOXTU3UVB - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-LOLE4ISW44XBNF3G - [0:0]
:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
:KUBE-SVC-PFINMTQ5Y2TT4XZK - [0:0]
:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-EXT-LOLE4ISW44XBNF3G -m comment --comment "masquerade traffic for default/web external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-LOLE4ISW44XBNF3G -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-EXT-LOLE4ISW44XBNF3G
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SEP-4BPEYRO4DUK4H4HI -s 10.1.2.2/32 -m comment --comment "default/shop" -j KUBE-MARK-MASQ
-A KUBE-SEP-4BPEYRO4DUK4H4HI -p tcp -m comment --comment "default/shop" -m recent --set --name KUBE-SEP-4BPEYRO4DUK4H4HI --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.1.2.2:4000
-A KUBE-SEP-72AF6CGLYZWW3MSN -s 10.1.2.1/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-72AF6CGLYZWW3MSN -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.1.2.1:4000
-A KUBE-SEP-AQ2BJBLM5I4W3KQA -s 10.1.2.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-AQ2BJBLM5I4W3KQA -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.1.2.2:4000
-A KUBE-SEP-EA2TXUBRX5B7IICN -s 10.100.0.10/32 -m comment --comment "default/kubernetes:https" -j KUBE-MARK-MASQ
-A KUBE-SEP-EA2TXUBRX5B7IICN -p tcp -m comment --comment "default/kubernetes:https" -m tcp -j DNAT --to-destination 10.100.0.10:6443
-A KUBE-SEP-EZ64ZTW72BMS2TAX -s 10.1.1.2/32 -m comment --comment "default/web" -j KUBE-MARK-MASQ
-A KUBE-SEP-EZ64ZTW72BMS2TAX -p tcp -m comment --comment "default/web" -m tcp -j DNAT --to-destination 10.1.1.2:4000
-A KUBE-SEP-FLA6ZWRAF6LRM7MU -s 10.1.2.1/32 -m comment --comment "kube-system/kube-dns:dns" -j KUBE-MARK-MASQ
-A KUBE-SEP-FLA6ZWRAF6LRM7MU -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.1.2.1:53
-A KUBE-SEP-IVUYEBKMOXTU3UVB -s 10.1.1.2/32 -m comment --comment "default/shop" -j KUBE-MARK-MASQ
-A KUBE-SEP-IVUYEBKMOXTU3UVB -p tcp -m comment --comment "default/shop" -m recent --set --name KUBE-SEP-IVUYEBKMOXTU3UVB --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.1.1.2:4000
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
-A KUBE-SERVICES -d 10.96.0.30/32 -p tcp -m comment --comment "default/shop cluster IP" -m tcp --dport 80 -j KUBE-SVC-PFINMTQ5Y2TT4XZK
-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-LOLE4ISW44XBNF3G
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-LOLE4ISW44XBNF3G ! -s 10.1.0.0/16 -d 10.96.0.20/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.1.1.2:4000" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-EZ64ZTW72BMS2TAX
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.1.2.1:4000" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-72AF6CGLYZWW3MSN
-A KUBE-SVC-LOLE4ISW44XBNF3G -m comment --comment "default/web -> 10.1.2.2:4000" -j KUBE-SEP-AQ2BJBLM5I4W3KQA
-A KUBE-SVC-NPX46M4PTMTKRN6Y ! -s 10.1.0.0/16 -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-NPX46M4PTMTKRN6Y -m comment --comment "default/kubernetes:https -> 10.100.0.10:6443" -j KUBE-SEP-EA2TXUBRX5B7IICN
-A KUBE-SVC-PFINMTQ5Y2TT4XZK ! -s 10.1.0.0/16 -d 10.96.0.30/32 -p tcp -m comment --comment "default/shop cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-PFINMTQ5Y2TT4XZK -m comment --comment "default/shop -> 10.1.1.2:4000" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-IVUYEBKMOXTU3UVB --mask 255.255.255.255 --rsource -j KUBE-SEP-IVUYEBKMOXTU3UVB
-A KUBE-SVC-PFINMTQ5Y2TT4XZK -m comment --comment "default/shop -> 10.1.2.2:4000" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-4BPEYRO4DUK4H4HI --mask 255.255.255.255 --rsource -j KUBE-SEP-4BPEYRO4DUK4H4HI
-A KUBE-SVC-PFINMTQ5Y2TT4XZK -m comment --comment "default/shop -> 10.1.1.2:4000" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-IVUYEBKMOXTU3UVB
-A KUBE-SVC-PFINMTQ5Y2TT4XZK -m comment --comment "default/shop -> 10.1.2.2:4000" -j KUBE-SEP-4BPEYRO4DUK4H4HI
-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.1.0.0/16 -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.1.2.1:53" -j KUBE-SEP-FLA6ZWRAF6LRM7MU
COMMIT
"""  # noqa: E501 - as the kernel lists them


def node(seed: int = 1) -> World:
    """The course's figure, all pods listening on port 4000, and kube-proxy's rules on node-a."""
    world = whole(seed)
    for pod in ("pod-a", "pod-b", "pod-c", "pod-d"):
        world.listen(pod, 4000)
    world.sh("ip -n node-a link set veth1 type bridge_slave hairpin on")
    world.sh("ip netns exec node-a iptables-restore --noflush", stdin=FILTER + NAT)
    return world


def to_service() -> Trace:
    """A pod asks for a Service's address; the dice choose a pod of the other node."""
    return node(5).connect("pod-a", "10.96.0.20", 80)


def to_itself() -> Trace:
    """A pod that is behind the Service is sent to itself: it is masqueraded, or it would not know its own question."""
    for seed in range(30):
        trace = node(seed).connect("pod-b", "10.96.0.20", 80)
        if any(rewrite.after.dst == trace.rewrites[0].before.src for rewrite in trace.rewrites):
            return trace
    raise AssertionError("the dice never chose the pod itself")


def to_node_port() -> Trace:
    """From the other node to a port of this one."""
    return node(2).connect("node-b", "10.100.0.2", 30080)


def from_node() -> Trace:
    """The node's own process asks for the Service's address."""
    return node(3).connect("node-a", "10.96.0.20", 80)


def affine() -> Trace:
    """The second connection to a Service that remembers its clients."""
    world = node(1)
    world.connect("pod-a", "10.96.0.30", 80)
    return world.connect("pod-a", "10.96.0.30", 80)


def refused() -> Trace:
    """A Service without endpoints."""
    return node(1).connect("pod-a", "10.96.0.40", 80)


def past_many(count: int = 10_000) -> Trace:
    """One Service behind many others."""
    world = node(1)
    jumps = "".join(f"-I KUBE-SERVICES -d 10.{97 + n // 65536}.{n // 256 % 256}.{n % 256}/32 -p tcp -m comment --comment "
                    f"\"default/other-{n} cluster IP\" -m tcp --dport 80 -j KUBE-MARK-MASQ\n" for n in range(count))
    world.sh("ip netns exec node-a iptables-restore --noflush", stdin=f"*nat\n{jumps}COMMIT\n")
    return world.connect("pod-a", "10.96.0.20", 80)


TRACES = (to_service, to_itself, to_node_port, from_node, affine, refused)
