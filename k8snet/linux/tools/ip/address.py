"""``ip address``: giving devices addresses, taking them away, and listing them.

The grammar and the text; which routes follow from an address is in connected.py. IPv6 addresses are not modelled, so
the output is that of ``ip -4`` and of a kernel whose IPv6 is off.
"""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import BROADCAST, Ip, Network, mask_of
from k8snet.linux.device import Address, Device
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.route import SCOPES
from k8snet.linux.tools.ip import connected, show
from k8snet.linux.tools.ip.words import (
    Options,
    Words,
    address,
    device,
    explained,
    garbage,
    prefix,
    refused,
    resolve,
    verb,
    wrong,
)

UNKNOWN_KEYWORDS = frozenset({
    "anycast", "autojoin", "home", "mngtmpaddr", "metric", "nodad", "noprefixroute", "optimistic", "preference",
    "preferred_lft", "priority", "proto", "valid_lft",
})
WILDCARD_WARNING = (
    "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
    "         Explicitly specify the prefix length ({}/32) to avoid this warning.\n"
    "         This special behaviour is likely to disappear in further releases,\n"
    "         fix your scripts!\n"
)


class Asked(Fact, frozen=True):
    """What a command says about an address; None: nothing is said."""

    local: tuple[Ip, int] | None = None
    peer: tuple[Ip, int] | None = None
    broadcast: str | None = None
    scope: str | None = None
    label: str | None = None
    dev: str | None = None
    bare: bool = False
    """Whether ``local`` was given without a prefix length."""


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str:
    """Run ``ip address COMMAND``."""
    return verb(words, VERBS, "ip address")(netns, words, options)


def _parse(words: Words) -> Asked:
    asked = Asked()
    while words:
        word = words.take()
        if word in UNKNOWN_KEYWORDS:
            raise NotModelled(f"ip address's {word}", known="local, peer, broadcast, scope, label, dev")
        if word in ("peer", "remote"):
            asked = changed(asked, peer=prefix(words.take()))
        elif word == "brd" or (len(word) > 1 and resolve(word, ["broadcast"])):
            asked = changed(asked, broadcast=_broadcast_word(words.take()))
        elif word == "scope":
            asked = changed(asked, scope=_scope(words.take()))
        elif word in ("dev", "label"):
            asked = changed(asked, **{word: words.take()})
        else:
            word = words.take() if word == "local" else word
            if asked.local is not None:
                raise garbage("local", word)
            asked = changed(asked, local=prefix(word), bare="/" not in word)
    return asked


def _broadcast_word(word: str) -> str:
    return word if word in "+-" else str(address(word))


def _scope(word: str) -> str:
    if word.isascii() and word.isdigit():
        raise NotModelled(f"the scope {word}", known="global, site, link, host")
    if word not in SCOPES:
        raise wrong(word, "invalid scope value.")
    return word


def _device(netns: Netns, asked: Asked) -> Device:
    if asked.dev is None:
        raise CommandError('Not enough information: "dev" argument is required.', code=1)
    return device(netns, asked.dev)


# --- add, delete, flush ------------------------------------------------------------------------------------------


def _add(netns: Netns, words: Words, options: Options) -> str:
    return _new(netns, _parse(words), replace=False)


def _replace(netns: Netns, words: Words, options: Options) -> str:
    return _new(netns, _parse(words), replace=True)


def _new(netns: Netns, asked: Asked, *, replace: bool) -> str:
    each = _device(netns, asked)
    if asked.local is None:
        raise refused("EOPNOTSUPP")
    new = _address(each, asked, asked.local)
    if new.ip == 0:
        return ""  # the kernel agrees, and does nothing
    for other in each.addresses:
        if other.length != new.length or other.network != new.network:
            continue
        if other.ip == new.ip and replace:
            return ""
        if other.ip == new.ip:
            raise explained("ipv4: Address already assigned", "EEXIST")
        if other.scope != new.scope:
            raise explained("ipv4: Invalid scope value")
    connected.assign(each, new)
    return ""


def _address(each: Device, asked: Asked, local: tuple[Ip, int]) -> Address:
    ip, length = local
    if ip.is_multicast or ip == BROADCAST:
        raise NotModelled(f"{ip} as a device's own address", known="unicast addresses")
    peer = None
    if asked.peer is not None:
        peer, length = asked.peer
    label = asked.label if asked.label is not None else each.name
    if len(label) > 15:
        raise explained("Attribute failed policy validation", "ERANGE")
    scope = asked.scope or ("host" if ip.is_loopback else "global")
    return Address(ip, length, _broadcast(asked, peer or ip, length), scope, label, peer=peer if peer != ip else None)


def _broadcast(asked: Asked, ip: Ip, length: int) -> Ip | None:
    """``+`` and ``-`` set and clear the host's bits."""
    if asked.broadcast is None:
        return None
    if asked.broadcast == "+":
        return Ip(ip | ~mask_of(length) & BROADCAST)
    return Ip(ip & mask_of(length)) if asked.broadcast == "-" else Ip(asked.broadcast)


def _delete(netns: Netns, words: Words, options: Options) -> str:
    asked = _parse(words)
    warning = ""
    if asked.local is not None and asked.bare and asked.peer is None:
        warning = WILDCARD_WARNING.format(asked.local[0])
    try:
        each = _device(netns, asked)
        if asked.local is None:
            raise refused("EOPNOTSUPP")
        found = next((other for other in each.addresses if _is_meant(asked, asked.local, other)), None)
        if found is None:
            raise explained("ipv4: Address not found", "EADDRNOTAVAIL")
    except CommandError as error:
        raise CommandError(f"{warning}{error}", code=error.code, errno=error.errno) from None
    connected.unassign(each, found)
    return warning


def _is_meant(asked: Asked, local: tuple[Ip, int], other: Address) -> bool:
    """Without a prefix length any address with this IP is meant (inet_rtm_deladdr)."""
    if local[0] != other.ip or asked.label not in (None, other.label):
        return False
    wanted, length = asked.peer or local
    return (asked.bare and asked.peer is None) or (length == other.length and wanted in other.network)


def _flush(netns: Netns, words: Words, options: Options) -> str:
    if not words:
        raise CommandError("Flush requires arguments.", code=1)
    selector = _Selector(netns)
    selector.read_all(words)
    for each in selector.devices():
        while chosen := selector.addresses(each):
            connected.unassign(each, chosen[0])
    return ""


# --- show --------------------------------------------------------------------------------------------------------


class _Selector(show.Selector):
    """Which devices and which of their addresses: also by ``scope``, ``to PREFIX``, ``primary``, ``secondary``."""

    def __init__(self, netns: Netns) -> None:
        super().__init__(netns)
        self.scope: str | None = None
        self.to: Network | None = None
        self.secondary: bool | None = None
        self.none = False

    def read_all(self, words: Words) -> None:
        """Read all conditions."""
        while words:
            word = words.take()
            if word == "scope":
                self.scope = _scope(words.take())
            elif word == "to":
                self.to = Network.around(*prefix(words.take()))
            elif word in ("primary", "secondary"):
                self.secondary = word == "secondary"
            elif word in ("permanent", "dynamic"):
                self.none = word == "dynamic"
            elif word in ("label", "group", "vrf", "nomaster", "deprecated", "tentative"):
                known = "dev, type, master, up, scope, to, primary, secondary"
                raise NotModelled(f"ip address show {word}", known=known)
            else:
                self.read(word, words)

    def addresses(self, each: Device) -> list[Address]:
        """The addresses of a device that fulfil all conditions."""
        return [found for found in each.addresses if self._wants(found)]

    def _wants(self, found: Address) -> bool:
        return (
            not self.none
            and self.scope in (None, found.scope)
            and (self.to is None or (found.length >= self.to.length and found.ip in self.to))
            and self.secondary in (None, found.secondary)
        )


def _show(netns: Netns, words: Words, options: Options) -> str:
    selector = _Selector(netns)
    selector.read_all(words)
    if selector.to is not None:
        options = changed(options, inet=True)
    text = ""
    for each in selector.devices():
        chosen = selector.addresses(each)
        if chosen or not (each.addresses or options.inet):
            text += _entry(each, chosen, options)
    return text


def _entry(each: Device, chosen: list[Address], options: Options) -> str:
    if options.brief:
        addresses = "".join(f"{_short(found)} " for found in chosen)
        return f"{show.title(each):<16} {show.state(each):<14} {addresses}\n"
    lines = "    inet {} {}scope {} {}{}\n       valid_lft forever preferred_lft forever"
    entries = []
    for found in chosen:
        broadcast = f"brd {found.broadcast} " if found.broadcast is not None else ""
        secondary = "secondary " if found.secondary else ""
        entries.append(lines.format(_short(found), broadcast, found.scope, secondary, found.label))
    if options.oneline:
        return "".join(f"{each.index}: {each.name}{options.lines(entry)}\n" for entry in entries)
    return "".join(f"{entry}\n" for entry in [show.entry(each, options), *entries])


def _short(found: Address) -> str:
    peer = f" peer {found.peer}" if found.peer is not None else ""
    return f"{found.ip}{peer}/{found.length}"


def _not_modelled(netns: Netns, words: Words, options: Options) -> str:
    raise NotModelled("this command of ip address", known="add, change, replace, delete, show, flush")


VERBS = {
    "add": _add, "change": _replace, "chg": _replace, "replace": _replace, "delete": _delete, "show": _show,
    "list": _show, "lst": _show, "flush": _flush, "save": _not_modelled, "showdump": _not_modelled,
    "restore": _not_modelled, "help": _not_modelled,
}
