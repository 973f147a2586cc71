"""How fast a portal is asked: places, spacing, and how long it asks to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_NOT_WORTH_SLEEPING = 0.001
_YEAR = 365 * 86400.0


class Pace:
    """At most *connections* requests under way, started at least 1 / *requests_per_second* seconds apart."""

    def __init__(
        self, requests_per_second: float, connections: int, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._apart = 1.0 / requests_per_second
        self._places = asyncio.Semaphore(connections)
        self._sleep = sleep
        self._next = 0.0
        self._paused = 0.0
        """Nothing starts before this time of the loop's."""

    def pause(self, seconds: float) -> None:
        """Start nothing for so many seconds."""
        self._paused = max(self._paused, asyncio.get_running_loop().time() + seconds)
        self._next = max(self._next, self._paused)

    async def enter(self) -> None:
        """Take a place, and wait for the moment on which the request may start."""
        await self._places.acquire()
        try:
            start = max(asyncio.get_running_loop().time(), self._next)
            self._next = start + self._apart
            await self._until(start)
            while self._paused > start:  # others have been told meanwhile to leave the portal alone
                start = self._paused
                await self._until(start)
        except BaseException:
            self._places.release()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()

    async def _until(self, start: float) -> None:
        wait = start - asyncio.get_running_loop().time()
        if wait > _NOT_WORTH_SLEEPING:
            await self._sleep(wait)


@lru_cache(maxsize=64)
def http_date(text: str | None) -> datetime | None:
    """Return an HTTP date (RFC 9110) as an aware UTC instant, None where *text* is none.

    The answers of a second bear the same.
    """
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header (a number or a date) asks for, at most a year."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(float(text), _YEAR)
    until = http_date(text)
    return min(max(0.0, (until - now).total_seconds()), _YEAR) if until else None
