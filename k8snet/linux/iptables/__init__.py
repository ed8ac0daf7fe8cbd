"""iptables: the text of rules. The only place that knows a flag.

    names ─► options ─► port_words, match_words, target_words ─► rule ─► commands ─► changes ─► saved ─► listing
                                                                           commands ─► reading ─► restore, understood

A rule is read into facts (linux/matches.py, targets.py) and written back as the kernel lists it; the tools in
linux/tools/iptables.py only print. Judge: iptables 1.8.9 (nf_tables), in tests/twin/test_iptables_text.py.
"""

from __future__ import annotations

from k8snet.linux.iptables.commands import read as parse_command
from k8snet.linux.iptables.restore import restore
from k8snet.linux.iptables.saved import save
from k8snet.linux.iptables.understood import understood
from k8snet.linux.netfilter import Rule

__all__ = ["parse_command", "parse_rule", "restore", "save", "understood"]


def parse_rule(words: list[str], table: str = "filter") -> tuple[Rule, ...]:
    """The rules that a rule specification makes: one, or one for each pair of addresses where it lists several.

    >>> [rule.text for rule in parse_rule(["-p", "tcp", "-s", "10.0.0.1,10.0.0.2", "--dport", "80", "-j", "DROP"])]
    ['-s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DROP', '-s 10.0.0.2/32 -p tcp -m tcp --dport 80 -j DROP']
    """
    return parse_command(["-A", "any", *words], table).rules
