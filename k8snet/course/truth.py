"""Is this true? What the model says to a question beside what a Linux kernel says, in one table.

Where this machine's kernel can be asked, it is. Elsewhere the table is made from a record, and says so: records/KEY.txt
holds what was compared when scripts/records.py asked a kernel the same. A test holds the records to the kernel of today.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources

from k8snet import lab
from k8snet.course.data import say
from k8snet.course.lesson import Said
from k8snet.linux import Trace, World

FOLDER = "records"
TTL = re.compile(r" ttl (\d+)")
DEVICES = "captures "
"""How ``Row.where`` begins for what a device saw."""


class Truth:
    """A comparison, and in ``source`` which kernel it is with. It prints as a table: a line for each device and each table."""

    def __init__(self, comparison: lab.Comparison, source: str) -> None:
        self.comparison = comparison
        self.source = source

    @property
    def cells(self) -> list[tuple[str, str, str, str]]:
        """The table's lines: place, what the model has there, what the kernel has, and whether all of it is the same."""
        lines = [("", say("model"), say("the kernel"), "")]
        for place, rows in _groups(self.comparison.rows).items():
            agrees = all(row.agrees for row in rows)
            model, kernel = (_brief(rows, side) for side in ("model", "kernel"))
            lines.append((place, model, kernel, say("same" if agrees else "differs")))
        return lines

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.cells, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in self.cells]
        return "\n".join([repr(Said(self.source)), "", *table, "", repr(Said(*self._verdict()))])

    def _verdict(self) -> Iterator[str]:
        wrong, count = len(self.comparison.differences), len(self.comparison.rows)
        yield say("differ" if wrong else "agree", wrong=wrong, count=count)
        yield from self.comparison.differences
        yield from self.comparison.notes


def is_this_true(key: str, trace: Trace) -> Truth:
    """Ask the kernel of this machine what was asked in a trace; where there is none to ask, show the lesson's record.

    ``key`` is the lesson's. FileNotFoundError where the kernel cannot be asked and the lesson has no record.
    """
    reason = lab.available()
    if reason is None:
        return Truth(lab.compare(trace.world, trace), say("asked", kernel=this_kernel()))
    kernel, comparison = read(resources.files(__package__).joinpath(FOLDER, f"{key}.txt").read_text(encoding="utf-8"))
    return Truth(comparison, say("recorded", kernel=kernel, reason=reason))


def this_kernel() -> str:
    """The versions that matter of the kernel that the lab uses. Unavailable where there is no lab."""
    with lab.replay(World()) as real:
        release, iptables = real.sh("uname -r"), real.sh("iptables --version")
    return say("kernel", release=".".join(release.split(".")[:2]), iptables=iptables.strip())


def record(comparison: lab.Comparison, kernel: str) -> str:
    r"""A comparison as a file: a line for the kernel, one for the question, and a list for each thing that was compared.

    The list is place, model, kernel; or shorter, place and what both say.

    >>> record(lab.Comparison("ping", [lab.Row("routes pod-a", "default", "default")], []), "Linux 6.18")
    'Linux 6.18\nping\n["routes pod-a", "default"]\n'
    """
    rows = [[row.where, row.model] if row.agrees else [row.where, row.model, row.kernel] for row in comparison.rows]
    return "\n".join([kernel, comparison.question, *map(json.dumps, rows), ""])


def read(text: str) -> tuple[str, lab.Comparison]:
    """The kernel and the comparison in a record."""
    kernel, question, *lines = text.splitlines()
    rows = [lab.Row(where, said[0], said[-1]) for where, *said in map(json.loads, lines)]
    return kernel, lab.Comparison(question, rows, [])


# --- rows in brief ------------------------------------------------------------------------------------------------


def _groups(rows: list[lab.Row]) -> dict[str, list[lab.Row]]:
    """The rows by the line of the table that they go into: the outcome, each device, each kind of table."""
    groups: dict[str, list[lab.Row]] = {}
    for row in rows:
        kind = row.where.split()[0]
        place = say("the asker learns") if kind == "outcome" else row.where.removeprefix(DEVICES) if kind == "captures" else kind
        groups.setdefault(place, []).append(row)
    return groups


def _brief(rows: list[lab.Row], side: str) -> str:
    """One side of rows of one kind in a few words."""
    kind = rows[0].where.split()[0]
    lines = [line for row in rows if (line := getattr(row, side))]
    if kind == "outcome":
        return ", ".join(value for _, value in (line.split(" ", 1) for line in lines) if value != "None")
    if kind == "captures":
        return _frames(lines)
    return say("lines", count=len(lines))


def _frames(lines: list[str]) -> str:
    """The frames that a device saw: how many of ARP, and the TTL of each of the others, in order."""
    found = [TTL.search(line) for line in lines]
    ttls = " ".join(each[1] for each in found if each)
    count = found.count(None)
    return ", ".join([*[say("arp", count=count)] * bool(count), *[say("ttl", values=ttls)] * bool(ttls)])
