"""What must be sent so that one document becomes another: a strategic merge patch; and what kubectl apply makes of a manifest.

Lists whose items have a key are patched item by item (k8snet.kube.merge has the keys). Source: k8s.io/apimachinery,
pkg/util/strategicpatch; k8s.io/kubectl, pkg/cmd/apply (patcher.go).
"""

from __future__ import annotations

import json
from typing import Any

from k8snet.kube.merge import merge_key, three_way
from k8snet.shell.kubectl.create import LAST_APPLIED, annotated

Document = dict[str, Any]


def difference(before: Any, after: Any, name: str = "") -> Any:
    """The patch from ``before`` to ``after``, an empty dict if they are equal; ``name`` is the field's.

    >>> difference({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 3, "d": 2}})
    {'a': None, 'b': {'c': 3}}
    >>> difference({"ports": [{"port": 1}, {"port": 2}]}, {"ports": [{"port": 2, "name": "x"}]})
    {'ports': [{'port': 2, 'name': 'x'}, {'port': 1, '$patch': 'delete'}]}
    """
    if isinstance(before, dict) and isinstance(after, dict):
        gone = {key: None for key in before if key not in after}
        fresh = {key: difference(before[key], value, key) if key in before else value
                 for key, value in after.items() if key not in before or before[key] != value}
        return {**gone, **fresh}
    if isinstance(before, list) and isinstance(after, list):
        key = merge_key(name, [*before, *after])
        return after if key is None else _items(before, after, key)
    return after


def _items(before: list[Any], after: list[Any], key: str) -> list[Any]:
    old, new = ({item[key]: item for item in items} for items in (before, after))
    changes = [{key: value, **difference(old[value], item)} if value in old else item
               for value, item in new.items() if old.get(value) != item]
    return [*changes, *({key: value, "$patch": "delete"} for value in old if value not in new)]


def apply_patch(manifest: Document, live: Document) -> Document:
    """What `kubectl apply` sends for a manifest where ``live`` is there; empty if there is nothing to change."""
    noted = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    last = json.loads(noted) if noted else {}
    wish = annotated(manifest)
    wish.pop("status", None)
    patch: Document = difference(live, three_way(last, wish, live))
    return patch
