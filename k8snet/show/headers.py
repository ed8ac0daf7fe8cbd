"""A packet's headers as named texts: what a stepper shows of a frame, layer by layer.

The names are those of `words.headers`, so that descriptions can be filled with them.
"""

from __future__ import annotations

from k8snet.linux import words
from k8snet.linux.packet import Arp, Frame, Icmp, Packet

FIELDS = (
    ("Ethernet", "mac_src", "source"),
    ("Ethernet", "mac_dst", "destination"),
    ("IPv4", "src", "source"),
    ("IPv4", "dst", "destination"),
    ("IPv4", "ttl", "TTL"),
    ("IPv4", "proto", "protocol"),
    ("IPv4", "piece", "fragments"),
    ("", "sport", "from port"),
    ("", "dport", "to port"),
    ("", "flags", "flags"),
    ("", "seq", "seq"),
    ("", "ack", "ack"),
    ("", "data", "data"),
    ("VXLAN", "vni", "network"),
    ("VXLAN", "inner", "carries"),
    ("ICMP", "message", "message"),
    ("ICMP", "echo", "id, sequence"),
    ("ICMP", "about", "about"),
    ("ICMP", "payload", "data"),
    ("ARP", "op", "operation"),
    ("ARP", "sender_mac", "sender MAC"),
    ("ARP", "sender_ip", "sender IP"),
    ("ARP", "target_mac", "target MAC"),
    ("ARP", "target_ip", "target IP"),
    ("hidden", "segment", ""),
    ("hidden", "offset", ""),
    ("hidden", "form", ""),
)
"""Layer, name, and label. The layer without a name is that of the protocol in IPv4; hidden ones are for descriptions."""

FLAGS = {"S": "SYN", "F": "FIN", "R": "RST", "P": "PSH", ".": "ACK"}

State = dict[str, str]
"""Texts by name; what a packet does not have is not there."""


def state_of(packet: Packet | Arp, frame: Frame | None = None) -> State:
    """The fields of a packet, and of the frame around it."""
    texts = _ethernet(frame) if frame is not None else {}
    texts |= _arp(packet) if isinstance(packet, Arp) else _ipv4(packet)
    texts["form"] = words.description(packet)
    return {name: text for name, text in texts.items() if text}


def _ethernet(frame: Frame) -> State:
    return {"mac_src": frame.src, "mac_dst": frame.dst}


def _arp(message: Arp) -> State:
    return {"proto": "ARP"} | {name: str(getattr(message, name)) for name in message.__struct_fields__}


def _ipv4(packet: Packet) -> State:
    named = words.headers(packet)
    texts = {name: str(named[name]) for name in ("src", "dst", "ttl", "proto", "segment")}
    texts |= {"piece": _piece(packet), "offset": str(packet.offset or "")}
    if packet.offset:
        return texts | {"data": _size(packet)}
    if packet.icmp is not None:
        return texts | {"message": str(named["message"]), "payload": _size(packet)} | _icmp(packet.icmp)
    if packet.sport or packet.dport:
        texts |= {"sport": str(packet.sport), "dport": str(packet.dport)}
    if packet.inner is not None:
        return texts | {"vni": str(packet.inner.vni), "inner": words.describe(packet.inner.frame.payload)}
    if packet.proto == "tcp":
        texts |= {"flags": " ".join(FLAGS.get(flag, flag) for flag in packet.flags), "seq": str(packet.seq)}
        texts |= {"ack": str(packet.ack) if "." in packet.flags else ""}
    return texts | {"data": _size(packet)}


def _icmp(message: Icmp) -> State:
    if message.quote is not None:
        extra = f", MTU {message.mtu}" * bool(message.mtu) + f", gateway {message.gateway}" * bool(message.gateway)
        return {"about": words.describe(message.quote) + extra}
    return {"echo": f"{message.id}, {message.seq}"}


def _piece(packet: Packet) -> str:
    if packet.is_fragment:
        return f"at {packet.offset}, " + ("more follow" if packet.more else "the last")
    return "DF" if packet.df else ""


def _size(packet: Packet) -> str:
    return f"{len(packet.data)} bytes" if packet.data else ""
