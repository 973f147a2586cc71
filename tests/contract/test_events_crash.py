"""A crash of Postgres: it may take back what nobody was shown, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from contract.test_events import read, write
from databases import ended

from gateway.errors import DatabaseError
from gateway.postgres import connect, migrate
from gateway.postgres.server import Server
from gateway.store.following import settle

WRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
AT_REST = "SELECT wait_event = 'WalWriterMain' FROM pg_stat_activity WHERE pid = $1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Postgres that waits for the disk where it is told to."""
    server = Server(tmp_path / "server", durable=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def reached(url: str) -> asyncpg.Connection:
    """Connect as soon as Postgres is there again."""
    async with asyncio.timeout(60):
        while True:
            with suppress(DatabaseError):
                return await connect(url)
            await asyncio.sleep(0.05)


def stop(pid: int) -> None:
    """Stop a process, and return when it stands still."""
    os.kill(pid, signal.SIGSTOP)
    while "\nState:\tT" not in Path(f"/proc/{pid}/status").read_text():
        time.sleep(0.001)


async def writer_stopped(connection: asyncpg.Connection) -> int:
    """Stop the process that writes down what commits do not wait for; return its pid.

    It is stopped at rest: amid its work it holds a lock that every commit would wait for, without an end.
    """
    pid: int = await connection.fetchval(WRITER)
    async with asyncio.timeout(60):
        while True:
            await asyncio.to_thread(stop, pid)
            if await connection.fetchval(AT_REST, pid):
                return pid
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.01)


async def test_what_was_told_is_not_taken_back(server: Server) -> None:
    await migrate(server.url)
    connection = await connect(server.url)
    told = await write(connection)
    await settle(connection)
    pid = await writer_stopped(connection)
    await connection.execute("SET synchronous_commit = off")
    lost = [await write(connection) for _ in range(40)]  # more ids than Postgres notes ahead
    assert await connection.fetchval("SELECT count(*) FROM event") == 41
    assert await read(connection) == [told]
    os.kill(pid, signal.SIGKILL)
    await ended(connection)

    connection = await reached(server.url)
    assert await connection.fetchval("SELECT array_agg(id) FROM event") == [told], (
        "the crash took nothing back"
    )
    assert await read(connection) == [told]
    other = await write(connection)
    assert other in lost, "ids are given again"
    await settle(connection)
    assert await read(connection, told) == [other]
    await connection.close()


async def test_what_was_told_of_a_sync_that_does_not_wait_stays(server: Server) -> None:
    await migrate(server.url)
    connection = await connect(server.url)
    await connection.execute("SET synchronous_commit = off")
    pid = await writer_stopped(connection)
    keys = [await write(connection) for _ in range(5)]
    await settle(connection)
    told = await read(connection)
    os.kill(pid, signal.SIGKILL)
    await ended(connection)
    connection = await reached(server.url)
    assert await read(connection) == told == keys
    await connection.close()
