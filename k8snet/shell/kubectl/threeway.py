"""What `kubectl apply` sends: a strategic merge patch from the last manifest, the new one, and the object as it is.

What the new manifest says otherwise than the object is set; what stood in the last one and is not in the new one goes. A list
whose items have a key is patched item by item, and its order is told. Source: k8s.io/apimachinery, pkg/util/strategicpatch
(CreateThreeWayMergePatch).
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.fielddocs import fields
from k8snet.kube.goformat import printed
from k8snet.kube.strategic import DELETE, ORDER, PATCH, RETAIN, Strategy, Type, strategy
from k8snet.linux.fact import Fact

Document = dict[str, Any]


class _How(Fact, frozen=True):
    """Which differences count: ``changes`` and additions, or ``deletions``."""

    changes: bool = False
    deletions: bool = False


def three_way_patch(last: Document, wish: Document, live: Document, kind: Type) -> Document:
    """The patch; empty if there is nothing to do. CommandError for an item without its key.

    >>> from k8snet.kube.objects import ConfigMap
    >>> three_way_patch({"data": {"a": "1", "b": "2"}}, {"data": {"a": "3"}}, {"data": {"a": "1", "b": "2", "c": "4"}}, ConfigMap)
    {'data': {'b': None, 'a': '3'}}
    """
    gone = _maps(last, wish, kind, _How(deletions=True))
    return _combined(gone, _maps(live, wish, kind, _How(changes=True)), kind)


def _inner(kind: Type, name: str) -> Type:
    return next((field.of for field in fields(kind) if field.name == name), None) if kind is not None else None


# --- differences --------------------------------------------------------------------------------------------------


def _maps(before: Document, after: Document, kind: Type, how: _How, *, retains: bool = False) -> Document:
    patch: Document = {}
    for name in sorted(after):
        if name in before:
            patch |= _values(name, before[name], after[name], kind, how)
        elif how.changes:
            patch[name] = after[name]
    if how.deletions:
        patch |= dict.fromkeys(name for name in before if name not in after)
    if retains and after and (patch or any(name not in before for name in after)):
        patch[RETAIN] = sorted(after)
    return patch


def _values(name: str, before: Any, after: Any, kind: Type, how: _How) -> Document:
    """What is to be done with one field."""
    wanted, inner = strategy(kind, name), _inner(kind, name)
    if isinstance(before, dict) and isinstance(after, dict):
        patch = _maps(before, after, inner, how, retains=wanted.retains)
        return {name: patch} if patch else {}
    if isinstance(before, list) and isinstance(after, list) and wanted.merges:
        return _lists(name, before, after, wanted, inner, how)
    return {name: after} if how.changes and before != after else {}


def _lists(name: str, before: list[Any], after: list[Any], wanted: Strategy, inner: Type, how: _How) -> Document:
    if not before:
        return {name: after} if after and how.changes else {}
    if not wanted.key:
        return _plain_lists(name, before, after, how)
    there = {_key(item, wanted.key): item for item in before}
    patch = [found for item in after if (found := _item(there.get(_key(item, wanted.key)), item, wanted, inner, how))]
    keys = [_key(item, wanted.key) for item in after]
    gone = [{PATCH: "delete", wanted.key: key} for key in sorted(there, key=str) if key not in keys] if how.deletions else []
    order = [{wanted.key: key} for key in keys]
    return ({name: [*patch, *gone]} if patch or gone else {}) | (
        {ORDER + name: order} if order and (patch or gone or list(there) != keys) else {})


def _item(before: Document | None, after: Document, wanted: Strategy, inner: Type, how: _How) -> Document:
    if before is None:
        return after if how.changes else {}
    patch = _maps(before, after, inner, how, retains=wanted.retains)
    return {**patch, wanted.key: after[wanted.key]} if patch else {}


def _plain_lists(name: str, before: list[Any], after: list[Any], how: _How) -> Document:
    fresh = [each for each in after if each not in before] if how.changes else []
    gone = sorted(each for each in before if each not in after) if how.deletions else []
    return ({name: fresh} if fresh else {}) | ({DELETE + name: gone} if gone else {}) | (
        {ORDER + name: after} if after and before != after else {})


def _key(item: Any, key: str) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get(key), str | int):
        raise CommandError(f"error: map: {printed(item)} does not contain declared merge key: {key}")
    return item[key]


# --- both together ------------------------------------------------------------------------------------------------


def _combined(gone: Document, changes: Document, kind: Type) -> Document:
    found = dict(gone)
    for name, value in changes.items():
        before, inner = found.get(name), _inner(kind, name)
        if isinstance(before, dict) and isinstance(value, dict):
            found[name] = _combined(before, value, inner)
        elif isinstance(before, list) and isinstance(value, list) and (key := strategy(kind, name).key):
            found[name] = _combined_items(before, value, key, inner, changes.get(ORDER + name) or gone.get(ORDER + name) or [])
        else:
            found[name] = value
    return found


def _combined_items(gone: list[Any], changes: list[Any], key: str, inner: Type, order: list[Any]) -> list[Any]:
    """Items in the order that is wished for, those that go behind them."""
    plain = {item[key]: item for item in gone if PATCH not in item}
    for item in changes:
        plain[item[key]] = _combined(plain.get(item[key], {}), item, inner)
    keys = [item[key] for item in order]
    return [*sorted(plain.values(), key=lambda item: keys.index(item[key])), *(item for item in gone if PATCH in item)]
