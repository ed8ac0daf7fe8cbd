"""``iptables``, ``iptables-save``, ``iptables-restore``: look at the rules, and change them.

What the words mean is in linux/iptables/; here is what the tools print. ``iptables-save`` dates its output
by the world's clock, so that two runs print the same. Source: iptables(8), iptables-save(8), iptables-restore(8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.iptables import restore, save
from k8snet.linux.iptables.changes import Failure, KernelRefusal, Transaction
from k8snet.linux.iptables.commands import Command, check_table, read
from k8snet.linux.iptables.listing import rules_text, table_text
from k8snet.linux.iptables.options import Complaint, NoTable
from k8snet.linux.iptables.restore import refusal
from k8snet.linux.iptables.saved import VERSION, chains_in_order, table_or_new

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

USAGE = f"""iptables {VERSION}

Usage: iptables -[ACD] chain rule-specification [options]
       iptables -I chain [rulenum] rule-specification [options]
       iptables -R chain rulenum rule-specification [options]
       iptables -D chain rulenum [options]
       iptables -[LS] [chain [rulenum]] [options]
       iptables -[FZ] [chain] [options]
       iptables -[NX] chain
       iptables -E old-chain-name new-chain-name
       iptables -P chain target [options]
       iptables -h (print this help information)
"""
VERBS = {"F": "Flushing", "X": "Deleting", "Z": "Zeroing"}
"""What ``-v`` says about each chain."""


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run one of the three tools; CommandError in its own words."""
    tool, *words = args
    return {"iptables": _iptables, "iptables-save": _save, "iptables-restore": _restore}[tool](netns, words, stdin)


def _iptables(netns: Netns, words: list[str], stdin: str) -> str:
    try:
        command = read(words)
        if command.op in "Vh":
            return USAGE if command.op == "h" else f"iptables {VERSION}\n"
        return _carry_out(netns, command)
    except (Complaint, Failure, KernelRefusal) as error:
        raise refusal("iptables", error) from None


def _carry_out(netns: Netns, command: Command) -> str:
    netfilter = netns.netfilter
    verbose = "v" in command.flags
    if verbose and command.op in "AIDRC":
        raise NotModelled(f"iptables -v -{command.op}", known="-v with -L, -S, -F, -X, -Z")
    transaction = Transaction(netfilter)
    said = _chains_said(netns, command) if verbose and command.op in VERBS else ""
    transaction.apply(command)
    listed = {"L": table_text, "S": rules_text}[command.op](netfilter, command) if command.op in "LS" else ""
    if command.op not in "LSC":
        transaction.commit()
    if not command.zeroes:
        return listed + said
    zero = Command("Z", command.table, command.chain, command.number, flags=command.flags)
    return listed + _carry_out(netns, zero)


def _chains_said(netns: Netns, command: Command) -> str:
    """A line for each chain that the command is about."""
    table = table_or_new(netns.netfilter, command.table)
    chains = [command.chain] if command.chain else [chain.name for chain in chains_in_order(table)]
    meant = [name for name in chains if command.op != "X" or command.chain or table.chains[name].policy is None]
    return "".join(f"{VERBS[command.op]} chain `{name}'\n" for name in meant)


def _save(netns: Netns, words: list[str], stdin: str) -> str:
    table, counters = None, False
    rest = iter(words)
    for word in rest:
        if word in ("-c", "--counters"):
            counters = True
        elif word in ("-t", "--table"):
            table = next(rest, None)
            if table is None:
                advice = "Look at manual page `iptables-save.8' for more information."
                raise CommandError(f"iptables-save: option requires an argument -- 't'\n{advice}", code=1)
        elif word in ("-V", "--version"):
            return f"iptables-save {VERSION}\n"
        elif word in ("-f", "--file"):
            raise NotModelled(f"iptables-save {word}", known="-c, -t")
        else:
            raise _unknown("iptables-save", word, "Look at manual page `iptables-save.8' for more information.")
    try:
        check_table(table or "filter")
    except NoTable:
        raise CommandError(f"Table `{table}' does not exist", code=1) from None
    return save(netns.netfilter, table, counters=counters, now=netns.world.now)


def _restore(netns: Netns, words: list[str], stdin: str) -> str:
    given: dict[str, str | bool] = {}
    rest = iter(words)
    for word in rest:
        if word in ("-n", "--noflush"):
            given["noflush"] = True
        elif word in ("-c", "--counters"):
            given["counters"] = True
        elif word in ("-t", "--test"):
            given["test"] = True
        elif word in ("-T", "--table", "-W", "--wait-interval"):
            given[word] = next(rest, "")
        elif word in ("-V", "--version"):
            return f"iptables-restore {VERSION}\n"
        elif word in ("-v", "--verbose", "-h", "--help"):
            raise NotModelled(f"iptables-restore {word}", known="-n, -c, -t, -T, -w")
        elif word.isdecimal() and given.get("-w") is True:
            given["-w"] = word
        elif word.startswith(("-w", "--wait")):
            given["-w"] = word == "-w" or word
        else:
            raise _unknown("iptables-restore", word, "Try `iptables-restore -h' for more information.")
    table = given.get("-T", given.get("--table"))
    restore(
        netns.netfilter,
        stdin,
        noflush="noflush" in given,
        counters="counters" in given,
        table=table if isinstance(table, str) else None,
        test="test" in given,
    )
    return ""


def _unknown(tool: str, word: str, advice: str) -> CommandError:
    """A word that the tool does not know; a file's name is one, for there are no files here."""
    if not word.startswith("-"):
        missing = f"Can't open {word}: No such file or directory"
        return CommandError("Unknown arguments found on commandline" if tool == "iptables-save" else missing, code=1)
    problem = f"unrecognized option '{word}'" if word.startswith("--") else f"invalid option -- '{word[1:2]}'"
    return CommandError(f"{tool}: {problem}\n{advice}", code=1)
