"""The flags of a command line, as kubectl reads them: its grammar and its words of refusal.

Flags may stand anywhere; ``--`` ends them. Source: github.com/spf13/pflag (flag.go, the types' files); the words are what
kubectl 1.37 prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.gowords import read_integer
from k8snet.linux.fact import Fact


class Flag(Fact, frozen=True):
    """One flag. ``kind``: string, bool, int (of 64 bits), int32, duration, list (parts between commas), array (once a value).

    ``bare`` is the value where the flag stands without one; "" is a flag that must have a value.
    """

    name: str
    short: str = ""
    kind: str = "string"
    default: Any = ""
    bare: str = ""

    @property
    def takes_value(self) -> bool:
        """Whether a value must follow."""
        return not self.bare

    @property
    def shown(self) -> str:
        """As refusals write it."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


def flag(name: str, kind: str = "string", default: Any = None, bare: str = "") -> Flag:
    """A flag, written ``n, namespace`` where it has a letter too.

    >>> flag("A, all-namespaces", "bool").shown
    '-A, --all-namespaces'
    """
    short, _, long = name.rpartition(", ")
    empty: dict[str, Any] = {"string": "", "bool": False, "int": 0, "int32": 0, "duration": 0.0, "list": (), "array": ()}
    return Flag(long, short, kind, empty[kind] if default is None else default, "true" if kind == "bool" else bare)


class Parsed(Fact, frozen=True):
    """What a command line says: ``values`` of the flags that stand in it, ``args``, and those ``behind`` a ``--``."""

    values: dict[str, Any]
    args: tuple[str, ...]
    behind: tuple[str, ...] | None = None


def parse(words: Sequence[str], flags: Iterable[Flag], others: Iterable[str], command: str) -> Parsed:
    """Read a command's words. CommandError in kubectl's words; NotModelled for the flags called ``others``.

    >>> parse(["pods", "-A", "-owide"], [flag("A, all-namespaces", "bool"), flag("o, output")], [], "kubectl get")
    Parsed(values={'all-namespaces': True, 'output': 'wide'}, args=('pods',), behind=None)
    """
    reader = _Reader(list(words), {each.name: each for each in flags}, frozenset(others), command)
    return reader.read()


class _Reader:
    def __init__(self, words: list[str], flags: dict[str, Flag], others: frozenset[str], command: str) -> None:
        self.words = words
        self.flags = flags
        self.letters = {each.short: each for each in flags.values() if each.short}
        self.others = others
        self.command = command
        self.values: dict[str, Any] = {}
        self.args: list[str] = []

    def read(self) -> Parsed:
        while self.words:
            word = self.words.pop(0)
            if word == "--":
                return Parsed(self.values, tuple(self.args), tuple(self.words))
            if word.startswith("--"):
                self._long(word[2:])
            elif word.startswith("-") and word != "-":
                self._letters(word[1:])
            else:
                self.args.append(word)
        return Parsed(self.values, tuple(self.args))

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if name in self.others and name not in self.flags:
            raise NotModelled(f"{self.command} --{name}", known=", ".join(f"--{each}" for each in sorted(self.flags)))
        found = self.flags.get(name)
        if found is None:
            raise self._refused(f"unknown flag: --{name}")
        self._set(found, value if equals else None, f"--{name}")

    def _letters(self, letters: str) -> None:
        while letters:
            found = self.letters.get(letters[0])
            if found is None:
                if letters[0] in self.others:
                    raise NotModelled(f"{self.command} -{letters[0]}", known=", ".join(f"-{each}" for each in self.letters))
                raise self._refused(f"unknown shorthand flag: {letters[0]!r} in -{letters}")
            rest = letters[1:]
            if rest.startswith("="):
                return self._set(found, rest[1:], "")
            if found.takes_value:
                return self._set(found, rest or None, f"{letters[0]!r} in -{letters}")
            self._set(found, None, "")
            letters = rest
        return None

    def _set(self, found: Flag, value: str | None, where: str) -> None:
        if value is None and found.takes_value:
            if not self.words:
                raise self._refused(f"flag needs an argument: {where}")
            value = self.words.pop(0)
        text = found.bare if value is None else value
        try:
            read = TYPES[found.kind](text)
        except ValueError as error:
            raise self._refused(f'invalid argument "{text}" for "{found.shown}" flag: {error}') from error
        adds = found.kind in ("list", "array")
        self.values[found.name] = (*self.values.get(found.name, ()), *read) if adds else read

    def _refused(self, text: str) -> CommandError:
        return CommandError(f"error: {text}\nSee '{self.command} --help' for usage.")


def _bool(text: str) -> bool:
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def _integer(text: str, bits: int = 64) -> int:
    return read_integer(text, bits=bits, base=0)


def _int32(text: str) -> int:
    return _integer(text, 32)


UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)", re.ASCII)


def duration(text: str) -> float:
    """Seconds, as Go's time.ParseDuration reads them. ValueError in its words.

    >>> duration("1m30s"), duration("0")
    (90.0, 0.0)
    """
    sign, body = (-1 if text.startswith("-") else 1), text.lstrip("+-") if text[:1] in "+-" else text
    if body == "0":
        return 0.0
    if re.fullmatch(r"(\d+\.?\d*|\.\d+)", body, re.ASCII):
        raise ValueError(f'time: missing unit in duration "{text}"')
    if not body or not re.fullmatch(f"({_PART.pattern})+", body, re.ASCII):
        raise ValueError(f'time: invalid duration "{text}"')
    seconds = sum(float(number) * UNITS[unit] for number, unit in _PART.findall(body))
    if seconds * 1e9 >= 1 << 63:
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * seconds


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


TYPES: dict[str, Callable[[str], Any]] = {
    "string": str, "bool": _bool, "int": _integer, "int32": _int32, "duration": duration, "list": _list,
    "array": lambda text: (text,),
}  # fmt: skip
"""How the value of a flag of each kind is read."""
