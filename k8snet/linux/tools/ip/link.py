"""``ip link``: making, changing, deleting and listing devices. The grammar; the effects are in devices.py."""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.device import Bridge, Device, Loopback, Veth
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.tools.ip import devices, netns, show, vxlan
from k8snet.linux.tools.ip.connected import set_down, set_up
from k8snet.linux.tools.ip.words import Options, Words, device, garbage, mac, number, refused, switch, verb, wrong

KINDS = "veth, bridge, vxlan"
KNOWN = "name, index, address, mtu, up, down, promisc, netns, master, nomaster, type"
UNKNOWN_KEYWORDS = frozenset({
    "alias", "allmulticast", "altname", "arp", "broadcast", "brd", "carrier", "dynamic", "group", "gso_max_segs",
    "gso_max_size", "link", "link-netns", "link-netnsid", "macaddr", "multicast", "numrxqueues", "numtxqueues",
    "protodown", "qlen", "state", "trailers", "txqlen", "txqueuelen", "vf", "vrf", "xdp",
})
"""Keywords of ip link that the model does not have."""
BRIDGE_DEFAULTS = {"stp_state": "0", "vlan_filtering": "0", "nf_call_iptables": "0", "mcast_snooping": "1"}
"""Options of a bridge that may be said, as long as they say what is so anyway."""


class Asked(Fact, frozen=True):
    """What a line of keywords asks of a device; None: nothing is said."""

    name: str | None = None
    new_name: str | None = None
    index: int | None = None
    mac: str | None = None
    mtu: int | None = None
    up: bool | None = None
    promiscuous: bool | None = None
    netns: str | None = None
    master: str | None = None
    kind: str | None = None
    options: tuple[str, ...] = ()

    @property
    def wanted(self) -> devices.Wanted:
        """What it asks of a device that is to be made."""
        return devices.Wanted(self.name, self.index, self.mac, self.mtu)


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str:
    """Run ``ip link COMMAND``."""
    return verb(words, VERBS, "ip link")(netns, words, options)


# --- keywords ----------------------------------------------------------------------------------------------------


def _parse(here: Netns, words: Words, *, making: bool) -> Asked:
    """Read keywords up to the end, or to ``type KIND``, whose own words are left in ``options``."""
    asked = Asked()
    while words:
        word = words.take()
        if word == "type":
            return changed(asked, kind=words.take(), options=tuple(words.rest()))
        field, value = _keyword(here, word, words, making=making)
        if getattr(asked, field) is not None and field not in ("up", "promiscuous", "name"):
            raise CommandError(f'Error: duplicate "{word}": "{value}" is the second value.', code=255)
        if field == "name" and asked.name is not None:
            raise garbage("dev", str(value))
        asked = changed(asked, **{field: value})
    return asked


def _keyword(here: Netns, word: str, words: Words, *, making: bool) -> tuple[str, str | int | bool]:
    """Which field a keyword sets, and to what."""
    if word in ("up", "down"):
        return "up", word == "up"
    if word == "name":
        return ("name" if making else "new_name"), _name(words.take(), "name")
    if word == "index":
        return "index", number(words.take(), 'Invalid "index" value\n', low=1, high=0x7FFFFFFF)
    if word == "address":
        return "mac", mac(words.take())
    if word == "mtu":
        return "mtu", number(words.take(), 'Invalid "mtu" value\n')
    if word == "promisc":
        value = words.take()
        if value not in ("on", "off"):
            raise CommandError(f'Error: argument of "promisc" must be "on" or "off", not "{value}"', code=1)
        return "promiscuous", value == "on"
    if word == "netns":
        return "netns", _netns_name(here, words.take())
    if word in ("master", "nomaster"):
        return "master", show.master_named(here, words.take()).name if word == "master" else ""
    if word in UNKNOWN_KEYWORDS:
        raise NotModelled(f"ip link's {word}", known=KNOWN)
    return "name", _name(words.take() if word == "dev" else word, "dev")


def _name(word: str, keyword: str) -> str:
    limit = 15 if keyword == "name" else 127
    if not 0 < len(word) <= limit or any(letter == "/" or letter.isspace() for letter in word):
        raise wrong(word, f'"{keyword}" not a valid ifname')
    return word


def _netns_name(here: Netns, word: str) -> str:
    if here.world.find(word) is not None:
        return word
    if word.isascii() and word.isdigit():
        raise NotModelled(f"a network namespace by the process id {word}", known="its name")
    raise wrong(word, 'Invalid "netns" value\n')


def _target(here: Netns, asked: Asked) -> Netns:
    return here if asked.netns is None else netns.find(here.world, asked.netns)


# --- add ---------------------------------------------------------------------------------------------------------


def _add(here: Netns, words: Words, options: Options) -> str:
    asked = _parse(here, words, making=True)
    if asked.kind is None:
        raise CommandError('Not enough information: "type" argument is required', code=1)
    if asked.kind not in MAKERS:
        raise NotModelled(f"ip link add type {asked.kind}", known=KINDS)
    MAKERS[asked.kind](here, asked)
    return ""


def _add_veth(here: Netns, asked: Asked) -> None:
    words = Words(asked.options)
    if words and words.take() != "peer":
        text = "Usage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip link add help'"
        raise CommandError(text, code=1)
    peer = _parse(here, words, making=True)
    if peer.kind is not None or peer.master or peer.promiscuous or peer.up is not None:
        raise NotModelled("this about the peer of a veth", known="name, netns, address, index, mtu")
    target = _target(here, asked)
    master = _checked_master(here, target, asked)
    _finish(devices.make_veth(target, asked.wanted, _target(here, peer), peer.wanted), asked, master)


def _add_bridge(here: Netns, asked: Asked) -> None:
    if asked.master:
        show.master_named(here, asked.master)
        raise NotModelled("a bridge with a master", known="a veth with a master")
    ageing = _bridge_options(asked.options)
    bridge = devices.make_bridge(_target(here, asked), asked.wanted)
    bridge.ageing_time = bridge.ageing_time if ageing is None else ageing
    _finish(bridge, asked, None)


def _add_vxlan(here: Netns, asked: Asked) -> None:
    if _target(here, asked) is not here:
        raise NotModelled("a VXLAN device in another namespace than its UDP packets", known="ip -n NETNS link add")
    said = vxlan.read(here, asked.options)
    master = _checked_master(here, here, asked)
    vxlan.check(here, said, asked.mtu)
    made = devices.make_vxlan(here, asked.wanted, said.vni or 0, here.devices[said.dev] if said.dev else None)
    vxlan.describe(made, said)
    _finish(made, asked, master)


def _checked_master(here: Netns, target: Netns, asked: Asked) -> Bridge | None:
    if not asked.master:
        return None
    master = show.master_named(here, asked.master)
    if target is not here or not isinstance(master, Bridge):
        raise refused("EINVAL" if target is not here else "EOPNOTSUPP")
    return master


def _finish(made: Device, asked: Asked, master: Bridge | None) -> None:
    """What ``ip link add`` may say beyond making: the master, and the state."""
    made.promiscuous = bool(asked.promiscuous)
    if master is not None:
        devices.enslave(made, master)
    if asked.up:
        set_up(made)


MAKERS: dict[str, Callable[[Netns, Asked], None]] = {"veth": _add_veth, "bridge": _add_bridge, "vxlan": _add_vxlan}


def _bridge_options(options: tuple[str, ...]) -> float | None:
    """The ageing time in seconds, if it is given (the command counts hundredths)."""
    words, ageing = Words(options), None
    while words:
        word = words.take()
        if word == "ageing_time":
            ageing = number(words.take(), "invalid ageing_time") / 100
        elif words.take() != BRIDGE_DEFAULTS.get(word):
            raise NotModelled(f"a bridge's {word}", known=f"ageing_time; as they are: {', '.join(BRIDGE_DEFAULTS)}")
    return ageing


# --- set ---------------------------------------------------------------------------------------------------------


def _set(here: Netns, words: Words, options: Options) -> str:
    asked = _parse(here, words, making=False)
    if asked.name is None:
        raise CommandError('Not enough information: "dev" argument is required.', code=255)
    if asked.index is not None:
        raise NotModelled("another index for a device", known="an index when it is made")
    target = _target(here, asked)
    each = device(here, asked.name)
    master = here.devices[asked.master] if asked.master else None
    _check(each, asked, target, master)
    switches, ageing = _kind_options(each, asked)
    _move(each, asked, target)
    _change(each, asked, master)
    for name, value in switches.items():
        setattr(devices.port_of(each), name, value)
    if isinstance(each, Bridge) and ageing is not None:
        each.ageing_time = ageing
    devices.number_peer(each)
    return ""


def _check(each: Device, asked: Asked, target: Netns, master: Device | None) -> None:
    """All that the kernel could refuse, before anything is changed."""
    devices.check_move(each, target, asked.new_name)
    if asked.mac is not None:
        if isinstance(each, Loopback):
            raise NotModelled("a MAC address for lo", known="veth, bridge")
        devices.check_mac(asked.mac)
    if asked.mtu is not None and not isinstance(each, Loopback):
        devices.check_mtu(each, asked.mtu)
    if asked.new_name not in (None, each.name):
        if isinstance(each, Loopback):
            raise NotModelled("another name for lo", known="veth, bridge")
        devices.check_name(target, asked.new_name or "")
    if master is not None:
        if target is not each.netns:
            raise NotModelled("netns and master in one command", known="two commands")
        devices.check_master(each, master)


def _kind_options(each: Device, asked: Asked) -> tuple[dict[str, bool], float | None]:
    """The words behind ``type``: switches of a bridge's port, or options of a bridge."""
    if asked.kind is None:
        return {}, None
    if asked.kind == "bridge":
        ageing = _bridge_options(asked.options)
        if not isinstance(each, Bridge):
            raise refused("EOPNOTSUPP")
        return {}, ageing
    if asked.kind != "bridge_slave":
        raise NotModelled(f"ip link set type {asked.kind}", known="bridge, bridge_slave")
    switches = _port_switches(Words(asked.options))
    if not asked.master:
        devices.port_of(each)
    return switches, None


def _port_switches(words: Words) -> dict[str, bool]:
    """Switches of a bridge's port, as ``hairpin on isolated off``."""
    switches = {}
    while words:
        word = words.take()
        if word not in show.PORT_SWITCHES:
            raise NotModelled(f"a bridge port's {word}", known=", ".join(show.PORT_SWITCHES))
        switches[word] = switch(word, words.take(), code=1)
    return switches


def _move(each: Device, asked: Asked, target: Netns) -> None:
    if target is not each.netns and isinstance(each, Veth):
        devices.move(each, target, asked.new_name)
    elif asked.new_name not in (None, each.name):
        devices.rename(each, asked.new_name or "")


def _change(each: Device, asked: Asked, master: Device | None) -> None:
    if asked.mac is not None:
        devices.set_mac(each, asked.mac)
    if asked.mtu is not None:
        devices.set_mtu(each, asked.mtu)
    if asked.promiscuous is not None:
        each.promiscuous = asked.promiscuous
    if asked.master is not None:
        devices.enslave(each, master if isinstance(master, Bridge) else None)
    if asked.up is not None:
        (set_up if asked.up else set_down)(each)


# --- delete, show ------------------------------------------------------------------------------------------------


def _delete(here: Netns, words: Words, options: Options) -> str:
    asked = _parse(here, words, making=False)
    if asked.name is None:
        raise CommandError('Not enough information: "dev" argument is required.', code=255)
    devices.destroy(device(here, asked.name))
    return ""


def _show(here: Netns, words: Words, options: Options) -> str:
    selector = show.Selector(here)
    while words:
        selector.read(words.take(), words)
    chosen = selector.devices()
    if options.brief:
        return "".join(f"{_brief(each)}\n" for each in chosen)
    return "".join(options.lines(show.entry(each, options, mode="mode DEFAULT ")) + "\n" for each in chosen)


def _brief(each: Device) -> str:
    return f"{show.title(each):<16} {show.state(each):<14} {each.mac} <{','.join(show.flags(each))}> "


def _not_modelled(here: Netns, words: Words, options: Options) -> str:
    raise NotModelled("this command of ip link", known="add, set, delete, show")


VERBS = {
    "add": _add, "set": _set, "change": _set, "replace": _not_modelled, "delete": _delete, "show": _show, "lst": _show,
    "list": _show, "xstats": _not_modelled, "afstats": _not_modelled, "property": _not_modelled, "help": _not_modelled,
}
