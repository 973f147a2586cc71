"""Keeping a lease: a heartbeat on a connection of its own extends it, whatever the work under it is doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg

from gateway.errors import DatabaseError, LeaseLost
from gateway.store import lease
from gateway.store.afterwards import insist
from gateway.store.away import LOST
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
            with suppress(*LOST, asyncpg.PostgresConnectionError):  # a lease that nobody keeps ends by itself
                await insist(lambda: lease.give_back(connection, held))


@dataclass(slots=True)
class _Pulse:
    """The heartbeat of one lease, for the length of a ``with`` block in the task that it cancels."""

    held: Lease
    connect: Connect
    heartbeat: float
    _end: LeaseLost | None = None
    _over: bool = False
    _cancelled: bool = False
    _cancelling: int = 0
    _beating: asyncio.Task[None] | None = None
    _connection: asyncpg.Connection | None = None
    _reached: float = field(default_factory=time.monotonic)

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "leases are kept in tasks"
        self._cancelling = task.cancelling()
        self._beating = asyncio.create_task(self._beat(task))

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        assert self._beating is not None, "the block was entered"
        self._over = True
        self._beating.cancel()
        await asyncio.wait({self._beating})
        if self._connection is not None:
            self._connection.terminate()
        task = asyncio.current_task()
        if self._cancelled and self._end is not None and task is not None:
            asked = task.uncancel() <= self._cancelling  # nobody else wants this task to end
            if asked and (error is None or isinstance(error, asyncio.CancelledError)):
                raise self._end from error

    async def _beat(self, task: asyncio.Task[object]) -> None:
        wait = self.heartbeat
        while self._end is None:
            await asyncio.sleep(wait)
            wait = await self._extend()
        if not self._over:
            self._cancelled = task.cancel()

    async def _extend(self) -> float:
        """Extend the lease; return the seconds until the next heartbeat."""
        asked = time.monotonic()
        left = self._reached + self.held.term.total_seconds() - asked
        try:
            async with asyncio.timeout(max(left, self.heartbeat * _SOON)):
                if self._connection is None:
                    self._connection = await self.connect()
                await lease.extend(self._connection, self.held)
        except LeaseLost as error:
            self._end = error
        except (DatabaseError, asyncpg.PostgresError, *LOST):
            self._drop()
            if time.monotonic() - self._reached < self.held.term.total_seconds():
                return self.heartbeat * _SOON
            self._end = LeaseLost(f"Postgres was away for longer than the lease on {self.held.unit} lasts.")
        else:
            self._reached = asked
        return self.heartbeat

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
