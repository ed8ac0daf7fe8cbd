"""ClusterIPs and node ports: which there are, and which are taken.

The lower end of each range is given out last, so that whoever chooses by hand finds something free there (KEP-3070 for
addresses, KEP-3668 for ports). Sources: pkg/registry/core/service/ipallocator (ipallocator.go, cidrallocator.go),
pkg/registry/core/service/portallocator/allocator.go.
"""

from __future__ import annotations

from collections.abc import Callable

from k8snet.errors import ApiError
from k8snet.kube.store import Store
from k8snet.linux.address import Ip, Network
from k8snet.linux.fact import Fact

FULL = "range is full"
SMALLEST = 16
"""A band for choices by hand has at least so many numbers, and a range that is not larger has no such band."""


class Taken(Exception):
    """A number that was wished for cannot be had; the text says why."""


class Ranges(Fact, frozen=True):
    """What there is: ``--service-cluster-ip-range`` and ``--service-node-port-range`` of the API server."""

    addresses: str = "10.96.0.0/16"
    node_ports: tuple[int, int] = (30000, 32767)
    """The first and the last one."""


STANDARD = Ranges()


class Pool:
    """What one request may have. ``chance`` gives a large number for each try, the same one in each run."""

    def __init__(self, store: Store, ranges: Ranges, chance: Callable[[int], int]) -> None:
        self._store = store
        self._network = Network.parse(ranges.addresses)
        self._ports = ranges.node_ports
        self._chance = chance
        self._mine: set[str | int] = set()
        """What this request has been given."""

    # --- addresses ------------------------------------------------------------------------------------------------

    def take_address(self, wish: str) -> None:
        """Reserve an address. Taken, if it is outside of the range, one of the range's two ends, or somebody else's."""
        address = Ip(wish)
        if address not in self._network or address in (self._network.address, self._network.broadcast):
            raise Taken("the provided network does not match the current range")
        self._take(wish, "provided IP is already allocated")

    def next_address(self) -> str:
        """Reserve any address. ApiError, if none is left."""
        first, last = self._network.address + 1, self._network.broadcast - 1
        lower = band(2 ** (32 - self._network.length), step=16, most=256)
        found = self._any(first, first + lower, last, lambda number: str(Ip(number)))
        if found is None:
            raise internal(f"failed to allocate a serviceIP: {FULL}")
        return str(Ip(found))

    # --- node ports -----------------------------------------------------------------------------------------------

    def take_port(self, wish: int) -> None:
        """Reserve a node port. Taken, if it is outside of the range, or somebody else's."""
        first, last = self._ports
        if not first <= wish <= last:
            raise Taken(f"provided port is not in the valid range. The range of valid ports is {first}-{last}")
        self._take(wish, "provided port is already allocated")

    def next_port(self) -> int:
        """Reserve any node port. Taken, if none is left."""
        first, last = self._ports
        found = self._any(first, first + band(last - first + 1, step=32, most=128), last, int)
        if found is None:
            raise Taken(FULL)
        return found

    # --- both -----------------------------------------------------------------------------------------------------

    def _take(self, claim: str | int, why: str) -> None:
        if self._is_taken(claim):
            raise Taken(why)
        self._mine.add(claim)

    def _is_taken(self, claim: str | int) -> bool:
        return claim in self._mine or self._store.holder(claim) is not None

    def _any(self, first: int, middle: int, last: int, claim: Callable[[int], str | int]) -> int | None:
        """A number that is free: of the upper part, or, if that is full, of the lower; from one at random onwards."""
        for start, end in ((middle, last + 1), (first, middle)):
            size = end - start
            begin = self._chance(len(self._mine)) % size if size > 0 else 0
            for offset in range(size):
                number = start + (begin + offset) % size
                if not self._is_taken(claim(number)):
                    self._mine.add(claim(number))
                    return number
        return None


def band(size: int, step: int, most: int) -> int:
    """How many numbers at the beginning of a range are left to those who choose by hand.

    >>> band(65536, step=16, most=256), band(2768, step=32, most=128), band(16, step=16, most=256)
    (256, 86, 0)
    """
    return 0 if size <= SMALLEST else min(max(SMALLEST, size // step), most)


def internal(why: str) -> ApiError:
    """The server's own fault, as it tells it."""
    return ApiError(f"Internal error occurred: {why}", reason="InternalError")
