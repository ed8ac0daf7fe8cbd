"""IPv4 addresses, networks and MAC addresses.

An address is an integer that prints as text: packets carry and compare integers, people read dotted quads.
IPv6 is not modelled and says so.
"""

from __future__ import annotations

import re
from typing import Any, Self

from k8snet.errors import NotModelled
from k8snet.linux.fact import Fact

_QUAD = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


class Ip(int):
    """An IPv4 address.

    >>> Ip("10.1.1.1"), Ip("10.1.1.1") + 1 == Ip("10.1.1.2")
    (10.1.1.1, True)
    """

    __slots__ = ()

    def __new__(cls, address: str | int) -> Self:
        """From text or a number; ValueError if it is neither an IPv4 address nor a number of 32 bits."""
        return super().__new__(cls, _parse(address) if isinstance(address, str) else address)

    def __str__(self) -> str:
        return f"{self >> 24}.{self >> 16 & 255}.{self >> 8 & 255}.{self & 255}"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @property
    def is_loopback(self) -> bool:
        """In 127.0.0.0/8."""
        return self >> 24 == 127

    @property
    def is_multicast(self) -> bool:
        """In 224.0.0.0/4."""
        return self >> 28 == 0xE


def _parse(text: str) -> int:
    quad = _QUAD.fullmatch(text)
    parts = [int(part) for part in quad.groups()] if quad else []
    if not parts or max(parts) > 255:
        if ":" in text:
            raise NotModelled(f"IPv6 address {text}", known="IPv4")
        raise ValueError(f"not an IPv4 address: {text!r}")
    return parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]


ANY = Ip(0)
BROADCAST = Ip(0xFFFFFFFF)


class Network(Fact, frozen=True, order=True):
    """A range of addresses with a common prefix; ``address`` is its first.

    >>> network = Network.parse("10.1.1.0/24")
    >>> print(network, Ip("10.1.1.77") in network, network.broadcast)
    10.1.1.0/24 True 10.1.1.255
    """

    address: Ip
    length: int

    @classmethod
    def parse(cls, text: str) -> Network:
        """From ``A.B.C.D/LENGTH``, ``A.B.C.D/MASK`` or ``A.B.C.D`` (a /32); bits behind the prefix become zero."""
        address, slash, suffix = text.partition("/")
        return cls.around(Ip(address), _prefix_length(suffix) if slash else 32)

    @classmethod
    def around(cls, address: Ip, length: int) -> Network:
        """The network of that prefix length in which the address lies."""
        return cls(Ip(address & mask_of(length)), length)

    @property
    def mask(self) -> Ip:
        """The netmask: 255.255.255.0 for a /24."""
        return Ip(mask_of(self.length))

    @property
    def broadcast(self) -> Ip:
        """The last address."""
        return Ip(self.address | ~mask_of(self.length) & BROADCAST)

    def __contains__(self, address: int) -> bool:
        return address >> (32 - self.length) == self.address >> (32 - self.length)

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


EVERYWHERE = Network(ANY, 0)


def mask_of(length: int) -> int:
    """The netmask of a prefix length, as a number."""
    return BROADCAST << (32 - length) & BROADCAST


def _prefix_length(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 32:
        return int(text)
    mask = _parse(text)
    length = mask.bit_count()
    if mask != mask_of(length):
        raise ValueError(f"not a netmask: {text!r}")
    return length


ZERO_MAC = "00:00:00:00:00:00"
BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ODD_DIGITS = frozenset("13579bdfBDF")


def numbered_mac(number: int) -> str:
    """The number-th MAC address of a world: locally administered, stable, easy to tell apart.

    >>> numbered_mac(10)
    '02:00:00:00:00:0a'
    """
    return ":".join(f"{byte:02x}" for byte in (0x020000000000 + number).to_bytes(6, "big"))


def is_group_mac(mac: str) -> bool:
    """Broadcast or multicast: the lowest bit of the first byte is set (IEEE 802.3)."""
    return mac[1] in ODD_DIGITS
