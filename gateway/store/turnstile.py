"""The turnstile that all processes share: one line, one budget and one breaker, in Postgres.

Whoever asks alone keeps its place between requests and takes permissions by small chunks, so that a bulk load pays next
to nothing; each other request costs one statement. Who comes in addition calls, and finds the place free after the
request that is under way. What an answer told is written with the next statement, and at once where it is a refusal or
where somebody waits. Places end with the connection of whoever holds them, or with their term.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import asyncpg

from gateway.errors import GatewayError, PortalUnavailable
from gateway.fetch.breaker import Breaker, BreakerState
from gateway.fetch.budget import Spending
from gateway.fetch.line import Ticket
from gateway.fetch.turnstile import Barred, Heard
from gateway.store import breakers, turns
from gateway.store.holding import LONG_AGO, Holding, Pending
from gateway.store.speaking import Speaker
from gateway.store.turns import Turns

Result = TypeVar("Result")
Found: TypeAlias = "datetime | Barred | None"
"""When a request may start, until when none may, or that it waits."""
CHUNK_SECONDS = 0.1
"""What the pace allows in this time may be taken at once by whoever is alone: at 2 requests a second one."""
LARGEST_CHUNK = 1_000
WORTH_SLEEPING = 0.001
LOOK_SECONDS = 1.0
"""How often who waits looks whether those before it still live; a place that is given back is told at once."""


class SharedTurnstile:
    """``gateway.fetch.turnstile.Turnstile`` over a connection of its own; an async context manager.

    *connect* opens a connection; *now* is the portal's clock, for the budget and the breaker; *term* is how long a
    request may take at most before its place is another's. *clock* replaces Postgres' clock for the line's instants.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        portal: int,
        key_hash: str,
        *,
        requests_per_second: float,
        connections: int,
        now: Callable[[], datetime],
        term: timedelta,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._speaker = Speaker(connect, turns.CALLS, self._hear, self._forget)
        self._portal = portal
        self._key_hash = key_hash
        self._apart = timedelta(seconds=1 / requests_per_second)
        self._chunk = max(1, min(LARGEST_CHUNK, int(requests_per_second * CHUNK_SECONDS)))
        self._connections = connections
        self._now = now
        self._term = term
        self._sleep = sleep
        self._clock = clock
        self._there = (LONG_AGO, 0.0)
        """An instant of Postgres' clock, and of ours."""
        self._moved = asyncio.Event()
        """Set and replaced when the line has moved."""
        self._givers: set[asyncio.Task[None]] = set()
        self._turns: Turns | None = None
        """The row, while it is known to be nobody else's."""
        self._company = True
        """Whether others may be in the line."""
        self._calls = 0
        """How often others have called: a call may be heard before what was said before it is answered."""
        self._holding = Holding()
        self._trying = self._served = self._has_failed = False

    @property
    def reckons(self) -> bool:
        """Return that limits are reckoned with."""
        return True

    async def __aenter__(self) -> Self:
        """Connect; ConfigurationError where the portal has been forgotten."""
        try:
            row = await self._speaker.speak(self._read)
        except BaseException:
            await self._speaker.close()
            raise
        self._turns = None if self._company else row
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back what is held, tell what was heard, and disconnect."""
        await asyncio.gather(*self._givers, return_exceptions=True)
        try:
            with suppress(GatewayError):  # the places end with the connection
                await self._speaker.speak(self._end)
        finally:
            await self._speaker.close()

    async def enter(self, spending: Spending) -> Barred | None:
        """Wait for a place and for the moment on which the request may start; Barred where none may."""
        now = self._time()
        start = None if self._company else self._holding.ahead(now, self._apart)
        if start == now:
            return None
        if start is None:
            found = await self._in_line(spending)
            if isinstance(found, Barred):
                return found
            start = found
        try:
            await self._until(start)
        except BaseException:
            self._holding.undone()
            raise
        return None

    async def leave(self, heard: Heard) -> datetime | None:
        """Give the place back to whoever waits, or keep it for the next request."""
        self._holding.ended(heard)
        self._served |= heard.serves
        if self._trying:
            await self._judge(heard)
        if heard.refused or heard.pause or self._company or self._holding.waiting:
            await self._flush()
        return self._turns.budget.blocked_until if heard.refused and self._turns else None

    async def failed(self, error: PortalUnavailable) -> datetime | None:
        """Count a task that the portal did not serve; return until when it is left alone, if it now is."""
        self._has_failed = True
        return await self._change(lambda b: b.failed(self._now(), error.message, error.retry_after))

    async def _in_line(self, spending: Spending) -> datetime | Barred:
        """Return when the request may start; its ticket is busy then."""
        number = self._holding.ticket()
        try:
            while True:
                moved = self._moved
                found = await self._speaker.speak(lambda c: self._ask(c, number, spending))
                if found is not None:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(moved.wait(), LOOK_SECONDS)
        except BaseException:
            self._holding.idle.append(number)
            raise
        if isinstance(found, Barred):
            self._holding.idle.append(number)
            if self._company:
                await self._flush()
        else:
            self._holding.goes(number)
        return found

    async def _ask(self, connection: asyncpg.Connection, number: int, spending: Spending) -> Found:
        """Return when the request may start, or until when none may; None: it waits."""
        while True:
            row = self._turns or await self._read(connection)
            pending, name = self._apply(row), self._name(number)
            came, alone = row.line.place(name), self._is_alone(row)
            if came is not None and came >= self._connections and self._lasts(row.line.tickets[came]):
                return None
            place = row.line.join(name, self._time() + self._term)
            until = row.budget.may_send(self._now(), spending)
            if place < self._connections and until is not None:
                self._turns = None
                return Barred(until)
            count = self._count(row)
            start = None
            if place < self._connections:
                row.budget.sent(self._now(), count)
                start = row.line.start(self._time(), self._apart, count)
            if await self._write(connection, row, pending, call=came is None and not alone):
                return (
                    None if start is None else await self._unless_open(connection, row.breaker, start, count)
                )

    def _count(self, row: Turns) -> int:
        """Return how many permissions are taken at once: more than one where nobody else asks and nothing binds."""
        free = self._is_alone(row) and not row.budget.told and not row.breaker.failures
        return self._chunk if free else 1

    async def _unless_open(
        self, connection: asyncpg.Connection, breaker: Breaker, start: datetime, count: int
    ) -> datetime | Barred:
        """Return *start* of *count* permissions, or until when the breaker lets nothing through."""
        if breaker.state is not BreakerState.CLOSED:
            until, breaker = await breakers.change(connection, self._portal, lambda b: b.ask(self._now()))
            if until is not None:
                self._holding.give_back(count)
                return Barred(until, breaker.reason or "")
            self._trying = breaker.state is BreakerState.HALF_OPEN
        self._holding.take(count - 1, start + self._apart)
        return start

    async def _judge(self, heard: Heard) -> None:
        """Close the breaker after a trial, or open it again."""
        self._trying = False
        if heard.serves:
            await self._change(Breaker.answered)
        elif heard.trouble:
            self._has_failed = True
            await self._change(lambda b: b.failed(self._now(), heard.trouble))

    async def _change(self, how: Callable[[Breaker], Result]) -> Result:
        result, breaker = await self._speaker.speak(lambda c: breakers.change(c, self._portal, how))
        if self._turns is not None:
            self._turns.breaker = breaker
        return result

    async def _flush(self) -> None:
        """Write what was heard, and give idle places to those who wait."""
        await self._speaker.speak(self._give)

    async def _give(self, connection: asyncpg.Connection, *, everything: bool = False) -> None:
        while True:
            row = self._turns or await self._read(connection)
            wanted = everything or len(row.line.tickets) > self._connections
            pending = self._apply(row)
            numbers = self._holding.idle[:] if wanted else []
            given = [number for number in numbers if row.line.leave(self._name(number))]
            if not (any(pending) or given):
                return
            if await self._write(connection, row, pending, call=bool(given and row.line.tickets)):
                self._holding.gone(given)
                self._wake()
                return

    async def _end(self, connection: asyncpg.Connection) -> None:
        """Leave the line; a portal that has served is no longer held to have failed."""
        await connection.reset()  # a cancellation may have left a transaction open; who listened has ended
        self._turns = None
        self._holding.stop()
        await self._give(connection, everything=True)
        row = await self._read(connection)
        failures = row.breaker.state is BreakerState.CLOSED and row.breaker.failures
        if self._served and failures and not self._has_failed:
            await breakers.change(connection, self._portal, Breaker.answered)

    def _apply(self, row: Turns) -> Pending:
        """Note in *row* what was heard and what was not sent; return how much of each that was."""
        if self._company:
            self._holding.give_back()
        return self._holding.tell(row.budget, row.line, self._now(), self._time())

    async def _read(self, connection: asyncpg.Connection) -> Turns:
        calls = self._calls
        row = await turns.read(connection, self._portal, self._key_hash)
        kept = {self._name(number) for number in self._holding.mine}
        self._there = row.now, time.monotonic()
        row.line.drop(self._time(), lambda n: row.is_dead(n) or (self._is_own(n) and n not in kept))
        self._look(row, calls)
        return row

    async def _write(
        self, connection: asyncpg.Connection, row: Turns, pending: Pending, *, call: bool
    ) -> bool:
        """Write the row; where that held, it is known as long as nobody else is in the line."""
        calls, self._turns = self._calls, None
        self._holding.gives(pending)
        if not await turns.swap(connection, row, call=call):
            self._holding.keeps(pending)
            return False
        self._holding.told(pending)
        self._look(row, calls)
        self._turns = None if self._company else row
        return True

    def _look(self, row: Turns, calls: int) -> None:
        """See who is in the line, as of so many calls."""
        self._there = row.now, time.monotonic()
        self._company = calls != self._calls or not self._is_alone(row)

    def _name(self, number: int) -> str:
        return f"{self._speaker.me}/{number}"

    def _lasts(self, ticket: Ticket) -> bool:
        return ticket.until - self._time() > self._term / 2

    def _is_own(self, name: str) -> bool:
        return name.startswith(f"{self._speaker.me}/")

    def _is_alone(self, row: Turns) -> bool:
        return all(self._is_own(ticket.name) for ticket in row.line.tickets)

    def _time(self) -> datetime:
        """Return the time by Postgres' clock, as far as it is known here."""
        if self._clock is not None:
            return self._clock()
        instant, then = self._there
        return instant + timedelta(seconds=time.monotonic() - then)

    async def _until(self, start: datetime) -> None:
        wait = (start - self._time()).total_seconds()
        if wait > WORTH_SLEEPING:
            await self._sleep(wait)

    def _forget(self) -> None:
        """Start anew over another connection: the places of the one before are lost."""
        self._turns, self._company = None, True

    def _hear(self, words: object) -> None:
        """Hear that the line moved: somebody came, or left."""
        if words != f"{self._portal}/{self._key_hash}":
            return
        self._calls += 1
        self._forget()
        self._wake()
        if self._holding.idle:
            giver = asyncio.ensure_future(self._give_up())
            self._givers.add(giver)
            giver.add_done_callback(self._givers.discard)

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _give_up(self) -> None:
        """Give idle places to those who wait; who asks next finds out where that fails."""
        with suppress(GatewayError):
            await self._flush()
