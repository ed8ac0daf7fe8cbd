"""How options are declared, read and refused: what a match's or a target's words have in common.

An extension is data: its options (how many values, may ``!`` stand before it, what it needs and excludes), how a fact
is built from what was given, and how that fact is written back and listed. Refusals are in the words of
libxtables (xtables_option_parse, xtables_error).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from k8snet.linux.fact import Fact
from k8snet.linux.iptables.names import parse_number

ALL_ONES = 0xFFFFFFFF


class Complaint(Exception):
    """iptables does not accept a word of the command line; ``code`` is the exit status."""

    code = 2
    advises = True
    """Whether "Try `iptables -h' …" follows."""


class BadArgument(Complaint):
    """A word that is nothing: iptables prints this one without its own name in front."""


class NoTable(Complaint):
    """A table that does not exist."""

    code = 3
    advises = False


class NoChain(Complaint):
    """A chain to be listed that does not exist."""

    code = 1
    advises = False


class Option(Fact, frozen=True):
    """One option: ``takes`` so many values; ``needs`` and ``excludes`` name others. A ``required`` one must be given.

    ``bounds``: the value is a number, from the first to the second.
    """

    name: str
    takes: int = 1
    aliases: tuple[str, ...] = ()
    invertible: bool = False
    required: bool = False
    needs: str = ""
    excludes: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    once: str = 'option "--{option}" can only be used once.\n'


class Given:
    """What was given to one ``-m`` or ``-j``: each option's values, and whether ``!`` stood before it."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.values: dict[str, list[str]] = {}
        self.inverted: set[str] = set()
        self.proto = ""
        """The protocol that the rule asks for, if it asks for exactly one."""

    def take(self, option: Option, values: list[str], *, inverted: bool) -> None:
        """Note an option. Complaint if it may not stand here."""
        if option.name in self.values:
            self.complain(option.once.format(option=option.name))
        if inverted and not option.invertible:
            self.complain(f'option "--{option.name}" cannot be inverted.\n')
        self.values[option.name] = values
        if option.bounds is not None:
            self._check_bounds(option, option.bounds)
        if inverted:
            self.inverted.add(option.name)

    def check(self) -> None:
        """Complaint if what was given does not go together."""
        for option in self.extension.options:
            if option.required and option.name not in self.values:
                self.complain(f'option "--{option.name}" must be specified\n')
            if option.name not in self.values:
                continue
            for other in option.excludes:
                if other in self.values:
                    self.complain(f'option "--{option.name}" cannot be used together with "--{other}".\n')
            if option.needs and option.needs not in self.values:
                self.complain(f'option "--{option.name}" also requires "--{option.needs}".\n')

    def complain(self, text: str) -> NoReturn:
        """Refuse, with the extension's name in front; the oldest texts (``Only one …``) stand alone."""
        raise Complaint(text if text.startswith("Only") else f"{self.extension.name}: {text}")

    def has(self, name: str) -> bool:
        """Whether an option was given."""
        return name in self.values

    def value(self, name: str, default: str = "") -> str:
        """An option's only value."""
        return self.values[name][0] if name in self.values else default

    def number(self, name: str, default: int) -> int:
        """The value of an option with bounds."""
        return parse_number(self.value(name), ALL_ONES) or 0 if name in self.values else default

    def _check_bounds(self, option: Option, bounds: tuple[int, int]) -> None:
        number = parse_number(self.value(option.name), bounds[1])
        if number is None or number < bounds[0]:
            self.complain(f'bad value for option "--{option.name}", or out of range ({bounds[0]}-{bounds[1]}).\n')

    def masked(self, name: str) -> tuple[int, int]:
        """An option's VALUE[/MASK]. Complaint if either is not a number of 32 bits."""
        value, slash, mask = self.value(name).partition("/")
        numbers = parse_number(value, ALL_ONES), parse_number(mask, ALL_ONES) if slash else ALL_ONES
        if numbers[0] is None or numbers[1] is None:
            raise Complaint(f'{self.extension.name}: bad integer value for option "--{name}", or out of range.\n')
        return numbers[0], numbers[1]


class Extension(Fact, frozen=True):
    """One ``-m`` or ``-j`` word.

    ``build(given)`` makes the fact; ``write(fact)`` gives its words as ``iptables -S`` prints them, and ``show(fact,
    numeric)`` as ``iptables -L`` does.
    """

    name: str
    build: Callable[[Given], Any]
    write: Callable[[Any], str]
    show: Callable[[Any, bool], str]
    options: tuple[Option, ...] = ()
    merges: bool = False
    """Whether a second ``-m`` of the same name adds to the first, as iptables-nft's native matches do."""


SAFE = frozenset("_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def quoted(text: str) -> str:
    """A text as iptables-save writes it: in quotes unless all its characters are harmless (xtables_save_string).

    >>> quoted("web"), quoted("web: no endpoints")
    ('web', '"web: no endpoints"')
    """
    if text and SAFE.issuperset(text):
        return text
    escaped = "".join(f"\\{char}" if char in "\"'\\" else char for char in text)
    return f'"{escaped}"'


def negation(inverted: bool) -> str:
    """``! `` or nothing."""
    return "! " if inverted else ""
