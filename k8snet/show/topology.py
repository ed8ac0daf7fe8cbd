"""The map of a world: its network namespaces, what is in them, and the wires between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.show.chart import Chart, Place, Plug, Point, read
from k8snet.show.figure import Figure
from k8snet.show.layout import lay_out
from k8snet.show.scene import Sketch

if TYPE_CHECKING:
    from k8snet.linux.world import World


def topology(world: World, title: str | None = None) -> Figure:
    """Draw what is wired to what: boxes are network namespaces, bars bridges, lines veth pairs, dots devices.

    A namespace that holds a bridge or forwards looks like a node, any other like a pod. A hollow dot is a device that
    is down. ``title`` should be the sentence that the figure proves; without one it says how much there is.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip netns add pod-a"), w.sh("ip netns add pod-b")
    >>> _ = w.sh("ip link add eth0 netns pod-a type veth peer name eth0 netns pod-b")
    >>> topology(w)
    2 network namespaces, 1 wire
    pod-a: a host
      eth0  down, wired to pod-b eth0
    pod-b: a host
      eth0  down, wired to pod-a eth0
    """
    chart = read(world)
    return Figure(Sketch(lay_out(chart), title or count(chart)).finish(), words(chart, title or count(chart)))


def count(chart: Chart) -> str:
    """How much there is, as a title."""
    bridges = sum(len(place.bridges) for place in chart.places)
    parts = [_number(len(chart.places), "network namespace"), _number(len(chart.wires), "wire")]
    return ", ".join(parts + [_number(bridges, "bridge")] * bool(bridges))


def words(chart: Chart, title: str) -> str:
    """The map in words: each namespace, and a line for each of its devices."""
    lines = [title]
    for place in chart.places:
        lines.append(f"{place.name}: a {place.kind}")
        lines += [f"  {_describe(chart, place, plug)}" for plug in place.plugs if plug.shown]
    return "\n".join(lines)


def _describe(chart: Chart, place: Place, plug: Plug) -> str:
    facts = list(plug.addresses)
    facts += ["down"] * (not plug.up)
    if plug.kind == "bridge":
        ports = [port.name for port in place.ports(plug.name)]
        facts.append("a bridge with " + (f"port{'s' * (len(ports) > 1)} {', '.join(ports)}" if ports else "no ports"))
    elif plug.kind not in ("veth", "loopback"):
        facts.append(f"a {plug.kind}")
    facts += [f"port of {plug.master}"] * bool(plug.master)
    far = chart.far_end(Point(place.name, plug.name))
    facts += [f"wired to {far}"] * bool(far)
    return f"{plug.name}  " + ", ".join(facts)


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" + "s" * (count != 1)
