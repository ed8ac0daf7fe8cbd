"""``bridge fdb`` for a VXLAN device: which MAC address lives behind which remote machine (``self`` entries with ``dst``).

Source: the kernel's drivers/net/vxlan/vxlan_core.c (vxlan_fdb_add, vxlan_fdb_update, vxlan_fdb_delete).
"""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import ZERO_MAC, Ip, is_group_mac
from k8snet.linux.device import Vxlan, VxlanEntry
from k8snet.linux.tools.ip.words import refused

STATES = {"static": "static", "temp": "", "dynamic": "", "local": "permanent", "permanent": "permanent"}


def state_of(said: tuple[str, ...]) -> str:
    """The state that a command's words give to an entry: permanent, unless they say otherwise."""
    return next((STATES[word] for word in reversed(said) if word in STATES), "permanent")


def enter(device: Vxlan, mac: str, remote: Ip | None, state: str, how: str) -> None:
    """``add`` makes an entry, ``replace`` changes the remote of one, ``append`` adds a remote.

    Only groups, and the default (the MAC address of zeros), have several; of another entry ``append`` changes the state alone.
    """
    if remote is None:
        raise refused("EINVAL", code=255)
    if remote.is_multicast:
        raise NotModelled(f"VXLAN over multicast ({remote})", known="a remote that is one machine")
    has_many = mac == ZERO_MAC or is_group_mac(mac)
    entry = device.entry(mac)
    if entry is None:
        if how == "replace" and has_many:
            raise refused("EOPNOTSUPP", code=255)
        device.fdb[mac] = VxlanEntry(remote, device.netns.world.now, state)
        return
    if how == "add":
        raise refused("EEXIST", code=255)
    entry.state, entry.updated = state, device.netns.world.now
    if how == "replace" and has_many:
        raise CommandError("Error: Cannot replace non-unicast fdb entries.", code=255)
    if how == "replace":
        entry.remotes[0] = remote
    elif has_many and remote not in entry.remotes:
        entry.remotes.append(remote)


def remove(device: Vxlan, mac: str, remote: Ip | None) -> None:
    """Remove one remote of an entry; with the last one, or without one, the entry. A remote that is not there is no error."""
    entry = device.entry(mac)
    if entry is None:
        raise refused("ENOENT", code=255)
    if remote is None or entry.remotes == [remote]:
        del device.fdb[mac]
    elif remote in entry.remotes:
        entry.remotes.remove(remote)


def lines(device: Vxlan) -> list[tuple[str, str, str]]:
    """The entries, the oldest first, a line for each remote: MAC address, where it is, and the state."""
    entries = [(mac, entry) for mac in list(device.fdb) if (entry := device.entry(mac)) is not None]
    by_default = f" via {device.lower.name}" if device.lower is not None else ""
    return [(mac, f"dst {remote}{by_default if mac == ZERO_MAC and remote == device.remote else ''}", entry.state)
            for mac, entry in entries for remote in entry.remotes]
