"""What Services cost a connection on a real kernel: a record, or measured on this machine.

A lesson shows the record, since what is measured is another number each time. The record is what `here` said on the kernel that
it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from k8snet.errors import CommandError
from k8snet.lab import Unavailable, available
from k8snet.lab.cost import connect_times

Points = Sequence[tuple[int, float]]
"""Numbers of Services, each with the microseconds that a connect() past their rules took."""

COUNTS = (1, 1000, 2500, 5000)
BACKENDS = ("iptables-nft", "iptables-legacy")
RECORD: Mapping[str, Points] = {
    "iptables-nft, Linux 6.18": ((1, 17.2), (1000, 31.5), (2500, 51.0), (5000, 84.3)),
    "iptables-legacy, Linux 6.18": ((1, 17.4), (1000, 19.8), (2500, 24.2), (5000, 31.2)),
}
"""By backend of iptables."""


def here(counts: Sequence[int] = COUNTS) -> Mapping[str, Points]:
    """The same on this machine's kernel, in a private namespace; it takes half a minute. Unavailable where that cannot be."""
    reason = available()
    if reason is not None:
        raise Unavailable(reason)
    found: dict[str, Points] = {}
    for backend in BACKENDS:
        try:
            found[f"{backend}, here"] = connect_times(counts, backend)
        except CommandError:  # not installed, or not in this kernel
            continue
    return found
