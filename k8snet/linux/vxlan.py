"""VXLAN: frames that cross an IPv4 network inside UDP packets, so that distant machines share one link (RFC 7348).

A `Vxlan` device sends no frame itself. It asks its forwarding table behind which machine (``remote``) the receiver's MAC
address lives, wraps the frame, and lets the kernel send the UDP packet as it would send any other: OUTPUT, POSTROUTING,
ARP, eth0. On the other side a UDP socket of the kernel takes the packet out and hands the frame to the device there.
Source: the kernel's drivers/net/vxlan/vxlan_core.c and net/ipv4/udp_tunnel_core.c.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from k8snet.errors import NotModelled
from k8snet.linux import bridging, stack
from k8snet.linux.address import Ip
from k8snet.linux.device import Device, Vxlan
from k8snet.linux.packet import Frame, Inner, Packet, Skb
from k8snet.linux.route import Lookup, route_out, select_address
from k8snet.linux.steps import Decapsulated, Dropped, Encapsulated, Routed

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns
    from k8snet.linux.trace import Hop

SOURCE_PORTS = (32768, 60999)
"""net.ipv4.ip_local_port_range."""


# --- out ---------------------------------------------------------------------------------------------------------


def send(device: Vxlan, frame: Frame, hop: Hop, mark: int) -> None:
    """Wrap a frame for each remote behind which its receiver may live; the first remote's turn comes last (vxlan_xmit)."""
    remotes = device.remotes(frame.dst)
    if not remotes:
        hop.add(Dropped("NO_TX_TARGET"))
        return
    for remote in [*remotes[1:], remotes[0]]:
        _send_to(device, frame, remote, hop, mark)


def _send_to(device: Vxlan, frame: Frame, remote: Ip, hop: Hop, mark: int) -> None:
    """The UDP packet keeps the mark of what it carries, but is no part of its connection (skb_scrub_packet)."""
    netns = device.netns
    way = _way(device, remote, device.out_of(frame.dst, remote))
    if way.errno is not None or way.dev == device.name:
        hop.add(Dropped("IP_OUTNOROUTES"))
        return
    if way.type == "local":
        raise NotModelled(f"a VXLAN remote, {remote}, that is the machine's own address", known="addresses of others")
    ttl = device.ttl or netns.sysctls["net.ipv4.ip_default_ttl"]
    sport = source_port(frame)
    netns.world.drawn.add(sport)
    inner = Inner(device.vni, frame)
    outer = Packet(device.local or way.src or Ip(0), remote, "udp", sport, device.dstport, ttl=ttl, inner=inner)
    hop.add(Encapsulated(device.name, outer))
    hop.add(Routed(remote, way))
    skb = Skb(netns, outer, hop)
    skb.route, skb.oif, skb.mark = way, netns.devices[way.dev or ""], mark
    stack.local_out(skb)


def _way(device: Vxlan, remote: Ip, lower: Device | None) -> Lookup:
    """The route to a remote. One that must be reached by a certain device, and has no route there, is taken to be on its link."""
    netns = device.netns
    way = route_out(netns, remote, src=device.local or 0, oif=lower.name if lower else None)
    if way.errno is not None and lower is not None and lower.up:
        return Lookup("unicast", dev=lower.name, via=remote, src=select_address(netns, lower, None, "link"))
    return way


def source_port(frame: Frame) -> int:
    """The UDP source port for what a frame carries: one for all packets of a connection in one direction (udp_flow_src_port).

    So they all take one way through the network. The kernel's hash has a secret, this one has not.
    """
    low, high = SOURCE_PORTS
    return low + (zlib.crc32(_flow(frame).encode()) * (high - low) >> 32)


def _flow(frame: Frame) -> str:
    """What is hashed. Sockets bring a hash of their own; for packets without, both directions are one flow (flow_dissector.c)."""
    packet = frame.payload
    if not isinstance(packet, Packet):
        return "arp"
    if packet.icmp is not None:
        return f"icmp {packet.icmp.id} {sorted((packet.src, packet.dst))}"
    ports = "" if packet.is_fragment else f"{packet.sport} {packet.dport}"
    return f"{packet.proto} {packet.src} {packet.dst} {ports}"


# --- in ----------------------------------------------------------------------------------------------------------


def receive(skb: Skb) -> None:
    """The kernel's UDP socket has got a packet: find the device by the VNI, and let the frame come in there (vxlan_rcv)."""
    netns, outer, hop = skb.netns, skb.packet, skb.hop
    if outer.inner is None:
        hop.add(Dropped("VXLAN_INVALID_HDR"))
        return
    device, frame = _device_of(netns, outer.dport, outer.inner.vni), outer.inner.frame
    if device is None:
        hop.add(Dropped("VXLAN_VNI_NOT_FOUND"))
    elif frame.src == device.mac:
        hop.add(Dropped("LOCAL_MAC"))
    elif device.learning and not device.learn(frame.src, outer.src):
        hop.add(Dropped("VXLAN_ENTRY_EXISTS"))
    else:
        hop.add(Decapsulated(device.name, outer))
        _take_in(device, frame, skb)


def _device_of(netns: Netns, port: int, vni: int) -> Vxlan | None:
    tunnels = (each for each in netns.devices.values() if isinstance(each, Vxlan) and each.up)
    return next((each for each in tunnels if (each.dstport, each.vni) == (port, vni)), None)


def _take_in(device: Vxlan, frame: Frame, outer: Skb) -> None:
    """As if it had come in by a wire, but with the mark of the packet that carried it."""
    outer.hop.capture(device.name, "in", frame, device.netns.world.now)
    if device.master is not None:
        bridging.receive(device, frame, outer.hop)
        return
    skb = None
    if isinstance(frame.payload, Packet):
        skb = Skb(device.netns, frame.payload, outer.hop, iif=device)
        skb.mark = outer.mark
    stack.accept(device, frame, outer.hop, skb)
