"""THE PATH: what one kernel does to a packet, from the wire to the socket and from the socket to the wire.

    receive ─► bridge port? ─► bridging.receive
            ─► ARP?         ─► arp.receive
            ─► ip_receive:  PREROUTING ─► route_in ─► deliver: INPUT ─► socket ─► send(the answer)
                                                   └► forward: TTL, FORWARD ─┐
       send:  route ─► OUTPUT ──────────────────────────────────────────────┴► output: POSTROUTING ─► neighbour ─► transmit

This is the only file that knows what happens before what; read it from top to bottom. How a rule matches, how a route
is found, what a bridge does, is said elsewhere. Sources: the kernel's net/ipv4/ip_input.c, ip_forward.c, ip_output.c,
route.c, and the measured order of kernel events in tests/twin.
"""

from __future__ import annotations

from k8snet.linux import arp, bridging, conntrack, icmp, netfilter
from k8snet.linux.address import BROADCAST_MAC, ZERO_MAC, Ip, is_group_mac
from k8snet.linux.arrival import route_in as arrival_of
from k8snet.linux.device import Bridge, Device, Loopback, Veth
from k8snet.linux.fact import changed
from k8snet.linux.fragment import cut
from k8snet.linux.netfilter import HOOKS
from k8snet.linux.netns import Netns
from k8snet.linux.packet import ECHO_REQUEST, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Arp, Frame, Icmp, Packet, Skb
from k8snet.linux.route import Lookup, is_local, route_out, sender_is_on_link
from k8snet.linux.sockets import reset_for
from k8snet.linux.steps import Delivered, Dropped, Forwarded, Fragmented, Ignored, Rejected, Routed
from k8snet.linux.trace import Hop, Leg, TracedPacket

ICMP_OF_ERRNO = {"EHOSTUNREACH": 1, "ENETUNREACH": 0, "EACCES": 13}
"""What a router tells the sender when it has no way: the code of ICMP "unreachable"; nothing for a blackhole's EINVAL."""


# --- in: from the wire -------------------------------------------------------------------------------------------


def receive(device: Device, frame: Frame, traced: TracedPacket) -> None:
    """A frame has come in from the wire."""
    netns = device.netns
    hop = traced.arrive(netns.name, device.name)
    if not device.up:
        hop.add(Dropped("DEV_READY"))
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
    if not skb.has_prerouted and not passes("PREROUTING", skb):
        return
    way = route_in(skb)
    if way is None:
        return
    if way.type in ("local", "broadcast"):
        deliver(skb)
    else:
        forward(skb)


def route_in(skb: Skb) -> Lookup | None:
    """Where an incoming packet goes; None if it goes nowhere, and then its end is on record."""
    packet = skb.packet
    assert skb.iif is not None
    arrival = arrival_of(skb.netns, packet.src, packet.dst, skb.iif, skb.mark)
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
    if code is not None:
        complain(skb, Icmp(UNREACHABLE, code))


# --- for us: to a socket -----------------------------------------------------------------------------------------


def deliver(skb: Skb) -> None:
    """The packet is for this machine: INPUT, then to whoever it is for."""
    if not _gathered(skb) or not passes("INPUT", skb):
        return
    if skb.packet.icmp is not None:
        _deliver_icmp(skb, skb.packet.icmp)
    else:
        _deliver_to_socket(skb)


def _gathered(skb: Skb) -> bool:
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
        _obey_redirect(skb, message)
    elif message.is_error:
        _note_path_mtu(netns, message)
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
    skb.hop.add(Delivered(packet.proto, packet.dport, heard.owner))
    if heard.app is not None:
        leg.answered_by, leg.seen_from = heard.app.name, f"{packet.src}:{packet.sport}"
    for answer in heard.answers:
        send(netns, answer, leg, role=_opposite(skb))


def _opposite(skb: Skb) -> str:
    """The role of a packet that answers this one."""
    return "request" if skb.hop.traced.role == "reply" else "reply"


def _nobody_listens(skb: Skb) -> None:
    """No socket: TCP answers with a RST, the others with ICMP."""
    packet = skb.packet
    if packet.proto == "tcp":
        reset = reset_for(packet)
        skb.hop.add(Rejected("NO_SOCKET", "RST") if reset else Dropped("NO_SOCKET"))
        if reset is not None:
            send(skb.netns, reset, skb.hop.traced.leg, role=_opposite(skb))
        return
    code = 3 if packet.proto == "udp" else 2
    skb.hop.add(Rejected("NO_SOCKET" if code == 3 else "IP_NOPROTO", f"ICMP {icmp.name_of(UNREACHABLE, code)}"))
    complain(skb, Icmp(UNREACHABLE, code))


# --- for another: through --------------------------------------------------------------------------------------


def forward(skb: Skb) -> None:
    """The packet is for somebody else: check TTL and size, tell the sender of a shorter way, then FORWARD."""
    assert skb.route is not None and skb.route.dev is not None
    packet, oif = skb.packet, skb.netns.devices[skb.route.dev]
    if packet.ttl <= 1:
        skb.hop.add(Dropped("IP_TTL_EXCEEDED"))
        complain(skb, Icmp(TIME_EXCEEDED, 0))
        return
    if packet.df and packet.length > oif.mtu:
        skb.hop.add(Dropped("PKT_TOO_BIG"))
        complain(skb, Icmp(UNREACHABLE, 4, mtu=oif.mtu))
        return
    skb.packet = changed(packet, ttl=packet.ttl - 1)
    skb.hop.add(Forwarded(packet.ttl - 1))
    skb.oif = oif
    _advise_redirect(skb)
    if passes("FORWARD", skb):
        output(skb)


def _advise_redirect(skb: Skb) -> None:
    """Out by the device that it came in by, from a sender on that link: the sender could have gone there directly."""
    netns, device, way = skb.netns, skb.iif, skb.route
    assert device is not None and way is not None and way.via is not None
    src = skb.packet.src
    if skb.oif is not device or not netns.sysctls.conf(device.name, "send_redirects"):
        return
    if sender_is_on_link(netns, src, device) and netns.redirect_limit.allows(src, netns.world.now):
        complain(skb, Icmp(REDIRECT, 1, gateway=way.via))


def _obey_redirect(skb: Skb, message: Icmp) -> None:
    """A host takes a router's advice once it knows the new gateway's MAC address; until then it only asks for it."""
    netns, device, quote, gateway = skb.netns, skb.iif, message.quote, message.gateway
    assert device is not None
    if quote is None or gateway is None or not netns.sysctls.conf(device.name, "accept_redirects"):
        return
    way = route_out(netns, quote.dst)
    if way.via != skb.packet.src or is_local(netns, gateway) or not any(gateway in each.network for each in device.addresses):
        return
    if arp.is_known(device, gateway, skb.hop.traced.leg):
        netns.routing.redirects[quote.dst] = gateway


def _note_path_mtu(netns: Netns, message: Icmp) -> None:
    if message.type == UNREACHABLE and message.code == 4 and message.quote is not None:
        netns.routing.path_mtus[message.quote.dst] = message.mtu


# --- out: from a socket ------------------------------------------------------------------------------------------


def send(netns: Netns, packet: Packet, leg: Leg, *, role: str, again: bool = False, may_cut: bool = True,
         about: Skb | None = None) -> str | None:
    """A packet that this machine made: route it, then OUTPUT, then out. Returns the errno if the socket is told one.

    With ``may_cut`` a packet that is too large for its first link loses its DF bit, and is cut there.

    ``about`` is the packet that an ICMP error or a RST answers: what it says belongs to that packet's connection.
    """
    hop = leg.open(packet, role, again=again).arrive(netns.name)
    way = route_out(netns, packet.dst, src=packet.src)
    hop.add(Routed(packet.dst, way))
    if way.errno is not None:
        hop.add(Dropped("IP_OUTNOROUTES"))
        return way.errno
    skb = Skb(netns, packet, hop)
    _take(skb, way)
    if packet.df and may_cut and packet.length > _mtu(skb):
        skb.packet = changed(packet, df=False, id=netns.world.next_packet_id())
    if about is not None and about.conn is not None:
        skb.conn, skb.ctinfo, skb.reply = about.conn, "RELATED", not about.reply
    if not passes("OUTPUT", skb):
        return "EPERM"
    _take(skb, skb.route or way)
    return output(skb)


def _take(skb: Skb, way: Lookup) -> None:
    skb.route = way
    skb.oif = skb.netns.devices[way.dev] if way.dev is not None else None


def _reroute(skb: Skb) -> bool:
    """OUTPUT changed what the first route was chosen by, so choose again (ip_route_me_harder)."""
    packet = skb.packet
    way = route_out(skb.netns, packet.dst, src=packet.src, mark=skb.mark)
    skb.hop.add(Routed(packet.dst, way))
    if way.errno is not None:
        skb.hop.add(Dropped("IP_OUTNOROUTES"))
        return False
    skb.route = way
    return True


def complain(skb: Skb, message: Icmp) -> None:
    """Send an ICMP error about a packet to its sender, if one may be sent."""
    error = icmp.error_about(skb, message)
    if error is not None:
        send(skb.netns, error, skb.hop.traced.leg, role=_opposite(skb), about=skb)


# --- out: to the wire --------------------------------------------------------------------------------------------


def output(skb: Skb) -> str | None:
    """POSTROUTING, then in pieces if it must be, to the next hop. Returns the errno if a local sender is told one."""
    skb.iif = None  # POSTROUTING is told of the way out alone
    if not passes("POSTROUTING", skb):
        return "EPERM"
    device, way = skb.oif, skb.route
    assert device is not None and way is not None and way.via is not None
    mtu = _mtu(skb)
    if skb.packet.length <= mtu:
        send_to_neighbour(skb, device, way.via)
        return None
    if skb.packet.df:
        skb.hop.add(Dropped("PKT_TOO_BIG"))
        return "EMSGSIZE"
    pieces = cut(skb.packet, mtu)
    skb.hop.add(Fragmented(mtu, len(pieces)))
    for piece in pieces:
        copy = skb.clone()
        copy.packet = piece
        send_to_neighbour(copy, device, way.via)
    return None


def _mtu(skb: Skb) -> int:
    """The largest packet that may leave: the device's, or what routers on the way have told of the path."""
    assert skb.oif is not None
    return min(skb.oif.mtu, skb.netns.routing.path_mtus.get(skb.packet.dst, skb.oif.mtu))


def send_to_neighbour(skb: Skb, device: Device, next_hop: Ip) -> None:
    """Put the packet into a frame for the next hop. If its MAC address is not known, the packet waits in arp.py."""
    if isinstance(device, Loopback):
        loop_back(device, skb)
        return
    broadcast = skb.route is not None and skb.route.type == "broadcast"
    mac = BROADCAST_MAC if broadcast else arp.resolve(skb, device, next_hop)
    if mac is None:
        return
    if skb.bridged and isinstance(device, Bridge):
        frame = Frame(device.mac, mac, skb.packet)  # the sender's own MAC comes back behind br0 (br_nf_dev_xmit)
        skb.hop.capture(device.name, "out", frame, skb.netns.world.now)
        bridging.resume(device, skb, mac)
    else:
        transmit(device, Frame(device.mac, mac, skb.packet), skb.hop)


def transmit(device: Device, frame: Frame, hop: Hop) -> None:
    """A frame leaves by a device: over the wire to the peer, or into the bridge."""
    if not device.running:
        hop.add(Dropped("DEV_READY"))
        return
    hop.capture(device.name, "out", frame, device.netns.world.now)
    if isinstance(device, Bridge):
        bridging.send(device, frame, hop)
    elif isinstance(device, Veth):
        hop.oif = device.name
        device.netns.world.over_the_wire(receive, device.peer, frame, hop.traced)


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
    skb.hop.capture(device.name, "in", frame, skb.netns.world.now)
    ip_receive(skb)


# --- netfilter's hooks -------------------------------------------------------------------------------------------


def passes(hook: str, skb: Skb) -> bool:
    """Take a packet through a hook: its stations in the kernel's order. False if it ended there."""
    tables, awake = skb.netns.netfilter.tables, skb.netns.netfilter.uses_conntrack
    if not tables:
        return True
    if awake and skb.packet.is_fragment and hook in ("PREROUTING", "OUTPUT") and not _gathered(skb):
        return False  # conntrack sees whole packets only (nf_defrag_ipv4, before all tables)
    for station in HOOKS[hook]:
        if station == "conntrack":
            if awake:
                conntrack.track(skb)
        elif station == "confirm":
            if not conntrack.confirm(skb):
                skb.hop.add(Dropped("NETFILTER_DROP", "conntrack: the tuple is taken"))
                return False
        elif station in tables and not _passes_table(station, hook, skb):
            return False
    return True


def _passes_table(table: str, hook: str, skb: Skb) -> bool:
    before, mark = skb.packet, skb.mark
    accepted = _translated(hook, skb) if table == "nat" else _judged(table, hook, skb)
    if not accepted:
        return False
    must_reroute = skb.packet.dst != before.dst or (table == "mangle" and skb.mark != mark)
    return not (hook == "OUTPUT" and must_reroute) or _reroute(skb)


def _judged(table: str, hook: str, skb: Skb) -> bool:
    """Walk a table's rules; carry out what they say if it is no."""
    verdict = netfilter.walk(skb.netns.netfilter, table, hook, skb)
    if verdict.word == "ACCEPT":
        return True
    if verdict.word == "DROP":
        skb.hop.add(Dropped("NETFILTER_DROP", verdict.rule))
        return False
    _reject(skb, verdict)
    return False


def _reject(skb: Skb, verdict: netfilter.Verdict) -> None:
    """REJECT: a RST, or the ICMP error that the rule names, and the packet's end."""
    if verdict.answer == "tcp-reset":
        reset = reset_for(skb.packet)
        skb.hop.add(Rejected("NETFILTER_DROP", "RST", verdict.rule))
        if reset is not None:
            send(skb.netns, reset, skb.hop.traced.leg, role=_opposite(skb), about=skb)
        return
    code = icmp.REJECT_CODES[verdict.answer]
    skb.hop.add(Rejected("NETFILTER_DROP", f"ICMP {icmp.name_of(UNREACHABLE, code)}", verdict.rule))
    complain(skb, Icmp(UNREACHABLE, code))


def _translated(hook: str, skb: Skb) -> bool:
    """NAT: ask the rules once for each new connection and side, then rewrite each packet as was decided."""
    conn, message = skb.conn, skb.packet.icmp
    if conn is None or not skb.netns.netfilter.uses_conntrack:
        return True
    kind = "dst" if hook in ("PREROUTING", "OUTPUT") else "src"
    if message is not None and message.is_error:
        if conntrack.translate_error(skb, hook, kind):
            return True
        skb.hop.add(Dropped("NETFILTER_DROP", "nat: a redirect about a connection that NAT handles"))
        return False
    if not conn.confirmed and skb.ctinfo in ("NEW", "RELATED") and kind not in conn.bound:
        if not _judged("nat", hook, skb):
            return False
        if kind not in conn.bound and not conntrack.bind(skb, kind, conntrack.NatRange()):
            skb.hop.add(Dropped("NETFILTER_DROP", "nat: no free tuple"))
            return False
    conntrack.translate(skb, hook, kind)
    return True
