"""Since when endpoints are as they are: the time that the controllers note on what they write.

It is the time of the change of a pod or a Service that set the write off, so that one can measure how long the way was.
Source: k8s.io/endpointslice, util/trigger_time_tracker.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from k8snet.kube.controllers.controller import key_of
from k8snet.kube.controllers.pods import condition
from k8snet.kube.objects import Pod, Service, known, meta
from k8snet.kube.store import Key

ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"


class Triggers:
    """The times that were seen when each Service was last looked at: its own, and when each pod became ready or not."""

    def __init__(self) -> None:
        self._seen: dict[Key, tuple[datetime, dict[str, datetime]]] = {}

    def time(self, service: Service, pods: Iterable[Pod]) -> datetime | None:
        """The earliest time that is new since the last look; a new Service's own time; None if no time is new."""
        key, made = key_of(service), known(meta(service).creationTimestamp)
        now = {known(meta(pod).name): when for pod in pods if (when := _turned(pod)) is not None}
        seen = self._seen.get(key)
        self._seen[key] = (made, now)
        if seen is None:
            return made
        fresh = [when for name, when in now.items() if name not in seen[1] or when > seen[1][name]]
        return min([*fresh, *([made] if made > seen[0] else [])], default=None)

    def forget(self, key: Key) -> None:
        """A Service is gone."""
        self._seen.pop(key, None)

    def forget_all(self) -> None:
        """Begin anew."""
        self._seen.clear()


def annotated(annotations: dict[str, str] | None, when: datetime | None) -> dict[str, str] | None:
    """Annotations with this time in place of the last one; None for a time: without any."""
    others = {name: value for name, value in (annotations or {}).items() if name != ANNOTATION}
    return others | ({ANNOTATION: f"{when:%Y-%m-%dT%H:%M:%SZ}"} if when is not None else {}) or None


def _turned(pod: Pod) -> datetime | None:
    ready = condition(pod, "Ready")
    return ready.lastTransitionTime if ready is not None else None
