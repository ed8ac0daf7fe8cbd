"""A history to step through, write by write. What a page and a saved notebook get of it is in moments.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from k8snet.kube.history import History, Write
    from k8snet.show.moments import Workflow

    class HasHistory(Protocol):
        """A cluster, as far as it is needed here."""

        @property
        def history(self) -> History:
            """Who wrote what."""


MOST_MOMENTS = 600
"""So many writes are sent to a page; a slider through more finds nothing."""


def workflow(cluster_or_history: HasHistory | Sequence[Write], title: str | None = None, *, since: int = 0,
             housekeeping: bool = False) -> Workflow:
    """Step through a history, write by write, with buttons, a slider, or the arrow keys.

    Takes a cluster, or its history or a slice of that; ``since`` leaves out so many writes at its beginning, as in
    ``before = len(cluster.history); …; show.workflow(cluster, since=before)``. Leases and reports without news are hidden at
    first, unless ``housekeeping`` is true. ValueError if there is no write, or more than can be looked through.

    >>> from k8snet import Cluster
    >>> workflow(Cluster(nodes=1).history.by("node-ipam-controller"))
    <Workflow: 2 writes>
    """
    from k8snet.kube import narrate  # what knows the API's objects is heavy
    from k8snet.kube.evidence import is_housekeeping
    from k8snet.show.moments import Workflow

    history: list[Write] = list(cluster_or_history if isinstance(cluster_or_history, Sequence) else cluster_or_history.history)
    before, writes = history[:since], history[since:]
    if not writes:
        raise ValueError("there is nothing to show: no write is in this history")
    if len(writes) > MOST_MOMENTS:
        raise ValueError(f"{len(writes)} writes are too many to look through (at most {MOST_MOMENTS}): take a slice, as "
                         f'history[-100:], or one kind, as history.of("Pod")')
    begins = next((write for write in writes if not is_housekeeping(write)), writes[0])
    title = title or f"{narrate.sentence(begins)}, and what follows"
    return Workflow(writes, title, before=before, housekeeping=housekeeping)
