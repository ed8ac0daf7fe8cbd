"""Doing a world's log again, in the model and on the real kernel in lock-step.

The model goes first, because it numbers things that the real kernel would choose at random: a new device's index and
MAC address, a question's source port. The real kernel is then told to use the same numbers, and where a rule calls on
chance, it falls as it fell in the model (dice.py). Bridges keep the MAC
address that the kernel gives them, as setting it would stop it from being that of the lowest port.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from k8snet.errors import CommandError
from k8snet.lab.capture import parse_frame
from k8snet.lab.dice import loaded
from k8snet.lab.kernel import Kernel
from k8snet.lab.pieces import pieces
from k8snet.linux.device import Device
from k8snet.linux.fact import Fact
from k8snet.linux.log import ROOT, Close, Command, Connect, Listen, Ping
from k8snet.linux.packet import Packet
from k8snet.linux.steps import Captured
from k8snet.linux.sysctl import CONF, GLOBAL, NEIGH
from k8snet.linux.tools import Output, split
from k8snet.linux.trace import Trace
from k8snet.linux.world import World

Entry = Command | Listen | Close | Connect | Ping

LONGEST_SLEEP = 2.0
"""A longer sleep in the log is cut to so many seconds on the real kernel."""
LOOKS_BACK = frozenset({"tcpdump"})
"""Tools that in the model show what has been; the real ones would wait for what comes, so they are not replayed."""
SAW = re.compile(r"^(.+) saw (\d+\.\d+\.\d+\.\d+:\d+)$", re.MULTILINE)


class Answer(Fact, frozen=True):
    """What the asker's socket told on the real kernel; the words are those of Trace."""

    fate: str
    errno: str | None = None
    icmp: tuple[int, int] | None = None
    answered_by: str | None = None
    seen_from: str | None = None


class Lab:
    """A world done again: ``model`` is a new World, ``kernel`` the real one, both after the same log.

    A context manager. ``notes`` says where the real side was told less than the log says.
    """

    def __init__(self, seed: int = 0) -> None:
        self.model = World(seed)
        self.kernel = Kernel()
        self.notes: list[str] = []
        self._make_bare(ROOT)

    def sh(self, line: str, stdin: str = "") -> Output:
        """Run a shell's command line on the real side alone; CommandError if it fails."""
        return self.kernel.run(["sh", "-c", line], stdin)

    def redo(self, entry: Entry) -> None:
        """Do one entry of a log on both sides. CommandError if the real kernel does not take what the model takes."""
        if isinstance(entry, Command):
            self._redo_command(entry)
        elif isinstance(entry, Listen):
            self.model.listen(entry.netns, entry.port, entry.proto, entry.name, str(entry.ip))
            self.kernel.request("listen", netns=entry.netns, ip=str(entry.ip), port=entry.port, proto=entry.proto,
                                name=entry.name)
        elif isinstance(entry, Close):
            self.model.close(entry.netns, entry.port, entry.proto, str(entry.ip))
            self.kernel.request("close", netns=entry.netns, ip=str(entry.ip), port=entry.port, proto=entry.proto)
        else:
            trace = ask_model(self.model, entry)
            with loaded(self.kernel, [trace], self.notes):
                self.ask(entry, trace)

    def ask(self, question: Connect | Ping, trace: Trace) -> Answer:
        """Ask the real kernel a question; source port or echo id are those of the model's trace."""
        asked: dict[str, Any] = {
            "dst": str(question.dst), "source": str(question.source or ""), "number": _chosen_number(trace),
            "ttl": question.ttl, "timeout": question.timeout,
        }
        if isinstance(question, Ping):
            asked |= {"size": question.size, "df": question.df, "seq": question.seq}
            return _answer(self.kernel.request("ping", netns=question.netns, question=asked))
        asked |= {"port": question.port, "proto": question.proto, "data": question.data.decode(), "keep_open": question.keep_open}
        return _answer(self.kernel.request("connect", netns=question.netns, question=asked))

    def watch(self) -> None:
        """Begin to capture on every device of every namespace."""
        self.kernel.request("watch", netns=[ROOT, *self.model.netns])

    def captured(self, *, go_on: bool = False) -> list[Captured]:
        """End the captures: all that the model could have sent too, in order; times in seconds from the first.

        To ``go_on`` listening until the next `watch` is quicker than to end and to begin again.
        """
        frames = self.kernel.request("captured", go_on=go_on)["frames"]
        facts = []
        for nanoseconds, netns, device, direction, octets in frames:
            frame = parse_frame(bytes.fromhex(octets))
            if frame is not None:
                facts.append(Captured(netns, device, direction, frame, (nanoseconds - frames[0][0]) / 1e9))
        return facts

    def close(self) -> None:
        """Take the real side down."""
        self.kernel.close()

    def _redo_command(self, command: Command) -> None:
        words = split(command.line)
        if words[0] == "sleep":
            return self._sleep(float(words[1]))
        if LOOKS_BACK & set(words):
            return None
        before, namespaces, asked = set(devices(self.model)), set(self.model.netns), len(self.model.traces)
        expected = self.model.sh(command.line, command.stdin, check=False)
        made = [device for device in devices(self.model) if device not in before]
        for name in namespaces - self.model.netns.keys():
            self.kernel.request("vacate", netns=name)
        words = with_echo_id(with_numbers(words, made), expected.trace)
        with self._same_port(expected.trace), loaded(self.kernel, self.model.traces[asked:], self.notes):
            done = self._run(words, command.stdin)
        if done.code != expected.code:
            said = f"{command.line}: the model ends with {expected.code}, the kernel with {done.code}: {done}"
            raise CommandError(said, code=done.code)
        for name in self.model.netns.keys() - namespaces:
            self._make_bare(name)
        if namespaces - self.model.netns.keys():
            self._await_gone(before - set(devices(self.model)))
        return None

    def _run(self, words: list[str], text: str) -> Output:
        """Run a command on the kernel, in pieces if its input is long; the first that is refused is the last."""
        done = Output()
        for each, piece in pieces(words, text):
            done = self.kernel.run(each, piece, check=False)
            if done.code:
                break
        return done

    def _await_gone(self, gone: set[Device]) -> None:
        """Wait until the kernel has taken down a deleted namespace, by those of its wires that led elsewhere."""
        places = [(device.netns.name, device.name) for device in gone]
        self.kernel.request("await_gone", devices=[each for each in places if each[0] in {ROOT, *self.model.netns}])

    @contextmanager
    def _same_port(self, trace: Trace | None) -> Iterator[None]:
        """Leave the kernel no source port to choose but the model's, while a tool asks."""
        question = trace.question if trace else None
        port = _chosen_number(trace) if trace else 0
        if not isinstance(question, Connect) or not port:
            yield
            return
        self._set_ports(question.netns, port, port)
        yield
        self._set_ports(question.netns, 32768, 60999)

    def _set_ports(self, netns: str, low: int, high: int) -> None:
        self.kernel.run(["sysctl", "-qw", f"net.ipv4.ip_local_port_range={low} {high}"], netns=netns)

    def _sleep(self, seconds: float) -> None:
        self.model.sleep(seconds)
        time.sleep(min(seconds, LONGEST_SLEEP))
        if seconds > LONGEST_SLEEP:
            self.notes.append(f"sleep {seconds:g} lasted {LONGEST_SLEEP:g} s on the kernel")

    def _make_bare(self, netns: str) -> None:
        """A new real namespace takes many switches from the machine's own; the model's have the kernel's defaults."""
        own = {f"net.ipv4.conf.{where}.{key}": value for where in ("all", "default", "lo") for key, value in CONF.items()}
        neigh = {f"net.ipv4.neigh.default.{key}": value for key, value in NEIGH.items()}
        self.kernel.request("bare", netns=netns, switches={**GLOBAL, **own, **neigh})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


class HasWorld(Protocol):
    """What stands on a world."""

    @property
    def world(self) -> World:
        """The world underneath."""


def world_under(subject: World | HasWorld) -> World:
    """A world itself, or the one that something stands on."""
    return subject if isinstance(subject, World) else subject.world


def replay(world: World | HasWorld, until: int | None = None) -> Lab:
    """A world's log (its first ``until`` entries), done again on the real kernel, to poke at by hand.

    Unavailable if this machine cannot; CommandError if the kernel refuses what the model took. As an example:

        with lab.replay(world) as real:
            print(real.sh("ip netns exec pod-a ip addr"))
    """
    world = world_under(world)
    lab = Lab(world.seed)
    try:
        for entry in world.log[:until]:
            lab.redo(entry)
    except BaseException:
        lab.close()
        raise
    return lab


def ask_model(world: World, question: Connect | Ping) -> Trace:
    """Ask a model the question that a fact holds."""
    source = str(question.source) if question.source else None
    if isinstance(question, Ping):
        return world.ping(question.netns, str(question.dst), ttl=question.ttl, source=source, size=question.size,
                          df=question.df, timeout=question.timeout)
    return world.connect(question.netns, str(question.dst), question.port, proto=question.proto, sport=question.sport,
                         source=source, ttl=question.ttl, timeout=question.timeout, keep_open=question.keep_open)


def with_numbers(words: list[str], made: list[Device]) -> list[str]:
    """An ``ip link add`` command that gives the devices that it makes the model's index and MAC address.

    >>> with_numbers("ip link add br0 type bridge".split(), [])
    ['ip', 'link', 'add', 'br0', 'type', 'bridge']
    """
    if not made or "type" not in words:
        return words
    at = words.index("type")
    before, after = words[:at], words[at:]
    peer = _peer(made, after)
    own = next(device for device in made if device is not peer)
    if peer is not None:
        after = [*after[:2], "peer", *_numbers(peer, after), *(after[3:] if "peer" in after else ["name", peer.name])]
    return [*before, *_numbers(own, before), *after]


def with_echo_id(words: list[str], trace: Trace | None) -> list[str]:
    """A ``ping`` command that uses the model's echo id."""
    if trace is None or not isinstance(trace.question, Ping) or "ping" not in words:
        return words
    at = words.index("ping") + 1
    return [*words[:at], "-e", str(_chosen_number(trace)), *words[at:]]


def _peer(made: list[Device], words: list[str]) -> Device | None:
    """The device at the other end of a new veth pair: the one that is named behind ``peer``; of two of that name the first."""
    if len(made) != 2 or made[0].kind != "veth":
        return None
    name = words[words.index("name") + 1] if "name" in words else ""
    first, second = sorted(made, key=lambda device: device.index)
    return first if first.name == name else second


def _numbers(device: Device, said: list[str]) -> list[str]:
    """What to add to the words that describe a device, where they do not say it themselves."""
    index = [] if "index" in said else ["index", str(device.index)]
    address = [] if "address" in said or device.kind == "bridge" else ["address", device.mac]
    return index + address


def devices(world: World) -> list[Device]:
    """All devices of a world but each namespace's lo."""
    return [device for netns in (world.root, *world.netns.values()) for device in netns.devices.values()
            if device.name != "lo"]


def _chosen_number(trace: Trace) -> int:
    """The source port or echo id with which the model asked; 0 where it never came to sending."""
    packet = trace.request.packet if trace.request else None
    if not isinstance(packet, Packet):
        return 0
    return packet.icmp.id if packet.icmp else packet.sport


def _answer(told: dict[str, Any]) -> Answer:
    """The kernel's answer in the words of a Trace."""
    saw = SAW.search(told["data"])
    icmp = tuple(told["icmp"]) if told["icmp"] else None
    if told["errno"] is None:
        fate = "delivered" if told["data"] else "timeout"
    else:
        fate = "refused" if told["errno"] in ("ECONNREFUSED", "ECONNRESET") else "unreachable"
    return Answer(fate, told["errno"], icmp, *(saw.groups() if saw else (None, None)))
