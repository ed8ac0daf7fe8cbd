"""Colours by meaning, letters and their sizes: the only place that knows a colour, a size or a font.

A colour says what a thing is; shape, line style and label say it again (Okabe and Ito's palette, which colour-blind
eyes can tell apart). Sizes are in CSS pixels, 96 to the inch: 10 pt are 13.33.
"""

from __future__ import annotations

import unicodedata

NODE_FILL, NODE_OUTLINE = "#F2F2F2", "#4D4D4D"
POD = "#56B4E9"
BRIDGE = "#009E73"
WIRE = "#4D4D4D"
NAT = "#E69F00"
REQUEST = REPLY = "#0072B2"
DROPPED = "#D55E00"
INK = "#000000"
PAPER = "#FFFFFF"
CARD_OUTLINE = "#D9D9D9"
COLOURS = frozenset({NODE_FILL, NODE_OUTLINE, POD, BRIDGE, WIRE, NAT, REQUEST, DROPPED, INK, PAPER, CARD_OUTLINE})

SANS = "DejaVu Sans, Verdana, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"

TITLE, NAME, SMALL, BADGE = 16.0, 13.33, 12.0, 11.0
"""Letter sizes: the title, a namespace's name (10 pt), all other labels (9 pt), the number in a badge."""

LINE = 15.5
"""From one line of small letters to the next."""

_MONO_ADVANCE = 0.602
_SANS_ADVANCE = 0.66
"""Of DejaVu, in letter sizes: exact for the monospace, on the safe side for the bold sans-serif."""


def mono_width(text: str, size: float = SMALL) -> float:
    """The width of a text in monospace; East Asian wide letters count twice."""
    return size * _MONO_ADVANCE * sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def sans_width(text: str, size: float = SMALL) -> float:
    """The most that a text in sans-serif letters is wide."""
    return mono_width(text, size) * _SANS_ADVANCE / _MONO_ADVANCE
