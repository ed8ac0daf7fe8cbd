"""Merging manifests: what `kubectl apply` makes of the last one, the new one and the live object (strategic merge patch).

What stood in the last manifest and is not in the new one goes; what is in the new one is set; all else stays, as others
have set it. Lists are merged item by item where the API gives their items a key (``containers`` by name), and replaced
elsewhere. Everything here is plain dicts and lists, and nothing that is handed in is changed. Source: the patchMergeKey
marks of the published API types.
"""

from __future__ import annotations

from typing import Any

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",), "initContainers": ("name",), "ephemeralContainers": ("name",), "env": ("name",),
    "volumes": ("name",), "imagePullSecrets": ("name",), "secrets": ("name",), "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",), "volumeDevices": ("devicePath",), "hostAliases": ("ip",),
    "ownerReferences": ("uid",), "conditions": ("type",), "addresses": ("type",), "topologySpreadConstraints": ("topologyKey",),
}  # fmt: skip
"""By which field the items of a list are told apart; of two the one that the items have."""
MERGED_SETS = frozenset({"finalizers"})
"""Lists of plain values that are merged too."""


def three_way(last: Any, new: Any, live: Any, name: str = "") -> Any:
    """What the live value becomes; ``name`` is the field's name.

    >>> three_way({"a": 1, "b": 1}, {"a": 2}, {"a": 1, "b": 1, "c": 1})
    {'a': 2, 'c': 1}
    """
    if isinstance(new, dict) and isinstance(live, dict):
        return _dicts(last if isinstance(last, dict) else {}, new, live)
    if isinstance(new, list) and isinstance(live, list):
        return _lists(last if isinstance(last, list) else [], new, live, name)
    return new


def _dicts(last: dict[str, Any], new: dict[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in live.items() if key in new or key not in last}
    wanted = {key: value for key, value in new.items() if value is not None}
    merged = {key: three_way(last.get(key), wanted[key], value, key) if key in wanted else value for key, value in kept.items()
              if key in wanted or key not in new}
    return merged | {key: value for key, value in wanted.items() if key not in merged}


def _lists(last: list[Any], new: list[Any], live: list[Any], name: str) -> list[Any]:
    if name in MERGED_SETS:
        return [*new, *(each for each in live if each not in new and each not in last)]
    key = merge_key(name, [*new, *live])
    if key is None:
        return new
    before, there = ({item[key]: item for item in items if key in item} for items in (last, live))
    wanted = {item[key] for item in new}
    merged = [three_way(before.get(item[key]), item, there[item[key]]) if item[key] in there else item for item in new]
    return [*merged, *(item for item in live if item[key] not in wanted and item[key] not in before)]


def merge_key(name: str, items: list[Any]) -> str | None:
    """The field by which all these items of a list can be told apart; None if there is none."""
    for key in MERGE_KEYS.get(name, ()):
        if all(isinstance(item, dict) and isinstance(item.get(key), str | int) for item in items):
            return key
    return None
