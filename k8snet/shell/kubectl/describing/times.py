"""Times of day as describers print them: kubectl in the reader's own time zone, and the model's readers are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

ZERO = datetime(1, 1, 1, tzinfo=UTC)
"""The time that is printed where there is none."""


def stamp(time: datetime | None) -> str:
    """A time of day (Go's RFC1123Z).

    >>> stamp(datetime(2026, 11, 1, tzinfo=UTC)), stamp(None)
    ('Sun, 01 Nov 2026 00:00:00 +0000', 'Mon, 01 Jan 0001 00:00:00 +0000')
    """
    return format_datetime((time or ZERO).astimezone(UTC))
