"""Events as API objects: what components have told of, in the form in which kubectl reads it.

The API server keeps one short record for each (api.py, `Happening`), and they become objects when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from k8snet.kube.api import EPOCH, Api, Happening
from k8snet.kube.objects import KINDS, Event, EventSource, ObjectMeta, ObjectReference


def objects(api: Api, namespace: str | None = None) -> Iterator[Event]:
    """All events, or those of one namespace, the oldest first."""
    return (_object(each) for each in api.happenings.values() if namespace in (None, each.namespace))


def _object(told: Happening) -> Event:
    about = ObjectReference(
        apiVersion=KINDS[told.kind].api_version, kind=told.kind, name=told.name, uid=told.uid,
        namespace=told.namespace if KINDS[told.kind].namespaced else None,
    )
    first, last = (EPOCH + timedelta(seconds=int(when)) for when in (told.first, told.last))
    return Event(
        metadata=ObjectMeta(name=_name(told), namespace=told.namespace, creationTimestamp=first),
        involvedObject=about, reason=told.reason, message=told.message, type=told.type, count=told.count,
        firstTimestamp=first, lastTimestamp=last, source=EventSource(component=told.who),
    )


def _name(told: Happening) -> str:
    """The object's name and the nanoseconds of the first time, as client-go makes it: so names come in the order of events."""
    return f"{told.name}.{int(EPOCH.timestamp()) * 10**9 + int(told.first * 1e9) + told.number:016x}"
