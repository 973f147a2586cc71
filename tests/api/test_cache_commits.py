"""What commits do to kept answers, and what is done while none can be heard of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from api.caching import Keeping, keeping, until
from contract.writing import Bench, document

from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.store.parts import Part

SOURCE = EntityType.HARVEST_SOURCE
SOURCES = Scope("sources", SOURCE, whole=True)
NAMES = "{ harvestSources { nodes { name } } }"


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    async with pool.acquire() as connection:
        yield await Bench.open(connection, inventory=True)


@pytest.fixture
async def kept(bench: Bench, database_url: str) -> AsyncIterator[Keeping]:
    assert bench.number
    async with keeping(database_url) as kept:
        yield kept


async def store(bench: Bench, name: str) -> int:
    """Commit a unit with one source; return the data version then."""
    await bench.writer.commit([Part(SOURCES, [document(SOURCE, "s", name=name)])])
    version: int = await bench.value("SELECT version FROM data_version")
    return version


async def names(kept: Keeping) -> list[str]:
    """Return the names of the sources."""
    return [node["name"] for node in (await kept.ask(NAMES))["data"]["harvestSources"]["nodes"]]


async def test_each_commit_of_a_unit_ends_what_was_kept(bench: Bench, kept: Keeping) -> None:
    for name in ("One", "Two", "Three"):
        await kept.heard(await store(bench, name))
        assert await kept.sends(NAMES) == 1
        assert await kept.sends(NAMES) == 0
        assert await names(kept) == [name]


async def test_a_burial_ends_what_was_kept(bench: Bench, kept: Keeping) -> None:
    await kept.heard(await store(bench, "One"))
    assert await names(kept) == ["One"]
    seen = await bench.writer.begin(SOURCES)
    await bench.writer.commit([Part(SOURCES, [], seen, end=End(proved=True))])
    await kept.heard(await bench.value("SELECT version FROM data_version"))
    assert await names(kept) == []


async def test_a_unit_that_changes_nothing_ends_nothing(bench: Bench, kept: Keeping) -> None:
    await kept.heard(await store(bench, "One"))
    assert await names(kept) == ["One"]
    await kept.heard(await store(bench, "One"))
    assert await kept.sends(NAMES) == 0


async def test_what_is_not_committed_is_not_kept(bench: Bench, kept: Keeping) -> None:
    await kept.heard(await store(bench, "One"))
    transaction = bench.connection.transaction()
    await transaction.start()
    await bench.connection.execute("UPDATE harvest_source SET name = 'Two'")
    assert await names(kept) == ["One"]
    await bench.connection.execute("UPDATE data_version SET version = version + 1")
    await bench.connection.execute("SELECT pg_notify('gateway_data', version::text) FROM data_version")
    assert await names(kept) == ["One"]
    assert kept.engine.answers.hits == 1
    await transaction.commit()
    await kept.heard(await bench.value("SELECT version FROM data_version"))
    assert await names(kept) == ["Two"]


async def test_two_processes_hear_of_the_same_commit(bench: Bench, kept: Keeping, database_url: str) -> None:
    async with keeping(database_url) as other:
        for name in ("One", "Two"):
            version = await store(bench, name)
            for each in (kept, other):
                await each.heard(version)
                assert await names(each) == [name]
                assert await each.sends(NAMES) == 0


async def test_while_nothing_is_heard_nothing_is_kept(
    bench: Bench, kept: Keeping, pool: asyncpg.Pool
) -> None:
    await kept.heard(await store(bench, "One"))
    assert await names(kept) == ["One"]
    await pool.execute("SELECT pg_terminate_backend($1)", kept.line[-1].get_server_pid())
    await until(lambda: kept.listener.version is None)
    await store(bench, "Two")
    assert await names(kept) == ["Two"]
    await until(lambda: kept.listener.version is not None)
    assert await names(kept) == ["Two"]
    assert await kept.sends(NAMES) == 0


async def test_a_version_that_comes_again_after_a_crash_is_another(
    bench: Bench, kept: Keeping, pool: asyncpg.Pool
) -> None:
    version = await store(bench, "Lost")
    await kept.heard(version)
    assert await names(kept) == ["Lost"]
    await pool.execute("SELECT pg_terminate_backend($1)", kept.line[-1].get_server_pid())
    await pool.execute("UPDATE harvest_source SET name = 'Found'")
    await until(lambda: len(kept.line) == 2 and kept.listener.version is not None)
    assert kept.listener.version == version
    assert await names(kept) == ["Found"]


async def test_identical_requests_at_once_are_one_statement(bench: Bench, kept: Keeping) -> None:
    await kept.heard(await store(bench, "One"))
    before = kept.engine.sent
    found = await asyncio.gather(*(names(kept) for _ in range(30)))
    assert found == [["One"]] * 30
    assert kept.engine.sent - before == 1


async def test_a_request_that_is_given_up_takes_no_other_with_it(bench: Bench, kept: Keeping) -> None:
    await kept.heard(await store(bench, "One"))
    async with bench.connection.transaction():
        await bench.connection.execute("LOCK TABLE harvest_source IN ACCESS EXCLUSIVE MODE")
        tasks = [asyncio.create_task(names(kept)) for _ in range(3)]
        await until(lambda: kept.engine.connections[1] == 1)
        tasks[0].cancel()
        await until(tasks[0].done)
    assert await asyncio.gather(*tasks[1:]) == [["One"]] * 2
    assert tasks[0].cancelled()
