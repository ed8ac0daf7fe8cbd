"""Whether a packet may come in as it does, and where it goes: what routing says to a packet from a wire.

Addresses that no wire can bring are martians. The way of a packet that a namespace makes itself is in route.py.
Source: the kernel's net/ipv4/route.c, ip_route_input_slow().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import Ip
from k8snet.linux.device import Device, Loopback
from k8snet.linux.fact import Fact
from k8snet.linux.route import Lookup, lookup, remember, source_error

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns


class Arrival(Fact, frozen=True):
    """What becomes of an incoming packet: its ``way``, or the reason (the kernel's drop-reason word) why it has none."""

    way: Lookup | None
    reason: str | None = None


def route_in(netns: Netns, src: Ip, dst: Ip, device: Device, mark: int) -> Arrival:
    """Where a packet goes that came in by a device."""
    answers, question = netns.routing.answers, (src, dst, device.name, mark)
    arrival: Arrival | None = answers.get(question)
    if arrival is None:
        arrival = remember(netns, question, _judge(netns, src, dst, device, mark))
    return arrival


def _judge(netns: Netns, src: Ip, dst: Ip, device: Device, mark: int) -> Arrival:
    reason = _martian(netns, src, dst, device)
    if reason is not None:
        return Arrival(None, reason)
    way = lookup(netns, dst, src=src, mark=mark, iif=device.name)
    is_ours = way.errno is None and way.type in ("local", "broadcast")
    if not is_ours and not netns.sysctls.conf(device.name, "forwarding"):
        return Arrival(way, "IP_INADDRERRORS")  # not a router: silence, route or no route (route.c, ip_error)
    if way.errno is None:
        reason = source_error(netns, src, dst, device, mark, None if is_ours else way.dev)
    return Arrival(way if reason is None else None, reason)


def _martian(netns: Netns, src: Ip, dst: Ip, device: Device) -> str | None:
    """Addresses that cannot come in by a wire: nobody's, everybody's, or a loopback address."""
    if src.is_multicast or src == 0xFFFFFFFF or src == 0:
        return "IP_INVALID_SOURCE"
    if dst == 0:
        return "IP_INVALID_DEST"
    if isinstance(device, Loopback) or netns.sysctls.conf(device.name, "route_localnet"):
        return None
    return "IP_LOCALNET" if dst.is_loopback or src.is_loopback else None
