"""What an object comes to in a few facts, and which objects a history is about: each with its owner, from write to write.

A card is what one would ask kubectl for: a pod's status, readiness, node and address; how many pods a ReplicaSet wants and
has. Cards are made from the object in the history; nothing else is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.evidence import LAST_APPLIED, named
from k8snet.kube.history import Write
from k8snet.kube.narrate import plain
from k8snet.kube.objects import Object, meta, to_dict
from k8snet.kube.rest.tables.pods import summary

Card = tuple[tuple[str, str], ...]
"""Facts of an object: name and value."""
FACT_LABELS = {
    "status": "", "containers": "", "ready": "ready", "wanted": "wanted", "pods": "pods", "node": "on", "ip": "", "range": "",
}  # fmt: skip
"""What stands before the value of a fact."""

APART = ("Node", "Lease")
"""The kinds that are not in the tree: nodes are boxes of their own, and leases say nothing of themselves."""
BEFORE = ("Node", "Pod", "ReplicaSet", "Deployment", "DaemonSet")
"""What is shown although the history does not tell of it, where it is known."""
KEYS = (("type",), ("name",), ("ip",), ("key", "effect"))
"""What tells the items of a list apart."""
LONGEST_VALUE = 110
MOST_FIELDS = 24
"""So many fields of a new object are listed."""
OF_NO_INTEREST = frozenset({
    "apiVersion", "kind", "metadata.uid", "metadata.resourceVersion", "metadata.generation", LAST_APPLIED,
    "metadata.creationTimestamp", "metadata.name", "metadata.namespace",
})  # fmt: skip


class Thing(NamedTuple):
    """An object through its life. ``owner`` is the place of the one that cares for it, or -1."""

    kind: str
    name: str
    owner: int


class Things:
    """The objects that a history is about, in the order in which it comes to them; then the nodes, and in the
    namespaces of which it tells pods and what makes them, that were there ``before`` it.

    ``first`` are the cards of those that were there. ``at`` says for each write which object it is about.
    """

    def __init__(self, writes: Sequence[Write], before: Sequence[Write] = ()) -> None:
        self.all: list[Thing] = []
        self.first: dict[int, Card] = {}
        self.at: list[int] = []
        self._places: dict[str, int] = {}
        there = {(write.kind, *write.key): write.after for write in before if write.kind in BEFORE}
        about = {"", *(write.namespace for write in writes)}
        told: set[int] = set()
        for write in writes:
            place = self._place(write.object, write.kind)
            if place not in told and write.before is not None:
                self.first[place] = card(write.before)
            told.add(place)
            self.at.append(place)
        for (kind, namespace, _), obj in there.items():
            if obj is not None and namespace in about and self._places.get(_id(obj)) not in told:
                self.first[self._place(obj, kind)] = card(obj)

    def _place(self, obj: Object, kind: str) -> int:
        if _id(obj) not in self._places:
            owner = self._owner(obj)
            self._places[_id(obj)] = len(self.all)
            self.all.append(Thing(kind, named(meta(obj).namespace or "", meta(obj).name or ""), owner))
        place = self._places[_id(obj)]
        if self.all[place].owner < 0:  # so far it was only named as somebody's owner, or had none itself
            self.all[place] = self.all[place]._replace(owner=self._owner(obj))
        return place

    def _owner(self, obj: Object) -> int:
        """The owner's place; one of which the history does not tell gets one too. (That a node owns mirror pods is no news.)"""
        reference = controller_of(obj)
        if reference is None or reference.kind == "Node":
            return -1
        if reference.uid not in self._places:
            self._places[reference.uid] = len(self.all)
            self.all.append(Thing(reference.kind, named(meta(obj).namespace or "", reference.name), -1))
        return self._places[reference.uid]

    # --- at one moment

    def cards(self, writes: Sequence[Write], place: int) -> dict[int, Card | None]:
        """The objects' cards once the write at ``place`` is done, and None for one that went with it."""
        now: dict[int, Card | None] = dict(self.first)
        for at in range(place + 1):
            if writes[at].after is not None:
                now[self.at[at]] = card(writes[at].after)
            elif at < place:
                now.pop(self.at[at], None)
            else:
                now[self.at[at]] = None
        return now

    def tree(self, there: Iterable[int]) -> Iterator[tuple[int, int]]:
        """The objects that are there, and their owners, each with its depth; owners come before what they own."""
        shown = {place for place in there if self.all[place].kind not in APART}
        shown |= {self.all[place].owner for place in shown} - {-1}
        shown |= {self.all[place].owner for place in shown} - {-1}
        yield from self._below(-1, 0, shown)

    def _below(self, owner: int, depth: int, shown: set[int]) -> Iterator[tuple[int, int]]:
        for place, thing in enumerate(self.all):
            if place in shown and thing.owner == owner:
                yield place, depth
                yield from self._below(place, depth + 1, shown)


def _id(obj: Object) -> str:
    return meta(obj).uid or f"{type(obj).__name__}/{meta(obj).namespace}/{meta(obj).name}"


# --- cards ------------------------------------------------------------------------------------------------------------


def card(obj: Object) -> Card:
    """An object's facts; none for a kind of which there is nothing to tell."""
    maker = _MAKERS.get(type(obj).__name__)
    facts = tuple(maker(obj)) if maker is not None else ()
    return tuple((name, value) for name, value in facts if value)


def _pod(pod: Any) -> Iterator[tuple[str, str]]:
    found = summary(pod)
    yield "status", found.reason
    yield "containers", f"{found.ready}/{found.total}"
    yield "node", pod.spec.nodeName or ""
    yield "ip", (pod.status.podIP if pod.status else None) or ""


def _workload(obj: Any) -> Iterator[tuple[str, str]]:
    status = obj.status
    yield "wanted", str(obj.spec.replicas or 0)
    yield "pods", str((status.replicas if status else None) or 0)
    yield "ready", str((status.readyReplicas if status else None) or 0)


def _daemon_set(obj: Any) -> Iterator[tuple[str, str]]:
    status = obj.status
    yield "wanted", str((status.desiredNumberScheduled if status else None) or 0)
    yield "pods", str((status.currentNumberScheduled if status else None) or 0)
    yield "ready", str((status.numberReady if status else None) or 0)


def _node(node: Any) -> Iterator[tuple[str, str]]:
    conditions = (node.status.conditions if node.status else None) or ()
    ready = next((each.status for each in conditions if each.type == "Ready"), "Unknown")
    word = "Ready" if ready == "True" else "NotReady"
    yield "status", f"{word},SchedulingDisabled" if node.spec and node.spec.unschedulable else word
    yield "range", (node.spec.podCIDR if node.spec else None) or ""


def _service(service: Any) -> Iterator[tuple[str, str]]:
    yield "ip", service.spec.clusterIP or ""


_MAKERS: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "Pod": _pod, "Deployment": _workload, "ReplicaSet": _workload, "DaemonSet": _daemon_set, "Node": _node, "Service": _service,
}  # fmt: skip


# --- fields -----------------------------------------------------------------------------------------------------------


def fields(write: Write) -> list[tuple[str, str, str]]:
    """The fields that a write changed: path, before, after; of a new object its fields, as far as they say something.

    Items of lists go by their type, name or address, as in ``status.conditions[Ready].status``; what only moves along comes last.
    """
    if write.after is None:
        return []
    before = {} if write.before is None else dict(_leaves(to_dict(write.before), ""))
    after = dict(_leaves(to_dict(write.after), ""))
    paths = [path for path in (before | after) if path not in OF_NO_INTEREST and before.get(path) != after.get(path)]
    nothing = "" if write.before is None else "-"
    found = [(path, _text(before.get(path), nothing), _text(after.get(path), "-")) for path in sorted(paths, key=_is_aside)]
    return found if len(found) <= MOST_FIELDS else [*found[:MOST_FIELDS], ("…", "", f"{len(found) - MOST_FIELDS} more")]


def _is_aside(path: str) -> bool:
    """Whether a field only moves along with others."""
    return path.endswith(("Time", "].observedGeneration"))


def _text(value: Any, nothing: str) -> str:
    return nothing if value is None else plain(value, LONGEST_VALUE)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for at, each in enumerate(value):
            key = next((names for names in KEYS if names[0] in each), ())
            name = ":".join(str(each[field]) for field in key if field in each) or at
            rest = {field: inner for field, inner in each.items() if field not in key} or each
            yield from _leaves(rest, f"{path}[{name}]")
    else:
        yield path, value

