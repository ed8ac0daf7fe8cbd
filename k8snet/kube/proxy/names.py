"""What kube-proxy calls its chains: hashes in iptables mode, hashes with words behind them in nftables mode.

An iptables chain's name may have 28 letters, which no Service's name fits into. So a name is a hash of who the chain is
for: the same on every node, and known in advance. Sources: pkg/proxy/iptables/proxier.go (portProtoHash,
servicePortEndpointChainName), pkg/proxy/nftables/proxier.go (servicePortChainNameBase, hashAndTruncate).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

SERVICE, LOCAL, EXTERNAL, FIREWALL, ENDPOINT = "KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-"
SERVICE_CHAINS = (SERVICE, LOCAL, EXTERNAL, FIREWALL, ENDPOINT)
"""How the names of iptables chains begin that belong to one Service."""
LONGEST = 240
"""So many letters may a base have in nftables mode."""
MOST_KEPT = 1 << 16
"""So many names are remembered: they are asked for again with each change, and by each node's kube-proxy."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
"""Two letters of base32 for each ten bits: eight pairs are a name. The standard library's way takes four times as long."""


def service_port_name(namespace: str, service: str, port_name: str) -> str:
    """A service port as comments and hashes name it.

    >>> service_port_name("default", "web", "http"), service_port_name("default", "web", "")
    ('default/web:http', 'default/web')
    """
    return f"{namespace}/{service}:{port_name}" if port_name else f"{namespace}/{service}"


def hashed(text: str) -> str:
    """Sixteen letters for a text: the first 80 bits of its SHA-256, in base32."""
    bits, pairs = int.from_bytes(sha256(text.encode()).digest()[:10], "big"), _PAIRS
    return (
        pairs[bits >> 70] + pairs[bits >> 60 & 1023] + pairs[bits >> 50 & 1023] + pairs[bits >> 40 & 1023]
        + pairs[bits >> 30 & 1023] + pairs[bits >> 20 & 1023] + pairs[bits >> 10 & 1023] + pairs[bits & 1023])


@lru_cache(MOST_KEPT)
def port_hash(name: str, protocol: str) -> str:
    """What stands behind ``KUBE-SVC-``, and behind three other beginnings. ``protocol`` in lower case.

    >>> port_hash("ns1/svc1:p80", "tcp")
    'XPGD46QRK7WJZT7O'
    """
    return hashed(name + protocol)


@lru_cache(MOST_KEPT)
def endpoint_chain(name: str, protocol: str, endpoint: str) -> str:
    """The chain of an endpoint, ``ip:port``.

    >>> endpoint_chain("ns1/svc1:p80", "tcp", "10.180.0.1:80")
    'KUBE-SEP-SXIVWICOYRO3J4NJ'
    """
    return ENDPOINT + hashed(f"{name}{protocol}{endpoint}")


def is_service_chain(chain: str) -> bool:
    """Whether a chain of iptables belongs to a Service, by its name."""
    return chain.startswith(SERVICE_CHAINS)


# --- nftables ----------------------------------------------------------------------------------------------------


def base(namespace: str, service: str, port_name: str, protocol: str, endpoint: str = "") -> str:
    """What stands behind ``service-``, ``endpoint-`` and so on: eight letters of a hash, and whose chain it is.

    >>> base("ns1", "svc1", "p80", "tcp")
    'ULMVA6XW-ns1/svc1/tcp/p80'
    """
    text = f"{namespace}/{service}/{protocol}/{port_name}"
    if endpoint:
        ip, _, port = endpoint.rpartition(":")
        text += f"__{ip.strip('[]').replace(':', '.')}/{port}"
    whole = f"{hashed(text)[:8]}-{text}"
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 3]}..."
