"""Keeping a lease: a heartbeat in a thread and on a connection of its own extends it, whatever is done under it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Thread

import asyncpg

from gateway.errors import DatabaseError, LeaseLost
from gateway.store import lease
from gateway.store.afterwards import insist
from gateway.store.away import LOST, passes
from gateway.store.lease import Lease
from gateway.store.staging import Connection

Connect = Callable[[], Awaitable[asyncpg.Connection]]
_SOON = 0.25
"""Part of a heartbeat after which one that did not reach Postgres is tried again."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Takes leases in the name of *holder*, and extends them every *heartbeat* seconds."""

    connect: Connect
    holder: str
    heartbeat: float

    @asynccontextmanager
    async def holding(
        self, connection: Connection, portal: int, unit: str = "portal"
    ) -> AsyncIterator[Lease]:
        """Hold the lease for what *connection* writes in the block.

        Raises LeaseHeld; LeaseLost, in the place of whatever the block is doing, at the heartbeat that finds the lease
        with another worker, or that has not reached Postgres for as long as a lease lasts.
        """
        term = lease.term(self.heartbeat)
        held = await lease.take(connection, portal, unit, self.holder, term=term)
        try:
            async with _Pulse(held, self.connect, self.heartbeat):
                yield held
        finally:
            try:
                await insist(lambda: lease.give_back(connection, held))
            except (asyncpg.PostgresError, *LOST) as error:
                if not passes(error):
                    raise  # else it ends by itself, as nobody keeps it


class _Pulse:
    """The heartbeat of one lease, for the length of a ``with`` block in the task that it cancels.

    It beats in a thread with an event loop of its own: laying out a unit keeps the block's loop busy for seconds.
    """

    def __init__(self, held: Lease, connect: Connect, heartbeat: float) -> None:
        self._held = held
        self._connect = connect
        self._heartbeat = heartbeat
        self._term = held.term.total_seconds()
        self._reached = time.monotonic()
        self._connection: asyncpg.Connection | None = None
        self._over = asyncio.Event()
        self._gone = asyncio.Event()
        self._end: LeaseLost | None = None
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._cancelled = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "leases are kept in tasks"
        self._task, self._cancelling = task, task.cancelling()
        self._loop, self._beats = asyncio.get_running_loop(), asyncio.new_event_loop()
        Thread(target=self._live, name=f"lease {self._held.token}", daemon=True).start()

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        with suppress(RuntimeError):  # it has ended by itself
            self._beats.call_soon_threadsafe(self._over.set)
        self._task = None
        await self._gone.wait()
        if self._cancelled and self._end is not None:
            task = asyncio.current_task()
            alone = (
                task is not None and task.uncancel() <= self._cancelling
            )  # nobody else wants this task to end
            if alone and (error is None or isinstance(error, asyncio.CancelledError)):
                raise self._end from error

    def _lose(self) -> None:
        if self._task is not None:
            self._cancelled = self._task.cancel()

    def _live(self) -> None:
        """Beat until the block is over or the lease is lost: what the thread does."""
        try:
            self._beats.run_until_complete(self._beat())
        finally:
            self._beats.close()
            with suppress(RuntimeError):  # a loop that was closed waits for nobody
                if self._end is not None:
                    self._loop.call_soon_threadsafe(self._lose)
                self._loop.call_soon_threadsafe(self._gone.set)

    async def _beat(self) -> None:
        over, beating = asyncio.ensure_future(self._over.wait()), asyncio.ensure_future(self._extend_on())
        await asyncio.wait({over, beating}, return_when=asyncio.FIRST_COMPLETED)
        for task in (over, beating):
            task.cancel()
        await asyncio.gather(over, beating, return_exceptions=True)
        self._drop()
        await asyncio.sleep(
            0
        )  # a connection is given up in the loop's next round: the thread's loop ends after it

    async def _extend_on(self) -> None:
        wait = self._heartbeat
        while self._end is None:
            await asyncio.sleep(wait)
            wait = await self._extend()

    async def _extend(self) -> float:
        """Extend the lease; return the seconds until the next heartbeat."""
        asked = time.monotonic()
        try:
            async with asyncio.timeout(max(self._reached + self._term - asked, self._heartbeat * _SOON)):
                if self._connection is None:
                    self._connection = await self._connect()
                await lease.extend(self._connection, self._held)
        except LeaseLost as error:
            self._end = error
        except (DatabaseError, asyncpg.PostgresError, *LOST):
            self._drop()
            if time.monotonic() - self._reached < self._term:
                return self._heartbeat * _SOON
            self._end = LeaseLost(f"Postgres was away for longer than the lease on {self._held.unit} lasts.")
        else:
            self._reached = asked
        return self._heartbeat

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
