"""How Go reads and names single values: numbers, quoted text, times, quantities, base64.

The API server and kubectl are Go programs, and their errors quote Go's. Each `check_…` and `read_…` raises `Unreadable` with
that text. Nothing here knows an API type. Sources: Go's strconv, encoding/json, encoding/base64 and time;
k8s.io/apimachinery, pkg/api/resource/quantity.go.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from k8snet.errors import NotModelled

SECONDS = "2006-01-02T15:04:05Z07:00"
"""The layout of a ``Time``, as Go writes it: its parts stand for themselves."""
MICROSECONDS = "2006-01-02T15:04:05.000000Z07:00"
"""The layout of a ``MicroTime``: its six places are not optional."""


class Unreadable(ValueError):
    """A value that Go cannot read; the text says why."""


# --- naming values -----------------------------------------------------------------------------------------------

_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    r"""Text in double quotes (strconv.Quote, the format's ``%q``).

    >>> print(quoted('a "b"\n'))
    "a \"b\"\n"
    """
    return '"' + "".join(_ESCAPES.get(letter) or _letter(letter) for letter in text) + '"'


def _letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def number(value: float) -> str:
    """A number as encoding/json writes it. What does not fit 64 bits has become a float on its way through kubectl.

    >>> number(3), number(3.0), number(2**64), number(1e-7), number(1e21)
    ('3', '3', '18446744073709552000', '1e-7', '1e+21')
    """
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return str(value)
    value = float(value)
    if not 1e-6 <= abs(value) < 1e21 and value != 0:
        return re.sub(r"e([-+])0(\d)$", r"e\1\2", repr(value))
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0") if "." in text else text


_NAMES: dict[type, str] = {str: "string", bool: "bool", dict: "object", list: "array"}


def named(value: Any, *, literal: bool = False) -> str:
    """What a JSON value is called; a ``literal`` number is given with its digits.

    >>> named([]), named(1.5), named(1.5, literal=True)
    ('array', 'number', 'number 1.5')
    """
    return _NAMES.get(type(value)) or (f"number {number(value)}" if literal else "number")


# --- integers ----------------------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"[+-]?[0-9]+")
_LITERAL = re.compile(r"[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?[0-9])*)")
MOST_DIGITS = 80
"""No integer of 64 bits has so many digits, and Python does not read all that have more."""


def read_integer(text: str, how: str = "ParseInt", *, bits: int = 64, base: int = 10) -> int:
    """A whole number, as strconv reads it by ParseInt, ParseUint or Atoi. ``base`` 0: in any, by its prefix (0x, 0b, 0o, 0).

    >>> read_integer("007"), read_integer("0x10", base=0), read_integer("010", base=0), read_integer("1_000", base=0)
    (7, 16, 8, 1000)
    >>> read_integer("-1", "ParseUint")
    Traceback (most recent call last):
    k8snet.kube.gowords.Unreadable: strconv.ParseUint: parsing "-1": invalid syntax
    """
    unsigned = how == "ParseUint"
    if not (_DECIMAL if base else _LITERAL).fullmatch(text) or (unsigned and text[0] in "+-"):
        raise Unreadable(f"strconv.{how}: parsing {quoted(text)}: invalid syntax")
    digits = re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", text) if base else re.sub(r"^([+-]?)0(?=[_0-7])", r"\g<1>0o", text)
    low, end = (0, 1 << bits) if unsigned else (-(1 << bits - 1), 1 << bits - 1)
    if len(digits) > MOST_DIGITS or not low <= (value := int(digits, base)) < end:
        raise Unreadable(f"strconv.{how}: parsing {quoted(text)}: value out of range")
    return value


# --- quantities --------------------------------------------------------------------------------------------------

_QUANTITY = re.compile(r"[+-]?[0-9]*(?:\.[0-9]*)?([eEinumkKMGTP]*[-+]?[0-9]*)")
_SUFFIX = re.compile(r"[numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+|")


def read_quantity(value: Any) -> str:
    """A quantity as text; numbers are allowed. It stays as it is written (the API server would write ``0.5`` as ``500m``).

    >>> read_quantity(1), read_quantity("100m")
    ('1', '100m')
    """
    text = value.strip() if isinstance(value, str) else number(value) if type(value) in (int, float) else "{}"
    parts = _QUANTITY.fullmatch(text)
    if not text or parts is None:
        raise Unreadable("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    if not _SUFFIX.fullmatch(parts[1]):
        raise Unreadable("unable to parse quantity's suffix")
    return text


# --- base64 ------------------------------------------------------------------------------------------------------

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def check_base64(text: str) -> None:
    """Refuse text that is not padded standard base64; line breaks in it are allowed."""
    if not _BASE64.fullmatch(text) and (place := _bad_byte(text.encode(errors="replace"))) is not None:
        raise Unreadable(f"illegal base64 data at input byte {place}")


def _bad_byte(data: bytes) -> int | None:
    """Where Go's decoder stops: it reads letters by fours, and names the byte that does not fit (base64, decodeQuantum)."""
    held = [place for place, byte in enumerate(data) if byte not in b"\r\n"]
    for start in range(0, len(held), 4):
        four = held[start : start + 4]
        for position, place in enumerate(four):
            if data[place] not in _LETTERS:
                padding = data[place] == ord("=") and position >= 2
                return _after_padding(data, position, held[start + position + 1 :]) if padding else place
        if len(four) < 4:
            return len(data) - len(four)
    return None


def _after_padding(data: bytes, position: int, after: list[int]) -> int | None:
    if position == 2:
        if not after:
            return len(data)
        if data[after[0]] != ord("="):
            return after[0] - 1
        after = after[1:]
    return after[0] if after else None


# --- times -------------------------------------------------------------------------------------------------------

_PARTS = {"2006": r"\d{4}", "01": r"\d\d", "02": r"\d\d", "15": r"\d\d?", "04": r"\d\d", "05": r"\d\d",
          ".000000": r"[.,]\d{6}", "Z07:00": r"Z|[+-]\d\d:\d\d"}  # fmt: skip
_LAYOUT = re.compile(r"2006|01|02|15|04|05|\.000000|Z07:00|.")
_LIMITS = {"01": ("month", 1, 12), "15": ("hour", 0, 23), "04": ("minute", 0, 59), "05": ("second", 0, 59)}
_FRACTION = re.compile(r"[.,]\d+", re.ASCII)
"""Go reads a fraction behind the seconds even where the layout has none."""


def read_time(text: str, layout: str = SECONDS) -> datetime:
    """A time of RFC 3339, in UTC.

    >>> read_time("2026-11-01T10:00:00+02:00").isoformat()
    '2026-11-01T08:00:00+00:00'
    >>> read_time("2026-11-01")
    Traceback (most recent call last):
    k8snet.kube.gowords.Unreadable: parsing time "2026-11-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"
    """
    found, rest = {"fraction": ""}, text
    for part in _LAYOUT.findall(layout):
        match = re.match(_PARTS.get(part) or re.escape(part), rest, re.ASCII)
        if match is None:
            raise Unreadable(f"parsing time {quoted(text)} as {quoted(layout)}: cannot parse {quoted(rest)} as {quoted(part)}")
        found[part], rest = match[0], rest[match.end() :]
        name, low, high = _LIMITS.get(part, ("", 0, 0))
        if name and not low <= int(match[0]) <= high:
            raise Unreadable(f"parsing time {quoted(text)}: {name} out of range")
        if part == "05" and layout == SECONDS and (fraction := _FRACTION.match(rest)):
            found["fraction"], rest = fraction[0], rest[fraction.end() :]
    if rest:
        raise Unreadable(f"parsing time {quoted(text)}: extra text: {quoted(rest)}")
    return _time(text, found)


def time_text(time: datetime, layout: str = SECONDS) -> str:
    """A time as JSON has it.

    >>> time_text(datetime(2026, 11, 1, tzinfo=UTC)), time_text(datetime(2026, 11, 1, tzinfo=UTC), MICROSECONDS)
    ('2026-11-01T00:00:00Z', '2026-11-01T00:00:00.000000Z')
    """
    return f"{time.astimezone(UTC):{'%Y-%m-%dT%H:%M:%S' if layout == SECONDS else '%Y-%m-%dT%H:%M:%S.%f'}}Z"


def _time(text: str, found: dict[str, str]) -> datetime:
    year, month, day, hour, minute, second = (int(found[part]) for part in ("2006", "01", "02", "15", "04", "05"))
    if not 1 <= day <= monthrange(2000 if year == 0 else year, month)[1]:
        raise Unreadable(f"parsing time {quoted(text)}: day out of range")
    zone = found["Z07:00"]
    offset = timedelta() if zone == "Z" else timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[4:]))
    micros = int(f"{(found.get('.000000') or found['fraction'])[1:]:0<6}"[:6])
    try:
        return datetime(year, month, day, hour, minute, second, micros, timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotModelled(f"the time {text}", known="the years 1 to 9999, time zones of less than a day") from None
