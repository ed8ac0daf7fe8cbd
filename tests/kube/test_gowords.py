"""How Go reads and names single values. Rows follow encoding/base64's decodeQuantum, time.Parse and quantity.go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.kube.gowords import Unreadable, check_base64, number, quoted, read_integer, read_quantity, read_time


def said_of(read: Callable[[str], Any], text: str) -> str | None:
    """Why a text cannot be read; None: it can."""
    try:
        read(text)
    except Unreadable as error:
        return str(error)
    return None


@pytest.mark.parametrize(("text", "place"), [
    ("aGk=", None), ("aGk", 0), ("aGkK\naGk=\n", None), ("aGkKaGk", 4), ("a!k=", 1), ("=aaa", 0), ("a===", 1), ("aG=k", 2),
    ("aG=", 3), ("aGk=x", 4), ("aG==x", 4), ("aGkKé", 4), ("", None), ("\n", None),
])  # fmt: skip
def test_base64(text: str, place: int | None) -> None:
    said = said_of(check_base64, text)
    assert said == (None if place is None else f"illegal base64 data at input byte {place}")


@pytest.mark.parametrize(("text", "words"), [
    ("2026-13-01", "month out of range"), ("2026-02-30T00:00:00Z", "day out of range"), ("2024-02-29T00:00:00Z", None),
    ("2026-11-01T24:00:00Z", "hour out of range"), ("2026-11-01T10:00:00.25Z", None), ("2026-11-01T1:00:00Z", None),
    ("2026-11-01T10:00:00Zx", 'extra text: "x"'),
])  # fmt: skip
def test_times(text: str, words: str | None) -> None:
    assert said_of(read_time, text) == (words and f'parsing time "{text}": {words}')


@pytest.mark.parametrize("text", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "2026-01-01T00:00:00+24:00"])
def test_times_beyond_python(text: str) -> None:
    with pytest.raises(NotModelled):
        read_time(text)


@pytest.mark.parametrize(("text", "how", "bits", "base", "value"), [
    ("9223372036854775807", "Atoi", 64, 10, (1 << 63) - 1), ("-9223372036854775808", "ParseInt", 64, 10, -1 << 63),
    ("9223372036854775808", "Atoi", 64, 10, "value out of range"), ("65536", "ParseUint", 16, 10, "value out of range"),
    ("0" * 5000 + "7", "ParseUint", 16, 10, 7), ("9" * 5000, "ParseInt", 64, 10, "value out of range"),
    ("0x" + "f" * 5000, "ParseInt", 64, 0, "value out of range"), ("-0o17", "ParseInt", 64, 0, -15),
    ("+017", "ParseInt", 64, 0, 15), ("+1", "ParseUint", 64, 10, "invalid syntax"),
    ("08", "ParseInt", 64, 0, "invalid syntax"), ("08", "ParseInt", 64, 10, 8), ("1_0", "ParseInt", 64, 10, "invalid syntax"),
    ("", "Atoi", 64, 10, "invalid syntax"), ("٣", "Atoi", 64, 10, "invalid syntax"),
])  # fmt: skip
def test_integers(text: str, how: str, bits: int, base: int, value: int | str) -> None:
    said = said_of(lambda text: read_integer(text, how, bits=bits, base=base), text)
    assert said == (f'strconv.{how}: parsing "{text}": {value}' if isinstance(value, str) else None)
    assert isinstance(value, str) or read_integer(text, how, bits=bits, base=base) == value


@given(st.integers(-(1 << 70), 1 << 70))
def test_integers_of_64_bits_are_read_back(value: int) -> None:
    fits = -(1 << 63) <= value < 1 << 63
    assert (said_of(read_integer, str(value)) is None) == fits
    assert not fits or read_integer(str(value)) == value


@pytest.mark.parametrize("text", ["1", "0.5", ".5", "1.", "100m", "1Gi", "1e3", "1E3", "1E", "-1", "+1k", "5u", "12e-2"])
def test_quantities(text: str) -> None:
    assert read_quantity(text) == text


@pytest.mark.parametrize("text", ["", " ", "x", "1 Gi", "1gi", "1e", "1kk", "1.2.3"])
def test_bad_quantities(text: str) -> None:
    with pytest.raises(Unreadable):
        read_quantity(text)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_numbers_read_back(value: float) -> None:
    assert float(number(value)) == float(value)


@given(st.text())
def test_quoted_text_is_one_printable_line(text: str) -> None:
    assert quoted(text).isprintable()
