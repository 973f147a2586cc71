"""What addresses take is added up in Postgres, in windows that all processes share, and forgotten afterwards."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import asyncpg
import pytest

from gateway.access.spending import Spending
from gateway.errors import DatabaseUnavailable
from gateway.postgres import connect_pool
from harvest_graphql.serving.purses import Purses, Spent

ADA, EVE = "192.0.2.1", "2001:db8::/64"
LONG = 3600


async def test_it_adds_up_by_address(pool: asyncpg.Pool) -> None:
    first, second = Spending(pool, LONG), Spending(pool, LONG)
    begun = [await each.take(ADA, 10) for each in (first, second, first)]
    if len({each.began_at for each in begun}) == 1:  # not at the turn of an hour
        assert [each.before for each in begun] == [0, 10, 20]
        assert (await second.take(EVE, 5)).before == 0
    assert all(0 < each.seconds_left <= LONG for each in begun)
    assert all(each.began_at is not None and each.began_at.timestamp() % LONG == 0 for each in begun)


async def test_a_window_that_has_ended_counts_no_more(pool: asyncpg.Pool) -> None:
    spending = Spending(pool, LONG)
    await spending.take(ADA, 10)
    await pool.execute(
        "UPDATE caller_spending SET began_at = began_at - $1::interval", timedelta(seconds=LONG)
    )
    assert (await spending.take(ADA, 1)).before == 0
    assert await pool.fetchval("SELECT spent FROM caller_spending") == 1


async def test_a_window_that_another_process_has_begun_already_counts(pool: asyncpg.Pool) -> None:
    """Two statements at the turn of a window may be carried out the other way around."""
    spending = Spending(pool, LONG)
    await spending.take(ADA, 10)
    await pool.execute(
        "UPDATE caller_spending SET began_at = began_at + $1::interval", timedelta(seconds=LONG)
    )
    taken = await spending.take(ADA, 1)
    assert taken.before == 10
    assert taken.seconds_left > LONG - 1


async def test_what_has_ended_is_forgotten(pool: asyncpg.Pool) -> None:
    spending = Spending(pool, LONG)
    await spending.take(ADA, 10)
    await pool.execute("UPDATE caller_spending SET began_at = now() - $1::interval", timedelta(seconds=LONG))
    await spending.take(EVE, 10)
    await spending.forget()
    assert [row["address"] for row in await pool.fetch("SELECT address FROM caller_spending")] == [EVE]


async def test_it_is_forgotten_while_the_endpoint_is_served(pool: asyncpg.Pool) -> None:
    spending = Spending(pool, LONG)
    await spending.take(ADA, 10)
    await pool.execute("UPDATE caller_spending SET began_at = now() - $1::interval", timedelta(seconds=LONG))
    forgetting = asyncio.ensure_future(spending.forget_on())
    async with asyncio.timeout(20):
        while await pool.fetchval("SELECT count(*) FROM caller_spending"):  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.01)
    forgetting.cancel()


async def test_nothing_of_it_is_written_ahead(pool: asyncpg.Pool) -> None:
    kind = "SELECT relpersistence::text FROM pg_class WHERE relname = 'caller_spending'"
    assert await pool.fetchval(kind) == "u"


async def test_connections_that_were_lost_are_no_reason(pool: asyncpg.Pool) -> None:
    spending = Spending(pool, LONG)
    with pytest.raises(asyncpg.PostgresConnectionError):
        await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (await spending.take(ADA, 1)).before == 0


async def test_a_database_that_may_not_be_written_or_has_no_such_table(pool: asyncpg.Pool) -> None:
    spending = Spending(pool, LONG)
    await pool.execute("ALTER TABLE caller_spending RENAME TO elsewhere")
    for question in (spending.take(ADA, 1), spending.forget()):
        with pytest.raises(DatabaseUnavailable, match="UndefinedTableError"):
            await question


async def test_a_database_that_does_not_answer_in_time(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as first, pool.acquire():
        assert await first.fetchval("SELECT 1") == 1
        with pytest.raises(DatabaseUnavailable):
            await Spending(pool, LONG).take(ADA, 1)


async def test_two_processes_at_once_spend_what_there_is_and_no_more(
    database_url: str, pool: asyncpg.Pool
) -> None:
    other = await connect_pool(database_url, size=2)
    all_have_begun = asyncio.Barrier(3)

    async def spent(pool: asyncpg.Pool) -> int:
        purses = Purses(Spending(pool, LONG).take, limit=1000, seconds=LONG, clock=time.monotonic)
        await purses.pay(ADA, 7)
        total = 7
        await all_have_begun.wait()
        try:
            while True:
                await purses.pay(ADA, 7)
                total += 7
        except Spent:
            return total

    try:
        totals = await asyncio.gather(*(spent(each) for each in (pool, other, pool)))
    finally:
        await other.close()
    assert 1000 - 3 * 27 < sum(totals) <= 1000
    assert min(totals) > 0
