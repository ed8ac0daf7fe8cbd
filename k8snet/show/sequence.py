"""A history as a sequence diagram: who calls the API server, and who is told of it by a watch and acts next.

Every solid arrow is a write of the history. A dashed arrow is the news that a component had before it wrote something
about it (reactions.py): it starts at the API server because the component has asked to be told, and it orders nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8snet.kube.history import Write
    from k8snet.show.figure import Figure

MOST_CALLS = 60
"""So many rows can be read in one picture."""


def sequence(history: Sequence[Write], title: str | None = None, *, fold: bool = True, housekeeping: bool = False) -> Figure:
    """Draw a history, or a slice of one, as a sequence diagram.

    With ``fold`` runs of like calls are one arrow with their number. Leases and reports without news are left out unless
    ``housekeeping`` is true; the words say how many. ``title`` should be the sentence that the figure proves. ValueError if
    there is nothing to draw, or more than can be read.

    >>> from k8snet import Cluster
    >>> cluster = Cluster(nodes=1)
    >>> print(sequence(cluster.history.by("node-ipam-controller"), title="Each node gets a range"))
    Each node gets a range
       0.000  node-ipam-controller → kube-apiserver: PATCH Node control-plane: podCIDR 10.244.0.0/24
       0.000  node-ipam-controller → kube-apiserver: PATCH Node node1: podCIDR 10.244.1.0/24
    """
    from k8snet.kube.evidence import without_housekeeping  # what knows the API's objects is heavy
    from k8snet.show.calls import calls
    from k8snet.show.lifelines import draw_sequence, sentence

    writes = list(history) if housekeeping else without_housekeeping(history)
    if not writes:
        raise ValueError("there is nothing to draw: no write is left in this history")
    rows = calls(writes, fold=fold)
    if len(rows) > MOST_CALLS:
        raise ValueError(f"{len(rows)} calls are too many for one picture (at most {MOST_CALLS}): take a slice, as "
                         f'history[-{MOST_CALLS // 2}:], or one kind, as history.of("Pod")')
    return draw_sequence(rows, title or sentence(rows), len(history) - len(writes))
