"""``nc``, the one from OpenBSD: does a port take connections (``-z``), and what does it answer to standard input?

It does not listen (``World.listen`` starts an app that does), and it knows ports by their numbers only.
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect
from k8snet.linux.netns import Netns
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import MEANINGS, address_of, options
from k8snet.linux.trace import Trace

PATIENCE = 135.0
"""How long the kernel itself sends SYNs, in seconds, if ``-w`` sets no limit."""
PROBE = b"X"
"""What ``-z`` sends over UDP, where no handshake can tell that somebody is there."""
PROBE_WAIT = 1.0


class Asked(NamedTuple):
    """The command line, understood. ``wait`` in seconds."""

    host: str
    dst: Ip
    ports: range
    proto: str
    sport: int | None
    source: Ip | None
    ttl: int | None
    wait: float | None
    scans: bool
    verbose: bool


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``nc [-znuv] [-w SECONDS] [-p PORT] [-s ADDRESS] [-M TTL] HOST PORT[-PORT]``."""
    asked = _read(args)
    if len(asked.ports) > 1 and not asked.scans:
        raise NotModelled("nc to several ports", known="nc -z")
    text, code, trace = "", 1, None
    for port in asked.ports:
        trace = ask.connect(netns, _question(netns, asked, port, stdin))
        if trace.errno == "EADDRNOTAVAIL":
            return Output(f"nc: bind failed: {MEANINGS['EADDRNOTAVAIL']}\n", code=1, trace=trace)
        text += _line(asked, port, trace) if asked.verbose else ""
        if _is_connected(asked, trace):
            text += "" if asked.scans else trace.data.decode(errors="replace")
            code = 0
    return Output(text, code=code, trace=trace)


def _read(args: list[str]) -> Asked:
    said, words = options(args, "znuv4w:p:s:M:")
    if len(words) != 2:
        raise CommandError("nc: missing port number") if words else NotModelled("nc without a host", known="nc HOST PORT")
    host, ports = words
    if "w" in said and not said["w"].isdecimal():
        raise CommandError(f"nc: timeout invalid: {said['w']}")
    if "M" in said and int(said["M"]) > 255:
        raise CommandError("nc: ttl is too large")
    dst = address_of(host)
    if dst is None:
        raise CommandError(f'nc: getaddrinfo for host "{host}" port {ports}: Temporary failure in name resolution')
    return Asked(host, dst, _ports(ports), "udp" if "u" in said else "tcp", int(said["p"]) if "p" in said else None,
                 address_of(said["s"]) if "s" in said else None, int(said["M"]) if "M" in said else None,
                 float(said["w"]) if "w" in said else None, "z" in said, "v" in said)  # fmt: skip


def _ports(text: str) -> range:
    first, _, last = text.partition("-")
    for number in (first, last or first):
        if not number.isdecimal():
            raise NotModelled(f"nc to port {number}", known="numbers of ports")
        if not 0 < int(number) < 65536:
            raise CommandError(f"nc: port number too {'large' if int(number) else 'small'}: {number}")
    return range(int(first), int(last or first) + 1)


def _question(netns: Netns, asked: Asked, port: int, stdin: str) -> Connect:
    data, wait = stdin.encode(), asked.wait or PATIENCE
    if asked.scans:
        data = PROBE if asked.proto == "udp" else b""
        wait = min(wait, PROBE_WAIT) if asked.proto == "udp" else wait
    return Connect(netns.name, asked.dst, port, asked.proto, asked.sport, asked.source, asked.ttl, wait, data)


def _is_connected(asked: Asked, trace: Trace) -> bool:
    """UDP is connected unless something says no; TCP when the handshake is done."""
    if asked.proto == "udp":
        return trace.errno is None
    return trace.fate == "delivered" or _had_handshake(trace)


def _had_handshake(trace: Trace) -> bool:
    """Whether a SYN was answered, though no answer to the data came."""
    return any(getattr(traced.packet, "flags", "") == "S." and traced.fate == "delivered" for traced in trace.packets)


def _line(asked: Asked, port: int, trace: Trace) -> str:
    if _is_connected(asked, trace):
        return f"Connection to {asked.host} {port} port [{asked.proto}/*] succeeded!\n"
    if asked.proto == "udp" and trace.icmp is not None:
        return ""  # connect() went well, and of what came later nc does not speak
    how = "timed out: Operation now in progress" if trace.fate == "timeout" else f"failed: {MEANINGS[trace.errno or 'EINVAL']}"
    return f"nc: connect to {asked.host} port {port} ({asked.proto}) {how}\n"
