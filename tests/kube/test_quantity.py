"""Quantities: how much a text says, and how the API server would write it (rows from upstream's quantity_test.go)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.quantity import BINARY, DECIMAL, Quantity, amount, canonical, milli, read, whole

FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX = "unable to parse quantity's suffix"
NANO = Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"), ("0.0", "0"), ("-0", "0"), ("0Ki", "0"), ("1", "1"), ("+5", "+5"), ("-1", "-1"), ("0.5", "500m"),
        (".5", "500m"), ("1.5", "1500m"), ("100m", "100m"), ("1000m", "1"), ("1000", "1k"), ("1024", "1024"),
        ("100000", "100k"), ("1e3", "1e3"),
        ("1E3", "1E3"), ("12e6", "12e6"), ("3e4", "30e3"), ("1e-3", "1e-3"), ("1e20", "100e18"), ("1024Ki", "1Mi"),
        ("1024Mi", "1Gi"), ("1023Mi", "1023Mi"), ("1.5Gi", "1536Mi"), ("0.5Gi", "512Mi"), ("0.5Ki", "512"), ("1.2Ki", "1228800m"),
        ("-1024Mi", "-1Gi"), ("128Mi", "128Mi"), ("0.1n", "1n"), ("100u", "100u"), ("1000000k", "1G"),
        ("9Ei", "9223372036854775807"),
    ],
)  # fmt: skip
def test_writing(text: str, written: str) -> None:
    assert canonical(text) == written
    assert amount(canonical(text)) == amount(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", FORM), ("a", FORM), ("1 Gi", FORM), ("1.1.1", FORM), ("1GiB", FORM), ("1e5e", FORM), ("--1", SUFFIX), ("1Kb", FORM),
        ("1i", SUFFIX), ("1mm", SUFFIX), ("1e", SUFFIX), ("1K", SUFFIX), ("1g", FORM), ("1kM", SUFFIX),
    ],
)  # fmt: skip
def test_no_quantities(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"quantit") as error:
        read(text)
    assert str(error.value) == words


@pytest.mark.parametrize(
    ("text", "in_milli", "in_whole"),
    [("1", 1000, 1), ("0.0001", 1, 1), ("1.5Gi", 1610612736000, 1610612736), ("-1.5", -1500, -2), ("250m", 250, 1)],
)
def test_counting_rounds_away_from_zero(text: str, in_milli: int, in_whole: int) -> None:
    assert (milli(text), whole(text)) == (in_milli, in_whole)


def test_the_same_text_comes_back() -> None:
    text = str(12) + "Mi"
    assert canonical(text) is text


quantities = st.builds(Quantity, st.fractions(-(10**6), 10**6, max_denominator=10**3).map(lambda f: round(f / NANO) * NANO),
                       st.sampled_from(["decimal", "exponent", "binary"]))  # fmt: skip


@given(quantities)
def test_what_is_written_is_read_again(quantity: Quantity) -> None:
    text = str(quantity)
    assert read(text).value == quantity.value
    assert str(read(text)) == text or quantity.form == "binary"  # 125000 has no suffix left that says of which form it was


@given(st.integers(-(10**12), 10**12), st.sampled_from([*DECIMAL, *BINARY]))
def test_a_suffix_is_as_large_as_it_may_be(number: int, suffix: str) -> None:
    quantity = read(f"{number}{suffix}")
    base = 1024 if suffix in BINARY else 1000
    scale = Fraction(1024) ** BINARY[suffix] if suffix in BINARY else Fraction(10) ** DECIMAL[suffix]
    if suffix not in BINARY or abs(number * scale) < 1 << 63:
        assert quantity.value == number * scale
    text = str(quantity)
    digits = int(text.rstrip("numkKMGTPEi"))
    if number and not text.endswith(("E", "Ei")) and abs(quantity.value) >= base:
        assert digits % (base if text.endswith("i") or suffix not in BINARY else 1024)


@given(st.text("0123456789.eEinumkKMGTP+-", max_size=8) | st.text(max_size=6))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = amount(text)
    except ValueError as error:
        assert str(error) in (FORM, SUFFIX)  # noqa: PT017 both are right
        return
    assert amount(canonical(text)) == value
