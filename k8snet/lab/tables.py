"""What a network namespace holds, as its own tools list it, cut down to what a model can and must agree on.

Each table is a command and a function from one line of its output to the line that is compared, or None for a line
that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

TIMEOUT = re.compile(r"^(\w+ +\d+) \d+ ")
COUNTERS = re.compile(r"\[\d+:\d+\]")
FAILED_STATES = frozenset({"FAILED", "INCOMPLETE"})


def _plain(line: str) -> str | None:
    return line.rstrip() or None


def _address(line: str) -> str | None:
    """Without the queue of the driver, and without a state that the flag LOWER_UP tells too, up to a second earlier."""
    return _plain(re.sub(r" qdisc \w+| qlen \d+| state (UNKNOWN|UP)\b", "", line))


def _neighbour(line: str) -> str | None:
    """Address, device, MAC address, or that there is none; of the states PERMANENT, as the others depend on timers."""
    words = line.split()
    if not words or words[-1] == "NOARP":
        return None
    if words[-1] in FAILED_STATES:
        return " ".join([*words[:3], "FAILED"])
    return " ".join(words if words[-1] == "PERMANENT" else words[:-1])


def _rule(line: str) -> str | None:
    """Without the comments, which hold the time of day, and without the counters."""
    return None if line.startswith("#") else _plain(COUNTERS.sub("[-]", line))


def _connection(line: str) -> str | None:
    """Without the seconds left and the use count; without IGMP (protocol 2), which the kernel's bridges speak."""
    if line.startswith(("conntrack v", "unknown  2 ")):
        return None
    return _plain(re.sub(r" use=\d+", "", TIMEOUT.sub(r"\1 ", line)))


TABLES: dict[str, tuple[tuple[str, ...], Callable[[str], str | None]]] = {
    "addresses": (("ip", "-4", "addr"), _address),
    "routes": (("ip", "route"), _plain),
    "rules": (("ip", "rule"), _plain),
    "neighbours": (("ip", "neigh"), _neighbour),
    "iptables": (("iptables-save",), _rule),
    "conntrack": (("conntrack", "-L"), _connection),
}
UNORDERED = frozenset({"neighbours", "conntrack"})
"""Tables that the kernel lists in the order of a hash."""


def lines(table: str, output: str) -> list[str]:
    r"""The lines of a table's output that are compared.

    >>> lines("neighbours", "10.1.1.1 dev br0 lladdr 02:00:00:00:00:07 DELAY \n")
    ['10.1.1.1 dev br0 lladdr 02:00:00:00:00:07']
    """
    _, keep = TABLES[table]
    kept = [line for line in map(keep, output.splitlines()) if line is not None]
    return sorted(kept) if table in UNORDERED else kept
