"""Sockets: who listens, and who waits for an answer.

A socket hears a packet and says which packets it sends in return; sending them is the stack's business. The apps are in
app.py, and what one end of a TCP connection does is in tcp.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from k8snet.errors import CommandError
from k8snet.linux.address import ANY, Ip
from k8snet.linux.app import App, Heard
from k8snet.linux.fact import changed
from k8snet.linux.icmp import errno_of
from k8snet.linux.packet import OWN_TTL, Icmp, Packet
from k8snet.linux.tcp import Tcp

if TYPE_CHECKING:
    from k8snet.linux.world import World

FIRST_PORT = 40000
"""The first source port that nobody chose; Linux draws them at random."""


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

    def end(self, proto: str, ip: Ip, port: int) -> list[Packet]:
        """End the app that listens there: what its connections still say. CommandError (ENOENT) if nobody listens."""
        for each in self.listeners:
            if isinstance(each, Listener) and (each.proto, each.ip, each.port) == (proto, ip, port):
                self.listeners.remove(each)
                return self._abandon([conn for conn in self._open.values() if conn.app is each.app])
        raise CommandError(f"nobody listens on {proto} {ip}:{port}", errno="ENOENT")

    def end_all(self) -> list[Packet]:
        """End whoever has a socket here: what the connections still say."""
        self.listeners.clear()
        return self._abandon(self.connected())

    def _abandon(self, conns: Iterable[Tcp | Exchange]) -> list[Packet]:
        said: list[Packet] = []
        for conn in conns:
            said += conn.abandon() if isinstance(conn, Tcp) else []
            if conn.state == "CLOSED":
                self.close(conn)
        return said

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

    def kept(self, here: tuple[Ip, int], there: tuple[Ip, int]) -> Tcp | None:
        """The asker's end of a connection that was kept open between these two; None if there is none."""
        found = self._open.get(("tcp", *here, *there))
        return found if isinstance(found, Tcp) and found.keep_open and found.state == "ESTABLISHED" else None

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
