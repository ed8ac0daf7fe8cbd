"""``tcpdump`` after the fact: what a device saw while the world's last question was under way, in tcpdump 4.99's words.

There is no capture while something else runs: ask first, then look. The lines that the real one writes beside the
packets (what it listens on, how many it saw) are left out. Numbers only: ``-n`` must be said.
"""

from __future__ import annotations

import struct

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.address import BROADCAST_MAC, ZERO_MAC, Ip
from k8snet.linux.netns import Netns
from k8snet.linux.packet import PROTOCOL_NUMBERS, REDIRECT, TIME_EXCEEDED, Arp, Frame, Icmp, Packet
from k8snet.linux.steps import Captured
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import options
from k8snet.linux.tools.pcap_filter import compiled
from k8snet.linux.wire import TCP_WINDOW, encode_packet

ECHOES = {0: "reply", 8: "request"}
UNREACHABLES = {
    0: "net {dst} unreachable", 1: "host {dst} unreachable", 2: "{dst} protocol {number} unreachable",
    4: "{dst} unreachable - need to frag (mtu {mtu})", 9: "net {dst} unreachable - admin prohibited",
    10: "host {dst} unreachable - admin prohibited", 13: "host {dst} unreachable - admin prohibited filter",
}  # fmt: skip
HTTP_PORTS = frozenset({80, 591, 3128, 8008, 8080})
HTTP_WORDS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"HTTP/")
VXLAN_WORDS = {4789: "VXLAN, flags [I] (0x08), vni {vni}", 8472: "OTV, flags [I] (0x08), overlay 0, instance {vni}"}
Bases = dict[tuple[Ip, int, Ip, int], int]
"""For each direction of a connection the sequence number that counts as 0."""


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``tcpdump -n [-i DEVICE|any] [-e] [-t] [-l] [-c COUNT] [FILTER]``."""
    said, words = options(args, "i:netlc:")
    if "n" not in said:
        raise NotModelled("tcpdump with names", known="-n")
    device = said.get("i", "any")
    if device == "any" and "e" in said:
        raise NotModelled("tcpdump -e on any device", known="-i DEVICE -e")
    if device != "any" and device not in netns.devices:
        raise CommandError(f"tcpdump: {device}: No such device exists\n(No such device exists)")
    matches, limit = compiled(" ".join(words)), int(said.get("c", "0")) or None
    traces = netns.world.traces
    seen = [c for c in traces[-1].captures if c.netns == netns.name] if traces else []
    chosen = [c for c in seen if device in ("any", c.device) and _is_sighting(c, device) and matches(c.packet)]
    bases: Bases = {}
    lines = [_line(captured, said, device, bases) for captured in chosen[:limit]]
    return Output("".join(f"{line}\n" for line in lines))


def _is_sighting(captured: Captured, device: str) -> bool:
    """On ``lo`` a packet goes out and comes in, and is one line; of the two the real one shows the second."""
    return captured.device != "lo" or captured.direction == "in"


# --- lines -------------------------------------------------------------------------------------------------------


def _line(captured: Captured, said: dict[str, str], device: str, bases: Bases) -> str:
    time = "" if "t" in said else f"{_clock(captured.now)} "
    where = f"{captured.device:<5} {_direction(captured):<3} " if device == "any" else ""
    return time + where + frame_text(captured.frame, bases, with_macs="e" in said)


def _clock(now: float) -> str:
    """The time of day of a world that began at midnight."""
    micros = round(now * 1_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{micros:06d}"


def _direction(captured: Captured) -> str:
    if captured.direction == "out":
        return "Out"
    return "B" if captured.frame.dst == BROADCAST_MAC else "In"


def frame_text(frame: Frame, bases: Bases, *, with_macs: bool = False) -> str:
    """One frame as tcpdump prints it, without the time; ``bases`` remembers each connection's sequence numbers."""
    is_arp = isinstance(frame.payload, Arp)
    text = _arp(frame.payload) if isinstance(frame.payload, Arp) else _ip(frame.payload, bases, with_macs=with_macs)
    if not with_macs:
        return f"ARP, {text}" if is_arp else f"IP {text}"
    kind = "ARP (0x0806)" if is_arp else "IPv4 (0x0800)"
    return f"{frame.src} > {frame.dst}, ethertype {kind}, length {frame.length}: {text}"


def _arp(arp: Arp) -> str:
    if arp.op == "reply":
        return f"Reply {arp.sender_ip} is-at {arp.sender_mac}, length 28"
    target = f" ({arp.target_mac})" if arp.target_mac != ZERO_MAC else ""
    return f"Request who-has {arp.target_ip}{target} tell {arp.sender_ip}, length 28"


def _ip(packet: Packet, bases: Bases, *, with_macs: bool) -> str:
    if packet.offset:
        return f"{packet.src} > {packet.dst}: ip-proto-{PROTOCOL_NUMBERS[packet.proto]}"
    if packet.icmp is not None:
        return f"{packet.src} > {packet.dst}: ICMP {_icmp(packet.icmp)}, length {packet.payload_length}"
    ends = f"{packet.src}.{packet.sport} > {packet.dst}.{packet.dport}:"
    if packet.proto == "tcp":
        return f"{ends} {_tcp(packet, bases)}"
    if packet.proto == "udp":
        return f"{ends} {_udp(packet, bases, with_macs=with_macs)}"
    raise NotModelled(f"tcpdump's text for {packet.proto}", known="arp, icmp, tcp, udp")


def _udp(packet: Packet, bases: Bases, *, with_macs: bool) -> str:
    """VXLAN is known by its port, and the frame has a line of its own; Linux's port is taken for another protocol's."""
    inner, number = packet.inner, {packet.sport, packet.dport} & VXLAN_WORDS.keys()
    if inner is None or not number:
        return f"UDP, length {packet.length - 28}"
    return VXLAN_WORDS[number.pop()].format(vni=inner.vni) + "\n" + frame_text(inner.frame, bases, with_macs=with_macs)


def _icmp(icmp: Icmp) -> str:
    if icmp.type in ECHOES:
        return f"echo {ECHOES[icmp.type]}, id {icmp.id}, seq {icmp.seq}"
    if icmp.type == TIME_EXCEEDED:
        return "time exceeded in-transit" if icmp.code == 0 else "ip reassembly time exceeded"
    quote = icmp.quote
    assert quote is not None
    if icmp.type == REDIRECT:
        return f"redirect {quote.dst} to {'host' if icmp.code == 1 else 'net'} {icmp.gateway}"
    number = PROTOCOL_NUMBERS[quote.proto]
    if icmp.code == 3:
        return f"{quote.dst} {_port(quote, number)} unreachable"
    text = UNREACHABLES.get(icmp.code, f"#{icmp.code} {{dst}} unreachable")
    return text.format(dst=quote.dst, number=number, mtu=icmp.mtu)


def _port(quote: Packet, number: int) -> str:
    """What stands where TCP and UDP have their destination port; of other protocols, whatever it is."""
    if quote.proto in ("tcp", "udp"):
        return f"{quote.proto} port {quote.dport}"
    return f"protocol {number} port {struct.unpack('!H', encode_packet(quote)[22:24])[0]}"


def _tcp(packet: Packet, bases: Bases) -> str:
    """Sequence numbers count from the SYN-ACK on, or from the first segment with an ACK that is seen (print-tcp.c)."""
    seq, ack = packet.seq, packet.ack
    here = (packet.src, packet.sport, packet.dst, packet.dport)
    there = (packet.dst, packet.dport, packet.src, packet.sport)
    if "." in packet.flags:
        if here not in bases or "S" in packet.flags:
            bases[here], bases[there] = seq, ack - 1
        else:
            seq, ack = seq - bases[here] & 0xFFFFFFFF, ack - bases[there] & 0xFFFFFFFF
    parts = [f"Flags [{_flags(packet.flags)}]"]
    length = len(packet.data)
    if length or set(packet.flags) & set("SFR"):
        parts.append(f"seq {seq}:{seq + length & 0xFFFFFFFF}" if length else f"seq {seq}")
    parts += [f"ack {ack}"] if "." in packet.flags else []
    return ", ".join([*parts, f"win {TCP_WINDOW}", f"length {length}"]) + _http(packet)


def _flags(flags: str) -> str:
    return "".join(letter for letter in "FSRP.U" if letter in flags)


def _http(packet: Packet) -> str:
    """The first line of what HTTP's own ports carry."""
    if not HTTP_PORTS & {packet.sport, packet.dport} or not packet.data:
        return ""
    is_head = packet.data.startswith(HTTP_WORDS)
    line = packet.data.split(b"\r\n")[0].decode(errors="replace")
    return f": HTTP: {line}" if is_head else ": HTTP"
