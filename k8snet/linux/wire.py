"""Frames as bytes: what is on the wire when the model's frames are written out, checksums included.

Facts about formats only. Sources: IEEE 802.3; RFC 826 (ARP), 791 (IPv4), 1071 (the Internet checksum), 792 (ICMP),
9293 (TCP), 768 (UDP), 9260 (SCTP, with its CRC32c), 7348 (VXLAN).

A fragment's bytes are a slice of its whole packet's: only that knows the length and the checksum that are in them.
"""

from __future__ import annotations

import struct

from k8snet.errors import NotModelled
from k8snet.linux.address import ANY
from k8snet.linux.packet import PROTOCOL_NUMBERS, REDIRECT, UNREACHABLE, Arp, Frame, Icmp, Inner, Packet, quoted_bytes

ETHERTYPE_IPV4, ETHERTYPE_ARP = 0x0800, 0x0806
ARP_OPERATIONS = {"request": 1, "reply": 2}
TCP_FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, ".": 0x10, "U": 0x20}
"""The bits of the TCP flags, under tcpdump's letters."""
TCP_WINDOW = 64240
MORE_FRAGMENTS, DONT_FRAGMENT = 0x2000, 0x4000
VXLAN_HAS_VNI = 0x08


def encode(frame: Frame, whole: Packet | None = None) -> bytes:
    """The bytes of a frame, without preamble and frame check sequence, as a capture holds them.

    ``whole`` is the packet of which a fragment is a piece; without it the transport header is made from the piece alone.
    NotModelled for a protocol that has no wire format here.

    >>> from k8snet.linux.address import Ip
    >>> arp = Arp("request", "02:00:00:00:00:01", Ip("10.1.1.1"), "00:00:00:00:00:00", Ip("10.1.1.2"))
    >>> encode(Frame("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", arp)).hex(" ", 2)[:44]
    'ffff ffff ffff 0200 0000 0001 0806 0001 0800'
    """
    is_arp = isinstance(frame.payload, Arp)
    header = _mac(frame.dst) + _mac(frame.src) + struct.pack("!H", ETHERTYPE_ARP if is_arp else ETHERTYPE_IPV4)
    return header + (_arp(frame.payload) if isinstance(frame.payload, Arp) else encode_packet(frame.payload, whole))


def encode_packet(packet: Packet, whole: Packet | None = None) -> bytes:
    """The bytes of an IPv4 packet, from its IPv4 header on; for a fragment see `encode`."""
    if packet.proto not in PROTOCOL_NUMBERS:
        raise NotModelled(f"the wire format of {packet.proto}", known=", ".join(PROTOCOL_NUMBERS))
    if whole is not None:
        payload = _transport(whole)[packet.offset : packet.offset + packet.payload_length]
    else:
        payload = packet.data if packet.offset else _transport(packet)
    return _ipv4_header(packet, 20 + len(payload)) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words (RFC 1071).

    >>> hex(checksum(bytes.fromhex("0001f203f4f5f6f7")))
    '0x220d'
    """
    even = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(even[i : i + 2], "big") for i in range(0, len(even), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _arp(arp: Arp) -> bytes:
    head = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, ARP_OPERATIONS[arp.op])
    sender = _mac(arp.sender_mac) + arp.sender_ip.to_bytes(4, "big")
    return head + sender + _mac(arp.target_mac) + arp.target_ip.to_bytes(4, "big")


def _ipv4_header(packet: Packet, length: int) -> bytes:
    fragment = packet.offset // 8 | (MORE_FRAGMENTS if packet.more else 0) | (DONT_FRAGMENT if packet.df else 0)
    fields = (0x45, packet.tos, length, packet.id, fragment, packet.ttl, PROTOCOL_NUMBERS[packet.proto])
    addresses = packet.src.to_bytes(4, "big") + packet.dst.to_bytes(4, "big")
    bare = struct.pack("!BBHHHBBH", *fields, 0) + addresses
    return struct.pack("!BBHHHBBH", *fields, checksum(bare)) + addresses


def _transport(packet: Packet) -> bytes:
    if packet.proto == "icmp":
        return _icmp(packet.icmp or Icmp(0), packet.data)
    return {"tcp": _tcp, "udp": _udp, "sctp": _sctp}[packet.proto](packet)


def _pseudo_header(packet: Packet, length: int) -> bytes:
    """What TCP and UDP sum beside their own bytes, so that a packet with wrong addresses is noticed."""
    addresses = packet.src.to_bytes(4, "big") + packet.dst.to_bytes(4, "big")
    return addresses + struct.pack("!BBH", 0, PROTOCOL_NUMBERS[packet.proto], length)


def _tcp(packet: Packet) -> bytes:
    flags = sum(TCP_FLAGS[letter] for letter in packet.flags)
    numbers = struct.pack("!II", packet.seq & 0xFFFFFFFF, packet.ack & 0xFFFFFFFF)
    head = struct.pack("!HH", packet.sport, packet.dport) + numbers + struct.pack("!BBH", 5 << 4, flags, TCP_WINDOW)
    bare = head + b"\0\0\0\0" + packet.data
    total = checksum(_pseudo_header(packet, len(bare)) + bare)
    return head + struct.pack("!HH", total, 0) + packet.data


def _udp(packet: Packet) -> bytes:
    data = packet.data if packet.inner is None else _vxlan(packet.inner)
    length = 8 + len(data)
    ports = struct.pack("!HHH", packet.sport, packet.dport, length)
    total = checksum(_pseudo_header(packet, length) + ports + b"\0\0" + data)
    return ports + struct.pack("!H", total or 0xFFFF) + data


def _vxlan(inner: Inner) -> bytes:
    """The flag that says there is a VNI, the VNI, and the frame (RFC 7348, section 5)."""
    return struct.pack("!II", VXLAN_HAS_VNI << 24, inner.vni << 8) + encode(inner.frame)


def _icmp(icmp: Icmp, data: bytes) -> bytes:
    """Echoes carry id, seq and data; errors the quoted packet, cut to what the sender may quote."""
    if icmp.quote is not None:
        data = encode_packet(icmp.quote)[: quoted_bytes(icmp.quote)]
    rest = struct.pack("!HH", icmp.id, icmp.seq)
    if icmp.type == REDIRECT:
        rest = (icmp.gateway or ANY).to_bytes(4, "big")
    elif icmp.type == UNREACHABLE:
        rest = struct.pack("!HH", 0, icmp.mtu)
    kind = struct.pack("!BB", icmp.type, icmp.code)
    return kind + struct.pack("!H", checksum(kind + b"\0\0" + rest + data)) + rest + data


def _sctp(packet: Packet) -> bytes:
    """The common header and what follows it, as it is: chunks are the sender's business. The tag is not modelled."""
    head = struct.pack("!HHI", packet.sport, packet.dport, 0)
    return head + struct.pack("<I", crc32c(head + b"\0\0\0\0" + packet.data)) + packet.data


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC32C = _crc32c_table()


def crc32c(data: bytes) -> int:
    """The CRC32c (Castagnoli) checksum, SCTP's (RFC 9260, appendix A).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
