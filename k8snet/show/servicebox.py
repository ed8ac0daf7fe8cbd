"""Services on the map of a cluster: ellipses outside all nodes, since a Service is a rule and on no device; and their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.grid import LANE
from k8snet.show.layout import At, Rect
from k8snet.show.letters import cut
from k8snet.show.palette import LINE, SMALL, mono_width, sans_width
from k8snet.show.podbox import MOST_LETTERS, Style
from k8snet.show.present import PortNow, ServiceNow

WIDER, HIGHER = 1.22, 1.75
"""How much larger an ellipse is than the letters in it; WIDER⁻² + HIGHER⁻² is less than 1, so that they lie inside."""
APART = 18.0
MOST_PORTS, MOST_OUTSIDE = 3, 2


def label(service: ServiceNow) -> str:
    """How a Service is called where pods are, too."""
    return f"service/{service.label}"


class ServiceBox:
    """One Service. ``width`` and ``height`` are those of its ellipse."""

    def __init__(self, service: ServiceNow) -> None:
        self.service = service
        self.name = f"Service {cut(service.label, MOST_LETTERS)}"
        self.lines = [cut(line, MOST_LETTERS + len("Service ")) for line in _lines(service)]
        self.state = _state(service)
        widest = max([mono_width(self.name), sans_width(self.state), *map(mono_width, self.lines)])
        self.width = widest * WIDER + 12
        self.height = LINE * (1 + len(self.lines) + bool(self.state)) * HIGHER

    def draw(self, canvas: Canvas, at: Rect, style: Style) -> None:
        """Draw it."""
        name = label(self.service)
        canvas.box("service" + " now" * style.is_now(name), at, name)
        middle = at.x + at.width / 2
        y = at.y + (at.height - LINE * (1 + len(self.lines) + bool(self.state))) / 2 + SMALL
        canvas.write("strong", self.name, middle, y, "middle")
        for row, line in enumerate(self.lines, 1):
            canvas.write("label", line, middle, y + row * LINE, "middle")
        canvas.write("state", self.state, middle, y + (1 + len(self.lines)) * LINE, "middle")


def _lines(service: ServiceNow) -> Iterator[str]:
    if service.alias:
        yield f"= {service.alias}"
    ports = [f"{service.ip}:{_port(port)}" for port in service.ports]
    yield from ports[:MOST_PORTS]
    yield from [f"… and {len(ports) - MOST_PORTS} ports more"] * (len(ports) > MOST_PORTS)
    node_ports = [f":{port.node_port}" for port in service.ports if port.node_port]
    if node_ports:
        yield f"nodes {' '.join(node_ports[:MOST_PORTS])}" + " …" * (len(node_ports) > MOST_PORTS)
    outside = [f"endpoint {each.ip}" for each in service.ready if not each.pod]
    yield from outside[:MOST_OUTSIDE]
    yield from [f"… and {len(outside) - MOST_OUTSIDE} more"] * (len(outside) > MOST_OUTSIDE)


def _port(port: PortNow) -> str:
    return f"{port.port}{'' if port.proto == 'tcp' else '/' + port.proto} → {port.target}"


def _state(service: ServiceNow) -> str:
    if service.alias:
        return "an alias"
    word = "headless" if not service.ip else ""
    return ", ".join(filter(None, [word, "" if service.ready else "no endpoints"]))


class Band:
    """The Services side by side, in rows. ``folded`` says in a line what is not drawn.

    The lines of those in the last row run straight down, those of the rows above on tracks on the left.
    """

    def __init__(self, services: Sequence[ServiceNow], folded: Sequence[str], style: Style) -> None:
        self.boxes = [ServiceBox(each) for each in services]
        self.folded, self.style = folded, style
        self.least = max((box.width for box in self.boxes), default=0.0) + LANE * len(self.boxes)

    def height(self, width: float) -> float:
        """How high it is where it is as wide as that."""
        rows, _ = self._rows(width)
        return sum(_height(row) for row in rows) + LINE * len(self.folded)

    def _rows(self, width: float) -> tuple[list[list[ServiceBox]], float]:
        """The rows, and the room on the left for tracks, which is only needed if there are several."""
        rows = _flow(self.boxes, width)
        if len(rows) < 2:
            return rows, 0.0
        tracks = LANE * len(self.boxes)
        return _flow(self.boxes, width - tracks), tracks

    def draw(self, canvas: Canvas, x: float, y: float, width: float) -> list[list[At]]:
        """Draw them in the middle of that room; returns for each the beginning of its line."""
        rows, tracks = self._rows(width)
        heads: list[list[At]] = []
        for row in rows:
            height = max(box.height for box in row)
            left = x + tracks + max(0.0, width - tracks - sum(box.width + APART for box in row) + APART) / 2
            for box in row:
                box.draw(canvas, Rect(left, y + height - box.height, box.width, box.height), self.style)
                foot = (left + box.width / 2, y + height)
                track, turn = x + LANE * len(heads), foot[1] + 6 + 4 * row.index(box)
                heads.append([foot] if row is rows[-1] else [foot, (foot[0], turn), (track, turn)])
                left += box.width + APART
            y += _height(row)
        for line in self.folded:
            canvas.write("legend", line, x + tracks, y)
            y += LINE
        return heads


def _flow(boxes: Sequence[ServiceBox], width: float) -> list[list[ServiceBox]]:
    rows: list[list[ServiceBox]] = []
    x = 0.0
    for box in boxes:
        if not rows or x + box.width > width:
            rows.append([])
            x = 0.0
        rows[-1].append(box)
        x += box.width + APART
    return rows


def _height(row: Sequence[ServiceBox]) -> float:
    return max(box.height for box in row) + APART + 4 * (len(row) - 1)


# --- words ------------------------------------------------------------------------------------------------------------


def words(service: ServiceNow) -> Iterator[str]:
    """A Service in words: a line about it, and one for its endpoints."""
    if service.alias:
        yield f"Service {service.label}: {service.kind}, an alias of {service.alias}"
        return
    ports = [f"port {_port(port)}" + f", node port {port.node_port}" * bool(port.node_port) for port in service.ports]
    facts = [" ".join(filter(None, (service.kind, service.ip))), *ports]
    facts.append(f"for pods with {service.selector}" if service.selector else "without a selector")
    yield f"Service {service.label}: {', '.join(facts)}"
    yield f"  endpoints: {', '.join(map(str, _endpoints(service))) or 'none'}"


def _endpoints(service: ServiceNow) -> Iterator[str]:
    for each in service.endpoints:
        facts = ", ".join(filter(None, (each.pod or "no pod", each.word)))
        yield f"{each.ip} ({facts})"
