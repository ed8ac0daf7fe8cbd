"""The API server: it keeps objects, refuses what is wrong, and writes down who wrote what.

It starts nothing and decides nothing about the cluster: others watch it and act. A request is one of the verbs below,
in the name of ``who``. Objects that are handed in or out are shared; `Client` (client.py) copies for those who
may change what they hold. Sources: the API conventions of Kubernetes; k8s.io/apiserver, pkg/registry, for the words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from k8snet.errors import ApiError
from k8snet.kube import allocation, effect, strategy
from k8snet.kube.allocation.pool import STANDARD, Pool, Ranges
from k8snet.kube.defaults import with_defaults, with_status_defaults
from k8snet.kube.history import History, Write
from k8snet.kube.objects import Kind, Object, ObjectMeta, Service, changed, kind_of, known, meta
from k8snet.kube.store import Key, Store
from k8snet.kube.validation import refusal, validate, validate_status, validate_update
from k8snet.linux.fact import Fact

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
"""The time of day when a cluster's clock shows 0."""
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names: no vowels, so that no word comes up (k8s.io/apimachinery, util/rand)."""
SERVER = "kube-apiserver"
"""Its own name, under which it makes what a cluster begins with."""
OF_ITSELF = ("Endpoints", "EndpointSlice")
"""Where the server is, it writes down as objects of these kinds (itself.py)."""
IMMORTAL = ("default", "kube-public", "kube-system")
"""Namespaces that nobody can delete."""
TRIES = 8
"""So many names are made up until one is free."""
LONGEST_GENERATED = 58
"""So much of generateName is kept before the five letters."""


class Happening(Fact, frozen=True):
    """What an Event tells: ``who`` saw it, about which object, and how often (``count``) between ``first`` and ``last``.

    ``number`` counts all events, so that those of one moment have an order.
    """

    who: str
    kind: str
    namespace: str
    name: str
    uid: str
    type: str
    reason: str
    message: str
    first: float
    last: float
    count: int = 1
    number: int = 0


class Api:
    """The API server of one cluster. ``clock`` tells it the time in seconds; ``tell`` is told of each write; Services get their
    addresses and node ports from ``ranges``.
    """

    def __init__(
        self, clock: Callable[[], float], tell: Callable[[Write], None], seed: int = 0, ranges: Ranges = STANDARD,
    ) -> None:  # fmt: skip
        self.store = Store()
        self.history = History()
        self.happenings: dict[tuple[str, str, str, str, str], Happening] = {}
        """Events, the oldest first, by who, the object's kind and uid, reason and message."""
        self.told = 0
        """How often events were told of."""
        self._clock = clock
        self._tell = tell
        self._seed = seed
        self._ranges = ranges
        self._uncounted = 0
        """How many objects the server has made of itself. Names do not count them, so a cluster has the same ones without."""
        self._untold: list[Write] | None = None
        """The writes of a transaction that has not ended; None: there is none."""

    @property
    def now(self) -> float:
        """Seconds since the cluster's beginning."""
        return self._clock()

    @property
    def time(self) -> datetime:
        """The time of day, in whole seconds as the API has it."""
        return EPOCH + timedelta(seconds=int(self.now))

    # --- the verbs ------------------------------------------------------------------------------------------------

    def get(self, kind: Kind, key: Key) -> Object:
        """The object under a key; ApiError (NotFound)."""
        obj = self.store.find(kind.kind, key)
        if obj is None:
            raise not_found(kind, key[1])
        return obj

    def create(self, obj: Object, who: str) -> Object:
        """Keep a new object: with defaults, a uid, and a name, if it has only the beginning of one."""
        kind = kind_of(obj)
        obj = self._named(kind, obj)
        key = (meta(obj).namespace or "", known(meta(obj).name))
        self._check_namespace(kind, key)
        effect.check(obj)
        obj = self._allocated(with_defaults(strategy.for_create(obj)))
        if errors := validate(obj):
            raise refusal(obj, errors)
        if self.store.find(kind.kind, key) is not None:
            raise ApiError(f'{kind.resource} "{key[1]}" already exists', reason="AlreadyExists")
        of_itself = who == SERVER and kind.kind in OF_ITSELF
        self._uncounted += of_itself
        uid = self._uid(kind.kind if of_itself else "")
        fresh = changed(meta(obj), uid=uid, creationTimestamp=self.time, generation=strategy.first_generation(obj))
        return self._write("POST", who, kind, key, None, changed(obj, metadata=fresh))

    def update(self, obj: Object, who: str, *, verb: str = "PUT", subresource: str = "") -> Object:
        """Replace an object's wishes; its status stays. ApiError (Conflict) if it has changed since it was read."""
        kind, key, before = self._present(obj)
        effect.check(obj)
        after = self._allocated(with_defaults(strategy.for_update(obj, before)), before)
        if errors := validate_update(after, before):
            raise refusal(after, errors)
        if after == before:
            return before
        written = self._write(verb, who, kind, key, before, strategy.with_generation(after, before), subresource)
        return self._finish(written, who)

    def update_status(self, obj: Object, who: str, *, verb: str = "PUT") -> Object:
        """Replace an object's status; its wishes stay. ApiError (Conflict) as for `update`."""
        kind, key, before = self._present(obj)
        if obj.status == before.status:
            return before
        after = with_status_defaults(changed(before, status=obj.status))
        if errors := validate_status(after, before):
            raise refusal(after, errors)
        return self._write(verb, who, kind, key, before, after, "status")

    def bind(self, pod: Object, node: str, who: str) -> Object:
        """Bind a pod to a node. ApiError (Conflict) if it is on one already."""
        kind, key, before = self._present(pod)
        if before.spec.nodeName:
            because = f'pod {key[1]} is already assigned to node "{before.spec.nodeName}"'
            raise ApiError(f'Operation cannot be fulfilled on pods/binding "{key[1]}": {because}', reason="Conflict")
        after = strategy.bound(before, node, self.time)
        return self._write("POST", who, kind, key, before, after, "binding")

    def delete(self, kind: Kind, key: Key, who: str, *, grace: int | None = None, propagation: str = "Background") -> Object:
        """Delete an object, or mark it as to be deleted while somebody still has to clean up after it.

        ``grace`` in seconds is for pods, the pod's own by default. ``propagation``: Background, Foreground or Orphan.
        """
        before = self.get(kind, key)
        if kind.kind == "Namespace" and key[1] in IMMORTAL:
            raise ApiError(f'namespaces "{key[1]}" is forbidden: this namespace may not be deleted', reason="Forbidden")
        after = strategy.marked(before, self.time, grace, propagation)
        if after is None:
            return self._remove(kind, key, before, who)
        return before if after is before else self._write("DELETE", who, kind, key, before, after)

    def finalize(self, obj: Object, who: str) -> Object:
        """Replace a namespace's finalizers (PUT …/finalize); the last one gone, the namespace goes."""
        kind, key, before = self._present(obj)
        after = self._write("PUT", who, kind, key, before, changed(before, spec=obj.spec), "finalize")
        return self._finish(after, who)

    def record(self, regarding: Object, reason: str, message: str, type_: str, who: str) -> None:
        """Keep an event; the same one again only counts up."""
        self.told += 1
        kind, about = kind_of(regarding).kind, meta(regarding)
        uid = about.uid or ""
        place = (who, kind, uid, reason, message)
        seen = self.happenings.pop(place, None)
        if seen is None:
            name, namespace = known(about.name), about.namespace or "default"
            seen = Happening(who, kind, namespace, name, uid, type_, reason, message, self.now, self.now, 0, self.told)
        self.happenings[place] = changed(seen, last=self.now, count=seen.count + 1)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside, or none: an error undoes them, and nobody hears of them."""
        version, length, events, self._untold = self.store.version, len(self.history), dict(self.happenings), []
        try:
            yield
        except BaseException:
            for write in reversed(self.history[length:]):
                self.store.put(write.kind, write.key, write.before)
            del self.history[length:]
            self.store.version, self.happenings, self._untold = version, events, None
            raise
        untold, self._untold = self._untold, None
        for write in untold:
            self._tell(write)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _write(self, verb: str, who: str, kind: Kind, key: Key, before: Object, after: Object, subresource: str = "") -> Object:
        """The one way by which anything gets into the store."""
        self.store.version += 1
        if after is not None:
            after = changed(after, metadata=changed(after.metadata, resourceVersion=str(self.store.version)))
        self.store.put(kind.kind, key, after)
        write = Write(self.now, who, verb, kind.kind, *key, before, after, subresource)
        self.history.append(write)
        if self._untold is None:
            self._tell(write)
        else:
            self._untold.append(write)
        return after

    def _remove(self, kind: Kind, key: Key, before: Object, who: str) -> Object:
        self._write("DELETE", who, kind, key, before, None)
        return before

    def _finish(self, obj: Object, who: str) -> Object:
        """An object that was only waiting for its last finalizer goes with it."""
        if strategy.is_finished(obj):
            kind, key, _ = self._present(obj)
            self._remove(kind, key, obj, who)
        return obj

    def _present(self, obj: Object) -> tuple[Kind, Key, Object]:
        """The kind and key of an object that is to be replaced, and what is there now."""
        kind, about = kind_of(obj), meta(obj)
        key = (about.namespace or ("default" if kind.namespaced else ""), about.name or "")
        before = self.get(kind, key)
        version, there = about.resourceVersion, meta(before)
        conflict = f'Operation cannot be fulfilled on {kind.resource} "{key[1]}": '
        if about.uid not in (None, there.uid):
            text = f"Precondition failed: UID in precondition: {about.uid}, UID in object meta: {there.uid}"
            raise ApiError(f"{conflict}StorageError: invalid object, Code: 4, {text}", reason="Conflict")
        if version not in (None, "", there.resourceVersion):
            text = "the object has been modified; please apply your changes to the latest version and try again"
            raise ApiError(f"{conflict}{text}", reason="Conflict")
        return kind, key, before

    def _allocated(self, obj: Object, before: Object | None = None) -> Object:
        """A Service with its addresses and ports; any other object as it is."""
        if not isinstance(obj, Service):
            return obj
        pool = Pool(self.store, self._ranges, lambda attempt: int(self._number(attempt), 16))
        return allocation.created(obj, pool) if before is None else allocation.updated(obj, before, pool)

    def _named(self, kind: Kind, obj: Object) -> Object:
        about = obj.metadata or ObjectMeta()
        name, namespace = about.name, (about.namespace or "default") if kind.namespaced else None
        if about.resourceVersion:
            raise ApiError("resourceVersion should not be set on objects to be created", reason="Invalid")
        if not name and about.generateName:
            name = self._free_name(kind, about.generateName[:LONGEST_GENERATED], namespace or "")
        if not name:
            group = f".{kind.group}" if kind.group else ""
            because = "metadata.name: Required value: name or generateName is required"
            raise ApiError(f'{kind.kind}{group} "" is invalid: {because}', reason="Invalid")
        return changed(obj, metadata=changed(about, name=name, namespace=namespace))

    def _check_namespace(self, kind: Kind, key: Key) -> None:
        if not kind.namespaced:
            return
        namespace = self.store.find("Namespace", ("", key[0]))
        if namespace is None:
            raise ApiError(f'namespaces "{key[0]}" not found', reason="NotFound")
        if meta(namespace).deletionTimestamp is not None:
            because = f"unable to create new content in namespace {key[0]} because it is being terminated"
            raise ApiError(f'{kind.resource} "{key[1]}" is forbidden: {because}', reason="Forbidden")

    def _free_name(self, kind: Kind, beginning: str, namespace: str) -> str:
        """A name that begins so and is not taken; the eighth try is handed on as it is, and refused."""
        names = (f"{beginning}{self._suffix(attempt)}" for attempt in range(TRIES))
        name = ""
        for name in names:
            if self.store.find(kind.kind, (namespace, name)) is None:
                break
        return name

    def _number(self, attempt: int | str = 0) -> str:
        """Thirty-two hexadecimal digits that no other write of this cluster gets, and the same ones in each run."""
        text = f"{self._seed} {self.store.version - self._uncounted}" + (f" {attempt}" if attempt else "")
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def _uid(self, which: str = "") -> str:
        digits = self._number(which)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _suffix(self, attempt: int) -> str:
        number, letters = int(self._number(attempt)[:12], 16), ""
        for _ in range(5):
            number, letter = divmod(number, len(ALPHABET))
            letters += ALPHABET[letter]
        return letters


def not_found(kind: Kind, name: str) -> ApiError:
    """The refusal for an object that is not there."""
    return ApiError(f'{kind.resource} "{name}" not found', reason="NotFound")
