"""IP addresses and ranges, in the words of the API server, which has been strict about both since Kubernetes 1.36.

What an object had before is not looked at again: it came in when the rules were others. Sources: k8s.io/apimachinery,
pkg/util/validation/ip.go; pkg/apis/core/validation/validation.go (ValidateEndpointIP); k8s.io/utils, net/parse.go.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_network

from k8snet.kube.validation.errors import Errors, invalid

IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text means, zeros before a number or not; None if it is none.

    >>> address("010.9.8.7"), address("fe80::1%eth0"), address("web")
    (IPv4Address('10.9.8.7'), None, None)
    """
    parts = text.split(".")
    try:
        if ":" in text:
            return None if "%" in text else IPv6Address(text)
        return IPv4Address(".".join(str(int(part)) for part in parts)) if all(map(_is_number, parts)) else None
    except ValueError:
        return None


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address."""
    return isinstance(address(text), IPv6Address)


def ip_errors(path: str, text: str, known: Collection[str] = ()) -> Errors:
    """What is wrong with an address; nothing, if it was among the ``known`` ones before.

    >>> ip_errors("ip", "10.9.8.07"), ip_errors("ip", "::ffff:10.9.8.7")[0][-42:]
    (['ip: Invalid value: "10.9.8.07": must not have leading 0s'], '": must not be an IPv4-mapped IPv6 address')
    """
    if text in known:
        return []
    found = address(text)
    if found is None:
        return [invalid(path, text, IP)]
    if isinstance(found, IPv6Address):
        return [invalid(path, text, "must not be an IPv4-mapped IPv6 address")] if found.ipv4_mapped else []
    return [invalid(path, text, "must not have leading 0s")] if str(found) != text else []


def cidr_errors(path: str, text: str, known: Collection[str] = ()) -> Errors:
    """What is wrong with a range of addresses; nothing, if it was among the ``known`` ones before."""
    if text in known:
        return []
    start, slash, length = text.partition("/")
    found = address(start)
    if found is None or not slash or not _is_number(length) or int(length) > found.max_prefixlen:
        return [invalid(path, text, CIDR)]
    if (isinstance(found, IPv4Address) and str(found) != start) or str(int(length)) != length:
        return [invalid(path, text, "must not have leading 0s in IP or prefix length")]
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return [invalid(path, text, "must not have an IPv4-mapped IPv6 address")]
    if ip_network(text, strict=False).network_address != found:
        return [invalid(path, text, "must not have bits set beyond the prefix length")]
    return []


def endpoint_errors(path: str, text: str) -> Errors:
    """What is wrong with an address as an endpoint, or as a Service's external one: those that mean something else anywhere."""
    found = address(text)
    if found is None:
        return [invalid(path, text, "must be a valid IP address")]
    errors: Errors = []
    if found.is_unspecified:
        errors.append(invalid(path, text, f"may not be unspecified ({text})"))
    if found.is_loopback:
        errors.append(invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)"))
    if found.is_link_local:
        errors.append(invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"))
    if _is_link_local_multicast(found):
        errors.append(invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"))
    return errors


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_link_local_multicast(found: IPv4Address | IPv6Address) -> bool:
    octets = found.packed
    return octets[:3] == b"\xe0\x00\x00" if found.version == 4 else octets[0] == 0xFF and octets[1] & 0xF == 2
