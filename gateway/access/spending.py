"""What addresses have asked for, as all processes on one database know it together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import asyncpg

from gateway.access.asking import asked
from gateway.errors import DatabaseUnavailable
from gateway.store import spending
from gateway.store.spending import Taken
from gateway.store.staging import Connection

Result = TypeVar("Result")
MOST_SECONDS = 1.0
"""How long a request may wait to hear what its address has left."""
FORGET_SECONDS = 60.0
"""Pause between two removals of what has ended."""


class Spending:
    """The spendings in the database of *pool*, by windows of *seconds*."""

    def __init__(self, pool: asyncpg.Pool, seconds: int) -> None:
        self._pool = pool
        self._seconds = seconds

    async def take(self, address: str, amount: int) -> Taken:
        """Add *amount* to what *address* has taken; DatabaseUnavailable also where nothing may be written."""
        return await self._asked(
            lambda connection: spending.take(connection, address, amount, self._seconds), MOST_SECONDS
        )

    async def forget(self) -> None:
        """Remove what has ended; DatabaseUnavailable."""
        await self._asked(lambda connection: spending.forget(connection, self._seconds), FORGET_SECONDS)

    async def forget_on(self) -> None:
        """Remove what has ended, now and again, until cancelled."""
        while True:
            with suppress(DatabaseUnavailable):  # whoever serves next does it
                await self.forget()
            await asyncio.sleep(FORGET_SECONDS)

    async def _asked(self, question: Callable[[Connection], Awaitable[Result]], seconds: float) -> Result:
        try:
            async with asyncio.timeout(seconds):
                # Taken twice where a connection was lost after the first time: a chunk that nobody spends.
                return await asked(self._pool, question, again=True)
        except (TimeoutError, asyncpg.PostgresError) as error:
            words = f"Postgres cannot be asked about callers' spendings ({type(error).__name__})."
            raise DatabaseUnavailable(words) from error
