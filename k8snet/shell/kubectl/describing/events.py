"""The events at the end of a description. Source: k8s.io/kubectl, pkg/describe (searchEvents, DescribeEvents)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from k8snet.errors import ApiError
from k8snet.kube.objects import Event, Object, kind_of, meta
from k8snet.kube.rest.durations import age
from k8snet.shell.kubectl.describing.page import NONE, Page
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.times import ZERO
from k8snet.shell.kubectl.printing.gosort import go_sorted

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that mirrors a static one: its kubelet tells of it under this uid."""
HEADS = ("Type", "Reason", "Age", "From", "Message")


class Told:
    """The events about an object, if they are ``shown``. They are asked for once: by `ask`, or else when they are written."""

    def __init__(self, obj: Object, source: Source, *, shown: bool) -> None:
        self._obj = obj
        self._source = source
        self._shown = shown
        self._events: list[Event] | None = None

    def ask(self) -> list[Event]:
        """The events, in the order in which the server has them."""
        if self._events is None and self._shown:
            self._events = [event for fields in _searches(self._obj) for event in self._search(fields)]
        return self._events or []

    def _search(self, fields: dict[str, str]) -> list[Event]:
        """What one search finds; nothing, if the server refuses it."""
        selector = ",".join(f"involvedObject.{name}={value}" for name, value in fields.items())
        try:
            return self._source.list("Event", meta(self._obj).namespace, fields=selector)
        except ApiError:
            return []

    def write(self, page: Page) -> None:
        """The table of events; those that came again last stand last."""
        if not self._shown:
            return
        events = go_sorted(self.ask(), lambda one, other: (one.lastTimestamp or ZERO) < (other.lastTimestamp or ZERO))
        if not events:
            page.field("Events", NONE)
            return
        page.line("Events:")
        page.row(*HEADS)
        page.row("----", "------", "----", "----", "-------")
        for event in events:
            page.row(event.type or "", event.reason or "", _when(event, self._source.now), _who(event), _message(event))


def _searches(obj: Object) -> Iterator[dict[str, str]]:
    about, kind = meta(obj), kind_of(obj).kind
    fields = {"kind": kind, "name": about.name or "", "namespace": about.namespace or "", "uid": about.uid or ""}
    if kind == "Pod":  # whatever kind the event says
        fields = {"name": fields["name"], "namespace": fields["namespace"],
                  "uid": (about.annotations or {}).get(MIRROR, fields["uid"])}  # fmt: skip
    yield fields
    if kind == "Node":  # some tell of a node under its name instead of its uid
        yield {**fields, "uid": fields["name"]}


def _when(event: Event, now: datetime) -> str:
    first = age(event.eventTime or event.firstTimestamp, now)
    if event.series is not None:
        return f"{age(event.series.lastObservedTime, now)} (x{event.series.count or 0} over {first})"
    return f"{age(event.lastTimestamp, now)} (x{event.count} over {first})" if (event.count or 0) > 1 else first


def _who(event: Event) -> str:
    return (event.source.component if event.source else None) or event.reportingComponent or ""


def _message(event: Event) -> str:
    text, field = (event.message or "").strip(), event.involvedObject.fieldPath
    return f"{field}: {text}" if field else text
