"""What all controllers have in common: they watch, and look at one key at a time.

A `Controller` is a name, the kind of object that it cares for, what else it watches (and which keys a write of that
concerns), and one function that looks at a key and does what is needed. The function goes by what the API server holds
when it looks. Where a controller remembers something, that is to save work: after a start it begins with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.objects import Object, OwnerReference, kind_of, known, meta
from k8snet.kube.store import Key

Concerns = Callable[[Write], Iterable[Key]]
"""Which keys a write concerns."""
Look = Callable[[Client, Key], Again | None]
"""Look at a key, do what is needed, say when to look again."""

NOTHING: tuple[Key, ...] = ()


class Controller:
    """One controller (an `Agent`). ``kind`` is what it cares for; ``watches`` says what a write of other kinds concerns."""

    def __init__(self, name: str, client: Client, kind: str, look: Look, watches: Mapping[str, Concerns] | None = None) -> None:
        self.name = name
        self.client = client
        self.kind = kind
        self.look = look
        self.watches: dict[str, Concerns] = {kind: itself, **(watches or {})}
        self.feeds: tuple[Feed, ...] = tuple((each, "") for each in self.watches)
        self._waits: dict[Key, tuple[float, bool]] = {}
        """Until when each key waits already, and whether idly; so that a key has one wait, however often it is looked at."""

    def concerns(self, write: Write) -> Iterable[Key]:
        """The keys that a write is reason to look at."""
        return self.watches[write.kind](write)

    def everything(self) -> Iterable[Key]:
        """The keys to look at after a start, in the order in which the objects were made."""
        self._waits.clear()
        self.forget()
        return [key_of(obj) for obj in self.client.api.store.all(self.kind)]

    def forget(self) -> None:
        """Begin anew: what is remembered may be wrong."""

    def reconcile(self, key: Key) -> Again | None:
        """Look at a key; a wait that is no news is not waited for twice."""
        again = self.look(self.client, key)
        if again is None:
            return None
        now = self.client.now
        until, idle = self._waits.get(key, (0.0, True))
        if now < until <= now + again.seconds and idle <= again.idle:
            return None
        self._waits[key] = (now + again.seconds, again.idle)
        return again


def itself(write: Write) -> Iterable[Key]:
    """A write concerns the object that it writes."""
    return (write.key,)


def key_of(obj: Object) -> Key:
    """Namespace and name of an object."""
    about = meta(obj)
    return about.namespace or "", known(about.name)


def controller_of(obj: Object) -> OwnerReference | None:
    """The one owner that has an object's care."""
    for reference in meta(obj).ownerReferences or ():
        if reference.controller:
            return reference
    return None


def reference_to(owner: Object) -> OwnerReference:
    """What marks an object as cared for by ``owner``."""
    kind, about = kind_of(owner), meta(owner)
    return OwnerReference(
        apiVersion=kind.api_version, kind=kind.kind, name=known(about.name), uid=known(about.uid), controller=True,
        blockOwnerDeletion=True,
    )  # fmt: skip
