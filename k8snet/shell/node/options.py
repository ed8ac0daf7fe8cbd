"""How the tools of a node read their options: as getopt_long(3) does, with its words for what it does not know; and numbers.

What numbers they take, and what they say of others, was compared with procps-ng 4.0.2 and util-linux 2.38.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.linux.tools.libc import MEANINGS

LONG, INT = 63, 31
"""The bits of C's numbers."""
Found = list[tuple[str, str]]
"""The options in their order, each under its own letter or name, with its value (empty where it has none)."""


def whole(text: str, most: int = LONG) -> int | None:
    """A number in decimal digits, of at most so many bits; None if it is larger. ValueError for what is no number.

    >>> whole("007"), whole("2147483648", INT)
    (7, None)
    """
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"no number: {text!r}")
    try:
        return read_integer(text, "ParseUint", bits=most)
    except Unreadable:
        return None


def number(text: str, refusal: str, most: int = LONG) -> int:
    """The same, with the words of most tools for what it is not: CommandError.

    >>> number("2147483648", "lsns: invalid PID argument", INT)
    Traceback (most recent call last):
    k8snet.errors.CommandError: lsns: invalid PID argument: '2147483648': Numerical result out of range
    """
    try:
        found = whole(text, most)
    except ValueError:
        raise CommandError(f"{refusal}: '{text}'") from None
    if found is None:
        raise CommandError(f"{refusal}: '{text}': {MEANINGS['ERANGE']}", errno="ERANGE")
    return found


class Grammar:
    """The options of one ``tool``: ``flags`` by their letter, and by their long name to the letter.

    A flag's letter stands alone, with ``:`` behind it if it takes a value, with ``::`` if it takes only one that is joined to
    it. ``others`` are options that the real tool has and the model does not. ``ordered``: the first word that is none ends them.
    """

    def __init__(self, tool: str, flags: Sequence[str], long: Mapping[str, str], *, others: Sequence[str] = (),
                 ordered: bool = False) -> None:
        self.tool = tool
        self.kinds = {flag.rstrip(":"): flag.count(":") for flag in flags}
        self.long = long
        self.others = others
        self.ordered = ordered

    def read(self, words: Sequence[str]) -> tuple[Found, list[str]]:
        """The options, and the words that are none. CommandError in the tool's words; NotModelled."""
        found, rest, left = Found(), list[str](), list(words)
        while left:
            word = left.pop(0)
            if word == "--":
                return found, rest + left
            if word.startswith("--"):
                found.append(self._long(word, left))
            elif word.startswith("-") and word != "-":
                found += self._letters(word[1:], left)
            elif self.ordered:
                return found, [word, *left]
            else:
                rest.append(word)
        return found, rest

    def _long(self, word: str, left: list[str]) -> tuple[str, str]:
        name, joined, value = word[2:].partition("=")
        letter = self.long.get(name)
        if letter is None:
            raise self._unknown(f"--{name}", f"unrecognized option '{word}'")
        kind = self.kinds[letter]
        if joined and not kind:
            raise self._no(f"option '--{name}' doesn't allow an argument")
        if kind == 1 and not joined:
            if not left:
                raise self._no(f"option '--{name}' requires an argument")
            value = left.pop(0)
        return letter, value

    def _letters(self, letters: str, left: list[str]) -> Found:
        found = Found()
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in self.kinds:
                raise self._unknown(f"-{letter}", f"invalid option -- '{letter}'")
            kind = self.kinds[letter]
            if kind == 1 and not letters and not left:
                raise self._no(f"option requires an argument -- '{letter}'")
            if kind:
                found.append((letter, letters if letters or kind == 2 else left.pop(0)))
                break
            found.append((letter, ""))
        return found

    def _unknown(self, option: str, words: str) -> CommandError | NotModelled:
        if option in self.others:
            return NotModelled(f"{self.tool} {option}", known=", ".join(f"-{each}" for each in self.kinds))
        return self._no(words)

    def _no(self, words: str) -> CommandError:
        code = 2 if self.tool == "ls" else 1
        return CommandError(f"{self.tool}: {words}\nTry '{self.tool} --help' for more information.", code=code)
