"""One user of the API server: a component, which reads what is shared, or a person, who gets copies.

Components must not change what they read; whoever may do so, as in ``pod.metadata.labels["a"] = "b"``, is given a client
that stands ``apart``: it copies at the door, both ways.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from k8snet.errors import ApiError, NotModelled
from k8snet.kube import events, labels, strategic
from k8snet.kube.api import Api, not_found
from k8snet.kube.decoding import decode
from k8snet.kube.history import Watch
from k8snet.kube.objects import KINDS, Kind, Object, Pod, Service, copy, kind_of, known, meta, to_dict
from k8snet.kube.store import Key


class Client:
    """The API server as ``who`` sees it. Kinds are given by name (``Pod``); cluster-scoped objects have no namespace."""

    def __init__(self, api: Api, who: str, *, apart: bool = False) -> None:
        self.api = api
        self.who = who
        self.apart = apart

    @property
    def now(self) -> float:
        """Seconds since the cluster's beginning."""
        return self.api.now

    @property
    def time(self) -> datetime:
        """The time of day, as objects have it."""
        return self.api.time

    # --- reading --------------------------------------------------------------------------------------------------

    def find(self, kind: str, name: str, namespace: str = "default") -> Object | None:
        """An object, or None."""
        if kind == "Event":
            return next((each for each in self.list(kind, namespace) if meta(each).name == name), None)
        return self._out(self.api.store.find(kind, _key(_kind(kind), name, namespace)))

    def get(self, kind: str, name: str, namespace: str = "default") -> Object:
        """An object; ApiError (NotFound)."""
        found = self.find(kind, name, namespace)
        if found is None:
            raise not_found(_kind(kind), name)
        return found

    def list(self, kind: str, namespace: str | None = None, *, labels: labels.Wanted = None,
             fields: str | None = None) -> list[Object]:
        """Objects of a kind: of all namespaces or one, by labels and by fields, sorted by namespace and name."""
        wanted = list(_filters(labels, fields))
        found = events.objects(self.api, namespace) if kind == "Event" else self.api.store.all(_kind(kind).kind, namespace)
        chosen = [obj for obj in found if all(fits(obj) for fits in wanted)]
        return [self._out(obj) for obj in sorted(chosen, key=lambda obj: (meta(obj).namespace or "", meta(obj).name or ""))]

    def owned(self, uid: str, kind: str) -> builtins.list[Object]:
        """The objects of a kind that name this uid as an owner, in the order in which they were made."""
        return self.api.store.owned(kind, uid)

    def orphans(self, kind: str, namespace: str) -> builtins.list[Object]:
        """The objects of a namespace that have no owner."""
        return self.api.store.orphans(kind, namespace)

    def pods_on(self, node: str) -> builtins.list[Pod]:
        """The pods that are bound to a node."""
        return self.api.store.pods_on(node)

    def labelled(self, kind: str, namespace: str, wanted: Mapping[str, str]) -> builtins.list[Object]:
        """The objects of a namespace that have all these labels, by the API server's index."""
        return self.api.store.labelled(kind, namespace, wanted)

    def services(self, namespace: str) -> tuple[Service, ...]:
        """The Services of a namespace: the same tuple until one of them changes."""
        return self.api.store.services(namespace)

    def watch(self, kind: str, namespace: str | None = None) -> Watch:
        """A cursor that tells what is written of a kind from now on."""
        return Watch(self.api.history, _kind(kind).kind, namespace)

    # --- writing --------------------------------------------------------------------------------------------------

    def create(self, obj: Object) -> Object:
        """POST a new object. ApiError if it is refused."""
        return self._out(self.api.create(self._out(obj), self.who))

    def update(self, obj: Object) -> Object:
        """PUT an object in place of what is there. ApiError, with reason Conflict if it has changed since it was read."""
        return self._out(self.api.update(self._out(obj), self.who))

    def patch(self, obj: Object) -> Object:
        """The same as a PATCH, where the caller has already merged it."""
        return self._out(self.api.update(self._out(obj), self.who, verb="PATCH"))

    def merge_patch(self, kind: str, name: str, wishes: dict[str, Any], namespace: str = "default") -> Object:
        """PATCH an object with a part of a manifest, by strategic merge: lists whose items have a key are merged by it.

        ApiError as for `update`. ``None`` takes a field away.
        """
        found = self.get(kind, name, namespace)
        return self.patch(decode(strategic.merged(to_dict(found), wishes, type(found))))

    def update_status(self, obj: Object) -> Object:
        """PUT an object's status."""
        return self._out(self.api.update_status(self._out(obj), self.who))

    def bind(self, pod: Pod, node: str) -> Pod:
        """Bind a pod to a node."""
        bound: Pod = self.api.bind(pod, node, self.who)
        return bound

    def delete(self, obj: Object, *, grace: int | None = None, propagation: str = "Background") -> Object:
        """DELETE an object; ``grace`` in seconds for pods, ``propagation`` Background, Foreground or Orphan."""
        kind = kind_of(obj)
        if propagation not in ("Background", "Foreground", "Orphan"):
            raise ApiError(f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "{propagation}": '
                           f'needs to be one of {{"Foreground","Background","Orphan",nil}}', reason="Invalid")
        key = _key(kind, known(meta(obj).name), meta(obj).namespace or "default")
        return self.api.delete(kind, key, self.who, grace=grace, propagation=propagation)

    def finalize(self, obj: Object) -> Object:
        """PUT a namespace's finalizers; the last one gone, the namespace goes."""
        return self._out(self.api.finalize(self._out(obj), self.who))

    def event(self, regarding: Object, reason: str, message: str, type: str = "Normal") -> None:  # noqa: A002 the API's word
        """Tell of something that has happened to an object."""
        self.api.record(regarding, reason, message, type, self.who)

    def _out(self, obj: Object) -> Object:
        return copy(obj) if self.apart and obj is not None else obj


def _kind(name: str) -> Kind:
    kind = KINDS.get(name)
    if kind is None:
        raise NotModelled(f"the kind {name}", known=", ".join(KINDS))
    return kind


def _key(kind: Kind, name: str, namespace: str) -> Key:
    return (namespace if kind.namespaced else "", name)


def _filters(wanted: labels.Wanted, fields: str | None) -> Iterable[labels.Filter]:
    if wanted is not None:
        fits = labels.compile(wanted)
        yield lambda obj: fits(meta(obj).labels or {})
    if fields:
        yield lambda obj: labels.matches_fields(fields, obj)

