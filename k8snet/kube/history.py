"""The record of who wrote what into the API server: a list that only grows.

A write holds the object before and after it. Objects are never changed in place, so to keep them costs what was new in
them. What has changed between the two is worked out when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, SupportsIndex, overload

from k8snet.kube.objects import KINDS, Object, to_dict
from k8snet.linux.fact import Fact

SELDOM_MEANT = frozenset({"metadata.resourceVersion", "metadata.generation", "metadata.managedFields"})
"""What each write changes, and nobody asks about."""
ABSENT = None


class Change(Fact, frozen=True):
    """One field that a write changed: its path, and what it held before and after (None: nothing)."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: {_short(self.before)} -> {_short(self.after)}"


class Write(Fact, frozen=True):
    """One write: who sent it and when (in seconds), as an HTTP request, and the object ``before`` and ``after`` it.

    ``before`` is None where the object is new, ``after`` is None where it is gone.
    """

    now: float
    who: str
    verb: str
    kind: str
    namespace: str
    name: str
    before: Object
    after: Object
    subresource: str = ""

    @property
    def path(self) -> str:
        """The path of the request; an object is created by a POST to the list that it joins."""
        posted = self.verb == "POST" and not self.subresource
        return KINDS[self.kind].path(self.namespace, None if posted else self.name, self.subresource)

    @property
    def key(self) -> tuple[str, str]:
        """Namespace (empty for what has none) and name."""
        return self.namespace, self.name

    @property
    def object(self) -> Object:
        """The object as it is now, or as it was before it went."""
        return self.after if self.after is not None else self.before

    @property
    def changes(self) -> list[Change]:
        """The fields that are not what they were, in the order of the API's fields."""
        before = {} if self.before is None else to_dict(self.before)
        after = {} if self.after is None else to_dict(self.after)
        return [change for change in _differences(before, after, "") if change.path not in SELDOM_MEANT]

    def __str__(self) -> str:
        changed = ", ".join(map(str, self.changes)) if self.before is not None and self.after is not None else ""
        outcome = "created" if self.before is None else "gone" if self.after is None else changed
        subject = f"{self.kind} {self.name}"
        return f"{self.now:9.3f}  {self.who:<24} {self.verb:<6} {self.path}  {subject}: {outcome}"

    __repr__ = __str__


class History(list[Write]):
    """Writes in the order in which they were made; it prints one a line, and a slice of it is a History too."""

    @overload
    def __getitem__(self, at: SupportsIndex) -> Write: ...
    @overload
    def __getitem__(self, at: slice) -> History: ...
    def __getitem__(self, at: SupportsIndex | slice) -> Write | History:
        found = super().__getitem__(at)
        return found if isinstance(found, Write) else History(found)

    def of(self, kind: str, name: str | None = None) -> History:
        """The writes of one kind of object, or of one object."""
        return History(each for each in self if each.kind == kind and name in (None, each.name))

    def by(self, who: str) -> History:
        """The writes of one component or user."""
        return History(each for each in self if each.who == who)

    def __deepcopy__(self, memo: dict[int, Any]) -> History:
        return History(self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__


class Watch:
    """A cursor into a history: what has been written of a kind since it was last asked."""

    def __init__(self, history: History, kind: str, namespace: str | None = None) -> None:
        self._history = history
        self._kind = kind
        self._namespace = namespace
        self._at = len(history)

    def poll(self) -> list[tuple[str, Write]]:
        """The writes since the last time, each with the API's word for it: ADDED, MODIFIED or DELETED."""
        fresh, self._at = self._history[self._at :], len(self._history)
        wanted = (each for each in fresh if each.kind == self._kind and self._namespace in (None, each.namespace))
        return [("ADDED" if each.before is None else "DELETED" if each.after is None else "MODIFIED", each) for each in wanted]


def _differences(before: Any, after: Any, path: str) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else key
            yield from _differences(before.get(key, ABSENT), after.get(key, ABSENT), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, pair in enumerate(zip(before, after, strict=True)):
            yield from _differences(*pair, f"{path}[{at}]")
    else:
        yield Change(path, before, after)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
