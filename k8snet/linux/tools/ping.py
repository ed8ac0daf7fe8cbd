"""``ping``: echo requests, in the words of iputils 20221126. How many (``-c``) must be said: there is no Ctrl-C here.

A request leaves each ``-i`` seconds, or later where the one before is still waited for at the end. Round-trip times are
the world's own. What counts as an answer is read off the traces, late ones included.
"""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Ping
from k8snet.linux.netns import Netns
from k8snet.linux.packet import ECHO_REPLY, REDIRECT, TIME_EXCEEDED, Icmp, Packet
from k8snet.linux.route import route_out
from k8snet.linux.steps import Captured, Delivered, Rewritten, Step
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import MEANINGS, address_of, options
from k8snet.linux.trace import Trace

LINGER = 10.0
"""How long the last answer is waited for if ``-W`` does not say, in seconds."""
TIMESTAMP = 16
"""With fewer bytes of data there is no room for the time of sending, and no times are printed."""
LONG_MAX = 2**63 - 1
HINTS = {"do": True, "want": None, "dont": False}
BROADCAST = "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules"
CODES = {
    0: "Destination Net Unreachable", 1: "Destination Host Unreachable", 2: "Destination Protocol Unreachable",
    3: "Destination Port Unreachable", 9: "Destination Net Prohibited", 10: "Destination Host Prohibited",
    13: "Packet filtered",
}  # fmt: skip


class Arrival(NamedTuple):
    """A packet that came back to the asker, at ``now``, about the request ``seq``; ``rtt`` in microseconds."""

    now: float
    seq: int
    packet: Packet
    icmp: Icmp
    rtt: int

    @property
    def is_reply(self) -> bool:
        """Whether it is the answer, and no error."""
        return self.icmp.type == ECHO_REPLY


class Asked(NamedTuple):
    """The command line, understood. ``wait`` and ``interval`` in seconds, ``df`` as in `Ping`."""

    host: str
    dst: Ip
    requests: int
    wait: float
    interval: float
    size: int
    ttl: int | None
    source: Ip | None
    df: bool | None
    quiet: bool


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``ping -c COUNT [-nq] [-W SECONDS] [-i SECONDS] [-t TTL] [-s BYTES] [-I ADDRESS] [-M do|want|dont] HOST``."""
    asked = _read(args)
    if route_out(netns, asked.dst).type == "broadcast":
        return Output(f"{BROADCAST}\n", code=2)
    traces = _send(netns, asked)
    refusal = _refusal(traces[0])
    if refusal:
        return Output(f"{refusal}\n", code=2, trace=traces[0])
    arrivals = sorted(arrival for trace in traces for arrival in arrivals_of(trace, netns.name))
    middle = [] if asked.quiet else _lines(netns, traces, arrivals, asked)
    lines = [_head(asked), *middle, *_statistics(traces, arrivals, asked)]
    got_one = any(arrival.is_reply for arrival in arrivals)
    return Output("".join(f"{line}\n" for line in lines), code=0 if got_one else 1, trace=traces[-1])


# --- the command line --------------------------------------------------------------------------------------------


def _read(args: list[str]) -> Asked:
    said, words = options(args, "c:W:i:t:s:I:M:nq4")
    if not words:
        raise CommandError("ping: usage error: Destination address required")
    if "c" not in said:
        raise NotModelled("ping without -c", known="ping -c 1")
    count = _integer(said["c"], 1, LONG_MAX)
    dst = address_of(words[-1])
    hint = said.get("M", "want")
    if hint not in HINTS:
        raise CommandError(f"ping: invalid -M argument: {hint}", code=2)
    if dst is None:
        raise CommandError(f"ping: {words[-1]}: Temporary failure in name resolution", code=2)
    source = address_of(said["I"]) if "I" in said else None
    if "I" in said and source is None:
        raise NotModelled("ping -I with a device", known="ping -I ADDRESS")
    size = _integer(said.get("s", "56"), 0, 65507)
    ttl = _integer(said["t"], 0, 255) if "t" in said else None
    return Asked(words[-1], dst, count, _seconds(said.get("W", str(LINGER))), _seconds(said.get("i", "1")),
                 size, ttl, source, HINTS[hint], "q" in said)  # fmt: skip


def _integer(text: str, low: int, high: int) -> int:
    if not text.lstrip("-").isdecimal():
        raise CommandError(f"ping: invalid argument: '{text}'")
    if not low <= int(text) <= high:
        raise CommandError(f"ping: invalid argument: '{text}': out of range: {low} <= value <= {high}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"ping: bad timing interval: {text}", code=2) from None


# --- the requests ------------------------------------------------------------------------------------------------


def _send(netns: Netns, asked: Asked) -> list[Trace]:
    """One question for each request; between them the world goes on."""
    world, start, echo_id = netns.world, netns.world.now, netns.sockets.next_echo_id()
    traces: list[Trace] = []
    for seq in range(1, asked.requests + 1):
        world.run(until=lambda: False, deadline=start + (seq - 1) * asked.interval)
        wait = asked.wait if seq == asked.requests else min(asked.wait, asked.interval)
        question = Ping(netns.name, asked.dst, asked.ttl, asked.source, asked.size, asked.df, wait, echo_id, seq)
        traces.append(ask.ping(netns, question))
        if _refusal(traces[0]):
            break
    return traces


def _refusal(trace: Trace) -> str:
    """What ping says when the kernel does not even give it a way, or an address; empty if it does."""
    if trace.errno == "EADDRNOTAVAIL":
        return f"ping: bind: {MEANINGS['EADDRNOTAVAIL']}"
    if trace.errno is None or trace.request is None or trace.request.reason != "IP_OUTNOROUTES":
        return ""
    return BROADCAST if trace.errno == "EACCES" else f"ping: connect: {MEANINGS[trace.errno]}"


def arrivals_of(trace: Trace, netns: str) -> list[Arrival]:
    """The ICMP packets that came back to the asker, the answer and the errors, in the order of time."""
    arrivals = []
    for traced in trace.packets:
        packet = traced.packet
        if not isinstance(packet, Packet) or packet.icmp is None or traced.role != "reply":
            continue
        hop = traced.hops[-1]
        seen = [step.now for step in hop.steps if isinstance(step, Captured)]
        if hop.netns == netns and any(isinstance(step, Delivered) for step in hop.steps):
            now = seen[-1] if seen else trace.started
            seq = trace.question.seq if isinstance(trace.question, Ping) else 1
            arrivals.append(Arrival(now, seq, _as_seen(hop.steps, packet), packet.icmp, round((now - trace.started) * 1e6)))
    return arrivals


def _as_seen(steps: list[Step], packet: Packet) -> Packet:
    """The packet as it came in at last, its TTL lowered and its addresses rewritten on the way."""
    for step in reversed(steps):
        if isinstance(step, Rewritten):
            return step.after
        if isinstance(step, Captured) and isinstance(step.packet, Packet):
            return step.packet
    return packet


# --- the text ----------------------------------------------------------------------------------------------------


def _head(asked: Asked) -> str:
    source = f" from {asked.source} :" if asked.source else ""
    return f"PING {asked.host} ({asked.dst}){source} {asked.size}({asked.size + 28}) bytes of data."


def _lines(netns: Netns, traces: list[Trace], arrivals: list[Arrival], asked: Asked) -> list[str]:
    """A line for each arrival, and for each request that the kernel did not let out."""
    timed = [(arrival.now, 0, _line(arrival, asked)) for arrival in arrivals]
    timed += [(trace.ended, 1, text) for trace in traces if (text := _local_error(netns, trace))]
    return [text for _, _, text in sorted(timed, key=lambda each: each[:2])]


def _line(arrival: Arrival, asked: Asked) -> str:
    packet, icmp = arrival.packet, arrival.icmp
    if arrival.is_reply:
        time = f" time={_milliseconds(arrival.rtt)} ms" if asked.size >= TIMESTAMP else ""
        return f"{asked.size + 8} bytes from {packet.src}: icmp_seq={arrival.seq} ttl={packet.ttl}{time}"
    if icmp.type == REDIRECT:
        return f"From {packet.src}: icmp_seq={arrival.seq} Redirect Host(New nexthop: {icmp.gateway})"
    return f"From {packet.src} icmp_seq={arrival.seq} {_error_name(icmp)}"


def _error_name(icmp: Icmp) -> str:
    if icmp.type == TIME_EXCEEDED:
        return "Time to live exceeded" if icmp.code == 0 else "Frag reassembly time exceeded"
    if icmp.code == 4:
        return f"Frag needed and DF set (mtu = {icmp.mtu})"
    return CODES.get(icmp.code, f"Dest Unreachable, Bad Code: {icmp.code}")


def _local_error(netns: Netns, trace: Trace) -> str:
    if trace.errno == "EMSGSIZE" and trace.icmp is None:
        return f"ping: local error: message too long, mtu={_mtu(netns, trace)}"
    request = trace.request
    if request is not None and len(request.hops) == 1 and request.fate == "rejected":
        return f"ping: sendmsg: {MEANINGS['EPERM']}"  # of a packet that OUTPUT drops in silence, ping says nothing
    return ""


def _mtu(netns: Netns, trace: Trace) -> int:
    """The largest packet that may leave towards where the request was for."""
    dst = trace.question.dst if trace.question else Ip(0)
    mtu = netns.devices[route_out(netns, dst).dev or "lo"].mtu
    return min(mtu, netns.routing.path_mtus.get(dst, mtu))


def _milliseconds(micros: int) -> str:
    """At most three digits behind the point, fewer for long times (ping_common.c: gather_statistics)."""
    if micros >= 99_950:
        return str((micros + 500) // 1000)
    digits = 1 if micros >= 9_995 else 2 if micros >= 1_000 else 3
    return f"{micros / 1000:.{digits}f}"


def _statistics(traces: list[Trace], arrivals: list[Arrival], asked: Asked) -> list[str]:
    replies = [arrival for arrival in arrivals if arrival.is_reply]
    errors = [arrival for arrival in arrivals if not arrival.is_reply and arrival.icmp.type != REDIRECT]
    local = sum(trace.errno == "EMSGSIZE" and trace.icmp is None for trace in traces)
    bad = f" +{len(errors) + local} errors," if errors or local else ""
    sent, lost = len(traces), len(traces) - len(replies)
    took = round((traces[-1].started - traces[0].started) * 1000)
    return [
        "",
        f"--- {asked.host} ping statistics ---",
        f"{sent} packets transmitted, {len(replies)} received,{bad} {lost * 100 / sent:.6g}% packet loss, time {took}ms",
        _round_trips(replies, asked) + _pipe(traces, replies + errors, bool(replies) and asked.size >= TIMESTAMP),
    ]


def _round_trips(replies: list[Arrival], asked: Asked) -> str:
    if not replies or asked.size < TIMESTAMP:
        return ""
    times = [reply.rtt for reply in replies]
    mean = sum(times) // len(times)
    deviation = isqrt(max(0, sum(time * time for time in times) // len(times) - mean * mean))
    numbers = "/".join(f"{number / 1000:.3f}" for number in (min(times), mean, max(times), deviation))
    return f"rtt min/avg/max/mdev = {numbers} ms"


def _pipe(traces: list[Trace], arrivals: list[Arrival], follows: bool) -> str:
    """How many requests were under way at once, where it was more than one."""
    under_way = [sum(trace.started <= each.now for trace in traces) - each.seq + 1 for each in arrivals]
    most = max(under_way, default=1)
    return f"{', ' if follows else ''}pipe {most}" if most > 1 else ""
