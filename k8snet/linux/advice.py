"""Advice by ICMP: a router tells of a shorter way (redirect), or of a link that takes only smaller packets (path MTU).

Sources: the kernel's net/ipv4/route.c (ip_rt_send_redirect, __ip_do_redirect, ip_rt_update_pmtu); RFC 1122, 3.2.2.2; RFC 1191.
"""

from __future__ import annotations

from k8snet.linux import arp, stack
from k8snet.linux.netns import Netns
from k8snet.linux.packet import REDIRECT, UNREACHABLE, Icmp, Skb
from k8snet.linux.route import is_local, route_out, sender_is_on_link


def give(skb: Skb) -> None:
    """Out by the device that it came in by, from a sender on that link: the sender could have gone there directly."""
    netns, device, way = skb.netns, skb.iif, skb.route
    assert device is not None and way is not None and way.via is not None
    src = skb.packet.src
    if not netns.sysctls.conf(device.name, "send_redirects"):
        return
    if sender_is_on_link(netns, src, skb.packet.dst, device, skb.mark) and netns.icmp_limit.allows_redirect(src, netns.world.now):
        stack.complain(skb, Icmp(REDIRECT, 1, gateway=way.via))


def take_redirect(skb: Skb, message: Icmp) -> None:
    """A host takes a router's advice once it knows the new gateway's MAC address; until then it only asks for it."""
    netns, device, quote, gateway = skb.netns, skb.iif, message.quote, message.gateway
    assert device is not None
    if quote is None or gateway is None or not netns.sysctls.conf(device.name, "accept_redirects"):
        return
    way = route_out(netns, quote.dst)
    is_near = netns.sysctls.conf(device.name, "shared_media") or any(gateway in each.network for each in device.addresses)
    if way.via != skb.packet.src or is_local(netns, gateway) or not is_near:
        return
    if quote.proto == "tcp" and not skb.hop.traced.leg.packets[-1].again:
        return  # over veths it is back while the socket is still busy sending, and tcp_v4_err() passes over a busy one
    if arp.is_known(device, gateway, skb.hop.traced.leg):
        netns.routing.redirects[quote.dst] = gateway


def note_path_mtu(netns: Netns, message: Icmp) -> None:
    """A sender remembers how large a packet to a destination may be, once a router has told it (ip_rt_update_pmtu)."""
    if message.type == UNREACHABLE and message.code == 4 and message.quote is not None:
        netns.routing.path_mtus[message.quote.dst] = message.mtu
