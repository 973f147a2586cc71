"""A lease is kept while its holder lives, whatever it does, and lost in a moment when another has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest

from gateway.errors import DatabaseUnavailable, LeaseHeld, LeaseLost
from gateway.postgres import connect
from gateway.store import lease
from gateway.store.keeping import Keeper

SOON = 0.05
PATIENCE = 30.0
STOLEN = "UPDATE lease SET token = token + 1, holder = 'another:1'"


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Connection]]:
    found = await connect(database_url), await connect(database_url)
    try:
        yield found
    finally:
        for connection in found:
            connection.terminate()


def keeper(url: str, heartbeat: float) -> Keeper:
    return Keeper(partial(connect, url), "elsewhere:1", heartbeat)


Two = tuple[asyncpg.Connection, asyncpg.Connection]


async def test_a_busy_holder_keeps_its_lease(database_url: str, connections: Two) -> None:
    """Nothing else runs in the holder's loop for longer than a lease lasts."""
    mine, other = connections
    async with keeper(database_url, 1.0).holding(mine, 1):
        time.sleep(2.5)  # noqa: ASYNC251 - as the laying out of a unit does
        with pytest.raises(LeaseHeld, match="elsewhere:1"):
            await lease.take(other, 1, "portal", "another:1")
    assert (await lease.take(other, 1, "portal", "another:1")).token == 2


async def test_a_lease_is_extended_while_its_holder_writes(database_url: str, connections: Two) -> None:
    mine, other = connections
    async with keeper(database_url, SOON).holding(mine, 1) as held, lease.writing(mine, held):
        before = await other.fetchval("SELECT until FROM lease")
        async with asyncio.timeout(PATIENCE):
            while await other.fetchval("SELECT until FROM lease") == before:  # noqa: ASYNC110 - only Postgres knows
                await asyncio.sleep(SOON)


async def test_the_work_ends_at_once_when_another_has_the_lease(database_url: str, connections: Two) -> None:
    mine, other = connections

    async def work() -> None:
        async with keeper(database_url, SOON).holding(mine, 1):
            await other.execute(STOLEN)
            await asyncio.sleep(PATIENCE)

    with pytest.raises(LeaseLost):
        await work()
    assert await other.fetchval("SELECT holder FROM lease") == "another:1"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_who_is_cancelled_by_others_is_cancelled(database_url: str, connections: Two) -> None:
    mine, other = connections

    async def work() -> None:
        async with keeper(database_url, SOON).holding(mine, 1):
            begun.set()
            await asyncio.sleep(PATIENCE)

    begun = asyncio.Event()
    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await other.fetchval("SELECT holder FROM lease") is None


async def test_the_work_ends_when_postgres_is_away_for_longer_than_the_lease(connections: Two) -> None:
    async def away() -> asyncpg.Connection:
        raise DatabaseUnavailable("Postgres is away.")

    with pytest.raises(LeaseLost, match="Postgres was away"):
        async with Keeper(away, "elsewhere:1", SOON).holding(connections[0], 1):
            await asyncio.sleep(PATIENCE)


async def test_an_error_of_the_work_is_raised_as_it_is(database_url: str, connections: Two) -> None:
    mine, other = connections
    with pytest.raises(ZeroDivisionError):
        async with keeper(database_url, SOON).holding(mine, 1):
            raise ZeroDivisionError
    assert await other.fetchval("SELECT holder FROM lease") is None
