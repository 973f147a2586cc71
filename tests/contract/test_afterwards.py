"""A late cancellation does not swallow what a pass notes at its end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.ports import Pass
from gateway.postgres import connect
from gateway.store.afterwards import insist, start_anew
from gateway.store.bookkeeping import end_run, start_run

WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"


async def test_a_cancellation_that_comes_late_is_survived(database_url: str) -> None:
    working, other = await connect(database_url), await connect(database_url)
    try:
        await other.execute("CREATE TABLE note (word text)")
        await other.execute("INSERT INTO note VALUES ('RUNNING')")
        pid = working.get_server_pid()

        async def write() -> None:
            await working.execute("UPDATE note SET word = 'INTERRUPTED'")

        async with other.transaction():
            await other.execute("LOCK TABLE note")
            writing = asyncio.create_task(insist(write))
            for _ in range(3):
                async with asyncio.timeout(10):
                    while not await other.fetchval(WAITS, pid):  # noqa: ASYNC110 - only Postgres knows
                        await asyncio.sleep(0.01)
                assert await other.fetchval("SELECT pg_cancel_backend($1)", pid)
        await writing
        assert await other.fetchval("SELECT word FROM note") == "INTERRUPTED"
    finally:
        await working.close()
        await other.close()


async def test_the_end_of_a_pass_waits_for_the_disk(database_url: str) -> None:
    """What a pass wrote without waiting is safe with it: Postgres may be stopped at once."""
    connection = await connect(database_url)
    try:
        await connection.execute("SET synchronous_commit = off")
        run = await start_run(connection, 1, Pass.POLL, datetime.now(UTC), baseline=False)
        written = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
        await end_run(
            connection,
            run,
            state="DONE",
            whole=True,
            now=datetime.now(UTC),
            requests=1,
            tallies={},
            notice=None,
        )
        assert await connection.fetchval("SELECT pg_current_wal_flush_lsn() > $1::pg_lsn", written)
        assert await connection.fetchval("SHOW synchronous_commit") == "off"
    finally:
        await connection.close()


@pytest.mark.parametrize("whose", ["asyncpg's", "nobody's"])
async def test_a_transaction_that_was_left_open_takes_nothing_along(database_url: str, whose: str) -> None:
    working, other = await connect(database_url), await connect(database_url)
    try:
        run = await start_run(working, 1, Pass.POLL, datetime.now(UTC), baseline=False)
        if whose == "nobody's":
            await working.execute("BEGIN")
        else:
            await working.transaction().start()
        await start_anew(working)
        await end_run(
            working, run, state="DONE", whole=True, now=datetime.now(UTC), requests=1, tallies={}, notice=None
        )
        assert await other.fetchval("SELECT state FROM sync_run WHERE id = $1", run.id) == "DONE"
    finally:
        await working.close()
        await other.close()


async def test_what_goes_on_being_cancelled_is_told() -> None:
    tries = []

    async def write() -> None:
        tries.append(1)
        raise asyncpg.QueryCanceledError

    with pytest.raises(asyncpg.QueryCanceledError):
        await insist(write)
    assert len(tries) == 5
