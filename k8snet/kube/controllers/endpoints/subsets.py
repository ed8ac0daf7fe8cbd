"""The subsets of an Endpoints object: each list of ports once, with all addresses that have just these.

Source: pkg/api/v1/endpoints/util.go (RepackSubsets); pkg/controller/endpoint/endpoints_controller.go (truncateEndpoints).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from k8snet.kube.controllers.endpoints.porthash import in_subsets
from k8snet.kube.objects import EndpointAddress, EndpointSubset, SubsetPort, changed

MOST = 1000
"""So many addresses an Endpoints object has at most."""

_Who = tuple[str, str]
"""An address, and the uid of what is behind it."""
_Port = tuple[str, int, str, str | None]
_Readiness = dict[_Who, bool]
"""The addresses that have a port, and whether each is ready."""


def repacked(subsets: Iterable[EndpointSubset]) -> list[EndpointSubset]:
    """Subsets in the canonical form: taken apart by address and port, put together again, and sorted.

    An address that is ready in one place and not in another is not ready. The order of several subsets is upstream's matter
    of chance (a hash with the pods' uids in it); here it is that of their ports.
    """
    addresses: dict[_Who, EndpointAddress] = {}
    by_port: dict[_Port | None, _Readiness] = {}
    for address, port, ready in _taken_apart(subsets):
        who = _who(address)
        addresses.setdefault(who, address)
        having = by_port.setdefault(port, {})
        having[who] = having.get(who, True) and ready
    together: dict[tuple[tuple[_Who, bool], ...], list[_Port | None]] = {}
    for port, having in by_port.items():
        together.setdefault(tuple(sorted(having.items())), []).append(port)
    packed = [_subset([(addresses[who], ready) for who, ready in having], ports) for having, ports in together.items()]
    return sorted(packed, key=lambda subset: [(port.port, port.name or "") for port in subset.ports or ()])


def _taken_apart(subsets: Iterable[EndpointSubset]) -> Iterator[tuple[EndpointAddress, _Port | None, bool]]:
    for subset in subsets:
        ports: list[_Port | None] = [(each.name or "", each.port, each.protocol or "", each.appProtocol)
                                     for each in subset.ports or ()]  # fmt: skip
        for port in ports or [None]:
            yield from ((address, port, True) for address in subset.addresses or ())
            yield from ((address, port, False) for address in subset.notReadyAddresses or ())


def _who(address: EndpointAddress) -> _Who:
    return address.ip, (address.targetRef.uid if address.targetRef is not None else None) or ""


def _subset(having: list[tuple[EndpointAddress, bool]], ports: Iterable[_Port | None]) -> EndpointSubset:
    found = [SubsetPort(name=name or None, port=number, protocol=protocol or None, appProtocol=app)
             for name, number, protocol, app in filter(None, ports)]  # fmt: skip
    ready, others = ([address for address, is_ready in having if is_ready is wanted] for wanted in (True, False))
    return EndpointSubset(addresses=ready or None, notReadyAddresses=others or None, ports=in_subsets(found) or None)


def count(subsets: Iterable[EndpointSubset]) -> int:
    """How many addresses there are, ready or not."""
    return sum(len(each.addresses or ()) + len(each.notReadyAddresses or ()) for each in subsets)


def truncated(subsets: list[EndpointSubset]) -> list[EndpointSubset]:
    """As many addresses as there may be, from each subset its share; those that are not ready go first."""
    ready = sum(len(each.addresses or ()) for each in subsets)
    if count(subsets) <= MOST:
        return subsets
    if ready > MOST:
        shares = _shares([len(each.addresses or ()) for each in subsets], MOST)
        return [changed(each, addresses=(each.addresses or [])[:share] or None, notReadyAddresses=None)
                for each, share in zip(subsets, shares, strict=True)]  # fmt: skip
    shares = _shares([len(each.notReadyAddresses or ()) for each in subsets], MOST - ready)
    return [changed(each, notReadyAddresses=(each.notReadyAddresses or [])[:share] or None)
            for each, share in zip(subsets, shares, strict=True)]  # fmt: skip


def _shares(sizes: list[int], most: int) -> list[int]:
    """How many each may keep: its part of the whole, rounded up, as long as there is any left.

    >>> _shares([900, 600], 1000)
    [600, 400]
    """
    shares, left = [], most
    for size in sizes:
        share = min(math.ceil(size / sum(sizes) * most), left, size)
        shares.append(share)
        left -= share
    return shares
