"""How iproute2 reads its words: keywords, abbreviations, numbers, prefixes; and its ways of saying no.

Nothing here changes a network namespace. Source: iproute2's lib/utils.c, and what version 6.1 prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import Ip, mask_of
from k8snet.linux.device import Device
from k8snet.linux.fact import Fact
from k8snet.linux.netns import Netns
from k8snet.linux.tools.libc import MEANINGS

T = TypeVar("T")


class Options(Fact, frozen=True):
    """The options before the object: ``-br``, ``-d``, ``-o``, ``-4``."""

    brief: bool = False
    details: bool = False
    oneline: bool = False
    inet: bool = False

    def lines(self, text: str) -> str:
        """An entry of several lines, on one if ``-o`` asks for it."""
        return text.replace("\n", "\\") if self.oneline else text


# --- ways of saying no -------------------------------------------------------------------------------------------


def refused(errno: str, *, code: int = 2) -> CommandError:
    """The kernel's no, where it gives a number alone. ``code``: ``ip`` ends with 2, ``bridge`` with 255."""
    return CommandError(f"RTNETLINK answers: {MEANINGS[errno]}", code=code, errno=errno)


def explained(text: str, errno: str = "EINVAL") -> CommandError:
    """The kernel's no, where it explains itself (extended acknowledgement)."""
    return CommandError(f"Error: {text}.", code=2, errno=errno)


def wrong(word: str, why: str) -> CommandError:
    """iproute2's no to the value of a keyword."""
    return CommandError(f'Error: argument "{word}" is wrong: {why}', code=255)


def garbage(keyword: str, word: str) -> CommandError:
    """iproute2's no to a word that it takes for a second value of its main keyword."""
    return CommandError(f'Error: either "{keyword}" is duplicate, or "{word}" is a garbage.', code=255)


def no_device(name: str) -> CommandError:
    """iproute2's no to a device that is not here."""
    return CommandError(f'Cannot find device "{name}"', code=1, errno="ENODEV")


# --- words -------------------------------------------------------------------------------------------------------


class Words:
    """The words of a command that are still to be read."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._words)

    def take(self) -> str:
        """The next word, which must be there: the value of a keyword, or the keyword itself."""
        if not self:
            raise CommandError('Command line is not complete. Try option "help"', code=255)
        self._at += 1
        return self._words[self._at - 1]

    def rest(self) -> list[str]:
        """All words that are left."""
        rest = self._words[self._at :]
        self._at = len(self._words)
        return rest


def resolve(word: str, names: Iterable[str]) -> str | None:
    """The first name that the word abbreviates, as iproute2's matches() has it: ``a`` is ``add`` before ``append``."""
    for name in names:
        if name.startswith(word):
            return name
    return None


def verb(words: Words, verbs: Mapping[str, T], unknown: str, default: str = "show") -> T:
    """What the verb (or its abbreviation) stands for; ``unknown`` is the tool and object that refuse others."""
    word = words.take() if words else default
    name = resolve(word, verbs)
    if name is None:
        raise CommandError(f'Command "{word}" is unknown, try "{unknown} help".', code=255)
    return verbs[name]


# --- values ------------------------------------------------------------------------------------------------------


def number(word: str, why: str, *, low: int = 0, high: int = 0xFFFFFFFF) -> int:
    """A number, decimal, hexadecimal (0x) or octal (0), as strtoul(3) reads it."""
    octal = len(word) > 1 and word[0] == "0" and word.isdigit()
    try:
        value = int(word, 8) if octal else int(word, 0)
    except ValueError:
        raise wrong(word, why) from None
    if not low <= value <= high or "_" in word:
        raise wrong(word, why)
    return value


def _dotted(word: str) -> Ip | None:
    """An address; missing bytes at its end are zeros (``10.9`` is 10.9.0.0)."""
    if ":" in word:
        raise NotModelled(f"IPv6 address {word}", known="IPv4")
    parts = word.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        return None
    return Ip(sum(int(part) << shift for part, shift in zip(parts, (24, 16, 8, 0), strict=False)))


def prefix(word: str, kind: str = "any valid") -> tuple[Ip, int]:
    """An address and a prefix length: ``10.1.1.1/24``, ``10.1.1.1`` (/32), ``10.1.1.0/255.255.255.0``, ``default``."""
    if word in ("default", "any", "all"):
        return Ip(0), 0
    text, slash, suffix = word.partition("/")
    ip = _dotted(text)
    length = _length(suffix) if slash else 32
    if ip is None or length is None:
        raise CommandError(f'Error: {kind} prefix is expected rather than "{word}".', code=1)
    return ip, length


def _length(suffix: str) -> int | None:
    if suffix.isascii() and suffix.isdigit():
        return int(suffix) if int(suffix) <= 32 else None
    mask = _dotted(suffix) if suffix.count(".") == 3 else None
    return None if mask is None or mask != mask_of(mask.bit_count()) else mask.bit_count()


def address(word: str, kind: str = "inet") -> Ip:
    """An address without a prefix length."""
    ip = _dotted(word)
    if ip is None:
        raise CommandError(f'Error: {kind} address is expected rather than "{word}".', code=1)
    return ip


def mac(word: str) -> str:
    """A MAC address in the usual form, from one that may leave out leading zeros."""
    parts = word.split(":")
    try:
        values = [int(part, 16) for part in parts]
    except ValueError:
        values = []
    if len(values) != 6 or not all(len(part) <= 2 and part.isalnum() for part in parts):
        raise CommandError(f'"{word}" is invalid lladdr.', code=1)
    return ":".join(f"{value:02x}" for value in values)


def switch(keyword: str, word: str, *, code: int = 255) -> bool:
    """``on`` or ``off``. ``code``: most keywords end ``ip`` with 255."""
    if word not in ("on", "off"):
        raise CommandError(f'Error: argument of "{keyword}" must be one of "off", "on", not "{word}"', code=code)
    return word == "on"


def device(netns: Netns, name: str) -> Device:
    """The device of that name."""
    if name not in netns.devices:
        raise no_device(name)
    return netns.devices[name]
