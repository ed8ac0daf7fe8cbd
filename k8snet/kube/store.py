"""What the API server keeps (etcd's part): objects by kind and key, and the indexes by which they are found quickly.

Nothing is decided here. Objects are shared with whoever reads them and never changed in place, so a copy of the store
copies dictionaries and no object. Indexes: by owner, by node (pods), and what has no owner, by namespace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from k8snet.kube.objects import KINDS, Object, Pod

Key = tuple[str, str]
"""Namespace and name of an object; the namespace is empty for what has none."""

_Bucket = dict[Key, None]
"""A set of keys that keeps their order."""


class Store:
    """All objects. ``version`` is the resourceVersion of the newest write."""

    def __init__(self) -> None:
        self.version = 0
        self._objects: dict[str, dict[Key, Object]] = {kind: {} for kind in KINDS}
        self._owned: dict[tuple[str, str], _Bucket] = {}
        """By kind and the owner's uid; what nobody owns is under its namespace, which no uid looks like."""
        self._on_node: dict[str, _Bucket] = {}

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

    def count(self) -> int:
        """How many objects there are."""
        return sum(map(len, self._objects.values()))

    def put(self, kind: str, key: Key, obj: Object | None) -> None:
        """Keep an object under its key in place of what was there; None: keep nothing there."""
        before = self._objects[kind].get(key)
        if before is not None and (obj is None or _places(kind, key, before) != _places(kind, key, obj)):
            self._file(kind, key, before, remove=True)
            before = None
        if obj is None:
            self._objects[kind].pop(key, None)
            return
        self._objects[kind][key] = obj
        if before is None:
            self._file(kind, key, obj, remove=False)

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

    def __deepcopy__(self, memo: dict[int, Any]) -> Store:
        other = Store()
        other.version = self.version
        other._objects = {kind: dict(objects) for kind, objects in self._objects.items()}
        other._owned = {place: dict(bucket) for place, bucket in self._owned.items()}
        other._on_node = {node: dict(bucket) for node, bucket in self._on_node.items()}
        return other


def _places(kind: str, key: Key, obj: Object) -> tuple[tuple[str, ...], str]:
    """Under which owners, and on which node, an object is found."""
    references = obj.metadata.ownerReferences
    owners = tuple(reference.uid for reference in references) if references else (key[0],)
    node = obj.spec.nodeName or "" if kind == "Pod" and obj.spec is not None else ""
    return owners, node
