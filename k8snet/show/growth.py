"""How something grows with the number of Services: rules that a kernel tries, and how long a connection takes on a real one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from k8snet.show import palette
from k8snet.show.figure import Figure
from k8snet.show.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Sequence[tuple[int, float]]
"""Numbers of Services, each with what was counted or measured."""
Series = Mapping[str, Points]
"""Several of them by name: a mode of kube-proxy, a backend of iptables."""

WIDTH, HEIGHT = 720.0, 360.0
MOST_TICKS = 5
PAD = 0.13
"""Around panels, in inches."""
DOTS_PER_INCH = 96
STYLES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))
"""Lines are told apart by dashes and marks; colour says that it is about a packet."""
SERVICES, TRIED, TIME = "Services", "rules tried for a connection's first packet", "connect(), microseconds"
TITLE = "Each Service is one more rule to try"
FLAT = "However many Services there are, as many rules are tried"


class GrowthFigure(Figure):
    """One panel for each thing that grows; ``panels`` has its label and its series."""

    def __init__(self, title: str, panels: Sequence[tuple[str, Series]], words: str) -> None:
        super().__init__(Scene(title, WIDTH, HEIGHT), words)
        self.panels = panels

    @property
    def svg(self) -> str:
        """The chart as SVG text: the same bytes for the same data, and one version of matplotlib."""
        import matplotlib  # heavy, and only needed when someone looks
        from matplotlib.figure import Figure as Chart

        settings: Any = {"svg.hashsalt": "k8snet", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9}
        with matplotlib.rc_context(settings):
            chart = Chart(figsize=(WIDTH / DOTS_PER_INCH, HEIGHT / DOTS_PER_INCH), dpi=DOTS_PER_INCH)
            chart.set_layout_engine("constrained", w_pad=PAD, h_pad=PAD)
            chart.suptitle(self.alt, x=0.025, ha="left", fontsize=palette.TITLE * 0.75, fontweight="bold")
            many: Any = chart.subplots(1, len(self.panels), squeeze=False)
            for axes, (label, series) in zip(many[0], self.panels, strict=True):
                _draw(axes, label, series)
            text = io.StringIO()
            chart.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        points = f'width="{WIDTH * 0.75:g}pt" height="{HEIGHT * 0.75:g}pt"'  # resvg wants a size in pixels
        return text.getvalue().replace(points, f'width="{WIDTH:g}" height="{HEIGHT:g}"', 1)


def _draw(axes: Axes, label: str, series: Series) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for (name, points), (dashes, mark) in zip(series.items(), cycle(STYLES), strict=False):
        across, up = [count for count, _ in points], [value for _, value in points]
        axes.plot(across, up, linestyle=dashes, marker=mark, markersize=4.5, color=palette.REQUEST, label=name,
                  clip_on=False, zorder=3)
    axes.set_xlabel(SERVICES)
    axes.set_title(label, loc="left", fontsize=9)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(MOST_TICKS))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(color=palette.CARD_OUTLINE, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1 or any(series):
        axes.legend(frameon=False, loc="upper left", handlelength=3.2)


def growth(tried: Points | Series, measured: Points | Series | None = None, title: str | None = None) -> GrowthFigure:
    """Draw how many rules a kernel tries as Services grow; beside it how long a connection took, where that was measured.

    ``tried`` are pairs of a number of Services and of rules, ``measured`` of a number of Services and of microseconds; each is
    one series, or several by name. ``title`` should be the sentence that the figure proves. Drawing it needs matplotlib.
    ValueError if there is nothing to draw.

    >>> growth([(1, 9), (1000, 1008), (10_000, 10_008)])
    Each Service is one more rule to try
    rules tried for a connection's first packet
      1 Services: 9
      1,000 Services: 1,008
      10,000 Services: 10,008
    """
    panels = [(TRIED, _named(tried)), *([(TIME, _named(measured))] if measured else [])]
    if not any(points for _, series in panels for points in series.values()):
        raise ValueError("there is nothing to draw: give pairs of a number of Services and of rules tried")
    title = title or (TITLE if any(map(_grows, panels[0][1].values())) else FLAT)
    return GrowthFigure(title, panels, "\n".join([title, *_words(panels)]))


def _named(series: Points | Series) -> Series:
    return series if isinstance(series, Mapping) else {"": series}


def _grows(points: Points) -> bool:
    return bool(points) and max(value for _, value in points) > min(value for _, value in points)


def _words(panels: Sequence[tuple[str, Series]]) -> list[str]:
    lines: list[str] = []
    for label, series in panels:
        for name, points in series.items():
            lines.append(f"{label}, {name}" if name else label)
            lines += [f"  {count:,} Services: {value:,.10g}" for count, value in points]
    return lines
