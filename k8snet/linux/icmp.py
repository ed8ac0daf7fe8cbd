"""ICMP: which message is sent about a packet, by whom, and how often. Sending it is the stack's business.

Sources: RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3, and the kernel's net/ipv4/icmp.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux.address import BROADCAST, Ip
from k8snet.linux.fact import changed
from k8snet.linux.packet import ECHO_REPLY, REDIRECT, TIME_EXCEEDED, UNREACHABLE, Icmp, Packet, Skb
from k8snet.linux.route import LOCALHOST, route_out

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

UNREACHABLE_NAMES = {
    0: "net unreachable", 1: "host unreachable", 2: "protocol unreachable", 3: "port unreachable",
    4: "fragmentation needed", 9: "net prohibited", 10: "host prohibited", 13: "communication administratively prohibited",
}
ERRNO_OF_CODE = {
    0: "ENETUNREACH", 1: "EHOSTUNREACH", 2: "ENOPROTOOPT", 3: "ECONNREFUSED", 4: "EMSGSIZE", 5: "EOPNOTSUPP",
    6: "ENETUNREACH", 7: "EHOSTDOWN", 8: "ENONET", 9: "ENETUNREACH", 10: "EHOSTUNREACH", 11: "ENETUNREACH",
    12: "EHOSTUNREACH", 13: "EHOSTUNREACH", 14: "EHOSTUNREACH", 15: "EHOSTUNREACH",
}
"""What a socket is told for each code of "unreachable" (kernel: icmp_err_convert)."""
REJECT_CODES = {
    "icmp-net-unreachable": 0, "icmp-host-unreachable": 1, "icmp-proto-unreachable": 2, "icmp-port-unreachable": 3,
    "icmp-net-prohibited": 9, "icmp-host-prohibited": 10, "icmp-admin-prohibited": 13,
}
"""``REJECT --reject-with`` and the code that it sends."""

BURST = 6
NO_WAY_BURST = 5.0
REDIRECT_LOAD, REDIRECT_NUMBER = 0.02, 9


class RateLimit:
    """How many ICMP messages of its own accord a kernel may still send to each peer: errors, and redirects.

    Errors: six at once, then one each ``icmp_ratelimit``. Redirects: 40, 80, 160 … ms apart, nine times, then again after
    20 s of quiet. Both are counted on one clock, so who has just been redirected gets no error for a while.
    Kernel: inetpeer.c, inet_peer_xrlim_allow(); route.c, ip_rt_send_redirect().
    """

    def __init__(self) -> None:
        self._peers: dict[Ip, tuple[float, float, int]] = {}
        """For each peer its tokens (in seconds), when it was last asked about, and how often it was redirected."""

    def allows(self, peer: Ip, now: float, interval: float) -> bool:
        """Whether one more error may go to the peer now; counts it if so. ``interval`` in seconds."""
        tokens, last, redirects = self._peers.get(peer, (BURST * interval, now, 0))
        tokens = min(BURST * interval, tokens + now - last)
        allowed = tokens >= interval
        self._peers[peer] = (tokens - interval if allowed else tokens, now, redirects)
        return allowed

    def allows_no_way(self, peer: Ip, now: float) -> bool:
        """Whether the peer may be told at all that there is no route; that costs a token of the five that it may have.

        The error itself then costs another (route.c, ip_error).
        """
        tokens, last, redirects = self._peers.get(peer, (0.0, now - 60.0, 0))
        tokens = min(NO_WAY_BURST, tokens + now - last)
        allowed = tokens >= 1
        self._peers[peer] = (tokens - allowed, now, redirects)
        return allowed

    def allows_redirect(self, peer: Ip, now: float) -> bool:
        """Whether one more redirect may go to the peer now; counts it if so."""
        tokens, last, redirects = self._peers.get(peer, (0.0, -60.0, 0))
        if now - last > REDIRECT_LOAD * 2 ** (REDIRECT_NUMBER + 1):
            tokens, redirects = 0.0, 0
        allowed = redirects == 0 or (redirects < REDIRECT_NUMBER and now > last + REDIRECT_LOAD * 2**redirects)
        last = now if allowed or redirects >= REDIRECT_NUMBER else last
        self._peers[peer] = (tokens, last, redirects + allowed)
        return allowed


def name_of(kind: int, code: int) -> str:
    """What people call it: ``host unreachable``, ``time exceeded in-transit``.

    >>> name_of(3, 1)
    'host unreachable'
    """
    if kind == UNREACHABLE:
        return UNREACHABLE_NAMES.get(code, f"unreachable, code {code}")
    names = {TIME_EXCEEDED: "time exceeded in-transit", REDIRECT: "redirect", ECHO_REPLY: "echo reply"}
    return names.get(kind, f"type {kind}, code {code}")


def errno_of(icmp: Icmp) -> str:
    """The error number that a socket gets from an ICMP error about its packet."""
    return ERRNO_OF_CODE.get(icmp.code, "EHOSTUNREACH") if icmp.type == UNREACHABLE else "EHOSTUNREACH"


def error_about(skb: Skb, icmp: Icmp) -> Packet | None:
    """The ICMP error that this kernel sends about a packet; None if it must stay silent.

    No error is sent about an ICMP error, about a fragment but the first, to or from a broadcast address, or more often
    than the rate limit allows. Its source is the packet's own destination if that was this machine, else the address
    that a socket would use towards the sender.
    """
    netns, about = skb.netns, skb.packet
    if skb.route is not None and skb.route.type == "broadcast":
        return None
    if _is_for_many(about.src) or _is_for_many(about.dst) or about.offset or (about.icmp is not None and about.icmp.is_error):
        return None
    way = route_out(netns, about.src)
    local = skb.route is not None and skb.route.type == "local"
    src = about.dst if local else way.src
    if src is None or way.errno is not None or not _within_limit(netns, about.src, icmp.type, way.type):
        return None
    quoting = changed(icmp, quote=about)
    return Packet(src, about.src or LOCALHOST, "icmp", icmp=quoting, ttl=netns.sysctls["net.ipv4.ip_default_ttl"], tos=0xC0)


def _is_for_many(address: Ip) -> bool:
    return address == BROADCAST or address.is_multicast


def _within_limit(netns: Netns, peer: Ip, kind: int, way: str) -> bool:
    sysctls = netns.sysctls
    if not sysctls["net.ipv4.icmp_ratemask"] >> kind & 1 or not sysctls["net.ipv4.icmp_ratelimit"] or way == "local":
        return True
    return netns.icmp_limit.allows(peer, netns.world.now, sysctls["net.ipv4.icmp_ratelimit"] / 1000)


def echo_reply(request: Packet, ttl: int) -> Packet:
    """The answer to an echo request: the same data, id and sequence number, the addresses swapped."""
    assert request.icmp is not None
    return Packet(request.dst, request.src, "icmp", icmp=changed(request.icmp, type=ECHO_REPLY), data=request.data, ttl=ttl)
