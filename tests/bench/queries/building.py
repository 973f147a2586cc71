"""Makes the rows of the database that all peers read: by the SQL in ``world/``, then by what the store derives."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import asyncpg

from gateway import registry
from gateway.config import Settings
from gateway.model.enums import EntityType
from gateway.postgres import connect, migrate
from gateway.store import derive, portals, rollups, staging

WORLD = Path(__file__).parent / "world"
PORTALS = {1: "data-gouv-fr", 2: "data-gov"}
TABLES = (
    "organization",
    "person",
    "harvest_backend",
    "harvest_source",
    "harvest_job",
    "harvest_record",
    "harvest_error",
    "dataset",
    "document",
    "fetch_log",
    "sync_run",
)
INDEXES = """
    SELECT x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_index x WHERE x.indrelid::regclass::text = ANY ($1)
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)
    ORDER BY 1
"""


async def build(url: str, records: int) -> None:
    """Make the rows anew."""
    print(f"Making a database of {records:,} records", flush=True)
    await execute(url, "DROP SCHEMA public CASCADE")
    await execute(url, "CREATE SCHEMA public")
    await migrate(url)
    connection = await connect(url, command_timeout=3600)
    try:
        await _fill(connection, records)
    finally:
        await connection.close()


async def _fill(connection: asyncpg.Connection, records: int) -> None:
    settings = Settings()
    numbers = await portals.register(connection, registry.portals(settings), registry.adapters())
    assert {number: key for key, number in numbers.items()} == PORTALS, numbers
    await connection.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
    await connection.execute("SELECT set_config('bench.records', $1, false)", str(records))
    indexes = await connection.fetch(INDEXES, list(TABLES))
    for index in indexes:  # made when the rows are there: many times as fast
        await connection.execute(f"DROP INDEX {index['name']}")
    for file in sorted(WORLD.glob("*.sql")):
        await _timed(file.stem, connection.execute(file.read_text("utf-8")))
    for index in indexes:
        await _timed(index["name"], connection.execute(index["definition"]))
    await _timed("analyze", connection.execute("ANALYZE"))
    await _timed("derived", _derive(connection))
    for table in TABLES:
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
    await _timed("vacuum", connection.execute("VACUUM (ANALYZE)"))
    await connection.execute("CHECKPOINT")


async def _derive(connection: asyncpg.Connection) -> None:
    """Write the jobs' rollups and the sources' last jobs as a unit does that has touched them all."""
    await staging.prepare(connection)
    async with connection.transaction():
        jobs = await connection.fetch("SELECT id FROM harvest_job")
        await staging.touch(connection, EntityType.HARVEST_JOB, [row["id"] for row in jobs])
        await connection.execute("ANALYZE stage_touched")
        for portal in PORTALS:
            await derive.sources(connection, portal, planned=portal == 2, anew=True)
            await rollups.refresh(connection, portal)


async def _timed(what: str, work: Any) -> None:
    begun = time.perf_counter()
    await work
    print(f"  {what:<32} {time.perf_counter() - begun:>8.1f} s", flush=True)


async def execute(url: str, statement: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
