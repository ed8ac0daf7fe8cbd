"""THE PATH: what one kernel does to a packet, from the wire to the socket and from the socket to the wire.

    receive ─► bridge port? ─► bridging.receive
            ─► ARP?         ─► arp.receive
            ─► ip_receive:  PREROUTING ─► route_in ─► deliver: INPUT ─► socket ─► send(the answer)
                                                   └► forward: TTL, FORWARD ─┐
       send:  route ─► OUTPUT ──────────────────────────────────────────────┴► output: POSTROUTING ─► neighbour ─► transmit

This is the file that knows what happens before what; read it from top to bottom. The stations of each hook are in
hooks.py; how a route is found, and what a bridge does, is said elsewhere. Sources: the kernel's net/ipv4/ip_input.c,
ip_forward.c, ip_output.c, route.c, and the measured order of kernel events in tests/twin.
"""

from __future__ import annotations

from k8snet.linux import advice, arp, bridging, hooks, icmp, vxlan
from k8snet.linux.address import BROADCAST_MAC, ZERO_MAC, Ip, is_group_mac
from k8snet.linux.arrival import route_in
from k8snet.linux.device import Bridge, Device, Loopback, Veth, Vxlan
from k8snet.linux.fact import changed
from k8snet.linux.fragment import cut
from k8snet.linux.netns import Netns
from k8snet.linux.packet import ECHO_REQUEST, OWN_TTL, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Arp, Frame, Icmp, Packet, Skb
from k8snet.linux.route import Lookup, route_out
from k8snet.linux.steps import Delivered, Dropped, Forwarded, Fragmented, Ignored, Rejected, Routed
from k8snet.linux.tcp import reset_for
from k8snet.linux.trace import Hop, Leg, TracedPacket

ICMP_OF_ERRNO = {"EHOSTUNREACH": 1, "ENETUNREACH": 0, "EACCES": 13}
"""What a router tells the sender when it has no way: the code of ICMP "unreachable"; nothing for a blackhole's EINVAL."""

ROOM_FOR_A_TAG = 4
"""So much more than its MTU a wire takes at its far end, as there could be a VLAN tag (__is_skb_forwardable)."""


# --- in: from the wire -------------------------------------------------------------------------------------------


def receive(device: Device, frame: Frame, traced: TracedPacket) -> None:
    """A frame has come in from the wire."""
    netns = device.netns
    hop = traced.arrive(netns.name, device.name)
    if not device.up:
        hop.add(Dropped("DEV_READY"))
        return
    if _is_too_long(frame, device):
        hop.add(Dropped("PKT_TOO_BIG"))
        return
    hop.capture(device.name, "in", frame, netns.world.now)
    if device.master is not None:
        bridging.receive(device, frame, hop)
    else:
        accept(device, frame, hop)


def accept(device: Device, frame: Frame, hop: Hop, skb: Skb | None = None) -> None:
    """A frame for this kernel itself: to ARP, or to IP. A bridge hands on the ``skb`` that has seen PREROUTING there."""
    if frame.dst != device.mac and not is_group_mac(frame.dst) and device.master is None and not isinstance(device, Bridge):
        hop.add(Ignored("OTHERHOST"))
    elif isinstance(frame.payload, Arp):
        arp.receive(device, frame, frame.payload, hop)
    else:
        ip_receive(skb or Skb(device.netns, frame.payload, hop, iif=device))


def ip_receive(skb: Skb) -> None:
    """An IPv4 packet has come in: PREROUTING, unless the bridge saw to it; then: is it for us, or for another?"""
    if not skb.has_prerouted and not hooks.passes("PREROUTING", skb):
        return
    way = _way_in(skb)
    if way is None:
        return
    if way.type in ("local", "broadcast"):
        deliver(skb)
    else:
        forward(skb)


def _way_in(skb: Skb) -> Lookup | None:
    """Where an incoming packet goes; None if it goes nowhere, and then its end is on record."""
    packet = skb.packet
    assert skb.iif is not None
    if isinstance(skb.iif, Loopback) and skb.route is not None:  # what comes in by lo still has the route that led there
        skb.hop.add(Routed(packet.dst, skb.route))
        if skb.route.type == "unicast":
            skb.hop.add(Dropped("NOT_SPECIFIED"))  # a way out is no way in (dst_discard)
            return None
        return skb.route
    arrival = route_in(skb.netns, packet.src, packet.dst, skb.iif, skb.mark)
    way = arrival.way
    if way is not None:
        skb.hop.add(Routed(packet.dst, way))
    if arrival.reason is not None:
        skb.hop.add(Dropped(arrival.reason))
        return None
    assert way is not None
    if way.errno is not None:
        _no_way(skb, way.errno)
        return None
    skb.route = way
    return way


def _no_way(skb: Skb, errno: str) -> None:
    code = ICMP_OF_ERRNO.get(errno)
    skb.hop.add(Dropped("IP_INNOROUTES"))
    if code is not None and skb.netns.icmp_limit.allows_no_way(skb.packet.src, skb.netns.world.now):
        complain(skb, Icmp(UNREACHABLE, code))


# --- for us: to a socket -----------------------------------------------------------------------------------------


def deliver(skb: Skb) -> None:
    """The packet is for this machine: INPUT, then to whoever it is for."""
    if not gathered(skb) or not hooks.passes("INPUT", skb):
        return
    if skb.route is not None and skb.route.type == "broadcast" and skb.packet.proto != "udp":
        skb.hop.add(Ignored("sent to everybody"))  # icmp_echo_ignore_broadcasts; tcp_v4_rcv()
    elif skb.packet.icmp is not None:
        _deliver_icmp(skb, skb.packet.icmp)
    else:
        _deliver_to_socket(skb)


def gathered(skb: Skb) -> bool:
    """Put the pieces of a packet together; False while one is missing."""
    whole = skb.netns.fragments.gather(skb.packet, skb.netns.world.now)
    if whole is None:
        skb.hop.add(Ignored("FRAG_QUEUED"))
        return False
    skb.packet = whole
    return True


def _deliver_icmp(skb: Skb, message: Icmp) -> None:
    """The kernel answers an echo request itself; an error goes to the socket whose packet it is about."""
    netns, packet = skb.netns, skb.packet
    owner = "kernel"
    if message.type == ECHO_REQUEST:
        skb.hop.add(Delivered("icmp", 0, "kernel"))
        if not netns.sysctls["net.ipv4.icmp_echo_ignore_all"]:
            send(netns, icmp.echo_reply(packet, netns.sysctls["net.ipv4.ip_default_ttl"]), skb.hop.traced.leg, role="reply")
        return
    if message.type == REDIRECT:
        advice.take_redirect(skb, message)
    elif message.is_error:
        advice.note_path_mtu(netns, message)
        owner = netns.sockets.receive_error(message) or "kernel"
    else:
        heard = netns.sockets.receive(packet, netns.world)
        owner = heard.owner if heard is not None else owner
    skb.hop.add(Delivered("icmp", 0, owner))


def _deliver_to_socket(skb: Skb) -> None:
    netns, packet, leg = skb.netns, skb.packet, skb.hop.traced.leg
    heard = netns.sockets.receive(packet, netns.world)
    if heard is None:
        _nobody_listens(skb)
        return
    if heard.tunnel:
        vxlan.receive(skb)
        return
    skb.hop.add(Delivered(packet.proto, packet.dport, heard.owner))
    if heard.app is not None:
        leg.answered_by, leg.seen_from = heard.app.name, f"{packet.src}:{packet.sport}"
    for answer in heard.answers:
        sent = answer if answer.src else changed(answer, src=route_out(netns, answer.dst).src or answer.src)
        send(netns, sent, leg, role=opposite(skb), bound=sent is answer)


def opposite(skb: Skb) -> str:
    """The role of a packet that answers this one."""
    return "request" if skb.hop.traced.role == "reply" else "reply"


def _nobody_listens(skb: Skb) -> None:
    """No socket: TCP answers with a RST, the others with ICMP."""
    packet = skb.packet
    if packet.proto == "tcp":
        reset = reset_for(packet)
        skb.hop.add(Rejected("NO_SOCKET", "RST") if reset else Dropped("NO_SOCKET"))
        if reset is not None:
            send(skb.netns, reset, skb.hop.traced.leg, role=opposite(skb))
        return
    code = 3 if packet.proto == "udp" else 2
    skb.hop.add(Rejected("NO_SOCKET" if code == 3 else "IP_NOPROTO", f"ICMP {icmp.name_of(UNREACHABLE, code)}"))
    complain(skb, Icmp(UNREACHABLE, code))


# --- for another: through --------------------------------------------------------------------------------------


def forward(skb: Skb) -> None:
    """The packet is for somebody else: check TTL and size, tell the sender of a shorter way, then FORWARD."""
    assert skb.route is not None and skb.route.dev is not None
    packet, oif = skb.packet, skb.netns.devices[skb.route.dev]
    mtu = _way_mtu(skb.route, oif)
    if packet.ttl <= 1:
        skb.hop.add(Dropped("IP_TTL_EXCEEDED"))
        complain(skb, Icmp(TIME_EXCEEDED, 0))
        return
    if packet.df and packet.length > mtu:
        skb.hop.add(Dropped("PKT_TOO_BIG"))
        complain(skb, Icmp(UNREACHABLE, 4, mtu=mtu))
        return
    skb.packet = changed(packet, ttl=packet.ttl - 1)
    skb.hop.add(Forwarded(packet.ttl - 1))
    skb.oif = oif
    if oif is skb.iif:
        advice.give(skb)
    if hooks.passes("FORWARD", skb):
        output(skb)


# --- out: from a socket ------------------------------------------------------------------------------------------


def send(netns: Netns, packet: Packet, leg: Leg, *, role: str, again: bool = False, may_cut: bool = True,
         about: Skb | None = None, bound: bool = True) -> str | None:
    """A packet that this machine made: route it, then OUTPUT, then out. Returns the errno if the socket is told one.

    It is recorded in ``leg``, under its ``role``, and as a retransmission if it is sent ``again``. With ``may_cut`` a packet
    that is too large for its first link loses its DF bit, and is cut there. A socket that is not ``bound`` looks for its
    route without a source; the source then follows from the route. ``about`` is the packet that an ICMP error or a RST
    answers: what it says belongs to that packet's connection.
    """
    if packet.ttl == OWN_TTL:
        packet = changed(packet, ttl=netns.sysctls["net.ipv4.ip_default_ttl"])
    hop = leg.open(packet, role, again=again).arrive(netns.name)
    way = route_out(netns, packet.dst, src=packet.src if bound else 0)
    hop.add(Routed(packet.dst, way))
    if way.errno is not None:
        hop.add(Dropped("IP_OUTNOROUTES"))
        return way.errno
    skb = Skb(netns, packet, hop)
    _go_by(skb, way)
    if packet.df and packet.length > _mtu(skb):
        if not may_cut:
            hop.add(Dropped("PKT_TOO_BIG"))
            return "EMSGSIZE"
        skb.packet = changed(packet, df=False, id=netns.world.next_packet_id())
    if about is not None and about.conn is not None:
        skb.conn, skb.ctinfo, skb.reply = about.conn, "RELATED", not about.reply
    return local_out(skb)


def local_out(skb: Skb) -> str | None:
    """A packet of this machine's own, with its route: OUTPUT, then out. Returns the errno if the socket is told one."""
    if not hooks.passes("OUTPUT", skb):
        return skb.errno or "EPERM"
    assert skb.route is not None
    _go_by(skb, skb.route)
    return output(skb)


def _go_by(skb: Skb, way: Lookup) -> None:
    """Note the route, and the device to which it leads."""
    skb.route = way
    skb.oif = skb.netns.devices[way.dev] if way.dev is not None else None


def reroute(skb: Skb) -> bool:
    """OUTPUT changed what the first route was chosen by, so choose again (ip_route_me_harder).

    The rest of OUTPUT's rules still see the first route's device (``nf_hook_state``); behind them `local_out` changes it.
    """
    packet = skb.packet
    way = route_out(skb.netns, packet.dst, src=packet.src, mark=skb.mark)
    skb.hop.add(Routed(packet.dst, way))
    if way.errno is not None:
        skb.hop.add(Dropped("IP_OUTNOROUTES"))
        skb.errno = way.errno
        return False
    skb.route = way
    return True


def complain(skb: Skb, message: Icmp) -> None:
    """Send an ICMP error about a packet to its sender, if one may be sent."""
    error = icmp.error_about(skb, message)
    if error is not None:
        send(skb.netns, error, skb.hop.traced.leg, role=opposite(skb), about=skb, bound=error.src == skb.packet.dst)


# --- out: to the wire --------------------------------------------------------------------------------------------


def output(skb: Skb) -> str | None:
    """POSTROUTING, then in pieces if it must be, to the next hop. Returns the errno if a local sender is told one."""
    skb.iif = None  # POSTROUTING is told of the way out alone
    if not hooks.passes("POSTROUTING", skb):
        return "EPERM"
    device, way = skb.oif, skb.route
    assert device is not None and way is not None and way.via is not None
    mtu = _mtu(skb)
    if skb.packet.length <= mtu:
        return send_to_neighbour(skb, device, way.via)
    if skb.packet.df:
        skb.hop.add(Dropped("PKT_TOO_BIG"))
        return "EMSGSIZE"
    pieces = cut(skb.packet, mtu)
    skb.hop.add(Fragmented(mtu, len(pieces)))
    for piece in pieces:
        copy = skb.clone()
        copy.packet = piece
        errno = send_to_neighbour(copy, device, way.via)
        if errno is not None:
            return errno
    return None


def _mtu(skb: Skb) -> int:
    """The largest packet that may leave: the route's, or the device's, or what routers on the way have told of the path."""
    assert skb.oif is not None and skb.route is not None
    path_mtus, mtu = skb.netns.routing.path_mtus, _way_mtu(skb.route, skb.oif)
    return min(mtu, path_mtus.get(skb.packet.dst, mtu)) if path_mtus else mtu


def _way_mtu(way: Lookup, oif: Device) -> int:
    return way.route.mtu if way.route is not None and way.route.mtu else oif.mtu


def send_to_neighbour(skb: Skb, device: Device, next_hop: Ip) -> str | None:
    """Put the packet into a frame for the next hop. If its MAC address is not known, the packet waits in arp.py.

    Returns the errno if the wire does not take it.
    """
    if isinstance(device, Loopback):
        loop_back(device, skb)
        return None
    broadcast = skb.route is not None and skb.route.type == "broadcast"
    mac = BROADCAST_MAC if broadcast else arp.resolve(skb, device, next_hop)
    if mac is None:
        return None
    if skb.bridged and isinstance(device, Bridge):
        frame = Frame(device.mac, mac, skb.packet)  # the sender's own MAC comes back behind br0 (br_nf_dev_xmit)
        skb.hop.capture(device.name, "out", frame, skb.netns.world.now)
        bridging.resume(device, skb, mac)
        return None
    return transmit(device, Frame(device.mac, mac, skb.packet), skb.hop, skb.mark)


def transmit(device: Device, frame: Frame, hop: Hop, mark: int = 0) -> str | None:
    """A frame leaves by a device: over the wire to the peer, into the bridge, or into a tunnel.

    Returns ENOBUFS if the wire's other end has too small an MTU for it (veth_xmit).
    """
    if not device.running:
        hop.add(Dropped("DEV_READY"))
        return None
    hop.capture(device.name, "out", frame, device.netns.world.now)
    if isinstance(device, Bridge):
        bridging.send(device, frame, hop)
    elif isinstance(device, Veth):
        hop.oif = device.name
        device.netns.world.over_the_wire(receive, device.peer, frame, hop.traced)
        return "ENOBUFS" if device.peer is not None and _is_too_long(frame, device.peer) else None
    elif isinstance(device, Vxlan):
        vxlan.send(device, frame, hop, mark)
    return None


def _is_too_long(frame: Frame, end: Device) -> bool:
    """Whether the far end of a wire refuses a frame; it cannot, if it takes as much as the near end lets out."""
    near = end.peer if isinstance(end, Veth) else None
    return near is not None and near.mtu > end.mtu and frame.length > 14 + end.mtu + ROOM_FOR_A_TAG


def loop_back(device: Device, skb: Skb) -> None:
    """Out by lo and in again, with all notes on it: the packet never left this kernel."""
    world = skb.netns.world
    if not device.up:
        skb.hop.add(Dropped("DEV_READY"))
        return
    frame = Frame(ZERO_MAC, ZERO_MAC, skb.packet)
    skb.hop.oif = device.name
    skb.hop.capture(device.name, "out", frame, world.now)
    skb.iif, skb.oif = device, None
    world.over_the_wire(_loop_in, device, frame, skb)


def _loop_in(device: Device, frame: Frame, skb: Skb) -> None:
    if not device.up:
        skb.hop.add(Dropped("DEV_READY"))
        return
    skb.hop.capture(device.name, "in", frame, skb.netns.world.now)
    ip_receive(skb)
