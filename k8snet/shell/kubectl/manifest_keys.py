"""Which key may stand at a place in a manifest: for completion in a cell that begins with ``%%kubectl apply -f -``.

Only the indentation above the cursor is looked at, so it works in a manifest that is not finished. The fields are those of the
published types (kube/fielddocs.py); flow style (``{a: b}``) is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from k8snet.kube.fielddocs import FieldDoc, fields
from k8snet.kube.objects import KINDS, Kind
from k8snet.linux.fact import Fact

HEAD = ("apiVersion", "kind", "metadata", "spec")
"""The keys of an object whose kind is not written yet."""
_LINE = re.compile(r"(?P<dashes>[ ]*(?:- +)*)(?P<key>[\w./-]+):(?P<value> .*)?$")
_TYPED = re.compile(r"(?P<dashes> *(?:- +)*)(?P<word>[\w./-]*)$")
_VALUE = re.compile(r"(?P<key>kind|apiVersion): +(?P<word>\S*)$")


def complete(lines: Sequence[str], row: int, column: int) -> list[str]:
    """What the word before the cursor may become: keys with their colon, or the value of ``kind`` and ``apiVersion``.

    >>> complete(["kind: Service", "spec:", "  ports:", "  - targ"], 3, 8)
    ['targetPort:']
    """
    start = max((at + 1 for at in range(row) if lines[at].startswith("---")), default=0)
    end = next((at for at in range(row + 1, len(lines)) if lines[at].startswith("---")), len(lines))
    document, typed = lines[start:end], lines[row][:column]
    value = _VALUE.match(typed)
    if value:
        return sorted(each for each in _values(value["key"], document) if each.startswith(value["word"]))
    key = _TYPED.match(typed)
    if key is None:
        return []
    found = _keys(document, row - start, key["dashes"])
    return [f"{each}:" for each in found if each.startswith(key["word"])]


def _values(key: str, document: Sequence[str]) -> Iterable[str]:
    kind = _kind(document)
    if key == "kind":
        version = next((line.partition(":")[2].strip() for line in document if line.startswith("apiVersion:")), "")
        return [each.kind for each in KINDS.values() if each.api_version == version] or KINDS
    return [kind.api_version] if kind else {each.api_version for each in KINDS.values()}


def _kind(document: Sequence[str]) -> Kind | None:
    name = next((line.partition(":")[2].strip() for line in document if line.startswith("kind:")), "")
    return KINDS.get(name)


def _keys(document: Sequence[str], row: int, dashes: str) -> Iterable[str]:
    """The keys of the mapping that the row is in, but for those that it has."""
    place = _above(document, row, dashes)
    taken = {*place.siblings, *_siblings_below(document, row, len(dashes))}
    kind = _kind(document)
    if kind is None:
        names: Iterable[str] = HEAD if not place.path else ()
    else:
        names = [each.name for each in _fields(kind, place.path)]
    return [each for each in names if each not in taken]


class _Place(Fact, frozen=True):
    """Where a line is: the keys that lead to its mapping, and the mapping's keys above it."""

    path: tuple[str, ...]
    siblings: tuple[str, ...]


def _above(document: Sequence[str], row: int, dashes: str) -> _Place:
    """Read the lines above, from the nearest on: less and less indented ones are what the row is in."""
    own, limit = len(dashes), _limit(dashes)
    path, siblings = list[str](), list[str]()
    for line in reversed(document[:row]):
        found = _LINE.match(line)
        if found is None:
            continue
        column, bare = len(found["dashes"]), (found["value"] or "").strip() in ("", "|", ">")
        if column == own == limit and not path:
            siblings.append(found["key"])
        elif column < limit and bare:
            path.insert(0, found["key"])
            limit = column
        limit = min(limit, _limit(found["dashes"])) if column <= limit else limit
    return _Place(tuple(path), tuple(siblings))


def _limit(dashes: str) -> int:
    """What holds a line must be indented less than this; a list may stand as far left as its key."""
    return dashes.index("-") + 1 if "-" in dashes else len(dashes)


def _siblings_below(document: Sequence[str], row: int, own: int) -> Iterable[str]:
    for line in document[row + 1 :]:
        found = _LINE.match(line)
        if found and len(found["dashes"]) == own and "-" not in found["dashes"]:
            yield found["key"]
        elif line.strip() and len(line) - len(line.lstrip()) < own:
            return


def _fields(kind: Kind, path: Iterable[str]) -> tuple[FieldDoc, ...]:
    """The fields of what the path leads to, through lists as if they were not there."""
    inside = kind.type
    for name in path:
        found = next((each for each in fields(inside) if each.name == name), None)
        if found is None or found.of is None:
            return ()
        inside = found.of
    return fields(inside)
