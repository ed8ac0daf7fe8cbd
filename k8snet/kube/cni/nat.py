"""How plugins speak to iptables: all in the table nat; a chain is made once, a rule stands in it once.

Source: containernetworking-plugins 1.1.1, pkg/utils/iptables.go, pkg/ip/ipmasq_linux.go; github.com/coreos/go-iptables.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from k8snet.errors import CommandError
from k8snet.kube.cni.spec import CniError
from k8snet.kube.machine import Machine

Rule = tuple[str, ...]
"""The words of a rule."""
MULTICAST = "224.0.0.0/4"
GONE = ("Bad rule (does a matching rule exist in that chain?).", "No chain/target/match by that name.")


def iptables(machine: Machine, *words: str) -> str:
    """Run iptables on the table nat. CommandError if it refuses."""
    return machine.sh(f"iptables -t nat {shlex.join(words)}")


def must(machine: Machine, *words: str) -> str:
    """The same, with its refusal as the plugin hands it on: CniError."""
    try:
        return iptables(machine, *words)
    except CommandError as error:
        raise refusal(words, error) from None


def refusal(words: Iterable[str], error: CommandError) -> CniError:
    """A refused command as the plugins' library words it."""
    line = " ".join(("/usr/sbin/iptables", "-t", "nat", *words, "--wait"))
    return CniError(f"running [{line}]: exit status {error.code}: {error}\n")


def says_gone(error: CommandError) -> bool:
    """Whether iptables says that there is no such rule or chain; a chain that a rule would jump to does not count."""
    return error.code == 1 and any(text in str(error) for text in GONE)


def ensure_chain(machine: Machine, chain: str) -> bool:
    """Make a chain unless it is there. Whether it is new."""
    try:
        iptables(machine, "-N", chain)
    except CommandError as error:
        if error.code == 1:
            return False
        raise refusal(("-N", chain), error) from None
    return True


def has(machine: Machine, chain: str, rule: Rule) -> bool:
    """Whether a chain has a rule."""
    try:
        iptables(machine, "-C", chain, *rule)
    except CommandError as error:
        if error.code == 1:
            return False
        raise refusal(("-C", chain, *rule), error) from None
    return True


def ensure_rule(machine: Machine, chain: str, rule: Rule, *, first: bool = False) -> None:
    """Put a rule at a chain's end, or ``first``, unless it is there."""
    if not has(machine, chain, rule):
        must(machine, *(("-I", chain, "1") if first else ("-A", chain)), *rule)


def forget(machine: Machine, *words: str) -> None:
    """Run a command that removes something; that it is gone already is no error."""
    try:
        iptables(machine, *words)
    except CommandError as error:
        if not says_gone(error):
            raise refusal(words, error) from None


# --- masquerading ------------------------------------------------------------------------------------------------


def masquerade(machine: Machine, address: str, chain: str, comment: str) -> None:
    """Masquerade what a pod sends, unless it is for its own subnet or for a multicast group.

    ``address`` is the pod's, with its prefix length, as in ``10.244.1.2/24``; the subnet is what it makes of it, so pods
    of other nodes, which have other subnets, see the node's address.
    """
    note = ("-m", "comment", "--comment", comment)
    rules = (
        (chain, ("-d", address, "-j", "ACCEPT", *note)),
        (chain, ("!", "-d", MULTICAST, "-j", "MASQUERADE", *note)),
        ("POSTROUTING", _jump(address, chain, note)),
    )
    is_new = ensure_chain(machine, chain)
    for where, rule in rules:
        if is_new or not has(machine, where, rule):
            must(machine, "-A", where, *rule)


def do_not_masquerade(machine: Machine, address: str, chain: str, comment: str) -> None:
    """Take away what `masquerade` made."""
    note = ("-m", "comment", "--comment", comment)
    forget(machine, "-D", "POSTROUTING", *_jump(address, chain, note))
    forget(machine, "-F", chain)
    forget(machine, "-X", chain)


def _jump(address: str, chain: str, note: Rule) -> Rule:
    return ("-s", address.partition("/")[0], "-j", chain, *note)
