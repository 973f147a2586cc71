"""What one portal and key may still be asked: reckoned, never asked for.

A portal counts the requests of a rolling hour, those of everybody who uses the key. Its answers tell the limit and what
remains of it; what we sent ourselves is known, the rest was sent by others, and nobody knows when: it is taken to leave
the hour evenly. Once the portal has refused a request, nothing is taken to leave it for an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from gateway.fetch.kept import Kept

HOUR = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=1)
"""After a refusal that does not say for how long; doubled at each one more, up to an hour."""
LONGEST_PAUSE = timedelta(hours=24)
"""However long a refusal says: limits of a day are kept to, and what is absurd is asked again the next day."""
LEAST_RESERVE = 60
"""Requests of an hour that are kept for polls, where the limit allows it."""

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Spending(StrEnum):
    """What a request is sent for."""

    POLL = "POLL"
    """What keeps the mirror current: it may use up the limit."""
    BACKFILL = "BACKFILL"
    """What may wait: it leaves a reserve to polls."""


class Sent(msgspec.Struct, array_like=True):
    """Requests sent within one minute."""

    last: Instant
    count: int


class Budget(Kept):
    """What one portal and key may still be asked; every *now* is the same clock's (aware).

    Where that clock goes back, as a sandbox's does that is made anew, everything known goes back with it.
    """

    limit: int | None = None
    """Requests of an hour; None until an answer has told it."""
    remaining: int | None = None
    """What the last answer left of them."""
    blocked_until: Instant | None = None
    """Nothing may be sent before this."""
    own: list[Sent] = msgspec.field(default_factory=list)
    """Oldest first."""
    others: int = 0
    """Requests of others within the hour before *reckoned_at*."""
    reckoned_at: Instant | None = None
    refused_at: Instant | None = None
    silent_refusals: int = 0
    """How many in a row did not say for how long."""
    now: Instant | None = None
    """When something was noted last."""

    @property
    def told(self) -> bool:
        """Return whether the portal has said anything that binds."""
        return self.limit is not None or self.refused_at is not None

    @property
    def reserve(self) -> int:
        """Return how many requests of an hour are kept for polls: never more than half of the limit."""
        limit = self.limit or 0
        return min(max(LEAST_RESERVE, limit // 10), limit // 2)

    def left(self, now: datetime) -> int | None:
        """Return how many requests may be sent at once, as far as is known; None where no limit is."""
        if self.blocked_until is not None and now < self.blocked_until:
            return 0
        return None if self.limit is None else max(0, int(self.limit - self._own(now) - self._others(now)))

    def may_send(self, now: datetime, spending: Spending) -> datetime | None:
        """Return None where a request may be sent now, else when one may be as far as is known."""
        if self.now is not None and now < self.now:
            self._meet(now)
        start = max(now, self.blocked_until or now)
        if start == now and self._fits(now, spending):
            return None
        return next((at for at in self._moments(start) if self._fits(at, spending)), start + HOUR)

    def sent(self, now: datetime, count: int = 1) -> None:
        """Note that *count* requests go out."""
        self._meet(now)
        self.own = [sent for sent in self.own if sent.last > now - HOUR]
        if self.own and _minute(self.own[-1].last) == _minute(now):
            self.own[-1] = Sent(now, self.own[-1].count + count)
        else:
            self.own.append(Sent(now, count))

    def unsent(self, count: int) -> None:
        """Take back *count* requests noted last, which did not go out."""
        while count and self.own:
            last = self.own.pop()
            if last.count > count:
                self.own.append(Sent(last.last, last.count - count))
            count -= min(count, last.count)

    def answered(self, now: datetime, *, limit: int | None, remaining: int | None) -> None:
        """Note what an answer that was no refusal said of the limit, None where it said nothing."""
        self._meet(now)
        self.silent_refusals = 0
        self.limit = self.limit if limit is None else limit
        if remaining is None:
            return
        self.remaining = remaining
        if self.limit is not None:
            self.others = max(0, self.limit - remaining - self._own(now))
            self.reckoned_at = now

    def refused(self, now: datetime, seconds: float | None) -> datetime:
        """Note a 429 that asks for so many *seconds*, or does not say; return until when nothing is sent.

        None at all, as of a date that is past, says nothing.
        """
        self._meet(now)
        self.refused_at = now
        if not seconds:
            pause = min(FIRST_PAUSE * 2.0 ** min(self.silent_refusals, 6), HOUR)
            self.silent_refusals += 1
        else:
            pause = min(timedelta(seconds=seconds), LONGEST_PAUSE)
            # When a request fits again is told; how much others have sent is not, so the next answer is waited for.
            self.remaining, self.others, self.reckoned_at = 0, 0, None
        self.blocked_until = max(now + pause, self.blocked_until or now)
        return self.blocked_until

    def _meet(self, now: datetime) -> None:
        """Go on to *now*, or back."""
        if self.now is not None and now < self.now:
            self._go_back(self.now - now)
        self.now = now
        if self.blocked_until is not None and self.blocked_until <= now:
            self.blocked_until = None

    def _go_back(self, span: timedelta) -> None:
        self.own = [Sent(sent.last - span, sent.count) for sent in self.own]
        self.blocked_until = self.blocked_until and self.blocked_until - span
        self.reckoned_at = self.reckoned_at and self.reckoned_at - span
        self.refused_at = self.refused_at and self.refused_at - span

    def _fits(self, at: datetime, spending: Spending) -> bool:
        """Whether one more request stays within the limit then, as far as is known."""
        if self.limit is None:
            return True
        most = self.limit - (self.reserve if spending is Spending.BACKFILL else 0)
        return self._own(at) + self._others(at) + 1 <= most

    def _own(self, at: datetime) -> int:
        return sum(sent.count for sent in self.own if sent.last > at - HOUR)

    def _others(self, at: datetime) -> float:
        if self.reckoned_at is None or at - self.reckoned_at >= HOUR:
            return 0.0
        if self.refused_at is not None and at - self.refused_at < HOUR:
            return self.others
        return self.others * (1 - (at - self.reckoned_at) / HOUR)

    def _moments(self, start: datetime) -> list[datetime]:
        """Return the instants of the hour from *start* at which there may be more room than before."""
        minutes = (start + timedelta(minutes=minute) for minute in range(61))
        leaving = (sent.last + HOUR for sent in self.own)
        return sorted(at for at in (*minutes, *leaving) if at >= start)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
