"""Which endpoint goes into which slice: as few writes as can be, and slices as full as they may be.

First what is there already stays where it is; then the slices that have to be written anyway are filled, the fullest first;
what is left goes into one other slice that has room for all of it, and else into new ones. Slices are never evened out, as
each write goes to every node. Source: k8s.io/endpointslice, reconciler.go (reconcileByPortMapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from k8snet.kube.history import Write
from k8snet.kube.objects import Endpoint, EndpointSlice, changed, meta
from k8snet.kube.store import Key

MOST = 100
"""So many endpoints a slice has at most (``--max-endpoints-per-slice``)."""
SERVICE_NAME, MANAGED_BY = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)
"""The labels that are the controller's own; all others of a slice are its Service's."""

Identity = tuple[tuple[str, ...], str, str, str]
"""By what an endpoint is known again: addresses, hostname, and the object behind it."""


def services_of(write: Write, manager: str) -> list[Key]:
    """Whose a written slice was and is, if it is one of that manager's."""
    versions = [each for each in (write.before, write.after) if each is not None]
    return [(write.namespace, labels[SERVICE_NAME]) for each in versions
            if (labels := meta(each).labels or {}).get(MANAGED_BY) == manager and SERVICE_NAME in labels]  # fmt: skip


class Plan(NamedTuple):
    """The slices to make (without a name), to change and to delete."""

    make: list[EndpointSlice]
    change: list[EndpointSlice]
    delete: list[EndpointSlice]


class _Draft:
    """A slice as it is to be: its endpoints, whether it has to be written for them, and whether it has lost them all."""

    def __init__(self, one: EndpointSlice, endpoints: list[Endpoint], *, is_written: bool = False, is_lost: bool = False) -> None:
        self.slice = one
        self.endpoints = endpoints
        self.is_written = is_written
        self.is_lost = is_lost

    def fill(self, left: list[Endpoint]) -> None:
        """Take as many as there is room for."""
        room = max(MOST - len(self.endpoints), 0)
        if left and room:
            self.endpoints += left[:room]
            del left[:room]
            self.is_written = True

    def done(self) -> EndpointSlice:
        """The slice that is to be written."""
        return changed(self.slice, endpoints=self.endpoints)


def packed(existing: Sequence[EndpointSlice], wanted: Iterable[Endpoint], blank: EndpointSlice) -> Plan:
    """What becomes of the slices with one list of ports, for these endpoints.

    ``blank`` is what a new slice begins with; the labels of all are to be those of ``blank``.
    """
    desired = {identity(each): each for each in wanted}
    all_drafts = [_kept(one, desired, blank) for one in existing]
    drafts = [each for each in all_drafts if not each.is_lost]
    left = list(desired.values())
    for draft in sorted((each for each in drafts if each.is_written), key=lambda each: -len(each.endpoints)):
        draft.fill(left)
    made: list[_Draft] = []
    while left:
        draft = _with_room(drafts, len(left)) or _Draft(blank, [])
        draft.fill(left)
        made += [draft] if draft.slice is blank else []
    changes, lost = [each for each in drafts if each.is_written], [each.slice for each in all_drafts if each.is_lost]
    return Plan([each.done() for each in made], [each.done() for each in changes], lost)


def identity(endpoint: Endpoint) -> Identity:
    """By what an endpoint is known again."""
    target = endpoint.targetRef
    behind = (target.namespace or "", target.name or "") if target is not None else ("", "")
    return (tuple(sorted(endpoint.addresses or ())), endpoint.hostname or "", *behind)


def _kept(one: EndpointSlice, desired: dict[Identity, Endpoint], blank: EndpointSlice) -> _Draft:
    """A slice with those of its endpoints that are still wanted, as they are now; they are wanted nowhere else any more."""
    before = one.endpoints or []
    found = [(there, desired.pop(identity(there), None)) for there in before]
    after = [now for _, now in found if now is not None]
    is_other = any(now is None or not is_same(now, there) for there, now in found)
    if not is_other and _copied(one) == _copied(blank):
        return _Draft(one, list(before))
    labelled = changed(one, metadata=changed(meta(one), labels=meta(blank).labels))
    return _Draft(labelled, after if is_other else list(before), is_written=True, is_lost=is_other and not after)


def _copied(one: EndpointSlice) -> dict[str, str]:
    """A slice's labels that are its Service's."""
    return {name: value for name, value in (meta(one).labels or {}).items() if name not in RESERVED}


def is_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints that are known as the same are alike; hints are another matter (EndpointsEqualBeyondHash)."""
    return changed(one, hints=None) == changed(other, hints=None, deprecatedTopology=None)


def _with_room(drafts: Iterable[_Draft], count: int) -> _Draft | None:
    """Of the slices that need no write, the one that comes closest to being full with so many more (getSliceToFill)."""
    if count >= MOST:
        return None
    fitting = [each for each in drafts if not each.is_written and len(each.endpoints) + count <= MOST]
    return max(fitting, key=lambda each: len(each.endpoints), default=None)
