"""What was done to a world, in order: commands, apps that listen, questions. Each prints as a line for a real shell."""

from __future__ import annotations

import shlex
from typing import Any

from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact

ROOT = "root"
"""The name of a world's own network namespace, the one that a command without ``ip netns exec`` runs in."""


def _inside(netns: str, line: str) -> str:
    return line if netns == ROOT else f"ip netns exec {netns} {line}"


def _socat(proto: str, port: int, ip: Ip) -> str:
    """How socat is told to listen."""
    kind = {"tcp": "TCP4-LISTEN", "udp": "UDP4-RECVFROM", "sctp": "SCTP4-LISTEN"}[proto]
    return f"{kind}:{port},fork,reuseaddr{f',bind={ip}' if ip else ''}"


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
        answer = shlex.quote(f"SYSTEM:echo {self.name} saw $SOCAT_PEERADDR\\:$SOCAT_PEERPORT")
        return _inside(self.netns, f"socat {_socat(self.proto, self.port, self.ip)} {answer} &")


class Close(Fact, frozen=True):
    """An app that listened is ended."""

    netns: str
    port: int
    proto: str
    ip: Ip

    def __str__(self) -> str:
        """Only what runs in that namespace is meant, and not the shell that says so: hence the brackets."""
        listening = _socat(self.proto, self.port, self.ip)
        kill = f'pkill --ns $$ --nslist net -f "[{listening[0]}]{listening[1:]} "'
        return kill if self.netns == ROOT else _inside(self.netns, f"sh -c {shlex.quote(kill)}")


class Connect(Fact, frozen=True):
    """A question: one TCP connection, or one datagram over UDP or SCTP and its answer.

    Unset numbers and addresses are the kernel's choice. ``keep_open``: a TCP connection stays open, and is the one that is
    used when the same is asked from the same source port again.
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
    keep_open: bool = False

    def __str__(self) -> str:
        options = [*(["-u"] if self.proto == "udp" else []), f"-w {max(1, round(self.timeout))}"]
        options += [f"-p {self.sport}"] if self.sport else []
        options += [f"-s {self.source}"] if self.source else []
        options += [f"-M {self.ttl}"] if self.ttl else []
        line = _inside(self.netns, f"nc {' '.join(options)} {self.dst} {self.port}")
        return f"{line}  # and the connection stays open" if self.keep_open else line


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


class Log(list[Command | Listen | Close | Connect | Ping]):
    """The whole log; it prints as a script that does the same on a real machine, as root."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Log:
        return Log(self)
