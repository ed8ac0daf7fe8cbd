"""Go's sort.Sort: not stable, so where two things are equal, their order is what its steps make of it.

kubectl sorts by it, with an order that is not even one (what lacks the field is always less). So its very steps count:
insertion up to twelve elements, else quicksort that defeats patterns. Source: Go's sort (zsortinterface.go); the algorithm is
Orson Peters' pdqsort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

FEW = 12
"""So many elements are sorted by insertion."""
MANY = 50
"""From so many on, a pivot is the median of three medians, and misplaced elements are moved one by one."""
_MASK = (1 << 64) - 1


def go_sorted(things: Iterable[T], less: Callable[[T, T], bool]) -> list[T]:
    """The things in order, as Go leaves them.

    >>> go_sorted([3, 1, 2], lambda one, other: one < other)
    [1, 2, 3]
    """
    sorting = _Sorting(list(things), less)
    sorting.sort(0, len(sorting.things), len(sorting.things).bit_length())
    return sorting.things


class _Sorting(Generic[T]):
    """A list that is being sorted. Ranges are given by their first place and the one behind their last."""

    def __init__(self, things: list[T], less: Callable[[T, T], bool]) -> None:
        self.things = things
        self._compare = less

    def _less(self, one: int, other: int) -> bool:
        return self._compare(self.things[one], self.things[other])

    def _swap(self, one: int, other: int) -> None:
        self.things[one], self.things[other] = self.things[other], self.things[one]

    def sort(self, begin: int, end: int, limit: int) -> None:
        """Sort a range; after ``limit`` bad pivots by heap."""
        balanced = partitioned = True
        while end - begin > FEW:
            if limit == 0:
                self._by_heap(begin, end)
                return
            if not balanced:
                self._break_patterns(begin, end)
                limit -= 1
            pivot, swaps = self._pivot(begin, end)
            if swaps == FEW:
                self.things[begin:end] = self.things[begin:end][::-1]
                pivot, swaps = end - 1 - (pivot - begin), 0
            if balanced and partitioned and swaps == 0 and self._nearly_sorted(begin, end):
                return
            if begin > 0 and not self._less(begin - 1, pivot):
                begin = self._beyond_equal(begin, end, pivot)
                continue
            middle, partitioned = self._partition(begin, end, pivot)
            balanced = min(middle - begin, end - middle) >= (end - begin) // 8
            if middle - begin < end - middle:
                self.sort(begin, middle, limit)
                begin = middle + 1
            else:
                self.sort(middle + 1, end, limit)
                end = middle
        self._by_insertion(begin, end)

    def _by_insertion(self, begin: int, end: int) -> None:
        for place in range(begin + 1, end):
            self._sink(place, begin)

    def _sink(self, place: int, begin: int) -> None:
        """Move an element to the left while it is less than its neighbour."""
        while place > begin and self._less(place, place - 1):
            self._swap(place, place - 1)
            place -= 1

    def _by_heap(self, begin: int, end: int) -> None:
        size = end - begin
        for root in range((size - 1) // 2, -1, -1):
            self._sift(root, size, begin)
        for last in range(size - 1, -1, -1):
            self._swap(begin, begin + last)
            self._sift(0, last, begin)

    def _sift(self, root: int, size: int, begin: int) -> None:
        while (child := 2 * root + 1) < size:
            if child + 1 < size and self._less(begin + child, begin + child + 1):
                child += 1
            if not self._less(begin + root, begin + child):
                return
            self._swap(begin + root, begin + child)
            root = child

    def _break_patterns(self, begin: int, end: int) -> None:
        """Scatter three elements around the middle, by chance that is always the same."""
        size = chance = end - begin
        place = begin + size // 4 * 2
        for offset in (-1, 0, 1):
            chance ^= chance << 13 & _MASK
            chance ^= chance >> 7
            chance ^= chance << 17 & _MASK
            other = chance & ((1 << size.bit_length()) - 1)
            self._swap(place + offset, begin + other - size * (other >= size))

    def _pivot(self, begin: int, end: int) -> tuple[int, int]:
        """Where to divide, and how many pairs were found to be out of order on the way."""
        size, swaps = end - begin, 0
        places = [begin + size // 4 * quarter for quarter in (1, 2, 3)]
        if size >= MANY:
            for index, place in enumerate(places):
                places[index], swaps = self._median(place - 1, place, place + 1, swaps)
        one, two, three = places
        return self._median(one, two, three, swaps)

    def _median(self, one: int, two: int, three: int, swaps: int) -> tuple[int, int]:
        if self._less(two, one):
            one, two, swaps = two, one, swaps + 1
        if self._less(three, two):
            two, three, swaps = three, two, swaps + 1
        if self._less(two, one):
            one, two, swaps = two, one, swaps + 1
        return two, swaps

    def _nearly_sorted(self, begin: int, end: int) -> bool:
        """Sort a range in which at most five elements are misplaced; give up otherwise."""
        place = begin + 1
        for _ in range(5):
            while place < end and not self._less(place, place - 1):
                place += 1
            if place == end:
                return True
            if end - begin < MANY:
                return False
            self._swap(place, place - 1)
            if place - begin >= 2:
                self._sink(place - 1, 0)
            if end - place >= 2:
                self._rise(place + 1, end)
        return False

    def _rise(self, place: int, end: int) -> None:
        while place < end and self._less(place, place - 1):
            self._swap(place, place - 1)
            place += 1

    def _partition(self, begin: int, end: int, pivot: int) -> tuple[int, bool]:
        """Divide a range at its pivot; whether it was divided already."""
        self._swap(begin, pivot)
        left, right = begin + 1, end - 1
        untouched = True
        while True:
            while left <= right and self._less(left, begin):
                left += 1
            while left <= right and not self._less(right, begin):
                right -= 1
            if left > right:
                break
            self._swap(left, right)
            left, right, untouched = left + 1, right - 1, False
        self._swap(right, begin)
        return right, untouched

    def _beyond_equal(self, begin: int, end: int, pivot: int) -> int:
        """Put what equals the pivot first; where the rest begins."""
        self._swap(begin, pivot)
        left, right = begin + 1, end - 1
        while True:
            while left <= right and not self._less(begin, left):
                left += 1
            while left <= right and self._less(begin, right):
                right -= 1
            if left > right:
                return left
            self._swap(left, right)
            left, right = left + 1, right - 1
