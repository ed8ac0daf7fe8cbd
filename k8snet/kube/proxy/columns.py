"""The rules that all Services have in one chain, a text for each Service, in the order of their names.

Ten thousand Services have a megabyte of them, and all of it is sent again whenever anything changes. So the whole text is
kept until one of its parts changes, and is then put together from parts that are there.
"""

from __future__ import annotations


class Column:
    """The rules of one chain."""

    __slots__ = ("_texts", "_whole")

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._whole: str | None = ""

    def __deepcopy__(self, memo: dict[int, object]) -> Column:
        other = Column()
        other._texts, other._whole = self._texts.copy(), self._whole
        return other

    def put(self, name: str, text: str) -> None:
        """A Service's rules as they are now; empty: it has none here.

        >>> column = Column()
        >>> column.put("b", "two "); column.put("a", "one "); column.put("b", "")
        >>> column.whole
        'one '
        """
        texts = self._texts
        if texts.get(name, "") == text:
            return
        self._whole = None
        if text:
            texts[name] = text
        else:
            del texts[name]

    @property
    def whole(self) -> str:
        """All rules of the chain."""
        if self._whole is None:
            # kept in order, so that sorting finds next to nothing to do
            self._texts = {name: self._texts[name] for name in sorted(self._texts)}
            self._whole = "".join(self._texts.values())
        return self._whole
