"""The chains of one Service in a kernel, read from its rules: what leads in, and with which chance each endpoint is chosen.

A Service is known by the comments that kube-proxy writes, or by its address. What stands here is read from live rules; of
API objects nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact
from k8snet.linux.matches import Comment, Destination, Random, Recent, Transport
from k8snet.linux.netfilter import Netfilter, Rule
from k8snet.linux.targets import Dnat, Drop, Jump, Reject

PORTALS = ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES")
"""The chains in which kube-proxy catches what is for a Service."""
SIMPLEST = 1000
"""A share is told as a fraction whose denominator is at most this: the kernel's probabilities are rounded to 31 bits."""


class Entry(Fact, frozen=True):
    """A rule that catches packets for the Service: where it stands, for what, and where it leads: a chain, or a no."""

    table: str
    chain: str
    number: int
    what: str
    target: str

    @property
    def ends(self) -> bool:
        """Whether it says no by itself."""
        return self.table == "filter"


class Chance(Fact, frozen=True):
    """A rule that leads to an endpoint: by what ``probability`` (None: always), and what ``share`` of new connections that is.

    ``remembered`` is after how many seconds a client is forgotten, where an earlier rule sends clients back to where they were.
    """

    number: int
    probability: float | None
    share: Fraction
    chain: str
    address: str
    remembered: int | None = None


class Chains(Fact, frozen=True):
    """All of it: ``between`` are the chains on the way to those in which an endpoint is chosen, with where they lead."""

    name: str
    entries: tuple[Entry, ...]
    between: tuple[tuple[str, tuple[str, ...]], ...]
    choices: tuple[tuple[str, tuple[Chance, ...]], ...]


def read_chains(netfilter: Netfilter, service: str) -> Chains:
    """The chains of a Service: ``web``, ``default/web``, ``default/web:http``, or an address. ValueError if no rule is for it."""
    entries = tuple(_entries(netfilter, service))
    if not entries:
        there = ", ".join(dict.fromkeys(name for _, _, _, rule in _portals(netfilter) if (name := _name(rule)))) or "none"
        raise ValueError(f"no rule here is for the Service {service!r}; there are rules for: {there}")
    nat = netfilter.tables["nat"].chains if "nat" in netfilter.tables else {}
    between: dict[str, tuple[str, ...]] = {}
    choices: dict[str, tuple[Chance, ...]] = {}
    waiting = [entry.target for entry in entries if not entry.ends]
    while waiting:
        chain = waiting.pop(0)
        if chain in between or chain in choices:
            continue
        rules = nat[chain].rules
        chances = tuple(_chances(rules, {name: each.rules for name, each in nat.items()}))
        if chances:
            choices[chain] = chances
        else:
            between[chain] = tuple(dict.fromkeys(target for rule in rules if (target := _leads(rule)) and target != MARK))
            waiting += between[chain]
    name = next((name for *_, rule in _found(netfilter, service) if (name := _name(rule))), service)
    return Chains(name, entries, tuple(between.items()), tuple(choices.items()))


MARK = "KUBE-MARK-MASQ"

Portal = tuple[str, str, int, Rule]


def _portals(netfilter: Netfilter) -> Iterator[Portal]:
    """The rules that catch: table, chain, number."""
    for table in ("nat", "filter"):
        chains = netfilter.tables[table].chains if table in netfilter.tables else {}
        for chain in PORTALS:
            for number, rule in enumerate(chains[chain].rules if chain in chains else (), 1):
                yield table, chain, number, rule


def _found(netfilter: Netfilter, service: str) -> Iterator[Portal]:
    return (portal for portal in _portals(netfilter) if _is_for(portal[3], service))


def _entries(netfilter: Netfilter, service: str) -> Iterator[Entry]:
    for table, chain, number, rule in _found(netfilter, service):
        if isinstance(rule.target, Jump):
            yield Entry(table, chain, number, _what(rule), rule.target.chain)
        elif isinstance(rule.target, Reject | Drop):
            yield Entry(table, chain, number, _what(rule), rule.target.word)


def _is_for(rule: Rule, service: str) -> bool:
    name = _name(rule)
    address = next((Ip(match.ip) for match in rule.matches if isinstance(match, Destination)), None)
    wanted = service if "/" in service else f"default/{service}"
    return bool(name) and (name == wanted or name.partition(":")[0] == wanted or str(address) == service)


def _comment(rule: Rule) -> str:
    return next((match.text for match in rule.matches if isinstance(match, Comment)), "")


def _name(rule: Rule) -> str:
    """A service port's name: the first word of what kube-proxy has written beside the rule."""
    first = _comment(rule).partition(" ")[0]
    return first if "/" in first else ""


def _what(rule: Rule) -> str:
    """What is caught: address, port and protocol, and how kube-proxy calls it."""
    address = next((str(Ip(match.ip)) for match in rule.matches if isinstance(match, Destination)), "")
    port = next((f":{match.dports[0]}/{match.proto}" for match in rule.matches if isinstance(match, Transport)), "")
    kind = _comment(rule).partition(" ")[2]
    return f"{address or 'any address'}{port}" + f" ({kind})" * bool(kind)


def _leads(rule: Rule) -> str:
    return rule.target.chain if isinstance(rule.target, Jump) else ""


def _chances(rules: list[Rule], all_rules: dict[str, list[Rule]]) -> Iterator[Chance]:
    """The rules of a chain that lead to an endpoint: one after the other, each has a part of what the earlier ones left."""
    left = Fraction(1)
    remembered: dict[str, int] = {}
    for number, rule in enumerate(rules, 1):
        chain = _leads(rule)
        address = _translation(all_rules[chain]) if chain else ""
        if not address:
            continue
        recent = next((match for match in rule.matches if isinstance(match, Recent)), None)
        if recent is not None:
            remembered[chain] = recent.seconds
            continue
        dice = next((match for match in rule.matches if isinstance(match, Random)), None)
        part = Fraction(dice.probability, 1 << 31) if dice else Fraction(1)
        share = (left * part).limit_denominator(SIMPLEST)
        yield Chance(number, float(part) if dice else None, share, chain, address, remembered.get(chain))
        left *= 1 - part


def _translation(rules: list[Rule]) -> str:
    """Where a chain translates to; empty if it does not."""
    found = next((rule.target.allowed for rule in rules if isinstance(rule.target, Dnat)), None)
    return "" if found is None else f"{found.min_ip}" + (f":{found.min_port}" if found.min_port else "")
