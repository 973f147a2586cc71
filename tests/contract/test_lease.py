from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.errors import DatabaseUnavailable, LeaseHeld, LeaseLost
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.postgres import connect
from gateway.store import lease
from gateway.store.away import LOST
from gateway.store.parts import Part


async def test_a_held_lease_is_refused_and_names_its_holder(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await lease.take(connection, 1, "portal", "elsewhere:1")
        with pytest.raises(DatabaseUnavailable, match="elsewhere:1"):
            await lease.take(connection, 1, "portal", "here:2")


async def test_a_lease_that_was_given_back_is_taken_with_a_new_token(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        first = await lease.take(connection, 1, "portal", "elsewhere:1")
        await lease.give_back(connection, first)
        assert (await lease.take(connection, 1, "portal", "here:2")).token == first.token + 1


@pytest.fixture
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_the_lease_of_a_process_that_is_no_more_need_not_run_out(
    pool: asyncpg.Pool, dead_process: int
) -> None:
    async with pool.acquire() as connection:
        await lease.take(connection, 1, "portal", f"{socket.gethostname()}:{dead_process}")
        assert (await lease.take(connection, 1, "portal", lease.this_process())).token == 2


async def test_a_writer_whose_lease_was_taken_over_writes_nothing(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        await connection.execute("UPDATE lease SET until = now() - interval '1 second'")
        await lease.take(connection, bench.number, "portal", "another:1")
        part = Part(Scope("sources", EntityType.HARVEST_SOURCE), [document(EntityType.HARVEST_SOURCE, "s")])
        with pytest.raises(LeaseLost):
            await bench.writer.commit([part])
        assert await bench.value("SELECT count(*) FROM harvest_source") == 0
        assert await bench.value("SELECT count(*) FROM fetch_log") == 0


async def test_a_holder_that_stopped_while_it_wrote_is_not_waited_for(
    database_url: str, pool: asyncpg.Pool
) -> None:
    stopped = await connect(database_url)
    held = await lease.take(stopped, 1, "portal", "elsewhere:1")
    writing = lease.writing(stopped, held)
    await writing.__aenter__()
    await stopped.execute("INSERT INTO sync_due (portal, kind) VALUES (1, 'POLL')")
    async with pool.acquire() as connection:
        await connection.execute("UPDATE lease SET until = now() - interval '1 second'")
        assert (await lease.take(connection, 1, "portal", "another:1")).token == held.token + 1
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, *LOST)):
            await stopped.execute("SELECT 1")
        assert await connection.fetchval("SELECT count(*) FROM sync_due") == 0


class Frozen(asyncpg.Connection):
    """A connection whose process stands still once it is to read a value: in the middle of taking a lease."""

    async def fetchval(self, *_: object, **__: object) -> None:
        await asyncio.Event().wait()


async def test_who_stopped_while_it_took_a_lease_is_not_waited_for(
    database_url: str, pool: asyncpg.Pool
) -> None:
    stopped = await asyncpg.connect(database_url, connection_class=Frozen)
    term = timedelta(seconds=1)
    taking = asyncio.ensure_future(lease.take(stopped, 1, "portal", "elsewhere:1", term=term))
    async with pool.acquire() as connection:
        await until_locked(connection)
        for _ in range(4):
            with suppress(LeaseHeld):
                assert (await lease.take(connection, 1, "portal", "another:1")).token == 1
                break
        else:
            pytest.fail("nobody takes the lease")
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    stopped.terminate()


async def until_locked(connection: asyncpg.Connection) -> None:
    """Wait until somebody has locked the lease's row."""
    while True:
        rows = await connection.fetch("SELECT FROM lease")
        free = await connection.fetch("SELECT FROM lease FOR UPDATE SKIP LOCKED")
        if len(free) < len(rows):
            return
        await asyncio.sleep(0.01)


async def test_a_holder_that_still_commits_is_waited_for(database_url: str, pool: asyncpg.Pool) -> None:
    slow = await connect(database_url)
    held = await lease.take(slow, 1, "portal", "elsewhere:1")
    async with pool.acquire() as connection:
        async with lease.writing(slow, held):
            await connection.execute("UPDATE lease SET until = now() - interval '1 second'")
            taking = asyncio.create_task(lease.take(connection, 1, "portal", "another:1"))
            await asyncio.sleep(0.1)
            await slow.execute("INSERT INTO sync_due (portal, kind) VALUES (1, 'POLL')")
        assert (await taking).token == held.token + 1
    assert await slow.fetchval("SELECT count(*) FROM sync_due") == 1
    with pytest.raises(LeaseLost):
        await lease.extend(slow, held)
    await slow.close()


async def test_what_another_holds_is_not_given_back(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        former = await lease.take(connection, 1, "portal", "elsewhere:1")
        await connection.execute("UPDATE lease SET until = now() - interval '1 second'")
        await lease.take(connection, 1, "portal", "another:1")
        await lease.give_back(connection, former)
        assert await connection.fetchval("SELECT holder FROM lease") == "another:1"
