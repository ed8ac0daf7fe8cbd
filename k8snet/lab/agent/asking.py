"""Who listens, and who asks: apps, connections, datagrams and pings by real sockets.

Source: ip(7) (IP_RECVERR), icmp(7).
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from contextlib import ExitStack, suppress
from threading import Thread
from typing import Any

from k8snet.lab.agent.inside import Reply, inside

Question = dict[str, Any]
"""dst, source, number (source port or echo id), ttl, timeout; connect: port, proto, data, keep_open; ping: size, df, seq."""

IP_MTU_DISCOVER = 10
PMTUDISC = {False: 0, None: 1, True: 2}
"""By what a question says about fragments: IP_PMTUDISC_DONT, _WANT, _DO."""
IP_RECVERR = 11
SO_EE_ORIGIN_ICMP = 2
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ")

apps: dict[tuple[str, str, int, str], App] = {}
"""By netns, address, port and protocol."""
kept: dict[tuple[object, ...], socket.socket] = {}
"""Connections that stay open when their question is answered, by netns, source, port, and whom they are with."""


# --- apps that listen ---------------------------------------------------------------------------------------------


class App:
    """A program that answers with its name and the peer that it sees."""

    def __init__(self, netns: str, ip: str, port: int, proto: str, name: str) -> None:
        self.name = name
        with inside(netns):
            self.socket = open_socket(proto)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((ip, port))
        self.connections: dict[socket.socket, Thread] = {}
        if proto != "udp":
            self.socket.listen()
        self.thread = Thread(target=self.take_datagrams if proto == "udp" else self.take_connections, daemon=True)
        self.thread.start()

    def take_datagrams(self) -> None:
        """Answer each datagram."""
        while True:
            _, peer = self.socket.recvfrom(65536)
            if not peer:  # shut down
                return
            with suppress(OSError):  # an answer that cannot be sent: the asker will see that none comes
                self.socket.sendto(answer(self.name, peer), peer)

    def take_connections(self) -> None:
        """Take each connection; each is answered by a thread of its own, as one may stay open."""
        with suppress(OSError):  # shut down
            while True:
                connection, peer = self.socket.accept()
                self.connections[connection] = Thread(target=self.converse, args=(connection, peer), daemon=True)
                self.connections[connection].start()

    def converse(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Answer each request of a connection until the other side closes it."""
        with connection, suppress(OSError):  # a reset ends it as well
            while request := connection.recv(65536):
                body = answer(self.name, peer)
                connection.sendall(http(body) if request.startswith(METHODS) else body)
        self.connections.pop(connection)

    def end(self) -> None:
        """Close all sockets, as a process does that ends."""
        wake_and_join(self.socket, self.thread)
        for connection, thread in list(self.connections.items()):
            wake_and_join(connection, thread)
        self.socket.close()


def wake_and_join(sock: socket.socket, thread: Thread) -> None:
    """Shut a socket down, which wakes the thread that waits at it, and see the thread end."""
    with suppress(OSError):  # a datagram socket has no peer, and is shut down all the same
        sock.shutdown(socket.SHUT_RDWR)
    thread.join()


def listen(netns: str, ip: str, port: int, proto: str, name: str) -> Reply:
    """Start an app."""
    apps[netns, ip, port, proto] = App(netns, ip, port, proto, name)
    return {}


def close(netns: str, ip: str, port: int, proto: str) -> Reply:
    """End an app."""
    apps.pop((netns, ip, port, proto)).end()
    return {}


def end_apps(netns: str) -> None:
    """End all apps of a namespace, and whoever keeps a connection open."""
    for key in [key for key in apps if key[0] == netns]:
        apps.pop(key).end()
    for end in [end for end in kept if end[0] == netns]:
        kept.pop(end).close()


def open_socket(proto: str) -> socket.socket:
    """A socket for one of the transport protocols."""
    kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
    return socket.socket(socket.AF_INET, kind, {"tcp": 6, "udp": 17, "sctp": 132}[proto])


def answer(name: str, peer: tuple[str, int]) -> bytes:
    """What an app says: who it is, and whom it sees (the model's is app.py, ``App``)."""
    return f"{name} saw {peer[0]}:{peer[1]}\n".encode()


def http(body: bytes) -> bytes:
    """The same as an HTTP response."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


# --- questions ----------------------------------------------------------------------------------------------------


def connect(netns: str, question: Question) -> Reply:
    """Open a connection (or send one datagram) from a given port, say something, read the answer.

    One that was kept open is used again. Whoever asks to ``keep_open`` may do so next time.
    """
    ends = (netns, question["source"], question["number"], question["dst"], question["port"])
    deadline = time.monotonic() + question["timeout"]
    received = b""
    with ExitStack() as closing:
        sock = kept.pop(ends) if ends in kept else new_socket(netns, question["proto"])
        closing.enter_context(sock)
        try:
            if not is_connected(sock):
                prepare(sock, question)
                sock.settimeout(question["timeout"])
                sock.connect((question["dst"], question["port"]))
            sock.sendall(question["data"].encode())
            while not received.endswith(b"\n"):
                sock.settimeout(max(0.001, deadline - time.monotonic()))
                chunk = sock.recv(65536)
                received += chunk
                if not chunk:
                    break
        except OSError as error:
            return {"errno": error_name(error), "icmp": queued_icmp(sock), "data": received.decode()}
        if question.get("keep_open"):
            kept[ends] = sock
            closing.pop_all()
    return {"errno": None, "icmp": None, "data": received.decode()}


def new_socket(netns: str, proto: str) -> socket.socket:
    """A socket in a network namespace."""
    with inside(netns):
        return open_socket(proto)


def is_connected(sock: socket.socket) -> bool:
    """Whether a socket has a peer."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def time_connects(dst: str, port: int, times: int) -> Reply:
    """How long connect() takes, in nanoseconds: the median of so many, each of which is reset at once."""
    taken = []
    for _ in range(times):
        with open_socket("tcp") as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            begin = time.perf_counter_ns()
            sock.connect((dst, port))
            taken.append(time.perf_counter_ns() - begin)
    return {"nanoseconds": sorted(taken)[times // 2]}


def prepare(sock: socket.socket, question: Question) -> None:
    """Bind the socket to what the question says (source, number, ttl), and let it hear of ICMP errors."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    if question["ttl"] is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, question["ttl"])
    sock.bind((question["source"], question["number"]))


def error_name(error: OSError) -> str | None:
    """``ECONNREFUSED`` and the like; None where the socket merely waited in vain."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return None
    return errno.errorcode.get(error.errno or 0)


def queued_icmp(sock: socket.socket) -> tuple[int, int] | None:
    """Type and code of the ICMP error in the socket's error queue, if there is one (struct sock_extended_err)."""
    sock.setblocking(False)  # else recvmsg waits for the answer before it looks at the queue
    try:
        _, ancillary, _, _ = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, content in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_RECVERR:
            _, origin, type_, code = struct.unpack_from("IBBB", content)
            return (type_, code) if origin == SO_EE_ORIGIN_ICMP else None
    return None


def ping(netns: str, question: Question) -> Reply:
    """Send one ICMP echo request with a given id and wait for its answer."""
    with inside(netns):
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    deadline = time.monotonic() + question["timeout"]
    number, seq = question["number"], question["seq"]
    with sock:
        try:
            prepare(sock, question)
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC[question["df"]])
            sock.sendto(echo_request(number, seq, question["size"]), (question["dst"], 0))
            while True:
                sock.settimeout(max(0.001, deadline - time.monotonic()))
                if is_echo_reply(sock.recv(65536), number, seq):
                    return {"errno": None, "icmp": None, "data": "echo reply"}
        except OSError as error:
            return {"errno": error_name(error), "icmp": queued_icmp(sock), "data": ""}


def echo_request(number: int, seq: int, size: int) -> bytes:
    """An ICMP echo request with its checksum (RFC 792)."""
    message = struct.pack("!BBHHH", 8, 0, 0, number, seq) + bytes(size)
    padded = message + bytes(len(message) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:]


def is_echo_reply(packet: bytes, number: int, seq: int) -> bool:
    """Whether an IPv4 packet is the answer to our echo request."""
    header = (packet[0] & 15) * 4
    type_, _, _, its_number, its_seq = struct.unpack_from("!BBHHH", packet, header)
    return (type_, its_number, its_seq) == (0, number, seq)
