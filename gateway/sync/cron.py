"""Cron lines: which texts are some, what they say in words, how often they fire, and when next.

Most lines fire at one time of some days, as "30 4 * * 1" does. What the days are is worked out once for all lines that
have the same: a portal has thousands of lines, every poll asks for the next firing of each, and to read a line from
its beginning takes croniter and cron_descriptor half a millisecond.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cron_descriptor import FormatError, get_description
from croniter import CroniterBadDateError, croniter

_FIXED = datetime(2026, 1, 1, tzinfo=UTC)
_FIRINGS = 6
_DAILY = re.compile(r"([1-5]?\d) (1?\d|2[0-3]) (\S+ \S+ \S+)")
"""Minute, hour, and the days of a line that fires at one time of them."""
_MIDNIGHT = "At 12:00 AM"
"""How cron_descriptor begins where a line fires at midnight, in English."""
_REMEMBERED = 4096


def is_line(text: str) -> bool:
    """Return whether *text* is a cron line of five fields or more."""
    daily = _DAILY.fullmatch(text)
    return _is_line(f"0 0 {daily[3]}" if daily else text)


def words(line: str) -> str:
    """Return what *line* says, in English words; the line itself where there are none for it."""
    if daily := _DAILY.fullmatch(line):
        described = _words(f"0 0 {daily[3]}")
        if described.startswith(_MIDNIGHT):
            minute, hour = int(daily[1]), int(daily[2])
            half = "PM" if hour >= 12 else "AM"
            return f"At {hour % 12 or 12:02}:{minute:02} {half}{described.removeprefix(_MIDNIGHT)}"
    return _words(line)


def period(line: str) -> int | None:
    """Return the seconds between the firings of *line*, None where they vary or never come."""
    if (daily := _DAILY.fullmatch(line)) and line != f"0 0 {daily[3]}":
        # The time makes no difference, but for that of the instant from which it is counted.
        return _period(f"1 0 {daily[3]}")
    return _period(line)


def following(line: str, now: datetime) -> datetime | None:
    """Return the first firing of *line* after *now*, in the zone of that; None where it never fires."""
    daily = _DAILY.fullmatch(line)
    if daily is None:
        return _following(line, now)
    days, time = f"0 0 {daily[3]}", timedelta(hours=int(daily[2]), minutes=int(daily[1]))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = _following(days, today - timedelta(seconds=1))
    if first is not None and first + time <= now:
        first = _following(days, first)
    return None if first is None else first + time


@lru_cache(_REMEMBERED)
def _is_line(text: str) -> bool:
    valid: bool = croniter.is_valid(text)
    return valid


@lru_cache(_REMEMBERED)
def _words(line: str) -> str:
    try:
        described: str = get_description(line)
    except FormatError:
        return line
    return described


@lru_cache(_REMEMBERED)
def _period(line: str) -> int | None:
    firings = croniter(line, _FIXED, ret_type=datetime)
    try:
        instants = [firings.get_next() for _ in range(_FIRINGS)]
    except CroniterBadDateError:
        return None
    gaps = {(after - before).total_seconds() for before, after in pairwise(instants)}
    return int(gaps.pop()) if len(gaps) == 1 else None


@lru_cache(_REMEMBERED)
def _following(line: str, now: datetime) -> datetime | None:
    try:
        instant: datetime = croniter(line, now, ret_type=datetime).get_next()
    except CroniterBadDateError:
        return None
    return instant
