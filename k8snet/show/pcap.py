"""A trace's captures as a file for Wireshark, tshark and tcpdump.

The format is pcapng, whatever the file is called: readers look at the content, and pcapng, unlike pcap, names each
device and says which way a frame went. Source: draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from k8snet.linux.fact import changed
from k8snet.linux.fragment import Fragments
from k8snet.linux.packet import Arp, Packet
from k8snet.linux.wire import encode

if TYPE_CHECKING:
    from os import PathLike

    from k8snet.linux.steps import Captured
    from k8snet.linux.trace import Trace

EPOCH = 1767225600
"""2026-01-01 00:00:00 UTC: where a world's clock begins in the files."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_ETHERNET = 1
_SNAPLEN = 0x40000
_IF_NAME, _EPB_FLAGS = 2, 2
_DIRECTIONS = {"in": 1, "out": 2}


def pcap(trace: Trace, file: str | PathLike[str], *, netns: str | None = None, device: str | None = None) -> None:
    """Write what tcpdump would have seen, in order, with one named interface (``pod-a/eth0``) for each device.

    ``netns`` and ``device`` choose where to listen; without them every device of the way is in the file, so each
    packet is there several times, and Wireshark will call the later sightings retransmissions. Times are the world's
    seconds from 2026-01-01 on. OSError if the file cannot be written.

    >>> import os
    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip link set lo up")
    >>> pcap(w.ping("root", "127.0.0.1"), os.devnull, device="lo")
    """
    chosen = [c for c in trace.captures if netns in (None, c.netns) and device in (None, c.device)]
    Path(file).write_bytes(_pcapng(chosen))


def _pcapng(captures: list[Captured]) -> bytes:
    numbers: dict[tuple[str, str], int] = {}
    wholes = _wholes(captures)
    blocks = [_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for captured in captures:
        place = (captured.netns, captured.device)
        if place not in numbers:
            numbers[place] = len(numbers)
            blocks.append(_interface(f"{captured.netns}/{captured.device}"))
        data = encode(captured.frame, wholes.get(_datagram(captured.packet)))
        blocks.append(_packet(captured, data, numbers[place]))
    return b"".join(blocks)


def _interface(name: str) -> bytes:
    head = struct.pack("<HHI", _ETHERNET, 0, _SNAPLEN)
    return _block(_INTERFACE, head + _option(_IF_NAME, name.encode()) + _option(0))


def _wholes(captures: list[Captured]) -> dict[Hashable, Packet]:
    """The packets whose fragments were captured, put together again."""
    fragments, wholes = Fragments(), {}
    packets = (captured.packet for captured in captures)
    pieces = (changed(packet, ttl=0) for packet in packets if isinstance(packet, Packet) and packet.is_fragment)
    for piece in dict.fromkeys(pieces):  # a piece is captured many times, and with several TTLs
        whole = fragments.gather(piece, 0.0)
        if whole is not None:
            wholes[_datagram(piece)] = whole
    return wholes


def _datagram(packet: Packet | Arp) -> Hashable:
    """What all fragments of a packet, and no others, have in common (RFC 791); None for what is not a fragment."""
    if isinstance(packet, Arp) or not packet.is_fragment:
        return None
    return packet.src, packet.dst, packet.proto, packet.id


def _packet(captured: Captured, data: bytes, interface: int) -> bytes:
    when = EPOCH * 1_000_000 + round(captured.now * 1_000_000)
    head = struct.pack("<IIIII", interface, when >> 32, when & 0xFFFFFFFF, len(data), len(data))
    direction = struct.pack("<I", _DIRECTIONS[captured.direction])
    return _block(_PACKET, head + _padded(data) + _option(_EPB_FLAGS, direction) + _option(0))


def _block(kind: int, body: bytes) -> bytes:
    """A block: its kind, its length, the body, its length again."""
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _option(code: int, value: bytes = b"") -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
