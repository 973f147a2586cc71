"""The connections on which answers are read: taken from the pool once and kept, so that statements stay prepared."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from harvest_graphql.prepared import OUTDATED, Prepared

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that hears of its end at this very moment
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
)
"""What is raised where a connection is gone, or none can be had."""


_PATIENCE_SECONDS = 3600.0
"""How long the end waits for the statements under way, which have deadlines of their own."""


class Unreachable(Exception):
    """Postgres does not answer now."""


class TooSlow(Exception):
    """A statement took longer than it may."""


class UnknownZone(Exception):
    """Postgres does not know a time zone: it has a list of its own."""


class Held:
    """At most *size* connections of *pool*; a statement that takes longer than *deadline_seconds* is stopped."""

    def __init__(self, pool: asyncpg.Pool, *, size: int, deadline_seconds: float) -> None:
        self._pool = pool
        self._deadline = deadline_seconds
        self._free: list[Prepared | None] = [None] * size
        self._waiting: deque[tuple[float, asyncio.Future[Prepared | None]]] = deque()
        """Who waits, and until when: who came first is first."""
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop of all requests: to ask which one runs is a call of the system in Python 3.11."""
        self.size = size
        """How many statements can be under way at once."""
        self.sent = 0
        """How many statements have been sent to answer requests."""

    @property
    def busy(self) -> int:
        """How many connections are in use."""
        return self.size - len(self._free)

    async def row(self, sql: str, arguments: Sequence[Any]) -> Any:
        """Return the first row of *sql*; TooSlow, Unreachable and UnknownZone where there is none to be had."""
        held = self._free.pop() if self._free else await self._wait(self._deadline)
        try:
            held = held or await self._taken()
            self.sent += 1
            try:
                statement = held.statements.get(sql) or await held.prepare(sql)
                return await statement.fetchrow(*arguments)
            except OUTDATED:
                return await (await held.again(sql)).fetchrow(*arguments)
            except LOST as error:
                if _is_ours(error, held):
                    raise
                lost, held = held, None
                await self._drop(lost.connection)
                held = await self._taken()
                self.sent += 1
                return await (await held.prepare(sql)).fetchrow(*arguments)
        except asyncpg.QueryCanceledError as error:
            raise TooSlow from error
        except asyncpg.InvalidParameterValueError as error:
            if "time zone" in str(error):
                raise UnknownZone from error
            raise
        except LOST as error:
            if _is_ours(error, held):
                raise
            raise Unreachable from error
        finally:
            if self._waiting:
                self._pass_on(held)
            else:
                self._free.append(held)

    async def close(self) -> None:
        """Give the connections back as they were; waits for the statements under way."""
        for _ in range(self.size):
            held = self._free.pop() if self._free else await self._wait(_PATIENCE_SECONDS)
            if held is not None:
                await self._given_back(held.connection)
        if self._alarm is not None:
            self._alarm.cancel()

    async def _wait(self, seconds: float) -> Prepared | None:
        """Return the next connection that becomes free: who waits longest is handed it, before all newcomers.

        None for one that is still to be taken from the pool; TooSlow where none has become free in *seconds*.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        waiting: asyncio.Future[Prepared | None] = loop.create_future()
        self._waiting.append((loop.time() + seconds, waiting))
        if self._alarm is None:  # one for all who wait: a timer for each costs more than the wait
            self._alarm = loop.call_later(seconds, self._ring, loop)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._pass_on(waiting.result())  # handed over at the moment of giving up
            raise

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those who have waited long enough, and look again when the next of them will have."""
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= loop.time()):
            _, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(TooSlow())
        self._alarm = loop.call_at(self._waiting[0][0], self._ring, loop) if self._waiting else None

    def _pass_on(self, held: Prepared | None) -> None:
        while self._waiting:
            _, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(held)
                return
        self._free.append(held)

    async def _taken(self) -> Prepared:
        """Return a connection that answers; after a restart of Postgres the pool holds dead ones."""
        left = self._pool.get_max_size()
        while True:
            connection = await self._pool.acquire()
            try:
                await connection.execute(f"SET statement_timeout = {int(self._deadline * 1000)}")
            except BaseException as error:
                await self._drop(connection)
                left -= 1
                if left < 0 or not isinstance(error, LOST):
                    raise
            else:
                return Prepared(connection)

    async def _drop(self, connection: Any) -> None:
        with suppress(asyncpg.InterfaceError):  # the pool has noticed before
            connection.terminate()
        await self._pool.release(connection)

    async def _given_back(self, connection: Any) -> None:
        try:
            await connection.execute("RESET statement_timeout")
        except LOST:
            await self._drop(connection)
        else:
            await self._pool.release(connection)


def _is_ours(error: BaseException, held: Prepared | None) -> bool:
    """Return whether the statement was wrong, not the connection: asyncpg has one class for both."""
    if not isinstance(error, asyncpg.InterfaceError) or held is None:
        return False
    try:
        return not held.connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it back
        return False
