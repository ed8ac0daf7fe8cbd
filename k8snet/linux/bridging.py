"""What a bridge does with a frame: learn, then forward, flood, or hand it to its own machine.

With ``net.bridge.bridge-nf-call-iptables=1`` (br_netfilter) IPv4 packets that only cross the bridge meet the
machine's iptables rules on their way, though they are never routed. Sources: the kernel's net/bridge/br_input.c,
br_forward.c and br_netfilter_hooks.c; why it exists: https://wiki.nftables.org, "Bridge filtering".
"""

from __future__ import annotations

from k8snet.linux import hooks, stack
from k8snet.linux.address import is_group_mac
from k8snet.linux.arrival import route_in
from k8snet.linux.device import Bridge, Device
from k8snet.linux.fact import changed
from k8snet.linux.fragment import cut
from k8snet.linux.neigh import CERTAIN
from k8snet.linux.packet import Arp, Frame, Packet, Skb
from k8snet.linux.steps import Bridged, Dropped, Fragmented, Ignored, Learned, Routed
from k8snet.linux.trace import Hop


def receive(port: Device, frame: Frame, hop: Hop) -> None:
    """A frame has come in by a port of a bridge."""
    bridge = port.master
    assert bridge is not None
    if not bridge.up:
        hop.add(Dropped("DEV_READY"))
        return
    skb = _for_iptables(bridge, port, frame, hop)
    if skb is None:
        forward(bridge, port, frame, hop)
        return
    goal = skb.packet.dst
    if not hooks.passes("PREROUTING", skb):
        return
    if skb.packet.dst == goal:
        forward(bridge, port, changed(frame, payload=skb.packet), hop, skb)
    else:
        _forward_translated(bridge, port, frame, skb)


def _for_iptables(bridge: Bridge, port: Device, frame: Frame, hop: Hop) -> Skb | None:
    """The packet as iptables will see it: come in by the bridge; None if iptables does not see it."""
    netns = bridge.netns
    if not netns.netfilter.tables or not isinstance(frame.payload, Packet):
        return None
    if not netns.sysctls["net.bridge.bridge-nf-call-iptables"]:
        return None
    skb = Skb(netns, frame.payload, hop, iif=bridge)
    skb.physin = port
    skb.src_mac, skb.dst_mac = frame.src, frame.dst
    skb.has_prerouted = True
    return skb


def _forward_translated(bridge: Bridge, port: Device, frame: Frame, skb: Skb) -> None:
    """A DNAT in PREROUTING: to somebody on this same bridge the frame stays a frame, and only its MAC changes.

    To anybody else it is handed up, to be routed, and so is what has no way; but a martian ends here
    (br_nf_pre_routing_finish).
    """
    packet = skb.packet
    arrival = route_in(bridge.netns, packet.src, packet.dst, bridge, skb.mark)
    way = arrival.way
    if way is None:
        skb.hop.add(Dropped(arrival.reason or "IP_INNOROUTES"))
        return
    if arrival.reason is not None or way.type != "unicast" or way.dev != bridge.name or way.via is None:
        skb.dst_mac = bridge.mac
        forward(bridge, port, Frame(frame.src, bridge.mac, packet), skb.hop, skb)
        return
    skb.hop.add(Routed(packet.dst, way))
    skb.route, skb.bridged = way, True
    skb.other_host = frame.dst not in (bridge.mac, port.mac)
    entry = bridge.netns.neighbours.find(bridge.name, way.via)
    certain = entry is not None and entry.state(bridge.netns.world.now) in CERTAIN
    if entry is not None and certain and entry.has_header and entry.mac is not None:
        resume(bridge, skb, entry.mac)
    else:
        stack.send_to_neighbour(skb, bridge, way.via)


def resume(bridge: Bridge, skb: Skb, mac: str) -> None:
    """The translated frame goes on from the port where it came in, with its sender's MAC and its new receiver's."""
    assert skb.physin is not None
    skb.bridged, skb.dst_mac = False, mac
    forward(bridge, skb.physin, Frame(skb.src_mac, mac, skb.packet), skb.hop, skb)


def send_back(skb: Skb, packet: Packet) -> None:
    """A RST leaves by the port that the refused packet came in by, as if from whom that was for, and meets no rule.

    So NAT does not translate it either: who asked for a translated address does not know whose RST it is (nf_send_reset).
    """
    assert skb.physin is not None
    packet = changed(packet, ttl=skb.netns.sysctls["net.ipv4.ip_default_ttl"])
    hop = skb.hop.traced.leg.open(packet, stack.opposite(skb)).arrive(skb.netns.name)
    stack.transmit(skb.physin, Frame(skb.dst_mac, skb.src_mac, packet), hop)


def forward(bridge: Bridge, port: Device, frame: Frame, hop: Hop, skb: Skb | None = None) -> None:
    """Learn where the sender lives; then find the port, or the ports, for the receiver."""
    now = bridge.netns.world.now
    assert port.port is not None
    if port.port.learning and bridge.learn(frame.src, port, now):
        hop.add(Learned(bridge.name, frame.src, port.name))
    if is_group_mac(frame.dst):
        _flood(bridge, port, frame, hop, skb)
        _hand_up(bridge, port, frame, hop, skb)
    elif bridge.owns(frame.dst):
        hop.add(Bridged(bridge.name, frame.dst, (bridge.name,), "local"))
        _hand_up(bridge, port, frame, hop, skb)
    else:
        _to_receiver(bridge, port, frame, hop, skb)


def send(bridge: Bridge, frame: Frame, hop: Hop) -> None:
    """A frame that the bridge's own machine sends by it."""
    known = None if is_group_mac(frame.dst) else bridge.port_of(frame.dst, bridge.netns.world.now)
    if known is None:
        _flood(bridge, None, frame, hop, None)
    else:
        hop.add(Bridged(bridge.name, frame.dst, (known.name,), "forward"))
        _leave(known, frame, hop, crosses=False)


def _to_receiver(bridge: Bridge, port: Device, frame: Frame, hop: Hop, skb: Skb | None) -> None:
    known = bridge.port_of(frame.dst, bridge.netns.world.now)
    if known is None:
        _flood(bridge, port, frame, hop, skb)
    elif not _may_pass(port, known):
        hop.add(Dropped("BRIDGE_SAME_PORT" if port is known else "BRIDGE_ISOLATED"))
    else:
        hop.add(Bridged(bridge.name, frame.dst, (known.name,), "forward"))
        _out(bridge, port, known, frame, hop, skb)
    if bridge.promiscuous:
        _hand_up(bridge, port, frame, hop, skb)


def _flood(bridge: Bridge, port: Device | None, frame: Frame, hop: Hop, skb: Skb | None) -> None:
    """To all other ports, the youngest first, as the kernel's list of ports has them."""
    group = is_group_mac(frame.dst)
    ports = [each for each in reversed(bridge.ports) if each.running and _takes_floods(each, group) and _may_pass(port, each)]
    hop.add(Bridged(bridge.name, frame.dst, tuple(each.name for each in ports), "flood"))
    for each in ports:
        _out(bridge, port, each, frame, hop, skb)


def _takes_floods(port: Device, group: bool) -> bool:
    assert port.port is not None
    return port.port.bcast_flood if group else port.port.flood


def _may_pass(port: Device | None, out: Device) -> bool:
    """A frame does not go back where it came from (but for hairpin mode), nor between two isolated ports."""
    assert out.port is not None
    if not out.running:
        return False
    if port is out:
        return out.port.hairpin
    return port is None or port.port is None or not (port.port.isolated and out.port.isolated)


def _out(bridge: Bridge, port: Device | None, out: Device, frame: Frame, hop: Hop, skb: Skb | None) -> None:
    """Out by one port; on the way, iptables' FORWARD and POSTROUTING for a packet that PREROUTING has seen."""
    if skb is None:
        _leave(out, frame, hop, crosses=port is not None)
        return
    copy = skb.clone()
    copy.iif, copy.oif, copy.physin, copy.physout = bridge, bridge, port, out
    if not hooks.passes("FORWARD", copy):
        return
    copy.iif = None
    if hooks.passes("POSTROUTING", copy):
        _leave(out, changed(frame, payload=copy.packet), hop, crosses=True)


def _leave(out: Device, frame: Frame, hop: Hop, *, crosses: bool) -> None:
    """Out by a port. What does not fit is dropped, and nobody is told; but br_netfilter cuts what ``crosses`` the bridge.

    Kernel: br_dev_queue_push_xmit(), br_nf_dev_queue_xmit().
    """
    packet = frame.payload
    nf = crosses and out.netns.sysctls["net.bridge.bridge-nf-call-iptables"]
    if isinstance(packet, Arp) or packet.length <= out.mtu + (0 if nf else stack.ROOM_FOR_A_TAG):
        stack.transmit(out, frame, hop)
    elif packet.df or not nf:
        hop.add(Dropped("PKT_TOO_BIG"))
    else:
        pieces = cut(packet, out.mtu)
        hop.add(Fragmented(out.mtu, len(pieces)))
        for piece in pieces:
            stack.transmit(out, changed(frame, payload=piece), hop)


def _hand_up(bridge: Bridge, port: Device, frame: Frame, hop: Hop, skb: Skb | None) -> None:
    """To the bridge's own machine, as a frame that came in by the bridge device.

    It is taken if it is for everyone, for the bridge's MAC address, or for that of the port by which it came.
    """
    hop.capture(bridge.name, "in", frame, bridge.netns.world.now)
    if not is_group_mac(frame.dst) and frame.dst not in (bridge.mac, port.mac):
        hop.add(Ignored("OTHERHOST"))
    else:
        stack.accept(bridge, frame, hop, skb)
