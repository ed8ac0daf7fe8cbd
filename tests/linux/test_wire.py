"""Frames as bytes: tshark reads them without complaint, with good checksums, and sees the model's own fields."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from k8snet.errors import NotModelled
from k8snet.linux.address import BROADCAST_MAC, ZERO_MAC, Ip
from k8snet.linux.fact import changed
from k8snet.linux.fragment import cut
from k8snet.linux.packet import ECHO_REQUEST, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Arp, Frame, Icmp, Inner, Packet
from k8snet.linux.wire import checksum, crc32c, encode, encode_packet

A, B = Ip("10.1.1.1"), Ip("10.1.2.2")
MAC_A, MAC_B = "02:00:00:00:00:01", "02:00:00:00:00:02"
PING = Packet(A, B, "icmp", icmp=Icmp(ECHO_REQUEST, id=7, seq=1), data=bytes(56), df=True, id=5)
SYN = Packet(A, B, "tcp", sport=40000, dport=4000, flags="S", seq=2**32 + 3, df=True)
QUERY = Packet(A, B, "udp", sport=40000, dport=4000, data=b"odd")
CHECKS = ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")


def tshark(frames: Sequence[bytes], fields: str, folder: Path) -> list[list[str]]:
    """What tshark reads in frames: the fields, a row for each."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    file = folder / "frames.pcap"
    records = [struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame for frame in frames]
    file.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))
    options = [word for check in CHECKS for word in ("-o", f"{check}:TRUE")]
    options += ["-o", "sctp.checksum:crc-32c", "-T", "fields", *[word for name in fields.split() for word in ("-e", name)]]
    run = subprocess.run([program, "-r", str(file), *options], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in run.stdout.splitlines()]


@pytest.mark.parametrize(
    ("packet", "fields", "seen"),
    [
        (SYN, "ip.src ip.dst ip.ttl ip.flags.df tcp.srcport tcp.dstport tcp.flags.str tcp.seq_raw tcp.checksum.status",
         ["10.1.1.1", "10.1.2.2", "64", "1", "40000", "4000", "··········S·", "3", "1"]),
        (changed(SYN, flags="P.", data=b"hello\n", ack=9, ttl=62), "ip.ttl tcp.flags.str tcp.len tcp.ack_raw tcp.checksum.status",
         ["62", "·······AP···", "6", "9", "1"]),
        (changed(SYN, flags="R."), "tcp.flags.str tcp.checksum.status", ["·······A·R··", "1"]),
        (changed(SYN, flags="F."), "tcp.flags.str tcp.checksum.status", ["·······A···F", "1"]),
        (QUERY, "udp.srcport udp.dstport udp.length udp.checksum.status data.data", ["40000", "4000", "11", "1", "6f6464"]),
        (PING, "ip.id icmp.type icmp.ident icmp.seq data.len icmp.checksum.status", ["0x0005", "8", "7", "1", "48", "1"]),
        (Packet(B, A, "icmp", icmp=Icmp(UNREACHABLE, 3, quote=QUERY)),
         "icmp.type icmp.code ip.dst udp.dstport icmp.checksum.status",
         ["3", "3", "10.1.1.1,10.1.2.2", "4000", "1"]),
        (Packet(B, A, "icmp", icmp=Icmp(UNREACHABLE, 4, mtu=1400, quote=SYN)),
         "icmp.code icmp.mtu tcp.dstport icmp.checksum.status",
         ["4", "1400", "4000", "1"]),
        (Packet(B, A, "icmp", icmp=Icmp(TIME_EXCEEDED, quote=SYN)), "icmp.type tcp.srcport icmp.checksum.status",
         ["11", "40000", "1"]),
        (Packet(B, A, "icmp", icmp=Icmp(REDIRECT, 1, gateway=Ip("10.1.1.9"), quote=SYN)),
         "icmp.type icmp.redir_gw icmp.checksum.status",
         ["5", "10.1.1.9", "1"]),
        (Packet(A, B, "sctp", sport=5, dport=6), "sctp.srcport sctp.dstport sctp.checksum.status", ["5", "6", "1"]),
    ],
)
def test_tshark_reads_what_the_model_wrote(packet: Packet, fields: str, seen: list[str], tmp_path: Path) -> None:
    frame = Frame(MAC_A, MAC_B, packet)
    row, = tshark([encode(frame)], f"eth.src eth.dst ip.checksum.status _ws.malformed {fields}", tmp_path)
    assert row[:2] == [MAC_A, MAC_B]
    assert set(row[2].split(",")) == {"1"}
    assert row[3] == ""
    assert row[4:] == seen


@pytest.mark.parametrize(
    ("arp", "seen"),
    [
        (Arp("request", MAC_A, A, ZERO_MAC, B), ["1", MAC_A, "10.1.1.1", ZERO_MAC, "10.1.2.2", ""]),
        (Arp("reply", MAC_B, B, MAC_A, A), ["2", MAC_B, "10.1.2.2", MAC_A, "10.1.1.1", ""]),
    ],
)
def test_tshark_reads_arp(arp: Arp, seen: list[str], tmp_path: Path) -> None:
    fields = "arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.hw_mac arp.dst.proto_ipv4 _ws.malformed"
    assert tshark([encode(Frame(MAC_A, BROADCAST_MAC, arp))], fields, tmp_path) == [seen]


def test_tshark_puts_udp_fragments_together(tmp_path: Path) -> None:
    whole = changed(QUERY, data=bytes(2000), id=1)
    frames = [encode(Frame(MAC_A, MAC_B, piece), whole) for piece in cut(whole, 1500)]
    first, last = tshark(frames, "ip.flags.mf ip.reassembled.length udp.length udp.checksum.status _ws.malformed", tmp_path)
    assert (first, last) == (["1", "", "", "", ""], ["0", "2008", "2008", "1", ""])


@pytest.mark.parametrize("payload", [SYN, QUERY, PING, Arp("reply", MAC_B, B, MAC_A, A),
                                     Packet(B, A, "icmp", icmp=Icmp(UNREACHABLE, 3, quote=PING))])
def test_a_frame_is_as_long_as_it_says(payload: Packet | Arp) -> None:
    frame = Frame(MAC_A, MAC_B, payload)
    assert len(encode(frame)) == frame.length


def test_a_quotation_is_cut_where_the_sender_must_cut_it() -> None:
    error = Packet(B, A, "icmp", icmp=Icmp(UNREACHABLE, 3, quote=changed(QUERY, data=bytes(1000))))
    assert len(encode_packet(error)) == 576  # RFC 1812, 4.3.2.3


@pytest.mark.parametrize(("data", "sum_"), [(b"", 0xFFFF), (bytes.fromhex("0001f203f4f5f6f7"), 0x220D), (b"\x01", 0xFEFF)])
def test_checksum_as_in_rfc_1071(data: bytes, sum_: int) -> None:
    assert checksum(data) == sum_


@pytest.mark.parametrize(("data", "crc"), [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)])
def test_crc32c_as_in_rfc_3720_appendix_b(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


def test_an_unknown_protocol_is_not_modelled() -> None:
    with pytest.raises(NotModelled, match="wire format of gre"):
        encode_packet(Packet(A, B, "gre"))


def test_vxlan_carries_a_frame(tmp_path: Path) -> None:
    outer = changed(QUERY, dport=4789, data=b"", inner=Inner(7, Frame(MAC_B, MAC_A, SYN)))
    fields = "vxlan.vni vxlan.flags eth.src ip.src udp.checksum.status tcp.srcport tcp.checksum.status frame.len"
    (row,) = tshark([encode(Frame(MAC_A, MAC_B, outer))], fields, tmp_path)
    macs, addresses = f"{MAC_A},{MAC_B}", f"{outer.src},{SYN.src}"
    assert row == ["7", "0x0800", macs, addresses, "1", "40000", "1", str(Frame(MAC_A, MAC_B, outer).length)]
