"""The held connections: who waits longest is served first, and nobody who gives up takes one along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from harvest_graphql.held import Held, TooSlow
from harvest_graphql.prepared import Prepared


@pytest.fixture
async def held(pool: asyncpg.Pool) -> AsyncIterator[Held]:
    held = Held(pool, size=1, deadline_seconds=5)
    yield held
    await held.close()


async def test_newcomers_do_not_overtake(held: Held) -> None:
    served: list[int] = []

    async def client(number: int) -> None:
        for _ in range(20):
            await held.row("SELECT $1::int", [number])
            served.append(number)

    await asyncio.gather(*(client(number) for number in range(5)))
    assert served == list(range(5)) * 20


async def test_who_gives_up_leaves_the_connection_to_the_next(held: Held) -> None:
    slow = asyncio.create_task(held.row("SELECT pg_sleep(0.2)", []))
    await asyncio.sleep(0)
    leaving = [asyncio.create_task(held.row("SELECT 1", [])) for _ in range(3)]
    staying = asyncio.create_task(held.row("SELECT 2", []))
    await asyncio.sleep(0)
    for each in leaving:
        each.cancel()
    await slow
    assert (await staying)[0] == 2
    assert held.busy == 0


async def test_a_connection_handed_to_somebody_who_leaves_is_not_lost(held: Held) -> None:
    await held.row("SELECT 1", [])
    holding = asyncio.create_task(held.row("SELECT pg_sleep(0.05)", []))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(held.row("SELECT 1", []))
    holding.add_done_callback(lambda _: waiting.cancel())
    await asyncio.wait([holding, waiting])
    assert held.busy == 0
    assert (await held.row("SELECT 3", []))[0] == 3


async def test_waiting_ends_at_the_deadline(pool: asyncpg.Pool) -> None:
    held = Held(pool, size=1, deadline_seconds=0.1)
    taken = held._free.pop()
    with pytest.raises(TooSlow):
        await held.row("SELECT 1", [])
    held._pass_on(taken)
    assert (await held.row("SELECT 1", []))[0] == 1
    await held.close()


async def test_a_statement_that_a_migration_has_outdated_is_prepared_anew(pool: asyncpg.Pool) -> None:
    held = Held(pool, size=1, deadline_seconds=5)
    await pool.execute("CREATE TABLE shifting AS SELECT 1 AS one")
    assert list(await held.row("SELECT * FROM shifting", [])) == [1]
    await pool.execute("ALTER TABLE shifting ADD COLUMN two text DEFAULT 'b'")
    assert list(await held.row("SELECT * FROM shifting", [])) == [1, "b"]
    assert held.busy == 0
    await held.close()


async def test_only_so_many_statements_stay_prepared(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        prepared = Prepared(connection, most=3)
        for number in range(10):
            assert (await (await prepared.prepare(f"SELECT {number}")).fetchrow())[0] == number
        assert list(prepared.statements) == ["SELECT 7", "SELECT 8", "SELECT 9"]
        assert await connection.fetchval("SELECT count(*) FROM pg_prepared_statements") <= 5
