"""Address texts as kube-proxy reads them: sloppily, and written plainly afterwards.

Old objects may hold ``010.020.030.041``. Go's parser once took it for decimal, and kube-proxy still does; iptables would
take it for octal, so every address is written anew. Source: k8s.io/utils/net, parse.go (ParseIPSloppy, ParseCIDRSloppy).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

from k8snet.kube.proxy.facts import IPV6
from k8snet.linux.address import Ip

_PLAIN = re.compile(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})", re.ASCII)


def plain(ip: str) -> str:
    """An address as its family writes it. ValueError if it is none.

    >>> plain("010.20.30.041"), plain("FD00:0::41")
    ('10.20.30.41', 'fd00::41')
    """
    return ip if _PLAIN.fullmatch(ip) else _written_anew(ip)


@lru_cache(maxsize=1 << 14)
def _written_anew(ip: str) -> str:
    return str(ipaddress.IPv6Address(ip)) if ":" in ip else str(Ip(ip))


@lru_cache(maxsize=1 << 10)
def plain_range(text: str) -> str:
    """A range, trimmed of blanks, as its network address. ValueError if it is none.

    >>> plain_range(" 203.0.113.129/025")
    '203.0.113.128/25'
    """
    address, slash, length = text.strip().partition("/")
    if not slash or not length.isdecimal():
        raise ValueError(f"invalid CIDR address: {text.strip()}")
    return str(ipaddress.ip_network(f"{plain(address)}/{int(length)}", strict=False))


@lru_cache(maxsize=1 << 10)
def inside(ip: str, text: str) -> bool:
    """Whether an address lies in a range."""
    return ipaddress.ip_address(ip) in ipaddress.ip_network(text)


def is_of(family: str, text: str) -> bool:
    """Whether an address or a range belongs to an IP family."""
    return (":" in text) == (family == IPV6)


def of_family(family: str, texts: Iterable[str] | None) -> tuple[str, ...]:
    """Those addresses that belong to a family, written plainly."""
    return tuple([plain(text) for text in texts if is_of(family, text)]) if texts else ()
