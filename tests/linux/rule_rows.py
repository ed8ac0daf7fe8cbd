"""Rules and what iptables makes of them, recorded from iptables 1.8.9 (nf_tables) into rules/*.txt beside this file.

The model must do the same without a kernel (test_iptables.py), and the real tool must still do it
(tests/twin/test_iptables_text.py).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "rules"


class Row(NamedTuple):
    """A line of iptables-restore's input for a table, and the lines that it led to; ``code`` 0 if it was accepted."""

    table: str
    typed: str
    output: str
    code: int = 0

    @property
    def restored(self) -> str:
        """The whole input: the line, and two chains that it may jump to."""
        return f"*{self.table}\n:K - [0:0]\n:L - [0:0]\n{self.typed}\nCOMMIT\n"


def rows(name: str) -> list[Row]:
    """All rows of a file."""
    found: list[Row] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if line.startswith("    [exit "):
            found[-1] = found[-1]._replace(code=int(line[10:-1]))
        elif line.startswith("    "):
            found[-1] = found[-1]._replace(output=f"{found[-1].output}{line[4:]}\n")
        elif not line.startswith("#"):
            table, _, typed = line.partition(": ")
            found.append(Row(table, typed, ""))
    return found


def without_dates(saved: str) -> str:
    """What iptables-save printed, without the lines that say when."""
    return "".join(line for line in saved.splitlines(keepends=True) if not line.startswith("#"))


def kube_proxy_dumps(golden: Path) -> dict[str, str]:
    """The texts of all IPv4 rule dumps of the golden files by name, each such that it can be restored by itself."""
    return {name: _whole(text) for name, text in as_sent(golden).items()}


def as_sent(golden: Path) -> dict[str, str]:
    """The same dumps as kube-proxy sends them, less the lines that ask a counter of nfacct.

    The kernel that judges has no nfacct, and the model says NotModelled (test_iptables.py).
    """
    cases = json.loads((golden / "kube-proxy-iptables.json").read_text())["cases"]
    dumps = {case["name"]: str(case["expected_rules"]) for case in cases if case.get("expected_rules")}
    return {name: without_nfacct(text) for name, text in dumps.items() if "::" not in text}


def without_nfacct(text: str) -> str:
    """A dump without the lines that ask a counter of nfacct."""
    return "".join(line for line in text.splitlines(keepends=True) if "-m nfacct" not in line)


def by_table(saved: str) -> dict[str, str]:
    """The tables that iptables-save printed, each under its name, without dates and counters."""
    tables = re.findall(r"^\*(\w+)\n(.*?)^COMMIT$", without_dates(saved), re.MULTILINE | re.DOTALL)
    return {name: re.sub(r" \[\d+:\d+\]$", "", lines, flags=re.MULTILINE) for name, lines in tables}


def _whole(text: str) -> str:
    """A dump that can be restored: with the chains that its rules jump to, which other parts of kube-proxy make."""
    tables = re.split(r"^(?=\*)", text, flags=re.MULTILINE)
    return "".join(_with_chains(table) for table in tables)


def _with_chains(table: str) -> str:
    declared = set(re.findall(r"^:(\S+)", table, re.MULTILINE))
    named = re.findall(r" -[jg] (KUBE-\S+)", table) + re.findall(r"^-A (KUBE-\S+)", table, re.MULTILINE)
    missing = "".join(f":{name} - [0:0]\n" for name in dict.fromkeys(named) if name not in declared)
    head, newline, rest = table.partition("\n")
    return head + newline + missing + rest
