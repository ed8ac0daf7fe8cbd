"""Bytes from a wire are read as what was written on it."""

from __future__ import annotations

import pytest

from k8snet.lab.capture import parse_frame
from k8snet.linux.address import BROADCAST_MAC, Ip, numbered_mac
from k8snet.linux.packet import Arp, Frame, Icmp, Packet
from k8snet.linux.wire import encode

ME, YOU, ROUTER = Ip("10.1.1.1"), Ip("10.1.2.2"), Ip("10.1.1.254")
TCP = Packet(ME, YOU, "tcp", sport=40000, dport=80, flags="P.", ttl=63, data=b"hello\n", seq=7, ack=9, df=True, id=5)
UDP = Packet(ME, YOU, "udp", sport=40000, dport=53, data=b"query")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(Arp("request", numbered_mac(1), ME, "00:00:00:00:00:00", ROUTER), id="ARP request"),
        pytest.param(Arp("reply", numbered_mac(2), ROUTER, numbered_mac(1), ME), id="ARP reply"),
        pytest.param(TCP, id="TCP"),
        pytest.param(UDP, id="UDP"),
        pytest.param(Packet(ME, YOU, "icmp", icmp=Icmp(8, id=40000, seq=1), data=bytes(56)), id="echo request"),
        pytest.param(Packet(ROUTER, ME, "icmp", icmp=Icmp(11, quote=UDP), tos=0xC0), id="an error with its quotation"),
        pytest.param(Packet(ROUTER, ME, "icmp", icmp=Icmp(3, 4, mtu=1450, quote=TCP)), id="fragmentation needed"),
        pytest.param(Packet(ROUTER, ME, "icmp", icmp=Icmp(5, 1, gateway=YOU, quote=TCP)), id="redirect"),
        pytest.param(Packet(ME, YOU, "udp", data=b"rest of it", offset=1480), id="a later fragment"),
    ],
)
def test_what_is_written_is_read(payload: Arp | Packet) -> None:
    frame = Frame(numbered_mac(1), BROADCAST_MAC, payload)
    assert parse_frame(encode(frame)) == frame


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("333300000016" "020000000001" "86dd" "6000000000000000", id="IPv6"),
        pytest.param("01005e000016" "020000000001" "0800" "46c00028000040000102f7fa0a0101fee0000016", id="IGMP"),
    ],
)
def test_what_the_model_does_not_send_is_passed_over(octets: str) -> None:
    assert parse_frame(bytes.fromhex(octets)) is None
