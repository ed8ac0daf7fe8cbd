"""Watches: what is written from a resourceVersion on, as events of the types ADDED, MODIFIED and DELETED.

A watch is a cursor into the history: each write has a resourceVersion, and the history begins with the first. What comes to
fit the selectors is added, what ceases to fit is deleted. Events (the objects) are not in the history; they are compared with
what was told before. Source: k8s.io/apiserver, pkg/endpoints/handlers/watch.go, pkg/storage/cacher (cacher.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube import events
from k8snet.kube.api import EPOCH, Api
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.history import Write
from k8snet.kube.objects import Object, changed, meta
from k8snet.kube.rest.http import OK, Request, Response
from k8snet.kube.rest.negotiation import METADATA, TABLE, negotiated
from k8snet.kube.rest.reading import chosen, fits, headed, shown
from k8snet.kube.rest.resources import Target, warnings
from k8snet.kube.rest.tables import table
from k8snet.kube.validation.errors import invalid

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark behind the objects that were there at the beginning."""
LONGEST = 3600
"""So many seconds does a watch last if the client names no number."""
Told = tuple[str, Object, datetime]
"""A type of event, the object, and when it came to be so."""


class Stream:
    """One watch. ``seconds`` is how long the client wants it to last; ``poll`` hands out what is new."""

    def __init__(self, api: Api, target: Target, request: Request) -> None:
        self.api = api
        self.target = target
        self.request = request
        self.fit = fits(target, request)
        self.form = negotiated(request.accept)
        self.seconds = request.integer("timeoutSeconds") or LONGEST
        self.warnings = warnings(target)
        self._heads = True
        """Whether the next table still has to say its columns."""
        self._at, with_present = _beginning(api, request)
        self._first: list[dict[str, Any]] = list(self._beginning()) if with_present else []
        """What is told before all else."""
        self._seen = dict(_happenings(self))
        """Of Events: those that were told, by name."""

    def poll(self) -> list[dict[str, Any]]:
        """The events since the last time."""
        first, self._first = self._first, []
        return first + [{"type": kind, "object": self._shown(obj, when)} for kind, obj, when in self._news()]

    def _beginning(self) -> Iterator[dict[str, Any]]:
        """What is there when the watch begins, and a bookmark behind it if one is asked for."""
        for obj in chosen(self.api, self.target, self.request):
            yield {"type": "ADDED", "object": self._shown(obj, self.api.time)}
        if self.request.asks("sendInitialEvents"):
            yield {"type": "BOOKMARK", "object": self._bookmark()}

    def _news(self) -> Iterator[Told]:
        if self.target.kind.kind == "Event":
            yield from self._told()
        fresh, self._at = self.api.history[self._at :], len(self.api.history)
        yield from _news(self, fresh, len(self.api.history) - len(fresh))

    def _told(self) -> Iterator[Told]:
        now = dict(_happenings(self))
        for name, obj in now.items():
            if obj != self._seen.get(name):
                yield "MODIFIED" if name in self._seen else "ADDED", obj, obj.lastTimestamp
        self._seen = now

    # --- forms ----------------------------------------------------------------------------------------------------

    def _shown(self, obj: Object, when: datetime) -> dict[str, Any]:
        found = shown(self.target.kind, obj, self.form, self.request, when)
        return self._of_watch(found) if self.form.name == TABLE else found

    def _of_watch(self, made: dict[str, Any]) -> dict[str, Any]:
        """A table of a watch: only the first one says its columns."""
        columns, self._heads = made["columnDefinitions"] if self._heads else None, False
        return made | {"columnDefinitions": columns}

    def _bookmark(self) -> dict[str, Any]:
        kind = self.target.kind
        about = {"resourceVersion": str(self.api.store.version), "annotations": {INITIAL_EVENTS_END: "true"}}
        if self.form.name == TABLE:
            row = {"cells": [], "object": {"kind": METADATA, "apiVersion": "meta.k8s.io/v1", "metadata": about}}
            made = table(kind, [], self.api.time) | {"rows": [row]}
            return self._of_watch(headed(made, str(self.api.store.version)))
        return {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": about}


def _news(stream: Stream, writes: Iterable[Write], before: int) -> Iterator[Told]:
    """What the writes mean to a watch; ``before`` is how many came before them."""
    for version, write in enumerate(writes, before + 1):
        if write.kind != stream.target.kind.kind:
            continue
        was, now = (obj is not None and stream.fit(obj) for obj in (write.before, write.after))
        if not (was or now):
            continue
        kind = "MODIFIED" if was and now else "ADDED" if now else "DELETED"
        obj = write.after if now else changed(write.before, metadata=changed(meta(write.before), resourceVersion=str(version)))
        yield kind, obj, EPOCH + timedelta(seconds=int(write.now))


def _beginning(api: Api, request: Request) -> tuple[int, bool]:
    """From which write on the watch tells, and whether it begins with what is there."""
    text = request.parameter("resourceVersion")
    if request.asks("sendInitialEvents") or not text:
        return len(api.history), True
    try:
        return min(read_integer(text, "ParseUint"), len(api.history)), False
    except Unreadable as why:
        error = invalid("resourceVersion", text, str(why))
        raise ApiError(f'"" is invalid: {error}', reason="Invalid", causes=(error,)) from None


def _happenings(stream: Stream) -> Iterator[tuple[str, Object]]:
    if stream.target.kind.kind == "Event":
        for event in events.objects(stream.api, stream.target.namespace):
            if stream.fit(event):
                yield f"{meta(event).namespace}/{meta(event).name}", event


def answer(stream: Stream) -> Response:
    """What a watch has to tell up to now, all at once."""
    return Response(OK, stream.poll(), warnings=stream.warnings)
