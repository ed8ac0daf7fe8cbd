"""Names that iptables knows for numbers: protocols, services, ICMP types, log levels.

Protocols and services are those of Debian's /etc/protocols and /etc/services that one meets; ICMP types are
iptables' own list (extensions/libipt_icmp.c), in its order, which decides what an abbreviation means.
"""

from __future__ import annotations

PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "ipv6": 41, "rsvp": 46,
    "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "ipip": 94, "pim": 103, "vrrp": 112,
    "l2tp": 115, "sctp": 132, "mobility-header": 135, "udplite": 136, "dccp": 33,
}  # fmt: skip
PROTOCOL_ALIASES = {
    "icmpv6": "ipv6-icmp", "mh": "mobility-header", "ipv6-mh": "mobility-header", "ospfigp": "ospf",
    "ipv4": "ipencap",  # so called on machines that are not Debian's
}  # fmt: skip
PROTOCOL_OF_NUMBER = {number: name for name, number in PROTOCOLS.items()}

SERVICES = {
    "tcpmux": 1, "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15, "qotd": 17, "chargen": 19,
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "time": 37, "whois": 43, "tacacs": 49, "domain": 53,
    "bootps": 67, "bootpc": 68, "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "kerberos": 88, "pop3": 110,
    "sunrpc": 111, "nntp": 119, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap2": 143,
    "snmp": 161, "snmp-trap": 162, "bgp": 179, "irc": 194, "ldap": 389, "https": 443, "microsoft-ds": 445, "isakmp": 500,
    "syslog": 514, "submission": 587, "ldaps": 636, "domain-s": 853, "imaps": 993, "pop3s": 995, "socks": 1080,
    "ms-sql-s": 1433, "nfs": 2049, "mysql": 3306, "sip": 5060, "postgresql": 5432, "amqp": 5672, "x11": 6000,
    "redis": 6379, "http-alt": 8080,
}  # fmt: skip
SERVICE_ALIASES = {"www": 80, "imap": 143, "login": 513, "kerberos-sec": 88}
UDP_ONLY = frozenset({"bootps", "bootpc", "tftp", "netbios-dgm", "syslog"})
TCP_ONLY = frozenset({
    "tcpmux", "systat", "netstat", "qotd", "ftp-data", "ftp", "ssh", "telnet", "smtp", "whois", "gopher", "finger", "http",
    "pop3", "nntp", "netbios-ssn", "imap2", "bgp", "submission", "imaps", "pop3s", "socks", "mysql", "postgresql",
    "redis",
})  # fmt: skip
SERVICE_OF_PORT = {port: name for name, port in SERVICES.items()}

ANY_CODE = (0, 255)
ICMP_TYPES: dict[str, tuple[int, tuple[int, int]]] = {
    "any": (255, ANY_CODE), "echo-reply": (0, ANY_CODE), "pong": (0, ANY_CODE), "destination-unreachable": (3, ANY_CODE),
    "network-unreachable": (3, (0, 0)), "host-unreachable": (3, (1, 1)), "protocol-unreachable": (3, (2, 2)),
    "port-unreachable": (3, (3, 3)), "fragmentation-needed": (3, (4, 4)), "source-route-failed": (3, (5, 5)),
    "network-unknown": (3, (6, 6)), "host-unknown": (3, (7, 7)), "network-prohibited": (3, (9, 9)),
    "host-prohibited": (3, (10, 10)), "TOS-network-unreachable": (3, (11, 11)), "TOS-host-unreachable": (3, (12, 12)),
    "communication-prohibited": (3, (13, 13)), "host-precedence-violation": (3, (14, 14)), "precedence-cutoff": (3, (15, 15)),
    "source-quench": (4, ANY_CODE), "redirect": (5, ANY_CODE), "network-redirect": (5, (0, 0)), "host-redirect": (5, (1, 1)),
    "TOS-network-redirect": (5, (2, 2)), "TOS-host-redirect": (5, (3, 3)), "echo-request": (8, ANY_CODE), "ping": (8, ANY_CODE),
    "router-advertisement": (9, ANY_CODE), "router-solicitation": (10, ANY_CODE), "time-exceeded": (11, ANY_CODE),
    "ttl-exceeded": (11, ANY_CODE), "ttl-zero-during-transit": (11, (0, 0)), "ttl-zero-during-reassembly": (11, (1, 1)),
    "parameter-problem": (12, ANY_CODE), "ip-header-bad": (12, (0, 0)), "required-option-missing": (12, (1, 1)),
    "timestamp-request": (13, ANY_CODE), "timestamp-reply": (14, ANY_CODE), "address-mask-request": (17, ANY_CODE),
    "address-mask-reply": (18, ANY_CODE),
}  # fmt: skip

LOG_LEVELS = {"emerg": 0, "panic": 0, "alert": 1, "crit": 2, "err": 3, "error": 3, "warn": 4, "warning": 4, "notice": 5,
              "info": 6, "debug": 7}  # fmt: skip


def protocol_name(text: str) -> str | None:
    """The name under which iptables lists a protocol (a number stays one), ``all`` for 0, None if there is no such."""
    word = text.lower()
    word = PROTOCOL_ALIASES.get(word, word)
    if word in PROTOCOLS:
        return word
    if word in ("all", "ip"):
        return "all"
    number = parse_number(word, 255)
    return None if number is None else "all" if number == 0 else PROTOCOL_OF_NUMBER.get(number, str(number))


def service_port(text: str) -> int | None:
    """The port behind a service's name or a number; None if there is no such."""
    number = parse_number(text, 65535)
    return number if number is not None else SERVICES.get(text, SERVICE_ALIASES.get(text))


def service_name(port: int, proto: str) -> str:
    """The name of a port, as ``iptables -L`` without ``-n`` shows it; the number if it has none."""
    name = SERVICE_OF_PORT.get(port, "")
    other = {"tcp": UDP_ONLY, "udp": TCP_ONLY}.get(proto)
    return str(port) if not name or other is None or name in other else name


def parse_number(text: str, highest: int) -> int | None:
    """A number as C's strtoul reads it (0x… and 0… are hexadecimal and octal); None if it is none, or too large."""
    base = 16 if text[:2].lower() == "0x" else 8 if len(text) > 1 and text[0] == "0" else 10
    digits = text[2:] if base == 16 else text
    if not digits.isascii() or not digits.isalnum():
        return None
    try:
        number = int(digits, base)
    except ValueError:
        return None
    return number if number <= highest else None
