"""``iptables-restore``: a text put in force, table by table, at each COMMIT: all of it or nothing.

How the text is read is in reading.py, what a command does in changes.py. Sources: iptables-restore(8) and
iptables/xtables-restore.c.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.iptables.changes import Failure, KernelRefusal, Transaction
from k8snet.linux.iptables.options import BadArgument, Complaint
from k8snet.linux.iptables.reading import Block, Declaration, Entry, in_words, reading
from k8snet.linux.iptables.saved import VERSION
from k8snet.linux.netfilter import Netfilter


def restore(
    netfilter: Netfilter,
    text: str,
    *,
    noflush: bool = False,
    counters: bool = False,
    table: str | None = None,
    test: bool = False,
) -> None:
    """Put the rules of a text in force, as ``iptables-restore`` does with its input.

    With ``noflush`` only the user's chains that the text names are emptied, without it each table that it names.
    ``table`` restricts it to one table, ``test`` only reads. CommandError, with the number of the line, if iptables
    or the kernel refuses; then the table at fault is as it was, and so are those after it. NotModelled, naming every line that
    is not understood, if the model lacks something; then nothing has changed.
    """
    read = reading(text, counters=counters, only=table)
    if read.missing:
        known = dict.fromkeys(each.known for each in read.missing if each.known)
        raise NotModelled(in_words(read.missing), known="; ".join(known))
    for block in () if test else read.blocks:
        try:
            _put_in_force(netfilter, block, noflush)
        except (Complaint, Failure, KernelRefusal) as error:
            raise refusal("iptables-restore", error, block.line) from None
    if isinstance(read.refusal, Complaint):
        raise refusal("iptables-restore", read.refusal, read.line)
    if read.refusal is not None:
        raise CommandError(str(read.refusal), code=read.refusal.code)


def _put_in_force(netfilter: Netfilter, block: Block, noflush: bool) -> None:
    """Chains that the text gives whole are shared; if anything is refused, all is done once more line by line, to say where."""
    try:
        transaction = _begin(netfilter, block, noflush)
        transaction.put(block.table, block.whole, block.outside)
        _commit(transaction, block.others)
    except (Complaint, Failure, KernelRefusal):
        _commit(_begin(netfilter, block, noflush), block.entries)


def _begin(netfilter: Netfilter, block: Block, noflush: bool) -> Transaction:
    transaction = Transaction(netfilter)
    if not noflush:
        transaction.flush_table(block.table)
    return transaction


def _commit(transaction: Transaction, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if isinstance(entry, Declaration):
            transaction.declare(entry.table, entry.chain, entry.policy, entry.counters, entry.line)
        else:
            transaction.apply(entry)
    transaction.commit()


# --- refusals ----------------------------------------------------------------------------------------------------


def refusal(tool: str, error: Complaint | Failure | KernelRefusal, line: int | None = None) -> CommandError:
    """The error as a tool prints it; ``line`` of the input for iptables-restore, None for iptables."""
    advice = f"Try `{tool} -h' or '{tool} --help' for more information."
    if isinstance(error, Complaint):
        where = "" if line is None else f"Error occurred at line: {line}\n"
        name = "" if isinstance(error, BadArgument) else f"{tool} {VERSION}: "
        return CommandError(f"{name}{error}" + (f"\n{where}{advice}" if error.advises else ""), code=error.code)
    if isinstance(error, Failure):
        return CommandError(f"{tool}: {error}" if line is None else f"{tool}: line {error.line} failed: {error}", code=1)
    return CommandError(f"{tool} {VERSION}: {_problems(error.problems, line is not None)}", code=4, errno=_errno(error))


def _problems(problems: Iterable[tuple[int, str]], is_restored: bool) -> str:
    if is_restored:
        return "".join(f"\nline {line}: {text}" for line, text in problems)
    return f" {next(iter(problems))[1]}"


def _errno(error: KernelRefusal) -> str | None:
    names = {"Invalid argument": "EINVAL", "Too many links": "EMLINK", "busy": "EBUSY", "not supported": "EOPNOTSUPP"}
    return next((name for words, name in names.items() if words in str(error)), None)
