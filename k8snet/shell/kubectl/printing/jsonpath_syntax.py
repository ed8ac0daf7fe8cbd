"""The syntax of kubectl's JSONPath templates: text, and in braces the paths to what is to be put there.

A template becomes a list of parts: `Text`, or a path, which is a tuple of steps. Errors are `Unparsable`, in the words of the
real parser; how they reach the user is not decided here. The language has its oddities, which are kept: ``['a.b']`` means the
field b of a, and there is no ``&&``. Source: k8s.io/client-go, util/jsonpath/parser.go and node.go.
"""

from __future__ import annotations

import re
from math import inf, isinf
from typing import NoReturn

from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.linux.fact import Fact


class Unparsable(ValueError):
    """A template that cannot be read; the text says why."""


class Text(Fact, frozen=True):
    """Text to be printed as it is."""

    text: str


class Field(Fact, frozen=True):
    """``.name``"""

    name: str


class Wildcard(Fact, frozen=True):
    """``.*``"""


class Recursive(Fact, frozen=True):
    """``..``"""


class Slice(Fact, frozen=True):
    """``[first:end:step]``. ``single``: only one index was given, and the end is the one behind it."""

    first: int | None
    end: int | None
    step: int | None
    single: bool = False


class Union(Fact, frozen=True):
    """``[a,b]``"""

    paths: tuple[Path, ...]


class Filter(Fact, frozen=True):
    """``[?(left operator right)]``; the operator is ``exists`` if there is only the left side."""

    left: Path
    operator: str
    right: Path


class Number(Fact, frozen=True):
    """A number, to be compared with or to be printed."""

    value: float


class Truth(Fact, frozen=True):
    """``true`` or ``false``."""

    value: bool


class Word(Fact, frozen=True):
    """``range``, ``end``, or what means nothing."""

    name: str


Step = Text | Field | Wildcard | Recursive | Slice | Union | Filter | Number | Truth | Word
Path = tuple[Step, ...]
Template = tuple[Text | Path, ...]

_ENDS = " \t\r\n.,[]$@{}"
"""What ends a name."""
_NAME = re.compile(rf"(?:\\.|[^\\{re.escape(_ENDS)}])*", re.DOTALL)
_WORD = re.compile(rf"[^{re.escape(_ENDS)}]*")
_NUMBER = re.compile(r"[+-]?[0-9.]*")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_KEY = re.compile(r"'([^']*)'")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)", re.DOTALL)


def parse(text: str) -> Template:
    """The parts of a template.

    >>> parse("name: {.items[0]['a']}")
    (Text(text='name: '), (Field(name='items'), Slice(first=0, end=1, step=None, single=True), Field(name='a')))
    >>> parse("{.items[}")
    Traceback (most recent call last):
    k8snet.shell.kubectl.printing.jsonpath_syntax.Unparsable: unterminated array
    """
    parts: list[Text | Path] = []
    while text:
        before, brace, text = text.partition("{")
        if before:
            parts.append(Text(before))
        if brace:
            reader = _Reader(text)
            parts.append(reader.path())
            text = reader.rest()
    return tuple(parts)


def _inner(text: str) -> Path:
    """A path that stands in another one."""
    first = parse(f"{{{text}}}")[0]
    assert isinstance(first, tuple)
    return first


class _Reader:
    """Reads one path, behind its opening brace."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._steps: list[Step] = []

    def path(self) -> Path:
        while not self._takes("}"):
            self._step()
        return tuple(self._steps)

    def rest(self) -> str:
        """What follows the closing brace."""
        return self._text[self._at :]

    def _takes(self, prefix: str) -> bool:
        found = self._text.startswith(prefix, self._at)
        self._at += len(prefix) * found
        return found

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return found[0]

    def _step(self) -> None:
        sign = self._text[self._at : self._at + 1]
        if self._takes("[?("):
            self._filter()
        elif self._takes(".."):
            self._recursive()
        elif sign in ("", "\r", "\n"):
            raise Unparsable("unclosed action")
        elif sign in "+-" or sign.isdecimal():
            self._number()
        elif sign == "_" or sign.isalpha():
            self._word()
        else:
            self._at += 1
            self._sign(sign)

    def _sign(self, sign: str) -> None:
        if sign == "[":
            self._bracket()
        elif sign in "\"'":
            self._quoted(sign)
        elif sign == ".":
            self._field()
        elif sign not in " @$":
            shown = f" '{sign}'" if sign.isprintable() else ""
            raise Unparsable(f"unrecognized character in action: U+{ord(sign):04X}{shown}")

    def _field(self) -> None:
        name = self._match(_NAME)
        if self._text[self._at :] == "\\":
            self._at += 1
        self._steps.append(Wildcard() if name == "*" else Field(name.replace("\\", "")))

    def _recursive(self) -> None:
        if self._steps and isinstance(self._steps[-1], Recursive):
            raise Unparsable("invalid multiple recursive descent")
        self._steps.append(Recursive())
        following = self._text[self._at : self._at + 1]
        if following == "_" or following.isalpha() or following.isdecimal():
            self._field()

    def _word(self) -> None:
        word = self._match(_WORD)
        self._steps.append(Truth(word == "true") if word in ("true", "false") else Word(word))

    def _number(self) -> None:
        digits = self._match(_NUMBER)
        self._steps.append(Number(_number(digits)))

    def _quoted(self, quote: str) -> None:
        begin = self._at
        while True:
            sign = self._text[self._at : self._at + 1]
            self._at += 1
            if sign in ("", "\n"):
                raise Unparsable("unterminated quoted string")
            if sign == quote and self._text[self._at - 2] != "\\":
                break
        self._steps.append(Text(unquoted(self._text[begin : self._at - 1], quote)))

    def _bracket(self) -> None:
        text, end, rest = self._text[self._at :].partition("]")
        if not end or "\n" in text:
            raise Unparsable("unterminated array")
        self._at = len(self._text) - len(rest)
        self._steps += _subscript(text)

    def _filter(self) -> None:
        condition = self._condition()
        if not self._takes("]"):
            raise Unparsable("unclosed array expect ]")
        found = _COMPARISON.fullmatch(condition)
        if found is None:
            self._steps.append(Filter(_inner(condition), "exists", ()))
        else:
            self._steps.append(Filter(_inner(found[1]), found[2], _inner(found[3])))

    def _condition(self) -> str:
        """The text up to the bracket that ends a condition: one outside of quotes, of which it knows one pair."""
        begin, quote, closed = self._at, "", False
        while True:
            sign = self._text[self._at : self._at + 1]
            self._at += 1
            if sign in ("", "\n"):
                raise Unparsable("unterminated filter")
            if sign in "\"'" and not quote:
                quote = sign
            elif sign in "\"'" and self._text[self._at - 2] != "\\" and sign == quote:
                closed = True
            elif sign == ")" and bool(quote) == closed:
                return self._text[begin : self._at - 1]


def _subscript(text: str) -> Path:
    """What stands in square brackets: several of them, a name, or which of a list."""
    if text == "*":
        return (Slice(None, None, None),)
    if "," in text:
        return (Union(tuple(_inner(f"[{each.strip(' ')}]") for each in text.split(","))),)
    if key := _KEY.fullmatch(text):
        return _inner(f".{key[1]}")
    found = _SLICE.fullmatch(text)
    if found is None:
        raise Unparsable(f"invalid array index {text}")
    first = _index(found[1])
    if not found[2]:
        return (Slice(first, (first or 0) + 1, _index(found[3]), single=True),)
    return (Slice(first, _index(found[2]), _index(found[3])),)


def _index(text: str | None) -> int | None:
    digits = (text or "").removeprefix(":")
    try:
        return read_integer(digits, "Atoi") if digits else None
    except Unreadable:
        raise Unparsable(f"array index {digits} is not a number") from None


def _number(digits: str) -> float:
    """A number; one that is no integer of 64 bits is a float."""
    try:
        return read_integer(digits, "Atoi")
    except Unreadable:
        value = float(digits) if any(map(str.isdecimal, digits)) and digits.count(".") < 2 else inf
    if isinf(value):
        raise Unparsable(f"cannot parse number {digits}")
    return value


_ESCAPED = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))|[^\\]", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


def unquoted(text: str, quote: str) -> str:
    r"""Text between quotes, its escapes resolved; the quote itself may be escaped, the other one may not.

    >>> unquoted(r"a\tb\u00e9", '"')
    'a\tbé'
    """
    if "\\" not in text:
        return text
    signs = bytearray()
    at = 0
    while at < len(text):
        found = _ESCAPED.match(text, at)
        if found is None or found[0] == quote or found[1] in {'"', "'"} - {quote}:
            _bad(text, quote)
        at = found.end()
        signs += _sign(found, text, quote)
    return signs.decode(errors="replace")


def _sign(found: re.Match[str], text: str, quote: str) -> bytes:
    letter, two, four, eight, octal = found.groups()
    if letter:
        return bytes([_LETTERS[letter]])
    if two or octal:
        code = int(two, 16) if two else int(octal, 8)
        return bytes([code]) if code < 0x100 else _bad(text, quote)
    if four or eight:
        code = int(four or eight, 16)
        return chr(code).encode(errors="replace") if code < 0x110000 and not 0xD800 <= code < 0xE000 else _bad(text, quote)
    return found[0].encode()


def _bad(text: str, quote: str) -> NoReturn:
    raise Unparsable(f"unquote string {quote}{text}{quote} error invalid syntax")
