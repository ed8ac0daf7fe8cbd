"""The order in which the controllers put a list of ports: by a hash of each, so that nobody chooses.

The hash is of the text that Go prints of the struct. Hence ``kubectl get endpointslices`` has kube-dns at 53,53,9153 and the
Endpoints of the same Service begin with dns-tcp. Sources: k8s.io/endpointslice, util/controller_utils.go (portsInOrder,
deepHashObject); pkg/api/v1/endpoints/util.go (portsByHash); k8s.io/utils/dump.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from k8snet.kube.objects import EndpointPort, SubsetPort

_BASIS, _PRIME = 144066263297769815596495629667062367629, 309485009821345068724781371
NIL = "<nil>"


def in_slices(ports: Iterable[EndpointPort]) -> list[EndpointPort]:
    """The ports of an EndpointSlice, in order.

    >>> dns = [("metrics", 9153, "TCP"), ("dns-tcp", 53, "TCP"), ("dns", 53, "UDP")]
    >>> [port.name for port in in_slices(EndpointPort(name=name, port=port, protocol=word) for name, port, word in dns)]
    ['dns', 'dns-tcp', 'metrics']
    """
    return sorted(ports, key=lambda port: fnv128a(_slice_port(port).encode()))


def in_subsets(ports: Iterable[SubsetPort]) -> list[SubsetPort]:
    """The ports of a subset of Endpoints, in order."""
    return sorted(ports, key=lambda port: hashlib.md5(_subset_port(port).encode(), usedforsecurity=False).digest())


def fnv128a(text: bytes) -> int:
    """The FNV-1a hash with 128 bits.

    >>> hex(fnv128a(b"a"))
    '0xd228cb696f1a8caf78912b704e4a8964'
    """
    found = _BASIS
    for byte in text:
        found = ((found ^ byte) * _PRIME) % (1 << 128)
    return found


def _slice_port(port: EndpointPort) -> str:
    name, word, number, app = map(_pointed, (port.name, port.protocol, port.port, port.appProtocol))
    return (f"(v1.EndpointPort){{Name:(*string){name} Protocol:(*v1.Protocol){word} Port:(*int32){number} "
            f"AppProtocol:(*string){app}}}")  # fmt: skip


def _subset_port(port: SubsetPort) -> str:
    name, word, app = port.name or "", port.protocol or "", _pointed(port.appProtocol)
    return (f"(v1.EndpointPort){{Name:(string){name} Port:(int32){port.port} Protocol:(v1.Protocol){word} "
            f"AppProtocol:(*string){app}}}")  # fmt: skip


def _pointed(value: str | int | None) -> str:
    """What a pointer shows."""
    return NIL if value is None else str(value)
