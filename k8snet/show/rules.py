"""A packet's way through the rules of one kernel, to be stepped through: each rule that was tried, and why it matched or not.

Everything is worked out here, from the record, and played in the browser. Where no page runs (a saved notebook) there is
the map of the chains as a picture, and all rules that were tried in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from k8snet.linux import words
from k8snet.linux.trace import Trace, TracedPacket
from k8snet.linux.why import MATCHED
from k8snet.show.chainmap import ChainMap
from k8snet.show.choice import number
from k8snet.show.palette import DARK, LIGHT
from k8snet.show.rulepicture import draw_way
from k8snet.show.rulerows import END, GAP, Row
from k8snet.show.rulerows import WORDS as ROW_WORDS
from k8snet.show.ruleway import FIELDS, Room, Way

if TYPE_CHECKING:
    from k8snet.show.figure import Figure
    from k8snet.show.widget import RulesWidget

MOST_MOMENTS = 600
"""So many rules one by one are sent to a page; a slider through more finds nothing."""

LABELS = {
    "rules": "Rule by rule:",
    "chains": "Chains in the order of the way",
    "list": "Rules of the chain",
    "packet": "The packet at this rule",
    "controls": "Rules",
    "first": "First rule",
    "back": "Rule back",
    "play": "Play",
    "pause": "Pause",
    "forward": "Rule forward",
    "last": "Last rule",
    "slider": "Rule",
    "pace": "Pace",
    "slow": "slow",
    "steady": "steady",
    "quick": "quick",
    "hint": "← → rule, ↑ ↓ chain, space plays",
    "chain": "{who}, {tried} of {count} rules tried",
    "aside": "{who}, {count} rules: the packet does not come here",
    "known": "{who}, not asked",
    "heading": "{who}: {tried} of {count} rules tried here, {all} in all",
    "story": "{name}: {tried} of {count} rules tried",
    "matched": "matches",
    "failed": "does not match",
    "none": "The chain is empty.",
    "untried": ROW_WORDS["row.untried"],
}  # fmt: skip
"""What the page says beside the sentences of the rules."""

TITLE = "{netns} tries {tried} for this packet; {matched}"
"""What the picture shows."""


class Rules:
    """A packet and the rules of one kernel. `show.rules` makes it; a notebook shows it.

    ``scene`` is all that a page needs, as plain JSON. ``len(rules)`` is the number of moments; ``way`` has them as facts.
    """

    def __init__(self, traced: TracedPacket, netns: str) -> None:
        self.traced, self.netns = traced, netns
        self.way = Way([hop for hop in traced.hops if hop.netns == netns])
        self.map = ChainMap(self.way)
        match = "1 matches" if self.way.matched == 1 else f"{self.way.matched:,} match"
        self.title = TITLE.format(netns=netns, tried=number(self.way.tried, "rule"), matched=match)
        self._at: int | None = None
        self._widget: RulesWidget | None = None

    @property
    def tried(self) -> int:
        """How many rules the kernel tried for the packet, in all tables."""
        return self.way.tried

    @property
    def scene(self) -> dict[str, Any]:
        """What a page gets: the map, the chains with their rows, and a moment for each row that the packet came to."""
        headers = list(dict.fromkeys(moment.header for moment in self.way.moments))
        return {
            "title": self.title,
            "packet": words.describe(self.traced.packet),
            "labels": LABELS,
            "colours": {"light": LIGHT, "dark": DARK},
            "view": [0, 0, round(self.map.width, 1), round(self.map.height, 1)],
            "frames": [list(_values(frame)) for frame in self.map.frames],
            "ties": [[[list(point) for point in tie.points], int(tie.lit)] for tie in self.map.ties],
            "arrows": [[list(point) for point in arrow] for arrow in self.map.arrows],
            "notes": [[note.kind, list(note.lines), note.x, note.y] for note in self.map.notes],
            "boxes": [list(_values(place)) for place in self.map.places],
            "rooms": [self._room(room) for room in self.way.rooms],
            "tried": f"{self.way.tried:,}",
            "fields": list(FIELDS.values()),
            "headers": [list(header) for header in headers],
            "moments": [[each.chain, each.row, each.sentence, headers.index(each.header), int(each.rewrites)]
                        for each in self.way.moments],
        }  # fmt: skip

    def _room(self, room: Room) -> list[Any]:
        """A chain: table and name, tried, of how many, how it was met (2: it was asked, 1: NAT alone, 0: not), its rows."""
        met = (2 if self.way.stations[room.station].judged else 1) if room.visited else 0
        return [self.way.who(room), f"{room.tried:,}", f"{room.count:,}", met, [list(_values(row)) for row in room.rows]]

    def at(self, moment: int) -> Rules:
        """Show one moment, counted from 0, or with a minus from the end; in the page where it is shown, and in the picture.

        IndexError if there is no such moment.
        """
        self._at = range(len(self))[moment]
        if self._widget is not None:
            self._widget.at = self._at
        return self

    @property
    def still(self) -> Figure:
        """A picture of the chains, with the packet's way through them, and the rules that matched."""
        moment = None if self._at is None else self.way.moments[self._at]
        return draw_way(self.way, self.map, self.title, self.words, words.describe(self.traced.packet), moment)

    @property
    def words(self) -> str:
        """Table by table, chain by chain: each rule that was tried, and why it matched or not."""
        return "\n".join([self.title, words.describe(self.traced.packet), *_story(self.way)])

    def __len__(self) -> int:
        return len(self.way.moments)

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        return f"<Rules: {self.way.tried} tried in {self.netns}, {self.way.matched} match>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from k8snet.show.widget import RulesWidget  # heavy, and only needed when someone looks

        if self._widget is None:
            self._widget = RulesWidget(scene=self.scene, at=self._at or 0)
        still, facts = self.still._repr_mimebundle_()
        return {**self._widget.bundle, "image/png": still["image/png"], "text/plain": self.words}, facts


def _values(fact: Any) -> Iterator[Any]:
    return (getattr(fact, name) for name in fact.__struct_fields__)


# --- in words ------------------------------------------------------------------------------------------------------


def _story(way: Way) -> Iterator[str]:
    """Table by table; a chain to which a rule leads stands behind that rule, further in."""
    for place, station in enumerate(way.stations):
        if station.judged is not None:
            yield words.sentence(station.judged)
            yield from _chain(way, next(at for at, room in enumerate(way.rooms) if room.station == place))
        yield from (each.sentence for each in way.moments if each.rewrites and way.rooms[each.chain].station == place)


def _chain(way: Way, place: int) -> Iterator[str]:
    room = way.rooms[place]
    below = {each.via: at for at, each in enumerate(way.rooms) if each.parent == place and each.visited}
    yield f"{_in(room)}{LABELS['story'].format(name=room.name, tried=f'{room.tried:,}', count=f'{room.count:,}')}"
    for row in room.rows:
        yield from (f"{_in(room)}  {line}" for line in _lines(row))
        if row.kind == MATCHED and row.number in below:
            yield from _chain(way, below[row.number])


def _in(room: Room) -> str:
    return "  " * (2 * room.depth + 1)


def _lines(row: Row) -> list[str]:
    """A rule, and below it what came of it."""
    if row.kind == GAP:
        return [f"{row.number}-{row.last} … {row.why}"]
    if row.kind == END:
        return [row.why]
    why = f" ({row.why}): {row.effect}" if row.kind == MATCHED else f": {row.why}" if row.why else ""
    return [f"{row.number} {row.text}", f"  {LABELS[row.kind]}{why}"]


# --- the function --------------------------------------------------------------------------------------------------


def rules(trace: Trace | TracedPacket, netns: str | None = None) -> Rules:
    """Step through the rules that one kernel tried for one packet, with buttons, a slider, or the arrow keys.

    Takes a trace, for its request, or one of its packets, as in ``show.rules(trace.answer)``; and the name of a network
    namespace, or none for the first in which the packet met rules. The rules are those of that time, whatever was done to
    them since. ValueError if the packet met no rule there, or so many that no one looks through them.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> for line in ("ip link set lo up", "iptables -A INPUT -p tcp -j DROP", "iptables -A INPUT -i lo -j ACCEPT"):
    ...     _ = w.sh(line)
    >>> print(rules(w.ping("root", "127.0.0.1")))
    root tries 2 rules for this packet; 1 matches
    ICMP echo request 127.0.0.1 > 127.0.0.1, TTL 64
    filter INPUT: ACCEPT after 2 rules
      INPUT: 2 of 2 rules tried
        1 -A INPUT -p tcp -j DROP
          does not match: protocol is icmp, not tcp
        2 -A INPUT -i lo -j ACCEPT
          matches (it came in by lo): accepted: no more rules of filter at INPUT
    """
    traced = trace.request if isinstance(trace, Trace) else trace
    met = list(dict.fromkeys(hop.netns for hop in traced.hops if hop.asked)) if traced else []
    if traced is None or not met:
        raise ValueError("there is nothing to show: the packet met no rules")
    if netns is not None and netns not in met:
        raise ValueError(f"the packet met no rules in {netns!r}; it did in {', '.join(met)}")
    found = Rules(traced, netns or met[0])
    if len(found) > MOST_MOMENTS:
        raise ValueError(f"{len(found)} moments are too many to look through (at most {MOST_MOMENTS})")
    return found
