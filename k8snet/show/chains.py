"""The chains of one Service on a node, as a picture: what leads in, the dice, and each endpoint with its share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from k8snet.linux.fact import Fact
from k8snet.linux.netns import Netns
from k8snet.show.choice import number
from k8snet.show.diagram import Box, Diagram, DiagramFigure, Path, Shape
from k8snet.show.endpoints import Chains, Chance, Entry, read_chains
from k8snet.show.letters import width_of
from k8snet.show.palette import LINE
from k8snet.show.scene import MARGIN, Mark, Text, headline

if TYPE_CHECKING:

    class HasNetwork(Protocol):
        """A node or a pod of a cluster, as far as it is needed here."""

        cluster: Any

        @property
        def netns(self) -> str:
            """The network namespace that it is in."""
            return ""


PAD, TALL, APART = 9.0, 22.0, 16.0
GAP = 44.0
"""Between two columns, for a line."""
DICE = "probability {}"
REMEMBERED = "or seen < {} s ago"
MOST = 40
"""So many endpoints at most are drawn; the others are counted."""


def chains(where: Netns | HasNetwork, service: str, title: str | None = None) -> DiagramFigure:
    """Draw how one kernel's rules choose an endpoint of a Service: chains as boxes, the dice on the lines.

    ``where`` is a network namespace of a world, or a cluster's node; ``service`` a name as kube-proxy writes it in comments
    (``web``, ``default/web:http``), or an address. All is read from the rules that are there now: a probability is of those
    connections that come so far, and the share beside it of all new ones. ValueError if no rule is for that Service.
    """
    netns = where if isinstance(where, Netns) else where.cluster.world.find(where.netns)
    if netns is None:
        raise ValueError("there is nothing to show: its machine is off")
    found = read_chains(netns.netfilter, service)
    title = title or _title(found)
    return _Drawing(found, title).figure(_words(found, title))


def _title(found: Chains) -> str:
    shares = [chance.share for _, chances in found.choices for chance in chances]
    if not shares:
        return f"A connection to {found.name} goes nowhere: it has no endpoint to go to"
    if len(found.choices) > 1:
        return f"By which way a connection to {found.name} comes decides between which endpoints the dice choose"
    if len(shares) == 1:
        return f"Every new connection to {found.name} goes to its one endpoint"
    same = f", each with a chance of {shares[0]}" if max(shares) - min(shares) < 1e-6 else ""
    return f"The dice send a new connection to {found.name} to one of {number(len(shares), 'endpoint')}{same}"


# --- in words ------------------------------------------------------------------------------------------------------


def _words(found: Chains, title: str) -> str:
    lines = [title]
    lines += [f"{entry.chain} {entry.number} in {entry.table}: {entry.what}: {_goes(entry)}" for entry in found.entries]
    lines += [f"{chain}: to {', then '.join(targets)}" for chain, targets in found.between]
    for chain, chances in found.choices:
        lines.append(chain)
        lines += [f"  {each.number} {', '.join(_dice(each))}: {each.chain}, {each.address}: {_share(each)}" for each in chances]
    return "\n".join(lines)


def _goes(entry: Entry) -> str:
    return entry.target if entry.ends else f"to {entry.target}"


def _dice(chance: Chance) -> tuple[str, ...]:
    """What leads there: the dice; and if clients are remembered, that they have come there lately."""
    said = DICE.format(1 if chance.probability is None else f"{chance.probability:.3g}")
    return (said,) if chance.remembered is None else (said, REMEMBERED.format(chance.remembered))


def _share(chance: Chance) -> str:
    return "all new connections" if chance.share == 1 else f"{chance.share} of new connections"


# --- the picture ---------------------------------------------------------------------------------------------------


class _Spot(Fact, frozen=True):
    """A box with its lines of letters."""

    look: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        return TALL + LINE * (len(self.lines) - 1)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def _ranked(found: Chains) -> list[list[str]]:
    """The chains between in columns: one that leads to another stands further left."""
    targets = dict(found.between)
    ranks = dict.fromkeys(targets, 0)
    for _ in targets:
        ranks |= {each: ranks[chain] + 1 for chain, some in targets.items() for each in some if each in ranks}
    return [[chain for chain, its in ranks.items() if its == rank] for rank in sorted(set(ranks.values()))]


class _Drawing:
    """Columns from left to right: what catches, chains between, chains with dice, endpoints' chains."""

    def __init__(self, found: Chains, title: str) -> None:
        self.found, self.title = found, title
        self.drawn = [(chain, chances[:MOST], len(chances) - MOST) for chain, chances in found.choices]
        dice = [width_of(line) for _, chances, _ in self.drawn for each in chances for line in _dice(each)]
        self.dice = max(dice, default=0.0) + 30
        self.spots: dict[object, _Spot] = {}
        self.shapes: list[Shape] = []
        self._columns()

    def _columns(self) -> None:
        entries = [(entry, (f"{entry.chain} {entry.number}", entry.what)) for entry in self.found.entries]
        chances = [(chain, each) for chain, some, _ in self.drawn for each in some]
        x = self._place(entries, 0.0, "part") + GAP
        for column in _ranked(self.found):
            x = self._place([(chain, (chain,)) for chain in column], x, "part") + GAP
            self._level(column, [self._before(chain) for chain in column])
        after = self._place([(chain, (chain,)) for chain, _, _ in self.drawn], x, "part")
        ends = [((chain, each.number), (each.chain, f"DNAT to {each.address}")) for chain, each in chances]
        self.right = self._place(ends, after + self.dice, "part")
        self._level([chain for chain, _, _ in self.drawn],
                    [[(chain, each.number) for each in some] for chain, some, _ in self.drawn])

    def _before(self, chain: str) -> list[Any]:
        """What leads to a chain."""
        entries = [entry for entry in self.found.entries if entry.target == chain]
        return [*entries, *(each for each, targets in self.found.between if chain in targets)]

    def _place(self, lines: Sequence[tuple[Any, tuple[str, ...]]], x: float, look: str) -> float:
        """A column of boxes of one width; returns its right edge."""
        width = max((width_of(line, "strong") for _, some in lines for line in some), default=0.0) + 2 * PAD
        y = 0.0
        for key, some in lines:
            self.spots[key] = spot = _Spot(look, some, x, y, width)
            y += spot.height + APART
        return x + width if lines else x

    def _level(self, keys: Sequence[Any], others: Sequence[Sequence[Any]]) -> None:
        """Each box level with the middle of the others that it is tied to, but below the one before."""
        least = 0.0
        for key, some in zip(keys, others, strict=True):
            middles = [self.spots[target].middle for target in some if target in self.spots]
            spot = self.spots[key]
            y = max(least, sum(middles) / len(middles) - spot.height / 2 if middles else spot.y)
            self.spots[key] = _Spot(spot.look, spot.lines, spot.x, y, spot.width)
            least = y + spot.height + APART

    def figure(self, words: str) -> DiagramFigure:
        """The picture."""
        share = max((width_of(self._told(each), "state") for _, some, _ in self.drawn for each in some), default=0.0)
        width = max(self.right + 14 + share, *(spot.x + spot.width + 120 * (not self.drawn) for spot in self.spots.values()))
        texts, top = headline(self.title, width)
        self.top = top + 16
        self._lines()
        for spot in self.spots.values():
            self._box(spot)
        bottom = max(spot.y + spot.height for spot in self.spots.values())
        for chain, _, more in self.drawn:
            if more > 0:
                said = f"… and {number(more, 'endpoint')} more of {chain}"
                self.shapes.append(Text("quiet", said, MARGIN, self.top + bottom + 20))
                bottom += LINE + 4
        shapes = (*texts, *self.shapes)
        return DiagramFigure(Diagram(self.title, width + 2 * MARGIN, self.top + bottom + MARGIN, shapes), words)

    def _told(self, chance: Chance) -> str:
        return str(chance.share) if chance.share != 1 else "all"

    def _box(self, spot: _Spot) -> None:
        self.shapes.append(Box(spot.look, MARGIN + spot.x, self.top + spot.y, spot.width, spot.height))
        for row, line in enumerate(spot.lines):
            letters = "label" if row else "strong"
            self.shapes.append(Text(letters, line, MARGIN + spot.x + PAD, self.top + spot.y + 15.5 + LINE * row))

    def _lines(self) -> None:
        for entry in self.found.entries:
            if entry.ends:
                self._end(self.spots[entry], entry.target)
            else:
                into = self.spots[entry.target]
                self._tie(self.spots[entry], into, into.x - GAP / 4)  # apart from the lines of the chains between
        for chain, targets in self.found.between:
            for target in targets:
                self._tie(self.spots[chain], self.spots[target])
        for chain, chances, _ in self.drawn:
            for each in chances:
                self._chance(self.spots[chain], each, self.spots[chain, each.number])

    def _tie(self, one: _Spot, other: _Spot, bend: float | None = None) -> None:
        start, end = (one.x + one.width, one.middle), (other.x, other.middle)
        x = bend if bend is not None else end[0] - GAP / 2
        points = (start, (x, start[1]), (x, end[1]), end)
        self.shapes.append(Path("tie", tuple((MARGIN + left, self.top + y) for left, y in points)))

    def _chance(self, one: _Spot, chance: Chance, other: _Spot) -> None:
        self._tie(one, other, one.x + one.width + 16)
        for row, line in enumerate(_dice(chance)):
            self.shapes.append(Text("label", line, MARGIN + other.x - self.dice + 24, self.top + other.middle - 4 + 17 * row))
        self.shapes.append(Text("state", self._told(chance), MARGIN + other.x + other.width + 12, self.top + other.middle + 4.3))

    def _end(self, spot: _Spot, word: str) -> None:
        x, y = MARGIN + spot.x + spot.width, self.top + spot.middle
        self.shapes += [Path("gone", ((x, y), (x + 28, y))), Mark("cross", "request", x + 36, y)]
        self.shapes.append(Text("state", word, x + 50, y + 4.3))


