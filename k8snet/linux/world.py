"""A world: network namespaces, the wires between them, one clock, one source of chance.

Namespaces never call one another. A frame that leaves a device is put on the world's queue, and one loop takes
frames and timers in the order of time; so nothing here is recursive, and every run is the same run.
The clock counts seconds from the world's beginning, and it moves only while a question is under way. Each wire takes
`WIRE_DELAY`: enough to tell before from after, no claim about real wires.
"""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any, NamedTuple, Self

from k8snet.errors import CommandError
from k8snet.linux import ask, log, tools
from k8snet.linux.address import Ip, numbered_mac
from k8snet.linux.app import App
from k8snet.linux.netns import Netns
from k8snet.linux.route import Answers
from k8snet.linux.sleepers import Deed, Sleepers
from k8snet.linux.tools import Output
from k8snet.linux.trace import Trace

WIRE_DELAY = 0.00001
ATOMIC = frozenset({int, float, str, bool, type(None), Ip})
"""Kinds of value of which there is no copy."""


Event = tuple[float, int, Callable[..., None], tuple[Any, ...]]
"""Something that will happen: a time, a number that keeps equals in the order of their making, what to do, with what."""


class Outcome(NamedTuple):
    """One way that chance could have it: its ``share`` of all ways, and what the question's answer then is."""

    share: float
    trace: Trace


class World:
    """A Linux network: type commands, send packets, read what became of them.

    >>> w = World(seed=1)
    >>> for line in ("ip netns add pod-a", "ip link add veth0 type veth peer name eth0 netns pod-a",
    ...              "ip addr add 10.1.1.254/24 dev veth0", "ip link set veth0 up",
    ...              "ip -n pod-a addr add 10.1.1.1/24 dev eth0", "ip -n pod-a link set eth0 up"):
    ...     _ = w.sh(line)
    >>> w.ping("pod-a", "10.1.1.254").fate
    'delivered'
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now = 0.0
        self.log = log.Log()
        self.root = Netns(self, log.ROOT)
        self.netns: dict[str, Netns] = {}
        self.sleepers = Sleepers()
        self.traces: list[Trace] = []
        """What was asked so far, the newest last; ``tcpdump`` reads it."""
        self.drawn: set[int] = set()
        """Ports and echo ids that a kernel draws at random: which ones they are means nothing (`lab.compare`)."""
        self._random = random.Random(seed)
        self._script: list[bool] | None = None
        """How `chance` is to answer, where `outcomes` tries one way after the other; None: as the dice fall."""
        self._scripted: list[tuple[bool, float]] = []
        """How it has answered to the script, and with which probability it was asked."""
        self._timers: list[Event] = []
        self._wire: deque[Event] = deque()
        """Frames on their way: each takes equally long, so they arrive in the order in which they left."""
        self._order = 0
        self._devices_made = 0
        self._looked_up: list[Answers] = []
        """What lookups have been remembered since the last command."""
        self._packet_ids = 0

    # --- what a reader does -----------------------------------------------------------------------------------

    def sh(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run a command line in the world's own namespace, and return what it prints.

        CommandError if the tool or the kernel refuses; with ``check=False`` its text is returned instead, with
        ``.code``. There is no shell here: one command a line, no pipes.
        """
        try:
            output = tools.run(self.root, tools.split(line), stdin)
        except CommandError as error:
            if check:
                raise
            return Output(str(error), code=error.code)
        finally:
            self._forget_lookups()
        self.log.append(log.Command(line, stdin))
        return output

    def listen(self, netns: str, port: int, proto: str = "tcp", name: str = "", ip: str = "0.0.0.0") -> None:
        """Start an app that answers with its name (the namespace's by default) and the peer that it saw.

        CommandError (EADDRINUSE) if the port is taken.
        """
        listener = self._inside(netns).sockets.listen(proto, _address(ip), port, App(name or netns))
        self.log.append(log.Listen(netns, port, proto, listener.app.name, listener.ip))

    def close(self, netns: str, port: int, proto: str = "tcp", ip: str = "0.0.0.0") -> None:
        """End the app that listens on a port, as when its process is killed; its open connections close with a FIN.

        CommandError (ENOENT) if nobody listens there.
        """
        ended = log.Close(netns, port, proto, _address(ip))
        space = self._inside(netns)
        ask.say_last(space, space.sockets.end(proto, ended.ip, port))
        self.log.append(ended)

    def connect(self, netns: str, dst: str, port: int, *, proto: str = "tcp",  # noqa: PLR0913 - a keyword for each of nc's
                sport: int | None = None, source: str | None = None, ttl: int | None = None, timeout: float = 3.5,
                keep_open: bool = False, keep: bool = True) -> Trace:
        """Open a connection (or send one datagram), say hello, wait for the answer; the trace tells what happened.

        ``timeout`` in seconds: the default is as long as ARP needs to give up (3 s), and a little more. ``keep_open``: the
        connection stays open, and is used when the same is asked from the same ``sport`` again. ``keep=False``: the trace is not
        kept in `traces`, as nobody will ask for it again.
        """
        question = log.Connect(netns, _address(dst), port, proto, sport, _address(source) if source else None, ttl, timeout,
                               keep_open=keep_open)
        trace = ask.connect(self._inside(netns), question)
        self.log.append(question)
        if not keep:
            self.traces.pop()
        return trace

    def ping(self, netns: str, dst: str, *, ttl: int | None = None, source: str | None = None, size: int = 56,
             df: bool | None = None, timeout: float = 3.5) -> Trace:
        """Send one ICMP echo request and wait for the answer. ``size`` is in bytes of data, ``timeout`` in seconds.

        ``df=True`` forbids fragments; by default a packet too large for its first link is cut there.
        """
        question = log.Ping(netns, _address(dst), ttl, _address(source) if source else None, size, df, timeout)
        trace = ask.ping(self._inside(netns), question)
        self.log.append(question)
        return trace

    def sleep(self, seconds: float) -> None:
        """Let time pass; what is due happens."""
        self.sh(f"sleep {seconds:.12g}")

    def fork(self) -> Self:
        """A copy of the whole world, to ask "what if"; nothing done to the copy touches the original."""
        return copy.deepcopy(self)

    def outcomes(self, question: Callable[[Self], Trace]) -> list[Outcome]:
        """All that the question could have come to, each with its share, by trying every turn that chance can take.

        ``question`` gets a fork of this world for each way, as in ``w.outcomes(lambda w: w.ping("a", "10.0.0.2"))``.
        """
        outcomes: list[Outcome] = []
        scripts: list[list[bool]] = [[]]
        while scripts:
            script = scripts.pop()
            world = self.fork()
            world._script = list(script)
            trace = question(world)
            taken = world._scripted
            share = 1.0
            for chosen, p in taken:
                share *= p if chosen else 1 - p
            outcomes.append(Outcome(share, trace))
            new_turns = range(len(script), len(taken))
            scripts += [[chosen for chosen, _ in taken[:turn]] + [not taken[turn][0]] for turn in new_turns]
        return outcomes

    # --- what kernels ask of their world ----------------------------------------------------------------------

    def chance(self, p: float) -> bool:
        """True with probability ``p``. Nothing happens at random but here and in `draw`."""
        if self._script is None:
            return self._random.random() < p
        chosen = self._script.pop(0) if self._script else True
        self._scripted.append((chosen, p))
        return chosen

    def draw(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high`` at random, both included (a port); not one of the outcomes' turns."""
        return self._random.randint(low, high)

    def at(self, time: float, act: Callable[..., None], *args: Any) -> None:
        """Do something later."""
        self._order += 1
        heappush(self._timers, (time, self._order, act, args))

    def over_the_wire(self, act: Callable[..., None], *args: Any) -> None:
        """Do something when a frame that leaves now has arrived."""
        self._order += 1
        self._wire.append((self.now + WIRE_DELAY, self._order, act, args))

    def run(self, until: Callable[[], bool], deadline: float) -> None:
        """Let things happen, in the order of time, until a condition holds or the deadline has come."""
        while not until():
            if not self._happen(deadline):
                self.now = max(self.now, deadline)
                return

    def run_dry(self) -> None:
        """Let everything arrive that is on a wire; timers that are due later wait."""
        while self._wire:
            self._happen(self._wire[-1][0])

    def _happen(self, deadline: float) -> bool:
        """Let the next thing happen; False if nothing is due by the deadline."""
        wire, timers = self._wire, self._timers
        by_wire = bool(wire) and (not timers or wire[0] < timers[0])
        if not (by_wire or timers) or (wire if by_wire else timers)[0][0] > deadline:
            return False
        self.now, _, act, args = wire.popleft() if by_wire else heappop(timers)
        act(*args)
        return True

    def next_packet_id(self) -> int:
        """The identification of a packet that will be cut (RFC 791): 1, 2, …"""
        self._packet_ids += 1
        return self._packet_ids

    def new_device_numbers(self) -> tuple[int, str]:
        """The interface index and the MAC address of the next device: the same in every run."""
        self._devices_made += 1
        return self._devices_made + 1, numbered_mac(self._devices_made)

    def will_forget(self, answers: Answers) -> None:
        """Be told that lookups are remembered, which is so until the next command."""
        self._looked_up.append(answers)

    def _forget_lookups(self) -> None:
        for answers in self._looked_up:
            answers.clear()
        self._looked_up.clear()

    # --- who is there, and who sleeps -------------------------------------------------------------------------

    def find(self, name: str) -> Netns | None:
        """The network namespace of that name; if its machine sleeps, it wakes. None if there is no such namespace."""
        machine = self.sleepers.named(name)
        if machine is not None:
            self.wake(machine)
        return self.netns.get(name)

    def call(self, address: Ip) -> None:
        """Somebody asks for the MAC address of ``address``: if a sleeping machine has it, that machine wakes."""
        machine = self.sleepers.at(address)
        if machine is not None:
            self.wake(machine)

    def when_touched(self, netns: str, act: Callable[..., None], *facts: Any, machine: str = "",
                     addresses: Iterable[Ip] = (), instead_of: str = "") -> None:
        """Put off what is to be done before anybody can look at a network namespace: ``act(world, *facts)``.

        A ``machine`` (by default called as the namespace is) wakes as a whole, and all that was put off for it is done in
        order: as soon as any of its namespaces is named, or an ARP request asks for one of its ``addresses``. If it is awake,
        which it is while there is a namespace of its name, ``act`` is called at once. ``instead_of`` is a name for what is put
        off: of several under one name only the last is done.

        ``act`` is a function of a module, gives commands by `sh`, and lets no time pass; ``facts`` never change, since forks
        share them. What it does is in the log, before the command or question that woke the machine.
        """
        machine = machine or netns
        if machine in self.netns:
            act(self, *facts)
        else:
            self.sleepers.put_off(machine, Deed(netns, tuple(addresses), act, facts, instead_of))

    def wake(self, machine: str) -> None:
        """Do all that was put off for a machine; nothing if it does not sleep."""
        position = len(self.log)
        for deed in self.sleepers.wake(machine):
            deed.act(self, *deed.facts)
        for trace in reversed(self.traces):  # a question that is under way has not been logged: it comes behind this
            if trace.log_position < position:
                break
            trace.log_position, trace.has_woken = len(self.log), True

    def wake_all(self) -> None:
        """Wake every machine."""
        for machine in self.sleepers:
            self.wake(machine)

    def _inside(self, name: str) -> Netns:
        """The network namespace in which a question is asked; CommandError if there is none of that name."""
        netns = self.root if name == log.ROOT else self.find(name)
        if netns is None:
            raise CommandError(f'Cannot open network namespace "{name}": No such file or directory', code=255, errno="ENOENT")
        return netns

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """For a fork. All things are made before any is filled: else a chain of wires would be as deep a recursion."""
        memo[id(self.traces)], memo[id(self._random)] = [], random.Random()
        memo[id(self._random)].setstate(self._random.getstate())
        spaces = (self.root, *self.netns.values())
        things: list[Any] = [self, *spaces, *(device for netns in spaces for device in netns.devices.values())]
        for thing in things:
            memo[id(thing)] = object.__new__(type(thing))
        for thing in things:
            own = vars(memo[id(thing)])
            for name, value in vars(thing).items():
                own[name] = value if type(value) in ATOMIC else copy.deepcopy(value, memo)
        forked: Self = memo[id(self)]
        return forked

    def __repr__(self) -> str:
        return f"<World: {', '.join(self.netns) or 'empty'}; now {self.now:g} s>"


def _address(text: str) -> Ip:
    """An IPv4 address; CommandError for anything else, as names need a name server and there is none here."""
    try:
        return Ip(text)
    except ValueError:
        raise CommandError(f"{text}: Temporary failure in name resolution", code=2, errno="EAI_AGAIN") from None
