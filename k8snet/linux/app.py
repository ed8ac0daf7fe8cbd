"""The apps behind sockets: what a program answers, and what comes of a packet that reaches a socket."""

from __future__ import annotations

from typing import NamedTuple

from k8snet.linux.packet import Packet

METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ")


class App:
    r"""A program behind a socket: it answers with its name, and with the peer that it saw.

    >>> App("web").answer(b"hello", "10.1.1.1:40000")
    b'web saw 10.1.1.1:40000\n'
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(self, request: bytes, peer: str) -> bytes:
        """What the program sends back; to an HTTP request, an HTTP response with the same line as its body."""
        line = f"{self.name} saw {peer}\n".encode()
        if not request.startswith(METHODS):
            return line
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(line)}\r\n\r\n".encode()
        return head if request.startswith(b"HEAD ") else head + line


class Heard(NamedTuple):
    """What came of a packet at a socket: who has it now, what is sent in return, and the app that was asked.

    With ``tunnel`` the kernel has it, and is to take out what it carries.
    """

    owner: str
    answers: list[Packet]
    app: App | None = None
    tunnel: bool = False
