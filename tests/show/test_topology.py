"""The map: what must hold of every picture, and the words of some."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import HealthCheck, given, settings

from k8snet import show
from k8snet.course import figure as course
from k8snet.linux import World
from k8snet.show import palette, svg
from k8snet.show.chart import HOST, MACHINE, Chart, Place, Plug, Point, Wire, read
from k8snet.show.family import families
from k8snet.show.layout import lay_out
from k8snet.show.scene import Scene, Sketch
from tests.show import charts


def draw(chart: Chart) -> Scene:
    return Sketch(lay_out(chart), "a title").finish()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(charts.charts())
def test_everything_has_its_own_place(chart: Chart) -> None:
    scene = draw(chart)
    charts.check(scene)
    assert {box.netns for box in scene.boxes} == {place.name for place in chart.places}
    assert len(scene.bars) == sum(len(place.bridges) for place in chart.places)
    assert len([line for line in scene.lines if line.look == "wire"]) == len(chart.wires)


@settings(max_examples=60, deadline=None)
@given(charts.charts())
def test_wires_are_orthogonal_and_run_through_no_box(chart: Chart) -> None:
    layout = lay_out(chart)
    for wire, points in layout.wires.items():
        assert points[0] == layout.dots[wire.one]
        assert points[-1] == layout.dots[wire.other]
        assert all(x == u or y == v for (x, y), (u, v) in pairwise(points))
        assert not any(charts.crosses(tuple(points), box) for box in layout.boxes.values()), wire


@settings(max_examples=30, deadline=None)
@given(charts.charts())
def test_the_svg_is_xml_and_has_the_palettes_colours_only(chart: Chart) -> None:
    text = svg.draw(draw(chart), "words")
    texts = {element.text for element in Xml.fromstring(text).iter() if element.tag.endswith("}text")}  # ours
    assert {place.name for place in chart.places} <= texts
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]*)"', text)) <= palette.COLOURS
    assert set(re.findall(r'(?:fill|stroke)="([^#"][^"]*)"', text)) <= {"none"}


@pytest.mark.parametrize("hosts", [1, 2, 6, 7, 12, 30])
def test_any_number_of_hosts_on_one_bridge(hosts: int) -> None:
    ports = tuple(Plug(f"veth{number}", "veth", master="br0") for number in range(hosts))
    machine = Place("node", MACHINE, (Plug("br0", "bridge", ("10.1.1.254/24",)), *ports))
    places = [charts.host(f"pod-{number}", f"10.1.1.{number + 1}/24") for number in range(hosts)]
    wires = [Wire(Point(f"pod-{number}", "eth0"), Point("node", f"veth{number}")) for number in range(hosts)]
    chart = Chart((*places, machine), tuple(wires))
    layout = lay_out(chart)
    charts.check(draw(chart))
    xs = [layout.dots[Point("node", port.name)][0] for port in ports]
    assert xs == sorted(xs)
    assert not any(charts.crosses(tuple(points), box) for points in layout.wires.values() for box in layout.boxes.values())


def test_the_figure_stands_as_the_course_draws_it(figure: World) -> None:
    boxes = lay_out(read(figure)).boxes
    assert boxes["pod-a"].x < boxes["pod-b"].x < boxes["router"].x < boxes["pod-c"].x < boxes["pod-d"].x
    for node, pods in (("node-a", ("pod-a", "pod-b")), ("node-b", ("pod-c", "pod-d"))):
        for pod in pods:
            assert boxes[pod].bottom < boxes[node].y
            assert boxes[node].x <= boxes[pod].x <= boxes[pod].right <= boxes[node].right
        assert boxes[node].bottom < boxes["underlay"].y


def test_machines_stay_in_their_order_when_pods_come(figure: World) -> None:
    empty = World()
    for line in course.NODES:
        empty.sh(line)
    orders = []
    for world in (empty, figure):
        boxes = {box.netns: box.x for box in draw(read(world)).boxes}
        orders.append(sorted(("node-a", "router", "node-b"), key=boxes.__getitem__))
    assert orders == [["node-a", "router", "node-b"]] * 2


def test_the_figure_in_words(figure: World) -> None:
    assert repr(show.topology(figure)) == """\
8 network namespaces, 7 wires, 3 bridges
underlay: a machine
  br0  a bridge with ports port1, port2, port3
  port1  port of br0, wired to router eth0
  port2  port of br0, wired to node-a eth0
  port3  port of br0, wired to node-b eth0
router: a router
  eth0  10.100.0.1/24, wired to underlay port1
node-a: a machine
  eth0  10.100.0.2/24, wired to underlay port2
  br0  10.1.1.254/24, a bridge with ports veth0, veth1
  veth0  port of br0, wired to pod-a eth0
  veth1  port of br0, wired to pod-b eth0
node-b: a machine
  eth0  10.100.0.3/24, wired to underlay port3
  br0  10.1.2.254/24, a bridge with ports veth0, veth1
  veth0  port of br0, wired to pod-c eth0
  veth1  port of br0, wired to pod-d eth0
pod-a: a host
  eth0  10.1.1.1/24, wired to node-a veth0
pod-b: a host
  eth0  10.1.1.2/24, wired to node-a veth1
pod-c: a host
  eth0  10.1.2.1/24, wired to node-b veth0
pod-d: a host
  eth0  10.1.2.2/24, wired to node-b veth1"""


def test_an_empty_world_has_a_picture() -> None:
    assert repr(show.topology(World())) == "0 network namespaces, 0 wires"
    charts.check(show.topology(World()).scene)


def test_the_root_namespace_is_there_once_something_is_in_it() -> None:
    world = World()
    world.sh("ip netns add pod-a")
    assert [place.name for place in read(world).places] == ["pod-a"]
    world.sh("ip link add veth0 type veth peer name eth0 netns pod-a")
    assert [(place.name, place.kind) for place in read(world).places] == [("root", MACHINE), ("pod-a", HOST)]


def test_the_same_world_gives_the_same_bytes(figure: World) -> None:
    first, second = show.topology(figure), show.topology(figure.fork())
    assert (first.svg, repr(first)) == (second.svg, repr(second))
    assert first.png == second.png


@pytest.mark.parametrize(
    ("wires", "roots"),
    [
        ([], [["a"], ["b"], ["r"], ["x"], ["y"]]),
        (["a x"], [["x"], ["b"], ["r"], ["y"]]),
        (["a x", "x r"], [["r"], ["b"], ["y"]]),
        (["a x", "x r", "r y", "y b"], [["r"]]),
        (["a x", "x y", "y b"], [["x", "y"], ["r"]]),
        (["a x", "x y", "y b", "x r", "y r"], [["r"]]),
        (["a b"], [["a", "b"], ["r"], ["x"], ["y"]]),
    ],
)
def test_who_stands_at_the_bottom(wires: list[str], roots: list[list[str]]) -> None:
    plugs: dict[str, list[Plug]] = {name: [] for name in "abrxy"}
    ends = []
    for wire in wires:
        points = []
        for name in wire.split():
            plugs[name].append(Plug(f"eth{len(plugs[name])}", "veth"))
            points.append(Point(name, plugs[name][-1].name))
        ends.append(Wire(*points))
    kinds = {"a": HOST, "b": HOST, "r": "router", "x": MACHINE, "y": MACHINE}
    chart = Chart(tuple(Place(name, kinds[name], tuple(plugs[name])) for name in "abrxy"), tuple(ends))
    assert sorted(family.roots for family in families(chart)) == sorted(roots)
