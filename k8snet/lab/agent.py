"""The program inside: it runs in private namespaces, takes one JSON request a line, and gives one JSON reply a line.

kernel.py starts it as a bare script, so it imports only the standard library. Requests are the functions of
`REQUESTS`: run a command, make a network namespace bare, listen, connect, ping, watch the wires. It is process 1 of
its process namespace: when its standard input ends, it ends, and the kernel kills all that it started and takes the
namespaces down.

Sources: setns(2), mount(2), packet(7), ip(7) (IP_RECVERR), icmp(7).
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

Reply = dict[str, Any]
Question = dict[str, Any]
"""dst, source, number (source port or echo id), ttl, timeout; connect: port, proto, data; ping: size, df, seq."""

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ROOT = "root"
IP_MTU_DISCOVER = 10
PMTUDISC = {False: 0, None: 1, True: 2}
"""By what a question says about fragments: IP_PMTUDISC_DONT, _WANT, _DO."""
IP_RECVERR = 11
SO_EE_ORIGIN_ICMP = 2
ETH_P_ALL = 3
SOL_PACKET, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 263, 5, 6, 10
TPACKET_V2, TP_STATUS_USER = 1, 1
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_NETFILTER, NFNLGRP_NFTRACE = 270, 1, 12, 9
FRAMES, FRAME_BYTES, BLOCK_BYTES = 2048, 512, 1 << 16
"""A ring's size. A frame is cut to what fits beside its 80 bytes of notes: all headers, and what ICMP errors quote of them."""
QUIET_SECONDS = 0.05
"""So long must nothing be heard on any device before a question counts as over."""

GONE_SECONDS = 10.0
"""So long a deleted namespace may take to go."""
NO_IPV6 = {"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv6.conf.default.disable_ipv6": 1}
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ")

Heard = tuple[int, str, str, str, str]
"""A captured frame: nanoseconds, netns, device, direction, its bytes in hex."""

rings: list[Ring] = []
apps: dict[tuple[str, str, int, str], App] = {}
"""By netns, address, port and protocol."""
traces: list[tuple[str, str]] = []
"""What nftables told of packets that met rules: netns, netlink message in hex."""
hearing: dict[str, Thread] = {}
"""Who hears of them, by netns."""


# --- network namespaces -------------------------------------------------------------------------------------------


def call(result: int) -> None:
    """Raise what the C library's function failed with."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def inside(netns: str) -> Iterator[None]:
    """Be in a network namespace: sockets made here and processes started here belong to it."""
    path = Path("/proc/self/ns/net" if netns == ROOT else f"/run/netns/{netns}")
    with Path("/proc/thread-self/ns/net").open() as home, path.open() as there:
        call(LIBC.setns(there.fileno(), CLONE_NEWNET))
        try:
            yield
        finally:
            call(LIBC.setns(home.fileno(), CLONE_NEWNET))


def bare(netns: str, switches: dict[str, int]) -> Reply:
    """Bring a new namespace to a known state: IPv6 off, and these sysctls, which it may have inherited otherwise."""
    missing = []
    with inside(netns):
        for name, value in {**switches, **NO_IPV6}.items():
            try:
                write_switch(name, value)
            except FileNotFoundError:
                missing.append(name)
    return {"missing": missing}


def vacate(netns: str) -> Reply:
    """Leave a namespace that is about to be deleted: the kernel keeps it for as long as somebody has a socket there."""
    for key in [key for key in apps if key[0] == netns]:
        apps.pop(key).end()
    for ring in [ring for ring in rings if ring.netns == netns]:
        rings.remove(ring)
        with suppress(OSError):
            ring.close()
    hears = hearing.pop(netns, None)
    if hears is not None:
        hears.join()
    return {}


def await_gone(devices: list[tuple[str, str]]) -> Reply:
    """Wait until these devices (netns, name) are gone: a deleted namespace is taken down some time later."""
    deadline = time.monotonic() + GONE_SECONDS
    for netns, device in devices:
        with inside(netns):
            while device in [name for _, name in socket.if_nameindex()]:
                if time.monotonic() > deadline:
                    raise OSError(errno.ETIMEDOUT, f"{device} in {netns} has not gone")
                time.sleep(0.001)
    return {}


def write_switch(name: str, value: int) -> None:
    """Set a sysctl of the namespace that we are in."""
    Path("/proc/sys", *name.split(".")).write_text(str(value))


# --- commands -----------------------------------------------------------------------------------------------------


def run(words: list[str], stdin: str, netns: str, timeout: float) -> Reply:
    """Run a command in a namespace."""
    try:
        with inside(netns):
            done = subprocess.run(words, input=stdin, text=True, capture_output=True, timeout=timeout, check=False)
    except FileNotFoundError:
        return {"code": 127, "out": "", "err": f"sh: 1: {words[0]}: not found"}
    except subprocess.TimeoutExpired:
        return {"code": 124, "out": "", "err": f"{words[0]}: no end after {timeout:g} s"}
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


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
    """Open a connection (or send one datagram) from a given port, say something, read the answer."""
    with inside(netns):
        sock = open_socket(question["proto"])
    deadline = time.monotonic() + question["timeout"]
    received = b""
    with sock:
        try:
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
    return {"errno": None, "icmp": None, "data": received.decode()}


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


# --- captures -----------------------------------------------------------------------------------------------------


class Ring:
    """A packet socket that hears every device of a namespace, and a ring into which the kernel copies what it hears.

    Without a ring the kernel keeps a reference to the packet, and what it writes into it later shows: br_netfilter puts
    back the MAC address of a bridged frame after br0 has let it out. tcpdump uses a ring as well. The socket is not
    promiscuous, because that changes what a bridge hears.
    """

    def __init__(self, netns: str) -> None:
        with inside(netns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.names = dict(socket.if_nameindex())
        self.netns = netns
        self.at = 0
        self.socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        request = struct.pack("IIII", BLOCK_BYTES, FRAMES * FRAME_BYTES // BLOCK_BYTES, FRAME_BYTES, FRAMES)
        self.socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        self.memory = mmap.mmap(self.socket.fileno(), FRAMES * FRAME_BYTES)

    def fileno(self) -> int:
        """For select()."""
        return self.socket.fileno()

    def frames(self) -> Iterator[Heard]:
        """What has been heard since the last time (struct tpacket2_hdr, and behind it struct sockaddr_ll)."""
        while True:
            start = self.at * FRAME_BYTES
            status, _, length, offset, _, seconds, nanoseconds = struct.unpack_from("IIIHHII", self.memory, start)
            if not status & TP_STATUS_USER:
                return
            index, _, kind = struct.unpack_from("iHB", self.memory, start + 36)
            octets = self.memory[start + offset : start + offset + length]
            direction = "out" if kind == socket.PACKET_OUTGOING else "in"
            yield seconds * 10**9 + nanoseconds, self.netns, self.names.get(index, "gone"), direction, octets.hex()
            struct.pack_into("I", self.memory, start, 0)
            self.at = (self.at + 1) % FRAMES

    def begin_anew(self) -> None:
        """Forget what has been heard; know the devices that are there now."""
        for _ in self.frames():
            pass
        with inside(self.netns):
            self.names = dict(socket.if_nameindex())

    def close(self) -> None:
        """Stop listening. OSError if frames were lost because the ring was full."""
        _, lost = struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self.memory.close()
        self.socket.close()
        if lost:
            raise OSError(errno.ENOBUFS, f"{lost} frames in {self.netns} were not captured")


def watch(netns: list[str]) -> Reply:
    """Begin to listen, or to listen anew, on every device of these namespaces."""
    for ring in rings:
        ring.begin_anew()
    known = {ring.netns for ring in rings}
    rings.extend(Ring(name) for name in netns if name not in known)
    return {}


def captured(go_on: bool = False) -> Reply:
    """Wait until all is quiet, stop listening unless it is to go on, and return what was heard, in order of time."""
    frames: list[Heard] = []
    while ready := select.select(rings, [], [], QUIET_SECONDS)[0]:
        frames += [frame for ring in ready for frame in ring.frames()]
    if not go_on:
        close_rings()
    return {"frames": in_order(frames)}


def close_rings() -> None:
    """Stop listening; all at once, as the kernel waits for a grace period with each."""
    closing = rings.copy()
    rings.clear()
    with ThreadPoolExecutor(max_workers=16) as threads:
        list(threads.map(Ring.close, closing))


def in_order(frames: list[Heard]) -> list[Heard]:
    """Sorted by time, but never against the order of one namespace's own ring.

    An incoming frame's timestamp is from when it was queued, which may be before another one, ahead of it, has left.
    """
    latest: dict[str, int] = {}
    times = []
    for time_, netns, *_ in frames:
        latest[netns] = max(time_, latest.get(netns, 0))
        times.append(latest[netns])
    return [frame for _, frame in sorted(zip(times, frames, strict=True), key=lambda pair: pair[0])]


# --- rules --------------------------------------------------------------------------------------------------------


def trace_rules(netns: str, table: str) -> Reply:
    """Add an nftables table that marks packets as to be traced, and begin to listen; returns all rules as nft lists them.

    Asked again, it only lists them, and what has been heard there is forgotten.
    """
    begins = netns not in hearing
    done = run(["nft", "--handle", "--file", "-"], f"{table if begins else ''}\nlist ruleset\n", netns, 10)
    traces[:] = [each for each in traces if each[0] != netns]
    if begins and done["code"] == 0:
        with inside(netns):
            sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        sock.bind((0, 0))
        sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE)
        sock.settimeout(QUIET_SECONDS)
        hearing[netns] = Thread(target=hear_traces, args=(sock, netns), daemon=True)
        hearing[netns].start()
    return done


def hear_traces(sock: socket.socket, netns: str) -> None:
    """Write down each message; an empty one says that some were lost, because they came too quickly."""
    with sock:
        while netns in hearing:
            try:
                traces.append((netns, sock.recv(65536).hex()))
            except TimeoutError:
                continue
            except OSError:
                traces.append((netns, ""))


def traced() -> Reply:
    """What has been told of rules; to be asked when all is quiet (`captured`). OSError if some of it was lost."""
    if any(not message for _, message in traces):
        raise OSError(errno.ENOBUFS, "some rules that packets met were not heard of")
    return {"messages": traces}


# --- the loop -----------------------------------------------------------------------------------------------------

REQUESTS: dict[str, Callable[..., Reply]] = {
    "run": run, "bare": bare, "vacate": vacate, "await_gone": await_gone, "listen": listen, "close": close, "connect": connect,
    "ping": ping, "watch": watch, "captured": captured, "trace_rules": trace_rules, "traced": traced,
}


def end_with_parent() -> None:
    """End at once when the other end of our standard input is gone, whatever else is under way."""
    poll = select.poll()
    poll.register(0, 0)  # hang-up is always reported
    poll.poll()
    os._exit(0)


def say(reply: Reply) -> None:
    """Write one reply."""
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer requests until there are no more."""
    call(LIBC.mount(b"tmpfs", b"/run", b"tmpfs", 0, None))
    Thread(target=end_with_parent, daemon=True).start()
    say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = REQUESTS[request.pop("do")](**request)
        except OSError as error:
            reply = {"failed": errno.errorcode.get(error.errno or 0, "EIO"), "text": error.strerror or str(error)}
        say(reply)


if __name__ == "__main__":
    main()
