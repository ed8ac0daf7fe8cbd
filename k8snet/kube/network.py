"""The network plugin's agent on a node: the CNI configuration, the ways to other nodes' pods, and the way out.

It watches nodes. From its own node's podCIDR it writes the file that the runtime reads to wire pods; for every other
node's it sets a route, unless the router has them; and it masks what leaves the cluster with the node's address. The
bridge plugin could do the last itself (``ipMasq``), but it would mask what goes to other nodes' pods as well, which
Kubernetes' network model forbids. Source: kindnet and ip-masq-agent, which do the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.machine import Machine
from k8snet.kube.objects import Node, known, meta
from k8snet.kube.store import Key
from k8snet.linux.address import Ip, Network

CONFIGURATION = "/etc/cni/net.d/10-bridge.conflist"
ROUTES = "routes"
MASK = """\
*nat
:IP-MASQ-AGENT - [0:0]
-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our \
custom IP-MASQ-AGENT chain" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
-A IP-MASQ-AGENT -d {cluster_cidr} -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN
-A IP-MASQ-AGENT -m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" \
-j MASQUERADE
COMMIT
"""


class NetworkAgent:
    """The agent of one node. ``on_nodes``: whether nodes have the routes; ``when_configured``: whom to tell of the file."""

    name = "cni-agent"

    def __init__(self, machine: Machine, client: Client, cluster_cidr: str, *, pod_gateway: int = 1, on_nodes: bool = True,
                 when_configured: Callable[[], None] = lambda: None) -> None:
        self.machine = machine
        self.client = client
        self.cluster_cidr = cluster_cidr
        self.pod_gateway = pod_gateway
        self.on_nodes = on_nodes
        self.when_configured = when_configured
        self.feeds: tuple[Feed, ...] = (("Node", "" if on_nodes else machine.name),)
        self._routes: dict[str, tuple[str, str]] = {}
        """The routes that it has set: network and next hop, by node."""
        self._masks = False

    def concerns(self, write: Write) -> Iterable[Key]:
        """The node that has changed."""
        return [write.key]

    def everything(self) -> Iterable[Key]:
        """After a start it sets all anew; what is there already is replaced by the same."""
        self._routes, self._masks = {}, False
        return [("", meta(node).name or "") for node in self.client.list("Node")]

    def reconcile(self, key: Key) -> Again | None:
        """Its own node: configure; another one: set the route to its pods, or take it away."""
        node = self.client.find("Node", key[1])
        if key[1] == self.machine.name:
            self._configure(node)
        elif self.on_nodes:
            self._route(key[1], node)
        return None

    def _configure(self, node: Node | None) -> None:
        pod_cidr = known(node.spec).podCIDR if node is not None and node.spec else None
        if not pod_cidr:
            return
        if not self._masks:
            self._masks = True
            self.machine.do(mask, self.cluster_cidr)
        text = configuration(pod_cidr, self.pod_gateway)
        if self.machine.files.get(CONFIGURATION) != text:
            self.machine.files[CONFIGURATION] = text
            self.when_configured()

    def _route(self, name: str, node: Node | None) -> None:
        wanted = way_to(node)
        before = self._routes.get(name)
        if wanted == before:
            return
        if before is not None and (wanted is None or wanted[0] != before[0]):
            self.machine.do(command, f"ip route del {before[0]} via {before[1]}")
        if wanted is None:
            del self._routes[name]
            return
        self._routes[name] = wanted
        self.machine.do(command, f"ip route replace {wanted[0]} via {wanted[1]}")


class RouteController:
    """A cloud's controller that teaches the router the ways to pods, so that the nodes need none."""

    name = "route-controller"
    feeds: tuple[Feed, ...] = (("Node", ""),)

    def __init__(self, router: Machine, client: Client) -> None:
        self._agent = NetworkAgent(router, client, "", on_nodes=True)

    def concerns(self, write: Write) -> Iterable[Key]:
        """The node that has changed."""
        return self._agent.concerns(write)

    def everything(self) -> Iterable[Key]:
        """All nodes."""
        return self._agent.everything()

    def reconcile(self, key: Key) -> Again | None:
        """Set the route to a node's pods, or take it away."""
        return self._agent.reconcile(key)


def way_to(node: Node | None) -> tuple[str, str] | None:
    """The network of a node's pods, and the node's address on the nodes' network."""
    if node is None or node.spec is None or not node.spec.podCIDR or node.status is None:
        return None
    addresses = [each.address for each in node.status.addresses or [] if each.type == "InternalIP"]
    return (node.spec.podCIDR, addresses[0]) if addresses else None


def configuration(pod_cidr: str, gateway: int) -> str:
    """The network configuration list for a node's pods, as JSON: the bridge cni0 at their gateway, and host ports.

    Where the gateway is not the first address, pods begin there instead.
    """
    network = Network.parse(pod_cidr)
    ranged = {"subnet": pod_cidr, "gateway": str(Ip(network.address + gateway))}
    bridge = {
        "type": "bridge", "bridge": "cni0", "isGateway": True, "isDefaultGateway": True, "ipMasq": False, "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[ranged]], "dataDir": "/var/lib/cni/networks"},
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "pod-network", "plugins": [bridge, portmap]}, indent=2) + "\n"


def command(machine: Machine, line: str) -> None:
    """One command on the machine."""
    machine.sh(line)


def mask(machine: Machine, cluster_cidr: str) -> None:
    """Give what leaves the cluster from this machine the machine's own address."""
    machine.sh("iptables-restore --noflush", stdin=MASK.format(cluster_cidr=cluster_cidr))
