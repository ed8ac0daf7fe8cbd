"""Letters by their look: family, size, weight and colour; and texts that are cut, or broken into lines, to fit.

A look says what letters mean, in maps and in diagrams alike. How wide a letter is, palette.py knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from k8snet.show.palette import INK, LIGHT, MONO, NAME, SANS, SMALL, TITLE, mono_width, sans_width

CUT = "…"


class Letters(NamedTuple):
    """How letters of a look are drawn."""

    family: str
    size: float
    weight: str
    ink: str = INK


LOOKS = {
    "title": Letters(SANS, TITLE, "bold"),
    "name": Letters(MONO, NAME, "bold"),
    "strong": Letters(MONO, SMALL, "bold"),
    "label": Letters(MONO, SMALL, "normal"),
    "quiet": Letters(MONO, SMALL, "normal", LIGHT["quiet"]),
    "bar": Letters(MONO, SMALL, "normal"),
    "note": Letters(MONO, SMALL, "normal"),
    "state": Letters(SANS, SMALL, "bold"),
    "legend": Letters(SANS, SMALL, "normal"),
}


def width_of(text: str, look: str = "label") -> float:
    """How wide letters of a look are; sans-serif ones that are not bold are a little less."""
    family, size, _, _ = LOOKS[look]
    return sans_width(text, size) if family == SANS else mono_width(text, size)


def cut(text: str, most: int) -> str:
    """A text of at most so many letters; what is left out is in its middle, since names differ at their ends.

    >>> cut("a-rather-long-name-5b54d89d5b-fjhl6", 24)
    'a-rather…b54d89d5b-fjhl6'
    """
    if len(text) <= most:
        return text
    head = most // 3
    return text[:head] + CUT + text[len(text) - (most - 1 - head) :]


def shortened(text: str, room: float, look: str = "label") -> str:
    """As much of a text as there is room for; what is left out is at its end.

    >>> shortened("PATCH Node node1", 60.0)
    'PATCH N…'
    """
    if width_of(text, look) <= room:
        return text
    return f"{text[: _fitting(text, room - width_of(CUT, look), look)].rstrip()}{CUT}"


def broken(text: str, room: float, look: str = "label", most: int | None = None) -> list[str]:
    """A text in lines that fit, broken between words where there are any; with ``most``, the last of so many is cut.

    >>> broken("0/3 nodes are available: 3 Insufficient cpu.", 160.0, most=2)
    ['0/3 nodes are', 'available: 3 Insuffic…']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", look) <= room:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, room, look)
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), room, look)]


def _pieces(word: str, room: float, look: str) -> Iterator[str]:
    """A word, in as many pieces as it needs."""
    while word:
        length = max(1, _fitting(word, room, look))
        yield word[:length]
        word = word[length:]


def _fitting(text: str, room: float, look: str) -> int:
    """How many of a text's first letters there is room for."""
    width = 0.0
    for number, letter in enumerate(text):
        width += width_of(letter, look)
        if width > room:
            return number
    return len(text)
