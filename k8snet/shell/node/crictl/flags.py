"""crictl's command line, and its words for what goes wrong. Flags stand before the words: the first word ends them.

Source: urfave/cli v2, which reads flags with Go's flag package; sirupsen/logrus for how a terminal shows an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.gowords import Unreadable, read_integer

Options = dict[str, list[str]]
"""The values of each flag that is given; of one without a value, ``true``."""
ID_LENGTH = 13
"""So many digits of an id are shown."""


def fatal(text: str) -> CommandError:
    """The error that ends crictl, as a terminal shows it."""
    return CommandError(f"FATA[0000] {text}")


class Flags:
    """The flags of a verb: those with a ``value`` and the ``switches``, by name to a letter (or nothing). ``others`` are not
    modelled.
    """

    def __init__(self, verb: str, value: Mapping[str, str], switches: Mapping[str, str], others: Sequence[str] = ()) -> None:
        self.verb = verb
        self.names = {name: name for name in (*value, *switches)}
        self.names |= {letter: name for name, letter in {**value, **switches}.items() if letter}
        self.switches = frozenset(switches)
        self.others = others

    def read(self, words: Sequence[str]) -> tuple[Options, list[str]]:
        """The options, and the words behind them."""
        options, left = Options(), list(words)
        while left and re.match(r"--?[a-zA-Z]", left[0]):
            word, joined, value = left.pop(0).partition("=")
            for name in self._known(word):
                if name in self.switches:
                    options[name] = [value or "true"]
                    continue
                if not joined and not left:
                    raise self._usage(f"flag needs an argument: {word}")
                options.setdefault(name, []).append(value if joined else left.pop(0))
        return options, left[1:] if left[:1] == ["--"] else left

    def _known(self, word: str) -> list[str]:
        """The flags that a word means: several letters without a value may be joined."""
        name = word.lstrip("-")
        if name in self.names:
            return [self.names[name]]
        if name in self.others:
            known = ", ".join(f"--{each}" for each in sorted(set(self.names.values())))
            raise NotModelled(f"crictl {self.verb} {word}", known=known)
        letters = [self.names.get(letter, "") for letter in name]
        if not word.startswith("--") and all(each in self.switches for each in letters):
            return letters
        raise self._usage(f"flag provided but not defined: -{name}")

    def _usage(self, text: str) -> CommandError:
        error = fatal(text)
        error.add_note(f"crictl prints its usage before that; the flags here are {', '.join(sorted(set(self.names.values())))}.")
        return error


def last(options: Options, name: str, default: str = "") -> str:
    """The value of a flag; the last one if it is given several times."""
    return options.get(name, [default])[-1]


def number(options: Options, name: str, default: int) -> int:
    """The number that a flag has, in any of Go's notations. CommandError for what is none."""
    if name not in options:
        return default
    text = last(options, name)
    try:
        return read_integer(text, base=0)
    except Unreadable as error:
        why = "value out of range" if str(error).endswith("value out of range") else "parse error"
        raise fatal(f'invalid value "{text}" for flag -{name}: {why}') from None


def form(options: Options, default: str, allowed: Sequence[str]) -> str:
    """What ``-o`` asks for."""
    wanted = last(options, "output", default)
    if wanted in ("go-template", "table") and wanted not in allowed:
        raise NotModelled(f"crictl -o {wanted}", known=", ".join(allowed))
    if wanted not in allowed:
        raise fatal(f'unsupported output format "{wanted}"')
    return wanted


def short(own: str) -> str:
    """An id as tables show it."""
    return own.removeprefix("sha256:")[:ID_LENGTH]


def chosen(found: Sequence[Any], prefix: str, missing: str) -> Any:
    """Which of the things with an ``id`` is meant by its beginning. ``missing`` is the runtime's sentence for none."""
    those = [each for each in found if each.id.startswith(prefix)] if prefix else []
    exact = [each for each in those if each.id == prefix]
    if len(those) == 1 or exact:
        return (exact or those)[0]
    if those:
        raise NotModelled(f"an id that begins with {prefix!r}, as several do", known="more of its digits")
    raise LookupError(f"rpc error: code = NotFound desc = {missing}: not found")
