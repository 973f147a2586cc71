"""The daily prune: done when it is due, by one at a time, gone on with after an interruption, and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import asyncpg
import pytest

from gateway import postgres
from gateway.cli.status import print_status
from gateway.compose import Gateway, opened
from gateway.compose.tending import is_due, prune_when_due, tending
from gateway.config import Settings
from gateway.errors import LeaseHeld
from gateway.store import lease, upkeep
from gateway.store.upkeep import NOBODY, PRUNE

AT = time(3, 30)
NONE: dict[str, Any] = {"data-gov": {"enabled": False}, "data-gouv-fr": {"enabled": False}}
_OLD = """
    INSERT INTO quarantine (portal, stream, scope, entity_type, reason, hash, body, first_seen_at, last_seen_at,
        released_at)
    SELECT 1, 'jobs', n::text, 'HarvestJob', 'unreadable', '\\x00', '\\x00', now(), now(), now() - n * interval '1 day'
    FROM generate_series(0, 100) n
"""
OLD, YOUNG = 11, 90
PATIENCE = 60.0


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway whose prune has been due since yesterday, and a hundred entries of a quarantine of ninety days."""
    async with opened(Settings(database_url=database_url, portals=NONE)) as gateway:
        async with gateway.pool.acquire() as connection:
            await connection.execute(_OLD)
            await upkeep.know(connection, PRUNE)
            await connection.execute("UPDATE upkeep SET known_at = now() - interval '2 days'")
        yield gateway


@pytest.fixture
async def beside(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of somebody else."""
    connection = await postgres.connect(database_url)
    yield connection
    await connection.close()


async def told(gateway: Gateway) -> dict[str, Any]:
    [row] = (await gateway.status())["upkeep"]
    found: dict[str, Any] = row
    return found


async def left(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM quarantine") or 0)


async def until_gone(gateway: Gateway, beside: asyncpg.Connection) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await told(gateway))["removed"] != {"quarantine": OLD}:  # noqa: ASYNC110 - another connection does it
            await asyncio.sleep(0.02)
    assert await left(beside) == YOUNG


async def test_a_worker_prunes_when_it_is_due_and_once_a_day(
    gateway: Gateway, beside: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = asyncio.Event()
    async with tending(gateway, stop):
        await until_gone(gateway, beside)
        async with asyncio.timeout(PATIENCE):
            while (row := await told(gateway))["state"] != "DONE":  # noqa: ASYNC110 - another connection does it
                await asyncio.sleep(0.02)
    assert (row["kind"], row["worker"], row["notice"]) == ("PRUNE", None, None)
    assert timedelta() < row["next_at"] - datetime.now(UTC) <= timedelta(days=1)
    print_status(await gateway.status())
    assert "PRUNE" in capsys.readouterr().out
    await prune_when_due(gateway, AT)
    assert (await told(gateway))["began_at"] == row["began_at"], "it was not due"


async def test_nobody_looks_after_it_before_a_worker_does(database_url: str) -> None:
    async with opened(Settings(database_url=database_url, portals=NONE)) as gateway:
        assert (await gateway.status())["upkeep"] == []
        assert not await is_due(gateway, AT)
        row = await told(gateway)
        assert (row["state"], row["removed"]) == (None, {})
        assert timedelta() < row["next_at"] - datetime.now(UTC) <= timedelta(days=1)


async def test_who_is_told_never_does_not_prune(database_url: str, gateway: Gateway) -> None:
    async with opened(Settings(database_url=database_url, portals=NONE, prune_at="never")) as never:
        tasks = len(asyncio.all_tasks())
        async with tending(never, asyncio.Event()):
            assert len(asyncio.all_tasks()) == tasks
        assert (await told(never))["next_at"] is None
    assert (await told(gateway))["next_at"] is not None


async def test_one_process_prunes_at_a_time(gateway: Gateway, beside: asyncpg.Connection) -> None:
    held = await lease.take(beside, NOBODY, PRUNE, "elsewhere:1")
    assert await is_due(gateway, AT)
    with pytest.raises(LeaseHeld, match="elsewhere:1"):
        await prune_when_due(gateway, AT)
    assert await left(beside) == OLD + YOUNG
    assert (await told(gateway))["worker"] == "elsewhere:1"
    await lease.give_back(beside, held)
    ends = await asyncio.gather(*(prune_when_due(gateway, AT) for _ in range(4)), return_exceptions=True)
    assert {type(end) for end in ends} <= {type(None), LeaseHeld}
    assert (await told(gateway))["removed"] == {"quarantine": OLD}, "whoever came later found it done"
    assert await left(beside) == YOUNG


async def test_what_is_stopped_is_noted_and_gone_on_with(
    gateway: Gateway, beside: asyncpg.Connection
) -> None:
    await beside.execute(
        "INSERT INTO fetch_log (portal, endpoint, fetched_at, page_hash)"
        " VALUES (1, '/', now() - interval '1 year', '\\x00')"
    )
    async with beside.transaction():
        await beside.execute("LOCK TABLE sync_run IN ACCESS EXCLUSIVE MODE")
        async with tending(gateway, asyncio.Event()):
            async with asyncio.timeout(PATIENCE):
                while not await _removed(gateway):  # noqa: ASYNC110 - another connection does it
                    await asyncio.sleep(0.02)
    row = await told(gateway)
    assert (row["state"], row["worker"], row["removed"]) == ("INTERRUPTED", None, {"quarantine": OLD})
    assert row["next_at"] <= datetime.now(UTC)
    await prune_when_due(gateway, AT)
    row = await told(gateway)
    assert (row["state"], row["removed"]) == ("DONE", {"fetches": 1})


async def _removed(gateway: Gateway) -> object:
    """Return what has gone so far, read past the lock of the test."""
    async with gateway.pool.acquire() as connection:
        return (await upkeep.told(connection))[0]["removed"]


async def test_the_prune_of_a_process_that_died_is_gone_on_with(
    gateway: Gateway, beside: asyncpg.Connection
) -> None:
    await lease.take(beside, NOBODY, PRUNE, "elsewhere:1", term=timedelta(seconds=0))
    await upkeep.begin(beside, PRUNE)
    assert await is_due(gateway, AT)
    await prune_when_due(gateway, AT)
    assert (await told(gateway))["state"] == "DONE"
    assert await left(beside) == YOUNG


async def test_what_fails_is_told_and_tried_again_later(gateway: Gateway, beside: asyncpg.Connection) -> None:
    await beside.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;"
        "CREATE TRIGGER refuse BEFORE DELETE ON quarantine EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(asyncpg.PostgresError, match="not today"):
        await prune_when_due(gateway, AT)
    row = await told(gateway)
    assert row["state"] == "FAILED"
    assert "not today" in row["notice"]
    assert not await is_due(gateway, AT), "not at once"
    await beside.execute(
        "DROP TRIGGER refuse ON quarantine; UPDATE upkeep SET ended_at = now() - interval '1 hour'"
    )
    await prune_when_due(gateway, AT)
    row = await told(gateway)
    assert (row["state"], row["notice"], row["removed"]) == ("DONE", None, {"quarantine": OLD})
    assert await beside.fetchval("SELECT failures FROM upkeep") == 0
