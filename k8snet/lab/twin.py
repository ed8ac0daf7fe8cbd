"""Model and kernel side by side: the same commands, the same question, and where the two tell different stories.

The kernel is the judge. What cannot be compared, because each run of a real kernel has it otherwise, is left out
and listed in `compare`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import zip_longest

from k8snet.errors import CommandError, K8snetError, NotModelled
from k8snet.lab.capture import is_passing, line
from k8snet.lab.dice import loaded, throws
from k8snet.lab.drawn import Section, hide
from k8snet.lab.replay import Answer, Entry, HasWorld, Lab, ask_model, replay, world_under
from k8snet.lab.ruletrace import RuleTrace
from k8snet.lab.tables import TABLES, UNORDERED, lines
from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact
from k8snet.linux.log import ROOT, Close, Command, Connect, Listen, Ping
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.steps import Captured
from k8snet.linux.trace import Trace
from k8snet.linux.world import World

OUTCOME = ("fate", "errno", "icmp", "answered_by", "seen_from")
NOTHING = ""


class Row(Fact, frozen=True):
    """One thing that was compared: ``where`` (``outcome``, ``captures node-a br0``, ``routes pod-a``), and both sides.

    An empty side has nothing that answers to the other's line.
    """

    where: str
    model: str
    kernel: str

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return self.model == self.kernel


class Comparison:
    """All that was compared: ``rows``, in order, and ``notes`` about what was done otherwise than in the log.

    It prints as a table: a line for each thing on which both sides agree, two where they differ.
    """

    def __init__(self, question: str, rows: list[Row], notes: list[str]) -> None:
        self.question = question
        self.rows = rows
        self.notes = notes

    @property
    def agrees(self) -> bool:
        """Whether the model says what the kernel does."""
        return not self.differences

    @property
    def differences(self) -> list[str]:
        """One line for each row in which the two part; empty when they agree."""
        return [f"{row.where}: the model has {row.model or 'nothing'!r}, the kernel {row.kernel or 'nothing'!r}"
                for row in self.rows if not row.agrees]

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([self.question, self._verdict(), *self._table(), *notes])

    __repr__ = __str__

    def _verdict(self) -> str:
        kinds: dict[str, int] = defaultdict(int)
        for row in self.rows:
            kinds[row.where.split()[0]] += 1
        compared = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
        wrong = len(self.differences)
        return f"the model and the kernel {'agree' if not wrong else f'differ in {wrong}'} (lines compared: {compared})"

    def _table(self) -> list[str]:
        """Outcome, captures and rules in full; of the tables, which are long, the lines that differ."""
        shown = [row for row in self.rows if not row.agrees or row.where.startswith(("outcome", "captures", "matched"))]
        text, where = [], ""
        for row in shown:
            text += [] if row.where == where else ["", row.where]
            where = row.where
            text += [f"  = {row.model}"] if row.agrees else [f"  ! model   {row.model}", f"    kernel  {row.kernel}"]
        return text


def compare(world: World | HasWorld, trace: Trace) -> Comparison:
    """Replay what had been done to a world when ``trace`` was asked for, ask the real kernel the same, and compare.

    Compared are the outcome as the asker's socket tells it; the captures of every device, in order; for every packet the
    iptables rules that it met in each network namespace, in order; and for every network namespace its addresses, routes,
    policy rules, neighbours, iptables rules and tracked connections.

    Left out, from captures and from rules: TCP segments that only acknowledge (the kernel sends them when it sees fit), a
    SYN-ACK sent again (it is a race between the timers of both ends), IGMP and other multicast, IPv6 (switched off inside),
    unicast ARP (a neighbour entry's age decides when it is probed). Also TCP options, sequence numbers and IPv4 ids, lengths,
    timeouts and counters; the order of captures on different devices, and in which order different packets met rules. Where
    nft is missing, or iptables is not made of nftables, rules are not compared, and a note says so. A port or echo id that a
    kernel draws at random (for NAT, or for the outside of a VXLAN tunnel) is compared by its range, and by where it comes back
    (drawn.py).

    Where a rule calls on chance (``-m statistic --mode random``), the kernel's dice are loaded for each question of the log,
    to fall as the model's did (dice.py). They cannot be where one rule is asked about each packet of a TCP connection and did
    not fall alike for all of them: there the kernel throws its own, may answer otherwise, and a note says so.

    A machine that woke during the question (`World.when_touched`) was there before it on the kernel, and heard what was flooded
    by then; so the kernel is compared with the replayed model's answer, and a note says so.

    Unavailable where this machine has no lab; a command or app that the kernel refuses is a difference.

    ``compare(world, world.ping("pod-a", "10.1.2.2")).differences`` is ``[]`` where both agree.
    """
    world = _home(world_under(world), trace)
    asked = _asked(world, trace)
    try:
        with replay(world, trace.log_position) as lab:
            with loaded(lab.kernel, [trace], lab.notes):
                rules = RuleTrace(lab)
                lab.watch()
                outcome, told = _ask_both(lab, asked, trace)
                captures = capture_sections(told.captures, lab.captured())
                matched = rules.sections(told)
            sections = hide([*outcome, *captures, *matched, *table_sections(lab)], lab.model.drawn)
            return Comparison(str(asked), [row for section in sections for row in aligned(section)], lab.notes)
    except CommandError as refusal:
        return Comparison(str(asked), [Row("commands", "takes them all", str(refusal))], [])


def _home(world: World, trace: Trace) -> World:
    """The world whose log has the question: of a trace of `outcomes`, the fork."""
    return world if trace in world.traces else trace.world


def _asked(world: World, trace: Trace) -> Entry:
    """The log's entry that the trace came of; a question that is not logged (yet) is its own."""
    if trace.log_position < len(world.log):
        return world.log[trace.log_position]
    if trace.question is None:
        raise NotModelled("comparing a trace whose command is not in the world's log", known="traces of this world")
    return trace.question


def _ask_both(lab: Lab, asked: Entry, trace: Trace) -> tuple[list[Section], Trace]:
    """Ask the kernel, and bring the replayed model to where the world was after the question: the outcome, and the story.

    Where the question is known, the kernel is asked by a socket of ours, which tells more than a tool does. Who woke during
    the question has been there before it on the kernel, and so in the replayed model: then it is that one's story.
    """
    if trace.question is None or isinstance(asked, Listen | Close):
        lab.redo(asked)
        return [], trace
    answer = lab.ask(trace.question, trace)
    again = _asked_again(lab, asked, trace)
    if trace.has_woken:
        lab.notes.append("machines that woke during the question were there before it; the story is of one asked again")
        return outcome_sections(trace, answer), again
    return outcome_sections(trace, answer), trace


def _asked_again(lab: Lab, asked: Command | Connect | Ping, trace: Trace) -> Trace:
    """Ask the replayed model. It throws the same dice, unless the trace is one of a world's `outcomes`: then it goes that way."""
    before = lab.model.fork() if throws([trace]) else None
    again = _answer_of(lab.model, asked, trace)
    if before is not None and not _is_same_way(again, trace):
        ways = before.outcomes(lambda model: _answer_of(model, asked, trace))
        again = next((way.trace for way in ways if _is_same_way(way.trace, trace)), again)
        lab.model = again.world
    return again


def _is_same_way(again: Trace, trace: Trace) -> bool:
    """Whether chance had it alike: in rules, and where a number was drawn."""
    return throws([again]) == throws([trace]) and again.world.drawn <= trace.world.drawn


def _answer_of(model: World, asked: Command | Connect | Ping, trace: Trace) -> Trace:
    """What a model tells; where a command tells nothing, what has been told."""
    if isinstance(asked, Command):
        return model.sh(asked.line, asked.stdin, check=False).trace or trace
    return ask_model(model, asked)


def outcome_sections(trace: Trace, answer: Answer) -> list[Section]:
    """What the asker's socket tells."""
    ours, theirs = ([f"{name} {getattr(side, name)}" for name in OUTCOME] for side in (trace, answer))
    return [Section("outcome", ours, theirs)]


def capture_sections(model: Iterable[Captured], kernel: Iterable[Captured]) -> list[Section]:
    """What the devices saw, a section for each."""
    ours, theirs = _by_device(model), _by_device(kernel)
    places = sorted(ours.keys() | theirs.keys(), key=lambda place: _first(place, list(ours)))
    return [Section(f"captures {' '.join(place)}", ours.get(place, []), theirs.get(place, [])) for place in places]


def _first(place: tuple[str, str], order: list[tuple[str, str]]) -> tuple[int, tuple[str, str]]:
    return (order.index(place) if place in order else len(order), place)


def _by_device(captures: Iterable[Captured]) -> dict[tuple[str, str], list[str]]:
    """The lines of each device, without what depends on timers."""
    by_device: dict[tuple[str, str], list[str]] = defaultdict(list)
    probes: set[tuple[str, str, Ip, Ip]] = set()
    answers: set[tuple[str, str, str, Packet]] = set()
    for captured in captures:
        if not (_is_probing(captured, probes) or _is_repeating(captured, answers) or is_passing(captured.packet)):
            by_device[captured.netns, captured.device].append(line(captured))
    return by_device


def _is_repeating(captured: Captured, answers: set[tuple[str, str, str, Packet]]) -> bool:
    """A SYN-ACK once more: how many there are is a race between its sender's timer and the repeated SYN."""
    packet = captured.packet
    if not isinstance(packet, Packet) or packet.flags != "S.":
        return False
    bare = Packet(packet.src, packet.dst, "tcp", packet.sport, packet.dport, "S.", seq=packet.seq)
    key = (captured.netns, captured.device, captured.direction, bare)
    repeats = key in answers
    answers.add(key)
    return repeats


def _is_probing(captured: Captured, probes: set[tuple[str, str, Ip, Ip]]) -> bool:
    """A unicast ARP request, by which a kernel asks whether a neighbour is still there, or its answer."""
    arp = captured.packet
    if not isinstance(arp, Arp):
        return False
    here = (captured.netns, captured.device)
    if arp.op == "reply":
        return (*here, arp.target_ip, arp.sender_ip) in probes
    ends = (*here, arp.sender_ip, arp.target_ip)
    if captured.frame.is_broadcast:
        probes.discard(ends)
        return False
    probes.add(ends)
    return True


def table_sections(lab: Lab) -> list[Section]:
    """What each namespace's tools list (tables.py)."""
    sections = []
    for netns in (ROOT, *lab.model.netns):
        for table, (words, _) in TABLES.items():
            command = " ".join(words)
            ours = _model_says(lab.model, command if netns == ROOT else f"ip netns exec {netns} {command}")
            theirs = lab.kernel.run(list(words), netns=netns)
            both = lines(table, ours), lines(table, theirs)
            sections.append(Section(f"{table} {netns}", *both, ordered=table not in UNORDERED))
    return sections


def _model_says(model: World, line: str) -> str:
    try:
        return model.sh(line)
    except K8snetError as refusal:  # what the model cannot list is a difference, and not the end of the comparison
        return str(refusal)


def aligned(section: Section) -> list[Row]:
    """Equal lines beside each other; what one side has alone stands beside what the other has there, or nothing."""
    where, model, kernel = section.where, section.model, section.kernel
    rows = []
    for tag, a, b, c, d in SequenceMatcher(None, model, kernel, autojunk=False).get_opcodes():
        if tag in ("equal", "replace"):
            rows += [Row(where, *pair) for pair in zip_longest(model[a:b], kernel[c:d], fillvalue=NOTHING)]
        else:
            rows += [Row(where, each, NOTHING) for each in model[a:b]]
            rows += [Row(where, NOTHING, each) for each in kernel[c:d]]
    return rows
