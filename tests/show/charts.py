"""Charts for tests: by hand, and by hypothesis; and what must hold of any picture of one."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import strategies as st

from k8snet.show.chart import HOST, MACHINE, ROUTER, Chart, Place, Plug, Point, Wire
from k8snet.show.layout import Rect
from k8snet.show.scene import Scene

NAMES = ("a", "pod-b", "node-c", "a-rather-long-name-for-a-namespace", "<b>&\"'", "포드", "x y")


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Any chart of up to nine namespaces: trees, rings, self-wires, lonely ones; bridges with and without ports."""
    count = draw(st.integers(1, 9))
    kinds = [draw(st.sampled_from([HOST, HOST, MACHINE, ROUTER])) for _ in range(count)]
    names = [f"{draw(st.sampled_from(NAMES))}{number}" for number in range(count)]
    bridges = [draw(st.integers(1, 2)) if kind == MACHINE else 0 for kind in kinds]
    plugs = [[Plug(f"br{number}", "bridge", draw(addresses())) for number in range(bridges[i])] for i in range(count)]
    wires = []
    for number in range(draw(st.integers(0, 12))):
        ends = [draw(st.integers(0, count - 1)) for _ in range(2)]
        points = []
        for side, end in enumerate(ends):
            master = draw(st.sampled_from([None, *(f"br{each}" for each in range(bridges[end]))]))
            plug = Plug(f"eth{number}{'ab'[side]}", "veth", draw(addresses()), up=draw(st.booleans()), master=master)
            plugs[end].append(plug)
            points.append(Point(names[end], plug.name))
        wires.append(Wire(*points))
    vxlans = [[Plug("vx0", "vxlan", draw(addresses()))] * draw(st.booleans()) for _ in names]
    places = [Place(name, kind, (*own, *vxlan)) for name, kind, own, vxlan in zip(names, kinds, plugs, vxlans, strict=True)]
    return Chart(tuple(places), tuple(wires))


def addresses() -> st.SearchStrategy[tuple[str, ...]]:
    """No address, one, or two."""
    return st.sampled_from([(), ("10.1.1.1/24",), ("192.168.100.254/24", "10.0.0.1/32")])


def host(name: str, *addresses: str) -> Place:
    """A namespace with an eth0."""
    return Place(name, HOST, (Plug("eth0", "veth", addresses),))


def overlaps(one: Rect, other: Rect) -> bool:
    """Whether two rectangles share more than an edge."""
    return (one.x < other.right - 0.2 and other.x < one.right - 0.2
            and one.y < other.bottom - 0.2 and other.y < one.bottom - 0.2)


def within(inner: Rect, outer: Rect) -> bool:
    """Whether a rectangle lies in another."""
    return (inner.x >= outer.x - 0.2 and inner.y >= outer.y - 0.2
            and inner.right <= outer.right + 0.2 and inner.bottom <= outer.bottom + 0.2)


def check(scene: Scene) -> None:
    """Everything is on the card; no box, no bar and no text lies on another; labels lie in a box, or outside of all."""
    boxes, bars, texts = on_the_card(scene)
    for kind in (boxes, bars, texts):
        for one, other in combinations(kind, 2):
            assert not overlaps(one, other), (one, other)
    for rect in (*bars, *texts):
        assert all(within(rect, box) for box in boxes if overlaps(rect, box)), rect
    for text in scene.texts:
        if text.look in ("label", "name", "note"):
            assert not any(overlaps(text.rect, bar) for bar in bars), text
    for point in [(dot.x, dot.y) for dot in scene.dots] + [(mark.x, mark.y) for mark in scene.marks]:
        assert 0 < point[0] < scene.width
        assert 0 < point[1] < scene.height
    for line in (*scene.lines, *scene.ways):
        assert all(0 < x < scene.width and 0 < y < scene.height for x, y in line.points), line


def on_the_card(scene: Scene) -> tuple[list[Rect], list[Rect], list[Rect]]:
    """Boxes, bars and texts of a picture, all of which lie on its card."""
    card = Rect(0, 0, scene.width, scene.height)
    boxes = [Rect(box.x, box.y, box.width, box.height) for box in scene.boxes]
    bars = [Rect(bar.x, bar.y, bar.width, bar.height) for bar in scene.bars]
    texts = [text.rect for text in scene.texts]
    for rect in (*boxes, *bars, *texts):
        assert within(rect, card), rect
    return boxes, bars, texts


def crosses(line: tuple[tuple[float, float], ...], rect: Rect) -> bool:
    """Whether an orthogonal line runs through the inside of a rectangle."""
    for (x, y), (u, v) in pairwise(line):
        if overlaps(Rect(min(x, u) - 0.5, min(y, v) - 0.5, abs(x - u) + 1, abs(y - v) + 1),
                    Rect(rect.x + 1, rect.y + 1, rect.width - 2, rect.height - 2)):
            return True
    return False
