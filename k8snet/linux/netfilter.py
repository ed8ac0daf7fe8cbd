"""netfilter: tables of chains of rules, and the walk of a packet through them.

HOOKS is the table of order: which stations a packet meets at each of the five hooks. What a rule asks is in
matches.py, what it does in targets.py, how it is written in iptables/. Sources: the kernel's
include/uapi/linux/netfilter_ipv4.h (priorities), net/netfilter/nf_tables_core.c (the walk), and measured order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

from k8snet.linux.chainindex import SMALL, ChainIndex
from k8snet.linux.fact import Fact
from k8snet.linux.matches import Counter, Match, Protocol, Recent
from k8snet.linux.packet import Packet, Skb
from k8snet.linux.recent import Lists
from k8snet.linux.steps import Judged, Matched
from k8snet.linux.targets import Jump, Reject, Return, Target

HOOKS: dict[str, tuple[str, ...]] = {
    "PREROUTING": ("raw", "conntrack", "mangle", "nat"),
    "INPUT": ("mangle", "filter", "nat", "confirm"),
    "FORWARD": ("mangle", "filter"),
    "OUTPUT": ("raw", "conntrack", "mangle", "nat", "filter"),
    "POSTROUTING": ("mangle", "nat", "confirm"),
}
"""Each hook's stations, in the kernel's order: tables, and conntrack's two (it looks; it enters new connections)."""

TABLES = ("mangle", "raw", "filter", "nat")
"""The tables, in the order in which iptables-save lists them."""
BUILT_IN = {table: tuple(hook for hook, stations in HOOKS.items() if table in stations) for table in TABLES}
"""The chains that each table has from the beginning: one for each hook that has the table as a station."""


class Rule(Fact, frozen=True):
    """All ``matches`` must hold, then the ``target`` acts; None only counts. ``text`` is the rule in iptables' words.

    A rule does not know its chain, and many nodes may share it: what it counts is in the chain.
    """

    matches: tuple[Match, ...]
    target: Target | None
    text: str

    @property
    def word(self) -> str:
        """What follows ``-j`` or ``-g``: the target's name, or the chain's; empty if the rule only counts."""
        return self.target.chain if isinstance(self.target, Jump) else self.target.word if self.target else ""

    def holds(self, skb: Skb, counter: Counter) -> bool:
        """Whether all that it asks is true of the packet; the first no ends the asking."""
        for match in self.matches:  # noqa: SIM110 - on every packet's way; all() would make a generator each time
            if not match.holds(skb, counter):
                return False
        return True

    @property
    def proto(self) -> str:
        """The protocol that it asks for; with a ``!`` if it asks for all others; "" if it does not ask."""
        asked = next((match for match in self.matches if isinstance(match, Protocol)), None)
        return "" if asked is None else f"!{asked.name}" if asked.inverted else asked.name

    def fits(self, table: str, hook: str) -> bool:
        """Whether the kernel accepts it in a table, and in a chain that a hook can reach (``""``: nothing reaches it)."""
        proto = self.proto
        parts = (*self.matches, *((self.target,) if self.target else ()))
        return all(part.fits(table, hook, proto) for part in parts)

    def line(self, chain: str) -> str:
        """The rule as ``iptables -S`` prints it."""
        return f"-A {chain} {self.text}" if self.text else f"-A {chain}"

    @property
    def needs_conntrack(self) -> bool:
        """Whether this rule wakes connection tracking."""
        return any(match.needs_conntrack for match in self.matches) or (
            self.target is not None and self.target.needs_conntrack
        )


class Chain:
    """Rules in order, each with its counter in ``counters``. A built-in chain has a ``policy``, others have None."""

    __slots__ = ("_index", "counter", "counters", "name", "policy", "rules")

    def __init__(self, name: str, policy: str | None = None) -> None:
        self.name = name
        self.policy = policy
        self.counter: Counter | None = None
        """What the policy decided about; the kernel counts that only once someone has set it (iptables-restore -c)."""
        self.rules: list[Rule] = []
        self.counters: list[Counter] = []
        self._index: ChainIndex | None = None

    def insert(self, index: int, rule: Rule, counter: Counter | None = None) -> None:
        """Put a rule before the one at ``index`` (from 0)."""
        self.rules.insert(index, rule)
        self.counters.insert(index, counter or Counter())
        self._index = None

    def delete(self, index: int) -> None:
        """Remove the rule at ``index`` (from 0)."""
        del self.rules[index], self.counters[index]
        self._index = None

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()
        self.counters.clear()
        self._index = None

    def candidates(self, packet: Packet) -> Sequence[int]:
        """The positions (from 0, in order) of the rules that need to be asked about a packet; no other can match it."""
        if len(self.rules) <= SMALL:
            return range(len(self.rules))
        if self._index is None:
            self._index = ChainIndex(self.rules)
        return self._index.candidates(packet)

    def copy(self) -> Chain:
        """The same chain with lists of its own; a transaction works on it, and it counts on where this one stopped."""
        chain = Chain(self.name, self.policy)
        chain.counter, chain.rules, chain.counters = self.counter, list(self.rules), list(self.counters)
        chain._index = self._index
        return chain

    def __deepcopy__(self, memo: dict[int, Any]) -> Chain:
        """For a fork: rules are facts and stay shared, counters go on by themselves."""
        chain = self.copy()
        chain.counter, chain.counters = copy(self.counter), [copy(counter) for counter in self.counters]
        return chain

    def __repr__(self) -> str:
        return f"<Chain {self.name}: {len(self.rules)} rules>"


class Table:
    """Chains by name."""

    __slots__ = ("chains", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.chains: dict[str, Chain] = {}

    def __repr__(self) -> str:
        return f"<Table {self.name}: {', '.join(self.chains)}>"


class Netfilter:
    """The rules of one network namespace; a table that nobody has touched is not there.

    ``uses_conntrack`` is true as soon as one rule needs connection tracking. The kernel's nat tables sleep, and no
    connection is tracked, until then.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.recent = Lists()
        self.uses_conntrack = False
        self.translates = False
        """Whether NAT is at work: connections are tracked, and a hook calls a chain of the nat table.

        iptables gives the kernel a built-in chain when it is first written to, not before.
        """

    def commit(self, tables: dict[str, Table]) -> None:
        """Put other tables in force, all at once."""
        self.tables = tables
        self.uses_conntrack = any(rule.needs_conntrack for rule in self.rules())
        nat = [chain for chain in tables["nat"].chains.values() if chain.policy] if "nat" in tables else []
        self.translates = self.uses_conntrack and any(chain.rules or chain.policy == "DROP" for chain in nat)
        self.recent.keep(dict.fromkeys(each.name for rule in self.rules() for each in rule.matches if isinstance(each, Recent)))

    def rules(self) -> Iterator[Rule]:
        """All rules of all tables."""
        return (rule for table in self.tables.values() for chain in table.chains.values() for rule in chain.rules)

    def __repr__(self) -> str:
        return f"<Netfilter: {', '.join(self.tables) or 'empty'}>"


class Verdict(Fact, frozen=True):
    """A table's last word: ``word`` is ACCEPT, DROP or REJECT (with the ``answer`` to send); ``rule`` what decided it."""

    word: str
    rule: str = ""
    answer: str = ""


NOTHING_TO_SAY = Verdict("ACCEPT")


def walk(netfilter: Netfilter, table_name: str, hook: str, skb: Skb) -> Verdict:
    """Ask the rules of one table at one hook, from the built-in chain's first rule on, until one decides.

    Each rule that matches becomes a step of the packet's hop, and the table's last word one more, unless there was
    nothing to ask. A RETURN, or a chain's end, goes back to the rule behind the jump, and at last to the policy.
    """
    table = netfilter.tables.get(table_name)
    base = table.chains.get(hook) if table else None
    if table is None or base is None:
        return NOTHING_TO_SAY
    verdict, tried = _ask(table, base, skb)
    if verdict is None:
        if base.counter is not None:
            base.counter.count(skb)
        verdict = Verdict(base.policy or "ACCEPT", f"-P {hook} {base.policy}")
    if tried or verdict.word != "ACCEPT":
        skb.hop.add(Judged(hook, table_name, base.name, verdict.word, tried))
    return verdict


def _ask(table: Table, base: Chain, skb: Skb) -> tuple[Verdict | None, int]:
    """The verdict of the first rule that has one (None: no rule had), and how many rules the kernel would have asked.

    Only those that could match are asked; the others are counted (chainindex.py): ``counted`` is how many of the present
    chain's rules are in ``tried``. ``callers`` are the chains to go back to, each with what is left of it.
    """
    chain, counted, tried = base, 0, 0
    positions = iter(base.candidates(skb.packet))
    callers: list[tuple[Chain, Iterator[int], int]] = []
    while True:
        index = next(positions, None)
        if index is None:
            tried += len(chain.rules) - counted
            if not callers:
                return None, tried
            chain, positions, counted = callers.pop()
            continue
        tried += index + 1 - counted
        counted = index + 1
        rule, counter = chain.rules[index], chain.counters[index]
        if not rule.holds(skb, counter):
            continue
        counter.count(skb)
        text = rule.line(chain.name)
        skb.hop.add(Matched(base.name, table.name, chain.name, counted, text, rule.word))
        target = rule.target
        if isinstance(target, Jump):
            if not target.goto:
                callers.append((chain, positions, counted))
            chain, counted = table.chains[target.chain], 0
            positions = iter(chain.candidates(skb.packet))
        elif isinstance(target, Return):
            positions, counted = iter(()), len(chain.rules)
        elif target is not None:
            word = target.act(skb, base.name)
            if word:
                answer = target.answer if isinstance(target, Reject) else ""
                return Verdict(word, text, answer), tried
