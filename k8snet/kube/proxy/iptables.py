"""kube-proxy's iptables mode: from Services, EndpointSlices and node facts to the input of iptables-restore.

`rules` is the whole as a pure function. `Rules` is the same for one kube-proxy that goes on running: it hears of changes,
and each `sync` gives what is to be sent. Rules of a service port: service_rules.py; all others: fixed_rules.py.

The text is in the order in which upstream's tests compare it: chains and Services by name, what belongs to one Service as
kube-proxy writes it. A kube-proxy itself visits Services in the order of a Go map, so in none; its rules mean the same.
Source: pkg/proxy/iptables/proxier.go (syncProxyRules); for the order proxier_test.go (sortIPTablesRules).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

from k8snet.kube.objects import EndpointSlice, Service
from k8snet.kube.proxy import conntrack
from k8snet.kube.proxy.choice import choose
from k8snet.kube.proxy.columns import Column
from k8snet.kube.proxy.door import Given, Key, key_of
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.fixed_rules import NODE_PORTS, SERVICES, filter_chains, jumps, look, nat_chains, to_node_ports
from k8snet.kube.proxy.heard import NOTHING, Change, Heard, State
from k8snet.kube.proxy.names import is_service_chain
from k8snet.kube.proxy.service_rules import CAPTURING, Block, Style, block, style

__all__ = ["Rules", "jumps", "look", "rules"]

LARGE = 1000
"""With more endpoints than this, comments of endpoints' rules are left out, and stale chains looked for less often."""
AFTER_ALL = "~"
"""No Service's name comes after it."""
FIRST = (NODE_PORTS, SERVICES)
SYNC_PERIOD, FULL_SYNC_PERIOD = 30, 3600
"""Seconds after which kube-proxy syncs ``again``, and after which it does so in ``full`` (--iptables-sync-period)."""


def rules(services: Iterable[Service | Given], endpoint_slices: Iterable[EndpointSlice | Given],
          node: NodeFacts | Mapping[str, Any]) -> str:
    """The complete input for iptables-restore on a node that had no rules before. All may be given as plain dicts.

    TypeError if ``node`` has a key that is no fact of a node.

    >>> print(rules([], [], {"name": "node1", "ip": "172.18.0.11", "cluster_cidr": "10.244.0.0/16"}).splitlines()[0])
    *filter
    """
    book = Rules(node if isinstance(node, NodeFacts) else NodeFacts(**node))
    for service in services:
        book.set_service(key_of(service), service)
    for endpoint_slice in endpoint_slices:
        book.set_slice(key_of(endpoint_slice), endpoint_slice)
    return book.sync(full=True)


class Rules:
    """What one kube-proxy keeps: what it has heard of, and the rules that come of it.

    >>> book = Rules(NodeFacts(name="node1"))
    >>> book.sync().splitlines()[:2], book.sync()
    (['*filter', ':KUBE-NODEPORTS - [0:0]'], '')
    """

    def __init__(self, node: NodeFacts) -> None:
        self._node = node
        self._heard = Heard(node)
        self._states: dict[Key, State] = {}
        self._blocks: dict[Key, tuple[Block, ...]] = {}
        self._columns = tuple(Column() for _ in CAPTURING)
        self._chains: dict[str, str] = {}
        """Chains that belong to one Service, with their rules."""
        self._old: set[str] = set()
        """Chains of Services that may stand in the kernel; those that are in no use are stale."""
        self._deleted: tuple[str, ...] = ()
        self._endpoints = 0
        self._style: Style | None = None
        """How all blocks are written; None: not all in one way."""
        self._stale_udp: tuple[str, ...] = ()
        self._must_be_full = True

    def __deepcopy__(self, memo: dict[int, object]) -> Rules:
        other = copy(self)
        for name in ("_states", "_blocks", "_chains", "_old"):
            setattr(other, name, getattr(self, name).copy())
        other._heard, other._columns = deepcopy(self._heard, memo), deepcopy(self._columns, memo)
        return other

    def set_service(self, key: Key, service: Service | Given | None) -> None:
        """Hear of a Service as it is now; None: it is gone."""
        self._heard.set_service(key, service)

    def set_slice(self, key: Key, endpoint_slice: EndpointSlice | Given | None) -> None:
        """Hear of an EndpointSlice as it is now; None: it is gone."""
        self._heard.set_slice(key, endpoint_slice)

    def set_node(self, node: NodeFacts) -> None:
        """Hear of other facts of the node (its zone, say). All rules may be others now."""
        self._node, self._style, self._must_be_full = node, None, True

    def found(self, chains: Iterable[str]) -> None:
        """Hear which chains stand in the kernel's nat table, as an earlier kube-proxy left them."""
        self._old.update(chain for chain in chains if is_service_chain(chain))

    def failed(self) -> None:
        """Hear that the last sync's text was refused: nothing of it holds, and the next sync is a full one."""
        self._must_be_full = True
        self._old.update(self._deleted)

    @property
    def has_changed(self) -> bool:
        """Whether `sync` has something to send."""
        return self._must_be_full or self._heard.has_changed

    @property
    def is_large(self) -> bool:
        """Whether there were more than LARGE endpoints at the last sync."""
        return self._endpoints > LARGE

    @property
    def no_local_endpoints(self) -> tuple[int, int]:
        """The metric sync_proxy_rules_no_local_endpoints_total, ``internal`` and ``external``: ports that drop their packets."""
        blocks = [each for blocks in self._blocks.values() for each in blocks]
        return sum(each.no_local_internal for each in blocks), sum(each.no_local_external for each in blocks)

    def stale_udp(self) -> tuple[str, ...]:
        """The ``conntrack -D`` commands that follow the last sync, once its rules hold; that one finds nothing is no error."""
        return self._stale_udp

    def sync(self, full: bool = False, *, again: bool = False) -> str:
        """What is to be sent to ``iptables-restore --noflush --counters`` now; empty if nothing has changed.

        A full sync sends all. A partial one sends the chains that all Services share, and of the others' those of
        Services that have changed. The first sync is full, and that after one that `failed`. ``again``: sync though
        nothing has changed, as kube-proxy does every SYNC_PERIOD.
        """
        full = full or self._must_be_full
        if not (full or again or self._heard.has_changed):
            return ""
        changes = self._heard.take()
        self._stale_udp = conntrack.clearing(changes)
        chains = self._rewrite(changes, full=full)
        self._must_be_full = False
        self._deleted = self._stale() if full or again or not self.is_large else ()
        return self._text(chains, self._deleted)

    # --- what changes --------------------------------------------------------------------------------------------

    def _rewrite(self, changes: Sequence[Change], *, full: bool) -> dict[str, str]:
        """Write the rules of what has changed. The Services' chains that are to be sent."""
        for change in changes:
            self._keep(change)
        now = style(self._node, large=self.is_large)
        self._columns[CAPTURING.index(("nat", SERVICES))].put(AFTER_ALL, to_node_ports(self._node))
        renewed = dict.fromkeys(change.service for change in changes)
        if full and now != self._style:
            renewed.update(dict.fromkeys(self._states))
        written = [each for key in renewed for each in self._write(key, now)]
        if full:
            self._style = now
            return self._chains
        self._style = now if now == self._style else None
        return {chain: text for each in written for chain, text in each.chains.items()}

    def _keep(self, change: Change) -> None:
        self._endpoints += change.after.size - change.before.size
        if change.after.ports:
            self._states[change.service] = change.after
        else:
            self._states.pop(change.service, None)

    def _write(self, key: Key, style: Style) -> tuple[Block, ...]:
        """Write the rules of one Service anew, a block for each of its ports."""
        state, name = self._states.get(key, NOTHING), "/".join(key)
        blocks = tuple([block(port, choose(port, state.behind(port), self._node), style) for port in state.ports])
        for column, text in zip(self._columns, _captures(blocks), strict=True):
            column.put(name, text)
        for each in self._blocks.pop(key, ()):
            self._old.update(each.chains)
            for chain in each.chains:
                del self._chains[chain]
        for each in blocks:
            self._chains.update(each.chains)
        if blocks:
            self._blocks[key] = blocks
        return blocks

    def _stale(self) -> tuple[str, ...]:
        stale = tuple(sorted(chain for chain in self._old if chain not in self._chains))
        self._old.clear()
        return stale

    # --- the text ------------------------------------------------------------------------------------------------

    def _text(self, chains: Mapping[str, str], deleted: Sequence[str]) -> str:
        tables = {"filter": filter_chains(self._node), "nat": nat_chains(self._node)}
        for (table, chain), column in zip(CAPTURING, self._columns, strict=True):
            tables[table][chain] = column.whole
        tables["nat"].update(chains)
        tables["nat"].update(dict.fromkeys(deleted, ""))
        deletions = [f"-X {chain}\n" for chain in deleted]
        return "".join([*_table("filter", tables["filter"]), "COMMIT\n", *_table("nat", tables["nat"]), *deletions, "COMMIT\n"])


def _captures(blocks: tuple[Block, ...]) -> Sequence[str]:
    """A Service's rules in each of the CAPTURING chains, port after port."""
    if len(blocks) == 1:
        return blocks[0].captures
    return ["".join(each.captures[number] for each in blocks) for number in range(len(CAPTURING))]


def _table(name: str, chains: Mapping[str, str]) -> list[str]:
    """One table: its chains, those with all Services' node ports and addresses first and the others by name; their rules.

    In pieces, so that megabytes are copied once.
    """
    names = [*FIRST, *sorted([chain for chain in chains if chain not in FIRST])]
    return [f"*{name}\n:", " - [0:0]\n:".join(names), " - [0:0]\n", *[chains[chain] for chain in names]]
