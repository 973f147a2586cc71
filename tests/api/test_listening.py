"""What Postgres tells by itself, and what is made of a connection that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from api.caching import until
from contract.writing import Bench, document

from gateway.errors import DatabaseUnavailable
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.postgres import connect
from gateway.store import bookkeeping
from gateway.store.parts import Part
from harvest_graphql.listening import ANYTHING, DATA, SYNC, Heard, Listener

SOURCE = EntityType.HARVEST_SOURCE
SOURCES = Scope("sources", SOURCE, whole=True)


class Line:
    """Connects a listener, and knows what its connections are called."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.down = False
        self.made: list[asyncpg.Connection] = []

    async def connect(self) -> asyncpg.Connection:
        if self.down:
            raise DatabaseUnavailable("It is down.")
        self.made.append(await connect(self.url))
        return self.made[-1]

    @property
    def pid(self) -> int:
        return self.made[-1].get_server_pid()


@pytest.fixture
def line(database_url: str) -> Line:
    return Line(database_url)


@pytest.fixture
async def listener(line: Line) -> AsyncIterator[Listener]:
    listener = Listener(line.connect, alive_seconds=30)
    async with listener.listening():
        await until(lambda: listener.version is not None)
        yield listener


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=True)


async def the_next(heard: Heard) -> str:
    """Return what is heard next."""
    return await asyncio.wait_for(anext(heard), 20)


async def test_nothing_is_known_without_a_connection(line: Line) -> None:
    listener = Listener(line.connect)
    assert listener.version is None
    line.down = True
    async with listener.listening():
        await asyncio.sleep(0)
        assert listener.version is None
        line.down = False
        await until(lambda: listener.version == 0)
    assert listener.version is None
    assert line.made[-1].is_closed()


async def test_a_commit_of_a_unit_tells_its_version(bench: Bench, listener: Listener) -> None:
    for name in ("One", "Two"):
        await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", name=name)])])
        version = await bench.value("SELECT version FROM data_version")
        await until(lambda version=version: listener.version == version)


async def test_what_rolls_back_tells_nothing(pool: asyncpg.Pool, listener: Listener) -> None:
    async with listener.hearing(DATA) as heard, pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT pg_notify($1, '6')", DATA)
        await transaction.rollback()
        await connection.execute("SELECT pg_notify($1, '7')", DATA)
        assert await the_next(heard) == "7"


async def test_each_note_on_a_pass_tells_the_portals_number(bench: Bench, listener: Listener) -> None:
    now, number = datetime(2026, 11, 2, tzinfo=UTC), str(bench.number)
    async with listener.hearing(SYNC) as heard:
        run = await bookkeeping.start_run(bench.connection, bench.number, "POLL", now, baseline=False)
        assert await the_next(heard) == number
        await bookkeeping.expect(bench.connection, bench.number, "sources", 7)
        assert await the_next(heard) == number
        await bookkeeping.advance(bench.connection, bench.number, "sources", 3)
        assert await the_next(heard) == number
        await bookkeeping.end_stream(
            bench.connection, bench.number, "sources", now=now, reconcile=False, proved=True, watermark=None
        )
        assert await the_next(heard) == number
        await bookkeeping.end_run(
            bench.connection, run, state="DONE", whole=True, now=now, requests=1, tallies={}, notice=None
        )
        assert await the_next(heard) == number


async def test_a_connection_that_is_ended_is_made_anew_and_what_was_missed_is_known(
    pool: asyncpg.Pool, line: Line, listener: Listener
) -> None:
    async with listener.hearing(SYNC) as heard:
        line.down = True
        await pool.execute("SELECT pg_terminate_backend($1)", line.pid)
        await until(lambda: listener.version is None)
        await pool.execute("UPDATE data_version SET version = 41")
        line.down = False
        assert await the_next(heard) == ANYTHING
        assert listener.version == 41
        assert listener.connections == len(line.made) == 2


async def test_a_version_that_nobody_told_is_found(database_url: str, pool: asyncpg.Pool) -> None:
    listener = Listener(Line(database_url).connect, alive_seconds=0.05)
    async with listener.listening():
        await until(lambda: listener.version == 0)
        await pool.execute("UPDATE data_version SET version = 5")
        await until(lambda: listener.version == 5)


async def test_an_other_end_that_falls_silent_is_given_up(pool: asyncpg.Pool, line: Line) -> None:
    listener = Listener(line.connect, alive_seconds=0.3)
    async with listener.listening():
        await until(lambda: listener.version == 0)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE data_version IN ACCESS EXCLUSIVE MODE")
            await until(lambda: listener.version is None)
        await until(lambda: listener.version == 0)
        assert listener.connections > 1


async def test_versions_do_not_go_back_on_one_connection(pool: asyncpg.Pool, listener: Listener) -> None:
    async with listener.hearing(DATA) as heard:
        for told in ("9", "8", "nonsense"):
            await pool.execute("SELECT pg_notify($1, $2)", DATA, told)
            assert await the_next(heard) == told
        assert listener.version == 9


async def test_what_is_told_often_is_heard_once_and_a_slow_ear_holds_little() -> None:
    heard = Heard()
    for payload in ("1", "2", "1"):
        heard.tell(payload)
    assert [await anext(heard), await anext(heard)] == ["1", "2"]
    for number in range(5000):
        heard.tell(str(number))
    assert await anext(heard) == ANYTHING
