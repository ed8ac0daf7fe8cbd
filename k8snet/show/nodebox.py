"""A node on the map of a cluster: its box with the control plane's programs, the pods, the bridge, and its uplink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.cell import bar_text
from k8snet.show.grid import APART, LANE, Grid, Served
from k8snet.show.layout import At, Rect
from k8snet.show.letters import broken
from k8snet.show.palette import LINE, NAME, SMALL, mono_width, sans_width
from k8snet.show.podbox import PodBox, Style, ports
from k8snet.show.present import EXITED, ON, NodeNow, PodNow
from k8snet.show.svg import TAB

PAD = 12.0
BAR = 28.0
FOOT = 26.0
FOOT_X = 24.0
"""How far from the left the node's own device is."""
PROGRAM = 26.0
PROGRAMS = {"kube-apiserver": "API server", "etcd": "etcd", "kube-controller-manager": "controller manager",
            "kube-scheduler": "scheduler"}  # fmt: skip
"""What the control plane's programs are called in the course, in the order in which they are drawn."""
CONTROLLERS = ("-controller", "-collector")
ROOM = 320.0
"""For a line about its state."""


class ProgramBox:
    """One of the control plane's programs, with a tab."""

    def __init__(self, pod: PodNow, stopped: Sequence[str]) -> None:
        self.pod = pod
        self.title = PROGRAMS.get(pod.program, pod.program)
        self.aside, self.has_ended = _condition(pod, stopped)
        self.width = sans_width(self.title) + mono_width(self.aside) + 3 * PAD * 0.75

    def draw(self, canvas: Canvas, at: Rect, style: Style) -> None:
        """Draw it."""
        now = style.is_now(self.pod.program, self.pod.name, self.pod.label)
        canvas.box(("component ended" if self.has_ended else "component") + " now" * now, at, self.pod.program)
        y = at.y + at.height / 2 + 4.3
        canvas.write("state", self.title, at.x + PAD * 0.75, y)
        canvas.write("label", self.aside, at.right - PAD * 0.75, y, "end")
        if self.has_ended:
            canvas.line("strike", (at.x + PAD * 0.75, y - 4), (at.x + PAD * 0.75 + sans_width(self.title) * 0.97, y - 4))


def programs_on(node: NodeNow) -> list[PodNow]:
    """The control plane's programs on a node, in their order."""
    order = list(PROGRAMS)
    return sorted((pod for pod in node.pods if pod.program), key=lambda pod: (*order, pod.program).index(pod.program))


def program_words(pod: PodNow, stopped: Sequence[str]) -> str:
    """One of the control plane's programs in words."""
    title, (aside, has_ended) = PROGRAMS.get(pod.program, pod.program), _condition(pod, stopped)
    facts = [pod.program] * (title != pod.program)
    facts.append(aside if has_ended or aside.endswith("stopped") else f"listens on {aside}")
    return f"{title}: {', '.join(facts)}"


def _condition(pod: PodNow, stopped: Sequence[str]) -> tuple[str, bool]:
    """What stands beside a program's name: where it listens, or that it does not run; and whether that is so."""
    if pod.program in stopped:
        return "stopped", True
    ended = [each for each in pod.containers if each.state == EXITED]
    if ended or not pod.alive:
        return (f"exit {ended[0].exit_code}" if ended else pod.word), True
    controllers = [each for each in stopped if each.endswith(CONTROLLERS)]
    if pod.program == "kube-controller-manager" and controllers:
        return f"{len(controllers)} stopped", False
    return " ".join(ports(each) for each in pod.containers), False


class NodeBox:
    """A node's box. ``pods`` are those that are drawn, ``folded`` says in lines what is not; ``served``: by whom pods are.

    Lines from Services come down in a strip at the right side, where nothing else is.
    """

    foot = FOOT_X

    def __init__(self, node: NodeNow, pods: Sequence[PodNow], folded: Sequence[str], stopped: Sequence[str], style: Style,
                 served: Served, columns: int = 1, program_columns: int = 1) -> None:
        self.node, self.style, self.folded = node, style, folded
        self.programs = [ProgramBox(pod, stopped) for pod in programs_on(node)]
        self.program_columns = max(1, min(program_columns, len(self.programs)))
        on_host = [PodBox(pod, style) for pod in pods if pod.on_host]
        others = [PodBox(pod, style) for pod in pods if not pod.on_host]
        self.on_host = Grid(on_host, columns, served, wires=False)
        self.grid = Grid(others, columns, served, wires=style.wires)
        self.services = sorted({*self.on_host.services, *self.grid.services})
        self.strip = max(PAD, LANE * len(self.services) + 5)
        self.state = broken(", ".join(node.notes), ROOM, "state", most=2)
        self.uplink = self._uplink()
        self.bars = node.bridges if style.wires else ()
        cell = max((each.width for each in self.programs), default=0.0)
        self.program_width = self.program_columns * (cell + APART) - APART if self.programs else 0.0
        lines = [FOOT_X + mono_width(self.uplink), mono_width(node.name, NAME)]
        lines += [sans_width(line) for line in (*self.state, *folded)]
        lines += [mono_width(bar_text(bar)) + 2 * PAD for bar in self.bars]
        self.width = PAD + self.strip + max(self.program_width, self.grid.width, self.on_host.width, *lines)
        self.height = PAD + sum(self._parts()) + FOOT

    def _uplink(self) -> str:
        """What stands at its foot: the device with its address; where no cables are drawn, its addresses alone."""
        node = self.node
        if self.style.wires and node.uplink is not None:
            return "  ".join(node.uplink.lines)
        return node.ip + (f"  public {node.public}" if node.public and not self.style.wires else "")

    def _parts(self) -> Iterator[float]:
        """The heights of all that stands below one another, with the room between."""
        yield NAME + 4 + LINE * (len(self.state) + len(self.folded)) + 4
        rows = -(-len(self.programs) // self.program_columns)
        yield rows * (PROGRAM + TAB + 5) + 4 * bool(rows)
        yield from (_levels(grid) + grid.height + APART for grid in (self.on_host, self.grid) if grid.boxes)
        yield (BAR + 6) * len(self.bars)

    # --- drawing ----------------------------------------------------------------------------------------------

    def draw(self, canvas: Canvas, at: Rect) -> None:
        """Draw it into a place that is large enough: the head at the top, pods and bridge at the bottom."""
        node = self.node
        look = "node" if node.power == ON else "node off"
        canvas.box(look + " now" * self.style.is_now(node.name), at, node.name)
        y = self._draw_head(canvas, at)
        y = self._draw_programs(canvas, at, y)
        x, inner = at.x + PAD, self._inner(at)
        self.on_host.draw(canvas, x, y + _levels(self.on_host), inner, {}, node.name)
        bars: dict[str, Rect] = {}
        for number, bar in enumerate(self.bars):
            bars[bar.name] = Rect(x, self._top_of_bars(at) + number * (BAR + 6), inner, BAR)
            canvas.bar(node.name, bar.name, bars[bar.name], bar_text(bar))
        self.grid.draw(canvas, x, self._top_of_grid(at), inner, bars, node.name)
        self._draw_foot(canvas, at)

    def lines(self, at: Rect) -> Iterator[tuple[int, list[At]]]:
        """The lines from Services to pods, each with the Service's number, from the node's upper edge on."""
        x, inner = at.x + PAD, self._inner(at)
        under_head = at.y + PAD + sum(list(self._parts())[:2]) + _levels(self.on_host)
        for grid, y in ((self.on_host, under_head), (self.grid, self._top_of_grid(at))):
            for service, points in grid.landings(grid.places(x, y, inner), y - _levels(grid) + 4):
                trunk = self.trunk(at, service)
                yield service, [(trunk, at.y), (trunk, points[0][1]), *points]

    def trunk(self, at: Rect, service: int) -> float:
        """Where the lines of a Service come in."""
        return at.right - self.strip + 6 + LANE * self.services.index(service)

    def _inner(self, at: Rect) -> float:
        return at.width - PAD - self.strip

    def _top_of_bars(self, at: Rect) -> float:
        return at.bottom - FOOT - (BAR + 6) * len(self.bars)

    def _top_of_grid(self, at: Rect) -> float:
        return self._top_of_bars(at) - self.grid.height - (0 if self.grid.wires else APART)

    def _draw_head(self, canvas: Canvas, at: Rect) -> float:
        canvas.write("name", self.node.name, at.x + PAD, at.y + PAD + NAME * 0.8)
        y = at.y + PAD + NAME + 4
        for look, lines in (("state", self.state), ("legend", self.folded)):
            for line in lines:
                canvas.write(look, line, at.x + PAD, y + SMALL * 0.8)
                y += LINE
        return y + 4

    def _draw_programs(self, canvas: Canvas, at: Rect, y: float) -> float:
        if not self.programs:
            return y
        cell = (self._inner(at) + APART) / self.program_columns - APART
        for number, program in enumerate(self.programs):
            row, column = divmod(number, self.program_columns)
            top = y + TAB + row * (PROGRAM + TAB + 5)
            program.draw(canvas, Rect(at.x + PAD + column * (cell + APART), top, cell, PROGRAM), self.style)
        return y + -(-len(self.programs) // self.program_columns) * (PROGRAM + TAB + 5) + 4

    def _draw_foot(self, canvas: Canvas, at: Rect) -> None:
        uplink = self.node.uplink
        canvas.write("label", self.uplink, at.x + (FOOT_X + 10 if self.is_wired else PAD), at.bottom - 8)
        if uplink is not None and self.is_wired:
            canvas.dot(self.node.name, uplink.name, (at.x + FOOT_X, at.bottom), up=uplink.up)

    @property
    def is_wired(self) -> bool:
        """Whether a wire leads down from it."""
        return self.style.wires and self.node.uplink is not None


def _levels(grid: Grid) -> float:
    """The room above a grid for the lines from Services."""
    return LANE * len(grid.services) + 12 if grid.services else 0.0


class HomelessBox:
    """Pods that are bound to no node: a place without a box."""

    is_wired = False
    services: Sequence[int] = ()
    foot = 0.0

    def __init__(self, pods: Sequence[PodNow], folded: Sequence[str], style: Style, columns: int = 1) -> None:
        self.grid = Grid([PodBox(pod, style) for pod in pods], columns, {}, wires=False)
        self.folded = folded
        reasons = list(dict.fromkeys(pod.why.partition(" preemption:")[0] for pod in pods if pod.why))
        room = max(170.0, self.grid.width)
        self.why = [line for reason in reasons[:2] for line in broken(reason, room, "legend", most=5)]
        lines = [sans_width(line) for line in (*self.why, *folded, "on no node")]
        self.width = max(self.grid.width, *lines)
        self.height = LINE * (2 + len(self.why) + len(folded)) + self.grid.height + APART

    def draw(self, canvas: Canvas, at: Rect) -> None:
        """Draw it, from the top."""
        canvas.write("name", "on no node", at.x, at.y + PAD + NAME * 0.8)
        y = at.y + PAD + NAME + 8
        self.grid.draw(canvas, at.x, y, at.width, {}, "")
        y += self.grid.height + 6
        for number, line in enumerate((*self.folded, *self.why)):
            canvas.write("legend", line, at.x, y + SMALL * 0.8 + number * LINE)


class RestBox:
    """The nodes for which there is no place, in some lines."""

    is_wired = False
    services: Sequence[int] = ()
    foot = 0.0

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.width = max(sans_width(line) for line in lines) + 2 * PAD
        self.height = len(lines) * LINE + 2 * PAD

    def draw(self, canvas: Canvas, at: Rect) -> None:
        """Draw them, in a box that looks like one that is not there."""
        canvas.box("node off", at, "…")
        for row, line in enumerate(self.lines):
            canvas.write("state" if row == 0 else "legend", line, at.x + PAD, at.y + PAD + SMALL * 0.8 + row * LINE)


Block = NodeBox | HomelessBox | RestBox
