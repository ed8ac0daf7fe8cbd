"""A pod on the map of a cluster: its name, its address, the frame of its network namespace, and its containers in it.

How large it must be is known before anything is drawn, so that boxes side by side can be made alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.linux.fact import Fact
from k8snet.show.canvas import Canvas
from k8snet.show.layout import At, Rect
from k8snet.show.letters import cut
from k8snet.show.palette import LINE, SMALL, mono_width, sans_width
from k8snet.show.present import EXITED, RUNNING, WAITING, ContainerNow, PodNow

PAD = 8.0
CHIP, TALL_CHIP, CHIPS_APART = 20.0, 36.0, 5.0
MOST_LETTERS = 28
"""Longer names are cut in the picture; its words have them whole."""
MOST_CONTAINERS = 5


class Style(Fact, frozen=True):
    """How much is drawn. ``dense``: without images; ``now`` are the names of what the reader shall look at."""

    dense: bool = False
    containers: bool = True
    wires: bool = True
    now: frozenset[str] = frozenset()

    def is_now(self, *names: str) -> bool:
        """Whether one of these names is among them."""
        return not self.now.isdisjoint(names)


def ports(container: ContainerNow) -> str:
    """Where a container listens, shortly.

    >>> ports(ContainerNow("web", "nginx", listens=(("0.0.0.0", 80, "tcp"), ("127.0.0.1", 53, "udp"))))
    ':80 127.0.0.1:53/udp'
    """
    ends = [(f"{'' if ip == '0.0.0.0' else ip}:{port}", proto) for ip, port, proto in container.listens]
    protos: dict[str, list[str]] = {}
    for end, proto in ends:
        protos.setdefault(end, []).append(proto)
    return " ".join(end if each == ["tcp"] else f"{end}/{'+'.join(each)}" for end, each in protos.items())


def short_image(image: str) -> str:
    """An image's name without where it comes from, and without its digest.

    >>> short_image("registry.k8s.io/e2e-test-images/agnhost:2.53")
    'agnhost:2.53'
    """
    return cut(image.rpartition("/")[2].partition("@")[0], MOST_LETTERS)


def shown(pod: PodNow) -> list[ContainerNow]:
    """The containers of a pod that are worth a place: init containers that have done their part are not."""
    return [each for each in pod.containers if not (each.role == "init" and each.state == EXITED and not each.exit_code)]


def state_words(pod: PodNow) -> str:
    """What to say of a pod that is not as it should be; nothing of another."""
    if pod.fine:
        return ""
    word = "not ready" if pod.word == "Running" else pod.word
    restarts = sum(each.restarts for each in pod.containers)
    return f"{word}, {restarts} restart{'s' * (restarts != 1)}" if restarts else word


class PodBox:
    """A pod's box: ``width`` and ``height`` are the least that it needs."""

    def __init__(self, pod: PodNow, style: Style) -> None:
        self.pod, self.style = pod, style
        self.name, self.state = cut(pod.label, MOST_LETTERS), cut(state_words(pod), MOST_LETTERS + 4)
        containers = shown(pod)
        self.chips = containers[:MOST_CONTAINERS] if style.containers else []
        more = len(containers) - len(self.chips) if style.containers else 0
        self.more = f"… and {more} more" if more else ""
        self.is_framed = style.containers and not pod.on_host and (pod.alive or pod.tie is not None)
        self.address = self._address()
        pause = mono_width("pause") + 3 * PAD if self.is_framed else 0.0
        inner = max([mono_width(self.address) + pause, sans_width(self.more), *(self._chip_width(each) for each in self.chips)])
        frame = 4 * PAD if self.is_framed else 0.0
        self.width = max(mono_width(self.name), sans_width(self.state), inner + frame) + 2 * PAD
        self.height = self._head() + self._body() + PAD

    def _address(self) -> str:
        if self.pod.on_host:
            return "host's network"
        if not self.pod.ip:
            return "no address" if self.is_framed else ""
        return self.pod.ip if self.style.dense or not self.is_framed else f"eth0 {self.pod.ip}"

    def _head(self) -> float:
        return PAD + LINE * (1 + bool(self.state))

    def _body(self) -> float:
        chips = len(self.chips) * (self._chip_height() + CHIPS_APART)
        lines = LINE * (bool(self.address) + bool(self.more))
        return lines + chips + (2 * PAD + 4 if self.is_framed else 3.0)

    def _chip_height(self) -> float:
        return CHIP if self.style.dense else TALL_CHIP

    def _chip_width(self, container: ContainerNow) -> float:
        image = "" if self.style.dense else short_image(container.image)
        head = "  ".join(filter(None, (cut(container.name, MOST_LETTERS), self._aside(container))))
        return max(mono_width(head), mono_width(image)) + 2 * PAD

    def _aside(self, container: ContainerNow) -> str:
        """What stands beside a container's name."""
        if container.state == RUNNING:
            return ports(container)
        return f"exit {container.exit_code}" if container.state == EXITED else "not started"

    # --- drawing ----------------------------------------------------------------------------------------------

    def draw(self, canvas: Canvas, at: Rect) -> None:
        """Draw it into a place that is large enough."""
        pod = self.pod
        look = "pod" if pod.fine else "pod unready"
        canvas.box(look + " now" * self.style.is_now(pod.name, pod.label), at, pod.label)
        canvas.write("strong", self.name, at.x + PAD + 2, at.y + PAD + SMALL * 0.8)
        canvas.write("state", self.state, at.x + PAD + 2, at.y + PAD + SMALL * 0.8 + LINE)
        x, y, right = at.x + PAD + 2, at.y + self._head(), at.right - PAD - 2
        if self.is_framed:
            frame = Rect(at.x + PAD, y + 1, at.width - 2 * PAD, at.bottom - PAD - y - 1)
            canvas.box("room", frame, f"{pod.label} netns")
            canvas.box("netns", Rect(frame.x + 3, frame.y + 3, frame.width - 6, frame.height - 6), f"{pod.label} netns")
            x, y, right = frame.x + 2 * PAD - 4, y + PAD + 2, frame.right - 2 * PAD + 4
            self._draw_pause(canvas, right, y)
        canvas.write("label", self.address, x, y + SMALL * 0.8 + 1)
        y += LINE * bool(self.address) + 3
        for each in self.chips:
            self._draw_chip(canvas, each, Rect(x, y, right - x, self._chip_height()))
            y += self._chip_height() + CHIPS_APART
        canvas.write("legend", self.more, x, y + SMALL * 0.8)

    def _draw_pause(self, canvas: Canvas, right: float, y: float) -> None:
        width = mono_width("pause") + PAD
        look = "container" if self.pod.alive else "container ended"
        canvas.box(look, Rect(right - width, y - 2, width, LINE), f"{self.pod.label} pause")
        canvas.write("label", "pause", right - width / 2, y + SMALL * 0.8, "middle")
        if not self.pod.alive:
            canvas.line("strike", (right - width + PAD / 2, y + 5), (right - PAD / 2, y + 5))

    def _draw_chip(self, canvas: Canvas, container: ContainerNow, at: Rect) -> None:
        look = "container" if container.state == RUNNING else "container ended"
        canvas.box(look, at, f"{self.pod.label} {container.name}")
        name, middle = cut(container.name, MOST_LETTERS), at.y + SMALL * 0.8 + 5
        canvas.write("label", name, at.x + PAD, middle)
        canvas.write("label", self._aside(container), at.right - PAD, middle, "end")
        if container.state == EXITED:
            canvas.line("strike", (at.x + PAD, middle - 4), (at.x + PAD + mono_width(name), middle - 4))
        if not self.style.dense:
            canvas.write("label", short_image(container.image), at.x + PAD, middle + LINE)

    def plug(self, at: Rect) -> tuple[At, At]:
        """Where its eth0 is: on its left side, and at its foot."""
        return (at.x, at.y + self._head() + PAD + 5), (at.x + 2 * PAD + 2, at.bottom)


def words(pod: PodNow) -> Iterator[str]:
    """A pod in words: a line about it, one for its wire, and one for each container."""
    facts = [pod.ip or "no address", pod.word if pod.ready or pod.word != "Running" else "not ready"]
    facts += ["on the host's network"] * pod.on_host
    yield f"{pod.label}: {', '.join(facts)}" + (f": {pod.why}" if pod.why else "")
    if pod.tie is not None and pod.tie.peer:
        yield f"  eth0, wired to {pod.tie.peer}" + (f" on {pod.tie.bridge}" if pod.tie.bridge else "")
    yield from (f"  {container_words(each)}" for each in pod.containers)


def container_words(container: ContainerNow) -> str:
    """A container in words.

    >>> container_words(ContainerNow("web", "nginx:1.29", state="running", listens=(("0.0.0.0", 80, "tcp"),)))
    'web: nginx:1.29, running, listens on :80'
    """
    facts = [short_image(container.image), container.state if container.state != WAITING else "not started"]
    facts += [container.role] * (container.role != "app")
    facts += [f"listens on {ports(container)}"] * bool(container.listens)
    if container.state == EXITED:
        facts.append(f"code {container.exit_code}")
    facts += [container.word] * bool(container.word)
    facts += [f"{container.restarts} restart{'s' * (container.restarts != 1)}"] * bool(container.restarts)
    facts += [f"its port is taken by {container.holder}"] * bool(container.holder)
    return f"{container.name}: {', '.join(facts)}"

