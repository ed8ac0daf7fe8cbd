"""The neighbour table (``ip neigh``): which MAC address stands for which next hop, and how sure we are.

Only the table and its states are here; asking and answering is in arp.py. The states are the kernel's
(net/core/neighbour.c):

    nothing ──► INCOMPLETE ──answer──► REACHABLE ──30 s──► STALE ──use──► DELAY ──5 s──► PROBE ──answer──► REACHABLE
                    └──3 requests, no answer──► FAILED                  └──3 requests, no answer──► FAILED
"""

from __future__ import annotations

from k8snet.linux.address import Ip
from k8snet.linux.packet import Skb
from k8snet.linux.steps import Dropped

USABLE = frozenset({"PERMANENT", "NOARP", "REACHABLE", "STALE", "DELAY", "PROBE"})
"""States in which there is a MAC address to send to."""
CERTAIN = frozenset({"PERMANENT", "NOARP", "REACHABLE"})
"""Of these, those in which nobody doubts it (kernel: NUD_CONNECTED)."""
UNSURE = frozenset({"INCOMPLETE", "PROBE"})
"""States in which we are asking."""


class Neigh:
    """What is known of one neighbour. ``waiting`` holds the packets that wait for its MAC address."""

    __slots__ = ("asked", "confirmed", "has_header", "mac", "nud", "reachable_time", "round", "updated", "waiting")

    def __init__(self, nud: str = "INCOMPLETE", mac: str | None = None, *, now: float = 0.0,
                 reachable_time: float = 30.0) -> None:
        self.nud = nud
        self.mac = mac
        self.updated = now
        self.confirmed = now
        self.reachable_time = reachable_time
        self.waiting: list[Skb] = []
        self.asked = 0
        self.round = 0
        """Counts the rounds of asking, so that a timer of an older round knows that it is out of date."""
        self.has_header = False
        """Whether a frame was sent to it: then the kernel keeps a ready-made Ethernet header (hh_cache)."""

    def state(self, now: float) -> str:
        """The state as ``ip neigh`` prints it; a REACHABLE one grows STALE with time alone."""
        if self.nud == "REACHABLE" and now - self.confirmed >= self.reachable_time:
            return "STALE"
        return self.nud

    def learn(self, mac: str, nud: str, now: float) -> None:
        """Take news of the MAC address. Old certainty is not lost to a STALE hint about the same MAC."""
        if self.state(now) == "PERMANENT":
            return
        keeps = nud == "STALE" and mac == self.mac and self.state(now) in USABLE
        if not keeps:
            self.nud = nud
        if nud == "REACHABLE":
            self.confirmed = now
        if mac != self.mac:
            self.has_header = False
        self.mac = mac
        self.updated = now


class Neighbours:
    """The neighbour table of a network namespace: entries by device name and address, the oldest first."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, Ip], Neigh] = {}

    def find(self, device: str, ip: Ip) -> Neigh | None:
        """The entry for an address on a device."""
        return self.entries.get((device, ip))

    def add(self, device: str, ip: Ip, entry: Neigh) -> Neigh:
        """Enter (or replace) a neighbour."""
        self.entries[device, ip] = entry
        return entry

    def forget_device(self, device: str, *, but_permanent: bool = False) -> None:
        """The device is down, gone, or another for those behind it: nothing is known of them, and what waited is lost.

        Kernel: neighbour.c, neigh_flush_dev(), at NETDEV_DOWN and NETDEV_CHANGEADDR.
        """
        gone = [key for key, entry in self.entries.items() if key[0] == device]
        for key in gone:
            if but_permanent and self.entries[key].nud == "PERMANENT":
                continue
            entry = self.entries.pop(key)
            entry.round += 1
            for skb in entry.waiting:
                skb.hop.add(Dropped("QUEUE_PURGE"))

    def confirm(self, device: str, ip: Ip, now: float) -> None:
        """A socket heard from there in reply to what it sent: as good as an ARP answer (kernel: dst_confirm)."""
        entry = self.entries.get((device, ip))
        if entry is not None:
            entry.confirmed = now
