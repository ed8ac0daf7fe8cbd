"""``traceroute``: packets that live one router longer each time, in the words of traceroute 2.1.2.

The real one sends sixteen probes at once; here one follows the other, which changes no line of what is printed.
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect, Ping
from k8snet.linux.netns import Netns
from k8snet.linux.packet import TIME_EXCEEDED, Packet
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import MEANINGS, address_of, options
from k8snet.linux.trace import Captured, Trace

FIRST_PORT = 33434
FLAGS = {0: " !N", 1: " !H", 2: " !P", 9: " !X", 10: " !X", 13: " !X"}
"""What stands behind the time when a router says that there is no way: the code of ICMP "unreachable"."""


class Plan(NamedTuple):
    """The command line, understood; ``wait`` in seconds, ``length`` in bytes of the whole packet."""

    host: str
    dst: Ip
    first: int
    last: int
    queries: int
    wait: float
    icmp: bool
    length: int


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``traceroute -n [-I] [-f TTL] [-m TTL] [-q QUERIES] [-w SECONDS] HOST [BYTES]``."""
    plan = _read(args)
    head = f"traceroute to {plan.host} ({plan.dst}), {plan.last} hops max, {plan.length} byte packets"
    lines, probe, trace = [head], 0, None
    for ttl in range(plan.first, plan.last + 1):
        traces = []
        for _ in range(plan.queries):
            trace = _probe(netns, plan, ttl, probe)
            if trace.fate == "unreachable" and trace.icmp is None:
                reason = f"connect: {MEANINGS.get(trace.errno or '', trace.errno)}"
                return Output(f"{head}\n{reason}\n", code=1, trace=trace)
            traces.append(trace)
            probe += 1
        lines.append(f"{ttl:2} {_hop(traces, netns.name)}")
        if any(_is_end(each) for each in traces):
            break
    return Output("".join(f"{line}\n" for line in lines), trace=trace)


def _read(args: list[str]) -> Plan:
    found, words = options(args, "nIf:m:q:w:")
    if not words:
        raise CommandError("Usage:\n  traceroute [ -nI ] [ -f first_ttl ] [ -m max_ttl ] [ -q nqueries ] [ -w MAX ] "
                           "host [ packetlen ]", code=2)
    dst = address_of(words[0])
    if dst is None:
        raise CommandError(f'{words[0]}: Name or service not known\n'
                           f'Cannot handle "host" cmdline arg `{words[0]}\' on position 1 (argc {len(args) - 1})', code=2)
    if "n" not in found:
        raise NotModelled("traceroute without -n", known="-n: no namespace has names for addresses")
    number = {letter: float(found.get(letter, default)) for letter, default in (("f", 1), ("m", 30), ("q", 3), ("w", 5))}
    length = int(words[1]) if len(words) > 1 else 60
    return Plan(words[0], dst, int(number["f"]), int(number["m"]), int(number["q"]), number["w"], "I" in found, length)


def _probe(netns: Netns, plan: Plan, ttl: int, number: int) -> Trace:
    room = max(plan.length - 28, 0)
    if plan.icmp:
        return ask.ping(netns, Ping(netns.name, plan.dst, ttl, size=room, timeout=plan.wait, seq=number + 1))
    port = FIRST_PORT + number
    return ask.connect(netns, Connect(netns.name, plan.dst, port, "udp", ttl=ttl, timeout=plan.wait, data=bytes(room)))


def _is_end(trace: Trace) -> bool:
    """The destination answered, or somebody said that there is no way to it."""
    return trace.fate in ("delivered", "refused") or (trace.icmp is not None and trace.icmp[0] != TIME_EXCEEDED)


def _hop(traces: list[Trace], here: str) -> str:
    """One line: each answerer's address once, then its times; a star for each probe that nobody answered."""
    words, last = "", None
    for trace in traces:
        answer = _answer(trace, here)
        if answer is None:
            words += " *"
            continue
        words += f" {answer.src}" if answer.src != last else ""
        last = answer.src
        flag = FLAGS.get(trace.icmp[1], "") if trace.icmp is not None and trace.icmp[0] == 3 else ""
        words += f"  {(trace.ended - trace.started) * 1000:.3f} ms{flag}"
    return words


def _answer(trace: Trace, here: str) -> Packet | None:
    """What came back, as the asker's device saw it."""
    if trace.fate == "timeout" or trace.answer is None:
        return None
    seen = [step for step in trace.answer.steps if isinstance(step, Captured) and step.netns == here]
    return seen[-1].packet if seen and isinstance(seen[-1].packet, Packet) else None
