"""Where every request to one portal with one key goes through: its place, its pace, the permission to send it.

The seam between asking and knowing who else asks. ``Lone`` is for a client that is alone; what processes share lies in
a database (``gateway.store.turnstile``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import PortalUnavailable
from gateway.fetch.budget import Budget, Spending
from gateway.fetch.pace import Pace
from gateway.model.value import value


@dataclass(frozen=True, slots=True)
class Barred:
    """Nothing may be sent now."""

    until: datetime
    """When something may be, by the portal's clock."""
    reason: str | None = None
    """Why the portal is left alone; None where its limit is used up."""


@value
class Heard:
    """What one request that went out has told of the next ones."""

    serves: bool = False
    """Whether the portal answered, with anything below 500."""
    limit: int | None = None
    remaining: int | None = None
    """What the answer said of the portal's limit."""
    pause: float = 0.0
    """Seconds in which nothing starts: until it is tried again."""
    refused: bool = False
    """Whether it was a 429 that is not waited for."""
    asked: float | None = None
    """For how many seconds that asks to be left alone, where it says so."""
    trouble: str = ""
    """What went wrong, in words, where the portal does not serve."""


NOTHING = Heard()
SERVED = Heard(serves=True)
"""What tells nothing of the requests to come."""


class Turnstile(Protocol):
    """Lets requests through: no more at once, no sooner and no more of them than the portal is to be asked."""

    @property
    def reckons(self) -> bool:
        """Return whether a portal's limit is reckoned with; else a 429 is like any other failure."""
        ...

    async def enter(self, spending: Spending) -> Barred | None:
        """Wait for a place and for the moment on which the request may start; None: send it, then ``leave``."""
        ...

    async def leave(self, heard: Heard) -> datetime | None:
        """Give the place back and hear what came; return until when nothing is sent, where the answer said that."""
        ...

    async def failed(self, error: PortalUnavailable) -> datetime | None:
        """Hear that the portal did not serve a whole task; return until when it is left alone, if it now is."""
        ...


class Lone:
    """The turnstile of a client that nobody shares a portal with; *budget* None: no limit is reckoned with."""

    def __init__(self, pace: Pace, budget: Budget | None, now: Callable[[], datetime]) -> None:
        self._pace = pace
        self._budget = budget
        self._now = now

    @property
    def reckons(self) -> bool:
        """Return whether there is a budget."""
        return self._budget is not None

    async def enter(self, spending: Spending) -> Barred | None:
        """Wait for a place and the pace; None where the budget allows a request."""
        await self._pace.enter()
        if self._budget is None:
            return None
        now = self._now()
        until = self._budget.may_send(now, spending)
        if until is not None:
            self._pace.leave()
            return Barred(until)
        self._budget.sent(now)
        return None

    async def leave(self, heard: Heard) -> datetime | None:
        """Give the place back."""
        if heard.pause:
            self._pace.pause(heard.pause)
        self._pace.leave()
        return None if self._budget is None else note(self._budget, self._now(), heard)

    async def failed(self, error: PortalUnavailable) -> datetime | None:
        """Leave it to whoever asks: what one client saw is no reason to stop."""
        del error
        return None


def note(budget: Budget, now: datetime, heard: Heard) -> datetime | None:
    """Note in *budget* what was heard; return until when nothing is sent, where that was said."""
    if heard.refused:
        return budget.refused(now, heard.asked)
    if heard.serves or heard.limit is not None or heard.remaining is not None:
        budget.answered(now, limit=heard.limit, remaining=heard.remaining)
    return None
