"""A fact: a record that never changes once it is made.

Packets, routes, rules and the steps of a trace are facts. Things that change (devices, caches, tables) are plain
classes, each with one owner. A fact refers to other facts and to names, never to a thing that changes; so a copy
of the world may share every fact with the original.
"""

from __future__ import annotations

from typing import Any, Self

import msgspec

changed = msgspec.structs.replace
"""``changed(fact, field=value)``: a new fact, equal but for the given fields."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """The base of all facts: immutable, compared by value, and quick to make."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
