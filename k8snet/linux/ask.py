"""One question to the network: open a connection, exchange a datagram, send an echo request; and wait.

A question makes a socket, sends its first packet, lets the world run until the socket knows how it ended, and
writes that into the trace. What happens in between is the kernels' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.linux import stack
from k8snet.linux.address import ANY, BROADCAST, Ip
from k8snet.linux.log import Connect, Ping
from k8snet.linux.packet import ECHO_REQUEST, Icmp, Packet
from k8snet.linux.route import Lookup, is_local, route_out
from k8snet.linux.sockets import Exchange
from k8snet.linux.steps import Awaited, Dropped, Routed
from k8snet.linux.tcp import Tcp
from k8snet.linux.trace import Leg, Trace

if TYPE_CHECKING:
    from k8snet.linux.netns import Netns

SYN_RETRIES = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0, 35.0, 67.0)
"""When an unanswered SYN is sent again, in seconds after the first (tcp_syn_linear_timeouts=4, then doubling)."""


def connect(netns: Netns, question: Connect, *, keep_open: bool = False) -> Trace:
    """Ask over TCP, or with one datagram over UDP or SCTP."""
    trace = _begin(netns, question)
    leg = trace.leg(question.proto)
    source = _source(netns, question.dst, question.source, leg)
    if source is None:
        return trace
    sport = question.sport or netns.sockets.next_port()
    ttl = question.ttl or netns.sysctls["net.ipv4.ip_default_ttl"]
    dst = question.dst or source
    if question.proto == "tcp":
        keep_open = keep_open or question.keep_open
        kept = netns.sockets.kept((source, sport), (dst, question.port))
        if kept is not None:
            return _ask_again(netns, kept, question, leg, keep_open=keep_open)
        tcp = Tcp((source, sport), (dst, question.port), request=question.data, ttl=ttl,
                  seq=netns.world.draw(0, 0xFFFFFFFF), keep_open=keep_open)
        return _ask_tcp(netns, tcp, leg, question.timeout)
    packet = Packet(source, dst, question.proto, sport, question.port, ttl=ttl, data=question.data, df=True)
    return _ask_once(netns, packet, leg, question.timeout)


def ping(netns: Netns, question: Ping) -> Trace:
    """Ask with one ICMP echo request."""
    trace = _begin(netns, question)
    leg = trace.leg("icmp")
    source = _source(netns, question.dst, question.source, leg)
    if source is None:
        return trace
    icmp = Icmp(ECHO_REQUEST, id=question.id or netns.sockets.next_echo_id(), seq=question.seq)
    ttl = question.ttl or netns.sysctls["net.ipv4.ip_default_ttl"]
    packet = Packet(source, question.dst or source, "icmp", icmp=icmp, ttl=ttl, data=bytes(question.size),
                    df=question.df is not False)
    return _ask_once(netns, packet, leg, question.timeout, may_cut=question.df is None, bound=question.source is not None)


def _begin(netns: Netns, question: Connect | Ping) -> Trace:
    trace = Trace(netns.world, question)
    netns.world.traces.append(trace)
    return trace


def _source(netns: Netns, dst: Ip, wanted: Ip | None, leg: Leg) -> Ip | None:
    """The address to ask from: the wanted one, if it is ours, or the one that the route gives; None: no way, and said so."""
    if wanted and not is_local(netns, wanted):
        leg.trace.end("unreachable", errno="EADDRNOTAVAIL")
        return None
    way = _way(netns, dst, wanted or ANY)
    source = wanted or way.src or Ip(0)
    if way.errno is None and source and not wanted and leg.protocol != "icmp":
        way = _way(netns, dst, source)  # who connects looks again, with the source (ip_route_connect)
    errno = way.errno or _everybody_error(dst, way, leg.protocol)
    if errno is None:
        return source
    hop = leg.open(Packet(wanted or Ip(0), dst, leg.protocol), "request").arrive(netns.name)
    hop.add(Routed(dst, way))
    hop.add(Dropped("IP_OUTNOROUTES"))
    leg.trace.end("unreachable", errno=errno)
    return None


def _way(netns: Netns, dst: Ip, source: Ip) -> Lookup:
    """Who has a source needs no route to everybody: the source's device is the way (ip_route_output_key_hash_rcu)."""
    return Lookup("broadcast") if source and dst == BROADCAST else route_out(netns, dst, src=source)


def _everybody_error(dst: Ip, way: Lookup, proto: str) -> str | None:
    """What a socket is told that wants to reach everybody and did not ask leave to (SO_BROADCAST); TCP has but one peer."""
    is_everybody = way.type == "broadcast" or dst == BROADCAST
    if proto == "tcp":
        return "ENETUNREACH" if is_everybody or dst.is_multicast else None
    return "EACCES" if is_everybody else None


def _ask_tcp(netns: Netns, tcp: Tcp, leg: Leg, timeout: float) -> Trace:
    netns.sockets.open(tcp)
    for packet in tcp.connect():
        stack.send(netns, packet, leg, role="request")  # what stops a SYN is not told to connect(): it waits on
    start = netns.world.now
    for wait in SYN_RETRIES:
        if wait < timeout:
            netns.world.at(start + wait, _again, netns, tcp, leg)
    return _wait(netns, tcp, leg, timeout)


def _ask_again(netns: Netns, tcp: Tcp, question: Connect, leg: Leg, *, keep_open: bool) -> Trace:
    """Ask over a connection that was kept open: no handshake, and no rule of a nat table is tried."""
    tcp.keep_open = keep_open
    for packet in tcp.ask(question.data):
        stack.send(netns, packet, leg, role="request")
    return _wait(netns, tcp, leg, question.timeout)


def _again(netns: Netns, tcp: Tcp, leg: Leg) -> None:
    """The SYN once more, if nothing has been heard; not while the last one still waits at home for a MAC address.

    Kernel: tcp_output.c, skb_still_in_host_queue().
    """
    if tcp.state != "SYN_SENT" or tcp.done:
        return
    last = next(traced for traced in reversed(leg.packets) if traced.role == "request")
    waits_at_home = isinstance(last.hops[-1].steps[-1], Awaited) and last.hops[-1].netns == netns.name
    if not waits_at_home:
        for packet in tcp.connect():
            stack.send(netns, packet, leg, role="request", again=True)


def say_last(netns: Netns, packets: list[Packet]) -> None:
    """Send what connections still say whose program has ended, and let it arrive. It belongs to no question."""
    if packets:
        leg = Trace(netns.world, None).leg("tcp")
        for packet in packets:
            stack.send(netns, packet, leg, role="reply")
        netns.world.run_dry()


def _ask_once(netns: Netns, packet: Packet, leg: Leg, timeout: float, *, may_cut: bool = True, bound: bool = True) -> Trace:
    exchange = Exchange(packet)
    netns.sockets.open(exchange)
    errno = stack.send(netns, packet, leg, role="request", may_cut=may_cut, bound=bound)
    if errno is not None and not exchange.done:
        exchange.errno = errno
    return _wait(netns, exchange, leg, timeout)


def _give_up(netns: Netns, tcp: Tcp, leg: Leg) -> None:
    """Close a connection on which no answer came: with a FIN, if it was ever open."""
    if tcp.state != "ESTABLISHED":
        tcp.state = "CLOSED"
        return
    for packet in tcp.close():
        stack.send(netns, packet, leg, role="request")


def _wait(netns: Netns, socket: Tcp | Exchange, leg: Leg, timeout: float) -> Trace:
    """Let the world run until the socket knows, and until what is on the wires has arrived."""
    world, trace = netns.world, leg.trace
    world.run(until=lambda: socket.done, deadline=world.now + timeout)
    if not socket.done and isinstance(socket, Tcp):
        _give_up(netns, socket, leg)
    world.run_dry()
    if not isinstance(socket, Tcp) or not (socket.keep_open or socket.state == "FIN_WAIT"):
        netns.sockets.close(socket)
    icmp = socket.icmp
    if socket.errno is not None:
        fate = "refused" if socket.errno in ("ECONNREFUSED", "ECONNRESET") else "unreachable"
        trace.end(fate, errno=socket.errno, icmp=None if icmp is None else (icmp.type, icmp.code))
    elif socket.done:
        trace.data = socket.data
        trace.end("delivered")
    else:
        trace.end("timeout")
    return trace
