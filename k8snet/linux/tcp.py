"""TCP as a socket speaks it: the handshake, a request, its answer, the close, refusal and reset.

Without loss and without windows. How conntrack follows the connections of others is in tcpstate.py. States after RFC 9293,
section 3.3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import Ip
from k8snet.linux.app import App, Heard
from k8snet.linux.fact import changed
from k8snet.linux.icmp import errno_of
from k8snet.linux.packet import OWN_TTL, Icmp, Packet

if TYPE_CHECKING:
    from k8snet.linux.sockets import Sockets
    from k8snet.linux.world import World

SEGMENT = 1460
"""Bytes of data in a full TCP segment on a link of 1500."""


class Tcp:
    """One end of a TCP connection. The asker sends ``request``, and closes when the answer is complete.

    >>> asker = Tcp((Ip("10.1.1.1"), 40000), (Ip("10.1.2.2"), 80))
    >>> [packet.flags for packet in asker.connect()], asker.state
    (['S'], 'SYN_SENT')
    """

    proto = "tcp"

    def __init__(self, here: tuple[Ip, int], there: tuple[Ip, int], *, app: App | None = None, request: bytes = b"",
                 seq: int = 0, ttl: int = 64, keep_open: bool = False) -> None:
        self.ip, self.port = here
        self.peer, self.peer_port = there
        self.app = app
        self.request = request
        self.ttl = ttl
        self.keep_open = keep_open
        self.state = "CLOSED"
        self.seq, self.ack = seq, 0
        self.received = b""
        self.errno: str | None = None
        self.icmp: Icmp | None = None
        self.answered = False
        self.orphaned = False
        """Whether its program has ended, and the kernel alone sees to the end of the connection."""

    @property
    def data(self) -> bytes:
        """What has been received."""
        return self.received

    @property
    def done(self) -> bool:
        """Whether the asker knows how it ended."""
        return self.errno is not None or self.answered

    @property
    def name(self) -> str:
        """Whose socket it is: the app's name, or the asker's."""
        return self.app.name if self.app else "client"

    def connect(self) -> list[Packet]:
        """Send the SYN; called again, send it again."""
        if self.state == "CLOSED":
            self.state = "SYN_SENT"
            self.seq = self.seq + 1 & 0xFFFFFFFF
        return [self._segment("S", seq=self.seq - 1, ack=0)]

    def ask(self, data: bytes) -> list[Packet]:
        """Ask over a connection that is open."""
        self.received, self.answered = b"", False
        return self._send(data)

    def accept(self, syn: Packet) -> list[Packet]:
        """Answer a SYN; asked again, answer again."""
        if self.state == "CLOSED":
            self.state = "SYN_RECV"
            self.ack = syn.seq + 1
            self.seq = self.seq + 1 & 0xFFFFFFFF
        return [self._segment("S.", seq=self.seq - 1)]

    def close(self) -> list[Packet]:
        """Say that we have said all."""
        fin = self._segment("F.")
        self.seq += 1
        self.state = "FIN_WAIT" if self.state == "ESTABLISHED" else "LAST_ACK"
        return [fin]

    def abandon(self) -> list[Packet]:
        """The program has ended: what is open closes, and what its peer has not yet confirmed is forgotten (tcp_close)."""
        self.orphaned = True
        if self.state == "ESTABLISHED":
            return self.close()
        if self.state in ("SYN_SENT", "SYN_RECV"):
            self.state = "CLOSED"
        return []

    def hear(self, packet: Packet, sockets: Sockets, world: World) -> Heard:
        """Take a segment; return what is sent in return."""
        if "R" in packet.flags:
            sockets.close(self)
            return self._hear_reset()
        if "S" in packet.flags:
            return self._hear_syn(packet)
        if self._comes_too_late(packet):
            sockets.close(self)
            return Heard(self.name, [each for each in (reset_for(packet),) if each])
        if self.state == "SYN_RECV":
            self.state = "ESTABLISHED"
        answers = self._hear_data(packet) if packet.data else []
        if "F" in packet.flags:
            answers += self._hear_fin(packet)
        elif self.state == "LAST_ACK":
            self.state = "CLOSED"
        if self.state in ("CLOSED", "TIME_WAIT"):
            sockets.close(self)
        return Heard(self.name, answers, self.app if packet.data else None)

    def _comes_too_late(self, packet: Packet) -> bool:
        """Data, or what follows data that was lost, for one who has given up and closed (RFC 9293, section 3.6.1)."""
        has_given_up = self.orphaned or (self.app is None and not self.answered)
        return self.state == "FIN_WAIT" and has_given_up and packet.seq + len(packet.data) > self.ack

    def hear_error(self, icmp: Icmp) -> None:
        """An ICMP error about our packet: fatal while we are still connecting (RFC 5927, as Linux does it)."""
        if self.state == "SYN_SENT" and not (icmp.type == 3 and icmp.code == 4):
            self.errno, self.icmp = errno_of(icmp), icmp

    def _hear_reset(self) -> Heard:
        self.errno = "ECONNREFUSED" if self.state == "SYN_SENT" else "ECONNRESET"
        self.state = "CLOSED"
        return Heard(self.name, [])

    def _hear_syn(self, packet: Packet) -> Heard:
        if self.state == "SYN_RECV" and packet.flags == "S":
            return Heard(self.name, self.accept(packet))
        if self.state != "SYN_SENT":
            return Heard(self.name, [self._segment(".")])
        self.state = "ESTABLISHED"
        self.ack = packet.seq + 1
        self.answered = not self.request  # who has nothing to ask knows all that it wanted to know
        rest = self.close() if self.answered and not self.keep_open else self._send(self.request)
        return Heard(self.name, [self._segment("."), *rest])

    def _hear_data(self, packet: Packet) -> list[Packet]:
        self.ack = packet.seq + len(packet.data)
        self.received += packet.data
        answers = [self._segment(".")]
        if "P" in packet.flags and self.app is not None:
            answers += self._send(self.app.answer(self.received, f"{self.peer}:{self.peer_port}"))
            self.received = b""
        elif "P" in packet.flags:
            self.answered = True
            answers += [] if self.keep_open else self.close()
        return answers

    def _hear_fin(self, packet: Packet) -> list[Packet]:
        self.ack = packet.seq + len(packet.data) + 1
        if self.state == "FIN_WAIT":
            self.state = "TIME_WAIT"
            return [self._segment(".")]
        self.state = "CLOSE_WAIT"
        return self.close()

    def _send(self, data: bytes) -> list[Packet]:
        """Cut data into segments; the last one pushes."""
        segments = []
        for start in range(0, len(data), SEGMENT):
            piece = data[start : start + SEGMENT]
            segments.append(self._segment("P." if start + SEGMENT >= len(data) else ".", data=piece))
            self.seq += len(piece)
        return segments

    def _segment(self, flags: str, *, data: bytes = b"", seq: int | None = None, ack: int | None = None) -> Packet:
        return Packet(self.ip, self.peer, "tcp", self.port, self.peer_port, flags, self.ttl, data=data, df=True,
                      seq=(self.seq if seq is None else seq) & 0xFFFFFFFF, ack=(self.ack if ack is None else ack) & 0xFFFFFFFF)


def reset_for(packet: Packet) -> Packet | None:
    """The RST that answers a segment nobody wants (RFC 9293, section 3.10.7.1); None for one that is a RST itself.

    >>> reset_for(Packet(Ip("10.1.1.1"), Ip("10.1.2.2"), "tcp", 40000, 80, "S")).flags
    'R.'
    """
    if "R" in packet.flags:
        return None
    back = Packet(packet.dst, packet.src, "tcp", packet.dport, packet.sport, ttl=OWN_TTL, df=True)
    if "." in packet.flags:
        return changed(back, flags="R", seq=packet.ack)
    length = len(packet.data) + ("S" in packet.flags) + ("F" in packet.flags)
    return changed(back, flags="R.", ack=packet.seq + length & 0xFFFFFFFF)
