"""What all journeys on one map share: the map drawn once, places to light, the tables of routes, words to fill in.

`Stage.data` is plain JSON. A journey (reel.py) is told in numbers that point into it: spots, kinds of steps, strings.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from k8snet.linux import words
from k8snet.linux.address import BROADCAST_MAC
from k8snet.linux.netfilter import HOOKS
from k8snet.linux.route import TABLE_NAMES
from k8snet.show.cell import Note, Notes
from k8snet.show.chart import HOST, Chart, Place, Point, read
from k8snet.show.headers import FIELDS
from k8snet.show.layout import At, Layout, lay_out
from k8snet.show.palette import DARK, LIGHT
from k8snet.show.scene import Sketch

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns
    from k8snet.linux.route import Route
    from k8snet.linux.world import World

MOST_ROUTES = 64
"""So many routes of one namespace are told; of more, the rest is left out."""

ABOVE_HOST = 5.0
BELOW_LABEL = 3.0
BESIDE_NAME = 15.0
"""Where tags and ways run, so that they hide no label."""

COMMON = (
    "ARP", "ICMP", "TCP", "UDP", "request", "reply", "icmp", "segment", "datagram", "echo request", "echo reply", "DF",
    "SYN", "SYN ACK", "SYN-ACK", "ACK", "PSH ACK", "data", "FIN ACK", "FIN", "RST",
    "64", "63", "62", "61", BROADCAST_MAC,
    "unicast", "local", "REACHABLE", "STALE", "DELAY", "NEW", "ESTABLISHED", "nat", "filter", *HOOKS,
    "ACCEPT", "kernel", "client",
)
"""What most journeys say."""

GIVEN = {
    "Captured": ("device", "frame"),
    "Learned": ("bridge",),
    "Bridged": ("bridge",),
    "Routed": ("dst",),
    "Forwarded": ("ttl",),
}
"""Blanks of sentences that the place and the packet's headers fill."""

BESIDE = {
    "Matched": ("hook",),
    "Tracked": ("original", "replied"),
}
"""Evidence that a step shows beside what its sentence says."""

TAGS = {
    "Learned": "learns",
    "Bridged": "forwarding table",
    "Routed": "routing table",
    "Tracked": "conntrack",
    "Matched": "{table} {hook}",
    "Judged": "{table} {hook}",
    "Rewritten": "nat {hook}",
    "Forwarded": "TTL {ttl}",
    "Fragmented": "MTU {mtu}",
    "Resolved": "neighbours",
    "Awaited": "neighbours",
    "Marked": "mark",
    "Logged": "log",
    "Delivered": "{owner}",
    "Dropped": "dropped",
    "Rejected": "rejected",
    "Ignored": "ignored",
    "Encapsulated": "wraps",
    "Decapsulated": "unwraps",
}
"""What stands on the map where a step happens inside a namespace."""


class Kind(NamedTuple):
    """A kind of step: its sentence with blanks, the names of what a step tells of itself, and its tag on the map."""

    key: str
    sentence: str
    names: tuple[str, ...]
    tag: str


class Strings:
    """Texts by number, each once. ``first`` is the number of the first, where others came before."""

    def __init__(self, before: Strings | None = None) -> None:
        self.before = before
        self.first = len(before.numbers) if before else 0
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text; a new one gets the next."""
        if self.before is not None and text in self.before.numbers:
            return self.before.numbers[text]
        return self.numbers.setdefault(text, self.first + len(self.numbers))


class Stage:
    """The map of a world as it is now, and all that can be said of it beforehand. ``data`` is what a browser gets."""

    def __init__(self, world: World, labels: dict[str, str]) -> None:
        chart = read(world, with_root=world.root.devices["lo"].up or not world.netns)
        layout = lay_out(chart, {place.name: Notes([Note("start", ())]) for place in chart.places if _wants_room(chart, place)})
        sketch = Sketch(layout, "")
        self.strings = Strings()
        for text in COMMON:
            self.strings.number(text)
        self.kinds = {kind.key: number for number, kind in enumerate(_kinds())}
        spots = _spots(chart, sketch, self.strings)
        self.spots = {(netns, device): number for number, (netns, device, *_) in enumerate(spots)}
        everywhere = {netns.name: netns for netns in (world.root, *world.netns.values())}
        routes = [self._routes(everywhere[place.name]) for place in chart.places]
        self._name_what_is_there(chart)
        self.data: dict[str, Any] = {
            "map": _drawn(sketch),
            "spots": spots,
            "kinds": _kinds(),
            "forms": {key: text for key, text in words.ENGLISH.items() if key == "frame" or key.startswith("packet.")},
            "fields": FIELDS,
            "routes": routes,
            "strings": list(self.strings.numbers),
            "labels": labels,
            "colours": {"light": LIGHT, "dark": DARK},
        }

    def _routes(self, netns: Netns) -> list[tuple[str, int, str]]:
        """Table, text and prefix of each route, in the order in which they would be asked."""
        tables = dict.fromkeys(policy.table for policy in netns.routing.policies if policy.table in netns.routing.tables)
        routes = [route for table in tables for route in sorted(netns.routing.tables[table], key=_rank)]
        return [(table_name(route), self.strings.number(words.route_line(route)), str(route.network))
                for route in routes[:MOST_ROUTES]]

    def _name_what_is_there(self, chart: Chart) -> None:
        for place in chart.places:
            for plug in place.plugs:
                for text in (place.name, plug.name, plug.mac, *(address.partition("/")[0] for address in plug.addresses)):
                    self.strings.number(text)


def _rank(route: Route) -> tuple[int, int]:
    return -route.network.length, route.metric


def table_name(route: Route) -> str:
    """A routing table as ``ip route`` calls it."""
    return TABLE_NAMES.get(route.table, str(route.table))


def _kinds() -> list[Kind]:
    kinds = [kind_of(key, text) for key, text in words.ENGLISH.items() if key.partition(".")[0][:1].isupper()]
    return [*kinds, Kind("end", "{verdict}", ("verdict",), "the end")]


def kind_of(key: str, sentence: str) -> Kind:
    """A kind of step by its key and its sentence."""
    plain = key.partition(".")[0]
    blanks = [name for _, name, _, _ in Formatter().parse(sentence) if name and name not in GIVEN.get(plain, ())]
    names = tuple(dict.fromkeys([*blanks, *BESIDE.get(plain, ())]))
    return Kind(key, sentence.replace(":#x}", "}"), names, TAGS.get(plain, plain.lower()))


Spot = tuple[str, str, float, float, int, int, int]
"""Namespace, device (empty: the namespace itself), where; the numbers of its wire, its bridge's spot, its MAC, or -1."""


def _spots(chart: Chart, sketch: Sketch, strings: Strings) -> list[Spot]:
    layout = sketch.layout
    wires = {end: number for number, wire in enumerate(layout.wires) for end in (wire.one, wire.other)}
    points = [Point(place.name, "") for place in chart.places]
    points += [Point(place.name, plug.name) for place in chart.places for plug in place.plugs]
    numbers = {point: number for number, point in enumerate(points)}
    masters = {Point(place.name, plug.name): numbers[Point(place.name, plug.master)]
               for place in chart.places for plug in place.plugs if plug.master}
    macs = {Point(place.name, plug.name): strings.number(plug.mac)
            for place in chart.places for plug in place.plugs if plug.kind != "loopback"}
    return [(point.netns, point.device, *sketch.at(_where(layout, point)),
             wires.get(point, -1), masters.get(point, -1), macs.get(point, -1)) for point in points]


def _where(layout: Layout, point: Point) -> At:
    """A device's dot, or the lower edge of its bar; a namespace's room for a tag."""
    bar = layout.bars.get(point)
    if bar is not None:
        return (bar.x + bar.width / 2, bar.bottom - BELOW_LABEL)
    return layout.dots.get(point, _room(layout, point.netns))


def _wants_room(chart: Chart, place: Place) -> bool:
    """Hosts and mere switches have room as they are."""
    is_switch = all(plug.kind == "bridge" or plug.master or plug.kind == "loopback" for plug in place.plugs)
    return place.kind != HOST and not (place.bridges and is_switch)


def _room(layout: Layout, netns: str) -> At:
    """Where a namespace has room for a tag: a host above its box, a switch beside its name, any other where notes stand."""
    box, zone, chart = layout.boxes[netns], layout.zones[netns], layout.chart
    if chart.place(netns).kind == HOST:
        return (box.x + box.width / 2, box.y - ABOVE_HOST)
    if not _wants_room(chart, chart.place(netns)):
        return (box.x + box.width / 2, box.bottom - BESIDE_NAME)
    return (zone.x, (zone.top + zone.bottom) / 2)


def _drawn(sketch: Sketch) -> dict[str, Any]:
    """The map as plain data, without what only a still picture has."""
    drawn: dict[str, Any] = msgspec.to_builtins(sketch.finish())
    (x, y), layout = sketch.at((-8.0, -20.0)), sketch.layout
    kept = {name: drawn[name] for name in ("boxes", "lines", "bars", "dots", "texts")}
    return kept | {"view": (x, y, round(layout.width + 16, 1), round(layout.height + 28, 1))}
