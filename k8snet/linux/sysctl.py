"""The switches of a network namespace: ``sysctl net.…``, with the kernel's defaults.

Asking for a switch that is not here says so, and so does setting one of `FIXED` to anything but its default. Source: the
kernel's Documentation/networking/ip-sysctl.rst, and the measured defaults of a new network namespace.
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError, NotModelled

GLOBAL = {
    "net.ipv4.ip_forward": 0,
    "net.ipv4.ip_default_ttl": 64,
    "net.ipv4.ip_nonlocal_bind": 0,
    "net.ipv4.icmp_echo_ignore_all": 0,
    "net.ipv4.icmp_ratelimit": 1000,
    "net.ipv4.icmp_ratemask": 6168,
    "net.bridge.bridge-nf-call-iptables": 1,
    "net.netfilter.nf_conntrack_tcp_loose": 1,
    "net.netfilter.nf_conntrack_tcp_be_liberal": 0,
}
CONF = {
    "forwarding": 0, "rp_filter": 0, "accept_local": 0, "route_localnet": 0, "proxy_arp": 0, "arp_ignore": 0,
    "arp_announce": 0, "arp_accept": 0, "arp_filter": 0, "send_redirects": 1, "accept_redirects": 1,
    "secure_redirects": 1, "shared_media": 1, "src_valid_mark": 0,
}
NEIGH = {
    "retrans_time_ms": 1000, "mcast_solicit": 3, "ucast_solicit": 3, "base_reachable_time_ms": 30000,
    "delay_first_probe_time": 5, "proxy_delay": 80, "unres_qlen": 101,
}
FIXED = frozenset({"net.ipv4.ip_nonlocal_bind", "net.netfilter.nf_conntrack_tcp_be_liberal", "secure_redirects", "unres_qlen"})
"""Switches of which the model knows the default alone."""
OR = frozenset({"route_localnet", "proxy_arp", "accept_local", "send_redirects", "shared_media"})
"""Switches that hold for a device when they are on for it or for ``all``."""
MAX = frozenset({"rp_filter", "arp_ignore", "arp_announce", "arp_filter", "arp_accept", "src_valid_mark"})
"""Switches of which the larger counts, the device's or that of ``all`` (kernel: IN_DEV_MAXCONF)."""


class Sysctls:
    """The switches of one network namespace; a device has its own copy of ``conf`` and ``neigh``, made with it."""

    def __init__(self) -> None:
        self._globals = dict(GLOBAL)
        self._conf = {"all": dict(CONF), "default": dict(CONF)}
        self._neigh = {"default": dict(NEIGH)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Sysctls:
        """For a fork: numbers need no looking at."""
        copy = Sysctls()
        copy._globals = dict(self._globals)
        copy._conf = {name: dict(conf) for name, conf in self._conf.items()}
        copy._neigh = {name: dict(neigh) for name, neigh in self._neigh.items()}
        return copy

    def add_device(self, name: str) -> None:
        """Give a new device the defaults as they are now."""
        self._conf[name] = dict(self._conf["default"])
        self._neigh[name] = dict(self._neigh["default"])

    def remove_device(self, name: str) -> None:
        """Forget a device's switches."""
        del self._conf[name], self._neigh[name]

    def rename_device(self, old: str, new: str) -> None:
        """The switches go with the device."""
        self._conf[new], self._neigh[new] = self._conf.pop(old), self._neigh.pop(old)

    def __getitem__(self, key: str) -> int:
        return self._globals[key]

    def conf(self, device: str, key: str) -> int:
        """What counts for a device, after the value of ``all`` had its say (ip-sysctl.rst, ``conf/all/*``)."""
        own, everywhere = self._conf[device][key], self._conf["all"][key]
        if key in OR:
            return own or everywhere
        if key in MAX:
            return max(own, everywhere)
        if key == "accept_redirects":  # a router needs both, a host one of them
            return own and everywhere if self._conf[device]["forwarding"] else own or everywhere
        return own

    def neigh(self, device: str, key: str) -> int:
        """A value of ``net.ipv4.neigh.DEVICE``."""
        return self._neigh[device][key]

    def read(self, name: str) -> int:
        """The value of a switch by its full name, as ``sysctl`` would print it."""
        table, key = self._find(name)
        return table[key]

    def write(self, name: str, value: int) -> None:
        """Set a switch. ``ip_forward`` is the same as ``conf.all.forwarding`` and sets every device's."""
        table, key = self._find(name)
        if key in FIXED and value != table[key]:
            raise NotModelled(f"sysctl {name}={value}", known=f"its default, {table[key]}")
        table[key] = value
        if name in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"):
            self._set_forwarding(value)

    def names(self) -> list[str]:
        """All switches, in ``sysctl -a``'s order."""
        names = list(self._globals)
        names += [f"net.ipv4.conf.{_slashed(device)}.{key}" for device, keys in self._conf.items() for key in keys]
        names += [f"net.ipv4.neigh.{_slashed(device)}.{key}" for device, keys in self._neigh.items() for key in keys]
        return sorted(names)

    def _set_forwarding(self, value: int) -> None:
        """devinet.c, inet_forward_change(): a router no longer listens to redirects."""
        self._globals["net.ipv4.ip_forward"] = value
        self._conf["all"]["accept_redirects"] = int(not value)
        for conf in self._conf.values():
            conf["forwarding"] = value

    def _find(self, name: str) -> tuple[dict[str, int], str]:
        """The table and the key behind a name; dots and slashes may be swapped, as in sysctl(8)."""
        if name in self._globals:
            return self._globals, name
        for prefix, tables in (("net.ipv4.conf.", self._conf), ("net.ipv4.neigh.", self._neigh)):
            device, _, key = name.removeprefix(prefix).rpartition(".")
            table = tables.get(device.replace("/", "."))
            if name.startswith(prefix) and table is not None:
                if key in table:
                    return table, key
                raise NotModelled(f"sysctl {name}", known=", ".join(table))
        raise CommandError(f"sysctl: cannot stat /proc/sys/{swapped(name)}: No such file or directory", code=255, errno="ENOENT")


def swapped(name: str) -> str:
    """A switch's name with slashes for its dots and dots for its slashes: its path under /proc/sys.

    >>> swapped("net.ipv4.conf.eth0/7.rp_filter")
    'net/ipv4/conf/eth0.7/rp_filter'
    """
    return name.translate(str.maketrans("./", "/."))


def _slashed(device: str) -> str:
    """A device's dots are slashes inside a switch's name."""
    return device.replace(".", "/")
