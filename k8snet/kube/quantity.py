"""Quantities: ``500m``, ``1Gi``, ``2``, ``1e3``: how much of a resource, exactly, and how the API server writes it.

A quantity remembers of which of three forms its suffix was (binary, decimal, exponent) and is written in the same form, with
the largest suffix that loses nothing: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``. Source: k8s.io/apimachinery,
pkg/api/resource (quantity.go, suffix.go, amount.go, math.go).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from k8snet.linux.fact import Fact

DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
"""Suffixes as powers of ten."""
BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
"""Suffixes as powers of 1024."""
LARGEST_BINARY = (1 << 63) - 1
"""Binary quantities end here; others do not."""
NANO = Fraction(1, 10**9)
"""The smallest amount; what is smaller counts as one of these."""
LONGEST_EXPONENT = 4
"""Exponents of more digits are refused (Go would wrap them around to 32 bits)."""

WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
WRONG_SUFFIX = "unable to parse quantity's suffix"
WRONG_NUMBER = "unable to parse numeric part of quantity"
_PARTS = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")


class Quantity(Fact, frozen=True):
    """An amount, and the ``form`` in which it is written: binary, decimal or exponent."""

    value: Fraction
    form: str = "decimal"

    def __str__(self) -> str:
        value, form = self.value, self.form
        if not value:
            return "0"
        if form == "binary":
            if abs(value) >= 1024 and value.denominator == 1:
                return _binary(value.numerator)
            form = "decimal"
        return _decimal(value, form)

    def rounded_up(self, smallest: Fraction) -> Quantity:
        """The same in whole multiples of ``smallest``; a rest counts as one more, away from zero."""
        count = self.value / smallest
        return self if count.denominator == 1 else Quantity(_away_from_zero(count) * smallest, self.form)


@lru_cache(maxsize=4096)
def read(text: str) -> Quantity:
    """What a text says. ValueError in the API server's words if it is no quantity.

    >>> str(read("0.5")), str(read("1024Mi")), str(read("1.5Gi")), str(read("1e3")), str(read("1000"))
    ('500m', '1Gi', '1536Mi', '1e3', '1k')
    >>> read("1KB")
    Traceback (most recent call last):
    ValueError: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
    """
    found = _PARTS.fullmatch(text)
    if found is None or not text:
        raise ValueError(WRONG_FORM)
    sign, whole, places, suffix = found.groups()
    form, scale = _scale(suffix)
    if not (whole or places) and suffix:
        whole = "0"  # Go reads no digits at all as 0
    value = Fraction(f"{whole or 0}.{places or 0}") * scale
    if value % NANO:
        value = _away_from_zero(value / NANO) * NANO
    if form == "binary":
        value = min(value, Fraction(LARGEST_BINARY))
    return Quantity(-value if sign == "-" else value, form)


def _scale(suffix: str) -> tuple[str, Fraction]:
    if suffix in DECIMAL:
        return "decimal", Fraction(10) ** DECIMAL[suffix]
    if suffix in BINARY:
        return "binary", Fraction(1024) ** BINARY[suffix]
    exponent = re.fullmatch("[eE]([-+]?[0-9]+)", suffix)
    if exponent is None or len(exponent[1].lstrip("+-0")) > LONGEST_EXPONENT:
        raise ValueError(WRONG_SUFFIX)
    return "exponent", Fraction(10) ** int(exponent[1])


def _binary(value: int) -> str:
    power = 0
    while value % 1024 == 0 and power < len(BINARY):
        value, power = value // 1024, power + 1
    return f"{value}{('', *BINARY)[power]}"


def _decimal(value: Fraction, form: str) -> str:
    """Digits and a power of ten that three divides, as large as it may be."""
    power = -9
    digits = value * 10**9
    largest = DECIMAL["E"] if form == "decimal" else power + 3 * len(str(abs(digits.numerator)))
    while power < largest and (digits / 1000).denominator == 1:
        digits, power = digits / 1000, power + 3
    suffix = next(name for name, each in DECIMAL.items() if each == power) if form == "decimal" else f"e{power}" if power else ""
    return f"{digits.numerator}{suffix}"


def _away_from_zero(value: Fraction) -> int:
    count = -(-abs(value.numerator) // value.denominator)
    return count if value > 0 else -count


# --- what components count with -----------------------------------------------------------------------------------


def amount(text: str) -> Fraction:
    """How much it is, exactly. ValueError if it is no quantity.

    >>> amount("500m"), amount("1.5Gi"), amount("1e3")
    (Fraction(1, 2), Fraction(1610612736, 1), Fraction(1000, 1))
    """
    return read(text).value


def milli(text: str) -> int:
    """The same in thousandths, rounded up, as CPU time is counted.

    >>> milli("0.1"), milli("2")
    (100, 2000)
    """
    return _away_from_zero(amount(text) * 1000)


def whole(text: str) -> int:
    """The same as a whole number, rounded up, as bytes are counted."""
    return _away_from_zero(amount(text))


def canonical(text: str, smallest: int = DECIMAL["n"]) -> str:
    """A quantity as the API server writes it, in whole multiples of a power of ten; the very same text if nothing changes.

    >>> canonical("1024Mi"), canonical("2"), canonical("0.0001", DECIMAL["m"])
    ('1Gi', '2', '1m')
    """
    exact = read(text)
    if _is_kept(text, smallest):
        return text
    written = str(exact.rounded_up(Fraction(10) ** smallest))
    return text if written == text else written


def _is_kept(text: str, smallest: int) -> bool:
    """Whether Go keeps a text as it was given: numbers of few digits that need no larger suffix (ParseQuantity)."""
    found = _PARTS.fullmatch(text)
    assert found is not None
    number, places, suffix = found[2].lstrip("0") or "0", found[3] or "", found[4]
    if suffix in BINARY:
        return not places and len(number) + 3 * BINARY[suffix] <= 14 and int(number) % 8 != 0
    power = DECIMAL[suffix] if suffix in DECIMAL else int(suffix[1:])
    digits, power = number + places, power - len(places)
    few = len(digits) <= 18 and power >= smallest
    return few and power % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
