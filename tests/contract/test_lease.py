from __future__ import annotations

import socket
import subprocess
import sys

import asyncpg
import pytest
from contract.writing import Bench, document

from gateway.errors import DatabaseUnavailable, LeaseLost
from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store import lease
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
