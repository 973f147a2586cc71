"""Instants inside the sandbox: whole milliseconds since 1970, as the portals' databases keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

Millis: TypeAlias = int

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_START = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(milliseconds=1)


def millis(instant: datetime) -> Millis:
    """Return an aware datetime in milliseconds, cut."""
    return (instant - _START) // _STEP


def moment(at: Millis) -> datetime:
    """Return milliseconds as an aware datetime in UTC."""
    return _START + timedelta(milliseconds=at)


def text(at: Millis | None) -> str | None:
    """Return an instant as the truth writes it: microseconds and Z."""
    return None if at is None else f"{second(at // SECOND)}.{at % SECOND:03d}000Z"


@lru_cache(maxsize=4096)
def second(at: int) -> str:
    """Return a second since 1970 as ``YYYY-MM-DDThh:mm:ss`` in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


def object_id(at: Millis, tail: str) -> str:
    """Return 24 hexadecimal digits that begin with the second *at*; *tail* has 16 digits."""
    return f"{at // SECOND:08x}{tail}"
