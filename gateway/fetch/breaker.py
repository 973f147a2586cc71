"""Whether a portal that failed again and again is left alone: reckoned, never asked for.

Three tasks in a row (passes, payloads, look-ups) that the portal did not serve open the breaker: nothing is asked
until a pause is over, then one request is let through as a trial. Its answer closes the breaker, its failure doubles
the pause.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

ENOUGH = 3
"""Tasks in a row that have to fail before the portal is left alone, where it does not ask for that itself."""
FIRST_PAUSE = timedelta(minutes=1)
"""Doubled each time that a trial fails."""
LONGEST_PAUSE = timedelta(hours=1)
TRIAL = timedelta(minutes=5)
"""How long a trial may take before another one is let through: who tried may be no more."""


class BreakerState(StrEnum):
    """Whether the portal is asked."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Breaker(msgspec.Struct):
    """What is known of one portal's failures; every *now* is the portal's clock (aware)."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    """Tasks that failed in a row, trials included."""
    openings: int = 0
    """How often it opened without having closed."""
    since: datetime | None = None
    """When it opened first; None while it is closed."""
    until: datetime | None = None
    """OPEN: when a trial is let through; HALF_OPEN: when another one is."""
    reason: str | None = None
    """What the portal did last, in words."""

    def left_alone(self, now: datetime) -> datetime | None:
        """Return until when nothing is asked, None where a request may be sent."""
        if self.state is BreakerState.CLOSED or self.until is None:
            return None
        # Beyond the longest pause only a clock that went back can have put it: a sandbox's that is made anew.
        return self.until if now < self.until <= now + LONGEST_PAUSE else None

    def ask(self, now: datetime) -> datetime | None:
        """Return None where a request may be sent, and note it where it is the trial; else when one may be."""
        until = self.left_alone(now)
        if until is not None or self.state is BreakerState.CLOSED:
            return until
        self.state, self.until = BreakerState.HALF_OPEN, now + TRIAL
        return None

    def answered(self) -> None:
        """Note that the portal serves again."""
        self.state, self.failures, self.openings = BreakerState.CLOSED, 0, 0
        self.since = self.until = self.reason = None

    def failed(self, now: datetime, reason: str, seconds: float | None = None) -> datetime | None:
        """Note a task, or a trial, that the portal did not serve; return until when it is left alone, if it is.

        *seconds*: for how long it asks to be left alone itself.
        """
        self.failures += 1
        if self.state is BreakerState.OPEN:
            return self.until  # of a request that was under way when it opened
        if self.state is BreakerState.CLOSED and self.failures < ENOUGH and not seconds:
            return None
        pause = max(FIRST_PAUSE * 2.0 ** min(self.openings, 10), timedelta(seconds=seconds or 0))
        self.state, self.reason = BreakerState.OPEN, reason
        self.openings += 1
        self.since, self.until = self.since or now, now + min(pause, LONGEST_PAUSE)
        return self.until
