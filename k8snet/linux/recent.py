"""The lists of ``-m recent``: which addresses were seen, and when.

A list exists as long as a rule names it; what it holds is what ``/proc/net/xt_recent/NAME`` shows. Session affinity
stands on it. Source: the kernel's net/netfilter/xt_recent.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8snet.linux.address import Ip
    from k8snet.linux.matches import Recent

MOST_ADDRESSES = 100
"""How many addresses a list holds; the one that was updated longest ago makes room (module parameter ip_list_tot)."""
MOST_TIMES = 256


class Lists:
    """All lists of one network namespace; each maps an address to the times at which it was seen, updated last at the end."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[Ip, list[float]]] = {}

    def keep(self, names: Iterable[str]) -> None:
        """Make the lists that rules name, and forget all others."""
        self.by_name = {name: self.by_name.get(name, {}) for name in names}

    def ask(self, match: Recent, ip: Ip, now: float) -> bool:
        """What a match finds for an address, before its ``!``; it may change the list.

        ``set`` enters the address; ``remove`` takes it out; ``rcheck`` asks whether it was seen, ``hitcount`` times at
        least, in the last ``seconds``; ``update`` does the same and enters the present time if so.
        """
        entries = self.by_name[match.name]
        times = entries.get(ip)
        if match.op == "set":
            _enter(entries, ip, now)
            return True
        if times is None:
            return False
        if match.op == "remove":
            del entries[ip]
            return True
        oldest = now - match.seconds
        hits = sum(1 for time in times if not match.seconds or time >= oldest)
        found = hits >= max(1, match.hitcount)
        updates = match.op == "update" and found is not match.inverted
        if match.reap and not (updates and next(iter(entries)) == ip):
            _reap(entries, oldest)
        if updates:
            _enter(entries, ip, now)
        return found


def _enter(entries: dict[Ip, list[float]], ip: Ip, now: float) -> None:
    """Add the present time, and move the address to the end of the list."""
    if ip not in entries and len(entries) >= MOST_ADDRESSES:
        del entries[next(iter(entries))]
    entries[ip] = [*entries.pop(ip, []), now][-MOST_TIMES:]


def _reap(entries: dict[Ip, list[float]], oldest: float) -> None:
    """Take out the address that was updated longest ago, if that is longer than the match's ``seconds``."""
    first = next(iter(entries), None)
    if first is not None and entries[first][-1] < oldest:
        del entries[first]
