"""How long ago: durations as the API server and kubectl write them in an AGE column, in two or three significant figures.

The larger the duration, the coarser: seconds up to two minutes, hours from three hours on, days from two days on. Nothing
here reads a clock. Source: k8s.io/apimachinery, pkg/util/duration; pkg/printers/internalversion (translateTimestampSince).
"""

from __future__ import annotations

from datetime import datetime, timedelta

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = timedelta(days=365)
UNKNOWN = "<unknown>"
"""The age of what has no timestamp."""


def human(duration: timedelta) -> str:
    """A duration in short. Clocks may disagree by less than two seconds; what lies further ahead is invalid.

    >>> [human(timedelta(seconds=s)) for s in (0, 90, 150, 600, 7200, 3 * 3600, 47 * 3600, 8 * 86400, -1, -2)]
    ['0s', '90s', '2m30s', '10m', '120m', '3h', '47h', '8d', '0s', '<invalid>']
    """
    if duration < timedelta():
        return "0s" if duration > -2 * SECOND else "<invalid>"
    if duration < 2 * MINUTE:
        return f"{duration // SECOND}s"
    if duration < 3 * HOUR:
        return _two(duration, MINUTE, "m", SECOND, "s", until=10 * MINUTE)
    if duration < 2 * DAY:
        return _two(duration, HOUR, "h", MINUTE, "m", until=8 * HOUR)
    if duration < 2 * YEAR:
        return _two(duration, DAY, "d", HOUR, "h", until=8 * DAY)
    return _two(duration, YEAR, "y", DAY, "d", until=8 * YEAR)


def _two(duration: timedelta, unit: timedelta, name: str, smaller: timedelta, smaller_name: str, *, until: timedelta) -> str:
    """So many of a unit, and below a limit how many of the smaller one are left, unless none are."""
    rest = duration % unit // smaller
    return f"{duration // unit}{name}" + (f"{rest}{smaller_name}" if rest and duration < until else "")


def age(since: datetime | None, now: datetime) -> str:
    """How long ago a timestamp is; `UNKNOWN` if there is none.

    >>> age(datetime(2026, 11, 1), datetime(2026, 11, 1, 0, 0, 5)), age(None, datetime(2026, 11, 1))
    ('5s', '<unknown>')
    """
    return UNKNOWN if since is None else human(now - since)
