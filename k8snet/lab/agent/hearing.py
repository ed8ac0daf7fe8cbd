"""What is heard: frames on every device of a namespace, and what nftables tells of the rules that packets meet.

Source: packet(7), netlink(7).
"""

from __future__ import annotations

import errno
import mmap
import select
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread

from k8snet.lab.agent.inside import Reply, inside, run

ETH_P_ALL = 3
SOL_PACKET, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 263, 5, 6, 10
TPACKET_V2, TP_STATUS_USER = 1, 1
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_NETFILTER, NFNLGRP_NFTRACE = 270, 1, 12, 9
FRAMES, FRAME_BYTES, BLOCK_BYTES = 2048, 512, 1 << 16
"""A ring's size. A frame is cut to what fits beside its 80 bytes of notes: all headers, and what ICMP errors quote of them."""
QUIET_SECONDS = 0.05
"""So long must nothing be heard on any device before a question counts as over."""

Heard = tuple[int, str, str, str, str]
"""A captured frame: nanoseconds, netns, device, direction, its bytes in hex."""

rings: list[Ring] = []
traces: list[tuple[str, str]] = []
"""What nftables told of packets that met rules: netns, netlink message in hex."""
hearing: dict[str, Thread] = {}
"""Who hears of them, by netns."""


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


# --- the end ------------------------------------------------------------------------------------------------------


def stop_hearing(netns: str) -> None:
    """Close all that hears in a namespace."""
    for ring in [ring for ring in rings if ring.netns == netns]:
        rings.remove(ring)
        with suppress(OSError):
            ring.close()
    hears = hearing.pop(netns, None)
    if hears is not None:
        hears.join()
