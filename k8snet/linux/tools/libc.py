"""What many tools take from the C library: getopt's way with options, strerror's texts, addresses for hosts.

Names of hosts are not looked up here: a network namespace has no resolver, only ``localhost`` has an address.
"""

from __future__ import annotations

import getopt

from k8snet.errors import NotModelled
from k8snet.linux.address import Ip

MEANINGS = {
    "EACCES": "Permission denied",
    "EADDRINUSE": "Address already in use",
    "EADDRNOTAVAIL": "Cannot assign requested address",
    "EBUSY": "Device or resource busy",
    "ECONNREFUSED": "Connection refused",
    "ECONNRESET": "Connection reset by peer",
    "EEXIST": "File exists",
    "EHOSTDOWN": "Host is down",
    "EHOSTUNREACH": "No route to host",
    "EINVAL": "Invalid argument",
    "EMSGSIZE": "Message too long",
    "ENETDOWN": "Network is down",
    "ENETUNREACH": "Network is unreachable",
    "ENODEV": "No such device",
    "ENOENT": "No such file or directory",
    "ENONET": "Machine is not on the network",
    "ENOPROTOOPT": "Protocol not available",
    "EOPNOTSUPP": "Operation not supported",
    "EPERM": "Operation not permitted",
    "ERANGE": "Numerical result out of range",
    "ESRCH": "No such process",
}
"""strerror(3): what people read for the name of an error number."""


def options(args: list[str], letters: str) -> tuple[dict[str, str], list[str]]:
    """The options of a command line, by letter, and its other words; NotModelled for any option beside ``letters``.

    A letter with ``:`` behind it takes a value, as in getopt(3); of a letter that comes twice the last counts.

    >>> options(["ping", "-c", "1", "-n", "10.1.1.1"], "c:n")
    ({'c': '1', 'n': ''}, ['10.1.1.1'])
    """
    try:
        found, words = getopt.gnu_getopt(args[1:], letters)
    except getopt.GetoptError as error:
        known = ", ".join(f"-{letter}" for letter in letters.replace(":", ""))
        raise NotModelled(f"{args[0]} -{error.opt}", known=known) from error
    return {letter[1:]: value for letter, value in found}, words


def address_of(host: str) -> Ip | None:
    """The address that a host's text means; None if it is a name that nobody here can look up."""
    if host == "localhost":
        return Ip("127.0.0.1")
    try:
        return Ip(host)
    except ValueError:
        return None
