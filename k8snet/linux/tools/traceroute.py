"""``traceroute``: probes with a TTL of 1, 2, 3 …, each hop being whoever complains; in the words of traceroute 2.1.

UDP to the ports from 33434 on, or echo requests (``-I``). One probe at a time: the real one has sixteen under way.
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect, Ping
from k8snet.linux.netns import Netns
from k8snet.linux.packet import REDIRECT, UNREACHABLE
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import MEANINGS, address_of, options
from k8snet.linux.tools.ping import arrivals_of
from k8snet.linux.trace import Trace

FIRST_PORT = 33434
DATA_BYTES = 32
"""60 bytes in all, with the headers of IPv4 and of UDP or ICMP."""
MARKS = {0: " !N", 1: " !H", 2: " !P", 4: " !F", 9: " !X", 10: " !X", 13: " !X"}
"""What stands behind the time for each code of "unreachable" but 3, which means that the way is at its end."""


class Asked(NamedTuple):
    """The command line, understood. ``wait`` in seconds."""

    host: str
    dst: Ip
    hops: int
    probes: int
    wait: float
    by_echo: bool


class Probe(NamedTuple):
    """What one probe came to: who spoke (None: nobody), after how long, with which mark, and whether it was the end."""

    ip: Ip | None
    milliseconds: float
    mark: str
    is_last: bool


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``traceroute -n [-I] [-q PROBES] [-m HOPS] [-w SECONDS] HOST``."""
    asked = _read(args)
    text = f"traceroute to {asked.host} ({asked.dst}), {asked.hops} hops max, {DATA_BYTES + 28} byte packets\n"
    port, trace = FIRST_PORT, None
    for ttl in range(1, asked.hops + 1):
        probes = []
        for _ in range(asked.probes):
            trace = _ask(netns, asked, ttl, port)
            if trace.request is None or trace.request.reason == "IP_OUTNOROUTES":
                return Output(f"{text}connect: {MEANINGS[trace.errno or 'ENETUNREACH']}\n", code=1, trace=trace)
            port += 1
            probes.append(_probe(netns, trace))
        text += f"{ttl:2d} {_line(probes)}\n"
        if any(probe.is_last for probe in probes):
            break
    return Output(text, trace=trace)


def _read(args: list[str]) -> Asked:
    said, words = options(args, "nI4q:m:w:")
    if "n" not in said:
        raise NotModelled("traceroute with names", known="-n")
    if not words:
        raise CommandError('Specify "host" missing argument.', code=2)
    numbers = {letter: said.get(letter, default) for letter, default in (("q", "3"), ("m", "30"), ("w", "5"))}
    for letter, number in numbers.items():
        if not number.replace(".", "", letter == "w").isdecimal():
            raise NotModelled(f"traceroute -{letter} {number}", known="a number")
    if int(numbers["m"]) == 0:
        raise CommandError("first hop out of range", code=2)
    dst = address_of(words[0])
    if dst is None:
        refusal = f"Cannot handle \"host\" cmdline arg `{words[0]}' on position 1 (argc {len(args) - 1})"
        raise CommandError(f"{words[0]}: Temporary failure in name resolution\n{refusal}", code=2)
    return Asked(words[0], dst, int(numbers["m"]), int(numbers["q"]), float(numbers["w"]), "I" in said)


def _ask(netns: Netns, asked: Asked, ttl: int, port: int) -> Trace:
    if asked.by_echo:
        question = Ping(netns.name, asked.dst, ttl, size=DATA_BYTES, timeout=asked.wait, seq=port - FIRST_PORT + 1)
        return ask.ping(netns, question)
    data = bytes(64 + number for number in range(DATA_BYTES))
    return ask.connect(netns, Connect(netns.name, asked.dst, port, "udp", ttl=ttl, timeout=asked.wait, data=data))


def _probe(netns: Netns, trace: Trace) -> Probe:
    arrivals = [arrival for arrival in arrivals_of(trace, netns.name) if arrival.icmp.type != REDIRECT]
    if trace.fate == "timeout" or not arrivals:
        return Probe(None, 0.0, "", trace.fate == "delivered")
    first = arrivals[0]
    is_no = first.icmp.type == UNREACHABLE
    mark = MARKS.get(first.icmp.code, "") if is_no else ""
    return Probe(first.packet.src, first.rtt / 1000, mark, is_no or first.is_reply)


def _line(probes: list[Probe]) -> str:
    """The probes of one hop; an address is said once, until another one speaks."""
    text, said = "", None
    for probe in probes:
        if probe.ip is None:
            text += " *"
            continue
        text += f" {probe.ip}" if probe.ip != said else ""
        text += f"  {probe.milliseconds:.3f} ms{probe.mark}"
        said = probe.ip
    return text
