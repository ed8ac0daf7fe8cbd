"""The names that plugins make up: of chains, of comments, of the host's end of a veth and the MAC addresses of both.

A chain's name is the real one's: letters of a SHA-512 sum. Names and MAC addresses of veths the real plugins leave to
chance; here they come from the sandbox's id, so that they are the same in every run and known before the kernel is asked.
Source: containernetworking-plugins 1.1.1, pkg/utils/utils.go, pkg/ip/link_linux.go.
"""

from __future__ import annotations

from hashlib import sha512

from k8snet.kube.cni.spec import Sandbox
from k8snet.linux.fact import Fact

LONGEST_CHAIN_NAME = 28


class Veth(Fact, frozen=True):
    """The host's end of a sandbox's veth pair, and the MAC addresses of both ends."""

    name: str
    mac: str
    peer_mac: str


def chain(network: str, container_id: str, prefix: str = "") -> str:
    """The name of a sandbox's own chain.

    >>> chain("k8snet", "c1")
    'CNI-d084ba4339662e093d37b078'
    """
    return f"CNI-{prefix}{sha512((network + container_id).encode()).hexdigest()}"[:LONGEST_CHAIN_NAME]


def comment(network: str, container_id: str) -> str:
    """The comment of the rules that masquerade a sandbox."""
    return f'name: "{network}" id: "{container_id}"'


def veth(sandbox: Sandbox) -> Veth:
    """One number gives all three names, so that one sees that they belong together.

    >>> veth(Sandbox("c1", "cni-1"))
    Veth(name='veth8578dc83', mac='0e:58:85:78:dc:83', peer_mac='0a:58:85:78:dc:83')
    """
    number = sha512(f"{sandbox.container_id}-{sandbox.ifname}".encode()).hexdigest()[:8]
    tail = f"58:{number[:2]}:{number[2:4]}:{number[4:6]}:{number[6:]}"
    return Veth(f"veth{number}", f"0e:{tail}", f"0a:{tail}")
