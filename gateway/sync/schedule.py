"""What a portal's schedule means: how often, in words, and when next."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise

from cron_descriptor import FormatError, get_description
from croniter import CroniterBadDateError, croniter

_FREQUENCIES: dict[str, tuple[int | None, str]] = {
    "manual": (None, "By hand"),
    "daily": (86_400, "Every day"),
    "weekly": (604_800, "Every week"),
    "biweekly": (1_209_600, "Every two weeks"),
    "monthly": (2_629_746, "Every month"),
}
"""Data.gov's frequency words; a month is a twelfth of the mean Gregorian year."""

_FIXED = datetime(2026, 1, 1, tzinfo=UTC)
_FIRINGS = 6


@lru_cache(maxsize=4096)
def meaning(raw: str | None) -> tuple[int | None, str | None]:
    """Return (seconds between runs where constant, words) of a cron line, a frequency word or other text."""
    if raw is None:
        return None, None
    if raw in _FREQUENCIES:
        return _FREQUENCIES[raw]
    if not croniter.is_valid(raw):
        return None, raw
    try:
        words = get_description(raw)
    except FormatError:
        words = raw
    return _period(raw), words


def _period(raw: str) -> int | None:
    """Return the seconds between a cron line's firings, None where they vary or never come."""
    firings = croniter(raw, _FIXED, ret_type=datetime)
    try:
        instants = [firings.get_next() for _ in range(_FIRINGS)]
    except CroniterBadDateError:
        return None
    gaps = {(after - before).total_seconds() for before, after in pairwise(instants)}
    return int(gaps.pop()) if len(gaps) == 1 else None


@lru_cache(maxsize=4096)
def next_run(raw: str | None, now: datetime) -> datetime | None:
    """Return the first firing of a cron line after *now*; None where *raw* is none, or never fires."""
    if raw is None or not croniter.is_valid(raw):
        return None
    try:
        following: datetime = croniter(raw, now, ret_type=datetime).get_next()
    except CroniterBadDateError:
        return None
    return following


def settle(raw: str | None, now: datetime) -> tuple[int | None, str | None, datetime | None]:
    """Return (every seconds, words, next run) of a schedule at *now*."""
    every, words = meaning(raw)
    return every, words, next_run(raw, now)
