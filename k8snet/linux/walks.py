"""A packet's walk through the rules of one kernel, told again from the record: which chains, which rules, in which order.

The record has the rules that matched, each table's last word, and what the table was asked about (`steps.Asked`, with the
rules of that time). A rule that was tried and is not among those that matched did not match, whatever chance or memory it
asked; so nothing is asked anew here, and no die is cast twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.linux.netfilter import Rule
from k8snet.linux.steps import Asked, Judged, Marked, Matched, Rewritten
from k8snet.linux.targets import Accept, Drop, Jump, Nat, Reject, Return
from k8snet.linux.trace import Hop

DECIDING = (Accept, Drop, Reject, Nat)
"""The targets behind which no rule of the table is asked."""


class Visit:
    """A packet's time in one chain, from its first rule on until it left. ``rules`` are the chain's rules of that time.

    ``tried`` of them were asked, and ``matched`` has the numbers (from 1) of those that matched. ``jumps`` has the visits that
    began at a jump from here, by the number of the rule; ``caller`` is the visit to which its end leads back, if any.
    """

    def __init__(self, chain: str, rules: Sequence[Rule], caller: Visit | None = None, *, depth: int = 0) -> None:
        self.chain = chain
        self.rules = rules
        self.caller = caller
        self.depth = depth
        self.tried = 0
        self.ended = False
        """Whether the packet came to the chain's end: all rules were tried, and none led elsewhere for good."""
        self.matched: list[int] = []
        self.jumps: dict[int, Visit] = {}
        self.marks: dict[int, Marked] = {}
        """What rules wrote into the packet's mark, by their numbers."""

    def __repr__(self) -> str:
        return f"<Visit {self.chain}: {self.tried} of {len(self.rules)} rules tried>"


class Walk:
    """What one table said at one hook. ``visits`` are in the order in which they began; the first is the built-in chain's.

    ``rewritten`` is what NAT then did to the packet, if it did something.
    """

    def __init__(self, judged: Judged, asked: Asked, matched: Sequence[Matched | Marked]) -> None:
        self.judged = judged
        self.asked = asked
        self.rewritten: Rewritten | None = None
        self.visits = [Visit(judged.chain, self.rules(judged.chain))]
        self._follow(matched)

    def rules(self, chain: str) -> Sequence[Rule]:
        """The rules of any chain of the table, as they were."""
        return self.asked.rules.chains[chain].rules

    def _follow(self, matched: Sequence[Matched | Marked]) -> None:
        """Go from match to match. Between two of them all rules were tried, and chains may have come to their ends."""
        here: Visit | None = self.visits[0]
        latest = self.visits[0]
        for step in matched:
            if isinstance(step, Marked):
                latest.marks[latest.tried] = step
                continue
            latest = _back_to(step.chain, here)
            latest.tried = step.number
            latest.matched.append(step.number)
            here = self._behind(latest, latest.rules[step.number - 1], step.number)
        if not latest.matched or not isinstance(latest.rules[latest.tried - 1].target, DECIDING):
            _end(here)

    def _behind(self, here: Visit, rule: Rule, number: int) -> Visit | None:
        """Where the packet is when a rule's target has acted."""
        if isinstance(rule.target, Jump):
            caller = here.caller if rule.target.goto else here
            visit = Visit(rule.target.chain, self.rules(rule.target.chain), caller, depth=here.depth + 1)
            here.jumps[number] = visit
            self.visits.append(visit)
            return visit
        return here.caller if isinstance(rule.target, Return) else here

    def __repr__(self) -> str:
        return f"<Walk {self.judged.table} {self.judged.hook}: {self.judged.verdict} after {self.judged.tried} rules>"


def _back_to(chain: str, here: Visit | None) -> Visit:
    """The visit of that chain to which the ends of others led."""
    while here is not None and here.chain != chain:
        here.tried, here.ended = len(here.rules), True
        here = here.caller
    assert here is not None, f"no way leads to {chain}"
    return here


def _end(here: Visit | None) -> None:
    """No rule decided: each chain on the way came to its end, and the policy has the word."""
    while here is not None:
        here.tried, here.ended = len(here.rules), True
        here = here.caller


def walks(hop: Hop) -> Iterator[Walk]:
    """All walks of a packet's stay in one kernel, in order.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> for line in ("ip link set lo up", "iptables -A INPUT -p tcp -j DROP", "iptables -A INPUT -i lo -j ACCEPT"):
    ...     _ = w.sh(line)
    >>> [walk] = [walk for hop in w.ping("root", "127.0.0.1").hops for walk in walks(hop)]
    >>> walk, walk.visits[0].matched
    (<Walk filter INPUT: ACCEPT after 2 rules>, [2])
    """
    asked = iter(hop.asked)
    matched: list[Matched | Marked] = []
    walk: Walk | None = None
    for step in hop.steps:
        if isinstance(step, Matched | Marked):
            matched.append(step)
        elif isinstance(step, Judged):
            if walk is not None:
                yield walk
            walk, matched = Walk(step, next(asked), matched), []
        elif isinstance(step, Rewritten) and walk is not None and (walk.judged.table, walk.judged.hook) == ("nat", step.hook):
            walk.rewritten = step
    if walk is not None:
        yield walk
