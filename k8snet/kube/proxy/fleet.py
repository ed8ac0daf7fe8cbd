"""The kube-proxies of a large cluster, whose machines sleep until they are touched, told as one.

Each would keep all Services and endpoints for itself: five thousand times the same. So one program hears for all of them,
at the pace of each. A machine that is awake has its own book of rules; for one that sleeps it puts off what its kube-proxy
would have written by then, in place of what was put off before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.machine import Machine
from k8snet.kube.objects import EndpointSlice, Service, changed, meta
from k8snet.kube.proxy.agent import CANARY, LOOK_FOR_CANARY, RETRY, SYNC, zone_of
from k8snet.kube.proxy.door import key_of
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.pace import Pace
from k8snet.kube.proxy.writer import Writer
from k8snet.kube.store import Key
from k8snet.linux.fact import Fact


class Told(Fact, frozen=True):
    """All that kube-proxies have heard of at one moment."""

    services: tuple[Service, ...]
    slices: tuple[EndpointSlice, ...]


class KubeProxies:
    """The kube-proxies of all these machines. ``nodes`` holds the facts of each, by name."""

    name = "kube-proxy"
    feeds: tuple[Feed, ...] = (("Service", ""), ("EndpointSlice", ""), ("Node", ""))

    def __init__(self, machines: Mapping[str, Machine], client: Client, nodes: Mapping[str, NodeFacts]) -> None:
        self.machines = machines
        self.client = client
        self._nodes = dict(nodes)
        self._writers: dict[str, Writer] = {}
        """Of the machines that are awake."""
        self._pace = Pace()

    def concerns(self, write: Write) -> Iterable[Key]:
        """All changes end in one sync. Of nodes only the zone matters."""
        if write.kind == "Node" and not self._is_new_zone(write):
            return []
        return [SYNC]

    def _is_new_zone(self, write: Write) -> bool:
        node = self._nodes.get(write.name)
        if node is None or write.after is None or zone_of(write.after) == node.zone:
            return False
        self._nodes[write.name] = changed(node, zone=zone_of(write.after))
        return True

    def everything(self) -> Iterable[Key]:
        """After a start they know nothing: they read all, and sync in full."""
        self._writers, self._pace = {}, Pace()
        for node in self.client.list("Node"):
            if (name := meta(node).name) in self._nodes:
                self._nodes[name] = changed(self._nodes[name], zone=zone_of(node))
        return [SYNC, CANARY]

    def reconcile(self, key: Key) -> Again | None:
        """Sync all, unless the last sync was a moment ago; or look whether somebody has flushed the tables."""
        if key == CANARY:
            for writer in self._writers.values():
                if writer.machine.is_on:
                    writer.begin_anew_if_flushed()
            return Again(LOOK_FOR_CANARY, idle=True)
        if not self._pace.may_sync(self.client.now):
            return self._pace.delay(self.client.now)
        told = Told(tuple(self.client.list("Service")), tuple(self.client.list("EndpointSlice")))
        refused = False
        for name, node in self._nodes.items():
            machine = self.machines[name]
            if machine.is_asleep:
                machine.do(write_all, node, told, instead_of="kube-proxy")
            elif machine.is_on:
                refused |= not self._sync(machine, node, told)
        return Again(RETRY, idle=True) if refused else None

    def _sync(self, machine: Machine, node: NodeFacts, told: Told) -> bool:
        """Write what has changed on a machine that is awake; all, if it has booted anew. False if its kernel refuses it."""
        writer = self._writers.get(machine.name)
        if writer is None:
            writer = self._writers[machine.name] = Writer(machine, node)
        writer.begin_anew_if_flushed()
        writer.set_node(node)
        hear(writer, told)
        return writer.sync()


def write_all(machine: Machine, node: NodeFacts, told: Told) -> None:
    """What a kube-proxy writes that has heard all this, on a machine without rules."""
    writer = Writer(machine, node)
    hear(writer, told)
    writer.sync()


def hear(writer: Writer, told: Told) -> None:
    """Tell a kube-proxy's book all that there is."""
    for service in told.services:
        writer.book.set_service(key_of(service), service)
    for endpoint_slice in told.slices:
        writer.book.set_slice(key_of(endpoint_slice), endpoint_slice)
