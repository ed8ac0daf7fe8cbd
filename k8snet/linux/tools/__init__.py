"""The commands that a learner types: one file (``ip``: a folder) for each tool, found by its name.

A tool is a module with ``run(netns, args, stdin) -> str | Output``. It prints what the real one prints and refuses
what the real one refuses, with CommandError and in the real one's words. Three files are no tools: libc.py is what many
take from the C library, pcap_filter.py reads tcpdump's filters, vxlan_fdb.py is a part of ``bridge``.
"""

from __future__ import annotations

import importlib
import re
import shlex
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from k8snet.errors import CommandError, NotModelled

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns
    from k8snet.linux.trace import Trace

MODULES = {
    "ip": "ip", "bridge": "bridge", "sysctl": "sysctl", "hostname": "hostname", "ss": "ss",
    "iptables": "iptables", "iptables-save": "iptables", "iptables-restore": "iptables", "conntrack": "conntrack",
    "ping": "ping", "arping": "arping", "traceroute": "traceroute", "curl": "curl", "nc": "nc", "tcpdump": "tcpdump",
    "sleep": "sleep",
}
"""Which module of this package holds which tool."""
FOLDERS = re.compile(r"\A(/usr)?/s?bin/")
"""Where the tools are, if a command says so."""
SPECIAL = re.compile(r"""["'\\|&;<>()]|[^ -~]""")
"""What a line has where words are not simply what stands between spaces."""


class Output(str):
    """What a command printed, with its exit status ``code``, and the ``trace`` of what it sent, if it sent anything."""

    code: int
    trace: Trace | None

    def __new__(cls, text: str = "", *, code: int = 0, trace: Trace | None = None) -> Output:
        output = super().__new__(cls, text)
        output.code = code
        output.trace = trace
        return output

    def __repr__(self) -> str:
        """As a terminal shows it: a notebook's last line needs no print()."""
        return self.removesuffix("\n")


def split(line: str) -> list[str]:
    """The words of a command line, by the shell's rules of quoting. Pipes and the like are not modelled."""
    return _lexed(line) if SPECIAL.search(line) else line.split()


def _lexed(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise CommandError(f"sh: 1: Syntax error: {error}", code=2) from error
    for word in words:
        if set(word) <= set("|&;<>()") and word:
            raise NotModelled(f"the shell's {word!r}", known="one command a line")
    return words


def run(netns: Netns, words: list[str], stdin: str = "") -> Output:
    """Run one command in a network namespace. CommandError if the tool or the kernel refuses it."""
    if not words:
        return Output()
    name = FOLDERS.sub("", words[0])
    if name not in MODULES:
        unknown = CommandError(f"sh: 1: {name}: not found", code=127)
        unknown.add_note(f"The model has {', '.join(sorted(MODULES))}.")
        raise unknown
    output = _module(name).run(netns, [name, *words[1:]], stdin)
    return output if isinstance(output, Output) else Output(output)


@cache
def _module(tool: str) -> ModuleType:
    """The module of a tool; it is loaded when the tool is first used."""
    return importlib.import_module(f"k8snet.linux.tools.{MODULES[tool]}")
