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
SERVICE = "#CC79A7"
REQUEST = REPLY = "#0072B2"
DROPPED = "#D55E00"
NOW = "#F0E442"
INK = "#000000"
PAPER = "#FFFFFF"
CARD_OUTLINE = "#D9D9D9"
COLOURS = frozenset({NODE_FILL, NODE_OUTLINE, POD, BRIDGE, WIRE, NAT, SERVICE, REQUEST, DROPPED, NOW, INK, PAPER, CARD_OUTLINE})

LIGHT = {
    "paper": PAPER, "ink": INK, "quiet": "#595959", "edge": CARD_OUTLINE, "node": NODE_FILL, "node-edge": NODE_OUTLINE,
    "pod": POD, "pod-edge": INK, "bridge": BRIDGE, "bridge-edge": INK, "wire": WIRE, "nat": NAT, "way": REQUEST,
    "dropped": DROPPED, "now": NOW, "now-ink": INK, "on-fill": INK,
}
"""The colours of a picture that lives in a page, by meaning; its drawing knows the meanings alone."""

DARK = LIGHT | {
    "paper": "#1B1B1B", "ink": "#F2F2F2", "quiet": "#B4B4B4", "edge": "#4A4A4A", "node": "#2C2C2C", "node-edge": "#A6A6A6",
    "pod": "#14506F", "pod-edge": POD, "bridge": "#00543E", "bridge-edge": "#2FC49B", "wire": "#B4B4B4", "way": "#6DB9F2",
    "dropped": "#FF8A45", "on-fill": "#FFFFFF",
}
"""The same meanings in the same hues on a dark page: fills are deep and letters light."""

SANS = "DejaVu Sans, Verdana, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"

TITLE, NAME, SMALL, BADGE, BADGE_OF_THREE = 16.0, 13.33, 12.0, 11.0, 7.5
"""Letter sizes: the title, a namespace's name (10 pt), all other labels (9 pt), the number in a badge, if it is long."""

LINE = 15.5
"""From one line of small letters to the next."""

_MONO_ADVANCE = 0.602
"""The width of each letter of DejaVu Sans Mono, in letter sizes."""

_SANS_ADVANCES = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)
"""The widths of DejaVu Sans Bold's letters from the space to the tilde, in thousandths of the letter size."""


def mono_width(text: str, size: float = SMALL) -> float:
    """The width of a text in monospace; East Asian wide letters count twice."""
    return size * _MONO_ADVANCE * sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def sans_width(text: str, size: float = SMALL) -> float:
    """The width of a text in bold sans-serif; in regular letters it is a little less."""
    return size * sum(_sans_advance(letter) for letter in text)


def _sans_advance(letter: str) -> float:
    """Letters that are not ASCII count as square."""
    return _SANS_ADVANCES[ord(letter) - 32] / 1000 if " " <= letter <= "~" else 1.0
