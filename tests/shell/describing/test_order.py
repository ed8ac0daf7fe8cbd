"""The order of events: by second, and in one second the order in which Go's sort leaves what is equal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.shell import real
from tests.shell.describing import judging
from tests.shell.describing.shelf import Document, Shelf, served

BEGIN = datetime(2015, 3, 1, 10, tzinfo=UTC)
POD: Document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "uid": "1"},
                 "spec": {"containers": [{"name": "c", "image": "nginx"}]}, "status": {}}  # fmt: skip
ORDERS = {
    "a few": [0] * 6 + [1, 0] * 3,
    "rising": sorted([*range(20), *range(20)]),
    "falling": list(range(60, 0, -1)),
    "nearly sorted": [*range(30), 3, *range(30, 60), 10, 60],
    "one late among equals": [0] * 8 + [5] + [0] * 8,
    "saw": [0, 1, 2, 3] * 10,
    "organ pipe": [*range(30), *range(30, 0, -1)],
    "runs of equals": [each // 7 for each in range(100)] + [3] * 9,
    "two values": [1, 0] * 40,
    "stairs": [each ^ 21 for each in range(128)],
    "bad for every pivot": [
        2, 3, 4, 5, 6, 7, 8, 9, 14, 0, 10, 13, 17, 24, 24, 24, 24, 11, 1, 24, 15, 18, 20, 12, 24, 16, 19, 24, 21, 22, 24, 24, 24,
        24, 24, 23,
    ],
    **{f"chance {seed}": Random(seed).choices(range(4), k=13 + 7 * seed) for seed in range(12)},
}  # fmt: skip


def shelf(order: list[int], now: datetime) -> Shelf:
    """A pod and its events, each so many hours after the beginning."""
    return Shelf([POD, *(event(number, hours) for number, hours in enumerate(order))], now)


def event(number: int, hours: int) -> Document:
    """One event."""
    time = (BEGIN + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"kind": "Pod", "apiVersion": "v1", "name": "web", "namespace": "shop", "uid": "1"}
    return {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"web.{number}", "namespace": "shop"}, "involvedObject": about,
        "type": "Normal", "reason": "Said", "message": f"{number} at {hours}", "count": 1, "firstTimestamp": time,
        "lastTimestamp": time, "eventTime": None, "source": {}, "reportingComponent": "test", "reportingInstance": "",
    }  # fmt: skip


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_events_are_sorted_as_kubectl_sorts_them(order: list[int], tmp_path: Path) -> None:
    """Also those of one second."""
    binary = real.kubectl("1.37")
    with served(shelf(order, BEGIN)) as address:
        expected, actual = judging.both(lambda: judging.asked(binary, address, "pod", "web", "--namespace=shop", home=tmp_path),
                                        judging.ours(lambda now: shelf(order, now), "Pod", "shop", "web"))
    assert actual == expected
