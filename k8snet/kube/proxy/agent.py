"""kube-proxy on a node: it watches Services and EndpointSlices, and gives its kernel the rules that follow from them.

Nobody sends it anything, and no packet passes through it. After a change it waits until a second has gone since its last
sync, so that what comes together is written together. Source: pkg/proxy/iptables/proxier.go; the flags' defaults:
pkg/proxy/apis/config/v1alpha1/defaults.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.machine import Machine
from k8snet.kube.objects import Node, changed, known, meta
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.pace import Pace
from k8snet.kube.proxy.writer import Writer
from k8snet.kube.store import Key

ZONE = "topology.kubernetes.io/zone"
RETRY, LOOK_FOR_CANARY = 30, 30
"""Seconds until it tries again what was refused; and between two looks at whether somebody has flushed the tables."""
SYNC, CANARY = ("", "sync"), ("", "canary")


class KubeProxy:
    """The kube-proxy of one node, in iptables mode. ``node`` holds its facts and flags."""

    name = "kube-proxy"

    def __init__(self, machine: Machine, client: Client, node: NodeFacts) -> None:
        self.machine = machine
        self.client = client
        self.feeds: tuple[Feed, ...] = (("Service", ""), ("EndpointSlice", ""), ("Node", machine.name))
        self._writer = Writer(machine, node)
        self._news: set[tuple[str, Key]] = set()
        """The objects that it has heard of since its last sync."""
        self._pace = Pace()

    def concerns(self, write: Write) -> Iterable[Key]:
        """All changes end in one sync. Of its node only the zone matters."""
        if write.kind == "Node" and (write.object is None or zone_of(write.object) == self._writer.node.zone):
            return []
        self._news.add((write.kind, write.key))
        return [SYNC]

    def everything(self) -> Iterable[Key]:
        """After a start it knows nothing: it reads all, and syncs in full."""
        self._writer, self._pace = Writer(self.machine, self._writer.node), Pace()
        self._news = {("Node", ("", self.machine.name))}
        for kind in ("Service", "EndpointSlice"):
            self._news.update((kind, (known(meta(each).namespace), known(meta(each).name))) for each in self.client.list(kind))
        return [SYNC, CANARY]

    def reconcile(self, key: Key) -> Again | None:
        """Sync, unless the last one was a moment ago; or look whether somebody has flushed the tables."""
        if key == CANARY:
            self._writer.begin_anew_if_flushed()
            return Again(LOOK_FOR_CANARY, idle=True)
        if not self._pace.may_sync(self.client.now):
            return self._pace.delay(self.client.now)
        self._hear_news()
        return None if self._writer.sync() else Again(RETRY, idle=True)

    def _hear_news(self) -> None:
        for kind, (namespace, name) in sorted(self._news):
            found = self.client.find(kind, name, namespace)
            if kind == "Service":
                self._writer.book.set_service((namespace, name), found)
            elif kind == "EndpointSlice":
                self._writer.book.set_slice((namespace, name), found)
            elif found is not None:
                self._writer.set_node(changed(self._writer.node, zone=zone_of(found)))
        self._news.clear()


def zone_of(node: Node) -> str:
    """The zone of a Node, by its label; empty if it has none."""
    zone: str = (meta(node).labels or {}).get(ZONE, "")
    return zone
