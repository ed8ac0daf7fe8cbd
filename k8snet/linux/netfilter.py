"""netfilter: tables of chains of rules, and the walk of a packet through them.

HOOKS is the table of order: which stations a packet meets at each of the five hooks. What a rule asks is in
matches.py, what it does in targets.py, how it is written in iptables/. Sources: the kernel's
include/uapi/linux/netfilter_ipv4.h (priorities), net/netfilter/nf_tables_core.c (the walk), and measured order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from typing import Any

from k8snet.linux.chainindex import SMALL, ChainIndex
from k8snet.linux.fact import Fact
from k8snet.linux.matches import Counter, Match, Protocol, Recent
from k8snet.linux.packet import Packet, Skb
from k8snet.linux.recent import Lists
from k8snet.linux.steps import Asked, Judged, Matched
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


class Counts:
    """What the rules of one chain have counted in one network namespace, by their position; ``policy`` if it counts.

    The kernel counts what a policy decides only once someone has set that counter (iptables-restore -c).
    """

    __slots__ = ("by_position", "policy")

    def __init__(self) -> None:
        self.by_position: dict[int, Counter] = {}
        self.policy: Counter | None = None

    def of(self, position: int) -> Counter:
        """The counter of the rule at a position (from 0)."""
        counter = self.by_position.get(position)
        if counter is None:
            counter = self.by_position[position] = Counter()
        return counter

    def make_room(self, position: int) -> None:
        """A rule came in: those behind it move on."""
        self.by_position = {old + (old >= position): counter for old, counter in self.by_position.items()}

    def close_up(self, position: int) -> None:
        """A rule is gone, and what it counted; those behind it move up."""
        kept = {old: counter for old, counter in self.by_position.items() if old != position}
        self.by_position = {old - (old > position): counter for old, counter in kept.items()}

    def copy(self) -> Counts:
        """For a transaction: what stays counts on where it stopped."""
        counts = Counts()
        counts.policy, counts.by_position = self.policy, dict(self.by_position)
        return counts

    def __deepcopy__(self, memo: dict[int, Any]) -> Counts:
        """For a fork: each counter goes on by itself."""
        counts = Counts()
        counts.policy = copy(self.policy)
        counts.by_position = {position: copy(counter) for position, counter in self.by_position.items()}
        return counts


NOTHING_COUNTED = Counts()


class Summary(Fact, frozen=True):
    """What is so of a chain's rules as long as nobody changes them.

    ``targets`` are the chains to which they lead, ``hooks`` those where all of them fit, ``lists`` the names of ``-m recent``.
    """

    targets: tuple[str, ...]
    hooks: tuple[str, ...]
    lists: tuple[str, ...]
    needs_conntrack: bool


class Chain:
    """Rules in order. A built-in chain has a ``policy``, others have None.

    It changes only before it is put in force (a transaction works on copies), so namespaces and forks may share it. What
    its rules count is each namespace's own (`Netfilter.counts`).
    """

    __slots__ = ("_index", "_summary", "name", "policy", "rules")

    def __init__(self, name: str, policy: str | None = None) -> None:
        self.name = name
        self.policy = policy
        self.rules: list[Rule] = []
        self._index: ChainIndex | None = None
        self._summary: Summary | None = None

    def insert(self, index: int, rule: Rule) -> None:
        """Put a rule before the one at ``index`` (from 0)."""
        self.rules.insert(index, rule)
        self._index = self._summary = None

    def delete(self, index: int) -> None:
        """Remove the rule at ``index`` (from 0)."""
        del self.rules[index]
        self._index = self._summary = None

    def replace(self, index: int, rule: Rule) -> None:
        """Put a rule where another one was."""
        self.rules[index] = rule
        self._index = self._summary = None

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()
        self._index = self._summary = None

    def candidates(self, packet: Packet) -> Sequence[int]:
        """The positions (from 0, in order) of the rules that need to be asked about a packet; no other can match it."""
        if len(self.rules) <= SMALL:
            return range(len(self.rules))
        if self._index is None:
            self._index = ChainIndex(self.rules)
        return self._index.candidates(packet)

    def summary(self, table: str) -> Summary:
        """What a table has to know of the chain without asking each of its rules again."""
        if self._summary is None:
            self._summary = _summary(self.rules, table)
        return self._summary

    def copy(self) -> Chain:
        """The same chain with a list of its own, to be changed."""
        chain = Chain(self.name, self.policy)
        chain.rules, chain._index, chain._summary = list(self.rules), self._index, self._summary
        return chain

    def __repr__(self) -> str:
        return f"<Chain {self.name}: {len(self.rules)} rules>"


def _summary(rules: Sequence[Rule], table: str) -> Summary:
    return Summary(
        tuple(dict.fromkeys(rule.target.chain for rule in rules if isinstance(rule.target, Jump))),
        tuple(hook for hook in BUILT_IN[table] if all(rule.fits(table, hook) for rule in rules)),
        tuple(dict.fromkeys(match.name for rule in rules for match in rule.matches if isinstance(match, Recent))),
        any(rule.needs_conntrack for rule in rules),
    )


class Sealed:
    """Chains that were made together, lead to one another only, and may be in many tables at once.

    ``proven`` has, by hook, at which depth of jumps each was found to lead nowhere it must not.
    """

    def __init__(self, chains: dict[str, Chain]) -> None:
        self.chains = chains
        self.proven: dict[str, dict[str, int]] = {}


class Table:
    """Chains by name; in force it does not change, so forks share it."""

    __slots__ = ("_whole", "chains", "name", "sealed")

    def __init__(self, name: str) -> None:
        self.name = name
        self.chains: dict[str, Chain] = {}
        self.sealed: Sealed | None = None
        """Of its chains, some that are as they were put there."""
        self._whole: tuple[tuple[str, ...], bool] | None = None

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of the lists that its rules name (``-m recent``), in their order."""
        return self._summed_up()[0]

    @property
    def needs_conntrack(self) -> bool:
        """Whether one of its rules wakes connection tracking."""
        return self._summed_up()[1]

    def _summed_up(self) -> tuple[tuple[str, ...], bool]:
        if self._whole is None:
            summaries = [chain.summary(self.name) for chain in self.chains.values()]
            lists = dict.fromkeys(name for each in summaries for name in each.lists)
            self._whole = tuple(lists), any(each.needs_conntrack for each in summaries)
        return self._whole

    def __repr__(self) -> str:
        return f"<Table {self.name}: {', '.join(self.chains)}>"


class Netfilter:
    """The rules of one network namespace; a table that nobody has touched is not there.

    ``uses_conntrack`` is true as soon as one rule needs connection tracking. The kernel's nat tables sleep, and no
    connection is tracked, until then.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.counts: dict[tuple[str, str], Counts] = {}
        """By table and chain; one that is not here has counted nothing."""
        self.recent = Lists()
        self.uses_conntrack = False
        self.translates = False
        """Whether NAT is at work: connections are tracked, and a hook calls a chain of the nat table.

        iptables gives the kernel a built-in chain when it is first written to, not before.
        """

    def commit(self, tables: dict[str, Table], counts: dict[tuple[str, str], Counts]) -> None:
        """Put other tables in force, all at once."""
        self.tables, self.counts = tables, counts
        self.uses_conntrack = any(table.needs_conntrack for table in tables.values())
        nat = [chain for chain in tables["nat"].chains.values() if chain.policy] if "nat" in tables else []
        self.translates = self.uses_conntrack and any(chain.rules or chain.policy == "DROP" for chain in nat)
        self.recent.keep(dict.fromkeys(name for table in tables.values() for name in table.lists))

    def rules(self) -> Iterator[Rule]:
        """All rules of all tables."""
        return (rule for table in self.tables.values() for chain in table.chains.values() for rule in chain.rules)

    def counted(self, table: str, chain: str) -> Counts:
        """What a chain's rules have counted here, for a look."""
        return self.counts.get((table, chain), NOTHING_COUNTED)

    def counts_of(self, table: str, chain: str) -> Counts:
        """What a chain's rules have counted here, and count on."""
        counts = self.counts.get((table, chain))
        if counts is None:
            counts = self.counts[table, chain] = Counts()
        return counts

    def __deepcopy__(self, memo: dict[int, Any]) -> Netfilter:
        """For a fork: tables stay shared, counters and lists go on by themselves."""
        fork = Netfilter()
        fork.tables, fork.counts, fork.recent = self.tables, deepcopy(self.counts, memo), deepcopy(self.recent, memo)
        fork.uses_conntrack, fork.translates = self.uses_conntrack, self.translates
        return fork

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
    asked = _asked(table, skb) if base.rules else None
    verdict, tried = _ask(netfilter, table, base, skb)
    if verdict is None:
        policy = netfilter.counts_of(table_name, hook).policy
        if policy is not None:
            policy.count(skb)
        verdict = Verdict(base.policy or "ACCEPT", f"-P {hook} {base.policy}")
    if tried or verdict.word != "ACCEPT":
        skb.hop.add(Judged(hook, table_name, base.name, verdict.word, tried))
        skb.hop.asked.append(asked or _asked(table, skb))
    return verdict


def _asked(table: Table, skb: Skb) -> Asked:
    """What the rules can ask about, before any of them changes it."""
    iif, oif, physin, physout = skb.iif, skb.oif, skb.physin, skb.physout
    return Asked(
        table, skb.packet,
        None if iif is None else iif.name, None if oif is None else oif.name,
        None if physin is None else physin.name, None if physout is None else physout.name,
        skb.mark, skb.ctinfo, skb.reply, None if skb.conn is None else tuple(skb.conn.nat),
    )  # fmt: skip


def _ask(netfilter: Netfilter, table: Table, base: Chain, skb: Skb) -> tuple[Verdict | None, int]:
    """The verdict of the first rule that has one (None: no rule had), and how many rules the kernel would have asked.

    Only those that could match are asked; the others are counted (chainindex.py): ``counted`` is how many of the present
    chain's rules are in ``tried``. ``callers`` are the chains to go back to, each with what is left of it.
    """
    chain, counted, tried = base, 0, 0
    positions, counts = iter(base.candidates(skb.packet)), netfilter.counts_of(table.name, base.name)
    callers: list[tuple[Chain, Iterator[int], int]] = []
    while True:
        index = next(positions, None)
        if index is None:
            tried += len(chain.rules) - counted
            if not callers:
                return None, tried
            chain, positions, counted = callers.pop()
            counts = netfilter.counts_of(table.name, chain.name)
            continue
        tried += index + 1 - counted
        counted = index + 1
        rule, counter = chain.rules[index], counts.of(index)
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
            positions, counts = iter(chain.candidates(skb.packet)), netfilter.counts_of(table.name, chain.name)
        elif isinstance(target, Return):
            positions, counted = iter(()), len(chain.rules)
        elif target is not None:
            word = target.act(skb, base.name)
            if word:
                answer = target.answer if isinstance(target, Reject) else ""
                return Verdict(word, text, answer), tried
