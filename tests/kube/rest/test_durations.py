"""Ages: the limits between the forms, as rows, and what holds for all durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.rest.durations import DAY, HOUR, MINUTE, SECOND, UNKNOWN, YEAR, age, human

ROWS = [
    (timedelta(microseconds=999_999), "0s"),
    (SECOND, "1s"),
    (59 * SECOND, "59s"),
    (90 * SECOND, "90s"),
    (119 * SECOND, "119s"),
    (119 * SECOND + timedelta(milliseconds=999), "119s"),
    (2 * MINUTE, "2m"),
    (2 * MINUTE + SECOND, "2m1s"),
    (2 * MINUTE + 30 * SECOND, "2m30s"),
    (9 * MINUTE + 59 * SECOND, "9m59s"),
    (10 * MINUTE, "10m"),
    (10 * MINUTE + 59 * SECOND, "10m"),
    (2 * HOUR, "120m"),
    (3 * HOUR - SECOND, "179m"),
    (3 * HOUR, "3h"),
    (3 * HOUR + MINUTE, "3h1m"),
    (7 * HOUR + 59 * MINUTE + 59 * SECOND, "7h59m"),
    (8 * HOUR, "8h"),
    (8 * HOUR + 59 * MINUTE, "8h"),
    (47 * HOUR + 59 * MINUTE, "47h"),
    (2 * DAY, "2d"),
    (2 * DAY + 59 * MINUTE, "2d"),
    (2 * DAY + HOUR, "2d1h"),
    (8 * DAY - SECOND, "7d23h"),
    (8 * DAY, "8d"),
    (8 * DAY + 23 * HOUR, "8d"),
    (2 * YEAR - SECOND, "729d"),
    (2 * YEAR, "2y"),
    (2 * YEAR + 23 * HOUR, "2y"),
    (2 * YEAR + 30 * DAY, "2y30d"),
    (8 * YEAR - SECOND, "7y364d"),
    (8 * YEAR, "8y"),
    (100 * YEAR, "100y"),
    (timedelta(milliseconds=-1), "0s"),
    (timedelta(milliseconds=-1999), "0s"),
    (-2 * SECOND, "<invalid>"),
    (-1 * DAY, "<invalid>"),
]


@pytest.mark.parametrize(("duration", "written"), ROWS, ids=str)
def test_a_duration_is_written(duration: timedelta, written: str) -> None:
    assert human(duration) == written


UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "y": YEAR}


def read(text: str) -> timedelta:
    return sum((int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdy])", text)), timedelta())


@given(st.timedeltas(min_value=timedelta(), max_value=200 * YEAR))
def test_what_is_written_is_never_too_long_and_not_far_off(duration: timedelta) -> None:
    written = read(human(duration))
    assert written <= duration
    assert duration - written < max(SECOND, duration / 8)


@given(st.timedeltas(min_value=timedelta(), max_value=200 * YEAR), st.timedeltas(min_value=timedelta(), max_value=YEAR))
def test_what_is_older_does_not_read_younger(duration: timedelta, more: timedelta) -> None:
    assert read(human(duration)) <= read(human(duration + more))


def test_an_age_is_counted_from_a_timestamp() -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert age(now - 5 * SECOND, now) == "5s"
    assert age(None, now) == UNKNOWN
