"""Instants of the Data.gov-style world: whole microseconds since 1970, as its database keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 1 << 62
"""An instant that does not come."""

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """Return the microseconds since 1970 of an aware instant."""
    return (at - _ORIGIN) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return the aware instant (UTC) of so many microseconds since 1970."""
    return _ORIGIN + timedelta(microseconds=at)


def seconds(at: int) -> int:
    """Return the instant without its fraction of a second: what the portal's JSON keeps of it."""
    return at - at % SECOND


def text(at: int | None) -> str | None:
    """Return what JSON keeps of an instant as ISO 8601 with microseconds and ``Z``; None stays None."""
    return None if at is None else moment(seconds(at)).isoformat()[:19] + ".000000Z"
