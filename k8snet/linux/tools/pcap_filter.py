"""The filters of tcpdump, as far as a learner needs them: ``tcp port 80 and not host 10.1.1.1``.

Source: pcap-filter(7). ``and`` and ``or`` bind equally and from the left, as there.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import NotModelled
from k8snet.linux.address import Ip, Network
from k8snet.linux.packet import Arp, Packet

Filter = Callable[[Packet | Arp], bool]
PROTOCOLS = ("ip", "arp", "icmp", "tcp", "udp", "sctp")
KNOWN = "[ip|arp|icmp|tcp|udp|sctp] [src|dst] host|net|port X, and, or, not, ( )"


def compiled(text: str) -> Filter:
    """A test for packets; an empty text lets all pass.

    >>> compiled("udp port 53")(Packet(Ip("10.1.1.1"), Ip("10.1.1.2"), "udp", 40000, 53))
    True
    """
    for sign, word in (("(", " ( "), (")", " ) "), ("!", " not "), ("&&", " and "), ("||", " or ")):
        text = text.replace(sign, word)
    words = text.split()
    if not words:
        return lambda packet: True
    test = _chain(words)
    if words:
        raise NotModelled(f"the filter at {words[0]!r}", known=KNOWN)
    return test


def _chain(words: list[str]) -> Filter:
    """Terms with ``and`` and ``or`` between them; takes the words that it understands off the list."""
    test = _term(words)
    while words and words[0] in ("and", "or"):
        word = words.pop(0)
        test = _both(test, _term(words)) if word == "and" else _either(test, _term(words))
    return test


def _both(one: Filter, other: Filter) -> Filter:
    return lambda packet: one(packet) and other(packet)


def _either(one: Filter, other: Filter) -> Filter:
    return lambda packet: one(packet) or other(packet)


def _term(words: list[str]) -> Filter:
    if words[:1] == ["not"]:
        words.pop(0)
        inner = _term(words)
        return lambda packet: not inner(packet)
    if words[:1] == ["("]:
        words.pop(0)
        inner = _chain(words)
        if words[:1] != [")"]:
            raise NotModelled("a filter with an open parenthesis", known=KNOWN)
        words.pop(0)
        return inner
    return _primitive(words)


def _primitive(words: list[str]) -> Filter:
    """``[protocol] [src|dst] [host|net|port] value``, or a protocol alone."""
    protocol = words.pop(0) if words and words[0] in PROTOCOLS else ""
    side = words.pop(0) if words and words[0] in ("src", "dst") else ""
    kind = words.pop(0) if words and words[0] in ("host", "net", "port") else ""
    if protocol and not side and not kind:
        return lambda packet: _is_of(packet, protocol)
    if not words:
        raise NotModelled("a filter that ends in the middle", known=KNOWN)
    value = words.pop(0)
    test = _port(side, value) if kind == "port" else _address(side, value)
    return lambda packet: (not protocol or _is_of(packet, protocol)) and test(packet)


def _is_of(packet: Packet | Arp, protocol: str) -> bool:
    if isinstance(packet, Arp):
        return protocol == "arp"
    return protocol in ("ip", packet.proto)


def _port(side: str, value: str) -> Filter:
    if not value.isdecimal():
        raise NotModelled(f"the filter port {value}", known="numbers of ports")
    number = int(value)

    def test(packet: Packet | Arp) -> bool:
        if isinstance(packet, Arp) or packet.proto == "icmp" or packet.offset:
            return False
        return number in {"src": (packet.sport,), "dst": (packet.dport,)}.get(side, (packet.sport, packet.dport))

    return test


def _address(side: str, value: str) -> Filter:
    try:
        network = Network.parse(value)
    except ValueError as error:
        raise NotModelled(f"the filter word {value!r}", known=KNOWN) from error

    def test(packet: Packet | Arp) -> bool:
        ends = (packet.sender_ip, packet.target_ip) if isinstance(packet, Arp) else (packet.src, packet.dst)
        chosen: tuple[Ip, ...] = {"src": ends[:1], "dst": ends[1:]}.get(side, ends)
        return any(end in network for end in chosen)

    return test
