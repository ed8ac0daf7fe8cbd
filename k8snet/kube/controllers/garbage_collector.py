"""The garbage collector: what belonged to an object that is gone goes too, or stays behind without an owner.

Keys here are of two kinds: ``("", uid)`` is an owner that may be gone; ``("Kind/namespace", name)`` an object that is to be
deleted together with its dependents (foreground) or without them (orphan). Dependents are found by the API server's index
of owners; so there is no graph to keep. Source: pkg/controller/garbagecollector/garbagecollector.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.claim import without_owner
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of
from k8snet.kube.history import Write
from k8snet.kube.objects import KINDS, Object, OwnerReference, changed, kind_of, known, meta
from k8snet.kube.store import Key

NAME = "generic-garbage-collector"
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
KEPT = tuple(kind for kind in KINDS if kind != "Event")
"""The kinds that can have an owner or be one."""


class GarbageCollector(Controller):
    """The controller."""

    def __init__(self, client: Client) -> None:
        super().__init__(NAME, client, "Pod", reconcile, dict.fromkeys(KEPT, self.written))

    def written(self, write: Write) -> Iterable[Key]:
        """What a write of any object makes us look at; for most writes nothing."""
        after, before = write.after, write.before
        if after is None:
            return _left_behind(self.client, before)
        about = meta(after)
        if about.deletionTimestamp is not None and about.finalizers:
            return (_key(after),)
        told = meta(before).ownerReferences if before is not None else None
        if about.ownerReferences is told or about.ownerReferences == told:
            return NOTHING
        return [*_missing_owners(self.client, after), *(_waiting_owners(self.client, before) if before is not None else ())]

    def everything(self) -> Iterable[Key]:
        """After a start: all that waits to be deleted, and all whose owner is gone."""
        super().everything()
        keys: dict[Key, None] = {}
        for kind in KEPT:
            for obj in self.client.api.store.all(kind):
                if meta(obj).deletionTimestamp is not None and meta(obj).finalizers:
                    keys[_key(obj)] = None
                keys |= dict.fromkeys(_missing_owners(self.client, obj))
        return keys


def reconcile(client: Client, key: Key) -> Again | None:
    """Look at one owner, or at one object that is to be deleted."""
    if not key[0]:
        for kind in KEPT:
            for obj in client.owned(key[1], kind):
                _collect(client, obj)
        return None
    kind, _, namespace = key[0].partition("/")
    found = client.find(kind, key[1], namespace)
    if found is not None and meta(found).deletionTimestamp is not None:
        finalizers = meta(found).finalizers or ()
        if ORPHAN in finalizers:
            _orphan_dependents(client, found)
        elif FOREGROUND in finalizers:
            _delete_dependents(client, found)
    return None


# --- which keys -----------------------------------------------------------------------------------------------------


def _key(obj: Object) -> Key:
    namespace, name = key_of(obj)
    return f"{kind_of(obj).kind}/{namespace}", name


def _left_behind(client: Client, gone: Object) -> Iterator[Key]:
    """An object is gone: it may have been an owner, and an owner may have waited for it."""
    if any(True for _ in dependents(client, gone)):
        yield "", known(meta(gone).uid)
    yield from _waiting_owners(client, gone)


def _waiting_owners(client: Client, obj: Object) -> Iterator[Key]:
    owners = (_owner(client, obj, reference) for reference in meta(obj).ownerReferences or ())
    return (_key(owner) for owner in owners if _waits(owner))


def _missing_owners(client: Client, obj: Object) -> list[Key]:
    references = meta(obj).ownerReferences or ()
    return [("", reference.uid) for reference in references if not _may_exist(client, obj, reference)]


# --- owners and dependents ------------------------------------------------------------------------------------------


def dependents(client: Client, owner: Object) -> Iterator[Object]:
    """The objects that name an object as their owner."""
    uid = known(meta(owner).uid)
    return (obj for kind in KEPT for obj in client.owned(uid, kind))


def _owner(client: Client, obj: Object, reference: OwnerReference) -> Object | None:
    """The owner that is meant; an object of the same name that was made later is not."""
    if reference.kind not in KINDS:
        return None
    found = client.find(reference.kind, reference.name, key_of(obj)[0])
    return found if found is not None and meta(found).uid == reference.uid else None


def _may_exist(client: Client, obj: Object, reference: OwnerReference) -> bool:
    """Whether an owner is there; of a kind that the model does not have, who knows."""
    kind = KINDS.get(reference.kind)
    return kind is None or kind.api_version != reference.apiVersion or _owner(client, obj, reference) is not None


# --- acting ---------------------------------------------------------------------------------------------------------


def _collect(client: Client, obj: Object) -> None:
    """Delete an object that has no owner any more; one that has others left forgets those that are gone.

    An owner that only waits for its dependents is none that keeps them.
    """
    references = meta(obj).ownerReferences or []
    gone = [each for each in references if not _may_exist(client, obj, each)]
    waiting = [each for each in references if each not in gone and _waits(_owner(client, obj, each))]
    if not (gone or waiting):
        return
    if len(gone) + len(waiting) < len(references):
        for each in (*gone, *waiting):
            obj = without_owner(obj, each.uid)
        client.patch(obj)
        return
    for each in gone:
        _tell_of_wrong_namespace(client, obj, each)
    if meta(obj).deletionTimestamp is None:
        blocks = bool(waiting) and any(True for _ in dependents(client, obj))
        client.delete(obj, propagation="Foreground" if blocks else _propagation(obj))


def _waits(owner: Object | None) -> bool:
    """Whether an owner is being deleted, once its dependents are gone."""
    return owner is not None and meta(owner).deletionTimestamp is not None and FOREGROUND in (meta(owner).finalizers or ())


def _propagation(obj: Object) -> str:
    """What an object's own finalizers ask for."""
    finalizers = meta(obj).finalizers or ()
    return "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"


def _tell_of_wrong_namespace(client: Client, obj: Object, reference: OwnerReference) -> None:
    """An owner is looked for in the object's own namespace; that one of another namespace was meant is worth a word."""
    kind, namespace = KINDS[reference.kind], key_of(obj)[0]
    elsewhere = (meta(each) for each in client.api.store.all(kind.kind)) if kind.namespaced else ()
    if any(about.uid == reference.uid and about.namespace != namespace for about in elsewhere):
        place = f"[{reference.apiVersion}/{reference.kind}, namespace: {namespace}, name: {reference.name}, uid: {reference.uid}]"
        text = f'ownerRef {place} does not exist in namespace "{namespace}"'
        client.event(obj, "OwnerRefInvalidNamespace", text, "Warning")


def _delete_dependents(client: Client, owner: Object) -> None:
    """Foreground: the dependents first; the owner when none is left of those that block its deletion."""
    uid = meta(owner).uid
    for obj in list(dependents(client, owner)):
        if meta(obj).deletionTimestamp is None:
            _collect(client, obj)
    left = [each for obj in dependents(client, owner) for each in meta(obj).ownerReferences or () if each.uid == uid]
    if not any(each.blockOwnerDeletion for each in left):
        _remove_finalizer(client, owner, FOREGROUND)


def _orphan_dependents(client: Client, owner: Object) -> None:
    for obj in list(dependents(client, owner)):
        client.patch(without_owner(obj, known(meta(owner).uid)))
    _remove_finalizer(client, owner, ORPHAN)


def _remove_finalizer(client: Client, obj: Object, finalizer: str) -> None:
    left = [each for each in meta(obj).finalizers or () if each != finalizer]
    client.patch(changed(obj, metadata=changed(meta(obj), finalizers=left or None)))
