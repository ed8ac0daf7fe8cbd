"""A pod, large: its network namespace with lo and eth0, pause and the containers in it, and the wire to the node's bridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from k8snet.show.canvas import Canvas
from k8snet.show.cell import bar_text
from k8snet.show.containerbox import ContainerBox, listening, own, pid_words, reasons, role_of, state_of
from k8snet.show.figure import Figure
from k8snet.show.keys import draw_keys
from k8snet.show.layout import Rect
from k8snet.show.letters import broken, cut, width_of
from k8snet.show.nodebox import BAR
from k8snet.show.palette import LINE, NAME, SMALL, mono_width
from k8snet.show.podbox import MOST_LETTERS, short_image, state_words
from k8snet.show.present import ON, RUNNING, ContainerNow, NodeNow, PodNow
from k8snet.show.reading import Cluster, Reading
from k8snet.show.scene import Scene

PAGE, LEAST = 860.0, 330.0
LETTERS = 60
"""Longer names are cut in the picture."""
PAD, APART = 14.0, 12.0
DROP = 40.0
"""From the pod to the bridge: the peer's name stands beside the wire."""


class Pod(Protocol):
    """What is needed of a pod's handle."""

    @property
    def cluster(self) -> Cluster:
        """The cluster that it is in."""

    @property
    def object(self) -> object:
        """The API object."""


def pod(pod: Pod, title: str | None = None) -> Figure:
    """Draw the inside of a pod as it is now. Nothing is changed by looking.

    The dashed frame is the pod's network namespace, which pause and all containers share; each box in it is a container
    with its process. What does not run has a dashed outline, and its process is struck through. ``title`` should be the
    sentence that the figure proves.

    >>> from k8snet import Cluster
    >>> cluster = Cluster(nodes=1)
    >>> web = {"name": "web", "image": "nginx:1.29"}
    >>> _ = cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [web]}})
    >>> for line in str(pod(cluster.pod("web"))).splitlines()[:6]:
    ...     print(line)
    web: 1 container in a network namespace of its own
    node1: 172.18.0.11, bridge cni0 10.244.1.1/24
    web: 10.244.1.2, Running, sandbox attempt 0
      network namespace web; all containers share net, ipc, uts
      lo 127.0.0.1/8
      eth0 10.244.1.2/24, 0a:58:6f:4c:da:1c, wired to veth6f4cda1c on cni0
    """
    reading = Reading(pod.cluster)
    now = reading.pod(pod.object)
    node = reading.node(now.node) if now.node else None
    title = title or sentence(now)
    return Figure(Inside(now, node).draw(title), "\n".join([title, *describe(now, node)]))


class Inside:
    """The picture of one pod: the node around it, the pod, and its containers in rows."""

    def __init__(self, now: PodNow, node: NodeNow | None) -> None:
        self.now, self.node = now, node
        self.boxes = [ContainerBox(each, now) for each in now.all]
        self.is_framed = not now.on_host and now.pause is not None and (now.alive or now.tie is not None)
        self.cell = max(box.width for box in self.boxes)
        self.columns = max(1, min(len(self.boxes), int((PAGE - 4 * PAD) // (self.cell + APART))))
        self.rows = [self.boxes[at : at + self.columns] for at in range(0, len(self.boxes), self.columns)]
        self.heights = [max(box.height for box in row) for row in self.rows]
        self.head = [("name", cut(now.label, LETTERS)), ("state", self._state())]
        self.head += [("legend", line) for line in broken(now.why, 640.0, "legend", most=3)]
        self.foot = list(self._foot())
        self.bars = node.bridges if node is not None and now.tie is not None and now.tie.peer else ()
        self.inner = max([LEAST, self.columns * (self.cell + APART) - APART, *self._widths()])

    def _state(self) -> str:
        return state_words(self.now) or self.now.word

    def _titles(self) -> list[tuple[str, str]]:
        """What stands at the top of the frame."""
        if not self.is_framed:
            return []
        about = f"sandbox attempt {self.now.attempt}; all containers share {shared(self.now)}"
        return [("strong", f"network namespace {cut(self.now.netns, LETTERS)}"), ("legend", about)]

    def _foot(self) -> Iterator[tuple[str, str]]:
        """The devices at the foot of the frame: their names, with what is to be said."""
        now = self.now
        if now.on_host:
            yield "", f"on the network of {now.node}: its devices, addresses and ports; all share {shared(now)}"
        if not self.is_framed:
            return
        if now.lo is not None:
            yield "lo", "  ".join(now.lo.lines)
        if now.tie is not None:
            yield "eth0", "  ".join((*now.tie.eth0.lines, now.tie.eth0.mac))
        elif now.sleeps:
            yield "", f"eth0  {now.ip}: made when the machine, which sleeps, is touched"

    def _widths(self) -> Iterator[float]:
        """What the texts around the containers need."""
        yield sum(mono_width(text) + 44 for _, text in self.foot) - 20 if self.foot else 0.0
        for look, text in (*self.head, *self._titles()):
            yield width_of(text, look)
        if self.node is not None:
            yield mono_width(self._about_node())
            yield from (mono_width(bar_text(bar)) + 2 * PAD for bar in self.bars)

    def _about_node(self) -> str:
        return ", ".join([self.node.ip, *self.node.notes]) if self.node is not None else ""

    # --- drawing ----------------------------------------------------------------------------------------------

    def draw(self, title: str) -> Scene:
        """Draw it all."""
        frame = 2 * PAD if self.is_framed else 0.0
        pod_width = self.inner + frame + 2 * PAD
        x = PAD if self.node is not None else 0.0
        canvas = Canvas(title, pod_width + 2 * x)
        top = PAD + NAME + LINE + 12 if self.node is not None else 0.0
        height = self._pod_height()
        bottom = top + height + x + (DROP + len(self.bars) * (BAR + 6) if self.bars else 0.0)
        if self.node is not None:
            canvas.box("node" if self.node.power == ON else "node off", Rect(0.0, 0.0, canvas.width, bottom), self.node.name)
            canvas.write("name", self.node.name, PAD, PAD + NAME * 0.8)
            canvas.write("label", self._about_node(), PAD, PAD + NAME + 4 + SMALL * 0.8)
        self._draw_pod(canvas, Rect(x, top, pod_width, height))
        return canvas.finish(draw_keys(canvas, bottom + 12))

    def _pod_height(self) -> float:
        rows = sum(self.heights) + APART * len(self.heights)
        frame = 2 * PAD + len(self._titles()) * LINE + 8 if self.is_framed else 0.0
        return PAD + len([text for _, text in self.head if text]) * LINE + 8 + frame + rows + bool(self.foot) * (LINE + 6) + PAD

    def _draw_pod(self, canvas: Canvas, at: Rect) -> None:
        now = self.now
        canvas.box("pod" if now.fine else "pod unready", at, now.label)
        y = at.y + PAD
        for look, text in self.head:
            canvas.write(look, text, at.x + PAD, y + SMALL * 0.8)
            y += LINE * bool(text)
        y += 8
        x = at.x + PAD
        if self.is_framed:
            frame = Rect(x, y, at.width - 2 * PAD, at.bottom - PAD - y)
            canvas.box("room", frame, f"{now.label} netns")
            canvas.box("netns", Rect(frame.x + 4, frame.y + 4, frame.width - 8, frame.height - 8), f"{now.label} netns")
            x, y = x + PAD, y + PAD
            for look, text in self._titles():
                canvas.write(look, text, x, y + SMALL * 0.8)
                y += LINE
            y += 8
        y = self._draw_containers(canvas, x, y)
        self._draw_foot(canvas, x, y, at)

    def _draw_containers(self, canvas: Canvas, x: float, y: float) -> float:
        cell = (self.inner + APART) / self.columns - APART
        for row, height in zip(self.rows, self.heights, strict=True):
            for column, box in enumerate(row):
                box.draw(canvas, Rect(x + column * (cell + APART), y, cell, height))
            y += height + APART
        return y

    def _draw_foot(self, canvas: Canvas, x: float, y: float, at: Rect) -> None:
        for name, text in self.foot:
            base = y + SMALL * 0.8 + 4
            canvas.write("label", text, x + 18 * bool(name), base)
            if name == "lo":
                canvas.dot(self.now.netns, "lo", (x + 7, base - 4), up=self.now.lo is not None and self.now.lo.up)
            elif name == "eth0":
                self._draw_wire(canvas, x + 7, base - 4, at)
            x += mono_width(text) + 44

    def _draw_wire(self, canvas: Canvas, x: float, y: float, at: Rect) -> None:
        """From eth0 in the namespace to its peer on the bridge."""
        tie = self.now.tie
        assert tie is not None
        if tie.peer and self.node is not None:
            bars = {}
            for number, bar in enumerate(self.bars):
                bars[bar.name] = Rect(at.x, at.bottom + DROP + number * (BAR + 6), at.width, BAR)
                canvas.bar(self.node.name, bar.name, bars[bar.name], bar_text(bar))
            end = bars[tie.bridge].y if tie.bridge in bars else at.bottom + DROP - 8
            canvas.line("wire", (x, y), (x, end))
            canvas.dot(self.node.name, tie.peer, (x, end))
            canvas.write("label", tie.peer, x + 12, at.bottom + 24)
        canvas.dot(self.now.netns, "eth0", (x, y), up=tie.eth0.up)


# --- words ----------------------------------------------------------------------------------------------------------


def shared(now: PodNow) -> str:
    """Which namespaces of its own all containers of a pod share. On the host's network they have the host's name as well.

    Source: containerd, internal/cri/server/podsandbox/sandbox_run_linux.go (sandboxContainerSpec).
    """
    its_own = {"net": not now.on_host, "ipc": not now.on_host_ipc, "uts": not now.on_host, "pid": now.shares_processes}
    return ", ".join(kind for kind, is_own in its_own.items() if is_own) or "no namespace of the pod's own"


def sentence(now: PodNow) -> str:
    """What the figure proves."""
    name = cut(now.label, MOST_LETTERS)
    for each in now.containers:
        if each.holder:
            return f"{name}: {cut(each.name, MOST_LETTERS)} does not run, because {cut(each.holder, MOST_LETTERS)} has its port"
    running = [each for each in now.containers if each.state == RUNNING]
    what = f"{len(running)} container{'s' * (len(running) != 1)}"
    if now.word == "pause has ended":
        return f"{name}: pause has ended, {what} still run" + "s" * (len(running) == 1)
    if not now.alive or len(running) < len([each for each in now.containers if each.role != "init"]):
        return f"{name}: {now.word}"
    if now.on_host:
        return f"{name}: {what} on the network of {now.node}"
    if len(running) == 1:
        return f"{name}: {what} in a network namespace of its own"
    return f"{name}: {what} share one network namespace"


def describe(now: PodNow, node: NodeNow | None) -> Iterator[str]:
    """The pod in words: its node, itself, its devices, its containers."""
    if node is not None:
        bridges = [f"bridge {' '.join(bridge.lines)}" for bridge in node.bridges]
        yield f"{node.name}: {', '.join([node.ip, *node.notes, *bridges])}"
    sandbox = [f"sandbox attempt {now.attempt}"] if now.pause is not None else ["no sandbox"]
    yield f"{now.label}: {', '.join([now.ip or 'no address', state_words(now) or now.word, *sandbox])}"
    if now.why:
        yield f"  {now.why}"
    if now.on_host:
        yield f"  on the network of {now.node}; all containers share {shared(now)}"
    elif now.netns:
        yield f"  network namespace {now.netns}; all containers share {shared(now)}"
    yield from _devices(now)
    yield from (f"  {_container(each, now)}" for each in now.all)


def _devices(now: PodNow) -> Iterator[str]:
    if now.lo is not None:
        yield f"  {' '.join(now.lo.lines)}"
    if now.tie is not None:
        wire = f"wired to {now.tie.peer}" + (f" on {now.tie.bridge}" if now.tie.bridge else "")
        yield f"  {', '.join([' '.join(now.tie.eth0.lines), now.tie.eth0.mac, *([wire] if now.tie.peer else [])])}"
    elif now.sleeps and now.netns:
        yield f"  its machine sleeps: eth0 with {now.ip} is made when somebody touches it"


def _container(each: ContainerNow, now: PodNow) -> str:
    facts = [short_image(each.image)]
    facts += [each.process] * bool(each.process)
    if each.state == RUNNING:
        facts += [pid_words(each, now), f"listens on {' '.join(listening(each))}"]
    facts += [state_of(each), *reasons(each)]
    facts += [own(each, now)] * (each.state == RUNNING)
    return f"{each.name}{role_of(each)}: {', '.join(facts)}"
