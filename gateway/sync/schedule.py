"""What a portal's schedule means: how often, in words, and when next."""

from __future__ import annotations

from datetime import datetime

from gateway.sync import cron

_FREQUENCIES: dict[str, tuple[int | None, str]] = {
    "manual": (None, "By hand"),
    "daily": (86_400, "Every day"),
    "weekly": (604_800, "Every week"),
    "biweekly": (1_209_600, "Every two weeks"),
    "monthly": (2_629_746, "Every month"),
}
"""Data.gov's frequency words; a month is a twelfth of the mean Gregorian year."""


def meaning(raw: str | None) -> tuple[int | None, str | None]:
    """Return (seconds between runs where constant, words) of a cron line, a frequency word or other text."""
    if raw is None:
        return None, None
    if raw in _FREQUENCIES:
        return _FREQUENCIES[raw]
    if not cron.is_line(raw):
        return None, raw
    return cron.period(raw), cron.words(raw)


def next_run(raw: str | None, now: datetime) -> datetime | None:
    """Return the first firing of a cron line after *now*; None where *raw* is none, or never fires."""
    if raw is None or not cron.is_line(raw):
        return None
    return cron.following(raw, now)


def settle(raw: str | None, now: datetime) -> tuple[int | None, str | None, datetime | None]:
    """Return (every seconds, words, next run) of a schedule at *now*."""
    every, words = meaning(raw)
    return every, words, next_run(raw, now)
