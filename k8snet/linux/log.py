"""What was done to a world, in order: commands, apps that listen, questions. Each prints as a line for a real shell."""

from __future__ import annotations

import shlex

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact

ROOT = "root"
"""The name of a world's own network namespace, the one that a command without ``ip netns exec`` runs in."""


def _inside(netns: str, line: str) -> str:
    return line if netns == ROOT else f"ip netns exec {netns} {line}"


class Command(Fact, frozen=True):
    """A command line that was run in the world's own namespace, with what it read from standard input."""

    line: str
    stdin: str = ""

    def __str__(self) -> str:
        return f"{self.line} <<'EOF'\n{self.stdin.rstrip()}\nEOF" if self.stdin else self.line


class Listen(Fact, frozen=True):
    """An app that listens, and answers with its name and the peer that it saw."""

    netns: str
    port: int
    proto: str
    name: str
    ip: Ip

    def __str__(self) -> str:
        kind = {"tcp": "TCP4-LISTEN", "udp": "UDP4-RECVFROM", "sctp": "SCTP4-LISTEN"}[self.proto]
        answer = shlex.quote(f"SYSTEM:echo {self.name} saw $SOCAT_PEERADDR\\:$SOCAT_PEERPORT")
        bind = f",bind={self.ip}" if self.ip else ""
        return _inside(self.netns, f"socat {kind}:{self.port},fork,reuseaddr{bind} {answer} &")


class Connect(Fact, frozen=True):
    """A question: one TCP connection, or one datagram over UDP or SCTP and its answer.

    Unset numbers and addresses are the kernel's choice.
    """

    netns: str
    dst: Ip
    port: int
    proto: str = "tcp"
    sport: int | None = None
    source: Ip | None = None
    ttl: int | None = None
    timeout: float = 3.5
    data: bytes = b"hello\n"

    def __str__(self) -> str:
        options = [*(["-u"] if self.proto == "udp" else []), f"-w {max(1, round(self.timeout))}"]
        options += [f"-p {self.sport}"] if self.sport else []
        options += [f"-s {self.source}"] if self.source else []
        options += [f"-M {self.ttl}"] if self.ttl else []
        return _inside(self.netns, f"nc {' '.join(options)} {self.dst} {self.port}")


class Ping(Fact, frozen=True):
    """A question: one ICMP echo request. ``size`` counts the bytes of its data.

    ``df``: True forbids fragments (``-M do``), False allows them everywhere (``-M dont``), None is the kernel's own
    way: forbidden to others where the packet fits the first link, else cut at home.
    """

    netns: str
    dst: Ip
    ttl: int | None = None
    source: Ip | None = None
    size: int = 56
    df: bool | None = None
    timeout: float = 3.5
    id: int | None = None
    seq: int = 1

    def __str__(self) -> str:
        options = ["-c 1", f"-W {max(1, round(self.timeout))}"]
        options += [f"-t {self.ttl}"] if self.ttl else []
        options += [f"-I {self.source}"] if self.source else []
        options += [f"-s {self.size}"] if self.size != 56 else []
        options += [] if self.df is None else ["-M do" if self.df else "-M dont"]
        return _inside(self.netns, f"ping {' '.join(options)} {self.dst}")


class Log(list[Command | Listen | Connect | Ping]):
    """The whole log; it prints as a script that does the same on a real machine, as root."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))
