"""Sockets: who listens, who waits for an answer, and the apps behind them.

A socket hears a packet and says which packets it sends in return; sending them is the stack's business. TCP here is
the handshake, a request, its answer, the close, refusal and reset, without loss and without windows. States after
RFC 9293, section 3.3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from k8snet.errors import CommandError
from k8snet.linux.address import ANY, Ip
from k8snet.linux.fact import changed
from k8snet.linux.icmp import errno_of
from k8snet.linux.packet import Icmp, Packet

if TYPE_CHECKING:
    from k8snet.linux.world import World

FIRST_PORT = 40000
SEGMENT = 1460
"""Bytes of data in a full TCP segment on a link of 1500."""
OWN_TTL = 0
"""In a packet that a kernel makes by itself: it will be the namespace's own (`stack.send` writes it)."""
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


class Listener:
    """A socket that waits for whoever comes, on one address or on all (0.0.0.0)."""

    state = "LISTEN"

    def __init__(self, proto: str, ip: Ip, port: int, app: App) -> None:
        self.proto = proto
        self.ip = ip
        self.port = port
        self.app = app

    def hear(self, packet: Packet, sockets: Sockets, world: World) -> Heard | None:
        """A datagram is answered at once; a SYN opens a connection; anything else is not for a listener."""
        peer = f"{packet.src}:{packet.sport}"
        if self.proto != "tcp":
            return Heard(self.app.name, [self._answer(packet, self.app.answer(packet.data, peer))], self.app)
        if packet.flags != "S":
            return None
        conn = Tcp((packet.dst, packet.dport), (packet.src, packet.sport), app=self.app, seq=world.draw(0, 0xFFFFFFFF),
                   ttl=OWN_TTL)
        sockets.open(conn)
        return Heard(self.app.name, conn.accept(packet))

    def _answer(self, packet: Packet, data: bytes) -> Packet:
        """A datagram back to where one came from.

        Over UDP it leaves from the address that the socket is bound to, whatever the question was sent to; bound to none,
        from the one that the route gives (RFC 1122, section 4.1.3.5, warns of that).
        """
        back = Packet(packet.dst, packet.src, packet.proto, packet.dport, packet.sport, ttl=OWN_TTL, data=data, df=True)
        return changed(back, src=self.ip) if self.proto == "udp" else back


class TunnelSocket:
    """A UDP socket of the kernel's own, where a tunnel ends; all VXLAN devices with that port share it."""

    proto, ip, app = "udp", ANY, None

    def __init__(self, port: int) -> None:
        self.port = port

    def hear(self, packet: Packet, sockets: Sockets, world: World) -> Heard:
        """Whatever comes is the tunnel's."""
        return Heard("kernel", [], tunnel=True)


class Tcp:
    """One end of a TCP connection. The asker sends ``request``, and closes when the answer is complete."""

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
        """Data, or what follows data that was lost, for an asker who has given up and closed (RFC 9293, section 3.6.1)."""
        has_given_up = self.state == "FIN_WAIT" and self.app is None and not self.answered
        return has_given_up and packet.seq + len(packet.data) > self.ack

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


class Exchange:
    """The asker's end of one datagram and its answer: UDP, SCTP (as NAT sees it), ICMP echo."""

    app = None

    def __init__(self, request: Packet) -> None:
        self.request = request
        self.proto = request.proto
        self.ip, self.peer, self.peer_port = request.src, request.dst, request.dport
        self.port = request.icmp.id if request.icmp else request.sport
        self.state = "ESTABLISHED"
        self.reply: Packet | None = None
        self.errno: str | None = None
        self.icmp: Icmp | None = None

    @property
    def data(self) -> bytes:
        """What the answer carried."""
        return self.reply.data if self.reply else b""

    @property
    def done(self) -> bool:
        """Whether the asker knows how it ended."""
        return self.reply is not None or self.errno is not None

    def hear(self, packet: Packet, sockets: Sockets, world: World) -> Heard:
        """The answer."""
        self.reply = packet
        return Heard("client", [])

    def hear_error(self, icmp: Icmp) -> None:
        """An ICMP error about our packet. The socket asked for all of them (IP_RECVERR), as ping and resolvers do.

        What sending itself has failed with (EPERM) was told before.
        """
        self.errno, self.icmp = self.errno or errno_of(icmp), icmp


class Sockets:
    """All sockets of a network namespace."""

    def __init__(self) -> None:
        self.listeners: list[Listener | TunnelSocket] = []
        self._open: dict[tuple[str, Ip, int, Ip, int], Tcp | Exchange] = {}
        self._next_port = FIRST_PORT
        self._next_echo_id = 1

    def listen(self, proto: str, ip: Ip, port: int, app: App) -> Listener:
        """Bind an app to a port; CommandError (EADDRINUSE) if another app has it."""
        if self._is_taken(proto, ip, port):
            raise CommandError("bind: Address already in use", errno="EADDRINUSE")
        listener = Listener(proto, ip, port, app)
        self.listeners.append(listener)
        return listener

    def open_tunnel(self, port: int) -> bool:
        """See that the kernel has a tunnel's socket on a UDP port; False if an app has the port."""
        if not any(isinstance(each, TunnelSocket) and each.port == port for each in self.listeners):
            if self._is_taken("udp", ANY, port):
                return False
            self.listeners.append(TunnelSocket(port))
        return True

    def close_tunnel(self, port: int) -> None:
        """Close the kernel's socket on a UDP port."""
        self.listeners = [each for each in self.listeners if not (isinstance(each, TunnelSocket) and each.port == port)]

    def _is_taken(self, proto: str, ip: Ip, port: int) -> bool:
        return any((other.proto, other.port) == (proto, port) and (other.ip == ip or ANY in (other.ip, ip))
                   for other in self.listeners)

    def next_port(self) -> int:
        """A source port that nobody chose: 40000, 40001, …"""
        port = self._next_port
        self._next_port += 1
        return port

    def next_echo_id(self) -> int:
        """The id of the next ping: 1, 2, …"""
        echo_id = self._next_echo_id
        self._next_echo_id += 1
        return echo_id

    def open(self, socket: Tcp | Exchange) -> None:
        """Enter a connected socket."""
        self._open[self._key(socket)] = socket

    def close(self, socket: Tcp | Exchange) -> None:
        """Forget a connected socket."""
        self._open.pop(self._key(socket), None)

    def connected(self) -> list[Tcp | Exchange]:
        """All connected sockets, the oldest first."""
        return list(self._open.values())

    def receive(self, packet: Packet, world: World) -> Heard | None:
        """Hand a packet to the socket that it is for; None if there is none."""
        key = (packet.proto, packet.dst, packet.dport, packet.src, packet.sport)
        socket = self._open.get(_echo_key(packet.icmp.id) if packet.icmp else key)
        if socket is not None:
            return socket.hear(packet, self, world)
        listener = self._listener(packet)
        return listener.hear(packet, self, world) if listener is not None else None

    def receive_error(self, icmp: Icmp) -> str | None:
        """Tell the socket whose packet an ICMP error quotes; returns the socket's owner, None if there is none."""
        quote = icmp.quote
        if quote is None:
            return None
        key = (quote.proto, quote.src, quote.sport, quote.dst, quote.dport)
        socket = self._open.get(_echo_key(quote.icmp.id) if quote.icmp else key)
        if socket is None:
            return None
        socket.hear_error(icmp)
        return socket.app.name if socket.app else "client"

    def _listener(self, packet: Packet) -> Listener | TunnelSocket | None:
        """The listener for a packet; one bound to the address itself goes first."""
        fits = [each for each in self.listeners if (each.proto, each.port) == (packet.proto, packet.dport)]
        exact = (each for each in fits if each.ip == packet.dst)
        return next(exact, next((each for each in fits if each.ip == ANY), None))

    @staticmethod
    def _key(socket: Tcp | Exchange) -> tuple[str, Ip, int, Ip, int]:
        if socket.proto == "icmp":
            return _echo_key(socket.port)
        return (socket.proto, socket.ip, socket.port, socket.peer, socket.peer_port)


def _echo_key(echo_id: int) -> tuple[str, Ip, int, Ip, int]:
    """An echo's answer is known by its id alone, whoever it comes from."""
    return ("icmp", ANY, echo_id, ANY, 0)


def reset_for(packet: Packet) -> Packet | None:
    """The RST that answers a segment nobody wants (RFC 9293, section 3.10.7.1); None for one that is a RST itself."""
    if "R" in packet.flags:
        return None
    back = Packet(packet.dst, packet.src, "tcp", packet.dport, packet.sport, ttl=OWN_TTL, df=True)
    if "." in packet.flags:
        return changed(back, flags="R", seq=packet.ack)
    length = len(packet.data) + ("S" in packet.flags) + ("F" in packet.flags)
    return changed(back, flags="R.", ack=packet.seq + length & 0xFFFFFFFF)
