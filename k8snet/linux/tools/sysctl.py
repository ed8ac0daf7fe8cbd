"""``sysctl``: reading and setting the switches of a network namespace (k8snet/linux/sysctl.py), as procps 4.0 does.

A command with several settings is all or nothing here; the real one goes on behind a setting that it refuses.
"""

from __future__ import annotations

import re

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.netns import Netns
from k8snet.linux.sysctl import swapped

LETTERS = frozenset("waneqN")
LONG = {"--write": "w", "--all": "a", "--values": "n", "--ignore": "e", "--quiet": "q", "--names": "N"}
ANY, NATURAL, BYTE, BOOL = (-0x80000000, 0x7FFFFFFF), (0, 0x7FFFFFFF), (0, 255), (0, 1)
RANGES = (
    (r"net\.ipv4\.ip_default_ttl", (1, 255)),
    (r"net\.ipv4\.ip_nonlocal_bind", BYTE),
    (r"net\.ipv4\.icmp_echo_ignore_all", BOOL),
    (r"net\.ipv4\.icmp_ratelimit", NATURAL),
    (r"net\.netfilter\.nf_conntrack_tcp_(loose|be_liberal)", BOOL),
    (r"net\.ipv4\.neigh\..*\.(retrans_time_ms|[mu]cast_solicit|base_reachable_time_ms|unres_qlen)", NATURAL),
)
"""Which values the kernel takes (measured); any 32-bit number for the rest."""


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run ``sysctl [-w] [-n] [-a] [-e] [-q] [-N] NAME[=VALUE]…``."""
    letters, names = _options(args[1:])
    if "a" in letters:
        names = netns.sysctls.names()
        letters -= {"w"}
    if not names:
        raise CommandError("sysctl: no variables specified\nTry `sysctl --help' for more information.", code=1)
    settings = [_setting(netns, name, letters) for name in names]
    for name, value in (setting for setting in settings if setting is not None):
        if value is not None:
            netns.sysctls.write(name, value[0])
    lines = [_line(netns, setting[0], setting[1], letters) for setting in settings if setting is not None]
    return "".join(lines)


def _options(words: list[str]) -> tuple[set[str], list[str]]:
    letters: set[str] = set()
    names = []
    for word in words:
        if not word.startswith("-") or word == "-":
            names.append(word)
            continue
        said = LONG.get(word, "") if word.startswith("--") else word[1:]
        if not said or not set(said) <= LETTERS:
            raise NotModelled(f"sysctl {word}", known="-w, -a, -n, -e, -q, -N")
        letters |= set(said)
    return letters, names


def _setting(netns: Netns, word: str, letters: set[str]) -> tuple[str, tuple[int, str] | None] | None:
    """The switch that a word names and the value that it is to get (as a number and as typed), if any.

    None for an unknown one with ``-e``.
    """
    written, equals, value = (part.strip() for part in word.partition("="))
    if "w" in letters and not equals:
        raise CommandError("sysctl: command line(0): invalid syntax, continuing...", code=1)
    name = written if "." in written.split("/")[0] else swapped(written)
    try:
        _known(netns, name)
    except (CommandError, NotModelled):
        if "e" in letters:
            return None
        raise
    return name, (_value(name, value), value) if equals else None


def _known(netns: Netns, name: str) -> None:
    """CommandError if there is no such device; NotModelled for a switch that the model does not obey."""
    try:
        netns.sysctls.read(name)
    except CommandError as error:
        if not re.match(r"net\.ipv4\.(conf|neigh)\.[^.]+\.", name):
            raise NotModelled(f"sysctl {name}", known="those that `sysctl -a` lists") from None
        raise CommandError(str(error), code=1, errno=error.errno) from None


def _value(name: str, text: str) -> int:
    """A number in the kernel's range for that switch; what follows behind a space is not looked at."""
    low, high = next((limits for pattern, limits in RANGES if re.fullmatch(pattern, name)), ANY)
    try:
        value = int((text.split() or [""])[0], 0)
    except ValueError:
        value = high + 1
    if not low <= value <= high:
        raise CommandError(f'sysctl: setting key "{name}": Invalid argument', code=1, errno="EINVAL")
    return value


def _line(netns: Netns, name: str, value: tuple[int, str] | None, letters: set[str]) -> str:
    """What is printed about a switch; what was set is echoed as it was typed."""
    if value is not None and "q" in letters:
        return ""
    if "N" in letters:
        return f"{name}\n"
    text = str(netns.sysctls.read(name)) if value is None else value[1]
    return f"{text}\n" if "n" in letters else f"{name} = {text}\n"
