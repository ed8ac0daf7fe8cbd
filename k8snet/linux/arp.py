"""ARP: who asks for a MAC address, who answers, what each of them learns. The table it fills is in neigh.py.

Sources: RFC 826; the kernel's net/ipv4/arp.c (arp_solicit, arp_process) and net/core/neighbour.c.
"""

from __future__ import annotations

from k8snet.linux import stack
from k8snet.linux.address import BROADCAST_MAC, ZERO_MAC, Ip
from k8snet.linux.device import Device
from k8snet.linux.neigh import UNSURE, USABLE, Neigh
from k8snet.linux.packet import UNREACHABLE, Arp, Frame, Icmp, Skb
from k8snet.linux.route import is_local, lookup, route_out, select_address, source_error
from k8snet.linux.steps import Awaited, Delivered, Dropped, Ignored, Resolved
from k8snet.linux.trace import Hop, Leg, Trace

QUEUE = 101
"""How many packets may wait for one neighbour (net.ipv4.neigh.*.unres_qlen)."""


def resolve(skb: Skb, device: Device, ip: Ip) -> str | None:
    """The MAC address of the next hop; None if it must be asked for, and then the packet waits."""
    table, now = device.netns.neighbours, device.netns.world.now
    entry = table.find(device.name, ip)
    if entry is None:
        entry = table.add(device.name, ip, _new(device, "INCOMPLETE"))
    state = entry.state(now)
    if state in USABLE and entry.mac is not None:
        entry.has_header = True
        if state == "STALE":
            state = _doubt(device, ip, entry)
        skb.hop.add(Resolved(device.name, ip, entry.mac, state))
        return entry.mac
    _wait(skb, device, ip, entry)
    return None


def is_known(device: Device, ip: Ip, leg: Leg) -> bool:
    """Whether a neighbour's MAC address is known; if not, ask for it, with no packet waiting."""
    table = device.netns.neighbours
    entry = table.find(device.name, ip) or table.add(device.name, ip, _new(device, "FAILED"))
    if entry.nud == "FAILED":
        entry.nud, entry.asked = "INCOMPLETE", 0
        entry.round += 1
        _ask(device, ip, entry, entry.round, leg)
    return entry.mac is not None


def ask(device: Device, ip: Ip, asker: Ip, leg: Leg, mac: str = ZERO_MAC) -> None:
    """Send one request, as ``arping`` does: to everyone, or to the one whose MAC address is given."""
    _send(device, Arp("request", device.mac, asker, mac, ip), leg)


def receive(device: Device, frame: Frame, arp: Arp, hop: Hop) -> None:
    """An ARP message has come in: answer it if it asks for us, learn from it if it tells us something we asked."""
    now, table = device.netns.world.now, device.netns.neighbours
    if arp.op == "request" and (is_for_us(device, arp) or _stands_in(device, arp)):
        if arp.sender_ip:  # who has no address yet only looks whether one is free (RFC 5227)
            entry = table.find(device.name, arp.sender_ip) or table.add(device.name, arp.sender_ip, _new(device, "STALE"))
            _learn(device, arp.sender_ip, entry, arp.sender_mac, "STALE")
        hop.add(Delivered("arp", 0, "kernel"))
        _answer(device, frame, arp, hop)
        return
    known = table.find(device.name, arp.sender_ip)
    if known is None and _takes_announcement(device, arp):
        known = table.add(device.name, arp.sender_ip, _new(device, "STALE"))
    if known is None:
        hop.add(Ignored("an ARP message about others"))
        return
    asked = arp.op == "reply" and frame.dst == device.mac
    if known.mac is None or known.mac == arp.sender_mac or now - known.updated > 1:  # neigh locktime: 1 s
        _learn(device, arp.sender_ip, known, arp.sender_mac, "REACHABLE" if asked else "STALE")
    hop.add(Delivered("arp", 0, "kernel"))


def is_for_us(device: Device, arp: Arp) -> bool:
    """Whether the address asked for is ours: any of ours, on any device, unless ``arp_ignore`` is stricter."""
    netns = device.netns
    if not is_local(netns, arp.target_ip) or source_error(netns, arp.sender_ip, arp.target_ip, device):
        return False
    if arp.target_ip.is_loopback and not netns.sysctls.conf(device.name, "route_localnet"):
        return False
    if netns.sysctls.conf(device.name, "arp_filter") and route_out(netns, arp.sender_ip, src=arp.target_ip).dev != device.name:
        return False
    ignore = netns.sysctls.conf(device.name, "arp_ignore")
    own = [each for each in device.addresses if each.ip == arp.target_ip]
    if ignore == 2:
        return any(arp.sender_ip in each.network for each in own)
    return ignore < 1 or (ignore == 1 and bool(own))


def _takes_announcement(device: Device, arp: Arp) -> bool:
    """Whether to learn from one who was not asked (``arp_accept``): an answer, or somebody who asks for its own address."""
    accept = device.netns.sysctls.conf(device.name, "arp_accept")
    announces = arp.op == "reply" or arp.sender_ip == arp.target_ip
    return announces and (accept == 1 or (accept == 2 and any(arp.sender_ip in each.network for each in device.addresses)))


def _stands_in(device: Device, arp: Arp) -> bool:
    """Proxy ARP: whether we answer for an address that we route out of another device (arp_fwd_proxy)."""
    netns = device.netns
    if not netns.sysctls.conf(device.name, "proxy_arp") or not netns.sysctls.conf(device.name, "forwarding"):
        return False
    way = lookup(netns, arp.target_ip, src=arp.sender_ip, iif=device.name)
    return way.type == "unicast" and way.dev != device.name and not source_error(netns, arp.sender_ip, arp.target_ip, device)


def _answer(device: Device, frame: Frame, arp: Arp, hop: Hop) -> None:
    """Say our MAC address to who asked; a stand-in takes its time, up to ``proxy_delay``, so that the owner may be first."""
    world = device.netns.world
    reply = Arp("reply", device.mac, arp.target_ip, arp.sender_mac, arp.sender_ip)
    delay = device.netns.sysctls.neigh(device.name, "proxy_delay") / 100
    if is_local(device.netns, arp.target_ip) or not delay or frame.dst == device.mac:
        _send(device, reply, hop.traced.leg)
    else:
        world.at(world.now + delay * world.draw(0, 999) / 1000, _send, device, reply, hop.traced.leg)


def _send(device: Device, arp: Arp, leg: Leg) -> None:
    target = BROADCAST_MAC if arp.target_mac == ZERO_MAC else arp.target_mac
    if target == BROADCAST_MAC:
        device.netns.world.call(arp.target_ip)
    hop = leg.open(arp, "arp").arrive(device.netns.name)
    hop.oif = device.name
    stack.transmit(device, Frame(device.mac, target, arp), hop)


# --- asking ------------------------------------------------------------------------------------------------------


def _wait(skb: Skb, device: Device, ip: Ip, entry: Neigh) -> None:
    skb.hop.add(Awaited(device.name, ip))
    if len(entry.waiting) == QUEUE:
        entry.waiting.pop(0).hop.add(Dropped("NEIGH_QUEUEFULL"))
    entry.waiting.append(skb)
    if entry.state(device.netns.world.now) != "INCOMPLETE" or entry.asked == 0:
        entry.nud, entry.mac, entry.asked = "INCOMPLETE", None, 0
        entry.round += 1
        _ask(device, ip, entry, entry.round)


def _ask(device: Device, ip: Ip, entry: Neigh, asking: int, leg: Leg | None = None) -> None:
    """Send a request, and come back to see whether it was answered; after the last one the packets are given up."""
    netns = device.netns
    if entry.round != asking or entry.nud not in UNSURE or netns.devices.get(device.name) is not device:
        return
    limit = "mcast_solicit" if entry.nud == "INCOMPLETE" else "ucast_solicit"
    if entry.asked >= netns.sysctls.neigh(device.name, limit):
        _give_up(entry)
        return
    entry.asked += 1
    if entry.waiting:
        leg = entry.waiting[0].hop.traced.leg
    leg = leg or Trace(netns.world, None).leg("arp")
    request = Arp("request", device.mac, _asker(device, ip, entry), entry.mac or ZERO_MAC, ip)
    _send(device, request, leg)
    again = netns.world.now + netns.sysctls.neigh(device.name, "retrans_time_ms") / 1000
    netns.world.at(again, _ask, device, ip, entry, asking, leg)


def _asker(device: Device, ip: Ip, entry: Neigh) -> Ip:
    """The address to answer to: the waiting packet's own source if it is ours, unless ``arp_announce`` is stricter."""
    netns = device.netns
    source = entry.waiting[0].packet.src if entry.waiting else None
    announce = netns.sysctls.conf(device.name, "arp_announce")
    if source is not None and announce < 2 and is_local(netns, source):
        shares = any(source in each.network and ip in each.network for each in device.addresses)
        if announce == 0 or shares:
            return source
    return select_address(netns, device, ip, "link") or Ip(0)


def _give_up(entry: Neigh) -> None:
    """No answer: tell each waiting packet's sender, if that is possible (arp_error_report).

    Nothing is said about a packet whose frame was for another machine (icmp.c: __icmp_send, pkt_type).
    """
    entry.nud, entry.mac = "FAILED", None
    waiting, entry.waiting = entry.waiting, []
    for skb in waiting:
        skb.hop.add(Dropped("NEIGH_FAILED"))
        if not skb.other_host:
            stack.complain(skb, Icmp(UNREACHABLE, 1))


def _doubt(device: Device, ip: Ip, entry: Neigh) -> str:
    """A STALE entry is used at once, and looked into after a while if nobody confirms it meanwhile: its state now."""
    world = device.netns.world
    entry.nud = "DELAY"
    entry.round += 1
    wait = device.netns.sysctls.neigh(device.name, "delay_first_probe_time")
    world.at(world.now + wait, _look_into, device, ip, entry, entry.round, world.now)
    return entry.nud


def _look_into(device: Device, ip: Ip, entry: Neigh, asking: int, since: float) -> None:
    if entry.round != asking or entry.nud != "DELAY":
        return
    if entry.confirmed >= since:
        entry.nud = "REACHABLE"
        return
    entry.nud, entry.asked = "PROBE", 0
    _ask(device, ip, entry, asking)


def _learn(device: Device, ip: Ip, entry: Neigh, mac: str, nud: str) -> None:
    """Take the news, and send what was waiting for it."""
    entry.learn(mac, nud, device.netns.world.now)
    waiting, entry.waiting = entry.waiting, []
    for skb in waiting:
        stack.send_to_neighbour(skb, device, ip)


def _new(device: Device, nud: str) -> Neigh:
    reachable = device.netns.sysctls.neigh(device.name, "base_reachable_time_ms") / 1000
    return Neigh(nud, now=device.netns.world.now, reachable_time=reachable)
