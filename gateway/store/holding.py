"""What one process holds at a turnstile: tickets, permissions taken ahead, and what it has heard and not yet told."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from gateway.fetch.budget import Budget
from gateway.fetch.line import Line
from gateway.fetch.turnstile import SERVED, Heard, note

LONG_AGO = datetime.min.replace(tzinfo=UTC)
Pending: TypeAlias = tuple[int, int]
"""How much was heard, and how many permissions are given back, with one change of the row."""


@dataclass(slots=True)
class Holding:
    """Tickets are numbers here; whoever keeps the line gives them names."""

    mine: set[int] = field(default_factory=set)
    """Of requests that wait or are under way, and of those to come."""
    idle: list[int] = field(default_factory=list)
    """Kept for the next requests."""
    _busy: list[int] = field(default_factory=list)
    """Of requests under way."""
    _left: int = 0
    """Permissions that were taken and not used yet, from *_next* on."""
    _next: datetime = LONG_AGO
    _unsent: int = 0
    """Permissions to be given back."""
    _heard: list[Heard] = field(default_factory=list)
    """What has not been written yet."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def waiting(self) -> bool:
        """Return whether a request of this process waits for a place."""
        return len(self.mine) > len(self._busy) + len(self.idle)

    def ticket(self) -> int:
        """Return a ticket for a request: one that is kept, or a new one."""
        number = self.idle.pop() if self.idle else next(self._numbers)
        self.mine.add(number)
        return number

    def goes(self, number: int) -> None:
        """Note that the ticket's request is under way."""
        self._busy.append(number)

    def ended(self, heard: Heard) -> None:
        """Note that a request has ended, and what came of it; what tells anything ends what was taken ahead."""
        self.idle.append(self._busy.pop())
        tells = heard is not SERVED and heard != SERVED
        if tells:
            self.give_back()
        if tells or not self._left:
            self._heard.append(heard)

    def undone(self) -> None:
        """Note that a request does not go out though it might have."""
        self._unsent += 1
        self.idle.append(self._busy.pop())

    def gone(self, numbers: Iterable[int]) -> None:
        """Note that tickets were given back."""
        self.mine.difference_update(numbers)
        self.idle = [number for number in self.idle if number in self.mine]

    def stop(self) -> None:
        """Note that nothing is under way any longer."""
        self.idle += self._busy
        self._busy.clear()
        self.give_back()

    def ahead(self, now: datetime, apart: timedelta) -> datetime | None:
        """Return when a request may start by a permission that was taken ahead, over a place that is kept."""
        if not (self._left and self.idle):
            return None
        self._left -= 1
        self._busy.append(self.idle.pop())
        start = max(self._next, now)
        self._next = start + apart
        return start

    def take(self, count: int, following: datetime) -> None:
        """Keep *count* permissions for requests that start from *following* on."""
        self.give_back()
        self._left, self._next = count, following

    def give_back(self, count: int | None = None) -> None:
        """Give *count* permissions back, None: those that were taken ahead."""
        if count is None:
            count, self._left = self._left, 0
        self._unsent += count

    def tell(self, budget: Budget, line: Line, now: datetime, there: datetime) -> Pending:
        """Note in *budget* (at the portal's *now*) and in *line* (at its own, *there*) what is not written yet."""
        budget.unsent(self._unsent)  # before what an answer says of others is told from what is ours
        for heard in self._heard:
            note(budget, now, heard)
            if heard.pause:
                line.pause(there, heard.pause)
        return len(self._heard), self._unsent

    def gives(self, pending: Pending) -> None:
        """Give back before that is written: where nobody learns whether it was, it is not given back twice."""
        self._unsent -= pending[1]

    def keeps(self, pending: Pending) -> None:
        """Note that it was not written, so that nothing was given back."""
        self._unsent += pending[1]

    def told(self, pending: Pending) -> None:
        """Note that what was heard is written; to write it again does no harm."""
        del self._heard[: pending[0]]
