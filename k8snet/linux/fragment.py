"""Fragments: cutting a packet that is too large for a link, and putting the pieces together (RFC 791, section 3.2)."""

from __future__ import annotations

from k8snet.errors import NotModelled
from k8snet.linux.fact import changed
from k8snet.linux.packet import HEADER_BYTES, Packet

LIFETIME = 30.0
"""Seconds that the pieces of a packet wait for the missing ones (net.ipv4.ipfrag_time)."""


def cut(packet: Packet, mtu: int) -> list[Packet]:
    """The pieces of a packet that pass a link of that MTU; all but the last carry a multiple of 8 bytes.

    >>> from k8snet.linux.address import Ip
    >>> whole = Packet(Ip("10.1.1.1"), Ip("10.1.2.2"), "udp", data=bytes(2000))
    >>> [(piece.length, piece.offset, piece.more) for piece in cut(whole, 1500)]
    [(1500, 0, True), (548, 1480, False)]
    """
    if packet.inner is not None:
        asked = f"cutting a VXLAN packet of {packet.length} bytes for an MTU of {mtu}"
        raise NotModelled(asked, known="a smaller MTU of the tunnel")
    room = (mtu - 20) // 8 * 8
    header = 0 if packet.offset else HEADER_BYTES.get(packet.proto, 0)
    pieces, start = [], 0
    while start < len(packet.data):
        length = room - (header if start == 0 else 0)
        offset = packet.offset + start + (header if start else 0)
        last = start + length >= len(packet.data)
        pieces.append(changed(packet, data=packet.data[start : start + length], offset=offset, more=packet.more or not last))
        start += length
    return pieces


class Fragments:
    """The pieces that a network namespace has got so far, by source, destination, protocol and packet id."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[int, int, str, int], tuple[float, list[Packet]]] = {}

    def gather(self, packet: Packet, now: float) -> Packet | None:
        """The packet itself if it is whole; the whole one with the last missing piece; None while one is missing."""
        if not packet.is_fragment:
            return packet
        key = (packet.src, packet.dst, packet.proto, packet.id)
        since, pieces = self._pieces.pop(key, (now, []))
        pieces = [packet] if now - since > LIFETIME else sorted([*pieces, packet], key=lambda piece: piece.offset)
        whole = _join(pieces)
        if whole is None:
            self._pieces[key] = (since, pieces)
        return whole


def _join(pieces: list[Packet]) -> Packet | None:
    expected = 0
    for piece in pieces:
        if piece.offset != expected:
            return None
        expected += piece.payload_length
    if pieces[-1].more:
        return None
    return changed(pieces[0], data=b"".join(piece.data for piece in pieces), more=False)
