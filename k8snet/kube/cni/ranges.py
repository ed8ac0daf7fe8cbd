"""The ranges of addresses that host-local gives out, as its configuration writes them, and the order in which it does.

Source: containernetworking-plugins 1.1.1, plugins/ipam/host-local/backend/allocator (range.go, range_set.go, allocator.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.errors import NotModelled
from k8snet.kube.cni.golang import Fields
from k8snet.linux.address import Ip, Network
from k8snet.linux.fact import Fact


class Range(Fact, frozen=True):
    """Addresses of one subnet, ``first`` and ``last`` included; the gateway is not given out, wherever it lies."""

    network: Network
    first: Ip
    last: Ip
    gateway: Ip

    def __contains__(self, address: int) -> bool:
        return self.first <= address <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


RangeSet = tuple[Range, ...]
"""Ranges out of which a sandbox gets one address."""


def text_of(ranges: RangeSet) -> str:
    """A set as errors name it: ``10.244.1.1-10.244.1.254``."""
    return ",".join(map(str, ranges))


# --- reading -----------------------------------------------------------------------------------------------------


def read_sets(ipam: Fields) -> tuple[RangeSet, ...]:
    """All range sets of a configuration. ValueError in the plugin's words for what it refuses."""
    of, kind = "allocator.Range", "allocator.RangeSet"
    raw = [[_Raw(each) for each in ipam.elements("ranges", ranges, kind, of)] for ranges in ipam.listed("ranges", kind)]
    if "subnet" in ipam:  # a range without a list around it, as older configurations have it, comes first
        raw.insert(0, [_Raw(ipam)])
    if not raw:
        raise ValueError("no IP ranges specified")
    sets = []
    for number, ranges in enumerate(raw):
        try:
            sets.append(_set(ranges))
        except ValueError as error:
            raise ValueError(f"invalid range set {number}: {error}") from None
    for number, earlier in enumerate(sets):
        for other, later in enumerate(sets[number + 1 :], start=number + 1):
            if any(_overlap(one, two) for one in earlier for two in later):
                raise ValueError(f"range set {number} overlaps with {other}")
    return tuple(sets)


class _Raw:
    """A range as it is written; None for what is not."""

    def __init__(self, fields: Fields) -> None:
        self.first, self.last = (optional_ip(fields.text(name, "net.IP")) for name in ("rangeStart", "rangeEnd"))
        self.subnet = cidr(fields.text("subnet")) if "subnet" in fields else None
        self.gateway = optional_ip(fields.text("gateway", "net.IP"))


def _set(raw: list[_Raw]) -> RangeSet:
    if not raw:
        raise ValueError("empty range set")
    ranges = tuple(map(_range, raw))
    for number, one in enumerate(ranges):
        for two in ranges[number + 1 :]:
            if _overlap(one, two):
                raise ValueError(f"subnets {one} and {two} overlap")
    return ranges


def _range(raw: _Raw) -> Range:
    if raw.subnet is None:
        raise ValueError("IP <nil> not v4 nor v6")
    address, network = raw.subnet
    if network.length > 30:
        raise ValueError(f"Network {address}/{network.length} too small to allocate from")
    if address != network.address:
        length = f"For a subnet mask of length {network.length} the network address is {network.address}"
        raise ValueError(f"Network has host bits set. {length}")
    first, last = raw.first, raw.last
    if first is not None and (first not in network or (last is not None and first > last)):
        raise ValueError(f"RangeStart {first} not in network {network}")
    first = Ip(network.address + 1) if first is None else first
    if last is not None and (last not in network or last < first):
        raise ValueError(f"RangeEnd {last} not in network {network}")
    last = Ip(network.broadcast - 1) if last is None else last
    return Range(network, first, last, raw.gateway or Ip(network.address + 1))


def _overlap(one: Range, two: Range) -> bool:
    return one.first <= two.last and two.first <= one.last


def optional_ip(text: str) -> Ip | None:
    """An address, or None for an empty text. ValueError in Go's words."""
    if not text:
        return None
    try:
        return Ip(text)
    except ValueError:
        raise ValueError(f"invalid IP address: {text}") from None


def cidr(text: str) -> tuple[Ip, Network]:
    """An address and the network around it, from ``A.B.C.D/LENGTH`` alone. ValueError in Go's words."""
    if ":" in text:
        raise NotModelled(f"IPv6 subnet {text}", known="IPv4")
    address, _, length = text.partition("/")
    try:
        return Ip(address), Network.parse(f"{address}/{int(length) if length.isascii() and length.isdigit() else 'none'}")
    except ValueError:
        raise ValueError(f"invalid CIDR address: {text}") from None


# --- the order ---------------------------------------------------------------------------------------------------


def candidates(ranges: RangeSet, last: Ip | None) -> Iterator[tuple[Ip, Range]]:
    """Every address of a set once, round-robin: behind the one that was given out last come those that rest the longest."""
    number = next((number for number, each in enumerate(ranges) if last is not None and last in each), None)
    if number is None or last is None:
        number, address = 0, ranges[0].first
    else:
        number, address = _after(ranges, number, last)
    beginning = (number, address)
    while True:
        if address != ranges[number].gateway:
            yield address, ranges[number]
        number, address = _after(ranges, number, address)
        if (number, address) == beginning:
            return


def _after(ranges: RangeSet, number: int, address: Ip) -> tuple[int, Ip]:
    if address != ranges[number].last:
        return number, Ip(address + 1)
    number = (number + 1) % len(ranges)
    return number, ranges[number].first
