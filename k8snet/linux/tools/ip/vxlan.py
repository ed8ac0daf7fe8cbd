"""``ip link … type vxlan``: the words that describe a VXLAN device, and how ``ip -d link`` prints them.

Source: iproute2's ip/iplink_vxlan.c; the kernel's drivers/net/vxlan/vxlan_core.c (vxlan_newlink, vxlan_open).
"""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import ZERO_MAC, Ip
from k8snet.linux.device import DEFAULT_PORT, Device, Vxlan, VxlanEntry
from k8snet.linux.fact import Fact, changed
from k8snet.linux.netns import Netns
from k8snet.linux.tools.ip.words import Words, address, explained, garbage, number, wrong

KNOWN = "id, remote, local, dev, dstport, ttl, ageing, learning, nolearning"
UNKNOWN = frozenset({
    "group", "tos", "dsfield", "df", "flowlabel", "label", "port", "srcport", "proxy", "noproxy", "rsc", "norsc", "l2miss",
    "nol2miss", "l3miss", "nol3miss", "maxaddress", "udpcsum", "noudpcsum", "udp6zerocsumtx", "noudp6zerocsumtx",
    "udp6zerocsumrx", "noudp6zerocsumrx", "remcsumtx", "noremcsumtx", "remcsumrx", "noremcsumrx", "external", "noexternal",
    "gbp", "gpe", "vnifilter", "novnifilter", "localbypass", "nolocalbypass", "help",
})
"""Words of the real command that the model does not have."""


class Described(Fact, frozen=True):
    """What the words behind ``type vxlan`` say."""

    vni: int | None = None
    remote: Ip | None = None
    local: Ip | None = None
    dev: str | None = None
    dstport: int | None = None
    ttl: int = 0
    ageing: int = 300
    learning: bool = True


def read(netns: Netns, options: tuple[str, ...]) -> Described:
    """Read the words; CommandError in iproute2's own words for what it refuses."""
    words, said, seen = Words(options), Described(), set()
    while words:
        word = words.take()
        if word in UNKNOWN:
            raise NotModelled(f"a VXLAN device's {word}", known=KNOWN)
        field, value = _field(netns, word, words)
        if field in seen:
            raise garbage(word, str(value))
        seen.add(field)
        said = changed(said, **{field: value})
    if said.vni is None:
        raise CommandError("vxlan: missing virtual network identifier", code=1)
    return said


def _field(netns: Netns, word: str, words: Words) -> tuple[str, int | Ip | str | bool]:
    if word in ("id", "vni"):
        return "vni", number(words.take(), "invalid id", high=0xFFFFFF)
    if word in ("remote", "local"):
        return word, _unicast(word, words.take())
    if word == "dev":
        return "dev", _lower(netns, words.take())
    if word == "dstport":
        return "dstport", number(words.take(), "dst port", high=0xFFFF)
    if word in ("ttl", "hoplimit"):
        return "ttl", _ttl(words.take())
    if word == "ageing":
        return "ageing", number(words.take(), "ageing timer")
    if word in ("learning", "nolearning"):
        return "learning", word == "learning"
    raise CommandError(f'vxlan: unknown command "{word}"?\nUsage: ... vxlan id VNI', code=1)


def _unicast(word: str, text: str) -> Ip:
    ip = address(text, "any valid")
    if ip.is_multicast:
        if word == "local":
            raise wrong(text, "invalid local address")
        raise NotModelled(f"VXLAN over multicast ({text})", known="a remote that is one machine; entries of bridge fdb")
    return ip


def _lower(netns: Netns, name: str) -> str:
    if name not in netns.devices:
        raise CommandError(f'Cannot find device "{name}"', code=255, errno="ENODEV")
    return name


def _ttl(text: str) -> int:
    if text == "inherit":
        raise NotModelled("a VXLAN device's ttl inherit", known="ttl NUMBER, ttl auto")
    return 0 if text == "auto" else number(text, "TTL must be <= 255", high=255)


# --- making ------------------------------------------------------------------------------------------------------


def check(netns: Netns, said: Described, mtu: int | None) -> None:
    """What the kernel refuses: an MTU out of bounds, and a second device for the same number and port."""
    if mtu is not None and not 68 <= mtu <= 65535:
        raise explained("MTU must be between 68 and 65535")
    port = said.dstport or DEFAULT_PORT
    others = [each for each in netns.devices.values() if isinstance(each, Vxlan)]
    if any((each.vni, each.dstport) == (said.vni, port) for each in others):
        raise explained("A VXLAN device with the specified VNI already exists", "EEXIST")


def describe(device: Vxlan, said: Described) -> None:
    """Give a new device what the words say. A default remote becomes the entry of the MAC address of zeros."""
    device.local, device.remote, device.ttl = said.local, said.remote or None, said.ttl
    device.dstport = said.dstport or DEFAULT_PORT
    device.ageing, device.learning = float(said.ageing), said.learning
    if device.remote is not None:
        device.fdb[ZERO_MAC] = VxlanEntry(device.remote, device.netns.world.now, "permanent")


# --- printing ----------------------------------------------------------------------------------------------------


def details(device: Vxlan) -> str:
    """The part of ``ip -d link`` that is about VXLAN."""
    ends = (("remote", device.remote), ("local", device.local), ("dev", device.lower.name if device.lower else None))
    words = [f"vxlan id {device.vni}", *(f"{name} {value}" for name, value in ends if value)]
    words += [f"srcport 0 0 dstport {device.dstport}", *([] if device.learning else ["nolearning"])]
    words += [f"ttl {device.ttl or 'auto'} ageing {device.ageing:g}", "udpcsum noudp6zerocsumtx noudp6zerocsumrx "]
    return " ".join(words)


def offload_limit(device: Vxlan) -> int:
    """The largest segment that its lower device would cut by itself (``tso_max_size``)."""
    lower: Device | None = device.lower
    return 65536 if lower is None else 524280
