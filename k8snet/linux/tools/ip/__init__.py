"""``ip``: devices, addresses, routes, policy rules, neighbours and network namespaces.

Here are the options and the choice of the object; each object has its file, and each file is a lesson. Sources:
ip(8) and its companions of iproute2 6.1, whose words and exit codes these are. IPv4 only.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.fact import changed
from k8snet.linux.netns import Netns
from k8snet.linux.tools import Output
from k8snet.linux.tools.ip import address, link, neigh, netns, route, rule
from k8snet.linux.tools.ip.words import Options, Words, resolve

OBJECTS: dict[str, Callable[[Netns, Words, Options, str], str | Output] | None] = {
    "address": address.run, "addrlabel": None, "maddress": None, "route": route.run, "rule": rule.run,
    "neighbor": neigh.run, "neighbour": neigh.run, "ntable": None, "ntbl": None, "link": link.run, "l2tp": None,
    "fou": None, "ila": None, "macsec": None, "tunnel": None, "tunl": None, "tuntap": None, "tap": None, "token": None,
    "tcpmetrics": None, "monitor": None, "xfrm": None, "mroute": None, "mrule": None, "netns": netns.run,
    "netconf": None, "vrf": None, "sr": None, "nexthop": None, "mptcp": None, "ioam": None, "help": None,
}
"""The objects in the order in which abbreviations are tried (iproute2: ip.c); None: known to ip, not to the model."""

SWITCHES = {"-4": "inet", "-details": "details", "-oneline": "oneline", "-brief": "brief"}
OPTIONS = (
    "-loops", "-family", "-4", "-6", "-0", "-M", "-B", "-human-readable", "-iec", "-statistics", "-details", "-resolve",
    "-oneline", "-timestamp", "-tshort", "-Version", "-force", "-batch", "-brief", "-json", "-pretty", "-rcvbuf",
    "-color", "-help", "-netns", "-Numeric", "-all",
)
USAGE = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename"
VERSION = "ip utility, iproute2-6.1.0, libbpf 1.1.2\n"
KNOWN = "-4, -brief, -details, -netns, -oneline, -Version"


def run(netns: Netns, args: list[str], stdin: str = "") -> str | Output:
    """Run ``ip [OPTIONS] OBJECT COMMAND``."""
    words, options = Words(args[1:]), Options()
    while words:
        word = words.take()
        if not word.startswith("-"):
            return _object(word)(netns, words, options, stdin)
        name = _option(word)
        if name == "-Version":
            return VERSION
        if name == "-netns":
            netns = _enter(netns, words)
        elif name in SWITCHES:
            options = changed(options, **{SWITCHES[name]: True})
        else:
            raise NotModelled(f"ip {word}", known=KNOWN)
    raise CommandError(USAGE, code=255)


def _option(word: str) -> str:
    if word in ("-", "--"):
        raise CommandError(USAGE, code=255)
    name = resolve(word[1:] if word.startswith("--") else word, OPTIONS)
    if name is None:
        raise CommandError(f'Option "{word}" is unknown, try "ip -help".', code=255)
    return name


def _enter(current: Netns, words: Words) -> Netns:
    return netns.find(current.world, words.take() if words else "(null)")


def _object(word: str) -> Callable[[Netns, Words, Options, str], str | Output]:
    name = resolve(word, OBJECTS)
    if name is None:
        raise CommandError(f'Object "{word}" is unknown, try "ip help".', code=1)
    run_object = OBJECTS[name]
    if run_object is None:
        raise NotModelled(f"ip {name}", known=", ".join(name for name, known in OBJECTS.items() if known))
    return run_object
