"""What is above the nodes on the map of a cluster: the client outside, and the router, which has the public addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.chart import Place
from k8snet.show.floorplan import FIRST_TRACK
from k8snet.show.layout import At, Rect
from k8snet.show.palette import NAME, mono_width
from k8snet.show.podbox import Style

PAD = 12.0
OUTSIDE, CABLE, HEAD, FOOT, ENTRY = 30.0, 24.0, 32.0, 26.0, 24.0
DIAMOND = 24.0
"""From the left edge of an entry to its text."""


class Gateway:
    """The client outside and the router below it. ``translations`` are lines about addresses; ``more`` says how many others
    there are, or nothing.
    """

    def __init__(self, router: Place, outside: Place | None, translations: Sequence[str], more: str, style: Style) -> None:
        self.router, self.outside, self.style = router, outside, style
        self.translations = translations
        self.entries = [*translations, *([more] if more else [])]
        uplink = next((plug for plug in outside.plugs if plug.name == "eth0"), None) if outside is not None else None
        self.client = "  ".join(uplink.lines) if uplink is not None else ""
        self.plugs = {plug.name: plug for plug in router.plugs}

    @property
    def least(self) -> float:
        """The least width."""
        inner = [mono_width(self._label("eth1")) + self._door() + 2 * PAD]
        return max([*inner, *(mono_width(entry) + DIAMOND + 2 * PAD for entry in self.translations)])

    def height(self, width: float) -> float:
        """The height down to the router's lower edge."""
        rows = list(self._flow(width))
        return OUTSIDE + CABLE + HEAD + FOOT + (rows[-1][1] + ENTRY if rows else 0.0)

    def _door(self) -> float:
        """Where the wire to the outside is."""
        return PAD + mono_width(self.router.name, NAME) + 28

    def _label(self, device: str) -> str:
        return "  ".join(self.plugs[device].lines) if device in self.plugs else ""

    def _flow(self, width: float) -> Iterator[At]:
        """Where the entries begin, in rows."""
        x = y = 0.0
        for entry in self.entries:
            length = DIAMOND + mono_width(entry)
            if x and x + length > width - 2 * PAD:
                x, y = 0.0, y + ENTRY
            yield x, y
            x += length + 24

    def draw(self, canvas: Canvas, width: float) -> None:
        """Draw both, from the top."""
        top, door, name = OUTSIDE + CABLE, self._door(), self.router.name
        box = Rect(0.0, top, width, self.height(width) - top)
        canvas.box("node" + " now" * self.style.is_now(name), box, name)
        canvas.write("name", name, PAD, top + 21)
        canvas.write("label", self._label("eth1"), door + 12, top + 20.5)
        for text, (x, y) in zip(self.entries, self._flow(width), strict=True):
            middle = top + HEAD + y + ENTRY / 2
            if text in self.translations:
                canvas.mark("nat", PAD + x + 9, middle)
            canvas.write("label", text, PAD + x + DIAMOND, middle + 4.3)
        canvas.write("label", self._label("eth0"), FIRST_TRACK + 10, box.bottom - 8)
        canvas.dot(name, "eth0", (FIRST_TRACK, box.bottom))
        if self.outside is not None:
            self._draw_client(canvas, self.outside.name, door, top)

    def _draw_client(self, canvas: Canvas, name: str, door: float, top: float) -> None:
        width = max(PAD + mono_width(name, NAME) + 14 + mono_width(self.client) + PAD, door + PAD)
        canvas.box("node" + " now" * self.style.is_now(name), Rect(0.0, 0.0, width, OUTSIDE), name)
        canvas.write("name", name, PAD, 20)
        canvas.write("label", self.client, PAD + mono_width(name, NAME) + 14, 19.5)
        canvas.line("wire", (door, OUTSIDE), (door, top))
        canvas.dot(name, "eth0", (door, OUTSIDE))
        canvas.dot(self.router.name, "eth1", (door, top))
