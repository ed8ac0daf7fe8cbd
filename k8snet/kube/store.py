"""What the API server keeps (etcd's part): objects by kind and key, and the indexes by which they are found quickly.

Nothing is decided here. Objects are shared with whoever reads them and never changed in place, so a copy of the store
copies dictionaries and no object. Indexes: by owner, by node (pods), by label (pods and EndpointSlices), by what a
Service has for itself, and what has no owner, by namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from k8snet.kube.objects import KINDS, Object, Pod, Service
from k8snet.kube.servicetypes import claims

Key = tuple[str, str]
"""Namespace and name of an object; the namespace is empty for what has none."""

_Bucket = dict[Key, None]
"""A set of keys that keeps their order."""
_Label = tuple[str, str, str]
"""A label of an object in a namespace: the namespace, the label's name and value."""
_NONE: Mapping[str, str] = {}


class Store:
    """All objects. ``version`` is the resourceVersion of the newest write."""

    def __init__(self) -> None:
        self.version = 0
        self._objects: dict[str, dict[Key, Object]] = {kind: {} for kind in KINDS}
        self._owned: dict[tuple[str, str], _Bucket] = {}
        """By kind and the owner's uid; what nobody owns is under its namespace, which no uid looks like."""
        self._on_node: dict[str, _Bucket] = {}
        self._labelled: dict[str, dict[_Label, _Bucket]] = {}
        """By kind; made when a kind is first asked for: a cluster without Services needs it for no pods."""
        self._holders: dict[str | int, Key] = {}
        """Which Service has a ClusterIP (a text) or a node port (a number)."""
        self._services: dict[str, tuple[Service, ...]] = {}
        """The Services of a namespace, once they have been asked for, and until one changes."""

    def find(self, kind: str, key: Key) -> Object | None:
        """The object, or None."""
        return self._objects[kind].get(key)

    def all(self, kind: str, namespace: str | None = None) -> Iterable[Object]:
        """All objects of a kind, or those of one namespace; in the order in which they were made."""
        everything = self._objects[kind]
        if namespace is None:
            return everything.values()
        return [obj for (home, _), obj in everything.items() if home == namespace]

    def owned(self, kind: str, uid: str) -> list[Object]:
        """The objects that name this uid as an owner."""
        return self._look_up(kind, self._owned.get((kind, uid), {}))

    def orphans(self, kind: str, namespace: str) -> list[Object]:
        """The objects of a namespace that have no owner."""
        return self._look_up(kind, self._owned.get((kind, namespace), {}))

    def pods_on(self, node: str) -> list[Pod]:
        """The pods that are bound to a node."""
        return self._look_up("Pod", self._on_node.get(node, {}))

    def labelled(self, kind: str, namespace: str, labels: Mapping[str, str]) -> list[Object]:
        """The objects of a namespace that have all these labels; at least one must be given."""
        index = self._by_label(kind)
        buckets: list[_Bucket] = [index.get((namespace, *pair), {}) for pair in labels.items()]
        fewest: _Bucket = min(buckets, key=len)
        found = self._look_up(kind, fewest)
        return found if len(labels) == 1 else [obj for obj in found if labels.items() <= obj.metadata.labels.items()]

    def holder(self, claim: str | int) -> Key | None:
        """The Service that has this ClusterIP (a text) or this node port (a number)."""
        return self._holders.get(claim)

    def services(self, namespace: str) -> tuple[Service, ...]:
        """The Services of a namespace: the same tuple until one of them changes, so that many may keep it."""
        if namespace not in self._services:
            self._services[namespace] = tuple(self.all("Service", namespace))
        return self._services[namespace]

    def count(self) -> int:
        """How many objects there are."""
        return sum(map(len, self._objects.values()))

    def put(self, kind: str, key: Key, obj: Object | None) -> None:
        """Keep an object under its key in place of what was there; None: keep nothing there."""
        before = self._objects[kind].get(key)
        if kind in self._labelled:
            _file_labels(self._labelled[kind], key, before, obj)
        if kind == "Service":
            self._file_claims(key, before, obj)
            self._services.pop(key[0], None)
        if before is not None and (obj is None or _places(kind, key, before) != _places(kind, key, obj)):
            self._file(kind, key, before, remove=True)
            before = None
        if obj is None:
            self._objects[kind].pop(key, None)
            return
        self._objects[kind][key] = obj
        if before is None:
            self._file(kind, key, obj, remove=False)

    def _by_label(self, kind: str) -> dict[_Label, _Bucket]:
        if kind not in self._labelled:
            index = self._labelled[kind] = {}
            for key, obj in self._objects[kind].items():
                _file_labels(index, key, None, obj)
        return self._labelled[kind]

    def _look_up(self, kind: str, keys: Iterable[Key]) -> list[Any]:
        objects = self._objects[kind]
        return [objects[key] for key in keys]

    def _file(self, kind: str, key: Key, obj: Object, *, remove: bool) -> None:
        owners, node = _places(kind, key, obj)
        for index, place in (*((self._owned, (kind, owner)) for owner in owners), *([(self._on_node, node)] if node else [])):
            bucket: _Bucket = index.setdefault(place, {})  # type: ignore[attr-defined]
            if not remove:
                bucket[key] = None
                continue
            bucket.pop(key, None)
            if not bucket:
                del index[place]  # type: ignore[attr-defined]

    def _file_claims(self, key: Key, before: Object | None, obj: Object | None) -> None:
        for claim in claims(before.spec) if before is not None else ():
            self._holders.pop(claim, None)
        self._holders |= dict.fromkeys(claims(obj.spec), key) if obj is not None else {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Store:
        other = Store()
        other.version = self.version
        other._objects = {kind: dict(objects) for kind, objects in self._objects.items()}
        other._owned = {place: dict(bucket) for place, bucket in self._owned.items()}
        other._on_node = {node: dict(bucket) for node, bucket in self._on_node.items()}
        other._labelled = {kind: {label: dict(bucket) for label, bucket in index.items()}
                           for kind, index in self._labelled.items()}  # fmt: skip
        other._holders = dict(self._holders)
        other._services = dict(self._services)
        return other


def _places(kind: str, key: Key, obj: Object) -> tuple[tuple[str, ...], str]:
    """Under which owners, and on which node, an object is found."""
    references = obj.metadata.ownerReferences
    owners = tuple(reference.uid for reference in references) if references else (key[0],)
    node = obj.spec.nodeName or "" if kind == "Pod" and obj.spec is not None else ""
    return owners, node


def _file_labels(index: dict[_Label, _Bucket], key: Key, before: Object | None, after: Object | None) -> None:
    """File an object under its labels in place of what was there."""
    old, new = _labels(before), _labels(after)
    if old is new or old == new:
        return
    for label in _pairs(key, old, new):
        index[label].pop(key)
        if not index[label]:
            del index[label]
    for label in _pairs(key, new, old):
        index.setdefault(label, {})[key] = None


def _pairs(key: Key, labels: Mapping[str, str], others: Mapping[str, str]) -> Iterator[_Label]:
    """The labels that are not among others."""
    return ((key[0], name, value) for name, value in labels.items() if others.get(name) != value)


def _labels(obj: Object | None) -> Mapping[str, str]:
    return (obj.metadata.labels if obj is not None else None) or _NONE
