"""Who of all that ask one portal with one key is under way, who waits, and when the next request may start: reckoned.

The first tickets of the line are places; whoever holds one may have a request under way. What a ticket stands for may
die, so each has a term. Instants are of one clock, that of Postgres where the line is kept there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from gateway.fetch.budget import Instant
from gateway.fetch.kept import Kept


class Ticket(msgspec.Struct, array_like=True):
    """A place, or the wish for one."""

    name: str
    """Whose it is, in words of whoever keeps the line."""
    until: Instant


class Line(Kept):
    """The line before one portal."""

    tickets: list[Ticket] = msgspec.field(default_factory=list)
    """In the order in which they came."""
    next_at: Instant | None = None
    """No request starts before this."""

    def drop(self, now: datetime, dead: Callable[[str], bool]) -> None:
        """Take out the tickets whose term is over, and those of the *dead*."""
        self.tickets = [t for t in self.tickets if t.until > now and not dead(t.name)]

    def place(self, name: str) -> int | None:
        """Return the ticket's place, from 0; None where it is not in the line."""
        return next((place for place, ticket in enumerate(self.tickets) if ticket.name == name), None)

    def join(self, name: str, until: datetime) -> int:
        """Make the ticket last until then, at the end of the line where it is new; return its place, from 0."""
        place = self.place(name)
        if place is not None:
            self.tickets[place].until = max(until, self.tickets[place].until)
            return place
        self.tickets.append(Ticket(name, until))
        return len(self.tickets) - 1

    def leave(self, name: str) -> bool:
        """Take the ticket out; return whether it was there."""
        before = len(self.tickets)
        self.tickets = [ticket for ticket in self.tickets if ticket.name != name]
        return len(self.tickets) < before

    def start(self, now: datetime, apart: timedelta, count: int = 1) -> datetime:
        """Return when the first of *count* requests starts that follow each other *apart*; the next one is behind."""
        at = max(now, self.next_at or now)
        self.next_at = at + apart * count
        return at

    def pause(self, now: datetime, seconds: float) -> None:
        """Start nothing for so many seconds."""
        self.next_at = max(self.next_at or now, now + timedelta(seconds=seconds))
