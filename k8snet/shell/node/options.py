"""How the tools of a node read their options: as getopt_long(3) does, with its words for what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from k8snet.errors import CommandError, NotModelled

Found = list[tuple[str, str]]
"""The options in their order, each under its own letter or name, with its value (empty where it has none)."""


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
