"""What one kube-proxy does to its node's kernel: it writes the rules of its book into it, by commands.

Source: pkg/proxy/iptables/proxier.go (syncProxyRules); pkg/util/iptables (Monitor) for the canary.
"""

from __future__ import annotations

from k8snet.errors import CommandError
from k8snet.kube.machine import Machine
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.fixed_rules import CANARY, jumps, look, serves_localhost
from k8snet.kube.proxy.iptables import Rules

RESTORE = "iptables-restore --noflush --counters"


class Writer:
    """A book of rules, and the machine whose kernel is to hold them."""

    def __init__(self, machine: Machine, node: NodeFacts) -> None:
        self.machine = machine
        self.node = node
        self.book = Rules(node)
        self._has_begun = False

    def set_node(self, node: NodeFacts) -> None:
        """Hear of other facts of the node; if they are others, all rules may be."""
        if node != self.node:
            self.node = node
            self.book.set_node(node)

    def sync(self) -> bool:
        """Write what has changed; False if the kernel refuses it: then the next sync is a full one."""
        if not self.book.has_changed:
            return True
        try:
            if not self._has_begun:
                self._begin()
            self.machine.sh(RESTORE, self.book.sync())
        except CommandError:
            self.book.failed()
            return False
        for line in self.book.stale_udp():
            self.machine.sh(line, check=False)
        return True

    def _begin(self) -> None:
        """What a full sync does first: the chains, the jumps to them, and a look at what an earlier kube-proxy has left."""
        if serves_localhost(self.node):
            self.machine.sh("sysctl -w net.ipv4.conf.all.route_localnet=1")
        for command in jumps(self.node):
            if self.machine.sh(look(command), check=False).code:
                self.machine.sh(command)
        saved = self.machine.sh("iptables-save -t nat").splitlines()
        self.book.found(line[1:].split()[0] for line in saved if line.startswith(":"))
        self._has_begun = True

    def begin_anew_if_flushed(self) -> None:
        """Its canary's chain is gone when somebody has flushed the tables: then it writes everything again."""
        if self._has_begun and self.machine.sh(f"iptables -t nat -S {CANARY}", check=False).code:
            self._has_begun = False
            self.book.failed()
            self.sync()
