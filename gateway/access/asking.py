"""One question to Postgres about keys: answered, or DatabaseUnavailable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from gateway.errors import DatabaseUnavailable
from gateway.store.staging import Connection

Result = TypeVar("Result")
SECONDS = 5.0
"""How long an answer may take, with the wait for a connection."""
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that hears of its end at this very moment
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    OSError,
)


async def asked(
    pool: asyncpg.Pool, question: Callable[[Connection], Awaitable[Result]], *, again: bool = False
) -> Result:
    """Return what *question* finds on a connection of *pool*; raises DatabaseUnavailable.

    *again* allows to put it once more where a connection is gone: for questions that change nothing.
    """
    # After a restart of Postgres every connection that the pool holds is dead.
    tries = pool.get_max_size() + 1 if again else 1
    try:
        async with asyncio.timeout(SECONDS):
            return await _tried(pool, question, tries)
    except _LOST as error:  # a TimeoutError is an OSError
        raise DatabaseUnavailable(
            f"Postgres cannot be asked about keys now ({type(error).__name__}).",
            hint="Try again in a moment.",
        ) from error


async def _tried(
    pool: asyncpg.Pool, question: Callable[[Connection], Awaitable[Result]], tries: int
) -> Result:
    for left in reversed(range(tries)):
        try:
            async with pool.acquire() as connection:
                return await _answer(connection, question)
        except _LOST:
            if not left:
                raise
    raise AssertionError("there is always a try")


async def _answer(
    connection: PoolConnectionProxy, question: Callable[[Connection], Awaitable[Result]]
) -> Result:
    try:
        return await question(connection)
    except _LOST:
        with suppress(asyncpg.InterfaceError):  # the pool has noticed before
            connection.terminate()  # or the next try would get the same one
        raise
