"""What commands do to the tables: all of a transaction's commands, or none.

A transaction works on copies of the chains that it touches. iptables itself refuses what it can see (no such chain,
no such rule); the kernel then refuses what cannot work (a loop, a target in the wrong place), and nothing
changes. Sources: iptables/nft.c, and the kernel's nf_tables_api.c, nft_chain_validate().
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from k8snet.errors import NotModelled
from k8snet.linux.fact import changed
from k8snet.linux.iptables.commands import Command
from k8snet.linux.iptables.options import Complaint, NoChain
from k8snet.linux.iptables.rule import make_rule
from k8snet.linux.matches import Counter
from k8snet.linux.netfilter import BUILT_IN, Chain, Counts, Netfilter, Rule, Sealed, Table
from k8snet.linux.targets import Jump

NO_CHAIN = "No chain/target/match by that name."
NO_RULE = "Bad rule (does a matching rule exist in that chain?)."
BUSY = "Device or resource busy"


class Failure(Exception):
    """iptables could not do it: the text of an errno, and the line of the input that asked for it."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class KernelRefusal(Exception):
    """The kernel refused some commands of a transaction, so none of it happened; ``problems``: line and text of each."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__(problems[0][1])
        self.problems = problems


class Transaction:
    """Changes to come: ``apply`` commands to copies, then ``commit`` them, all at once."""

    def __init__(self, netfilter: Netfilter) -> None:
        self._netfilter = netfilter
        self._tables = dict(netfilter.tables)
        self._own_tables: set[str] = set()
        self._counts = dict(netfilter.counts)
        self._own_chains: set[tuple[str, str]] = set()
        self._problems: list[tuple[int, str]] = []
        self._added: list[tuple[Rule, int, str]] = []

    # --- the tables, as they will be --------------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """A table to change: a copy; made with its built-in chains if nobody has touched it yet."""
        if name not in self._own_tables:
            old, new = self._tables.get(name), Table(name)
            new.chains = dict(old.chains) if old else {hook: Chain(hook, "ACCEPT") for hook in BUILT_IN[name]}
            new.sealed = old.sealed if old else None
            self._tables[name] = new
            self._own_tables.add(name)
        return self._tables[name]

    def chain(self, table: str, name: str) -> Chain | None:
        """A chain to change: a copy; None if there is none of this name."""
        chains = self.table(table).chains
        if name in chains and (table, name) not in self._own_chains:
            chains[name] = chains[name].copy()
            self._unseal(table, name)
            self._own_chains.add((table, name))
            if (table, name) in self._counts:
                self._counts[table, name] = self._counts[table, name].copy()
        return chains.get(name)

    def _counts_of(self, table: str, name: str) -> Counts:
        """What a chain that is changed has counted."""
        return self._counts.setdefault((table, name), Counts())

    def flush_table(self, name: str) -> None:
        """Remove a table, with all its chains and policies; it comes back, new, when it is touched again."""
        self._tables.pop(name, None)
        self._own_tables.discard(name)
        self._own_chains = {key for key in self._own_chains if key[0] != name}
        self._counts = {key: counts for key, counts in self._counts.items() if key[0] != name}

    def put(self, table: str, sealed: Sealed, outside: Set[str]) -> None:
        """Take chains of the user's as they are, shared with whoever else has them.

        They may lead to those ``outside`` as well; Complaint if one of these is not there.
        """
        own = self.table(table)
        for name in outside:
            if name not in own.chains:
                raise Complaint(f"Chain '{name}' does not exist")
        own.chains.update(sealed.chains)
        self._counts = {key: counts for key, counts in self._counts.items() if key[0] != table or key[1] not in sealed.chains}
        if own.sealed is not None and not own.sealed.chains.keys().isdisjoint(sealed.chains):
            own.sealed = None
        if not outside and (own.sealed is None or len(own.sealed.chains) < len(sealed.chains)):
            own.sealed = sealed

    def _unseal(self, table: str, name: str) -> None:
        """A chain is about to be another one."""
        own = self._tables[table]
        if own.sealed is not None and name in own.sealed.chains:
            own.sealed = None

    def declare(self, table: str, name: str, policy: str, counters: tuple[int, int] | None, line: int) -> None:
        """``:CHAIN POLICY [PACKETS:BYTES]`` of iptables-save's text: a policy, or an empty chain of the user's."""
        if name not in BUILT_IN[table]:
            self.table(table).chains[name] = Chain(name)
            self._unseal(table, name)
            self._own_chains.add((table, name))
            self._counts.pop((table, name), None)
            return
        if policy not in ("ACCEPT", "DROP", "-"):
            raise Failure("Bad policy name.", line)
        chain = self._existing(table, name, line)
        if policy != "-":
            chain.policy = policy
            self._counts_of(table, name).policy = Counter(*counters) if counters else None

    def _existing(self, table: str, name: str, line: int) -> Chain:
        chain = self.chain(table, name)
        if chain is None:
            raise Failure(NO_CHAIN, line)
        return chain

    # --- commands ---------------------------------------------------------------------------------------------

    def apply(self, command: Command) -> None:
        """Do what a command says, on the copies. Failure or Complaint if iptables refuses."""
        for rule in command.rules:
            if isinstance(rule.target, Jump) and self._chains(command.table).get(rule.target.chain) is None:
                raise Complaint(f"Chain '{rule.target.chain}' does not exist")
        {
            "A": self._append, "I": self._insert, "D": self._delete, "R": self._replace, "C": self._check, "N": self._new,
            "X": self._delete_chains, "F": self._flush, "P": self._set_policy, "E": self._rename, "Z": self._zero,
            "L": self._find, "S": self._find,
        }[command.op](command)  # fmt: skip

    def _chains(self, table: str) -> dict[str, Chain]:
        """The chains as they are, for a look."""
        found = self._tables.get(table)
        return found.chains if found else {hook: Chain(hook, "ACCEPT") for hook in BUILT_IN[table]}

    def _append(self, command: Command) -> None:
        chain = self._existing(command.table, command.chain, command.line)
        for rule in command.rules:
            self._add(command, chain, len(chain.rules), rule, "APPEND")

    def _insert(self, command: Command) -> None:
        chain = self._existing(command.table, command.chain, command.line)
        index = (command.number or 1) - 1
        if index > len(chain.rules):
            raise Failure("Index of insertion too big.", command.line)
        for rule in command.rules:
            self._add(command, chain, index, rule, "INSERT")

    def _replace(self, command: Command) -> None:
        chain = self._existing(command.table, command.chain, command.line)
        index = self._index(command, chain, "replacement")
        self._remove(command, chain, index)
        self._add(command, chain, index, command.rules[0], "REPLACE")

    def _add(self, command: Command, chain: Chain, index: int, rule: Rule, verb: str) -> None:
        problem = self._kernel_problem(command.table, chain, rule)
        if problem is not None:
            self._problems.append((command.line, f"RULE_{verb} failed ({problem}): rule in chain {chain.name}"))
            return
        chain.insert(index, rule)
        counts = self._counts_of(command.table, chain.name)
        counts.make_room(index)
        if command.counters != (0, 0):
            counts.by_position[index] = Counter(*command.counters)
        self._added.append((rule, command.line, f"RULE_{verb} failed ({{}}): rule in chain {chain.name}"))

    def _kernel_problem(self, table: str, chain: Chain, rule: Rule) -> str | None:
        """Why the kernel does not take a rule, whatever leads to its chain."""
        if isinstance(rule.target, Jump) and rule.target.chain in BUILT_IN[table]:
            there = self._chains(table)[rule.target.chain]
            is_made = there is chain or there.rules or there.policy != "ACCEPT"  # iptables makes them one by one, when needed
            return "Operation not supported" if is_made else "No such file or directory"
        return None if rule.fits(table, chain.name if chain.policy else "") else "Invalid argument"

    def _index(self, command: Command, chain: Chain, deed: str) -> int:
        number = command.number or 0
        if number > len(chain.rules):
            raise Failure(f"Index of {deed} too big.", command.line)
        return number - 1

    def _delete(self, command: Command) -> None:
        if command.number:
            chain = self._existing(command.table, command.chain, command.line)
            self._remove(command, chain, self._index(command, chain, "deletion"))
            return
        for rule in command.rules:
            found = self.chain(command.table, command.chain)
            if found is None or rule not in found.rules:
                raise Failure(NO_RULE, command.line)
            self._remove(command, found, found.rules.index(rule))

    def _remove(self, command: Command, chain: Chain, index: int) -> None:
        chain.delete(index)
        self._counts_of(command.table, chain.name).close_up(index)

    def _check(self, command: Command) -> None:
        chain = self._chains(command.table).get(command.chain)
        if chain is None or any(rule not in chain.rules for rule in command.rules):
            raise Failure(NO_RULE, command.line)

    def _new(self, command: Command) -> None:
        if command.chain in self._chains(command.table):
            raise Failure("Chain already exists.", command.line)
        self.declare(command.table, command.chain, "-", None, command.line)

    def _delete_chains(self, command: Command) -> None:
        names = [command.chain] if command.chain else _users_chains(self._chains(command.table))
        for index, name in enumerate(names):
            self._delete_chain(command, name, tried=names[:index])

    def _delete_chain(self, command: Command, name: str, tried: list[str]) -> None:
        """Delete an empty chain to which nothing leads; what chains say that the same -X has ``tried`` does not count."""
        chain = self._existing(command.table, name, command.line)
        if chain.policy not in (None, "ACCEPT") and not chain.rules:
            raise Failure("Directory not empty.", command.line)
        others = (each for other, each in self._chains(command.table).items() if other not in tried)
        if chain.rules or any(name in other.summary(command.table).targets for other in others):
            self._problems.append((command.line, f"CHAIN_DEL failed ({BUSY}): chain {name}"))
        elif chain.policy is None:
            self._unseal(command.table, name)
            del self.table(command.table).chains[name]
            self._counts.pop((command.table, name), None)

    def _flush(self, command: Command) -> None:
        for chain in self._meant(command):
            chain.clear()
            self._counts_of(command.table, chain.name).by_position.clear()

    def _zero(self, command: Command) -> None:
        if command.number is not None:
            self._zero_rule(command, command.number)
            return
        for chain in self._meant(command):
            counts = self._counts_of(command.table, chain.name)
            counts.by_position.clear()
            counts.policy = counts.policy and Counter()

    def _zero_rule(self, command: Command, number: int) -> None:
        """A number beyond the chain's end passes in silence, as in iptables."""
        chain = self.chain(command.table, command.chain) if command.table in self._tables else None
        if chain is None:
            raise Failure(NO_RULE, command.line)
        if number <= len(chain.rules):
            self._counts_of(command.table, command.chain).by_position.pop(number - 1, None)

    def _meant(self, command: Command) -> Iterator[Chain]:
        """The chain that a command names, or all of the table."""
        everything = list(self._tables[command.table].chains) if command.table in self._tables else []
        names = [command.chain] if command.chain else everything
        return (self._existing(command.table, name, command.line) for name in names)

    def _set_policy(self, command: Command) -> None:
        if command.name not in ("ACCEPT", "DROP"):
            raise Failure("Bad policy name. Run `dmesg' for more information.", command.line)
        if command.chain not in BUILT_IN[command.table]:
            raise Failure("Bad built-in chain name.", command.line)
        self._existing(command.table, command.chain, command.line).policy = command.name

    def _rename(self, command: Command) -> None:
        chains = self._chains(command.table)
        if command.chain not in chains:
            raise Failure(NO_CHAIN, command.line)
        if command.name in chains:
            raise Failure("File exists.", command.line)
        if command.chain in BUILT_IN[command.table]:
            raise NotModelled(f"iptables -E {command.chain}", known="renaming a chain of one's own")
        self._existing(command.table, command.chain, command.line).name = command.name
        table = self.table(command.table)
        table.chains = {chain.name: chain for chain in table.chains.values()}
        self._own_chains.add((command.table, command.name))
        self._counts[command.table, command.name] = self._counts.pop((command.table, command.chain), Counts())
        for chain in [*table.chains.values()]:
            if command.chain in chain.summary(table.name).targets:
                self._redirect_jumps(command, self._existing(table.name, chain.name, command.line))

    def _redirect_jumps(self, command: Command, chain: Chain) -> None:
        """A jump follows the chain's new name."""
        for index, rule in enumerate(chain.rules):
            if isinstance(rule.target, Jump) and rule.target.chain == command.chain:
                chain.replace(index, make_rule([*rule.matches], changed(rule.target, chain=command.name)))

    def _find(self, command: Command) -> None:
        if command.chain and command.chain not in self._chains(command.table):
            raise NoChain(f"chain `{command.chain}' in table `{command.table}' is incompatible, use 'nft' tool.")

    # --- the kernel's word ------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Put the changes in force. KernelRefusal if the kernel does not take them; then nothing has changed."""
        for name in self._own_tables & self._tables.keys():
            found = None if _is_sound(self._tables[name]) else _chain_problem(self._tables[name])
            if found is not None:
                self._problems.append(self._culprit(*found))
        if self._problems:
            raise KernelRefusal(self._problems)
        self._netfilter.commit(self._tables, self._counts)

    def _culprit(self, problem: str, way: list[Rule]) -> tuple[int, str]:
        """The rule that brought a problem: of those on the way, the last that was added."""
        line, text = next(
            ((line, text) for rule, line, text in reversed(self._added) if any(rule is each for each in way)),
            (0, "RULE_APPEND failed ({})"),
        )
        return line, text.format(problem)


def _users_chains(chains: dict[str, Chain]) -> list[str]:
    """The chains that are not built in, in the order of their making."""
    return [name for name, chain in chains.items() if chain.policy is None]


DEEPEST_JUMP = 16
"""How many chains may be on the way (the kernel's NFT_JUMP_STACK_SIZE); a loop is longer than that."""


def _is_sound(table: Table) -> bool:
    """Whether no way from a built-in chain is too long, or ends at a rule that its hook must not reach."""
    return not any(_leads_astray(table, base, hook, 0, {}) for hook, base in table.chains.items() if base.policy)


def _leads_astray(table: Table, chain: Chain, hook: str, depth: int, seen: dict[str, int]) -> bool:
    """Whether a chain so many jumps behind a hook leads where it must not; what was found of sealed chains is remembered."""
    if table.sealed is not None and chain.name in table.sealed.chains:
        seen = table.sealed.proven.setdefault(hook, {})
    if depth >= DEEPEST_JUMP or seen.get(chain.name, -1) >= depth:
        return depth >= DEEPEST_JUMP
    summary = chain.summary(table.name)
    if hook not in summary.hooks or any(
        _leads_astray(table, table.chains[name], hook, depth + 1, seen) for name in summary.targets
    ):
        return True
    seen[chain.name] = depth
    return False


def _chain_problem(table: Table) -> tuple[str, list[Rule]] | None:
    """What is wrong with the ways from the built-in chains, and the rules on that way (nft_chain_validate)."""
    for hook, base in table.chains.items():
        found = _way_problem(table, base, hook, [], {}) if base.policy else None
        if found is not None:
            return found
    return None


def _way_problem(
    table: Table, chain: Chain, hook: str, way: list[Rule], seen: dict[str, int]
) -> tuple[str, list[Rule]] | None:
    """A way that is too long, or ends at a rule that this hook must not reach; ``seen``: how deep each chain was met."""
    if len(way) >= DEEPEST_JUMP:
        return "Too many links", way
    if seen.get(chain.name, -1) >= len(way):
        return None
    seen[chain.name] = len(way)
    for rule in chain.rules:
        if not rule.fits(table.name, hook):
            return "Invalid argument", [*way, rule]
        if isinstance(rule.target, Jump):
            found = _way_problem(table, table.chains[rule.target.chain], hook, [*way, rule], seen)
            if found is not None:
                return found
    return None
