"""How many requests the gateway of the sandbox lets through: rolling windows of a key, and what is left of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

HOUR, DAY = 3600.0, 86400.0
BURSTS = ((20, 1.0), (150, 15.0))
"""Requests, and the seconds within which they may be sent: real ones."""

Clock = Callable[[], float]
"""Seconds since some instant."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may send."""

    hourly: int
    daily: int | None = None
    bursts: tuple[tuple[int, float], ...] = BURSTS
    by_address: bool = False
    """Whether each address has this for itself, or all together."""


class Verdict(NamedTuple):
    """What is said of one request."""

    limit: int
    """Requests of an hour."""
    remaining: int
    """How many of them are left after this one; 0 where it is refused, by whichever limit."""
    retry_after: int | None
    """Seconds until a request fits again, None where this one does."""


class Window:
    """The requests of the last *span* seconds of a clock, at most *limit*."""

    def __init__(self, limit: int, span: float, clock: Clock) -> None:
        self.limit = limit
        self._span = span
        self._clock = clock
        self._sent: deque[tuple[float, int]] = deque()
        """Instants and how many requests were sent then, oldest first."""
        self._count = 0

    @property
    def remaining(self) -> int:
        """Return how many more requests fit now."""
        self._roll()
        return self.limit - self._count

    def wait(self) -> int:
        """Return the whole seconds until another request fits; 0: it does now."""
        if self.remaining > 0:
            return 0
        return max(1, math.ceil(self._sent[0][0] + self._span - self._clock()))

    def add(self) -> None:
        """Count a request."""
        now, last = self._clock(), self._sent[-1] if self._sent else None
        if last is not None and last[0] == now:
            self._sent[-1] = (now, last[1] + 1)
        else:
            self._sent.append((now, 1))
        self._count += 1

    def _roll(self) -> None:
        begun = self._clock() - self._span
        while self._sent and self._sent[0][0] <= begun:
            self._count -= self._sent.popleft()[1]


class Quota:
    """The windows of one key, or of one address with a key that counts by address."""

    def __init__(self, allowance: Allowance, clock: Clock, monotonic: Clock) -> None:
        self._hour = Window(allowance.hourly, HOUR, clock)
        days = () if allowance.daily is None else (Window(allowance.daily, DAY, clock),)
        bursts = (Window(limit, span, monotonic) for limit, span in allowance.bursts)
        self._windows = (self._hour, *days, *bursts)

    def ask(self) -> Verdict:
        """Judge a request, and count it where it is let through."""
        wait = max(window.wait() for window in self._windows)
        if wait:
            return Verdict(self._hour.limit, 0, wait)
        for window in self._windows:
            window.add()
        return Verdict(self._hour.limit, self._hour.remaining, None)
