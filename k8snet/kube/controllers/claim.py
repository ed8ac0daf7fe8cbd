"""Whose an object is: controllers adopt orphans that their selector matches, and release what it matches no more.

Source: pkg/controller/controller_ref_manager.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube import labels
from k8snet.kube.client import Client
from k8snet.kube.controllers.controller import controller_of, key_of, reference_to
from k8snet.kube.objects import LabelSelector, Object, changed, known, meta
from k8snet.kube.store import Key

Fits = Callable[[Object], bool]


def by(selector: LabelSelector) -> Fits:
    """Whether a selector matches an object's labels."""
    fits = labels.compile(selector)
    return lambda obj: fits(meta(obj).labels or {})


def claim(client: Client, owner: Object, obj: Object, fits: Fits) -> Object | None:
    """Make sure of one object: adopt it, release it, or leave it. Returns it if it is the owner's."""
    controller = controller_of(obj)
    if controller is not None and controller.uid != meta(owner).uid:
        return None
    if controller is not None and fits(obj):
        return obj
    if controller is not None:
        release(client, owner, obj)
        return None
    going = meta(owner).deletionTimestamp is not None or meta(obj).deletionTimestamp is not None
    return None if going or not fits(obj) else adopt(client, owner, obj)


def adopt(client: Client, owner: Object, obj: Object) -> Object | None:
    """Become an orphan's owner."""
    references = [*(meta(obj).ownerReferences or ()), reference_to(owner)]
    return _patched(client, changed(obj, metadata=changed(meta(obj), ownerReferences=references)))


def release(client: Client, owner: Object, obj: Object) -> None:
    """Give an object away; one whose owner is being deleted keeps its mark, as the owner's deletion goes by it."""
    if meta(owner).deletionTimestamp is None:
        _patched(client, without_owner(obj, known(meta(owner).uid)))


def without_owner(obj: Object, uid: str) -> Object:
    """The object, no more owned by ``uid``."""
    kept = [each for each in meta(obj).ownerReferences or () if each.uid != uid]
    return changed(obj, metadata=changed(meta(obj), ownerReferences=kept or None))


def _patched(client: Client, obj: Object) -> Object | None:
    try:
        return client.patch(obj)
    except ApiError as error:
        if error.reason != "NotFound":
            raise
        return None


def _match_labels(owner: Object) -> dict[str, str] | None:
    pairs: dict[str, str] | None = known(owner.spec).selector.matchLabels
    return pairs


class Selectors:
    """Which owners would take an object with given labels, found without asking each: by one pair of their labels.

    An owner is filed under one pair that its selector asks for; one that asks for none is asked each time. ``pairs_of``
    says what an owner asks for: most kinds have it in their ``matchLabels``.
    """

    def __init__(self, pairs_of: Callable[[Any], dict[str, str] | None] = _match_labels) -> None:
        self._pairs_of = pairs_of
        self._filed: dict[Key, tuple[str, tuple[str, str] | None]] = {}
        self._wanted: dict[tuple[str, tuple[str, str] | None], dict[Key, None]] = {}

    def file(self, owner: Object) -> None:
        """Note what an owner asks for."""
        pairs = self._pairs_of(owner)
        place = (key_of(owner)[0], max(pairs.items(), key=lambda pair: len(pair[1])) if pairs else None)
        if self._filed.get(key_of(owner)) != place:
            self.drop(key_of(owner))
            self._filed[key_of(owner)] = place
            self._wanted.setdefault(place, {})[key_of(owner)] = None

    def drop(self, key: Key) -> None:
        """Forget an owner that is no more."""
        place = self._filed.pop(key, None)
        if place is not None:
            self._wanted[place].pop(key)
            if not self._wanted[place]:
                del self._wanted[place]

    def asking(self, obj: Object) -> Iterable[Key]:
        """The owners that may want this object; whether they do, their whole selector says."""
        namespace = key_of(obj)[0]
        for pair in (None, *(meta(obj).labels or {}).items()):
            yield from self._wanted.get((namespace, pair), ())
