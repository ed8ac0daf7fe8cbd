"""``bridge``: the ports of bridges, and their forwarding tables (FDB), as iproute2 6.1 prints and refuses them.

Of the multicast addresses that a device listens to (``self`` entries) the IPv4 ones are printed.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import Ip
from k8snet.linux.device import Bridge, Device, FdbEntry, Loopback, Vxlan
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.tools import vxlan_fdb
from k8snet.linux.tools.ip import netns as netns_tool
from k8snet.linux.tools.ip import show
from k8snet.linux.tools.ip.words import Options, Words, address, garbage, mac, refused, resolve, switch, verb

OBJECTS = ("link", "fdb", "mdb", "vlan", "vni", "monitor", "help")
OPTIONS = ("-help", "-Version", "-statistics", "-details", "-oneline", "-timestamp", "-family", "-netns", "-color",
           "-compressvlans", "-force", "-json", "-pretty", "-batch")  # fmt: skip
PORT_SWITCHES = ("hairpin", "learning", "flood", "mcast_flood", "bcast_flood", "neigh_suppress", "isolated")
"""The switches of a port that ``bridge`` knows, in its order; ``ip`` has one more (proxy_arp)."""
UNKNOWN_SWITCHES = frozenset({
    "backup_port", "cost", "fastleave", "guard", "hwmode", "learning_sync", "locked", "mcast_router",
    "mcast_to_unicast", "nobackup_port", "priority", "root_block", "state", "vlan_tunnel",
})
UNKNOWN_FDB_KEYWORDS = frozenset({
    "port", "vni", "via", "vlan", "nhid", "src_vni", "router", "use", "extern_learn", "sticky",
})
LINK_USAGE = "Usage: bridge link set dev DEV [ cost COST ] [ priority PRIO ] [ state STATE ]"
ALL_HOSTS, ALL_SNOOPERS = "01:00:5e:00:00:01", "01:00:5e:00:00:6a"
"""The Ethernet addresses of 224.0.0.1, which every host hears, and of 224.0.0.106, which a snooping bridge hears."""


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run ``bridge [OPTIONS] OBJECT COMMAND``."""
    words, options = Words(args[1:]), Options()
    while words:
        word = words.take()
        if not word.startswith("-"):
            return _object(word)(netns, words, options)
        name = resolve(word, OPTIONS)
        if name == "-netns":
            netns = netns_tool.find(netns.world, words.take())
        elif name in ("-details", "-oneline"):
            options = changed(options, **{name[1:]: True})
        else:
            raise NotModelled(f"bridge {word}", known="-details, -netns, -oneline")
    raise CommandError("Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }", code=255)


def _object(word: str) -> Callable[[Netns, Words, Options], str]:
    name = resolve(word, OBJECTS)
    if name is None:
        raise CommandError(f'Object "{word}" is unknown, try "bridge help".', code=255)
    if name not in ("link", "fdb"):
        raise NotModelled(f"bridge {name}", known="link, fdb")
    verbs = LINK_VERBS if name == "link" else FDB_VERBS
    return lambda netns, words, options: verb(words, verbs, f"bridge {name}")(netns, words, options)


def _device(netns: Netns, name: str, what: str = "device") -> Device:
    if name not in netns.devices:
        raise CommandError(f'Cannot find {what} "{name}"', code=255, errno="ENODEV")
    return netns.devices[name]


# --- link --------------------------------------------------------------------------------------------------------


def _link_show(netns: Netns, words: Words, options: Options) -> str:
    name = master = None
    while words:
        word = words.take()
        if word == "master":
            master = _device(netns, words.take())
        else:
            name = words.take() if word == "dev" else word
    chosen = [_device(netns, name)] if name is not None else sorted(netns.devices.values(), key=lambda each: each.index)
    ports = [each for each in chosen if each.master is not None and master in (None, each.master)]
    return "".join(options.lines(_port(each, options)) + "\n" for each in ports)


def _port(each: Device, options: Options) -> str:
    assert each.master is not None
    assert each.port is not None
    head = f"{each.index}: {show.title(each)}: <{','.join(show.flags(each))}> mtu {each.mtu} master {each.master.name} "
    text = f"{head}state {show.port_state(each)} priority 32 cost {show.port_cost(each)} "
    if not options.details:
        return text
    is_on = {name: show.on_off(getattr(each.port, name)) for name in PORT_SWITCHES}
    return text + (
        "\n    hairpin {hairpin} guard off root_block off fastleave off learning {learning} flood {flood} "
        "mcast_flood {mcast_flood} bcast_flood {bcast_flood} mcast_router 1 mcast_to_unicast off "
        "neigh_suppress {neigh_suppress} vlan_tunnel off isolated {isolated} locked off "
    ).format(**is_on)


def _link_set(netns: Netns, words: Words, options: Options) -> str:
    name, switches = None, {}
    while words:
        word = words.take()
        if word == "dev":
            name = words.take()
        elif word in PORT_SWITCHES:
            switches[word] = switch(word, words.take(), code=234)
        elif word in UNKNOWN_SWITCHES:
            raise NotModelled(f"a bridge port's {word}", known=", ".join(PORT_SWITCHES))
        elif word not in ("self", "master"):
            raise CommandError(LINK_USAGE, code=255)
    if name is None:
        raise CommandError("Device is a required argument.", code=255)
    each = _device(netns, name, "bridge device")
    if each.port is None:
        raise refused("EOPNOTSUPP", code=255)
    for keyword, is_on in switches.items():
        setattr(each.port, keyword, is_on)
    return ""


# --- fdb ---------------------------------------------------------------------------------------------------------


class _Line(Fact, frozen=True):
    """One line of the forwarding table; ``state``: ``permanent``, ``static``, or nothing for what was learned.

    ``where``: a remote machine, for an entry of a VXLAN device.
    """

    mac: str
    dev: str
    master: str | None
    state: str
    where: str = ""


def _fdb_show(netns: Netns, words: Words, options: Options) -> str:
    bridge = dev = state = None
    while words:
        word = words.take()
        if word == "br":
            bridge = _device(netns, words.take(), "bridge device")
        elif word in ("dev", "brport"):
            dev = _device(netns, words.take())
        elif word == "state":
            state = _state(words.take())
        elif word == "dynamic":
            state = "not permanent"
        elif word in ("static", "permanent"):
            continue  # bridge 6.1 takes these words and does nothing with them
        else:
            raise NotModelled(f"bridge fdb show {word}", known="br, dev, brport, state, dynamic")
    text = ""
    for each in sorted(netns.devices.values(), key=lambda each: each.index):
        if dev in (None, each) and (bridge is None or bridge in (each, each.master)):
            text += "".join(_fdb_line(line, dev is not None) for line in _lines(each) if _wanted(line, state))
    return text


def _state(word: str) -> str:
    states = {"permanent": "permanent", "static": "static", "temp": "static", "dynamic": "", "reachable": ""}
    if word not in states:
        raise CommandError(f'Error: argument "{word}" is wrong: invalid state', code=255)
    return states[word]


def _wanted(line: _Line, state: str | None) -> bool:
    return state is None or line.state == state or (state == "not permanent" and line.state != "permanent")


def _lines(each: Device) -> list[_Line]:
    """The entries of a device: those of the bridge that concern it, and its own: what it listens to, or its remotes."""
    heard = [_Line(ALL_HOSTS, each.name, None, "permanent")] if each.up and not isinstance(each, Loopback) else []
    if isinstance(each, Vxlan):
        heard = [_Line(mac_, each.name, None, state, where) for mac_, where, state in vxlan_fdb.lines(each)]
    if isinstance(each, Bridge):
        heard = [_Line(ALL_SNOOPERS, each.name, None, "permanent"), *heard] if each.up else []
        has_own = each.mac_was_set and all(port.mac != each.mac for port in each.ports)
        return heard + ([_Line(each.mac, each.name, each.name, "permanent")] if has_own else [])
    if each.master is None:
        return heard
    bridge, now = each.master, each.netns.world.now
    found = [_Line(mac_, each.name, bridge.name, "static" if entry.static else "")
             for mac_, entry in bridge.fdb.items() if bridge.port_of(mac_, now) is each]  # fmt: skip
    return [*reversed(found), _Line(each.mac, each.name, bridge.name, "permanent"), *heard]


def _fdb_line(line: _Line, is_named: bool) -> str:
    """A line; the device is left out where the command names it."""
    where = f"master {line.master}" if line.master is not None else "self"
    where = f"{line.where} {where}" if line.where else where
    return f"{line.mac} {'' if is_named else f'dev {line.dev} '}{where} {line.state}\n"


class _Change(Fact, frozen=True):
    """What a changing command says: the device's name, the MAC address, words about the state, and a remote machine."""

    dev: str
    mac: str
    said: tuple[str, ...]
    dst: Ip | None = None


def _fdb_words(words: Words) -> _Change:
    """Read a changing command."""
    target = name = dst = None
    said: list[str] = []
    while words:
        word = words.take()
        if word == "dev":
            name = words.take()
        elif word == "dst":
            text = words.take()
            if dst is not None:
                raise garbage("dst", text)
            dst = address(text, "any valid")
        elif word in ("master", "self", "static", "temp", "dynamic", "local", "permanent"):
            said.append(word)
        elif word in UNKNOWN_FDB_KEYWORDS:
            raise NotModelled(f"bridge fdb's {word}", known="dev, dst, master, static, dynamic")
        else:
            target = words.take() if word == "to" else word
    if name is None or target is None:
        raise CommandError("Device and address are required arguments.", code=255)
    try:
        return _Change(name, mac(target), tuple(said), dst)
    except CommandError:
        raise CommandError(f"Invalid mac address {target}", code=255) from None


def _tunnel(netns: Netns, change: _Change) -> Vxlan | None:
    """The VXLAN device whose own entry a command is about; None if it is about a bridge's."""
    each = _device(netns, change.dev)
    return each if isinstance(each, Vxlan) and "master" not in change.said else None


def _port_entry(netns: Netns, change: _Change) -> tuple[Bridge, Device, str]:
    """The bridge, its port, and the state that is said."""
    each, said = _device(netns, change.dev), change.said
    if "master" not in said or "self" in said or isinstance(each, Bridge):
        raise NotModelled("an entry of the device itself (self)", known="master, on a port; dst, on a VXLAN device")
    if each.master is None:
        raise refused("EOPNOTSUPP", code=255)
    state = {"temp": "static", "local": "permanent", "master": "permanent"}.get(said[-1], said[-1])
    return each.master, each, next((word for word in said if word in ("static", "dynamic")), state)


def _fdb_add(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, "add")


def _fdb_append(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, "append")


def _fdb_replace(netns: Netns, words: Words, options: Options) -> str:
    return _enter(netns, words, "replace")


def _enter(netns: Netns, words: Words, how: str) -> str:
    change = _fdb_words(words)
    tunnel = _tunnel(netns, change)
    if tunnel is not None:
        vxlan_fdb.enter(tunnel, change.mac, change.dst, vxlan_fdb.state_of(change.said), how)
        return ""
    bridge, each, state = _port_entry(netns, change)
    is_own = any(port.mac == change.mac for port in bridge.ports)
    if state == "permanent":
        raise NotModelled("a permanent entry by hand (for the bridge itself)", known="static, dynamic")
    if (change.mac in bridge.fdb or is_own) and how == "add":
        raise refused("EEXIST", code=255)
    if is_own:
        raise NotModelled("another entry for a port's own address", known="other addresses")
    bridge.fdb[change.mac] = FdbEntry(each, netns.world.now, static=state == "static")
    return ""


def _fdb_delete(netns: Netns, words: Words, options: Options) -> str:
    change = _fdb_words(words)
    tunnel = _tunnel(netns, change)
    if tunnel is not None:
        vxlan_fdb.remove(tunnel, change.mac, change.dst)
        return ""
    bridge, each, _ = _port_entry(netns, change)
    if bridge.port_of(change.mac, netns.world.now) is not each:
        raise refused("ENOENT", code=255)
    del bridge.fdb[change.mac]
    return ""


def _not_modelled(netns: Netns, words: Words, options: Options) -> str:
    raise NotModelled("this command of bridge", known="link show, link set, fdb show, add, append, replace, delete")


LINK_VERBS = {"set": _link_set, "change": _link_set, "show": _link_show, "lst": _link_show, "list": _link_show,
              "help": _not_modelled}  # fmt: skip
FDB_VERBS = {"add": _fdb_add, "append": _fdb_append, "change": _not_modelled, "replace": _fdb_replace,
             "delete": _fdb_delete, "get": _not_modelled, "show": _fdb_show, "lst": _fdb_show, "list": _fdb_show,
             "flush": _not_modelled, "help": _not_modelled}  # fmt: skip
