"""``iptables -L`` and ``iptables -S``: rules for people.

The columns are those of iptables/xshared.c (print_header, print_rule_details) and libxtables (xtables_print_num).
"""

from __future__ import annotations

from collections import Counter as CountOf
from collections.abc import Iterator
from typing import NamedTuple

from k8snet.linux.iptables.commands import Command
from k8snet.linux.iptables.names import PROTOCOLS
from k8snet.linux.iptables.rule import extension, network_text
from k8snet.linux.iptables.saved import chains_in_order, table_or_new
from k8snet.linux.iptables.target_words import extension_of
from k8snet.linux.matches import Counter, Destination, Fragment, InDevice, Match, OutDevice, Protocol, Source
from k8snet.linux.netfilter import Chain, Netfilter, Rule
from k8snet.linux.targets import Jump, Target

HEADER = (Source, Destination, InDevice, OutDevice, Protocol, Fragment)
"""Matches that have a column of their own."""
ADDRESS_NAMES = {"0.0.0.0": "default", "127.0.0.1": "localhost", "127.0.0.0": "loopback"}
"""What Debian's /etc/hosts and /etc/networks say; ``-n`` asks neither."""


class Style(NamedTuple):
    """How ``-L`` was asked to print: ``-n``, ``-v``, ``-x``, ``--line-numbers``."""

    numeric: bool
    verbose: bool
    exact: bool
    numbered: bool


def rules_text(netfilter: Netfilter, command: Command) -> str:
    """``iptables -S``: the rules as commands; with ``-v`` their counters among them."""
    chains = _meant(netfilter, command)
    verbose = "v" in command.flags
    lines = [_declaration(netfilter, command.table, chain, verbose) for chain in chains] if command.number is None else []
    for chain in chains:
        for _, rule, counter in _numbered(netfilter, chain, command):
            counts = f"-c {counter.packets} {counter.bytes}" if verbose else ""
            lines.append(" ".join(filter(None, ("-A", chain.name, counts, rule.text))))
    return "".join(f"{line}\n" for line in lines)


def _meant(netfilter: Netfilter, command: Command) -> list[Chain]:
    chains = chains_in_order(table_or_new(netfilter, command.table))
    return [chain for chain in chains if command.chain in ("", chain.name)]


def _numbered(netfilter: Netfilter, chain: Chain, command: Command) -> Iterator[tuple[int, Rule, Counter]]:
    """The chain's rules, or the one that the command names, with their numbers and counters."""
    counted = netfilter.counted(command.table, chain.name).by_position
    for number, rule in enumerate(chain.rules, start=1):
        if command.number in (None, number):
            yield number, rule, counted.get(number - 1) or Counter()


def _declaration(netfilter: Netfilter, table: str, chain: Chain, verbose: bool) -> str:
    if not chain.policy:
        return f"-N {chain.name}"
    counter = netfilter.counted(table, chain.name).policy or Counter()
    return f"-P {chain.name} {chain.policy}" + (f" -c {counter.packets} {counter.bytes}" if verbose else "")


def table_text(netfilter: Netfilter, command: Command) -> str:
    """``iptables -L``: the rules as a table."""
    style = Style(*(letter in command.flags for letter in "nvx0"))
    table = table_or_new(netfilter, command.table)
    jumps = (rule.target for chain in table.chains.values() for rule in chain.rules if isinstance(rule.target, Jump))
    led_to = CountOf(jump.chain for jump in jumps)
    blocks = []
    for chain in _meant(netfilter, command):
        counter = netfilter.counted(command.table, chain.name).policy or Counter()
        lines = [] if command.number else [_title(chain, counter, led_to[chain.name], style), _columns(style)]
        lines += [_line(*entry, style) for entry in _numbered(netfilter, chain, command)]
        blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks)


def _title(chain: Chain, counter: Counter, references: int, style: Style) -> str:
    if not chain.policy:
        return f"Chain {chain.name} ({references} references)"
    counts = f" {_short(counter.packets, style)} packets, {_short(counter.bytes, style)} bytes" if style.verbose else ""
    return f"Chain {chain.name} (policy {chain.policy}{counts})"


def _columns(style: Style) -> str:
    number = f"{'num':<4} " if style.numbered else ""
    counts = f"{'pkts':>8} {'bytes':>10} " if style.exact else f"{'pkts':>5} {'bytes':>5} "
    devices = f"{'in':<6} {'out':<6}  "
    columns = f"{'target':<9}  {'prot':<4} opt {devices if style.verbose else ''}{'source':<19}  {'destination':<19} "
    return number + (counts if style.verbose else "") + columns


def _line(number: int, rule: Rule, counter: Counter, style: Style) -> str:
    header = {type(match): match for match in rule.matches if isinstance(match, HEADER)}
    width = 8 if style.exact else 5
    line = f"{number:<4} " if style.numbered else ""
    if style.verbose:
        line += f"{_short(counter.packets, style):>{width}} {_short(counter.bytes, style):>{width}} "
    line += f"{rule.word:<9} {_protocol(header.get(Protocol), style)} {_fragment(header.get(Fragment))} "
    if style.verbose:
        line += f" {_device(header.get(InDevice), style):<6} {_device(header.get(OutDevice), style):<6} "
    line += f"{_address(header.get(Source), style)} {_address(header.get(Destination), style)} "
    line += "[goto] " if isinstance(rule.target, Jump) and rule.target.goto else ""
    shown = [extension(match).show(match, style.numeric) for match in rule.matches if not isinstance(match, HEADER)]
    return line + "".join(f" {words}" for words in (*shown, *_target(rule.target, style)) if words)


def _target(target: Target | None, style: Style) -> list[str]:
    known = extension_of(target) if target is not None else None
    return [known.show(target, style.numeric)] if known else []


def _protocol(match: Match | None, style: Style) -> str:
    if not isinstance(match, Protocol):
        return f" {'0' if style.numeric else 'all':<4}"
    name = str(PROTOCOLS.get(match.name, match.name)) if style.numeric else match.name
    return f"{'!' if match.inverted else ' '}{name:<4}"


def _fragment(match: Match | None) -> str:
    return "--" if not isinstance(match, Fragment) else "!f" if match.inverted else "-f"


def _device(match: Match | None, style: Style) -> str:
    if not isinstance(match, InDevice | OutDevice):
        return "*" if style.numeric else "any"
    return f"!{match.name}" if match.inverted else match.name


def _address(match: Match | None, style: Style) -> str:
    if not isinstance(match, Source | Destination):
        return f" {'0.0.0.0/0' if style.numeric else 'anywhere':<19}"
    text = network_text(match.ip, match.mask).removesuffix("/32")
    if not style.numeric:
        host, slash, mask = text.partition("/")
        text = ADDRESS_NAMES.get(host, host) + slash + mask
    return f"{'!' if match.inverted else ' '}{text:<19}"


def _short(number: int, style: Style) -> str:
    """A count in at most five characters, in thousands (K), millions (M) … where it is longer, unless ``-x``."""
    if style.exact or number <= 99999:
        return str(number)
    for unit in "KMGT":
        number = (number + 500) // 1000
        if number <= 9999 or unit == "T":
            return f"{number}{unit}"
    raise AssertionError
