"""``ip neigh``: the neighbour table by hand, and as the kernel keeps it (k8snet/linux/neigh.py)."""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import Ip, Network
from k8snet.linux.fact import Fact, changed
from k8snet.linux.neigh import Neigh
from k8snet.linux.netns import Netns
from k8snet.linux.tools.ip.words import (
    Options,
    Words,
    address,
    device,
    explained,
    garbage,
    mac,
    prefix,
    refused,
    verb,
    wrong,
)

STATES = ("PERMANENT", "REACHABLE", "NOARP", "NONE", "STALE", "INCOMPLETE", "DELAY", "PROBE", "FAILED")
"""The words of ``nud``."""
BY_HAND = ("PERMANENT", "REACHABLE", "NOARP", "STALE")
"""The states in which an entry can be entered by hand here; the others are steps of the kernel's own work."""
KEPT = ("PERMANENT", "NOARP")
"""What a flush leaves in place."""


class Asked(Fact, frozen=True):
    """What a command says about a neighbour."""

    ip: Ip | None = None
    dev: str | None = None
    lladdr: str | None = None
    nud: str | None = None


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str:
    """Run ``ip neigh COMMAND``."""
    return verb(words, VERBS, "ip neigh")(netns, words, options)


def _parse(words: Words) -> Asked:
    asked = Asked()
    while words:
        word = words.take()
        if word == "lladdr":
            asked = changed(asked, lladdr=mac(words.take()))
        elif word == "nud":
            asked = changed(asked, nud=_state(words.take()))
        elif word == "dev":
            asked = changed(asked, dev=words.take())
        elif word in ("proxy", "router", "managed", "use", "extern_learn", "protocol"):
            raise NotModelled(f"ip neigh's {word}", known="to, dev, lladdr, nud")
        else:
            word = words.take() if word == "to" else word
            if asked.ip is not None:
                raise garbage("to", word)
            asked = changed(asked, ip=address(word, "any valid"))
    return asked


def _state(word: str) -> str:
    if word.upper() not in STATES or not word.islower():
        raise wrong(word, "nud state is bad")
    return word.upper()


def _key(netns: Netns, asked: Asked) -> tuple[str, Ip]:
    if asked.ip is None or asked.dev is None:
        raise CommandError("Device and destination are required arguments.", code=255)
    return device(netns, asked.dev).name, asked.ip


def _enter(netns: Netns, words: Words, *, create: bool, replace: bool) -> str:
    asked = _parse(words)
    key = _key(netns, asked)
    entry = netns.neighbours.entries.get(key)
    if entry is not None and not replace:
        raise refused("EEXIST")
    if entry is None and not create:
        raise refused("ENOENT")
    state = asked.nud or "PERMANENT"
    if state not in BY_HAND:
        raise NotModelled(f"ip neigh's nud {state.lower()} by hand", known=", ".join(BY_HAND).lower())
    lladdr = asked.lladdr or (entry.mac if entry is not None else None)
    if lladdr is None:
        raise explained("No link layer address given")
    seconds = netns.sysctls.neigh(key[0], "base_reachable_time_ms") / 1000
    netns.neighbours.add(*key, Neigh(state, lladdr, now=netns.world.now, reachable_time=seconds))
    return ""


def _add(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, create=True, replace=False)


def _change(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, create=False, replace=True)


def _replace(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, create=True, replace=True)


def _delete(netns: Netns, words: Words, options: Options) -> str:
    key = _key(netns, _parse(words))
    if key not in netns.neighbours.entries:
        raise refused("ENOENT")
    del netns.neighbours.entries[key]
    return ""


# --- show, flush -------------------------------------------------------------------------------------------------


class _Selector:
    """Which neighbours: by device, by prefix, by state."""

    def __init__(self, netns: Netns, words: Words) -> None:
        self.netns = netns
        self.dev: str | None = None
        self.to: Network | None = None
        self.states: set[str] = set()
        while words:
            word = words.take()
            if word == "dev":
                self.dev = device(netns, words.take()).name
            elif word == "nud":
                word = words.take()
                self.states |= set(STATES) if word == "all" else {_state(word)}
            elif word in ("proxy", "unused", "vrf", "nomaster", "master"):
                raise NotModelled(f"ip neigh show {word}", known="dev, to, nud")
            else:
                self.to = Network.around(*prefix(words.take() if word == "to" else word))

    def chosen(self, otherwise: set[str]) -> list[tuple[str, Ip]]:
        """The keys of the entries that fulfil all conditions; ``otherwise``: which states, if none are named."""
        states, now = self.states or otherwise, self.netns.world.now
        return [
            (dev, ip)
            for (dev, ip), entry in self.netns.neighbours.entries.items()
            if self.dev in (None, dev) and (self.to is None or ip in self.to) and entry.state(now) in states
        ]


def _show(netns: Netns, words: Words, options: Options) -> str:
    selector = _Selector(netns, words)
    chosen = selector.chosen(set(STATES) - {"NOARP", "NONE"})
    return "".join(_line(netns, *key, named=selector.dev is not None) for key in chosen)


def _line(netns: Netns, dev: str, ip: Ip, *, named: bool) -> str:
    """One neighbour; its device is left out where the command names it."""
    entry = netns.neighbours.entries[dev, ip]
    state = entry.state(netns.world.now)
    lladdr = f"lladdr {entry.mac} " if entry.mac is not None and state not in ("INCOMPLETE", "FAILED") else ""
    return f"{ip} {'' if named else f'dev {dev} '}{lladdr}{state} \n"


def _get(netns: Netns, words: Words, options: Options) -> str:
    key = _key(netns, _parse(words))
    if key not in netns.neighbours.entries:
        raise explained("Neighbour entry not found", "ENOENT")
    return _line(netns, *key, named=False)


def _flush(netns: Netns, words: Words, options: Options) -> str:
    if not words:
        raise CommandError("Flush requires arguments.", code=1)
    rest = words.rest()
    selector = _Selector(netns, Words([] if rest == ["all"] else rest))
    for key in selector.chosen(set(STATES) - set(KEPT)):
        del netns.neighbours.entries[key]
    return ""


def _not_modelled(netns: Netns, words: Words, options: Options) -> str:
    raise NotModelled("ip neigh help", known="add, change, replace, delete, show, get, flush")


VERBS = {
    "add": _add, "change": _change, "chg": _change, "replace": _replace, "delete": _delete, "get": _get,
    "show": _show, "lst": _show, "list": _show, "flush": _flush, "help": _not_modelled,
}
