"""The legend below a map of a cluster or of a pod: samples of the boxes and marks that are on it, and what they mean."""

from __future__ import annotations

from k8snet.show.canvas import Canvas
from k8snet.show.layout import Rect
from k8snet.show.palette import sans_width
from k8snet.show.svg import TAB

MEANINGS = {
    "netns": "a pod's network namespace",
    "pod unready": "a pod that is not ready",
    "container ended": "a container that does not run",
    "component": "the control plane",
    "component ended": "a program that does not run",
    "node off": "not there, or not yet",
    "service": "a Service: a rule, on no machine; lines lead to its endpoints",
}
NAT = "the router translates the address (NAT)"
SAMPLE, ROW = 30.0, 24.0


def draw_keys(canvas: Canvas, y: float) -> float:
    """Add the legend below ``y``; returns where it ends."""
    looks = {box.look.removesuffix(" now") for box in canvas.boxes}
    entries = [(look, text) for look, text in MEANINGS.items() if look in looks]
    entries += [("nat", NAT)] * any(mark.symbol == "nat" for mark in canvas.marks)
    x = 0.0
    for look, text in entries:
        width = SAMPLE + 8 + sans_width(text)
        if x and x + width > canvas.width:
            x, y = 0.0, y + ROW
        if look == "nat":
            canvas.mark(look, x + SAMPLE / 2, y + 10)
        else:
            lid = TAB * look.startswith("component")
            canvas.box(look, Rect(x, y + 2 + lid, SAMPLE, 16 - lid), "")
        canvas.write("legend", text, x + SAMPLE + 8, y + 14)
        x += width + 22
    return y + ROW if entries else y
