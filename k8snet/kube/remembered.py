"""What was found out about objects, remembered by their identity.

Fifty thousand pods of one template share its parts, so whoever looks at a part once need not look again. The objects are
held, so that no other object gets their identity; they never change (see objects.py), so what was found stays true.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T")
MOST = 4096
"""So many objects are held at most; then all are let go."""


class Remembered(Generic[T]):
    """Results by object.

    >>> lengths: Remembered[int] = Remembered()
    >>> word = "kubernetes"
    >>> lengths.keep(word, len(word)), lengths.find(word), lengths.find("other")
    (10, 10, None)
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, T]] = {}

    def find(self, obj: Any) -> T | None:
        """What was found out about this very object."""
        kept = self._kept.get(id(obj))
        return kept[1] if kept is not None else None

    def keep(self, obj: Any, result: T) -> T:
        """Remember a result, and give it back."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[id(obj)] = (obj, result)
        return result
