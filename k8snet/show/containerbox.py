"""A container, large: its image, its process, where it listens, how it stands and why, and which namespaces are its own."""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.show.canvas import Canvas
from k8snet.show.layout import Rect
from k8snet.show.letters import broken, cut, width_of
from k8snet.show.palette import LINE, SMALL
from k8snet.show.podbox import MOST_LETTERS, short_image
from k8snet.show.present import EXITED, RUNNING, WAITING, ContainerNow, PodNow

PAD = 10.0
LEAST, MOST = 190.0, 230.0
"""The width of a line."""

Written = tuple[str, str, bool]
"""A line of a box: its look, the text, and whether it is struck through."""


class ContainerBox:
    """A container's box, large: ``width`` and ``height`` are the least that it needs."""

    def __init__(self, container: ContainerNow, pod: PodNow) -> None:
        self.container, self.pod = container, pod
        self.lines = list(self._lines())
        self.width = max(LEAST, *(width_of(text, look) for look, text, _ in self.lines)) + 2 * PAD
        self.height = len(self.lines) * LINE + 2 * PAD - 3

    def _lines(self) -> Iterator[Written]:
        container, has_ended = self.container, self.container.state == EXITED
        yield "strong", f"{cut(container.name, MOST_LETTERS)}{role_of(container)}", False
        yield "label", short_image(container.image), False
        for line in broken(container.process, MOST, most=2):
            yield "label", line, has_ended
        if container.state == RUNNING:
            yield "label", pid_words(container, self.pod), False
            yield from (("label", f"listens on {text}", False) for text in listening(container))
        for line in broken(state_of(container), MOST, "state", most=2):
            yield "state", line, False
        for reason in reasons(container):
            yield from (("legend", line, False) for line in broken(reason, MOST, "legend", most=3))
        if container.state == RUNNING:
            yield "legend", own(container, self.pod), False

    def draw(self, canvas: Canvas, at: Rect) -> None:
        """Draw it into a place that is large enough."""
        look = "container" if self.container.state == RUNNING else "container ended"
        canvas.box(look, at, f"{self.pod.label} {self.container.name}")
        y = at.y + PAD + SMALL * 0.8
        for style, text, is_struck in self.lines:
            canvas.write(style, text, at.x + PAD, y)
            if is_struck:
                canvas.line("strike", (at.x + PAD, y - 4), (at.x + PAD + width_of(text), y - 4))
            y += LINE


# --- what is said of a container ------------------------------------------------------------------------------------


def role_of(container: ContainerNow) -> str:
    """What stands behind the name of one that is not an ordinary container."""
    return f" ({container.role})" if container.role in ("init", "sidecar") else ""


def listening(container: ContainerNow) -> list[str]:
    """Where it listens, in full.

    >>> listening(ContainerNow("web", "nginx", listens=(("0.0.0.0", 80, "tcp"),)))
    ['0.0.0.0:80/tcp']
    """
    return [f"{ip}:{port}/{proto}" for ip, port, proto in container.listens] or ["nothing"]


def pid_words(container: ContainerNow, pod: PodNow) -> str:
    """The number of its process on the node; and inside, where that is certain: the first of its pid namespace is 1."""
    is_first = container.role == "pause" or not pod.shares_processes
    return f"pid {container.pid} on the node" + (", 1 inside" if is_first else "")


def state_of(container: ContainerNow) -> str:
    """How it stands, in a few words."""
    if container.state == RUNNING:
        words = "running"
    elif container.state == WAITING:
        words = "not started"
    else:
        words = f"exited with code {container.exit_code}"
    words += f": {container.word}" if container.word and container.state != RUNNING else ""
    return words + (f", {container.restarts} restart{'s' * (container.restarts != 1)}" if container.restarts else "")


def reasons(container: ContainerNow) -> list[str]:
    """Why it does not run: what was said, and who has its port."""
    return [each for each in (container.why, f"{container.holder} has that port" if container.holder else "") if each]


def own(container: ContainerNow, pod: PodNow) -> str:
    """Which namespaces it shares with no other container."""
    if container.role == "pause":
        return "first in what all share"
    return "own: mnt" if pod.shares_processes else "own: mnt, pid"
