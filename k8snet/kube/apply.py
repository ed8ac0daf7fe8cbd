"""`kubectl apply`: from manifests to writes, all of them or none.

A new object is created, one that is there is merged with (merge.py), and what was applied is kept in an annotation, so that
the next time shows what has been taken out. Source: kubectl's client-side apply.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.decoding import decode
from k8snet.kube.merge import three_way
from k8snet.kube.objects import Object, changed, kind_of, known, meta, to_dict

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Applied(NamedTuple):
    """What has become of one document: the object, and ``created``, ``configured`` or ``unchanged``."""

    obj: Object
    outcome: str

    def __str__(self) -> str:
        kind = kind_of(self.obj)
        single = kind.kind.lower() + (f".{kind.group}" if kind.group else "")
        return f"{single}/{meta(self.obj).name} {self.outcome}"


def apply(client: Client, documents: Iterable[tuple[dict[str, Any], str]]) -> list[Applied]:
    """Apply manifests, each with its origin, in their order. ApiError, and nothing is changed, if any of them is refused."""
    wishes = [(document, decode(document, origin)) for document, origin in documents]
    with client.api.transaction():
        return [_apply(client, *wish) for wish in wishes]


def _apply(client: Client, document: dict[str, Any], wish: Object) -> Applied:
    kind, about = kind_of(wish), meta(wish)
    live = client.find(kind.kind, about.name, about.namespace or "default") if about.name else None
    if live is None:
        annotations = {**(about.annotations or {}), LAST_APPLIED: _as_text(document)}
        noted = changed(wish, metadata=changed(about, annotations=annotations))
        return Applied(client.create(noted), "created")
    version = known(meta(live).resourceVersion)
    after = client.patch(_merged(document, wish, live))
    return Applied(after, "unchanged" if meta(after).resourceVersion == version else "configured")


def _merged(document: dict[str, Any], wish: Object, live: Object) -> Object:
    last = last_applied(meta(live).annotations)
    new = to_dict(wish)
    new["metadata"].setdefault("annotations", {})[LAST_APPLIED] = _as_text(document)
    new.pop("status", None)
    return decode(three_way(last, new, to_dict(live)))


def last_applied(annotations: Mapping[str, str] | None) -> dict[str, Any]:
    """What was applied to an object the last time. ApiError if its annotation, which anybody may write, holds no object."""
    noted = (annotations or {}).get(LAST_APPLIED) or "{}"
    try:
        last = json.loads(noted)
    except ValueError:
        last = noted
    if not isinstance(last, dict | None):
        raise ApiError(f"error: the annotation {LAST_APPLIED} holds {noted}: invalid JSON document")
    return last or {}


def _as_text(document: dict[str, Any]) -> str:
    """A manifest as the annotation has it: compact JSON and a newline."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True, default=str) + "\n"
