"""A journey in small numbers: what one trace adds to the map that it ran on.

A step is its kind, its spot, what it changed in the packet's headers, and its evidence, as numbers of strings. The
story is a list of runs through the steps; a packet that goes where one went before is a few runs through the same steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snet.linux import words
from k8snet.linux.conntrack import Tuple
from k8snet.linux.log import Command
from k8snet.linux.steps import Bridged, Captured, Decapsulated, Encapsulated, Forwarded, Learned, Rewritten, Step
from k8snet.show.headers import FIELDS, State, state_of
from k8snet.show.stage import Spot, Stage, Strings, kind_of
from k8snet.show.timeline import Moment, timeline

if TYPE_CHECKING:
    from k8snet.linux.trace import Trace

FIELD = {name: number for number, (_, name, _) in enumerate(FIELDS)}
ROLES = ("request", "reply", "arp")


WORTH_A_RUN = 4
"""So many steps that were told before are referred to; fewer are told again, which takes less room."""

Coded = tuple[int, ...]
"""A step in numbers: kind, spot, change, then its evidence."""


class Reel:
    """A trace on a stage. ``data`` is what a browser gets, as plain JSON."""

    def __init__(self, trace: Trace, stage: Stage) -> None:
        self.stage = stage
        self.strings = Strings(stage.strings)
        self.kinds: dict[str, list[Any]] = {}
        self.spots: dict[tuple[str, str], Spot] = {}
        self.changes: dict[tuple[int, ...], int] = {(): 0}
        moments = timeline(trace)
        self.states: dict[int, State] = {number: state_of(traced.packet) for number, traced in enumerate(trace.packets)}
        packets = self._packets(trace)
        coded = [[self._moment(moment) for moment in moments if moment.number == number] for number in self.states]
        steps, places = shelve([*coded, [self._end(trace, moments)]])
        along = [iter(each) for each in places]
        story = [(moment.number, next(along[moment.number])) for moment in moments]
        story.append((story[-1][0] if story else 0, next(along[-1])))
        data = {
            "question": trace.asked,
            "kinds": list(self.kinds.values()),
            "spots": list(self.spots.values()),
            "packets": packets or [[0, 0, -1]],
            "changes": [list(change) for change in self.changes],
            "steps": [number for step in steps for number in step],
            "runs": _runs(story),
            "strings": list(self.strings.numbers),
            "later": int(any(isinstance(entry, Command) for entry in list(trace.world.log)[trace.log_position + 1 :])),
        }
        self.data: dict[str, Any] = {name: each for name, each in data.items() if each}

    @property
    def length(self) -> int:
        """How many moments there are."""
        return sum(self.data["runs"][2::3])

    # --- packets ---------------------------------------------------------------------------------------------------

    def _packets(self, trace: Trace) -> list[list[int]]:
        """Role, whether it is sent again, and the headers as differences from an earlier packet of that role (-1: none)."""
        told, latest = [], {"": -1}
        for number, traced in enumerate(trace.packets):
            base = latest.get(traced.role, -1)
            before = state_of(trace.packets[base].packet) if base >= 0 else {}
            change = self._difference(before, self.states[number])
            told.append([ROLES.index(traced.role), int(traced.again), base, *change])
            latest[traced.role] = number
        return told

    def _difference(self, before: State, after: State) -> tuple[int, ...]:
        """Field and new text (-1: gone), for each field that is not as before."""
        names = [name for name in FIELD if before.get(name) != after.get(name)]
        return tuple(number for name in names
                     for number in (FIELD[name], self.strings.number(after[name]) if name in after else -1))

    # --- steps -----------------------------------------------------------------------------------------------------

    def _moment(self, moment: Moment) -> Coded:
        before = self.states[moment.number]
        after = self.states[moment.number] = headers_after(before, moment.step)
        change = self.changes.setdefault(self._difference(before, after), len(self.changes))
        kind, evidence = self._evidence(moment.step)
        return (kind, self._spot(*_place(moment)), change, *evidence)

    def _end(self, trace: Trace, moments: list[Moment]) -> Coded:
        """The last step: what the asker learns."""
        asker = getattr(trace.question, "netns", None) or (moments[-1].hop.netns if moments else "")
        verdict = self.strings.number(words.verdict(trace))
        return (self.stage.kinds["end"], self._spot(asker), 0, verdict)

    def _spot(self, netns: str, device: str = "") -> int:
        """A spot's number. What is no longer there has one of its own: where its namespace is, or in the corner."""
        place, spots = (netns, device), self.stage.spots
        if place in spots:
            return spots[place]
        x, y = self.stage.data["spots"][spots[netns, ""]][2:4] if (netns, "") in spots else self.stage.data["map"]["view"][:2]
        self.spots.setdefault(place, (netns, device, x, y, -1, -1, -1))
        return len(spots) + list(self.spots).index(place)

    def _evidence(self, step: Step) -> tuple[int, list[int]]:
        key, template = _key(step), words.template(step)
        kind = kind_of(key, template)
        if key not in self.stage.kinds and key not in self.kinds:
            self.kinds[key] = list(kind)
        number = self.stage.kinds.get(key)
        number = len(self.stage.kinds) + list(self.kinds).index(key) if number is None else number
        facts = words.facts(step)
        return number, [self.strings.number(_text(facts[name])) for name in kind.names]


def headers_after(state: State, step: Step) -> State:
    """The headers once a step is done: a sighting shows them whole, NAT and the TTL change them, all else does not."""
    if isinstance(step, Captured):
        return state_of(step.packet, step.frame)
    if isinstance(step, Forwarded):
        return state | {"ttl": str(step.ttl)}
    if isinstance(step, Rewritten):
        return {name: state[name] for name in ("mac_src", "mac_dst") if name in state} | state_of(step.after)
    if isinstance(step, Encapsulated):
        return state_of(step.outer)
    if isinstance(step, Decapsulated) and step.outer.inner is not None:
        return state_of(step.outer.inner.frame.payload, step.outer.inner.frame)
    return state


def _place(moment: Moment) -> tuple[str, str]:
    """The namespace at work, and the device if one is."""
    step = moment.step
    if isinstance(step, Captured):
        return step.netns, step.device
    if isinstance(step, Encapsulated | Decapsulated):
        return moment.hop.netns, step.device
    return moment.hop.netns, step.bridge if isinstance(step, Bridged | Learned) else ""


def _key(step: Step) -> str:
    """The key of the step's sentence."""
    plain = type(step).__name__
    with_variant = f"{plain}.{words.variant(step)}"
    return with_variant if with_variant in words.ENGLISH else plain


def _text(fact: object) -> str:
    if isinstance(fact, Tuple):
        return f"{fact.proto} {fact.src}:{fact.sport} > {fact.dst}:{fact.dport}"
    return "" if fact is None else str(fact)


def shelve(ways: list[list[Coded]]) -> tuple[list[Coded], list[list[int]]]:
    """All steps to be told, and for each way the places of its steps among them.

    >>> steps, places = shelve([[(7,), (1,), (2,), (3,), (4,)], [(1,), (2,), (3,), (4,), (7,)]])
    >>> steps, places
    ([(7,), (1,), (2,), (3,), (4,), (7,)], [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
    """
    shelf: list[Coded] = []
    known: dict[Coded, list[int]] = {}
    places: list[list[int]] = []
    for way in ways:
        places.append([])
        while len(places[-1]) < len(way):
            rest = way[len(places[-1]) :]
            start, length = max(((at, _common(shelf[at:], rest)) for at in known.get(rest[0], ())), key=_length, default=(0, 0))
            if length < WORTH_A_RUN:
                start, length = len(shelf), 1
                known.setdefault(rest[0], []).append(start)
                shelf.append(rest[0])
            places[-1] += range(start, start + length)
    return shelf, places


def _length(match: tuple[int, int]) -> int:
    return match[1]


def _common(one: list[Coded], other: list[Coded]) -> int:
    """How many steps two ways have in common at their beginning."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _runs(story: list[tuple[int, int]]) -> list[int]:
    """Packet, first step and how many, for each stretch in which steps follow one another by number."""
    runs: list[int] = []
    for packet, step in story:
        if runs and runs[-3] == packet and runs[-2] + runs[-1] == step:
            runs[-1] += 1
        else:
            runs += [packet, step, 1]
    return runs
