"""How a piece of text is written in YAML: plain, in quotes or as a block, and where its lines are broken.

Which of these forms a text allows follows from the signs in it. Whether a plain text would be read as text is not decided here.
Source: go.yaml.in/yaml/v2, emitterc.go (yaml_emitter_analyze_scalar, …_select_scalar_style and the writers), a translation of
libyaml's emitter.c.
"""

from __future__ import annotations

import re
from enum import Enum

from k8snet.linux.fact import Fact

WIDTH = 80
"""Where a line has come beyond this column, the next single space breaks it."""
_BREAKS = "\r\n\x85\u2028\u2029"
_FIRST, _FIRST_BEFORE_SPACE = "#,[]{}&*!|>'\"%@`", "?:-"
_PRINTABLE = re.compile("[\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")
"""Signs that need no escape: no tab among them, and nothing beyond the basic plane."""


class Style(Enum):
    """The forms of a scalar that kubectl's output has."""

    PLAIN = "plain"
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"


class _Allowed(Fact, frozen=True):
    plain: bool = True
    single: bool = True
    block: bool = True


def style_of(text: str, *, plain: bool, key: bool = False) -> Style:
    r"""The form of a text. ``plain``: whether it would be read as text; ``key``: whether it stands before a colon.

    >>> [style_of(text, plain=True).value for text in ("a b", "a: b", "a\tb", "a\nb", "a \nb")]
    ['plain', "'", '"', '|', '"']
    """
    allowed = _analyzed(text)
    if "\n" in text:
        return Style.LITERAL if allowed.block and not key else Style.DOUBLE
    if not plain:
        return Style.DOUBLE
    if allowed.plain:
        return Style.PLAIN
    return Style.SINGLE if allowed.single else Style.DOUBLE


def _analyzed(text: str) -> _Allowed:
    if not text:
        return _Allowed(block=False)
    edges = text[0] in f" {_BREAKS}" or text[-1] in f" {_BREAKS}"
    breaks = any(sign in text for sign in _BREAKS)
    break_space = bool(re.search(f"[{_BREAKS}] ", text))
    space_break = bool(re.search(f" [{_BREAKS}]", text)) or not _PRINTABLE.fullmatch(text)
    plain = not (edges or breaks or break_space or space_break or _has_indicators(text))
    return _Allowed(plain, not (break_space or space_break), not (space_break or text[-1] == " "))


_INDICATORS = re.compile(rf":(?=[ \t{_BREAKS}]|\Z)|(?<=[ \t{_BREAKS}])#")


def _has_indicators(text: str) -> bool:
    """Whether signs of the text would mean something in a block."""
    if text.startswith(("---", "...")) or text[0] in _FIRST:
        return True
    if text[0] in _FIRST_BEFORE_SPACE and text[1:2] in ("", " ", "\t"):
        return True
    return bool(_INDICATORS.search(text, 1))


_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
            "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"}  # fmt: skip


class Writer:
    """Text under construction, and the column that it has come to."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._column = 0
        self._fresh = True
        """Whether a line has just ended."""

    def text(self) -> str:
        """What has been written, to the end of the last line."""
        return "".join(self._parts) + ("" if self._fresh else "\n")

    def put(self, text: str) -> None:
        """Write on the line at hand."""
        self._parts.append(text)
        self._column += len(text)
        self._fresh = False

    def line(self, indent: int) -> None:
        """Begin a line."""
        self._parts.append(" " * indent if self._fresh else "\n" + " " * indent)
        self._column, self._fresh = indent, False

    def scalar(self, text: str, style: Style, indent: int, *, may_break: bool = True) -> None:
        """Write a text in a form; lines that follow are indented so."""
        match style:
            case Style.PLAIN:
                self._folded(text, indent, may_break=may_break)
            case Style.SINGLE:
                self.put("'")
                self._folded(text, indent, may_break=may_break, quote="'")
                self.put("'")
            case Style.DOUBLE:
                self._double(text, indent, may_break=may_break)
            case Style.LITERAL:
                self._literal(text, indent)

    def _folded(self, text: str, indent: int, *, may_break: bool, quote: str = "") -> None:
        """Text that is broken at spaces that stand alone. Breaks in it, which only quoted text has, stay breaks."""
        broken = False
        for place, sign in enumerate(text):
            if sign in _BREAKS:
                self._parts.append(sign)
                self._column, broken = 0, True
                continue
            if broken:
                self._parts.append(" " * indent)
                self._column, broken = indent, False
            if sign == " " and may_break and self._breaks_at(text, place) and text[place + 1 : place + 2] != " ":
                self.line(indent)
            else:
                self.put(sign * 2 if sign == quote else sign)

    def _breaks_at(self, text: str, place: int) -> bool:
        """Whether the line is full at a space that is neither the first sign, nor the last, nor follows another space."""
        return self._column > WIDTH and 0 < place < len(text) - 1 and text[place - 1] != " "

    def _double(self, text: str, indent: int, *, may_break: bool) -> None:
        """Quoted text with escapes. One that begins with a byte order mark is escaped whole, since go-yaml looks for it there."""
        self.put('"')
        marked = text.startswith("\ufeff")
        for place, sign in enumerate(text):
            if marked:
                self.put(_code(sign))
            elif sign == " " and may_break and self._breaks_at(text, place):
                self.line(indent)
                self.put("\\" if text[place + 1] == " " else "")
            else:
                self.put(_escaped(sign))
        self.put('"')

    def _literal(self, text: str, indent: int) -> None:
        """A block, each line as it is. What begins with a space tells the indentation; the sign says how the text ends."""
        hint = "2" if text[0] == " " or text[0] in _BREAKS else ""
        chomp = "-" if text[-1] not in _BREAKS else "+" if text[-2:-1] in ("", *_BREAKS) else ""
        self.put(f"|{hint}{chomp}")
        self._parts.append("\n")
        self._fresh = True
        for sign in text:
            if sign not in _BREAKS and self._fresh:
                self._parts.append(" " * indent)
            self._fresh = sign in _BREAKS
            self._parts.append(sign)


def _escaped(sign: str) -> str:
    if _PRINTABLE.fullmatch(sign) and sign not in _BREAKS and sign not in '"\\':
        return sign
    return _code(sign)


def _code(sign: str) -> str:
    if sign in _ESCAPES:
        return f"\\{_ESCAPES[sign]}"
    code = ord(sign)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
