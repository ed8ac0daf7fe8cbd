"""What becomes of an object while kubectl watches it: the clock moves on, and each version is seen.

Nobody acts while a cluster is paused, so there is nothing to wait for then, and a command ends with what it has printed. A real
watch is a stream that stays open; here it is a cursor into the API server's history (kube/history.py), and whoever waits for what
does not come is interrupted after `LONGEST`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import Kind, to_dict
from k8snet.shell.kubectl.session import Session

LONGEST = 3600.0
"""So many seconds are waited for where no end is given: longer than any deadline that the cluster has by default."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C has ended: 128, and SIGINT's number."""
SHORTEST_STEP, STEPS = 1.0, 60
"""The clock moves by a second at first; later by one part in sixty of the time waited so far."""


def versions(session: Session, kind: Kind, namespace: str, name: str, seconds: float | None) -> Iterator[dict[str, Any] | None]:
    """The versions that an object comes to have within so many seconds (None: no limit is given), None for its end.

    Those that it had before are not among them.
    """
    plane = session.assembly.plane
    watch = plane.client("kubectl").watch(kind.kind, namespace if kind.namespaced else None)
    begun, limit = plane.world.now, LONGEST if seconds is None else seconds
    while not plane.paused and (waited := plane.world.now - begun) < limit:
        plane.sleep(min(max(SHORTEST_STEP, waited / STEPS), limit - waited))
        for _, write in watch.poll():
            if write.name == name:
                yield None if write.after is None else to_dict(write.after)


def interrupted() -> CommandError:
    """How it looks when a person loses patience with a command that would not end."""
    return CommandError("^C", code=INTERRUPTED)
