"""A packet's way through the rules of one kernel, as an explorer tells it: chains, their rules in rows, and moments.

A moment is a row (rulerows.py) that the packet came to, or what NAT then did to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snet.linux import words
from k8snet.linux.fact import Fact
from k8snet.linux.packet import Packet
from k8snet.linux.steps import Asked, Judged, Rewritten
from k8snet.linux.targets import Jump
from k8snet.linux.trace import Hop
from k8snet.linux.walks import Visit, Walk, walks
from k8snet.linux.why import FAILED, MATCHED, UNTRIED, Answer, answers
from k8snet.show.rulerows import END, GAP, NAT, WORDS, Row, rows_of, said

MOST_SIDEWAYS = 3
"""So many chains to which a chain could have led are shown beside those to which it did."""
FIELDS = {
    "src": "source", "dst": "destination", "proto": "protocol", "sport": "from port", "dport": "to port", "flags": "flags",
    "message": "message", "ttl": "TTL", "mark": "mark", "ctstate": "connection", "iif": "came in by", "oif": "leaves by",
}  # fmt: skip
"""What stands beside the rules: the packet's header, and what the kernel noted on it."""

Header = tuple[str, ...]
"""A text for each of FIELDS."""


class Moment(Fact, frozen=True):
    """A step of the way: at which row of which chain (by their places), what is said of it, and the packet then."""

    chain: int
    row: int
    sentence: str
    header: Header
    rewrites: bool = False
    """Whether it is NAT's, after the rules have been asked or without asking any."""


class Room(Fact, frozen=True):
    """A chain on the map: one to which the packet came, or could have come (then it is not ``visited``).

    ``parent`` is the place of the chain that leads to it, by the rule numbered ``via``; -1 for a built-in chain.
    """

    station: int
    parent: int
    via: int
    name: str
    depth: int
    count: int
    tried: int
    visited: bool
    rows: tuple[Row, ...]
    left_out: int = 0
    """How many chains more its rules could have led to."""


class Station(Fact, frozen=True):
    """One table at one hook, in the order of the way. ``judged`` is None where no rule was asked, and NAT did as was decided."""

    hook: str
    table: str
    judged: Judged | None
    rewritten: Rewritten | None = None


class Way:
    """All of it: ``stations``, ``rooms`` (chains, those of a station in order), ``moments``."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self.stations: list[Station] = []
        self.rooms: list[Room] = []
        self.moments: list[Moment] = []
        for met in (met for hop in hops for met in _met(hop)):
            if isinstance(met, Walk):
                _Teller(self, met).tell()
            else:
                self._known(*met)

    @property
    def tried(self) -> int:
        """How many rules the kernel tried in all."""
        return sum(station.judged.tried for station in self.stations if station.judged is not None)

    @property
    def matched(self) -> int:
        """How many of them matched."""
        return sum(row.kind == MATCHED for room in self.rooms for row in room.rows)

    def who(self, room: Room) -> str:
        """A chain with its table."""
        return f"{self.stations[room.station].table} {room.name}"

    def _known(self, rewritten: Rewritten, asked: Asked | None) -> None:
        """NAT at a hook where no rule is asked, since the connection is known."""
        self.stations.append(Station(rewritten.hook, "nat", None, rewritten))
        self.rooms.append(Room(len(self.stations) - 1, -1, 0, rewritten.hook, 0, 0, 0, True, (Row(NAT, 0, 0, ""),)))
        sentence = WORDS["known"].format(sentence=words.sentence(rewritten))
        self.moments.append(Moment(len(self.rooms) - 1, 0, sentence, header(rewritten.after, asked), rewrites=True))


Met = Walk | tuple[Rewritten, Asked | None]


def _met(hop: Hop) -> Iterator[Met]:
    """The walks of a hop, and between them what NAT did without asking; with the latest that is known of the packet."""
    told = iter(walks(hop))
    latest: Walk | None = None
    for step in hop.steps:
        if isinstance(step, Judged):
            latest = next(told)
            yield latest
        elif isinstance(step, Rewritten) and (latest is None or latest.rewritten is not step):
            yield step, latest.asked if latest else None


def header(packet: Packet, asked: Asked | None, mark: int = 0) -> Header:
    """The packet's header and notes, a text for each of FIELDS; empty for what it does not have."""
    known = words.headers(packet)
    texts = {name: str(known.get(name, "")) for name in ("src", "dst", "proto", "message", "ttl")}
    if packet.sport or packet.dport:
        texts |= {"sport": str(packet.sport), "dport": str(packet.dport), "flags": words.segment(packet)}
    if asked is not None:
        texts |= {"mark": f"{mark:#x}", "ctstate": asked.ctstate, "iif": asked.iif or "", "oif": asked.oif or ""}
    return tuple(texts.get(name, "") for name in FIELDS)


# --- telling one walk ----------------------------------------------------------------------------------------------


class _Teller:
    """Adds one walk to a way."""

    def __init__(self, way: Way, walk: Walk) -> None:
        self.way, self.walk = way, walk
        self.answers = {id(visit): found for visit, found in answers(walk)}
        self.station = len(way.stations)

    def tell(self) -> None:
        """The station, its chains, and the moments in them."""
        judged, way = self.walk.judged, self.way
        way.stations.append(Station(judged.hook, judged.table, judged, self.walk.rewritten))
        mark = self._chain(self.walk.visits[0], -1, 0, self.walk.asked.mark)
        if self.walk.rewritten is not None:
            after = header(self.walk.rewritten.after, self.walk.asked, mark)
            last = way.moments[-1]
            way.moments.append(Moment(last.chain, last.row, words.sentence(self.walk.rewritten), after, rewrites=True))

    def _chain(self, visit: Visit, parent: int, via: int, mark: int) -> int:
        """One chain, then those that it led to; the mark that the packet has in the end."""
        found = self.answers[id(visit)]
        rows = tuple(rows_of(self.walk, visit, found))
        sideways = _sideways(rows, visit)
        entered = {jump.chain for jump in visit.jumps.values()}
        place = self._room(visit, parent, via, rows, len(_targets(visit).keys() - entered) - len(sideways))
        for at, row in enumerate(rows):
            mark = self._row(visit, place, at, row, mark)
            if row.number in visit.jumps and row.kind == MATCHED:
                mark = self._chain(visit.jumps[row.number], place, row.number, mark)
            elif row.number in sideways and row.kind != END:
                self._aside(sideways[row.number], place, row.number, visit.depth + 1)
        return mark

    def _room(self, visit: Visit, parent: int, via: int, rows: tuple[Row, ...], left_out: int, *, visited: bool = True) -> int:
        what = (visit.chain, visit.depth, len(visit.rules), visit.tried, visited)
        self.way.rooms.append(Room(self.station, parent, via, *what, rows, left_out))
        return len(self.way.rooms) - 1

    def _aside(self, chain: str, parent: int, via: int, depth: int) -> None:
        """A chain to which the packet did not come."""
        visit = Visit(chain, self.walk.rules(chain), depth=depth)
        found = [Answer(number, rule, UNTRIED) for number, rule in enumerate(visit.rules, 1)]
        self._room(visit, parent, via, tuple(rows_of(self.walk, visit, found)), 0, visited=False)

    def _row(self, visit: Visit, place: int, at: int, row: Row, mark: int) -> int:
        """The moment at a row, if the packet came to it; and the mark behind it."""
        if row.kind == UNTRIED or (row.kind == GAP and row.number > visit.tried):
            return mark
        mark = visit.marks[row.number].after if row.kind == MATCHED and row.number in visit.marks else mark
        self.way.moments.append(Moment(place, at, said(row), header(self.walk.asked.packet, self.walk.asked, mark)))
        return mark


def _targets(visit: Visit) -> dict[str, int]:
    """The chains to which a chain's rules can lead, each with the number of the first rule that does."""
    targets: dict[str, int] = {}
    for number, rule in enumerate(visit.rules, 1):
        if isinstance(rule.target, Jump):
            targets.setdefault(rule.target.chain, number)
    return targets


def _sideways(rows: Sequence[Row], visit: Visit) -> dict[int, str]:
    """Chains that are shown though the packet did not come there, by the number of the rule that leads there."""
    entered = {jump.chain for jump in visit.jumps.values()}
    shown = {row.number for row in rows if row.kind in (FAILED, UNTRIED)}
    others = [(number, chain) for chain, number in _targets(visit).items() if chain not in entered and number in shown]
    near = min(visit.jumps, default=0)
    most = MOST_SIDEWAYS + (len(others) == MOST_SIDEWAYS + 1)  # what says that one is left out takes as much room as that one
    return dict(sorted(others, key=lambda other: abs(other[0] - near))[:most])
