"""Events in one order: none is skipped by who reads on from the last, and none that was told is taken back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest
from contract.writing import START, Bench, document

from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.postgres import connect
from gateway.store.following import forget_events, settle
from gateway.store.parts import Part

READ = """
    SELECT e.id FROM event e, event_bounds b
    WHERE e.id > greatest($1, b.forgotten) AND e.id <= b.settled ORDER BY 1
"""
BOUNDS = "SELECT settled, forgotten, forgotten_at FROM event_bounds"


async def write(connection: asyncpg.Connection, *, hours: float = 0) -> int:
    """Write an event."""
    key = await connection.fetchval(
        "INSERT INTO event (at, portal, cause, kind, entity_type) VALUES ($1, 1, 'UPSTREAM', 'CHANGED', 'HarvestJob')"
        " RETURNING id",
        START + timedelta(hours=hours),
    )
    return int(key)


async def read(connection: asyncpg.Connection, after: int = 0) -> list[int]:
    """Return the events that a reader is shown after *after*."""
    return [row["id"] for row in await connection.fetch(READ, after)]


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    """Five connections to one database."""
    async with AsyncExitStack() as stack:
        opened = [await connect(database_url) for _ in range(5)]
        for each in opened:
            stack.push_async_callback(each.close)
        yield opened


async def test_who_writes_later_commits_later(connections: list[asyncpg.Connection]) -> None:
    first, second, reader, *_ = connections
    begun = first.transaction()
    await begun.start()
    early = await write(first)
    writing = asyncio.create_task(write(second))
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await reader.fetchval(waits):  # noqa: ASYNC110 - what it waits for happens in Postgres
        await asyncio.sleep(0.01)
    await settle(reader)  # of what it sees, which is nothing
    assert await read(reader) == []
    assert not writing.done()
    await begun.commit()
    late = await writing
    assert early < late
    await settle(reader)
    assert await read(reader) == [early, late]
    assert await read(reader, early) == [late]


async def test_what_is_taken_back_leaves_no_gap_that_is_waited_for(
    connections: list[asyncpg.Connection],
) -> None:
    first, second, reader, *_ = connections
    begun = first.transaction()
    await begun.start()
    await write(first)
    writing = asyncio.create_task(write(second))
    await begun.rollback()
    kept = await writing
    await settle(reader)
    assert await read(reader) == [kept]


@pytest.mark.parametrize("seed", range(3))
async def test_a_reader_among_writers_misses_nothing(
    connections: list[asyncpg.Connection], seed: int
) -> None:
    *writers, reader = connections
    dice = random.Random(seed)
    written: list[int] = []

    async def work(connection: asyncpg.Connection) -> None:
        for _ in range(15):
            transaction = connection.transaction()
            await transaction.start()
            keys = [await write(connection) for _ in range(dice.randint(1, 3))]
            await asyncio.sleep(dice.random() / 500)
            if dice.random() < 0.2:
                await transaction.rollback()
                continue
            await transaction.commit()
            written.extend(keys)
            if dice.random() < 0.3:
                await settle(connection)

    seen: list[int] = []
    working = asyncio.gather(*(work(each) for each in writers))
    while not working.done():
        seen += await read(reader, seen[-1] if seen else 0)
        await asyncio.sleep(0)
    await working
    await settle(reader)
    seen += await read(reader, seen[-1] if seen else 0)
    assert seen == sorted(written)
    assert len(seen) > 30


async def test_a_unit_shows_its_events_once_its_pass_ends(database_url: str) -> None:
    connection = await connect(database_url)
    try:
        bench = await Bench.open(connection, inventory=False)
        part = Part(Scope("sources", EntityType.HARVEST_SOURCE))
        part.elements = [document(EntityType.HARVEST_SOURCE, "a", name="A")]
        await bench.writer.commit([part])
        assert await bench.value("SELECT count(*) FROM event") == 1
        assert await read(connection) == []
        version = await bench.value("SELECT version FROM data_version")
        await settle(connection)
        assert len(await read(connection)) == 1
        assert await bench.value("SELECT version FROM data_version") == version + 1
        await settle(connection)
        assert await bench.value("SELECT version FROM data_version") == version + 1
    finally:
        await connection.close()


async def test_retention_removes_the_oldest_without_a_hole(connections: list[asyncpg.Connection]) -> None:
    connection = connections[0]
    keys = [await write(connection, hours=hours) for hours in (0, 1, 2, 9, 3, 4)]
    before = START + timedelta(hours=5)
    assert await forget_events(connection, before, 10) == 0  # nobody could read them yet
    await settle(connection)
    assert await forget_events(connection, before, 2) == 2
    assert tuple(await connection.fetchrow(BOUNDS)) == (keys[-1], keys[1], START + timedelta(hours=1))
    assert await forget_events(connection, before, 2) == 1
    assert await forget_events(connection, before, 2) == 0
    assert await read(connection) == keys[3:]
    assert tuple(await connection.fetchrow(BOUNDS)) == (keys[-1], keys[2], START + timedelta(hours=2))
