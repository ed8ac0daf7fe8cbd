"""Who is drawn below whom: a chart as trees, whose roots stand at the bottom of the picture.

Hosts hang on their machine, machines on the router that joins them. The root of a tree is its middle; two equal
middles stand side by side. Wires that close a ring belong to no tree and are listed apart.
"""

from __future__ import annotations

from k8snet.show.chart import HOST, Chart, Wire


class Family:
    """One connected part of a chart. ``links[child]`` are its wires to the parent below it, the child's end first."""

    def __init__(self, chart: Chart, names: list[str]) -> None:
        self.chart = chart
        self.names = names
        self.roots = _roots(chart, names)
        self.depth = dict.fromkeys(self.roots, 0)
        self.parent: dict[str, str] = {}
        self.children: dict[str, list[str]] = {name: [] for name in names}
        self._grow()
        for name in names:
            self.children[name] = self._in_order(name)
        self.links = {child: _between(chart, child, parent) for child, parent in self.parent.items()}
        linked = {end for wires in self.links.values() for wire in wires for end in (wire.one, wire.other)}
        self.rings = [wire for wire in chart.wires if wire.one.netns in self.depth and wire.one not in linked]

    def _grow(self) -> None:
        queue = list(self.roots)
        for name in queue:
            for neighbour in _neighbours(self.chart, name):
                if neighbour not in self.depth:
                    self.depth[neighbour] = self.depth[name] + 1
                    self.parent[neighbour] = name
                    self.children[name].append(neighbour)
                    queue.append(neighbour)

    def _in_order(self, parent: str) -> list[str]:
        """Children on the same bridge together; among them, machines on which nothing can hang go in the middle."""
        groups: dict[int, list[str]] = {}
        for child in sorted(self.children[parent], key=lambda child: self._rank(parent, child)):
            groups.setdefault(self._rank(parent, child)[0], []).append(child)
        ordered: list[str] = []
        for group in groups.values():
            bare = [child for child in group if self._is_bare(child)]
            rest = [child for child in group if child not in bare]
            ordered += rest[: len(rest) // 2] + bare + rest[len(rest) // 2 :]
        return ordered

    def _is_bare(self, child: str) -> bool:
        """A machine that carries nothing, and has no bridge that something could be wired to."""
        place = self.chart.place(child)
        return place.kind != HOST and not place.bridges and not self.children[child]

    def _rank(self, parent: str, child: str) -> tuple[int, int]:
        """The number of the bridge that a child hangs on, then the order of making."""
        place = self.chart.place(parent)
        master = place.plug(_between(self.chart, child, parent)[0].other.device).master
        bridges = [bridge.name for bridge in place.bridges]
        return bridges.index(master) if master else len(bridges), self.names.index(child)


def families(chart: Chart) -> list[Family]:
    """The connected parts of a chart, in the order of their first members."""
    order = [place.name for place in chart.places]
    found: list[Family] = []
    seen: set[str] = set()
    for name in order:
        if name not in seen:
            reached = [name]
            for each in reached:
                reached += [other for other in _neighbours(chart, each) if other not in reached]
            seen.update(reached)
            found.append(Family(chart, sorted(reached, key=order.index)))
    return found


def _neighbours(chart: Chart, name: str) -> list[str]:
    """The namespaces at the far ends of its wires, each once, in the order of the chart."""
    ends = {end.netns for wire in chart.wires for end in (wire.one, wire.other)
            if name in (wire.one.netns, wire.other.netns)}
    return [place.name for place in chart.places if place.name in ends and place.name != name]


def _between(chart: Chart, child: str, parent: str) -> list[Wire]:
    wires = [Wire(wire.other, wire.one) if wire.one.netns == parent else wire for wire in chart.wires]
    return [wire for wire in wires if (wire.one.netns, wire.other.netns) == (child, parent)]


def _roots(chart: Chart, names: list[str]) -> list[str]:
    """Take the outermost away, hosts first, until only the middle is left."""
    ways = {name: set(_neighbours(chart, name)) for name in names}
    hosts = {name for name in names if chart.place(name).kind == HOST and len(ways[name]) <= 1}
    rest = [name for name in names if name not in hosts] or names
    while len(rest) > 2:
        outermost = {name for name in rest if len(ways[name] & set(rest)) <= 1}
        if not outermost:
            break
        rest = [name for name in rest if name not in outermost]
    burdened = {name for name in rest if ways[name] & hosts - set(rest)}
    return _choose(rest, ways, burdened) if len(rest) > 1 else rest


def _choose(rest: list[str], ways: dict[str, set[str]], burdened: set[str]) -> list[str]:
    """Of several middles: one that touches all others and carries no host; else all of them, side by side."""
    hubs = [name for name in rest if name not in burdened and set(rest) - {name} <= ways[name]]
    if len(rest) == 2 and len(hubs) == 2:
        return rest
    return hubs[:1] or rest
