"""The tables of ConfigMaps, Secrets, ServiceAccounts and Leases, and of events.

Source: pkg/printers/internalversion, printers.go (printEvent and the others); for an event's source, helpers of the same package.
"""

from __future__ import annotations

from datetime import datetime

from k8snet.kube.objects import ConfigMap, Event, Lease, LeaseSpec, ObjectReference, Secret, ServiceAccount, meta
from k8snet.kube.rest.durations import age
from k8snet.kube.rest.tables.columns import AGE, NAME, Cell, Column, age_of, wide

CONFIGMAP = (NAME, Column("Data", (ConfigMap, "data")), AGE)
SECRET = (NAME, Column("Type", (Secret, "type")), Column("Data", (Secret, "data")), AGE)
SERVICEACCOUNT = (NAME, AGE)
LEASE = (NAME, Column("Holder", (LeaseSpec, "holderIdentity")), AGE)
EVENT = (
    Column("Last Seen", (Event, "lastTimestamp")),
    Column("Type", (Event, "type")),
    Column("Reason", (Event, "reason")),
    Column("Object", (Event, "involvedObject")),
    wide("Subobject", (ObjectReference, "fieldPath")),
    wide("Source", (Event, "source")),
    Column("Message", (Event, "message")),
    wide("First Seen", (Event, "firstTimestamp")),
    wide("Count", (Event, "count")),
    Column("Name", NAME.about, priority=1, format="name"),
)


def configmap(obj: ConfigMap, now: datetime) -> tuple[Cell, ...]:
    """A ConfigMap's cells."""
    return meta(obj).name or "", len(obj.data or {}) + len(obj.binaryData or {}), age_of(obj, now)


def secret(obj: Secret, now: datetime) -> tuple[Cell, ...]:
    """A Secret's cells."""
    return meta(obj).name or "", obj.type or "", len(obj.data or {}), age_of(obj, now)


def serviceaccount(obj: ServiceAccount, now: datetime) -> tuple[Cell, ...]:
    """A ServiceAccount's cells."""
    return meta(obj).name or "", age_of(obj, now)


def lease(obj: Lease, now: datetime) -> tuple[Cell, ...]:
    """A Lease's cells."""
    return meta(obj).name or "", (obj.spec.holderIdentity if obj.spec else None) or "", age_of(obj, now)


def event(obj: Event, now: datetime) -> tuple[Cell, ...]:
    """An event's cells. What is told as a series has its last time and its number there."""
    first = age(obj.firstTimestamp or obj.eventTime, now)
    last, count = age(obj.lastTimestamp, now) if obj.lastTimestamp else first, obj.count or 1
    if obj.series:
        last, count = age(obj.series.lastObservedTime, now), obj.series.count or 0
    about = obj.involvedObject
    target = (about.kind or "").lower() + (f"/{about.name}" if about.name else "")
    return (last, obj.type or "", obj.reason or "", target, about.fieldPath or "", _source(obj),
            (obj.message or "").strip(), first, count, meta(obj).name or "")  # fmt: skip


def _source(obj: Event) -> str:
    """Which program told it, and on which machine."""
    component = (obj.source.component if obj.source else None) or obj.reportingComponent or ""
    host = (obj.source.host if obj.source else None) or obj.reportingInstance or ""
    return f"{component}, {host}" if host else component


TABLES = {
    "ConfigMap": (CONFIGMAP, configmap),
    "Secret": (SECRET, secret),
    "ServiceAccount": (SERVICEACCOUNT, serviceaccount),
    "Lease": (LEASE, lease),
    "Event": (EVENT, event),
}
