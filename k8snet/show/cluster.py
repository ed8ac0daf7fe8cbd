"""The map of a cluster: outside and router, nodes, their bridges and pods, the containers in these, the wires, the Services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from k8snet.show.canvas import Canvas
from k8snet.show.choice import Choice, Chosen, choose, number
from k8snet.show.figure import Figure
from k8snet.show.floorplan import BELOW, Places, Plan
from k8snet.show.gateway import Gateway
from k8snet.show.keys import draw_keys
from k8snet.show.layout import At, Rect
from k8snet.show.nodebox import Block, HomelessBox, NodeBox, RestBox, program_words, programs_on
from k8snet.show.podbox import Style, words
from k8snet.show.present import OFF, ClusterNow, NodeNow
from k8snet.show.reading import Cluster, Reading
from k8snet.show.scene import Scene
from k8snet.show.servicebox import Band, label
from k8snet.show.servicebox import words as service_words

LEAST = 460.0
UNDERLAY = 30.0
BELOW_ROUTER = 26.0
DENSE, DENSE_IN_ALL = 4, 16
"""More pods than this, on one node or on all, are drawn without their containers' images."""


def cluster(cluster: Cluster, title: str | None = None, *, namespace: str | None = None, containers: bool = True,
            wires: bool = True, highlight: Iterable[str] = ()) -> Figure:
    """Draw a cluster as it is now. Nothing is changed by looking, and no machine wakes.

    Rounded boxes are pods, each with the dashed frame of its network namespace; boxes with a tab are the control plane's
    programs. Ellipses are Services (but for the API server's own), with lines to their ready endpoints. ``namespace``: pods and
    Services of one namespace alone; without it, all but those of kube-system, whose pods are counted. Without ``wires`` neither
    network nor addresses outside are drawn. What bears one of the names in ``highlight`` is yellow: a node, a pod, a program of
    the control plane, ``router``, ``external``, ``service/NAME``; with … at the end, all whose name begins so.
    ValueError for a name that nothing has. ``title`` should be the sentence that the figure proves; without one it counts.

    >>> from k8snet import Cluster
    >>> print(cluster(Cluster(nodes=1)))
    2 nodes, no pods
    external 192.0.2.100/24: outside, wired to router eth1 192.0.2.1/24
    router eth0 172.18.0.1/16: 198.51.100.10 → 172.18.0.10, 198.51.100.11 → 172.18.0.11
    control-plane: 172.18.0.10, public 198.51.100.10
      API server: kube-apiserver, listens on :6443
      etcd: listens on :2379
      controller manager: kube-controller-manager, listens on :10257
      scheduler: kube-scheduler, listens on :10259
    node1: 172.18.0.11, public 198.51.100.11
    """
    now = Reading(cluster).cluster()
    highlighted = frozenset(_found(now, highlight))
    choice = choose(now, namespace, highlighted)
    counts = [len(each.pods) for each in choice.nodes]
    dense = max(counts, default=0) > DENSE or sum(counts) > DENSE_IN_ALL
    style = Style(dense, containers, wires, highlighted)
    title = title or sentence(choice, now, namespace)
    return Figure(draw(now, choice, style, title), "\n".join([title, *describe(now, choice, style)]))


def _found(now: ClusterNow, names: Iterable[str]) -> Iterator[str]:
    """The names that are meant, all in full."""
    if isinstance(names, str):
        raise TypeError(f"highlight is several names: ({names!r},)")
    there = [*(node.name for node in now.nodes), *(place.name for place in (now.router, now.outside) if place is not None)]
    for pod in now.pods:
        there += [pod.program or pod.name, pod.name, pod.label]
    there += map(label, now.services)
    for name in names:
        found = [each for each in there if each == name or (name.endswith("…") and each.startswith(name[:-1]))]
        if not found:
            raise ValueError(f"nothing is called {name!r} here")
        yield from found


# --- drawing --------------------------------------------------------------------------------------------------------


def draw(now: ClusterNow, choice: Choice, style: Style, title: str) -> Scene:
    """The map of what was chosen."""
    gateway, band = _gateway(now, choice, style), Band(choice.services, choice.folded, style)
    plan = Plan(lambda high, columns: _blocks(now, choice, style, high, columns), router=gateway is not None,
                least=max(LEAST, gateway.least if gateway is not None else 0.0), room=band.least)  # fmt: skip
    canvas = Canvas(title, plan.width)
    router = gateway.height(plan.width) if gateway is not None else 0.0
    room = plan.width - plan.margin
    places = plan.places(router + BELOW_ROUTER if gateway is not None else 0.0, router, band.height(room))
    for points in places.cables:
        canvas.line("wire", *points)
    if gateway is not None:
        gateway.draw(canvas, plan.width)
    for block, rect in zip((block for row in plan.rows for block in row), places.boxes, strict=True):
        block.draw(canvas, rect)
    _draw_lines(canvas, plan, places, band.draw(canvas, plan.margin, places.band, room))
    bottom = places.underlay - BELOW
    if places.cables:
        bottom = _draw_underlay(canvas, places, f"underlay  {now.network}, the nodes' network")
    return canvas.finish(draw_keys(canvas, bottom + 14))


def _gateway(now: ClusterNow, choice: Choice, style: Style) -> Gateway | None:
    if now.router is None or not style.wires:
        return None
    return Gateway(now.router, now.outside, *_translations(now, choice), style)


def _translations(now: ClusterNow, choice: Choice) -> tuple[list[str], str]:
    """What the router makes of the public addresses of the nodes that are drawn; and how many others there are, if any."""
    nodes = [each.node for each in choice.nodes if each.node is not None and each.node.public]
    more = sum(bool(node.public) for node in now.nodes) - len(nodes)
    return [f"{node.public} → {node.ip}" for node in nodes], f"… and {more:,} more" if more else ""


def _blocks(now: ClusterNow, choice: Choice, style: Style, high: int, columns: int) -> list[Block]:
    """The boxes, with at most ``high`` pods above one another in each."""
    blocks: list[Block] = []
    served = _served(choice)
    for each in choice.nodes:
        assert each.node is not None
        wide = -(-len(each.pods) // high)
        blocks.append(NodeBox(each.node, each.pods, each.folded, now.stopped, style, served, wide, columns))
    if choice.homeless is not None:
        blocks.append(HomelessBox(choice.homeless.pods, choice.homeless.folded, style, -(-len(choice.homeless.pods) // high)))
    return [*blocks, *([RestBox(choice.rest)] if choice.rest else [])]


def _served(choice: Choice) -> dict[str, list[int]]:
    """By the labels of pods, the numbers of the Services whose ready endpoints they are."""
    served: dict[str, list[int]] = {}
    for place, service in enumerate(choice.services):
        for pod in dict.fromkeys(each.pod for each in service.ready if each.pod):
            served.setdefault(pod, []).append(place)
    return served


def _draw_lines(canvas: Canvas, plan: Plan, places: Places, heads: Sequence[Sequence[At]]) -> None:
    """The lines from the Services to their endpoints."""
    rects = iter(places.boxes)
    for level, row in enumerate(plan.rows):
        for block, rect in zip(row, rects, strict=False):
            if isinstance(block, NodeBox):
                for service, points in block.lines(rect):
                    way = plan.way(service, level, heads[service], places)
                    canvas.line("endpoint", *way, (points[0][0], way[-1][1]), *points)


def _draw_underlay(canvas: Canvas, places: Places, text: str) -> float:
    """The switch between the nodes, and the ends of all cables in it; returns its lower edge."""
    from k8snet.kube.site import UNDERLAY as NAME

    canvas.bar(NAME, "br0", Rect(0.0, places.underlay, canvas.width, UNDERLAY), text)
    for port, points in enumerate(places.cables, start=1):
        canvas.dot(NAME, f"port{port}", points[-1])
    return places.underlay + UNDERLAY


# --- words ----------------------------------------------------------------------------------------------------------


def sentence(choice: Choice, now: ClusterNow, namespace: str | None) -> str:
    """How much there is, and how it stands, as a title."""
    pods = choice.pods
    where = f" in the namespace {namespace}" if namespace is not None else ""
    parts = [number(len(now.nodes), "node"), (number(len(pods), "pod") if pods else "no pods") + where]
    homeless = sum(not pod.node for pod in pods)
    unready = sum(not pod.ready or not pod.alive for pod in pods) - homeless
    ended = [node.name for node in now.nodes if node.power == OFF]
    of_them = f"{unready:,} of them " if len(pods) > 1 else ""
    parts += [f"{of_them}not ready"] * bool(unready) + [f"{homeless:,} on no node"] * bool(homeless)
    if pods and not unready and not homeless:
        parts.append("ready" if len(pods) == 1 else "all ready")
    parts += [number(len(choice.services) + choice.more_services, "Service")] * bool(choice.services)
    return ", ".join([*parts, *(f"{name} without power" for name in ended)])


def describe(now: ClusterNow, choice: Choice, style: Style) -> Iterator[str]:
    """The map in words: outside and router, then each node with what is on it."""
    if style.wires:
        yield from _outside(now, choice)
    for service in choice.services:
        yield from service_words(service)
    yield from choice.folded
    for each in choice.nodes:
        assert each.node is not None
        yield from _node(each.node, each, now.stopped)
    if choice.homeless is not None:
        yield "on no node"
        yield from _pods(choice.homeless)
    yield from choice.rest[:1]
    yield from (f"  {line}" for line in choice.rest[1:])


def _outside(now: ClusterNow, choice: Choice) -> Iterator[str]:
    if now.router is None:
        return
    labels = {plug.name: " ".join(plug.lines) for plug in now.router.plugs}
    if now.outside is not None:
        address = next((" ".join(plug.addresses) for plug in now.outside.plugs if plug.name == "eth0"), "")
        yield f"{now.outside.name} {address}: outside, wired to {now.router.name} {labels.get('eth1', 'nothing')}"
    translations, more = _translations(now, choice)
    told = ", ".join(filter(None, [*translations, more]))
    yield f"{now.router.name} {labels.get('eth0', '')}: {told or 'no public addresses'}"


def _node(node: NodeNow, chosen: Chosen, stopped: Sequence[str]) -> Iterator[str]:
    facts = [node.ip, *([f"public {node.public}"] if node.public else []), *node.notes]
    yield f"{node.name}: {', '.join(facts)}"
    yield from (f"  {program_words(pod, stopped)}" for pod in programs_on(node))
    yield from (f"  bridge {' '.join(bridge.lines)}" for bridge in node.bridges)
    yield from _pods(chosen)


def _pods(chosen: Chosen) -> Iterator[str]:
    for pod in chosen.pods:
        yield from (f"  {line}" for line in words(pod))
    yield from (f"  {line}" for line in chosen.folded)
