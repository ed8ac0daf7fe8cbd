"""The node IPAM controller: each node gets its own part of the cluster's pod addresses.

Ranges are given out in turn, one after the other and round again, so that a range that has just come free is used last.
What is in use is remembered; it is read from the nodes after a start.
Source: pkg/controller/nodeipam/ipam/range_allocator.go, cidrset/cidr_set.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.errors import NotModelled
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.controller import Controller
from k8snet.kube.history import Write
from k8snet.kube.objects import Node, changed, known, meta
from k8snet.kube.store import Key
from k8snet.linux.address import Network

NAME = "node-ipam-controller"


class Ranges:
    """The parts of one network, of equal size, of which some are in use.

    >>> ranges = Ranges("10.244.0.0/16", 24)
    >>> ranges.free(), ranges.number("10.244.7.0/24"), ranges.number("10.9.0.0/24")
    ('10.244.0.0/24', 7, None)
    >>> ranges.hold(0); ranges.free()
    '10.244.1.0/24'
    """

    def __init__(self, network: str, length: int) -> None:
        self._whole = Network.parse(network)
        self.length = length
        self.count = 1 << (length - self._whole.length)
        self.used: dict[int, int] = {}
        """How many have each part: one, unless somebody has given out addresses by hand."""
        self._next = 0

    def number(self, cidr: str) -> int | None:
        """Which part this is; None if it is none of these."""
        network = Network.parse(cidr)
        offset = (int(network.address) - int(self._whole.address)) >> (32 - self.length)
        return offset if network.length == self.length and 0 <= offset < self.count else None

    def free(self) -> str | None:
        """The next part that is free; None: there is none."""
        if len(self.used) == self.count:
            return None
        while self._next in self.used:
            self._next = (self._next + 1) % self.count
        return str(self._at(self._next))

    def hold(self, number: int) -> None:
        """This part is in use (by one more)."""
        self.used[number] = self.used.get(number, 0) + 1
        self._next = (number + 1) % self.count

    def release(self, number: int) -> None:
        """One fewer uses this part."""
        self.used[number] -= 1
        if not self.used[number]:
            del self.used[number]

    def _at(self, number: int) -> Network:
        first = int(self._whole.address) + (number << (32 - self.length))
        return Network(type(self._whole.address)(first), self.length)


class NodeIpam(Controller):
    """The controller, with what it has given out."""

    def __init__(self, client: Client, cluster_cidr: str, node_mask: int) -> None:
        if ":" in cluster_cidr:
            raise NotModelled(f"pod addresses in {cluster_cidr}", known="IPv4")
        super().__init__(NAME, client, "Node", self.look_at, {"Node": self.node_written})
        self._cidr, self._mask = cluster_cidr, node_mask
        self.ranges = Ranges(cluster_cidr, node_mask)
        self.held: dict[str, int] = {}
        """Which part each node has."""
        self.waiting: dict[Key, None] = {}
        """The nodes that could not be given any."""

    def node_written(self, write: Write) -> Iterable[Key]:
        """A node that has come, gone or got a range."""
        if write.after is None:
            return (write.key,)
        before = write.before.spec.podCIDR if write.before is not None and write.before.spec else None
        cidr = write.after.spec.podCIDR if write.after.spec else None
        return () if cidr and cidr == before else (write.key,)

    def forget(self) -> None:
        """Begin anew, with what the nodes say."""
        self.ranges, self.held, self.waiting = Ranges(self._cidr, self._mask), {}, {}
        for node in self.client.api.store.all("Node"):
            self._note(node)

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one node."""
        node = client.find("Node", key[1], "")
        if node is None:
            self._take_back(key)
            self._give_to_waiting(client)
        elif node.spec is not None and node.spec.podCIDR:
            self._note(node)
        else:
            self._give(client, node, key)
        return None

    def _note(self, node: Node) -> None:
        cidr = node.spec.podCIDR if node.spec else None
        number = self.ranges.number(cidr) if cidr else None
        name = known(meta(node).name)
        if number is not None and self.held.get(name) != number:
            self._take_back(("", name))
            self.ranges.hold(number)
            self.held[name] = number

    def _take_back(self, key: Key) -> None:
        self.waiting.pop(key, None)
        number = self.held.pop(key[1], None)
        if number is not None:
            self.ranges.release(number)

    def _give_to_waiting(self, client: Client) -> None:
        """Give what has become free to nodes that wait: one may have begun to while the deletion was on its way."""
        for key in list(self.waiting):
            node = client.find("Node", key[1], "")
            if node is not None:
                self._give(client, node, key)

    def _give(self, client: Client, node: Node, key: Key) -> None:
        """Give a node the next part. A node that was deleted and made again while nobody looked gives back the old one."""
        waits = key in self.waiting
        self._take_back(key)
        cidr = self.ranges.free()
        if cidr is None:
            if not waits:
                client.event(node, "CIDRNotAvailable", f"Node {key[1]} status is now: CIDRNotAvailable")
            self.waiting[key] = None
            return
        self._note(client.patch(changed(node, spec=changed(known(node.spec), podCIDR=cidr, podCIDRs=[cidr]))))
