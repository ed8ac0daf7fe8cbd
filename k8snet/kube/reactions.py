"""Who answers whom: the last news that a component had before it wrote something about it.

The history does not say why somebody wrote. But a component goes by what it watches, and what it writes is about an object:
so the news was another's write, of a kind that it heeds, about that object, its owner, what it owns, or its node. Where
there is none, nothing is claimed. It is a claim about news, not about orders: the API server commands nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from k8snet.kube import behind
from k8snet.kube.author import Author, author, node_of
from k8snet.kube.controllers import eligible
from k8snet.kube.evidence import evidence
from k8snet.kube.history import Write
from k8snet.kube.objects import meta

OF_PODS = ("Pod.made", "Pod.changed", "Pod.marked", "Pod.gone", "Pod.adopted", "Pod.released", "Pod.unready", "Pod.reported.")
OF_ENDPOINTS = ("Service", "Pod.changed", "Pod.marked", "Pod.gone", "Pod.unready", "Pod.reported")
OF_NODES = ("Node.made", "Node.changed", "Node.tainted", "Node.gone")
HEEDS: dict[str, tuple[str, ...]] = {
    "daemonset-controller": ("DaemonSet", *OF_PODS, *OF_NODES),
    "deployment-controller": ("Deployment", "ReplicaSet"),
    "endpoint-controller": (*OF_ENDPOINTS, "Endpoints.gone"),
    "endpointslice-controller": (*OF_ENDPOINTS, "EndpointSlice"),
    "endpointslicemirroring-controller": ("Endpoints", "Service"),
    "generic-garbage-collector": ("*.gone", "*.marked", "*.released"),
    "kube-scheduler": ("Pod.made", "Pod.changed", "Pod.marked", "Pod.gone", *OF_NODES),
    "kubelet": ("Pod.bound", "Pod.made", "Pod.changed", "Pod.marked", "Pod.gone"),
    "namespace-controller": ("Namespace.marked", "*.gone"),
    "node-ipam-controller": ("Node.made",),
    "node-lifecycle-controller": ("Node.made", "Node.reported.", "Node.cordoned", "Node.uncordoned"),
    "pod-garbage-collector": ("Node.gone", "Pod.marked", "Pod.reported.finished"),
    "replicaset-controller": ("ReplicaSet", *OF_PODS),
    "serviceaccount-controller": ("Namespace.made", "ServiceAccount.gone"),
    "taint-eviction-controller": ("Node.tainted", "Pod.bound", "Pod.made"),
}
"""What each component acts by: how the keys of writes begin, ``*`` for any kind. A kubelet hears of its own node's only.

All of it is of kinds that the component watches; a test compares them. Left out is what it hears and does nothing about.
"""

BY_ITSELF = ("Node.made", "Node.reported", "Node.heartbeat", "Node.silent", "Lease", "Pod.made.mirror")
"""What is written because of what a machine does or a clock says, and not because of news."""
BY_NAMESPACE = ("namespace-controller", "serviceaccount-controller")
"""Who cares for whole namespaces."""


class Reaction(NamedTuple):
    """``effect`` is somebody's first write after ``news`` and about it: both are places in a sequence of writes."""

    news: int
    effect: int


def reactions(writes: Sequence[Write]) -> list[Reaction]:
    """The reactions within these writes, in the order of their effects; each writer answers a piece of news once."""
    authors = [author(write) for write in writes]
    keys = [evidence(write).key for write in writes]
    found: list[Reaction] = []
    answered: set[tuple[Author, int]] = set()
    for effect, who in enumerate(authors):
        if who.program not in HEEDS or keys[effect].startswith(BY_ITSELF):
            continue
        since = _last_own(writes, authors, effect)
        heard = [at for at in range(effect - 1, since, -1) if authors[at] != who and _heeds(who, writes[at], keys[at])]
        news = _news(who, writes, heard, effect, {at for by, at in answered if by == who})
        if news is not None:
            answered.add((who, news))
            found.append(Reaction(news, effect))
    return found


def _news(who: Author, writes: Sequence[Write], heard: list[int], effect: int, answered: set[int]) -> int | None:
    """The last news of the object itself, its owner or what it owns; if that is answered, what came later and nearby."""
    nearest = _latest(writes, heard, effect, _concerns)
    if nearest is not None and nearest not in answered:
        return nearest
    later = [at for at in heard if nearest is None or at > nearest]
    by_namespace = [_is_its_namespace] if who.program in BY_NAMESPACE else []
    for nearby in (_is_of_the_same_owner, _is_its_node, _is_behind, *by_namespace):
        news = _latest(writes, later, effect, nearby)
        if news is not None and news not in answered:
            return news
    return None


def _latest(writes: Sequence[Write], heard: Iterable[int], effect: int, fits: Callable[[Write, Write], bool]) -> int | None:
    return next((at for at in heard if fits(writes[at], writes[effect])), None)


def _last_own(writes: Sequence[Write], authors: Sequence[Author], effect: int) -> int:
    """Where this writer last wrote the same object: what came before was answered by that."""
    this = _id(writes[effect])
    mine = (at for at in range(effect - 1, -1, -1) if authors[at] == authors[effect] and _id(writes[at]) == this)
    return next(mine, -1)


def _heeds(who: Author, write: Write, what: str) -> bool:
    """Whether somebody is told of a write and acts by such."""
    if who.node and node_of(write) != who.node:
        return False
    anyones = f"*.{what.partition('.')[2]}"
    return what.startswith(HEEDS[who.program]) or anyones.startswith(HEEDS[who.program])


# --- what a piece of news has to do with a write ----------------------------------------------------------------------


def _concerns(news: Write, effect: Write) -> bool:
    """The same object, its owner, or what it owns. A node owns its mirror pods, but that is a matter of deletion only; and
    Endpoints are their Service's, though that stands in the name alone.
    """
    one, other = _id(news), _id(effect)
    if one == other or (effect.kind == "Endpoints" and news.kind == "Service" and news.key == effect.key):
        return True
    return "Node" not in (news.kind, effect.kind) and (one in _owners(effect) or other in _owners(news))


def _is_of_the_same_owner(news: Write, effect: Write) -> bool:
    return news.kind == effect.kind and not _owners(news).isdisjoint(_owners(effect))


def _is_its_node(news: Write, effect: Write) -> bool:
    return news.kind == "Node" and effect.kind == "Pod" and eligible.node_of(effect.object) == news.name


def _is_behind(news: Write, effect: Write) -> bool:
    """A pod, and an object that lists it among the endpoints of a Service."""
    if news.kind != "Pod" or effect.kind not in behind.KINDS:
        return False
    return any(_id(news) in behind.uids(each) for each in (effect.before, effect.after) if each is not None)


def _is_its_namespace(news: Write, effect: Write) -> bool:
    """A namespace and what is in it, either way round."""
    inside = news.kind == "Namespace" and news.name == effect.namespace
    return inside or (effect.kind == "Namespace" and effect.name == news.namespace)


def _id(write: Write) -> str:
    return meta(write.object).uid or f"{write.kind}/{write.namespace}/{write.name}"


def _owners(write: Write) -> set[str]:
    versions = (each for each in (write.before, write.after) if each is not None)
    return {reference.uid for each in versions for reference in meta(each).ownerReferences or ()}
