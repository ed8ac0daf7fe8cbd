"""Bytes from a wire -> the same facts that the model's captures are made of, and a line for each, to compare by.

Reads what the model can send: ARP, and IPv4 with TCP, UDP, SCTP or ICMP. Headers after RFC 826, 791, 792, 9293, 768.
"""

from __future__ import annotations

import struct

from k8snet.linux.address import Ip
from k8snet.linux.fact import changed
from k8snet.linux.packet import (
    ECHO_REPLY,
    ECHO_REQUEST,
    PROTOCOL_NUMBERS,
    REDIRECT,
    UNREACHABLE,
    Arp,
    Frame,
    Icmp,
    Inner,
    Packet,
)
from k8snet.linux.steps import Captured

PROTOCOL_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}
ETHERTYPE_IP, ETHERTYPE_ARP = 0x0800, 0x0806
VXLAN_BYTES, VXLAN_FLAGS = 8, b"\x08\0\0\0"
"""Its header's length, and how it begins if it has a VNI."""
TCP_FLAGS = ((0x02, "S"), (0x01, "F"), (0x04, "R"), (0x08, "P"), (0x20, "U"), (0x10, "."))
"""In the order in which tcpdump prints them."""


def parse_frame(frame: bytes) -> Frame | None:
    """The fact behind a frame's bytes; None for what the model does not send (IPv6, IGMP, …)."""
    dst, src = _mac(frame[0:6]), _mac(frame[6:12])
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    if ethertype == ETHERTYPE_ARP:
        return Frame(src, dst, _parse_arp(frame[14:]))
    if ethertype != ETHERTYPE_IP or frame[23] not in PROTOCOL_NAMES:
        return None
    return Frame(src, dst, parse_packet(frame[14:]))


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def _parse_arp(message: bytes) -> Arp:
    op, sender_mac, sender_ip, target_mac, target_ip = struct.unpack_from("!6xH6sI6sI", message)
    words = {1: "request", 2: "reply"}
    return Arp(words[op], _mac(sender_mac), Ip(sender_ip), _mac(target_mac), Ip(target_ip))


def parse_packet(packet: bytes) -> Packet:
    """An IPv4 packet, whole or as an ICMP error quotes it: cut off anywhere behind the first 8 bytes of its content."""
    start, tos, length, id_, fragment, ttl, proto, _, src, dst = struct.unpack_from("!BBHHHBBHII", packet)
    content = packet[(start & 15) * 4 : length]
    offset = (fragment & 0x1FFF) * 8
    bare = Packet(
        Ip(src), Ip(dst), PROTOCOL_NAMES.get(proto, str(proto)), ttl=ttl, df=bool(fragment & 0x4000), id=id_, tos=tos,
        offset=offset, more=bool(fragment & 0x2000),
    )
    return _with_transport(bare, content) if not offset else changed(bare, data=content)


def _with_transport(packet: Packet, content: bytes) -> Packet:
    if packet.proto == "icmp":
        return _with_icmp(packet, content)
    sport, dport = struct.unpack_from("!HH", content)
    if packet.proto == "tcp" and len(content) >= 20:
        seq, ack, start, flags = struct.unpack_from("!IIBB", content, 4)
        text = "".join(letter for bit, letter in TCP_FLAGS if flags & bit)
        data = content[(start >> 4) * 4 :]
        return changed(packet, sport=sport, dport=dport, flags=text, seq=seq, ack=ack, data=data)
    data = content[{"udp": 8, "sctp": 12}.get(packet.proto, 4) :]
    if packet.proto == "udp" and len(data) >= VXLAN_BYTES + 34 and data[:4] == VXLAN_FLAGS and data[7] == 0:
        return _with_inner(changed(packet, sport=sport, dport=dport), data)
    return changed(packet, sport=sport, dport=dport, data=data)


def _with_inner(packet: Packet, data: bytes) -> Packet:
    """A VXLAN packet: nothing but its flags tells it from other UDP packets (RFC 7348, section 5)."""
    frame = parse_frame(data[VXLAN_BYTES:])
    return changed(packet, data=data) if frame is None else changed(packet, inner=Inner(int.from_bytes(data[4:7], "big"), frame))


def _with_icmp(packet: Packet, content: bytes) -> Packet:
    type_, code = content[0], content[1]
    if type_ in (ECHO_REQUEST, ECHO_REPLY):
        id_, seq = struct.unpack_from("!HH", content, 4)
        return changed(packet, icmp=Icmp(type_, code, id=id_, seq=seq), data=content[8:])
    (mtu,) = struct.unpack_from("!H", content, 6) if (type_, code) == (UNREACHABLE, 4) else (0,)
    gateway = Ip(int.from_bytes(content[4:8], "big")) if type_ == REDIRECT else None
    return changed(packet, icmp=Icmp(type_, code, mtu=mtu, gateway=gateway, quote=parse_packet(content[8:])))


# --- as a line ----------------------------------------------------------------------------------------------------


def line(captured: Captured) -> str:
    """A capture without its place and time: what must be the same in the model and in the kernel.

    MAC addresses, addresses, ports, TTL, TCP flags, ICMP type, code and id, the MTU or the gateway that an error names. Not
    what each kernel numbers at random (TCP sequence numbers, IPv4 ids), nor lengths, as the model's segments carry no TCP
    options.
    """
    frame = captured.frame
    return f"{captured.direction:3} {_frame_line(frame)}"


def _frame_line(frame: Frame) -> str:
    return f"{frame.src} > {frame.dst} {payload_line(frame.payload)}"


def payload_line(payload: Packet | Arp) -> str:
    """An ARP message or a packet in one line, in words near to tcpdump's."""
    if isinstance(payload, Arp):
        if payload.op == "request":
            return f"ARP who-has {payload.target_ip} tell {payload.sender_ip}"
        return f"ARP {payload.sender_ip} is-at {payload.sender_mac} to {payload.target_ip}"
    inner = f" vxlan {payload.inner.vni} ({_frame_line(payload.inner.frame)})" if payload.inner else ""
    return f"{_ends(payload)} ttl {payload.ttl}{' df' if payload.df else ''}{' more' if payload.more else ''}{inner}"


def _ends(packet: Packet) -> str:
    icmp = packet.icmp
    if packet.offset:
        return f"{packet.src} > {packet.dst} {packet.proto} from byte {packet.offset}"
    if icmp is None:
        flags = f" [{packet.flags}]" if packet.proto == "tcp" else ""
        return f"{packet.src}:{packet.sport} > {packet.dst}:{packet.dport} {packet.proto}{flags}"
    if icmp.quote is None:
        about = f" id {icmp.id} seq {icmp.seq}"
    else:
        advice = f" gateway {icmp.gateway}" if icmp.gateway else f" mtu {icmp.mtu}" if icmp.mtu else ""
        about = f"{advice} about {_quoted(icmp.quote)}"
    return f"{packet.src} > {packet.dst} icmp {icmp.type}/{icmp.code}{about}"


def _quoted(packet: Packet) -> str:
    ports = packet.proto in ("tcp", "udp", "sctp")
    src, dst = (f"{packet.src}:{packet.sport}", f"{packet.dst}:{packet.dport}") if ports else (packet.src, packet.dst)
    return f"({src} > {dst} {packet.proto})"


def is_passing(payload: Packet | Arp) -> bool:
    """A bare acknowledgement, or multicast: what is not compared, as the kernel sends it when it sees fit."""
    return isinstance(payload, Packet) and ((payload.flags == "." and not payload.data) or payload.dst.is_multicast)
